/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_DISK_H
#define PGWARD_AGENT_DISK_H

#include "text.h"

/*!
 * Sync the whole disk that a folder is on. For what a program has written file
 * by file that takes a fraction of the time that each file takes alone.
 *
 * \return 0, or -1 with object and cause in `ret_why`.
 */
int
disk_sync(const char *path, struct text *ret_why);

#endif
