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

/* The length of a word for a password that `text` begins with; 0: none. */
static size_t
password_len(const char *text)
{
    static const char *const words[] = { "password", "passwd" };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t len = strlen(words[i]);

        if (strncasecmp(text, words[i], len) == 0) {
            return len;
        }
    }
    return 0;
}

/*
 * Is this such a word before a value? Gives the value's place; `password
 * authentication failed` has none.
 */
static const char *
password_value(const char *text)
{
    size_t len = password_len(text);
    bool assigned;

    if (len == 0) {
        return NULL;
    }
    text += len;
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

/* The place and length of an attribute's value in an element of XML. */
static const char *
xml_value(const char *element, size_t len, const char *attribute,
          size_t *ret_len)
{
    size_t name = strlen(attribute);

    for (size_t i = 0; i + name < len; i++) {
        const char *value = element + i + name;
        size_t size;

        if (strncmp(element + i, attribute, name) != 0) {
            continue;
        }
        size = strcspn(value, "\"");
        if (value + size >= element + len) {
            size = (size_t) (element + len - value);
        }
        *ret_len = size;
        return value;
    }
    return NULL;
}

/* A parameter in the CIB whose name speaks of a secret: fence devices' too. */
static const char *
xml_secret(const char *text, size_t *ret_len)
{
    static const char *const words[] = {
        "passw", "secret", "token", "community",
    };
    size_t len = strncmp(text, "<nvpair ", 8) == 0 ? strcspn(text, ">") : 0;
    const char *name;
    size_t size = 0;

    name = len == 0 ? NULL : xml_value(text, len, " name=\"", &size);
    for (size_t i = 0; name != NULL && i < sizeof(words) / sizeof(words[0]);
         i++) {
        for (size_t at = 0; at < size; at++) {
            if (strncasecmp(name + at, words[i], strlen(words[i])) == 0) {
                return xml_value(text, len, " value=\"", ret_len);
            }
        }
    }
    return NULL;
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
            secret = xml_secret(line, &len);
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
