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

bool
text_same_name(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}
