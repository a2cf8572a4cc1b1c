/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who waits for a postmaster's death, as the text of a file. */

#include "watch_record.h"

#include <inttypes.h>
#include <string.h>

#include "line.h"

#define FORMAT "pgward-watch 1"

enum number {
    NUMBER_POSTMASTER = 0,
    NUMBER_POSTMASTER_START,
    NUMBER_WATCHER,
    NUMBER_WATCHER_START,
    NUMBER_REPORTED,
    NUMBER_COUNT,
};

void
watch_record_format(const struct watch_record *record, struct text *text)
{
    text_add(text, FORMAT " %" PRId32 " %" PRIu64 " %" PRId32 " %" PRIu64
             " %" PRIu64 "\n", record->postmaster_pid,
             record->postmaster_start, record->watcher_pid,
             record->watcher_start, record->reported_ms);
}

int
watch_record_parse(const char *text, struct watch_record *ret_record)
{
    uint64_t number[NUMBER_COUNT];

    if (strncmp(text, FORMAT, strlen(FORMAT)) != 0) {
        return -1;
    }
    text += strlen(FORMAT);
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        bool is_pid = i == NUMBER_POSTMASTER || i == NUMBER_WATCHER;

        if (*text != ' ') {
            return -1;
        }
        text = line_read_number(text + 1, is_pid ? INT32_MAX : UINT64_MAX,
                                &number[i]);
        if (text == NULL) {
            return -1;
        }
    }
    if (strcmp(text, "\n") != 0) {
        return -1;
    }
    ret_record->postmaster_pid = (int32_t) number[NUMBER_POSTMASTER];
    ret_record->postmaster_start = number[NUMBER_POSTMASTER_START];
    ret_record->watcher_pid = (int32_t) number[NUMBER_WATCHER];
    ret_record->watcher_start = number[NUMBER_WATCHER_START];
    ret_record->reported_ms = number[NUMBER_REPORTED];
    return 0;
}
