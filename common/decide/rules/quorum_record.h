/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_QUORUM_RECORD_H
#define PGWARD_COMMON_QUORUM_RECORD_H

#include "snapshot.h"

/*! The `n/N` that every member's record should have now. */
void
quorum_text(const struct snapshot *snapshot, char *ret_value);

/*! Are commits known to wait for a quorum? */
bool
quorum_is_live(const struct snapshot *snapshot);

/*! Is the list to be changed? */
bool
quorum_change_is_due(const struct snapshot *snapshot);

/*! Has this member the right record, here and in its own copy (P2)? */
bool
quorum_is_recorded(const struct snapshot *snapshot, size_t node);

bool
quorum_is_in_copy(const struct snapshot *snapshot, size_t node);

#endif
