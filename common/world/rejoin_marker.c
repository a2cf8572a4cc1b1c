/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The marker beside data that comes back, as the text of a file. */

#include "rejoin_marker.h"

#include <inttypes.h>
#include <string.h>

#include "line.h"
#include "names.h"

#define FORMAT "pgward-rejoin 1"

enum line {
    LINE_VERSION = 0,
    LINE_PHASE,
    LINE_END,
    LINE_ATTEMPTS,
    LINE_INODE,
    LINE_SYSTEM_ID,
    LINE_FORK,
    LINE_TIMELINE,
    LINE_KEPT,
    LINE_BOOT,
    LINE_WHY,
    LINE_COUNT,
};

/* Each line has its word first, since people read the file too. */
static const char *const words[LINE_COUNT] = {
    [LINE_VERSION] = FORMAT,
    [LINE_PHASE] = "phase ",
    [LINE_END] = "end ",
    [LINE_ATTEMPTS] = "attempts ",
    [LINE_INODE] = "inode ",
    [LINE_SYSTEM_ID] = "system-id ",
    [LINE_FORK] = "fork ",
    [LINE_TIMELINE] = "timeline ",
    [LINE_KEPT] = "kept ",
    [LINE_BOOT] = "boot ",
    [LINE_WHY] = "why ",
};

/* One line, whatever a program said, or a folder is called. */
static void
add_line(struct text *text, const char *word, const char *value)
{
    text_add(text, "%s", word);
    for (const char *c = value; *c != '\0'; c++) {
        text_add_bytes(text, *c == '\n' ? " " : c, 1);
    }
    text_add(text, "\n");
}

void
rejoin_marker_format(const struct rejoin_marker *marker, struct text *text)
{
    char fork[WAL_POSITION_TEXT_SIZE];

    wal_position_format(marker->fork, fork);
    text_add(text, FORMAT "\nphase %s\nend %s\nattempts %" PRIu32 "\n"
             "inode %" PRIu64 "\nsystem-id %s\nfork %s\n"
             "timeline %" PRIu32 "\n",
             names_name(names_rejoin, marker->phase),
             names_name(names_rejoin_end, marker->end), marker->attempts,
             marker->inode, marker->system_id, fork, marker->timeline);
    add_line(text, words[LINE_KEPT], marker->kept);
    add_line(text, words[LINE_BOOT], marker->boot);
    add_line(text, words[LINE_WHY], marker->why);
}

static int
read_number(const char *value, uint64_t max, uint64_t *ret_number)
{
    const char *rest = line_read_number(value, max, ret_number);

    return rest != NULL && *rest == '\0' ? 0 : -1;
}

static int
read_value(enum line line, const char *value, struct rejoin_marker *marker)
{
    uint64_t number = 0;
    unsigned word = 0;
    int rc = 0;

    switch (line) {
        case LINE_PHASE:
            rc = names_value(names_rejoin, value, &word);
            marker->phase = (enum rejoin_phase) word;
            break;
        case LINE_END:
            rc = names_value(names_rejoin_end, value, &word);
            marker->end = (enum rejoin_end) word;
            break;
        case LINE_ATTEMPTS:
            rc = read_number(value, UINT32_MAX, &number);
            marker->attempts = (uint32_t) number;
            break;
        case LINE_INODE:
            rc = read_number(value, UINT64_MAX, &marker->inode);
            break;
        case LINE_SYSTEM_ID:
            rc = text_copy(value, marker->system_id, SYSTEM_ID_SIZE);
            break;
        case LINE_FORK:
            rc = wal_position_parse(value, &marker->fork);
            break;
        case LINE_TIMELINE:
            rc = read_number(value, UINT32_MAX, &number);
            marker->timeline = (uint32_t) number;
            break;
        case LINE_KEPT:
            rc = text_copy(value, marker->kept, PATH_SIZE);
            break;
        case LINE_BOOT:
            rc = text_copy(value, marker->boot, BOOT_ID_SIZE);
            break;
        case LINE_WHY:
            rc = text_copy(value, marker->why, SERVER_TEXT_SIZE);
            break;
        case LINE_VERSION:
        case LINE_COUNT:
            rc = *value == '\0' ? 0 : -1;
            break;
    }
    return rc;
}

int
rejoin_marker_parse(const char *text, struct rejoin_marker *ret_marker)
{
    struct rejoin_marker marker = { .attempts = 0 };
    char line[SERVER_TEXT_SIZE + PATH_SIZE];

    for (unsigned i = 0; i < LINE_COUNT; i++) {
        size_t len = strcspn(text, "\n");
        size_t word = strlen(words[i]);

        if (text[len] == '\0' || len >= sizeof(line) || len < word
            || strncmp(text, words[i], word) != 0) {
            return -1;
        }
        memcpy(line, text, len);
        line[len] = '\0';
        if (read_value((enum line) i, line + word, &marker) != 0) {
            return -1;
        }
        text += len + 1;
    }
    if (*text != '\0' || marker.phase == REJOIN_NONE
        || marker.phase == REJOIN_UNKNOWN) {
        return -1;
    }
    *ret_marker = marker;
    return 0;
}
