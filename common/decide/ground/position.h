/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_POSITION_H
#define PGWARD_COMMON_POSITION_H

#include "plan.h"
#include "snapshot.h"

/*! How what one node published stands to what another did. */
enum standing {
    STANDING_UNKNOWN = 0,       /*!< one of them has not published */
    STANDING_BEHIND,
    STANDING_LEVEL,
    STANDING_AHEAD,             /*!< it holds all that the other holds */
    STANDING_APART,             /*!< each has WAL that the other has not */
};

/*! The (timeline, position) that a node published; unknown: it did not. */
struct wal_position
published_position(const struct node *node);

/*! The (timeline, position) in what a node published some time ago. */
struct wal_position
position_in(const struct attr *position);

/*! How often it had looked in vain for the others' then. */
unsigned
published_checks(const struct node *node);

/*!
 * What a node publishes of where it stands.
 *
 * \param[in]  past       of the position's timeline, as history_summary() has
 *                        it, or "": not known
 * \param[out] ret_value  ATTR_VALUE_SIZE bytes; the oldest of a long past is
 *                        left out
 */
void
position_text(struct wal_position position, unsigned checks,
              const char *past, char *ret_value);

/*!
 * Compare where two nodes stand, by whole histories. Where one of them did
 * not tell its past, as agents before did not, the numbers have to do: that
 * is for nodes that the record allows to lead, and no proof of anything.
 *
 * Source: promise P3.
 */
enum standing
standing_of(const struct snapshot *snapshot, size_t node, size_t other);

/*!
 * Are both on a timeline of the same number, or do their pasts tell who holds
 * more? Else the numbers order them by chance: the higher timeline may have
 * begun before the end of the lower.
 */
bool
can_be_compared(const struct snapshot *snapshot, size_t node, size_t other);

/*! Does a node hold all that another published some time ago? */
bool
holds_position(const struct snapshot *snapshot, size_t node,
               const struct attr *position);

/*!
 * Is `node` at or beyond `other` on the same timeline, by both their
 * histories? UNKNOWN is no.
 */
bool
holds_all_of(const struct snapshot *snapshot, size_t node, size_t other);

/*!
 * Publish this node's position, without disturbing a transition.
 *
 * \param[in] checks  how often this node looked in vain for the others'
 */
void
want_position(const struct snapshot *snapshot, struct plan *plan,
              unsigned checks);

/*!
 * Has this node published the position that it has now? Everybody counts what
 * everybody published, this node's own included.
 */
bool
has_published(const struct snapshot *snapshot);

/*!
 * Is the position that was observed the end of this node's WAL? Recovery may
 * still be reading what is on its own disk; the plan then looks again, soon,
 * but not for ever.
 */
bool
position_is_final(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Look at the position again, soon; not for ever.
 *
 * \return false: that was often enough.
 */
bool
look_again(const struct snapshot *snapshot, struct plan *plan,
           uint32_t wait_ms);

#endif
