/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_REBUILD_PLACE_H
#define PGWARD_AGENT_REBUILD_PLACE_H

#include <stddef.h>

#include "params.h"
#include "rebuild_folder.h"
#include "tablespaces.h"
#include "text.h"

/* Where a copy is made; for rebuild*.c, called as the owner. */

struct rebuild_place {
    struct rebuild_folder data;     /*!< PGDATA, without a link as its last
                                         part */
    struct rebuild_folder wal;      /*!< where pg_wal is a link */
    const struct tablespaces *spaces;       /*!< the primary's */
    struct rebuild_folder space[TABLESPACES_MAX];    /*!< of the same index:
                                                             where it lies
                                                             here */
};

/*!
 * Find where a copy can be made and take the data's place: beside each folder,
 * or inside of it where that is a mount point or a link, or its owner may not
 * write to the folder above, or names cannot be exchanged there (NFS).
 *
 * A tablespace lies where this node's link of the same OID leads, or where the
 * primary has it; a folder that is missing is made.
 *
 * \return 0; -1 with `ret_why`: a person has to change something.
 */
int
rebuild_place_find(const struct params *params,
                   const struct tablespaces *spaces,
                   struct rebuild_place *ret_place, struct text *ret_why);

/*! Remove what attempts left behind; 0, or -1 with `ret_why`. */
int
rebuild_place_clear(const struct rebuild_place *place, struct text *ret_why);

/*!
 * Make the folders that are to be filled.
 *
 * \return 0, or -1 with `ret_why`.
 */
int
rebuild_place_make(const struct rebuild_place *place, struct text *ret_why);

/*!
 * Do the links of a copy lead to the folders that were made for them?
 *
 * \return 0, or -1 with `ret_why`.
 */
int
rebuild_place_prove(const struct rebuild_place *place, struct text *ret_why);

/*! Its folders, one after the other, PGDATA first; NULL: there is no more. */
const struct rebuild_folder *
rebuild_place_folder(const struct rebuild_place *place, size_t index);

#endif
