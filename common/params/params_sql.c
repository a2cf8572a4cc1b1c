/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is that SQL, or something that only psql understands? */

#include "params.h"

#include <ctype.h>
#include <string.h>

static bool
is_word(char c)
{
    return isalnum((unsigned char) c) || c == '_' || (c & 0x80) != 0;
}

/* Go past 'text' or "name"; in E'text' a backslash takes the next byte. */
static const char *
skip_quoted(const char *p, bool escapes)
{
    char quote = *p;

    for (p++; *p != '\0' && *p != quote; p++) {
        if (escapes && *p == '\\' && p[1] != '\0') {
            p++;
        }
    }
    return *p == '\0' ? p : p + 1;
}

/* Go past $tag$text$tag$; a dollar that starts no tag is one byte. */
static const char *
skip_dollar(const char *p)
{
    size_t tag_len = 1;
    const char *end;

    if (!isdigit((unsigned char) p[1])) {
        while (is_word(p[tag_len])) {
            tag_len++;
        }
    }
    if (p[tag_len] != '$') {
        return p + 1;
    }
    tag_len++;
    for (end = p + tag_len; (end = strchr(end, '$')) != NULL; end++) {
        if (strncmp(end, p, tag_len) == 0) {
            return end + tag_len;
        }
    }
    return p + strlen(p);
}

/* Go past a nested comment. */
static const char *
skip_comment(const char *p)
{
    unsigned depth = 0;

    do {
        if (p[0] == '/' && p[1] == '*') {
            depth++;
            p += 2;
        } else if (p[0] == '*' && p[1] == '/') {
            depth--;
            p += 2;
        } else {
            p++;
        }
    } while (depth > 0 && *p != '\0');
    return p;
}

bool
params_sql_has_psql_command(const char *sql)
{
    const char *p = sql;
    char before = ' ';  /* the byte in front of p */
    bool escapes = false;   /* p follows an E that is a word of its own */

    while (*p != '\0') {
        const char *start = p;

        if (*p == '\\') {
            return true;
        }
        if (*p == '\'' || *p == '"') {
            p = skip_quoted(p, *p == '\'' && escapes);
        } else if (*p == '$' && !is_word(before)) {
            p = skip_dollar(p);
        } else if (strncmp(p, "--", 2) == 0) {
            p += strcspn(p, "\n");
        } else if (strncmp(p, "/*", 2) == 0) {
            p = skip_comment(p);
        } else {
            p++;
        }
        escapes = (*start == 'e' || *start == 'E') && !is_word(before);
        before = p[-1];
    }
    return false;
}
