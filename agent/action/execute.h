/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_EXECUTE_H
#define PGWARD_AGENT_EXECUTE_H

#include "instance.h"
#include "plan.h"
#include "snapshot.h"

/*!
 * Run the plan's operations in order, up to the first required one that
 * fails; each one's outcome is noted in `snapshot->done`, a failed required
 * one in `failed`, and why in `failure`.
 */
void
execute(struct instance *instance, const struct plan *plan,
        struct snapshot *snapshot);

#endif
