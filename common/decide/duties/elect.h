/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_ELECT_H
#define PGWARD_COMMON_ELECT_H

#include "plan.h"
#include "snapshot.h"

/*!
 * What a node does in an election whose replay is held up: it has no rank, and
 * shows what it holds where that is known, as far as it received since its
 * server started: the others may have to know.
 */
void
stand_aside(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Is there a live node that the last primary ranked, or that was elected?
 *
 * A node that is being started is not: its score is an old one.
 */
bool
someone_is_ranked(const struct snapshot *snapshot);

/*! Vote where there is no primary: publish, compare, raise one score. */
void
elect(const struct snapshot *snapshot, struct plan *plan,
      enum ocf_code code);

#endif
