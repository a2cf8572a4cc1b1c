/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_REFUSAL_DUTY_H
#define PGWARD_COMMON_REFUSAL_DUTY_H

#include "plan.h"
#include "snapshot.h"

/*!
 * Who sends to the clients' address where it is not is to be refused: make the
 * table that does, or take it away, at the end of a start, monitor or stop.
 * It never changes what the action says.
 */
void
refusal_duty(const struct snapshot *snapshot, struct plan *plan);

#endif
