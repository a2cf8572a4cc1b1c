/* SPDX-License-Identifier: GPL-2.0-or-later */
/* base64, read. */

#include "base64.h"

#include <stdint.h>
#include <string.h>

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Four characters, of which the last ones may be `=`: bytes, or -1. */
static int
decode_four(const char *four, char *ret_bytes)
{
    uint32_t bits = 0;
    int pads = 0;

    for (int i = 0; i < 4; i++) {
        const char *digit = strchr(digits, four[i]);

        if (four[i] == '=' && i >= 2) {
            pads++;
            digit = digits;
        } else if (digit == NULL || *digit == '\0' || pads > 0) {
            return -1;
        }
        bits = bits << 6 | (uint32_t) (digit - digits);
    }
    ret_bytes[0] = (char) (bits >> 16);
    ret_bytes[1] = (char) (bits >> 8);
    ret_bytes[2] = (char) bits;
    return 3 - pads;
}

int
base64_decode(const char *text, char *ret_bytes, size_t size,
              size_t *ret_len)
{
    char four[4];
    size_t have = 0;
    size_t len = 0;
    int last = 3;

    for (; *text != '\0'; text++) {
        char three[3];

        if (*text == '\n' || *text == '\r') {
            continue;
        }
        four[have++] = *text;
        if (have < sizeof(four)) {
            continue;
        }
        have = 0;
        last = last < 3 ? -1 : decode_four(four, three);
        if (last < 0 || (size_t) last >= size - len) {
            return -1;
        }
        memcpy(ret_bytes + len, three, (size_t) last);
        len += (size_t) last;
    }
    if (have != 0 || size == 0) {
        return -1;
    }
    ret_bytes[len] = '\0';
    *ret_len = len;
    return 0;
}
