/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_REWIND_PROGRESS_H
#define PGWARD_COMMON_REWIND_PROGRESS_H

#include <stdint.h>

#include "lsn.h"

/*! How far pg_rewind has come. */
enum rewind_phase {
    REWIND_PHASE_NONE = 0,
    REWIND_PHASE_LOOKING,       /*!< reads lists and WAL; nothing changed */
    REWIND_PHASE_COPYING,       /*!< PGDATA is being changed */
    REWIND_PHASE_SYNCING,       /*!< all is copied */
    REWIND_PHASE_DONE,
};

/*! What its lines (--progress, LC_ALL=C) have said so far. */
struct rewind_progress {
    enum rewind_phase phase;
    uint64_t done_kb;
    uint64_t total_kb;          /*!< to copy; 0: not known yet */
    struct wal_position fork;   /*!< where the two histories part */
    struct wal_position from;   /*!< the last common checkpoint */
};

/*!
 * Take one line of pg_rewind's output into `progress`.
 *
 * \return 1: it said something; 0: it is another line, nothing changed.
 * Source: pg_rewind.c of PostgreSQL 10 to 18.
 */
int
rewind_progress_take(const char *line, struct rewind_progress *progress);

#endif
