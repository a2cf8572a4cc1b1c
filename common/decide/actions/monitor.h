/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_MONITOR_H
#define PGWARD_COMMON_MONITOR_H

#include "plan.h"
#include "snapshot.h"

void
decide_monitor(const struct snapshot *snapshot, struct plan *plan);

/*!
 * The code that tells the truth about the server that is there.
 *
 * \param[out] plan  reason and log lines; the verdict is the caller's
 */
enum ocf_code
health_code(const struct snapshot *snapshot, struct plan *plan);

#endif
