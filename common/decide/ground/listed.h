/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_LISTED_H
#define PGWARD_COMMON_LISTED_H

#include "snapshot.h"
#include "sync_list.h"

/*! Is the node in synchronous_standby_names, as far as it could be read? */
bool
is_listed(const struct snapshot *snapshot, size_t node);

/*! The list that is in force; empty where there is none of ours. */
struct sync_list
sync_list_now(const struct snapshot *snapshot);

/*! sync_mode=quorum, in rep_mode=sync. */
bool
quorum_mode(const struct snapshot *snapshot);

#endif
