/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_START_H
#define PGWARD_COMMON_START_H

#include "plan.h"
#include "snapshot.h"

void
decide_start(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Wait for the server that this action started.
 *
 * \return true when it answers; else the plan has its verdict.
 */
bool
server_answers(const struct snapshot *snapshot, struct plan *plan);

#endif
