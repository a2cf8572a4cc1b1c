/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_REWIND_H
#define PGWARD_AGENT_REWIND_H

#include "rewind_program.h"
#include "snapshot.h"
#include "text.h"

/*
 * pg_rewind, as the database's user, from the primary at master_ip as
 * rejoin_user. The order: own server stopped cleanly, pgsql_prove_source(),
 * own_files_save() (which makes links and read-only files ready for it),
 * rewind_check(), rewind_run(), rewind_verify(), rewind_sync(),
 * own_files_restore(), own_files_forget(). Where the check says no: restore and
 * forget.
 */

/*! Can it be done? */
enum rewind_verdict {
    REWIND_VERDICT_UNKNOWN = 0,
    REWIND_POSSIBLE,
    REWIND_NEXT_RUNG,           /*!< never with this directory: it has to be
                                     made anew */
    REWIND_REFUSED,             /*!< a person has to change something; no rung
                                     is tried */
    REWIND_LATER,               /*!< may be other in a while: disk space, the
                                     primary did not answer */
};

/*!
 * Look whether the data directory can be rewound, changing nothing: programs,
 * tmpdir, pg_control (state, wal_log_hints or checksums), backup_label, files
 * that the owner may not write; then `pg_rewind --dry-run` up to where it would
 * begin to copy: it reads all WAL and lists that the rewind will read, and so
 * finds recycled WAL, missing rights and links; then space.
 *
 * \param[out] ret_progress  of the dry run: fork, last common checkpoint, size
 * \param[out] ret_why       object, cause, next step; not for POSSIBLE
 */
enum rewind_verdict
rewind_check(const struct rewind_request *request,
             struct rewind_progress *ret_progress, struct text *ret_why);

/*!
 * Run pg_rewind and wait for it; what it wrote is not synced. It is a process
 * group of its own in the caller's session, as is the `postgres --single` that
 * it may run.
 *
 * \param[out] ret_progress  the phase tells whether PGDATA was changed: from
 *                           REWIND_PHASE_COPYING on it may not be started
 *                           until a rewind has ended with REWIND_OK
 * \param[out] ret_why       its last lines, redacted; not for REWIND_OK
 */
enum rewind_outcome
rewind_run(const struct rewind_request *request,
           struct rewind_progress *ret_progress, struct text *ret_why);

/*!
 * Look whether PGDATA is what a rewind leaves: in archive recovery, up to a
 * position on the primary's timeline, of the cluster's system identifier, with
 * backup_label.
 *
 * \return TRI_NO with `ret_why`: it is not; TRI_UNKNOWN with `ret_why`: it
 *         could not be read.
 */
enum tri
rewind_verify(const struct rewind_request *request, struct text *ret_why);

/*!
 * Whether pg_wal has a disk of its own: how much of what a rewind copies goes
 * there nobody knows beforehand. false also where it cannot be looked at.
 */
bool
rewind_wal_is_apart(const struct params *params);

/*!
 * Make durable what pg_rewind has written: the disks of PGDATA, of pg_wal and
 * of the tablespaces. Called as root.
 *
 * \return 0, or -1 with object and cause in `ret_why`.
 */
int
rewind_sync(const struct params *params, struct text *ret_why);

#endif
