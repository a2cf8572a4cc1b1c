/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_VIEW_H
#define PGWARD_COMMON_VIEW_H

#include "plan.h"
#include "snapshot.h"

/*!
 * Do the nodes about which something is to be written see the record as this
 * one does? It may have stood still, or been cut off, while another was
 * promoted, and a write of an old view would reach the new record. One that
 * left the cluster has to be silent, where fencing does not prove it down.
 *
 * \param[in] before  the plan's operations from here on are in question
 * \param[in] code    the verdict where that is not known yet
 *
 * \return false: those operations are gone, and the plan has its verdict.
 *
 * Source: promises P2 and P3.
 */
bool
view_is_shared(const struct snapshot *snapshot, struct plan *plan,
               size_t before, enum ocf_code code);

#endif
