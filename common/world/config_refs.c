/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What other files the server's configuration names. */

#include "config_refs.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "params.h"
#include "pgconf.h"

#define NAME_SIZE 64

struct keyword {
    const char *name;
    enum config_ref kind;
};

static const struct keyword settings[] = {
    { "include", CONFIG_REF_INCLUDE },
    { "include_if_exists", CONFIG_REF_INCLUDE },
    { "include_dir", CONFIG_REF_FOLDER },
    { "hba_file", CONFIG_REF_AUTH },
    { "ident_file", CONFIG_REF_AUTH },
    { "ssl_cert_file", CONFIG_REF_FILE },
    { "ssl_key_file", CONFIG_REF_FILE },
    { "ssl_ca_file", CONFIG_REF_FILE },
    { "ssl_crl_file", CONFIG_REF_FILE },
    { "ssl_crl_dir", CONFIG_REF_FILES },
    { "ssl_dh_params_file", CONFIG_REF_FILE },
    { "krb_server_keyfile", CONFIG_REF_FILE },
    { NULL, CONFIG_REF_NONE },
};

static const struct keyword auth[] = {
    { "include", CONFIG_REF_INCLUDE },
    { "include_if_exists", CONFIG_REF_INCLUDE },
    { "include_dir", CONFIG_REF_FOLDER },
    { NULL, CONFIG_REF_NONE },
};

static enum config_ref
find_keyword(const struct keyword *keywords, const char *name, size_t len)
{
    for (; keywords->name != NULL; keywords++) {
        if (strlen(keywords->name) == len
            && strncasecmp(keywords->name, name, len) == 0) {
            return keywords->kind;
        }
    }
    return CONFIG_REF_NONE;
}

static const char *
skip_blanks(const char *at)
{
    return at + strspn(at, " \t\r");
}

static const char *
next_line(const char *at)
{
    at += strcspn(at, "\n");
    return *at == '\n' ? at + 1 : at;
}

/* A name that is longer than any path names nothing. */
static void
give(config_ref_fn found, void *context, enum config_ref kind,
     const struct text *name)
{
    if (!name->overflow && name->len > 0) {
        found(context, kind, name->buf);
    }
}

void
config_refs_of_settings(const char *text, config_ref_fn found, void *context)
{
    char path[PATH_SIZE];
    struct text name;

    for (; *text != '\0'; text = next_line(text)) {
        const char *at = skip_blanks(text);
        size_t len = 0;
        enum config_ref kind;

        while (isalnum((unsigned char) at[len]) || at[len] == '_') {
            len++;
        }
        kind = find_keyword(settings, at, len);
        if (kind == CONFIG_REF_NONE) {
            continue;
        }
        at = skip_blanks(at + len);
        at = *at == '=' ? skip_blanks(at + 1) : at;
        text_init(&name, path, sizeof(path));
        (void) pgconf_read_value(at, &name);
        give(found, context, kind, &name);
    }
}

/* A token ends at space, comma or comment; quotes are part of its writing. */
static const char *
read_token(const char *at, struct text *token)
{
    bool quoted = false;

    while (*at != '\0' && *at != '\n'
           && (quoted || strchr(" \t\r,#", *at) == NULL)) {
        if (*at == '"') {
            quoted = !quoted;
        } else {
            text_add_bytes(token, at, 1);
        }
        at++;
    }
    return at;
}

static const char *
read_auth_line(const char *at, config_ref_fn found, void *context)
{
    enum config_ref kind = CONFIG_REF_NONE;

    for (size_t count = 0; *at != '\0' && *at != '\n' && *at != '#';
         count++) {
        char path[PATH_SIZE];
        struct text token;
        const char *start = at;

        text_init(&token, path, sizeof(path));
        at = read_token(at, &token);
        if (count == 1 && kind != CONFIG_REF_NONE) {
            give(found, context, kind, &token);
        } else if (*start == '@' && token.len > 1 && !token.overflow) {
            found(context, CONFIG_REF_WORDS, path + 1);
        } else if (count == 0) {
            kind = find_keyword(auth, path, token.len);
        }
        at += strspn(at, " \t\r,");
    }
    return next_line(at);
}

void
config_refs_of_auth(const char *text, config_ref_fn found, void *context)
{
    while (*text != '\0') {
        text = read_auth_line(skip_blanks(text), found, context);
    }
}
