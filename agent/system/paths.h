/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_PATHS_H
#define PGWARD_AGENT_PATHS_H

#include <stdbool.h>
#include <stddef.h>

/*!
 * FOLDER/NAME into `ret_path[PATH_SIZE]`.
 *
 * \return 0, or -1 with errno ENAMETOOLONG and part of it there.
 */
int
path_join(const char *folder, const char *name, char *ret_path);

/*!
 * Where a symbolic link leads.
 *
 * \return 0, or -1 with errno and "" there (EINVAL: it is no link;
 *         ENAMETOOLONG: the target has no room).
 */
int
path_read_link(const char *path, char *ret_target, size_t size);

/*!
 * Cut off the ` (deleted)` that the kernel hangs on a link of /proc to what
 * is no more; says whether it was there.
 */
bool
path_cut_deleted(char *link);

/*!
 * The file that this process runs, into `ret_path[PATH_SIZE]`; after an upgrade
 * it is the new one.
 *
 * \return 0, or -1 with errno.
 */
int
path_of_program(char *ret_path);

#endif
