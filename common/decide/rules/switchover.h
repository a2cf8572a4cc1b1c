/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_SWITCHOVER_H
#define PGWARD_COMMON_SWITCHOVER_H

#include "plan.h"
#include "snapshot.h"

/*! Leave the checkpoint of a clean shutdown for the candidate (P7). */
void
want_shutdown(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Does this node hold the checkpoint with which the old primary shut down
 * cleanly? If not, and that one is back, the plan ends: it leads again.
 *
 * Source: promise P7.
 */
bool
switchover_is_proved(const struct snapshot *snapshot, struct plan *plan);

#endif
