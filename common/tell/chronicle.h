/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_CHRONICLE_H
#define PGWARD_COMMON_CHRONICLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"

/*! Events of several sources, as they are told. */
struct chronicle_row {
    struct event event;
    const char *source;         /*!< constant text: where it comes from */
    int64_t gap_ms;             /*!< a promotion's: for so long no node led, as
                                     far as this node saw; -1: not known, or
                                     none */
};

/*!
 * Put the rows in the order of their times, those of one time as they came, and
 * tell each promotion its gap: from the first sign that the primary ends, or is
 * not there, to the new one. It is that at least.
 */
void
chronicle_arrange(struct chronicle_row *rows, size_t count);

/*!
 * How long nobody led before this node did.
 *
 * \param[in] rows  arranged
 * \return ms, at least; -1: not known, or another node is the last one that
 *         came to lead.
 */
int64_t
chronicle_last_gap(const struct chronicle_row *rows, size_t count,
                   const char *node);

/*! How often each kind has happened, as far as it was followed. */
struct chronicle_totals {
    bool known;                 /*!< a record was read */
    int64_t until_ms;           /*!< the newest event that is counted */
    uint64_t total[EVENT_KINDS];
};

/*!
 * Count what is newer than what has been counted, so that a total never falls
 * where the record lost its oldest part. What a clock that was set back says is
 * old is not counted.
 *
 * \param[in]     rows    arranged, of a record that was read as a whole
 * \param[in,out] totals  zero at first: all of them count
 */
void
chronicle_follow(const struct chronicle_row *rows, size_t count,
                 struct chronicle_totals *totals);

/*! The row of a timeline that a history file tells of. */
struct event
chronicle_timeline(uint32_t timeline, struct wal_position left,
                   int64_t time_ms);

#endif
