/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_SYNC_H
#define PGWARD_COMMON_SYNC_H

#include "plan.h"
#include "snapshot.h"

/*!
 * Steer the synchronous list and take the proof that it needs.
 *
 * Stands behind the record in the plan (P2).
 *
 * \return false: look again soon, something is under way.
 */
bool
sync_list_is_settled(const struct snapshot *snapshot, struct plan *plan);

#endif
