/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_WATCH_RECORD_H
#define PGWARD_COMMON_WATCH_RECORD_H

#include <stdint.h>

#include "text.h"

/*! Who waits for whose death; kept in a file from one action to the next. */
struct watch_record {
    int32_t postmaster_pid;
    uint64_t postmaster_start;  /*!< clock ticks since boot, as /proc says */
    int32_t watcher_pid;
    uint64_t watcher_start;
    uint64_t reported_ms;       /*!< of CLOCK_MONOTONIC; 0: not reported */
};

/*! Write the record as the text of a file, its version first. */
void
watch_record_format(const struct watch_record *record, struct text *text);

/*!
 * Read it back.
 *
 * \return 0, or -1 with `ret_record` untouched: another version, or garbled.
 */
int
watch_record_parse(const char *text, struct watch_record *ret_record);

#endif
