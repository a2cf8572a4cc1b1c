/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_REDIRECT_H
#define PGWARD_COMMON_REDIRECT_H

#include "plan.h"
#include "snapshot.h"

/*!
 * Before a promotion: if another live node holds more than the chosen one,
 * it is ranked instead, which makes Pacemaker choose anew. The plan ends when
 * the CIB has the new rank.
 */
void
redirect(const struct snapshot *snapshot, struct plan *plan);

#endif
