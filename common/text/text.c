/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bounded text: no allocation, no truncation. */

#include "text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

void
text_init(struct text *text, char *buf, size_t size)
{
    text->buf = buf;
    text->size = size;
    text->len = 0;
    text->overflow = false;
    buf[0] = '\0';
}

void
text_add_v(struct text *text, const char *format, va_list args)
{
    size_t room = text->size - text->len;
    int need = vsnprintf(text->buf + text->len, room, format, args);

    if (need < 0 || (size_t) need >= room) {
        text->buf[text->len] = '\0';
        text->overflow = true;
        return;
    }
    text->len += (size_t) need;
}

void
text_add(struct text *text, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    text_add_v(text, format, args);
    va_end(args);
}

void
text_add_bytes(struct text *text, const char *bytes, size_t len)
{
    if (len >= text->size - text->len) {
        text->overflow = true;
        return;
    }
    memcpy(text->buf + text->len, bytes, len);
    text->len += len;
    text->buf[text->len] = '\0';
}

void
text_add_words(struct text *text, const char *words)
{
    while (*words != '\0') {
        size_t len = strcspn(words + 1, " ") + 1;

        if (text->len + len >= text->size) {
            return;
        }
        text_add_bytes(text, words, len);
        words += len;
    }
}

int
text_copy(const char *from, char *ret_to, size_t to_size)
{
    size_t len = strlen(from);

    if (len >= to_size) {
        return -1;
    }
    memcpy(ret_to, from, len + 1);
    return 0;
}

/* The bytes of the character that begins here; 0: none does. */
static size_t
utf8_length(const unsigned char *at)
{
    /* the second byte is in a narrower range behind some first ones */
    unsigned char least = at[0] == 0xe0 ? 0xa0 : at[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char most = at[0] == 0xed ? 0x9f : at[0] == 0xf4 ? 0x8f : 0xbf;
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2
                    : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;

    for (size_t i = 1; i < length; i++) {
        if (at[i] < (i == 1 ? least : 0x80) || at[i] > (i == 1 ? most : 0xbf)) {
            return 0;
        }
    }
    return length;
}

void
text_clean(char *words)
{
    unsigned char *at = (unsigned char *) words;

    while (*at != '\0') {
        size_t length = utf8_length(at);

        if (length == 0) {
            *at++ = '?';
            continue;
        }
        /* 0x80 to 0x9f are control characters as well, behind 0xc2 */
        if (at[0] < ' ' || at[0] == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0)) {
            memset(at, ' ', length);
        }
        at += length;
    }
}

bool
text_same_name(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}
