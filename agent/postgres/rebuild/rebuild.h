/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_REBUILD_H
#define PGWARD_AGENT_REBUILD_H

#include "rebuild_program.h"

/*
 * A new copy of the primary, made as the database's user beside PGDATA or
 * inside of it (rebuild_folder.h), proved there, and put in the data's place
 * (P9). Nothing that the data is made of changes until rebuild_swap(); what lay
 * there is kept as `pgward-old-N`.
 */

/*!
 * Make the copy: remove what an earlier attempt left, see that this can be
 * done here at all, remove old folders until `keep` less one are left, run
 * pg_basebackup or rebuild_command, and prove what that made: pg_verifybackup,
 * system identifier, version, backup_label or a standby's state.
 *
 * \param[out] ret_why  object, cause, next step; not for REBUILD_OK
 */
enum rebuild_outcome
rebuild_copy(const struct rebuild_request *request, struct text *ret_why);

/*!
 * Put the copy in the data's place. May be called again, after a crash at any
 * point too; until it has succeeded no server may be started on PGDATA.
 *
 * \param[in]  inode    of the folder that PGDATA was
 * \param[out] ret_old  where what it held is now, of PATH_SIZE; "": it had
 *                      been put there before
 * \return 0, or -1 with `ret_why`.
 */
int
rebuild_swap(const struct params *params, const struct identity *identity,
             uint64_t inode, char *ret_old, struct text *ret_why);

/*!
 * Note in PGDATA that a pg_rewind wrote to it (SALVAGE_TORN of salvage.h),
 * before it is put aside.
 *
 * \return 0, or -1 with `ret_why`.
 */
int
rebuild_note_torn(const struct params *params,
                  const struct identity *identity, struct text *ret_why);

/*!
 * Remove what rejoin_keep and rejoin_keep_age leave no room for
 * (rebuild_kept_prune()); without PGDATA nothing.
 *
 * \return 0; -1 with `ret_why`; -1 with errno ETIME: call it again.
 */
int
rebuild_prune(const struct params *params, const struct identity *identity,
              int64_t deadline_ms, struct text *ret_why);

/*!
 * Remove what is kept where a pg_rewind of PGDATA would remove it unseen
 * (rebuild_kept_clear_inside()).
 *
 * \return 0, or -1 with `ret_why`.
 */
int
rebuild_clear_inside(const struct params *params,
                     const struct identity *identity, struct text *ret_why);

#endif
