/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_SYNC_NEXT_H
#define PGWARD_COMMON_SYNC_NEXT_H

#include "snapshot.h"
#include "sync_list.h"

/*! The list to come, as far as it may change now. */
struct sync_list
sync_list_next(const struct snapshot *snapshot, const struct sync_list *list);

/*! Is it in the list and does it not count there any more? */
bool
is_to_leave(const struct snapshot *snapshot, size_t node);

/*! Has a node that is to leave, and lives, not shown that in its own copy? */
bool
copy_is_due(const struct snapshot *snapshot, size_t node);

/*! Has its release been recorded, and read back where the node lives (P2)? */
bool
may_leave(const struct snapshot *snapshot, size_t node);

#endif
