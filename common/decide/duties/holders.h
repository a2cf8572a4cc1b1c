/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_HOLDERS_H
#define PGWARD_COMMON_HOLDERS_H

#include "plan.h"
#include "snapshot.h"
#include "text.h"

/*!
 * While a fast shutdown waits: end whom it waits for without need.
 *
 * Those are WAL senders whose client is none of the cluster's standbys (or one
 * that the next primary serves as well, once that one holds the shutdown's
 * checkpoint), and an archive_command that hangs. pg_control still says `shut
 * down` in the end.
 *
 * Stands behind the plan's own wait, which it may make a closer look.
 *
 * Source: promises P6 and P7; PostgreSQL's postmaster.c, PM_SHUTDOWN_2, and
 * walsender.c, WalSndWaitStopping().
 */
void
hurry_holders(const struct snapshot *snapshot, struct plan *plan);

/*! Add to a message who is left; nothing where nobody looked. */
void
name_holders(const struct snapshot *snapshot, struct text *text);

#endif
