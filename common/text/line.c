/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines and numbers of texts that other programs wrote. */

#include "line.h"

#include <stdbool.h>
#include <string.h>

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int
line_next(const char **text, char *ret_line, size_t size)
{
    const char *start = *text;
    size_t len = strcspn(start, "\n");

    *text = start[len] == '\n' ? start + len + 1 : start + len;
    while (len > 0 && is_blank(start[0])) {
        start++;
        len--;
    }
    while (len > 0 && is_blank(start[len - 1])) {
        len--;
    }
    if (len >= size) {
        return -1;
    }
    memcpy(ret_line, start, len);
    ret_line[len] = '\0';
    return 0;
}

const char *
line_read_number(const char *text, uint64_t max, uint64_t *ret_value)
{
    uint64_t value = 0;
    const char *c = text;

    for (; *c >= '0' && *c <= '9'; c++) {
        uint64_t digit = (uint64_t) (*c - '0');

        if (digit > max || value > (max - digit) / 10) {
            return NULL;
        }
        value = value * 10 + digit;
    }
    if (c == text) {
        return NULL;
    }
    *ret_value = value;
    return c;
}

const char *
line_after(const char *text, const char *words)
{
    size_t len = strlen(words);

    return strncmp(text, words, len) == 0 ? text + len : NULL;
}
