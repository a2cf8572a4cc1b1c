/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_WORKER_RECORD_H
#define PGWARD_COMMON_WORKER_RECORD_H

#include <stdint.h>

#include "text.h"

/*! What works on beside the cluster's actions. */
#define WORKER_LIST(X) \
    X(WORKER_WATCH, "watch")    /* waits for a postmaster's death */ \
    X(WORKER_REJOIN, "rejoin")  /* brings this node's data back */

#define WORKER_ENUM_ROW(symbol, name) symbol,
enum worker_kind { WORKER_LIST(WORKER_ENUM_ROW) WORKER_KINDS };
#undef WORKER_ENUM_ROW

/*! The watcher's phases. */
enum watch_phase {
    WATCH_WAITS = 0,
    WATCH_TOLD,                 /*!< it has handed over, or reported */
};

/*! A worker, kept in a file from one action to the next. */
struct worker_record {
    enum worker_kind kind;
    int32_t pid;                /*!< the worker's own process; 0: it is over */
    uint64_t start;             /*!< clock ticks since boot, as /proc says */
    int32_t subject_pid;        /*!< the postmaster that it is about; or 0 */
    uint64_t subject_start;
    uint32_t phase;             /*!< as its kind has them */
    uint64_t since_ms;          /*!< of CLOCK_MONOTONIC: when the phase began,
                                     or when it last got on */
    uint64_t done;              /*!< of `total`, in kB; 0 of 0: not known */
    uint64_t total;
};

/*! The word of a kind: the record's file has that name. */
const char *
worker_kind_name(enum worker_kind kind);

/*! Write the record as the text of a file, its version first. */
void
worker_record_format(const struct worker_record *record, struct text *text);

/*!
 * Read it back.
 *
 * \return 0, or -1 with `ret_record` untouched: of another kind or version,
 *         or garbled.
 */
int
worker_record_parse(const char *text, enum worker_kind kind,
                    struct worker_record *ret_record);

#endif
