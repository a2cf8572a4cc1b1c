/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_UPSTREAM_H
#define PGWARD_COMMON_UPSTREAM_H

#include "plan.h"
#include "snapshot.h"

/*! Before this version a new upstream needs a restart of the standby. */
#define RELOADABLE_UPSTREAM_VERSION 130000u

/*! What the log says of parameters that cannot be used, with the problem. */
#define NOT_ACTED_ON \
    "the changed parameters were not acted on, and the server goes on as it " \
    "is: %s"

/*! Have a standby that runs follow the primary, as the parameters say. */
void
plan_upstream(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Write a standby's file anew where it is not what the parameters say now: of
 * an instance whose last operation was a demotion, Pacemaker (2.1.5) only
 * begins its monitors anew, and asks for no reload.
 */
void
want_new_parameters(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Give a standby that has none its upstream, unless the replication address is
 * still on this node: it would stream from itself (P7).
 */
void
want_upstream(const struct snapshot *snapshot, struct plan *plan);

/*! Let a standby that streams take the name that it is to have. */
void
want_sender_name(const struct snapshot *snapshot, struct plan *plan);

/*!
 * A standby that is to follow and does: its file may name another address,
 * role or command now. One that has no upstream yet gets it by the same
 * parameters when its time has come.
 */
bool
has_old_upstream(const struct snapshot *snapshot);

#endif
