/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_WALDUMP_H
#define PGWARD_COMMON_WALDUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lsn.h"

/*
 * Which transactions committed, out of what pg_waldump prints. The text may
 * come in any pieces and its lines may be of any length (a commit names all
 * its subtransactions); memory is bounded.
 *
 * Source: XLogDumpDisplayRecord() and xactdesc.c of PostgreSQL 10 to 19; tried
 *         on 15. To be read with TZ=UTC and LC_ALL=C.
 */

#define WALDUMP_RELATIONS 16
#define WALDUMP_TIME_SIZE 40
#define WALDUMP_WORD_SIZE 96

/*! Relations below this number are the system's own (FirstNormalObjectId). */
#define WALDUMP_FIRST_USER 16384

/*! A relation as WAL names it: tablespace, database, file. */
struct waldump_relation {
    uint32_t space;
    uint32_t database;          /*!< 0: shared by all */
    uint32_t file;
};

/*! A set of relations; the user's own drive out the system's. */
struct waldump_set {
    uint32_t count;
    bool more;                  /*!< there were more than fit */
    struct waldump_relation relation[WALDUMP_RELATIONS];
};

/*! A transaction under way, or one of its subtransactions. */
struct waldump_open {
    uint32_t xid;               /*!< 0: this place is free */
    lsn touched;                /*!< its newest record */
    struct waldump_set relations;
};

/*! A transaction that committed. */
struct waldump_commit {
    uint32_t xid;               /*!< of the whole, not of a subtransaction */
    lsn lsn;                    /*!< where the record of the commit begins */
    char time[WALDUMP_TIME_SIZE];       /*!< as it was printed */
    bool prepared;              /*!< by COMMIT PREPARED */
    uint64_t subtransactions;   /*!< that committed with it */
    struct waldump_set relations;       /*!< of all of them */
    bool incomplete;            /*!< the memory ran out on the way: it may
                                     have touched others, too */
};

typedef void (*waldump_commit_fn)(void *context,
                                  const struct waldump_commit *commit);

/*! The reader: zero it, then fill the first part. */
struct waldump {
    lsn from;                   /*!< commits before it are not told */
    waldump_commit_fn commit;   /*!< called for each, in WAL's order */
    void *context;
    struct waldump_open *open;  /*!< zeroed; one for each transaction and
                                     subtransaction that is under way */
    size_t open_count;          /*!< at least 1 */

    uint64_t records;           /*!< that were understood */
    uint64_t commits;           /*!< that were told */
    uint64_t forgotten;         /*!< places in `open` that were taken away */
    lsn last;                   /*!< where the last record begins; 0: none */

    /* the rest is the reader's own */
    lsn strayed;                /*!< a line that did not follow the last */
    int state;
    int kind;
    bool transaction;           /*!< the line's resource manager */
    uint32_t xid;
    lsn lsn;
    lsn prev;
    size_t word_len;
    char word[WALDUMP_WORD_SIZE];
    struct waldump_commit now;
};

/*!
 * Read on. Lines that are no records are passed over, and so is what only
 * looks like one: users write the names of prepared transactions, and each
 * record says which one it follows.
 */
void
waldump_feed(struct waldump *dump, const char *bytes, size_t len);

#endif
