/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_STANDBY_H
#define PGWARD_COMMON_STANDBY_H

#include "plan.h"
#include "snapshot.h"

/*!
 * What a standby does at each look: its attributes, its upstream, and the
 * election where there is no primary.
 */
void
standby_duties(const struct snapshot *snapshot, struct plan *plan,
               enum ocf_code code);

#endif
