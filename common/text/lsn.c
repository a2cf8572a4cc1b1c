/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WAL positions and timelines. */

#include "lsn.h"

#include <inttypes.h>
#include <stdio.h>

/* Digits of one number; -1 for a character that is none. */
static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return -1;
}

/* Read 1 to `digits_max` hex digits; gives the end, or NULL: none at all. */
static const char *
read_hex(const char *text, int digits_max, uint64_t *ret_value)
{
    uint64_t value = 0;
    int count = 0;

    while (count < digits_max && hex_digit(*text) >= 0) {
        value = value << 4 | (uint64_t) hex_digit(*text);
        text++;
        count++;
    }
    *ret_value = value;
    return count > 0 ? text : NULL;
}

int
lsn_parse_sql(const char *text, lsn *ret_lsn)
{
    uint64_t high;
    uint64_t low;

    text = read_hex(text, 8, &high);
    if (text == NULL || *text != '/') {
        return -1;
    }
    text = read_hex(text + 1, 8, &low);
    if (text == NULL || *text != '\0') {
        return -1;
    }
    *ret_lsn = high << 32 | low;
    return 0;
}

int
lsn_parse_hex(const char *text, lsn *ret_lsn)
{
    uint64_t value;
    const char *end = read_hex(text, 16, &value);

    if (end != text + 16 || *end != '\0') {
        return -1;
    }
    *ret_lsn = value;
    return 0;
}

/* The buffers are large enough by contract, so nothing can be cut short. */

void
lsn_format_hex(lsn value, char *ret_text)
{
    (void) snprintf(ret_text, LSN_TEXT_SIZE, "%016" PRIX64, value);
}

void
lsn_format_sql(lsn value, char *ret_text)
{
    (void) snprintf(ret_text, LSN_TEXT_SIZE, "%" PRIX32 "/%" PRIX32,
                    (uint32_t) (value >> 32), (uint32_t) value);
}

void
wal_position_format(struct wal_position position, char *ret_text)
{
    (void) snprintf(ret_text, WAL_POSITION_TEXT_SIZE,
                    "%" PRIu32 "/%016" PRIX64, position.timeline,
                    position.lsn);
}

int
wal_position_parse(const char *text, struct wal_position *ret_position)
{
    uint64_t timeline = 0;
    int digits = 0;
    lsn value;

    while (digits < 10 && *text >= '0' && *text <= '9') {
        timeline = timeline * 10 + (uint64_t) (*text - '0');
        text++;
        digits++;
    }
    if (digits == 0 || timeline > UINT32_MAX || *text != '/'
        || lsn_parse_hex(text + 1, &value) != 0) {
        return -1;
    }
    ret_position->timeline = (uint32_t) timeline;
    ret_position->lsn = value;
    return 0;
}

int
wal_position_compare(struct wal_position a, struct wal_position b)
{
    if (a.timeline != b.timeline) {
        return a.timeline < b.timeline ? -1 : 1;
    }
    if (a.lsn != b.lsn) {
        return a.lsn < b.lsn ? -1 : 1;
    }
    return 0;
}

bool
wal_position_is_known(struct wal_position position)
{
    return position.timeline != 0 && position.lsn != 0;
}
