/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_RECORD_H
#define PGWARD_COMMON_RECORD_H

#include "plan.h"
#include "snapshot.h"

/*! No node of the list has a record: a cluster that never had a primary. */
bool
record_is_virgin(const struct snapshot *snapshot);

/*!
 * Has this node, since it booted, been online with most of node_list (of two
 * nodes: with both), so that its copy of the record is not an old one (P2)?
 */
bool
record_is_trusted(const struct snapshot *snapshot);

/*! Remember it once it is so. */
void
want_trust(const struct snapshot *snapshot, struct plan *plan);

#endif
