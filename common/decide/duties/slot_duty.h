/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_SLOT_DUTY_H
#define PGWARD_COMMON_SLOT_DUTY_H

#include "plan.h"
#include "snapshot.h"

/*
 * Replication slots: on each node one for each other node of node_list and for
 * each external standby, and none else of ours. Those in use and those of
 * strangers are never dropped.
 */

/*!
 * A primary's: what is missing is made, what is lost made anew, what is past
 * slot_keep or slot_max_wal dropped, and the standbys are told what is held.
 */
void
primary_slots(const struct snapshot *snapshot, struct plan *plan);

/*! How many more max_replication_slots has to allow; 0: none, or unknown. */
uint32_t
slots_lacking(const struct snapshot *snapshot);

/*! A server that was just promoted lets its standbys in. */
void
promoted_slots(const struct snapshot *snapshot, struct plan *plan);

/*! Is what standby_slots() needs in the snapshot? If not, the plan asks. */
bool
slots_are_seen(const struct snapshot *snapshot, struct plan *plan);

/*!
 * A standby's: the same slots, which follow what the primary's hold, so that
 * none is missing after a failover, and none keeps WAL for nobody.
 */
void
standby_slots(const struct snapshot *snapshot, struct plan *plan);

#endif
