/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_RESTORE_H
#define PGWARD_COMMON_RESTORE_H

#include "plan.h"
#include "snapshot.h"

/*!
 * While a promotion waits: end a restore_command that hangs. A standby that
 * streamed has all that it may have acknowledged in its own pg_wal.
 *
 * Stands behind the plan's own wait, which it may make a closer look.
 *
 * Source: promise P6; PostgreSQL's xlogarchive.c, RestoreArchivedFile().
 */
void
hurry_restore(const struct snapshot *snapshot, struct plan *plan);

#endif
