/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_SYNC_MEMBERS_H
#define PGWARD_COMMON_SYNC_MEMBERS_H

#include "snapshot.h"

/*! Is it in the list to stay: it streams, and is not one too many? */
bool
stays_listed(const struct snapshot *snapshot, size_t node);

/*! Does it stay in the list although it does not stream (P2)? */
bool
is_held(const struct snapshot *snapshot, size_t node);

/*! Is sync_strict the reason: nobody could take its place? */
bool
is_last_of_strict(const struct snapshot *snapshot, size_t node);

/*! May commits begin to wait for it? */
bool
may_join(const struct snapshot *snapshot, size_t node);

/*! Has it flushed past the mark of the list in force? */
bool
has_flushed_mark(const struct snapshot *snapshot, size_t node);

/*! Has it flushed what was acknowledged before the list was in effect (P1)? */
bool
has_proof(const struct snapshot *snapshot, size_t node);

/*! What was remembered of the list in force; nothing where it is another. */
struct sync_memory
memory_of(const struct snapshot *snapshot);

/*! How many names the list is to have. */
size_t
names_wanted(const struct snapshot *snapshot);

#endif
