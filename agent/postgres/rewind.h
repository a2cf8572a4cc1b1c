/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_REWIND_H
#define PGWARD_AGENT_REWIND_H

#include <stdbool.h>
#include <stdint.h>

#include "identity.h"
#include "params.h"
#include "rewind_progress.h"
#include "snapshot.h"
#include "text.h"

/*
 * pg_rewind, as the database's user, from the primary at master_ip as
 * rejoin_user. The order: own server stopped cleanly, pgsql_prove_source(),
 * own_files_save() (which makes links and read-only files ready for it),
 * rewind_check(), rewind_run(), rewind_verify(), own_files_restore(),
 * own_files_forget(). Where the check says no: restore and forget.
 *
 * No password is on the command line: it comes from .pgpass, or out of
 * primary_conninfo_opt by the environment.
 */

/*! What is asked of pg_rewind. */
struct rewind_request {
    const struct params *params;
    const struct identity *identity;
    char system_id[SYSTEM_ID_SIZE];     /*!< the cluster's */
    uint32_t timeline;          /*!< that the primary leads on */
    bool restore_wal;           /*!< take missing WAL by restore_command, which
                                     the configuration must have already (a
                                     quarantined standby's has none); version
                                     13 on */
    int64_t idle_ms;            /*!< ended after so long without a sign of
                                     life; 0: never */
    int64_t deadline_ms;
    void (*progress)(void *context, const struct rewind_progress *progress);
    void *context;              /*!< called at each line that says more; both
                                     may be NULL */
};

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

/*! How pg_rewind ended. */
enum rewind_outcome {
    REWIND_FAILED = 0,          /*!< its own words are in `ret_why` */
    REWIND_OK,
    REWIND_NO_WAL,              /*!< WAL that it needs of the target is gone */
    REWIND_NO_SPACE,
    REWIND_DENIED,              /*!< no log-in, or a right is missing */
    REWIND_NO_ANSWER,           /*!< the primary is not reached, or was lost */
    REWIND_TIMEOUT,             /*!< no sign of life, or the deadline */
    REWIND_UNFIT,               /*!< it says that the two do not fit: no rewind
                                     required (against our proof), neither
                                     hints nor checksums, another system, not
                                     shut down cleanly, a file it cannot read
                                     or write */
};

/*!
 * Run pg_rewind and wait for it. It is a process group of its own in the
 * caller's session, as is the `postgres --single` that it may run.
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

#endif
