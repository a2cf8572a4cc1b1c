/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_REJOIN_H
#define PGWARD_COMMON_REJOIN_H

#include "plan.h"
#include "snapshot.h"

/*!
 * This node's data cannot follow the primary: let a worker bring it back,
 * where that is allowed. The action ends well then, and so it does where it
 * has to wait for its turn.
 *
 * \param[in] fork      where its past left the primary's; of timeline 0 where
 *                      nothing proves that: only a new copy does then
 * \param[in] timeline  the primary's
 *
 * \return false: it is not allowed, and the plan is as it was but for a line
 *         of the log that says why.
 *
 * Source: promise P9.
 */
bool
begin_rejoin(const struct snapshot *snapshot, struct plan *plan,
             size_t primary, struct wal_position fork, uint32_t timeline);

/*!
 * The primary no longer has the WAL that this standby needs: let a worker make
 * a new copy, where that is allowed and it is this node's turn.
 *
 * \return false: it goes on as it was.
 */
bool
begin_rebuild(const struct snapshot *snapshot, struct plan *plan,
              size_t primary);

/*!
 * While a node's data comes back, or its marker stands, no action looks at the
 * server: what the marker and the worker say decides.
 *
 * \return true: the plan has its verdict.
 */
bool
rejoin_has_say(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Once a day a standby tries what a rewind of it would need, so that a person
 * hears of it before it is needed.
 *
 * \return false: the plan looks at that first.
 */
bool
rejoin_is_prepared(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Now and then a monitor has what is kept of former data looked through for
 * what was kept long enough (rejoin_keep_age).
 */
void
kept_duty(const struct snapshot *snapshot, struct plan *plan);

/*! What people see of a rejoin: RSC-status, RSC-rejoin and no rank. */
void
want_rejoin_attrs(const struct snapshot *snapshot, struct plan *plan,
                  const char *words);

/*! Bytes of the fork's text in OP_MARK_REJOIN, `FORK TIMELINE`. */
#define REJOIN_FORK_SIZE (WAL_POSITION_TEXT_SIZE + 16)

#endif
