/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_OBSERVE_H
#define PGWARD_AGENT_OBSERVE_H

#include "instance.h"
#include "snapshot.h"

/*!
 * Fill the snapshot with these facts, and set `snapshot->facts` to them.
 *
 * What could not be learnt is UNKNOWN, and the log says why; the cause stands
 * in the snapshot as well where a reason for a person needs it. Facts that were
 * not asked for stay as an earlier cycle of this action saw them.
 *
 * \param[in] facts     bits of enum fact
 * \param[in] limit_ms  for each look that may wait; 0: until the deadline
 */
void
observe(struct instance *instance, uint32_t facts, uint32_t limit_ms,
        struct snapshot *snapshot);

#endif
