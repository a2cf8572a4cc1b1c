/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_REBUILD_PROGRAM_H
#define PGWARD_AGENT_REBUILD_PROGRAM_H

#include <stdint.h>

#include "identity.h"
#include "params.h"
#include "rebuild_place.h"
#include "snapshot.h"
#include "text.h"

/*
 * The programs of a copy. No password is on a command line: it comes from
 * .pgpass, or out of primary_conninfo_opt by the environment.
 */

/*! What is asked of a copy. */
struct rebuild_request {
    const struct params *params;
    const struct identity *identity;
    char system_id[SYSTEM_ID_SIZE];     /*!< the cluster's */
    uint32_t timeline;          /*!< that the primary leads on */
    const struct tablespaces *spaces;        /*!< the primary's */
    uint64_t inode;             /*!< of PGDATA, as the marker has it: nothing
                                     else may be put aside */
    int64_t idle_ms;            /*!< ended after so long without a sign of
                                     life; 0: never */
    int64_t deadline_ms;
    /*! Called at each line that says more: kB, 0 of 0 with the words of
     *  rebuild_command, else NULL. */
    void (*progress)(void *context, const char *words, uint64_t done_kb,
                     uint64_t total_kb);
    void *context;
};

/*! How it ended. */
enum rebuild_outcome {
    REBUILD_FAILED = 0,         /*!< it may go better the next time */
    REBUILD_OK,
    REBUILD_REFUSED,            /*!< a person has to change something */
};

/*! pg_basebackup into the folders of the place, as repuser. */
enum rebuild_outcome
rebuild_program_copy(const struct rebuild_request *request,
                     const struct rebuild_place *place,
                     struct text *ret_why);

/*! pg_verifybackup of what that made, where there is one (13 on). */
enum rebuild_outcome
rebuild_program_verify(const struct rebuild_request *request,
                       const struct rebuild_place *place,
                       struct text *ret_why);

/*! rebuild_command, which fills the folders of the place; they are empty. */
enum rebuild_outcome
rebuild_program_hook(const struct rebuild_request *request,
                     const struct rebuild_place *place,
                     struct text *ret_why);

#endif
