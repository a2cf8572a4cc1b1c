/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_RELOAD_H
#define PGWARD_COMMON_RELOAD_H

#include "plan.h"
#include "snapshot.h"

void
decide_reload(const struct snapshot *snapshot, struct plan *plan);

#endif
