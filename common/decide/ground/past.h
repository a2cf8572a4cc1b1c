/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_PAST_H
#define PGWARD_COMMON_PAST_H

#include "plan.h"
#include "snapshot.h"

/*! RSC-history of a standby: this, a space and the past of its timeline. */
#define HISTORY_OF_STANDBY "standby"

/*! What a standby told of its past, beside this primary's. */
enum past {
    PAST_UNKNOWN = 0,           /*!< it could not be read */
    PAST_AWAITED,               /*!< it has started and not told yet */
    PAST_OURS,                  /*!< or nothing to compare: agents before told
                                     nothing */
    PAST_OTHER,                 /*!< they have parted */
};

/*! RSC-unproved of a node that was seen to have parted from its primary. */
#define UNPROVED_PARTED "parted"

/*! The past in RSC-history, without the word; "": none is told. */
const char *
told_past(const struct attr *told);

/*! Source: promise P3. */
enum past
past_of(const struct snapshot *snapshot, size_t node);

/*!
 * Has it WAL that this primary has not, although it streams: is its past
 * another, or has it flushed past this primary's own end?
 */
bool
is_known_parted(const struct snapshot *snapshot, size_t node);

/*!
 * Does it not count for that, or has it not told its past yet? One that
 * commits wait for is not released before it has.
 */
bool
is_stranger_by_past(const struct snapshot *snapshot, size_t node);

/*! Tell this standby's past. */
void
want_past(const struct snapshot *snapshot, struct plan *plan,
          const char *past);

/*!
 * Tell it where it is not told, or another now.
 *
 * \return false: the plan looks at it first.
 */
bool
tell_past(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Is this standby on the timeline of whoever says that it leads, by all that
 * both have told? Where nothing is known against it, it is.
 */
bool
is_in_step(const struct snapshot *snapshot);

#endif
