/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_OWN_SERVER_H
#define PGWARD_COMMON_OWN_SERVER_H

#include "plan.h"
#include "snapshot.h"

/*! A standby comes back with other settings: it ends, and is started again. */
void
plan_restart(struct plan *plan);

/*!
 * What the server is by its files, where it lets nobody in. A hot standby's
 * pid file says 'ready' like a primary's; pg_control (FACT_CONTROL) tells them
 * apart.
 */
enum server_role
server_role_by_files(const struct snapshot *snapshot);

/*! The standby that a start makes, unless its data is to be judged. */
enum standby
standby_by_address(const struct snapshot *snapshot);

/*! Plan the start of the server as a standby. */
void
plan_standby_start(struct plan *plan, enum standby kind);

/*! What the server or libpq said of it, or that nothing was said. */
const char *
words_of_server(const struct snapshot *snapshot);

/*! What a person looks at when no answer comes from a server that is there. */
const char *
who_is_silent(const struct snapshot *snapshot);

/*!
 * Does it have an upstream? By the server, or where that does not say (before
 * version 12, or to a log-in that may not see it) by its WAL receiver, or else
 * by the file that we wrote.
 */
enum tri
upstream_is_named(const struct snapshot *snapshot);

/*! Is this node to be judged, by all that it sees of itself? */
bool
is_quarantined(const struct snapshot *snapshot);

#endif
