/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_WHY_H
#define PGWARD_COMMON_WHY_H

#include "plan.h"
#include "snapshot.h"

/*!
 * Was looked at all that tells what a standby is to be helped with? If not,
 * the plan asks for it.
 */
bool
why_is_seen(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Has the primary said for long that it no longer has the WAL that this
 * standby needs? Of no use before why_is_seen().
 */
bool
lacks_wal(const struct snapshot *snapshot);

/*!
 * Tell people (RSC-why, and the log once) what keeps this standby from its
 * work although nothing fails, or that nothing does.
 */
void
tell_why(const struct snapshot *snapshot, struct plan *plan);

/*! The same of a primary. */
void
tell_why_of_primary(const struct snapshot *snapshot, struct plan *plan);

#endif
