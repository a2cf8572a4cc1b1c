/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_SINGLE_USER_H
#define PGWARD_AGENT_SINGLE_USER_H

#include <stdint.h>

#include "identity.h"
#include "params.h"
#include "text.h"

/*!
 * Have the data's recovery ended without a server that anybody could connect
 * to: `postgres --single` reads nothing from its standard input, writes a
 * checkpoint of the newest timeline and is gone. The data is no standby's now
 * (config_remove_standby()); nothing is archived, and no WAL is removed. It is
 * a process group of its own in the caller's session.
 *
 * \param[in]  idle_ms  ended after so long without output and CPU time; it
 *                      replays as long as the last server's recovery took
 * \param[out] why      object, cause, next step
 *
 * Units:  milliseconds.
 * Errors: -1: it did not end in good order, or could not be run.
 * Source: PostgreSQL's InitWalRecovery(): recovery without standby.signal
 *         follows pg_control's minRecoveryPointTLI; pg_rewind before 16 does
 *         not.
 */
int
single_user_end_recovery(const struct params *params,
                         const struct identity *identity, int64_t deadline_ms,
                         int64_t idle_ms, struct text *why);

#endif
