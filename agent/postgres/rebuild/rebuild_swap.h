/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_REBUILD_SWAP_H
#define PGWARD_AGENT_REBUILD_SWAP_H

#include <stdint.h>

#include "text.h"

/*!
 * In data that is to give way to a copy: while it is there, no copy was put in
 * its place. In an old folder it means nothing.
 */
#define REBUILD_GIVES_WAY "pgward-gives-way"

/*!
 * Put a proved copy in the data's place, called as the owner; the rest is
 * rebuild_swap()'s in rebuild.h.
 *
 * What links lead to comes first, entry by entry; then PGDATA, by an exchange
 * of two names or, where its copy lies inside of it, entry by entry too. Links
 * lead to where they led before; those of the old data to what it had. PGDATA
 * has its pg_control only while it is whole. Without a copy, data that still
 * has REBUILD_GIVES_WAY is refused: it is not the copy.
 *
 * \param[out] ret_old  of PATH_SIZE; "": there is no copy to put anywhere
 */
int
rebuild_swap_run(const char *pgdata, uint64_t inode, char *ret_old,
                 struct text *ret_why);

#endif
