/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_TESTS_CLUSTER_SCRIPT_H
#define PGWARD_TESTS_CLUSTER_SCRIPT_H

#include <stdint.h>

/*
 * A stand-in for the cluster's libraries: each call has to be the next step
 * of a script, and time passes only as the script says.
 */

enum script_kind {
    SCRIPT_END = 0,
    SCRIPT_CONNECT,             /*!< crm_ipc_connect(): rc 0 is a success */
    SCRIPT_SEND,                /*!< crm_ipc_send() */
    SCRIPT_SIGNON,              /*!< cib signon */
    SCRIPT_LOOK,                /*!< cib query */
    SCRIPT_LOOK_FROM,           /*!< the same of another node's copy */
    SCRIPT_CHANGE,              /*!< cib modify */
    SCRIPT_CREATE,              /*!< cib create */
    SCRIPT_REMOVE,              /*!< cib remove */
};

struct script_step {
    enum script_kind kind;
    const char *expect;         /*!< part of what is sent, or NULL */
    const char *reply;          /*!< XML, or NULL: none */
    int rc;
    int64_t takes_ms;
};

/*! Run these steps, ended by SCRIPT_END; the clock starts at 0. */
void
script_start(const struct script_step *steps);

/*! Assert that all steps are done and all connections closed. */
void
script_end(void);

/*! The time-out that the last request was given. */
int64_t
script_timeout_ms(void);

#endif
