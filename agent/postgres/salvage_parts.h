/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_SALVAGE_PARTS_H
#define PGWARD_AGENT_SALVAGE_PARTS_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "history.h"
#include "lsn.h"
#include "salvage.h"
#include "text.h"

/* What the parts of salvage.h share; all of it as the database's user. */

#define SALVAGE_README "README"
#define SALVAGE_README_SIZE 32768
#define SALVAGE_TABLE "transactions"
#define SALVAGE_READ ".read"        /* a folder of links, for pg_waldump */
#define SALVAGE_PART ".part"        /* the end of a name that is not done */
#define SALVAGE_PREFIX_SIZE 192
#define SEGMENT_NAME_SIZE 48

/* --- where kept folders are: salvage_place.c ------------------------------ */

/*! Act as the database's user until identity_return(). */
int
salvage_become(const struct params *params, const struct identity *identity,
               struct text *ret_why);

/*! A folder that has, or may get, kept ones. */
struct salvage_place {
    char folder[PATH_SIZE];
    char prefix[SALVAGE_PREFIX_SIZE];   /*!< of their names; N follows */
};

struct salvage_places {
    char pgdata[PATH_SIZE];             /*!< without links */
    size_t count;                       /*!< the first is where to keep */
    struct salvage_place place[2];
};

/*! Find them; 0, or -1 with `ret_why`: there is none that is right. */
int
salvage_place_find(const struct params *params,
                   struct salvage_places *ret_places, struct text *ret_why);

/*! One of the kept folders. */
struct salvage_found {
    char folder[PATH_SIZE];
    unsigned number;
};

/*! The newest (or the oldest) kept folder; 0: there is none, else how many. */
size_t
salvage_place_pick(const struct salvage_places *places, bool newest,
                   struct salvage_found *ret_found);

/*! Remove what killed calls left behind. */
void
salvage_place_tidy(const struct salvage_places *places);

/*!
 * Remove a folder and what is in it.
 *
 * \param[in] deadline_ms  0: none
 * \return 0, or -1 with errno; ETIME: the deadline came, call it again.
 */
int
salvage_remove_folder(const char *path, int64_t deadline_ms);

/*! Is there no room for the oldest of so many? Its age is its folder's. */
bool
salvage_is_over(const struct salvage_limits *limits, size_t count,
                const char *oldest);

/* --- how large tables' files are: salvage_files.c ------------------------- */

#define SALVAGE_FILES "files"

/*!
 * Cut tables' files to the size that the list in the kept folder has, and
 * remove those that it has not; synced.
 *
 * \return 0, or -1 with errno; EINVAL: the list is not whole.
 */
int
salvage_files_cut(const char *pgdata, int kept, size_t *ret_count);

/* --- which WAL: salvage_wal.c --------------------------------------------- */

/*! A pg_wal, read by one timeline's history. */
struct salvage_wal {
    int folder;                         /*!< of pg_wal; -1: not open */
    uint64_t system_id;
    uint64_t segment_size;
    uint64_t first;                     /*!< numbers of segments */
    uint64_t last;
    bool complete;                      /*!< the fork's is there */
    struct history own;                 /*!< of the node's newest timeline */
};

/*!
 * Open pg_wal and find the segments from the fork's to the end of WAL.
 *
 * \return 0; -1 with `ret_why`. salvage_wal_close() in any case.
 */
int
salvage_wal_find(const struct salvage_request *request,
                 struct salvage_wal *ret_wal, struct text *ret_why);

void
salvage_wal_close(struct salvage_wal *wal);

/*!
 * Open a segment, from the timeline that it belongs to.
 *
 * \param[out] ret_name  its file's name, of SEGMENT_NAME_SIZE
 * \return a descriptor; -1: not there, or not that segment (recycled).
 */
int
salvage_wal_open(const struct salvage_wal *wal, uint64_t number,
                 char *ret_name);

/*! Write the name of a segment's file into `ret_name[SEGMENT_NAME_SIZE]`. */
void
salvage_wal_name(uint32_t timeline, uint64_t number, uint64_t segment_size,
                 char *ret_name);

/*! Is that a segment's file name, as a whole one or with `.partial`? */
bool
salvage_wal_is_segment(const char *name);

/*! Is that the name of a timeline's history file? */
bool
salvage_wal_is_history(const char *name);

/* --- copies: salvage_copy.c ----------------------------------------------- */

/*! A copy in progress. */
struct salvage_copy {
    int to;                             /*!< the new folder */
    bool shared;                        /*!< blocks are shared: no space is
                                             needed */
    uint64_t done;
    uint64_t total;
    salvage_tick_fn tick;
    void *context;
};

/*! Copy an open file under `name`, synced; 0, or -1 with errno. */
int
salvage_copy_file(struct salvage_copy *copy, int from, const char *name);

/*! Copy a file by its name in an open folder. */
int
salvage_copy_named(struct salvage_copy *copy, int folder, const char *from,
                   const char *name);

/*! Can blocks be shared with what this file has? */
bool
salvage_copy_can_share(int to, int from);

/*! Do two open files hold the same bytes? */
bool
salvage_copy_same(int a, int b);

#endif
