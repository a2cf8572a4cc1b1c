/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secrets do not reach logs, reasons and traces. */

#include "redact.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define MASK "***"

/* The length of a value in quotes; a quote inside is doubled or escaped. */
static size_t
quoted_len(const char *text)
{
    char quote = text[0];
    size_t i = 1;

    while (text[i] != '\0') {
        if (text[i] == '\\' && text[i + 1] != '\0') {
            i += 2;
        } else if (text[i] == quote && text[i + 1] == quote) {
            i += 2;
        } else if (text[i] == quote) {
            return i + 1;
        } else {
            i++;
        }
    }
    return i;
}

/* A value inside another one's quotes ends with those: primary_conninfo. */
static size_t
value_len(const char *text)
{
    if (strncmp(text, "''", 2) == 0) {
        const char *end = strstr(text + 2, "''");

        return end != NULL ? (size_t) (end - text) + 2 : strlen(text);
    }
    if (text[0] == '\'' || text[0] == '"') {
        return quoted_len(text);
    }
    return strcspn(text, " \t\r\n'\"&");
}

/*
 * Is this the word `password` before a value? Gives the value's place;
 * `password authentication failed` has none.
 */
static const char *
password_value(const char *text)
{
    static const char word[] = "password";
    bool assigned;

    if (strncasecmp(text, word, sizeof(word) - 1) != 0) {
        return NULL;
    }
    text += sizeof(word) - 1;
    text += strspn(text, " \t");
    assigned = *text == '=';
    if (assigned) {
        text++;
        text += strspn(text, " \t");
    }
    return assigned || *text == '\'' ? text : NULL;
}

/* `://user:secret@`: gives the secret's place and its length. */
static const char *
uri_secret(const char *text, size_t *ret_len)
{
    size_t user;
    size_t secret;

    if (strncmp(text, "://", 3) != 0) {
        return NULL;
    }
    text += 3;
    user = strcspn(text, ":@/ \t'\"");
    if (text[user] != ':') {
        return NULL;
    }
    text += user + 1;
    secret = strcspn(text, "@/ \t'\"");
    if (text[secret] != '@') {
        return NULL;
    }
    *ret_len = secret;
    return text;
}

void
redact_add(struct text *text, const char *line)
{
    while (*line != '\0') {
        size_t len = 0;
        const char *secret = password_value(line);

        if (secret != NULL) {
            len = value_len(secret);
        } else {
            secret = uri_secret(line, &len);
        }
        if (secret == NULL) {
            text_add_bytes(text, line, 1);
            line++;
            continue;
        }
        text_add_bytes(text, line, (size_t) (secret - line));
        text_add(text, MASK);
        line = secret + len;
    }
}
