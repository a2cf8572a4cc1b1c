/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_NOTIFY_H
#define PGWARD_COMMON_NOTIFY_H

#include "plan.h"
#include "snapshot.h"

void
decide_notify(const struct snapshot *snapshot, struct plan *plan);

#endif
