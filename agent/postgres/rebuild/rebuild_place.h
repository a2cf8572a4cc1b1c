/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_REBUILD_PLACE_H
#define PGWARD_AGENT_REBUILD_PLACE_H

#include <stddef.h>

#include "params.h"
#include "text.h"

/* Where a copy and the old data lie; for rebuild*.c, called as the owner. */

struct rebuild_place {
    char pgdata[PATH_SIZE];     /*!< without a link as its last part */
    char parent[PATH_SIZE];
    char fresh[PATH_SIZE];      /*!< `PGDATA.pgward-new` */
    char old[PATH_SIZE];        /*!< `PGDATA.pgward-old-N`, N not used yet */
    char waldir[PATH_SIZE];     /*!< where pg_wal is a link: the folder that
                                     the copy's leads to; else "" */
};

/*! Name them; 0, or -1 with `ret_why`. PGDATA has to be there. */
int
rebuild_place_find(const struct params *params,
                   struct rebuild_place *ret_place, struct text *ret_why);

/*!
 * Can a copy be made there, and take the data's place? Mount points,
 * tablespaces, rights, and a file system that cannot exchange two names.
 *
 * \return 0; -1 with `ret_why`: a person has to change something.
 */
int
rebuild_place_check(const struct rebuild_place *place, struct text *ret_why);

/*! Remove what an attempt left behind; 0, or -1 with `ret_why`. */
int
rebuild_place_clear(const struct rebuild_place *place, struct text *ret_why);

/*!
 * Remove the oldest `PGDATA.pgward-old-N` until `keep` are left, with the
 * pg_wal that each leads to; each is logged by name.
 *
 * \return 0, or -1 with `ret_why`.
 */
int
rebuild_place_prune(const struct rebuild_place *place, size_t keep,
                    struct text *ret_why);

#endif
