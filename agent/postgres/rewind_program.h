/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_REWIND_PROGRAM_H
#define PGWARD_AGENT_REWIND_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "identity.h"
#include "params.h"
#include "rewind_progress.h"
#include "snapshot.h"
#include "text.h"

/*
 * The program pg_rewind, and what its words mean. No password is on its
 * command line: it comes from .pgpass, or out of primary_conninfo_opt by the
 * environment.
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

/*! How pg_rewind ended. */
enum rewind_outcome {
    REWIND_FAILED = 0,          /*!< its own words are in `ret_why` */
    REWIND_OK,
    REWIND_NO_WAL,              /*!< WAL that it needs of the target is gone */
    REWIND_NO_SPACE,
    REWIND_DENIED,              /*!< no log-in, or a right is missing */
    REWIND_NO_ANSWER,           /*!< the primary is not reached, or was lost */
    REWIND_TIMEOUT,             /*!< no sign of life, or the deadline */
    REWIND_NOT_REQUIRED,        /*!< it says so, against our own proof, and
                                     has done nothing: no success */
    REWIND_UNFIT,               /*!< it says that the two do not fit: neither
                                     hints nor checksums, another system, not
                                     shut down cleanly, a file it cannot read
                                     or write */
};

/*!
 * Run pg_rewind, and wait for it; rewind_run() has the rest.
 *
 * \param[in] dry  nothing is changed, and it is ended where it would begin to
 *                 copy; nothing is told to `progress`
 */
enum rewind_outcome
rewind_program_run(const struct rewind_request *request, bool dry,
                   struct rewind_progress *ret_progress,
                   struct text *ret_why);

#endif
