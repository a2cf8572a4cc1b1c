/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_CYCLE_H
#define PGWARD_AGENT_CYCLE_H

#include "instance.h"
#include "snapshot.h"

/*!
 * Observe, decide, execute, until there is a verdict or the deadline comes.
 *
 * An alarm ends the process with the deposited verdict when a call blocks
 * past the deadline (the cluster's IPC has no connect time-out).
 *
 * \return the action's exit code; its reason has been reported.
 */
enum ocf_code
cycle_run(struct instance *instance, struct snapshot *snapshot);

#endif
