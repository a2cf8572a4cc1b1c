/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Managed settings as configuration text. */

#include "pgconf.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define CONNINFO_SIZE 4096
#define SLOT_NAME_SIZE 64
#define COMMAND_SIZE 8192

/* See pgconf_conninfo() about these. */
#define SLOT_SYNC_DATABASE "postgres"
#define ANSWER_MS 10000u

/* A tab is no danger in a quoted value; a line break is. */
static bool
has_control(const char *value)
{
    for (; *value != '\0'; value++) {
        if (*value != '\t' && iscntrl((unsigned char) *value)) {
            return true;
        }
    }
    return false;
}

/* Append `value` with each quote and each backslash doubled. */
static void
add_escaped(struct text *text, const char *value)
{
    for (; *value != '\0'; value++) {
        if (*value == '\'' || *value == '\\') {
            text_add_bytes(text, value, 1);
        }
        text_add_bytes(text, value, 1);
    }
}

static int
done(const struct text *text)
{
    return text->overflow ? -1 : 0;
}

int
pgconf_add_setting(struct text *text, const char *name, const char *value)
{
    if (has_control(value)) {
        return -1;
    }
    text_add(text, "%s = '", name);
    add_escaped(text, value);
    text_add(text, "'\n");
    return done(text);
}

void
pgconf_add_keyword(struct text *text, const char *keyword, const char *value)
{
    bool plain = value[0] != '\0' && strpbrk(value, " \t'\\") == NULL;

    text_add(text, "%s=%s", keyword, plain ? "" : "'");
    for (; *value != '\0'; value++) {
        if (*value == '\'' || *value == '\\') {
            text_add(text, "\\");
        }
        text_add_bytes(text, value, 1);
    }
    text_add(text, "%s", plain ? "" : "'");
}

int
pgconf_conninfo(const struct pgconf_standby *standby, struct text *text)
{
    const struct params *params = standby->params;

    pgconf_add_keyword(text, "host", params->master_ip);
    text_add(text, " port=%d ", params->pgport);
    pgconf_add_keyword(text, "user", params->repuser);
    text_add(text, " ");
    pgconf_add_keyword(text, "application_name", standby->sender_name);
    text_add(text, " dbname=%s", SLOT_SYNC_DATABASE);
    if (standby->major_version >= 12) {
        text_add(text, " tcp_user_timeout=%u", ANSWER_MS);
    }
    if (params->primary_conninfo_opt[0] != '\0') {
        text_add(text, " %s", params->primary_conninfo_opt);
    }
    return done(text);
}

/*
 * Before version 12 an empty primary_conninfo means libpq's defaults: the
 * server would stream from itself. There a setting is left out instead.
 */
static int
add_where_set(struct text *text, const struct pgconf_standby *standby,
              const char *name, const char *value)
{
    if (value[0] == '\0' && standby->major_version < 12) {
        return 0;
    }
    return pgconf_add_setting(text, name, value);
}

static int
add_optional(struct text *text, const char *name, const char *value)
{
    return value[0] == '\0' ? 0 : pgconf_add_setting(text, name, value);
}

static int
add_restore(struct text *text, const struct pgconf_standby *standby)
{
    const char *command = standby->params->restore_command;
    char buf[COMMAND_SIZE];
    struct text value;

    text_init(&value, buf, sizeof(buf));
    if (standby->kind != STANDBY_QUARANTINED && command[0] != '\0') {
        text_add(&value, PGCONF_ENDABLE "%s", command);
    }
    return value.overflow ? -1 : add_where_set(text, standby,
                                               "restore_command", buf);
}

static int
add_slot(struct text *text, const struct pgconf_standby *standby)
{
    const char *prefix = standby->params->replication_slot_name;
    char name[SLOT_NAME_SIZE];

    if (prefix[0] == '\0') {
        return 0;
    }
    if (params_slot_name(prefix, standby->node, name, sizeof(name)) != 0) {
        return -1;
    }
    return pgconf_add_setting(text, "primary_slot_name", name);
}

/* Before version 12 `current` is no word, but what leaving it out means. */
static int
add_timeline(struct text *text, const struct pgconf_standby *standby)
{
    if (standby->kind != STANDBY_QUARANTINED) {
        return pgconf_add_setting(text, "recovery_target_timeline", "latest");
    }
    return standby->major_version < 12
           ? 0 : pgconf_add_setting(text, "recovery_target_timeline",
                                    "current");
}

int
pgconf_recovery(const struct pgconf_standby *standby, struct text *text)
{
    const struct params *params = standby->params;
    bool alone = standby->kind == STANDBY_QUARANTINED;
    char conninfo[CONNINFO_SIZE];
    struct text value;

    text_init(&value, conninfo, sizeof(conninfo));
    if ((standby->kind == STANDBY_FOLLOWS
         && pgconf_conninfo(standby, &value) != 0)
        || add_where_set(text, standby, "primary_conninfo", conninfo) != 0
        || add_restore(text, standby) != 0
        || add_timeline(text, standby) != 0
        || (standby->major_version < 12
            && pgconf_add_setting(text, "standby_mode", "on") != 0)
        || add_optional(text, "archive_cleanup_command",
                        alone ? "" : params->archive_cleanup_command) != 0
        || add_optional(text, "recovery_end_command",
                        params->recovery_end_command) != 0
        || add_slot(text, standby) != 0) {
        return -1;
    }
    return 0;
}

int
pgconf_include(const char *tmpdir, const char *file, struct text *text)
{
    if (has_control(tmpdir)) {
        return -1;
    }
    text_add(text, "include '");
    add_escaped(text, tmpdir);
    text_add(text, "/%s' # added by pgsql RA", file);
    return done(text);
}

/* --- reading ------------------------------------------------------------- */

/* Where the value of `name` begins on this line, or NULL: another setting. */
static const char *
value_on_line(const char *line, const char *name)
{
    size_t len = strlen(name);
    const char *after;

    line += strspn(line, " \t\r");
    if (strncasecmp(line, name, len) != 0) {
        return NULL;
    }
    line += len;
    after = line + strspn(line, " \t");
    if (*after == '=') {
        after++;
        return after + strspn(after, " \t");
    }
    return after > line ? after : NULL;
}

const char *
pgconf_read_value(const char *at, struct text *value)
{
    if (*at != '\'') {
        text_add_bytes(value, at, strcspn(at, " \t\r\n#"));
        return at + strcspn(at, " \t\r\n#");
    }
    at++;
    while (*at != '\0' && *at != '\n') {
        if (*at == '\'' && at[1] != '\'') {
            return at + 1;
        }
        if ((*at == '\'' || *at == '\\') && at[1] != '\0') {
            at++;
        }
        text_add_bytes(value, at, 1);
        at++;
    }
    return at;
}

int
pgconf_find(const char *text, const char *name, char *ret_value, size_t size)
{
    char found[PATH_SIZE];
    struct text value;
    int rc = 0;

    while (*text != '\0') {
        const char *at = value_on_line(text, name);

        if (at != NULL) {
            text_init(&value, found, sizeof(found));
            (void) pgconf_read_value(at, &value);
            rc = value.overflow ? -1 : 1;
        }
        text += strcspn(text, "\n");
        text += *text == '\n' ? 1 : 0;
    }
    if (rc == 1 && text_copy(found, ret_value, size) != 0) {
        rc = -1;
    }
    return rc;
}

/* A value of a connection string: in quotes, or up to the next space. */
static void
read_conninfo_value(const char *at, struct text *value)
{
    bool quoted = *at == '\'';

    at += quoted ? 1 : 0;
    while (*at != '\0' && (quoted ? *at != '\'' : *at != ' ')) {
        at += *at == '\\' && at[1] != '\0' ? 1 : 0;
        text_add_bytes(value, at, 1);
        at++;
    }
}

void
pgconf_sender_name(const char *conninfo, char *ret_name)
{
    static const char keyword[] = " application_name=";
    const char *at = strstr(conninfo, keyword);
    struct text name;

    text_init(&name, ret_name, NODE_NAME_SIZE);
    if (at != NULL) {
        read_conninfo_value(at + strlen(keyword), &name);
    }
    if (name.overflow) {
        ret_name[0] = '\0';
    }
}
