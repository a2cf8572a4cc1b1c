/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_HISTORY_H
#define PGWARD_COMMON_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lsn.h"
#include "text.h"

#define HISTORY_MAX 2048

/*! Bytes for a history file of so many lines, as PostgreSQL writes them. */
#define HISTORY_FILE_SIZE (128 * 1024)

/*! A timeline's past: which timeline it left where, oldest first. */
struct history {
    uint32_t timeline;          /*!< whose past this is */
    size_t count;
    struct wal_position left[HISTORY_MAX];  /*!< the switch point of each */
};

/*!
 * Read the text of a timeline history file (`00000003.history`).
 *
 * Timeline 1 has no such file: its text is "".
 *
 * \return 0, or -1 with `ret_history` untouched: not such a file.
 * Source: PostgreSQL's readTimeLineHistory(): timelines ascend, each line has
 *         a timeline and its switch point.
 */
int
history_parse(uint32_t timeline, const char *text,
              struct history *ret_history);

/*! The timeline of a history file's name, `0000000A.history`: 10; 0: another
 * file. */
uint32_t
history_timeline_of(const char *name);

/*!
 * Append a history as a node attribute carries it: its timeline, then the
 * switch points as wal_position_format() has them, the newest first, as many
 * as fit whole.
 */
void
history_summary(const struct history *history, struct text *text);

/*!
 * Read what history_summary() wrote.
 *
 * \return 0, or -1 with `ret_history` untouched.
 */
int
history_read_summary(const char *text, struct history *ret_history);

/*! How a node's WAL stands to the past of a primary. */
enum history_match {
    HISTORY_UNKNOWN = 0,    /*!< one is not known */
    HISTORY_OLDER,          /*!< the primary's past is told, but not back to
                                 the timeline of that WAL: no proof */
    HISTORY_SHARED,         /*!< all of it is the primary's past, too */
    HISTORY_SAME_TIMELINE,  /*!< no switch point lies between: no proof */
    HISTORY_BEYOND,         /*!< it goes on after the primary had left */
    HISTORY_OTHER,          /*!< its timeline is not of the primary's past */
};

/*!
 * Compare the end of a node's WAL, and how it came there, with a primary's
 * past. The numbers of timelines are not enough: two nodes that were promoted
 * without knowing of each other give theirs the same one, and tell them apart
 * by where it began.
 *
 * \param[in]  own      of the timeline of `end`
 * \param[in]  primary  may be a summary, without the oldest
 * \param[out] ret_left  for SHARED and BEYOND: where the primary left it
 */
enum history_match
history_compare(const struct history *own, struct wal_position end,
                const struct history *primary, lsn *ret_left);

/*!
 * Where a node's past left a primary's: the end of what both have.
 *
 * \return the position on the node's own past; timeline 0: not known, or
 *         nothing shows that they ever were one.
 */
struct wal_position
history_fork(const struct history *own, struct wal_position end,
             const struct history *primary);

#endif
