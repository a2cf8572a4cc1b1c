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

/* What stands for a quote inside of other quotes: GUCs, XML. */
static const char *
inner_quote(const char *text)
{
    static const char *const quotes[] = { "''", "&apos;", "&quot;" };

    for (size_t i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++) {
        if (strncmp(text, quotes[i], strlen(quotes[i])) == 0) {
            return quotes[i];
        }
    }
    return NULL;
}

/*
 * A value inside another one's quotes ends with those: primary_conninfo. A `&`
 * ends one of a URI, and may be a character of any other.
 */
static size_t
value_len(const char *text, bool in_uri)
{
    const char *quote = inner_quote(text);

    if (quote != NULL) {
        const char *end = strstr(text + strlen(quote), quote);

        return end != NULL ? (size_t) (end - text) + strlen(quote)
                           : strlen(text);
    }
    if (text[0] == '\'' || text[0] == '"') {
        return quoted_len(text);
    }
    return strcspn(text, in_uri ? " \t\r\n'\"&" : " \t\r\n'\"");
}

/* Does a parameter of a URI end here: `?a=b&`, in XML `&amp;`? */
static bool
is_in_uri(const char *line, const char *at)
{
    static const char xml[] = "&amp;";
    const size_t len = sizeof(xml) - 1;

    return (at > line && (at[-1] == '?' || at[-1] == '&'))
           || ((size_t) (at - line) >= len
               && strncmp(at - len, xml, len) == 0);
}

/* The length of a word for a password that `text` begins with; 0: none. */
static size_t
password_len(const char *text)
{
    static const char *const words[] = {
        "password", "passwd", "passphrase_command", "passphrase",
        "secret_access_key", "secret_key", "storage_key", "radiussecrets",
    };

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
 * authentication failed` has none, and `--password x` has.
 */
static const char *
password_value(const char *line, const char *at)
{
    size_t len = password_len(at);
    const char *text = at + len;
    bool assigned = at - line >= 2 && strncmp(at - 2, "--", 2) == 0;

    if (len == 0) {
        return NULL;
    }
    text += *text == '"' ? 1 : 0;       /* a key of JSON's */
    text += strspn(text, " \t");
    if (*text == '=' || *text == ':') {
        assigned = true;
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
redact_add(struct text *text, const char *whole)
{
    const char *line = whole;

    while (*line != '\0') {
        size_t len = 0;
        const char *secret = password_value(whole, line);

        if (secret != NULL) {
            len = value_len(secret, is_in_uri(whole, line));
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
