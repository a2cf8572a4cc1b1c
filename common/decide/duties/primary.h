/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_PRIMARY_H
#define PGWARD_COMMON_PRIMARY_H

#include "plan.h"
#include "snapshot.h"

/*!
 * What a primary does at each look: record, scores, synchronous list.
 *
 * \param[in] code  the action's verdict once all is done
 */
void
primary_duties(const struct snapshot *snapshot, struct plan *plan,
               enum ocf_code code);

#endif
