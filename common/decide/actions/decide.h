/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_DECIDE_H
#define PGWARD_COMMON_DECIDE_H

#include "plan.h"
#include "snapshot.h"

/*!
 * What the first cycle of an action looks at.
 *
 * \return bits of enum fact.
 */
uint32_t
decide_first_facts(const struct snapshot *snapshot);

/*!
 * Decide what to do about what was observed.
 *
 * Called once a cycle, with what earlier cycles of this action did in
 * `snapshot->done`. The plan always ends in a verdict.
 *
 * Units:  LSN in bytes; times in ms of CLOCK_MONOTONIC since the action began.
 * Errors: none; UNKNOWN promotes nobody, releases nobody, deletes nothing.
 * Source: the promises P1 to P8.
 */
void
decide(const struct snapshot *snapshot, struct plan *ret_plan);

#endif
