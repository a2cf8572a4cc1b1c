/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_REBUILD_FOLDER_H
#define PGWARD_AGENT_REBUILD_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "params.h"

/*
 * The names that a copy goes by: for PGDATA, for a pg_wal that is a link and
 * for each tablespace, beside the folder or inside of it. Called as the owner.
 */

/*! Of a folder, what lies inside of it under this name is ours. */
#define REBUILD_INSIDE "pgward"

/*! A folder that gives way to a copy. */
struct rebuild_folder {
    char path[PATH_SIZE];       /*!< "": there is none */
    char fresh[PATH_SIZE];      /*!< where its copy is made:
                                     `PATH.pgward-new-N`, or inside
                                     `PATH/pgward/pgsql_tmp.pgward-new-N` */
    char old[PATH_SIZE];        /*!< where what it held is kept, with `old` */
};

/*!
 * Name both, for `folder->path`.
 *
 * A path with `/pgsql_tmp` is left out by a base backup and by pg_rewind on
 * the side of its source: no copy of this node carries what is kept in it.
 * Source: basebackup.c, sendDir(); filemap.c, check_file_excluded().
 *
 * \return 0, or -1: the path is too long, or the root.
 */
int
rebuild_folder_name(struct rebuild_folder *folder, bool inside,
                    unsigned number);

/*! Behind the name of one that is being removed. */
#define REBUILD_GONE_END ".gone"

/*! What a name is. */
enum rebuild_kind {
    REBUILD_OTHER = 0,          /*!< none of ours */
    REBUILD_FRESH,              /*!< `pgward-new-N` */
    REBUILD_OLD,                /*!< `pgward-old-N` */
    REBUILD_PART,               /*!< `pgward-old-N.part`: being filled */
    REBUILD_GONE,               /*!< `pgward-old-N.gone`: being removed */
};

/*! What is the last part of this path? */
enum rebuild_kind
rebuild_folder_kind(const char *path);

/*! Fill the folder from the path of its copy; 0, or -1: it is none. */
int
rebuild_folder_of_fresh(const char *fresh, struct rebuild_folder *ret_folder);

/*! Do these two lie inside of the folder? */
bool
rebuild_folder_is_inside(const struct rebuild_folder *folder);

/*! One that was found. */
struct rebuild_found {
    char path[PATH_SIZE];
    enum rebuild_kind kind;
    unsigned number;
    bool inside;
};

/*! Look at each of ours that lies beside a folder or inside of it. */
void
rebuild_folder_scan(const char *path,
                    void (*see)(void *context,
                                const struct rebuild_found *found),
                    void *context);

/*! What links of a data directory lead to. */
struct rebuild_link {
    char path[PATH_SIZE];
    char target[PATH_SIZE];     /*!< the link's text */
    bool is_wal;                /*!< pg_wal; else a tablespace's */
};

/*!
 * Look at pg_wal, where it is a link, and at the tablespaces' links.
 *
 * \return 0; -1 with errno: `see` said so, or they could not be looked at.
 */
int
rebuild_folder_links(const char *pgdata,
                     int (*see)(void *context,
                                const struct rebuild_link *link),
                     void *context);

/*! The folder above; "/" of what lies in the root. */
void
rebuild_folder_parent(const char *path, char *ret_parent);

#endif
