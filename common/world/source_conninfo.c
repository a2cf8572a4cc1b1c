/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection string for pg_rewind, and the password apart from it. */

#include "source_conninfo.h"

#include <ctype.h>
#include <string.h>

#include "pgconf.h"

#define WORD_SIZE 64
#define VALUE_SIZE 2048
#define APPLICATION "pgward-rejoin"
#define CONNECT_S 10

/* A primary whose power is cut says nothing, and pg_rewind waits in a read. */
#define KEEPALIVES \
    " keepalives_idle=5 keepalives_interval=3 keepalives_count=3"

/* One `keyword = value` of a connection string. */
struct option {
    char keyword[WORD_SIZE];
    char value[VALUE_SIZE];
};

static const char *
skip_space(const char *at)
{
    while (isspace((unsigned char) *at)) {
        at++;
    }
    return at;
}

/* The value, as libpq's conninfo_parse() reads it; NULL: no end, too long. */
static const char *
read_value(const char *at, char *ret_value)
{
    bool quoted = *at == '\'';
    struct text value;

    text_init(&value, ret_value, VALUE_SIZE);
    at += quoted ? 1 : 0;
    while (*at != '\0'
           && (quoted ? *at != '\'' : !isspace((unsigned char) *at))) {
        at += *at == '\\' && at[1] != '\0' ? 1 : 0;
        text_add_bytes(&value, at, 1);
        at++;
    }
    if (value.overflow || (quoted && *at != '\'')) {
        return NULL;
    }
    return at + (quoted ? 1 : 0);
}

/* Take the next option; what follows it, or NULL: libpq would not take it. */
static const char *
next_option(const char *at, struct option *ret_option)
{
    size_t len = 0;

    while (isalnum((unsigned char) at[len]) || at[len] == '_') {
        len++;
    }
    if (len == 0 || len >= sizeof(ret_option->keyword)) {
        return NULL;
    }
    memcpy(ret_option->keyword, at, len);
    ret_option->keyword[len] = '\0';
    at = skip_space(at + len);
    return *at == '=' ? read_value(skip_space(at + 1), ret_option->value)
                      : NULL;
}

const char *
source_role(const struct params *params)
{
    return params->rejoin_user[0] != '\0' ? params->rejoin_user
                                          : params->repuser;
}

static const char *
source_database(const struct params *params)
{
    return params->pgdb[0] == '\0' || strcmp(params->pgdb, "template1") == 0
           ? "postgres" : params->pgdb;
}

static int
add_option(const struct option *option, bool is_repuser,
           struct text *conninfo, struct text *password, struct text *why)
{
    if (strcmp(option->keyword, "sslpassword") == 0) {
        text_add(why, "use a key without sslpassword in primary_conninfo_opt:"
                 " it would be seen in the list of processes");
        return -1;
    }
    if (strcmp(option->keyword, "password") == 0) {
        text_init(password, password->buf, password->size);
        if (is_repuser) {
            text_add(password, "%s", option->value);
        }
        return 0;
    }
    pgconf_add_keyword(conninfo, option->keyword, option->value);
    text_add(conninfo, " ");
    return 0;
}

/* Where it is, and what primary_conninfo_opt says of the way there. */
static int
add_way(const struct params *params, bool is_repuser,
        struct text *ret_conninfo, struct text *ret_password,
        struct text *ret_why)
{
    const char *at = skip_space(params->primary_conninfo_opt);
    struct option option;

    pgconf_add_keyword(ret_conninfo, "host", params->master_ip);
    text_add(ret_conninfo, " port=%d connect_timeout=%d ", params->pgport,
             CONNECT_S);
    while (*at != '\0') {
        at = next_option(at, &option);
        if (at == NULL) {
            text_add(ret_why, "write primary_conninfo_opt as keyword=value, "
                     "with spaces between: it could not be read");
            return -1;
        }
        if (add_option(&option, is_repuser, ret_conninfo, ret_password,
                       ret_why) != 0) {
            return -1;
        }
        at = skip_space(at);
    }
    return 0;
}

static int
check_room(const struct text *ret_conninfo, const struct text *ret_password,
           struct text *ret_why)
{
    if (ret_conninfo->overflow || ret_password->overflow) {
        text_add(ret_why, "look at primary_conninfo_opt: it is too long");
        return -1;
    }
    return 0;
}

int
source_conninfo(const struct params *params, struct text *ret_conninfo,
                struct text *ret_password, struct text *ret_why)
{
    bool is_repuser = strcmp(source_role(params), params->repuser) == 0;

    if (add_way(params, is_repuser, ret_conninfo, ret_password, ret_why)
        != 0) {
        return -1;
    }
    /* the last one counts: these are not what a WAL receiver has */
    pgconf_add_keyword(ret_conninfo, "user", source_role(params));
    text_add(ret_conninfo, " ");
    pgconf_add_keyword(ret_conninfo, "dbname", source_database(params));
    text_add(ret_conninfo, " application_name=" APPLICATION KEEPALIVES);
    return check_room(ret_conninfo, ret_password, ret_why);
}

int
source_conninfo_of_copy(const struct params *params,
                        struct text *ret_conninfo, struct text *ret_password,
                        struct text *ret_why)
{
    if (add_way(params, true, ret_conninfo, ret_password, ret_why) != 0) {
        return -1;
    }
    pgconf_add_keyword(ret_conninfo, "user", params->repuser);
    text_add(ret_conninfo, " application_name=" APPLICATION KEEPALIVES);
    return check_room(ret_conninfo, ret_password, ret_why);
}
