/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_REPLAY_H
#define PGWARD_COMMON_REPLAY_H

#include "plan.h"
#include "snapshot.h"

/*! Is there nothing in what the server says at each look to doubt it? */
bool
replay_is_calm(const struct snapshot *snapshot);

/*!
 * Was looked at all that tells whether replay is held up here? If not, the
 * plan asks for it.
 */
bool
replay_is_seen(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Is it known that the node's replay does not come to the end of what it
 * flushes? By its own look for this node, by its word for another. Such a node
 * is not in the list, not ranked and not promoted.
 *
 * Source: promise P1.
 */
bool
replay_is_held_up(const struct snapshot *snapshot, size_t node);

/*! What is in the way, by the node's own word; NULL: nothing, or no word. */
const char *
replay_obstacle(const struct snapshot *snapshot, size_t node);

/*!
 * Is it known that the node's replay goes on? By its own word, or, where there
 * is none (an older agent, a new attribute daemon), since it has come past a
 * mark that was read after the list was in effect.
 */
bool
replay_is_proved(const struct snapshot *snapshot, size_t node, lsn mark);

/*! Tell the others, and a person, about this node's replay. */
void
want_replay(const struct snapshot *snapshot, struct plan *plan);

/*! What a person does about a pause of replay by hand; NULL: there is none. */
const char *
replay_pause(const struct snapshot *snapshot);

/*! The last gate of a promotion; false: the plan has its verdict. */
bool
replay_allows(const struct snapshot *snapshot, struct plan *plan);

#endif
