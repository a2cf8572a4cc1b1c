/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_POSTGRES_HOLDERS_H
#define PGWARD_AGENT_POSTGRES_HOLDERS_H

#include <sys/types.h>

#include "params.h"
#include "processes.h"
#include "snapshot.h"

/*!
 * Find for whom the server waits: WAL senders, the archiver and what it runs,
 * a restore_command that can be ended, and which WAL segments wait for the
 * archive.
 *
 * Source: PostgreSQL's postmaster.c, PM_WAIT_BACKENDS to PM_SHUTDOWN_2.
 *
 * \return 0, or -1 with `known` UNKNOWN: nothing may be concluded.
 */
int
postgres_find_holders(const struct params *params, struct holders *ret_holders);

/*!
 * Send a signal to one of them if it is still what it was.
 *
 * A restore_command (its shell is named) gets SIGUSR1, what runs below it
 * SIGKILL: the server sees a status of 1, see pgconf.c.
 *
 * \param[in] kind    HOLDER_SENDER, HOLDER_COMMAND or HOLDER_RESTORE
 * \param[in] number  the signal, but for HOLDER_RESTORE
 *
 * \return 0 (also when it is gone), or -1 with `ret_why`.
 */
int
postgres_end_holder(const struct params *params, enum holder_kind kind,
                    pid_t pid, int number, struct text *ret_why);

#endif
