/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_BEGAN_H
#define PGWARD_COMMON_BEGAN_H

#include "plan.h"
#include "snapshot.h"

/*! Did a promotion of this node fail, and is it proved that it never led? */
bool
promotion_failed(const struct snapshot *snapshot, size_t node);

/*! Has this node begun to be promoted, and not yet led, nor failed? */
bool
promotion_is_under_way(const struct snapshot *snapshot, size_t node);

/*! Note where this node's promotion begins, before the record moves to it. */
void
want_began(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Once its server is gone: did the promotion that this node began never come
 * to lead?
 *
 * \return false: the plan looks for it first.
 */
bool
want_ended(const struct snapshot *snapshot, struct plan *plan);

/*! Where it began, as that node had published it; unset: it is not proved. */
struct attr
ended_at(const struct attr *began);

#endif
