/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_RETURNING_H
#define PGWARD_COMMON_RETURNING_H

#include "plan.h"
#include "snapshot.h"

#define SEEN_PARTED "it was seen to have WAL that is not the primary's"

/*! What comes of a node that led and went down. */
enum return_verdict {
    RETURN_UNKNOWN = 0,
    RETURN_LOOK_AGAIN,      /*!< the plan says when */
    RETURN_PROVED,
    RETURN_REFUTED,         /*!< the plan ends with the reason */
};

/*!
 * Judge this node's data by the history of the primary's timelines: all of its
 * WAL has to lie in the primary's past. The record is no proof of that.
 *
 * Source: promise P3; design section 4, proof of a common past.
 */
enum return_verdict
judge_return(const struct snapshot *snapshot, struct plan *plan,
             size_t primary);

/*!
 * Let a node that was proved follow the primary. The lock goes with it.
 *
 * \return false: not while the replication address is here (P7).
 */
bool
admit(const struct snapshot *snapshot, struct plan *plan);

/*! What a standby that is to be judged does at each look. */
void
return_duties(const struct snapshot *snapshot, struct plan *plan,
              size_t primary, enum ocf_code code);

/*! End with the way out for a standby whose WAL the primary does not share. */
void
refuse_to_follow(const struct snapshot *snapshot, struct plan *plan,
                 const char *why);

/*!
 * Can a standby that does not stream never follow this primary? Then the plan
 * ends with the reason; one that has only lost its connection is left alone.
 */
bool
has_parted(const struct snapshot *snapshot, struct plan *plan,
           size_t primary);

/*!
 * Is all that this standby holds of the primary's past, or did it follow the
 * primary onto its own timeline?
 */
bool
past_is_shared(const struct snapshot *snapshot, size_t primary);

/*!
 * Tell the others the primary's timelines where they do not know them.
 *
 * \return false: the plan looks at them first.
 */
bool
want_history(const struct snapshot *snapshot, struct plan *plan);

#endif
