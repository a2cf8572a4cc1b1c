/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_WATCH_DUTY_H
#define PGWARD_COMMON_WATCH_DUTY_H

#include "plan.h"
#include "snapshot.h"

/*! Is Pacemaker acting by now on the watcher's report of this death? */
bool
watch_has_told(const struct snapshot *snapshot);

/*!
 * What an action's end means for the watcher: a server that was left running
 * gets one, and a failure that tells of its death makes the other silent.
 */
void
watch_duty(const struct snapshot *snapshot, struct plan *plan);

/*! The watcher saw the postmaster die: is that a failure to report? */
void
decide_report(const struct snapshot *snapshot, struct plan *plan);

#endif
