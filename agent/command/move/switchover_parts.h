/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_SWITCHOVER_PARTS_H
#define PGWARD_AGENT_SWITCHOVER_PARTS_H

#include "findings.h"
#include "moves.h"
#include "moving.h"

/* What the files of `pgward switchover` share. */

/*! Of the constraint, beyond the wait: clocks of nodes differ. */
#define SWITCHOVER_GRACE_S 60

/*! How a move went. */
enum outcome {
    OUTCOME_NONE = 0,           /*!< it did not begin */
    OUTCOME_MOVED,
    OUTCOME_BACK,               /*!< the old primary is to lead again */
    OUTCOME_LATE,               /*!< the time was over */
    OUTCOME_CUT,                /*!< a signal came */
    OUTCOME_FAILED,
};

/*! A switchover, and what became of it. */
struct switchover {
    struct moving_options options;
    struct look before;
    struct look now;
    struct moves moves;
    struct findings findings;
    char from[NODE_NAME_SIZE];
    char to[NODE_NAME_SIZE];
    enum outcome outcome;
    bool constraint_left;
    int64_t gap_ms;             /*!< -1: not known */
    int64_t took_ms;
};

/*! Have a checkpoint made on the primary; that there is none is said. */
void
switchover_checkpoint(const struct switchover *move);

/*!
 * Move the lead from `from` to `to`: outcome, constraint_left, gap_ms, took_ms
 * and, where it moved, `now`. Signals that end a program cut the wait off; the
 * constraint is taken away all the same.
 */
void
switchover_run(struct switchover *move);

/*! Wait until the old primary streams, but not for long: `now`. */
void
switchover_follow(struct switchover *move);

/*!
 * Take the constraint away.
 *
 * \return 0, or -1: it stays until its own end, which was said.
 */
int
switchover_end(const struct switchover *move);

#endif
