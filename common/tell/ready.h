/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_READY_H
#define PGWARD_COMMON_READY_H

#include "findings.h"
#include "moves.h"
#include "snapshot.h"

/*
 * What a switchover and a failover by hand both need of the cluster and of the
 * node that is to lead. UNKNOWN is never met.
 */

/*! Replication, quorum, no maintenance. */
void
ready_cluster(const struct snapshot *snapshot, struct findings *findings);

/*!
 * Does the node run a standby that may be promoted: online, its server started,
 * judged, whole, of this database, with a replay that goes on?
 */
void
ready_standby(const struct snapshot *snapshot, size_t node,
              struct findings *findings);

/*! Does Pacemaker hold nothing against its promotion? */
void
ready_moves(const struct moves *moves, const char *node,
            struct findings *findings);

/*! Is it online, and its instance started and nothing more? */
bool
ready_is_standby(const struct snapshot *snapshot, size_t node);

#endif
