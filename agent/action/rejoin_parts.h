/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_REJOIN_PARTS_H
#define PGWARD_AGENT_REJOIN_PARTS_H

#include <stdint.h>

#include "execute_parts.h"
#include "rejoin_marker.h"

/* What the long steps of a rejoin share, execute_re*.c and no other. */

/*! A program that says nothing for so long has stopped to work. */
#define REJOIN_IDLE_MS 300000

/*! What a long step tells while it works. */
struct teller {
    struct job *job;
    int64_t told_ms;
};

/*! Note that it gets on; seldom, say so in the log and an attribute. */
void
teller_tell(struct teller *teller, const char *doing, uint64_t done_kb,
            uint64_t total_kb);

/*! The same in a program's own words, which say no figure. */
void
teller_tell_words(struct teller *teller, const char *words);

/*! Put this node's own files back into PGDATA, where any were saved. */
int
job_restore_own(struct job *job);

/*! The marker that is there; without one, where the data is. */
int
job_read_marker(struct job *job, struct rejoin_marker *ret_marker);

/*! Without the lock, which stop and monitor may want. */
int
job_work_alone(struct job *job, int (*work)(struct job *job));

/*!
 * Keep this node's own WAL from snapshot->rejoin.fork on, and name in the
 * marker where.
 */
int
job_keep_wal(struct job *job);

#endif
