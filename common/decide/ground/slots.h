/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_SLOTS_H
#define PGWARD_COMMON_SLOTS_H

#include "plan.h"
#include "snapshot.h"

/*! A dead primary's slots would keep WAL for nobody. */
void
drop_old_slots(const struct snapshot *snapshot, struct plan *plan);

#endif
