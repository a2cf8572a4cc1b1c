/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_REJOIN_WORKER_H
#define PGWARD_COMMON_REJOIN_WORKER_H

#include "plan.h"
#include "snapshot.h"

/*!
 * What the worker does that brings a node's data back: a step, then the next
 * look. Its own action, `rejoin`, which the cluster never asks for.
 *
 * Source: promise P9.
 */
void
decide_rejoin(const struct snapshot *snapshot, struct plan *plan);

#endif
