/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_SALVAGE_H
#define PGWARD_AGENT_SALVAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "identity.h"
#include "lsn.h"
#include "params.h"
#include "text.h"

/*
 * What a node's WAL holds that no other has: kept before anything overwrites
 * it, and named (P9). All of it happens as the database's user.
 *
 * A kept folder, `PGDATA.pgward-diverged-N`, holds the segments from the one
 * of the fork to the end of valid WAL, the history files, `pg_control`, the
 * text `README` and, after salvage_list(), the text `transactions`.
 */

#define SALVAGE_DIVERGED "pgward-diverged-"
#define SALVAGE_OLD "pgward-old-"

/*!
 * In a folder `….pgward-old-N` this file says that a pg_rewind wrote to it
 * before it was put aside: nothing may start it. Who renames such a folder
 * makes the file first.
 */
#define SALVAGE_TORN "pgward-torn"

/*!
 * Called every few megabytes: a worker tells its progress here, and may sleep
 * to go no faster than it should.
 *
 * \param[in] done, total  bytes
 * \return false: give up; what was begun is removed.
 */
typedef bool (*salvage_tick_fn)(void *context, uint64_t done, uint64_t total);

/*!
 * What to keep; the data directory's server is proved gone. On which timeline
 * the node was, pg_control says: pg_wal may have the history of the primary's,
 * which a standby fetches before it is told that it does not fit.
 */
struct salvage_request {
    const struct params *params;        /*!< pgdata, pgctl, tmpdir */
    const struct identity *identity;    /*!< pgdba's */
    const char *node;                   /*!< for the README */
    struct wal_position fork;           /*!< on the node's own past: where
                                             the winner's history left it */
    lsn end;                            /*!< its last position, for the
                                             README; 0: not known */
    uint32_t winner;                    /*!< the primary's timeline */
    salvage_tick_fn tick;               /*!< or NULL */
    void *context;
};

/*! What was kept. */
struct salvage_kept {
    char folder[PATH_SIZE];
    unsigned number;                    /*!< N of its name */
    uint64_t bytes;                     /*!< of WAL */
    size_t segments;
    lsn first;                          /*!< where the first segment begins */
    lsn last;                           /*!< where the last segment ends */
    bool complete;                      /*!< false: the segment of the fork is
                                             no longer there, what is before
                                             `first` is lost; say so */
    bool again;                         /*!< an earlier call had kept the very
                                             same; nothing was copied, and its
                                             age begins anew */
};

/*!
 * Keep the diverged WAL, before anything destructive.
 *
 * Made under a temporary name, synced, renamed last; a left-over of a killed
 * call is removed. pg_wal may be a link. Nothing is linked to, for pg_rewind
 * and the server write into segments; blocks are shared where the file system
 * can (reflink).
 *
 * The place: beside PGDATA; where its owner may not write there, or PGDATA is
 * a mount point, in tmpdir (its path stands in the name then). Never inside
 * PGDATA: pg_rewind removes what the source has not, and a base backup would
 * carry it to every node.
 *
 * \return 0; -1 with `ret_why` (object, cause, next step) and nothing left
 *         behind. errno: ENOSPC with the figures in `ret_why`, ECANCELED
 *         when `tick` said so.
 */
int
salvage_keep(const struct salvage_request *request,
             struct salvage_kept *ret_kept, struct text *ret_why);

/*! How much of what is kept may stay. */
struct salvage_limits {
    size_t keep;                /*!< so many (rejoin_keep) */
    int64_t age_s;              /*!< for so long (rejoin_keep_age); 0: ever */
    int64_t deadline_ms;        /*!< to remove more than that; 0: none */
};

/*! What the parameters say. */
struct salvage_limits
salvage_limits_of(const struct params *params, int64_t deadline_ms);

/*!
 * Remove the oldest kept folders that the limits leave no room for; `keep` of
 * 0 is taken for 1. Each one removed is logged by name.
 *
 * \return 0; -1 with `ret_why`: one could not be removed; -1 with errno ETIME
 *         and no words: the deadline came, call it again.
 */
int
salvage_prune(const struct params *params, const struct identity *identity,
              const struct salvage_limits *limits, struct text *ret_why);

/*!
 * Note how large the tables' files are, in the kept folder: a rewind that was
 * interrupted leaves pieces of the primary's in them, which a second one would
 * take for its own. The server is proved gone, and has been since
 * salvage_keep().
 *
 * \return 0; -1 with `ret_why`.
 */
int
salvage_note_files(const struct params *params,
                   const struct identity *identity, const char *folder,
                   struct text *ret_why);

/*!
 * Keep the WAL before the fork, too, in the folder `before` of the kept one:
 * what a rewind reads of this node it brings anew from the primary, or
 * removes, so that one that was interrupted would not find it again.
 *
 * \param[in] request  its `fork`: the last common checkpoint
 * \param[in] fork     where the kept folder begins
 * \return 0; -1 with `ret_why`. errno: ENOSPC, ECANCELED.
 */
int
salvage_keep_before(const struct salvage_request *request, lsn fork,
                    const char *folder, struct text *ret_why);

/*! Remove it: the data came back. 0, or -1 with `ret_why`. */
int
salvage_forget_before(const struct params *params,
                      const struct identity *identity, const char *folder,
                      struct text *ret_why);

/*! What salvage_put_back() had to do; for the log. */
struct salvage_back {
    size_t segments;            /*!< and history files that came back */
    size_t files;               /*!< of tables that were cut or removed */
};

/*!
 * Make a directory that pg_rewind has begun to write to fit for another run:
 * pg_control as it was kept, so that nothing takes the directory for whole;
 * tables' files at most as long as they were; the WAL that is needed to find
 * out which blocks are this node's own. Where the disk does not hold that
 * beside the primary's, which a rewind had brought, the primary's goes. May be
 * called again, and after an interruption; no server may have gone beyond that
 * WAL.
 *
 * \param[in] folder  of salvage_keep() and salvage_note_files()
 * \return 0; -1 with `ret_why`. errno: ENOSPC.
 */
int
salvage_put_back(const struct params *params,
                 const struct identity *identity, const char *folder,
                 struct salvage_back *ret_back, struct text *ret_why);

/*!
 * Remove from pg_wal the segments that are not kept in `folder`: a rewind reads
 * none of them, and brings all of the primary's before it removes those that
 * the primary has not. May be called again.
 *
 * \param[in] folder  of salvage_keep() and salvage_keep_before()
 * \return 0; -1 with `ret_why`.
 */
int
salvage_clear_wal(const struct params *params,
                  const struct identity *identity, const char *folder,
                  size_t *ret_count, struct text *ret_why);

/*! How a list of transactions is made. */
struct salvage_listing {
    const struct params *params;        /*!< pgctl, pglibs */
    const struct identity *identity;
    const char *folder;                 /*!< of salvage_keep() */
    const char *acknowledged;           /*!< a word for each line: `no` in a
                                             sync mode, `maybe` in async */
    uint64_t lines_max;                 /*!< 0: SALVAGE_LINES_MAX */
    int64_t deadline_ms;
    salvage_tick_fn tick;               /*!< or NULL; `total` is the WAL's */
    void *context;
};

#define SALVAGE_LINES_MAX 1000000

/*! What the list says. */
struct salvage_counts {
    uint64_t transactions;      /*!< committed after the fork, all of them */
    uint64_t left_out;          /*!< of these, not written: over lines_max;
                                     the file's last line says so too */
    uint32_t first_xid;         /*!< 0: there is none */
    uint32_t last_xid;
    lsn end;                    /*!< where the last record begins */
    bool broken;                /*!< WAL goes on behind it, unreadable: there
                                     may be more transactions */
};

/*!
 * Name the transactions that committed there after the fork: run pg_waldump
 * on the kept folder and write `transactions` into it, one a line: LSN of the
 * commit, xid, commit time, acknowledged, relations as spc/db/rel. Atomic.
 *
 * \return 0; -1 with `ret_why`; errno ETIMEDOUT, ECANCELED, ENOSPC.
 */
int
salvage_list(const struct salvage_listing *listing,
             struct salvage_counts *ret_counts, struct text *ret_why);

#endif
