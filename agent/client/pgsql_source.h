/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_PGSQL_SOURCE_H
#define PGWARD_AGENT_PGSQL_SOURCE_H

#include <stdint.h>

#include "pgsql.h"
#include "snapshot.h"
#include "tablespaces.h"
#include "text.h"

/*
 * The primary, as a node that wants its data sees it: asked over the network
 * at master_ip, as rejoin_user, with the password and the options that a
 * standby's primary_conninfo has (pgconf_source_conninfo()). The kept session
 * with the local server is not touched.
 */

/*! Whose data it is to be. */
struct source_claim {
    char system_id[SYSTEM_ID_SIZE];     /*!< of our own pg_control */
    uint32_t timeline;          /*!< that the primary leads on */
};

/*! What an answer at master_ip proves. */
enum source_proof {
    SOURCE_UNKNOWN = 0,         /*!< nobody answered, or not in time: later */
    SOURCE_PROVED,              /*!< it leads on that timeline, and its last
                                     checkpoint is on it */
    SOURCE_NO_CHECKPOINT_YET,   /*!< the last one is on an older timeline, and
                                     we may not ask for one, or it did not end
                                     in time: later */
    SOURCE_IN_RECOVERY,         /*!< a standby answers: later */
    SOURCE_OTHER_TIMELINE,      /*!< it leads on another one: look anew */
    SOURCE_OTHER_SYSTEM,        /*!< another cluster's data: a person */
    SOURCE_DENIED,              /*!< no log-in, or no right to look: a person */
};

/*!
 * Prove, on one connection, that the primary at master_ip is what pg_rewind
 * may copy from. Where its last checkpoint is on an older timeline a
 * CHECKPOINT is asked for and waited for.
 *
 * Call it while our own server is stopped: then whoever answers is another.
 *
 * \param[out] ret_proof  set always
 * \param[out] ret_why    words for all but SOURCE_PROVED
 * \return 0 when proved, else -1.
 * Source: pg_rewind before version 16 takes the timeline from the source's
 *         pg_control, and ends with success and nothing done while that has
 *         the old one.
 */
int
pgsql_prove_source(struct pgsql *pgsql, const struct source_claim *claim,
                   int64_t deadline_ms, enum source_proof *ret_proof,
                   struct text *ret_why);

/*!
 * Execute what pg_rewind executes on its source, as rejoin_user at master_ip.
 *
 * \param[out] ret_missing  the commands that give what is missing, or ""
 * \return TRI_YES nothing is missing; TRI_NO: `ret_missing`; TRI_UNKNOWN: it
 *         could not be tried (`ret_why`: no connection, no log-in).
 */
enum tri
pgsql_check_grants(struct pgsql *pgsql, int64_t deadline_ms,
                   struct text *ret_missing, struct text *ret_why);

/*!
 * Where the primary at master_ip has its tablespaces; without those that lie
 * in its data directory.
 *
 * \return 0, or -1 with `ret_why`.
 */
int
pgsql_list_tablespaces(struct pgsql *pgsql, int64_t deadline_ms,
                       struct tablespaces *ret_spaces, struct text *ret_why);

#endif
