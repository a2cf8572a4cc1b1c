/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_STOP_H
#define PGWARD_COMMON_STOP_H

#include "plan.h"
#include "snapshot.h"

void
decide_stop(const struct snapshot *snapshot, struct plan *plan);

void
decide_status(const struct snapshot *snapshot, struct plan *plan);

/*!
 * End every process of the instance, within the action's time.
 *
 * Fast shutdown first, for `escalate_ms`; then immediate; then SIGKILL. A
 * postmaster that is stopped (SIGSTOP) or gone cannot shut anything down, so
 * what is left of it is killed at once.
 *
 * \return true when none is left (P4); else the plan has its verdict.
 */
bool
end_server(const struct snapshot *snapshot, struct plan *plan,
           uint32_t escalate_ms);

/*!
 * Is no such restart under way in this action? It ends as a stop does, however
 * long that takes, and the action goes on with the server that was started.
 *
 * \return false: the plan has its verdict.
 */
bool
restart_is_over(const struct snapshot *snapshot, struct plan *plan);

/*! Whatever the verdict of a plan that begins one was: its end is awaited. */
void
await_restart(const struct snapshot *snapshot, struct plan *plan);

#endif
