/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_SENDERS_H
#define PGWARD_COMMON_SENDERS_H

#include "plan.h"
#include "snapshot.h"

/*! Did pg_stat_replication tell of it? It tells few roles (pg_monitor). */
bool
sender_is_seen(const struct sender *sender);

/*!
 * Is its WAL sender only not yet timed out: does the cluster know that its
 * server was stopped, or fenced, since? Such a one counts for nothing.
 */
bool
sender_is_dead(const struct snapshot *snapshot, size_t node);

/*! Before a start: has it a WAL sender, and its node not been probed yet? */
bool
probe_is_awaited(const struct snapshot *snapshot, size_t node);

/*! Plan the end of those that would be in the way. */
void
end_dead_senders(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Is it about to be stopped on purpose? Released before: no commit stalls, and
 * kept out until it is stopped, or the stop has been given up.
 */
bool
is_leaving(const struct snapshot *snapshot, size_t node);

/*! Remember who is: what is written next makes Pacemaker think again. */
void
note_leaving(const struct snapshot *snapshot, struct plan *plan);

#endif
