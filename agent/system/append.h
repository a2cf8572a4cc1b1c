/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_APPEND_H
#define PGWARD_AGENT_APPEND_H

#include <stddef.h>
#include <sys/types.h>

/*!
 * Open a file to append to it; it is made (mode 0600) where it is missing. One
 * that has become too large makes room: it becomes PATH.old, and what was that
 * is gone.
 *
 * \param[in] access     O_WRONLY or O_RDWR
 * \param[in] max_bytes  from that size on it is too large
 *
 * \return the descriptor, or -1 with errno.
 */
int
append_open(const char *path, int access, off_t max_bytes);

/*!
 * Append all of these bytes at once, or nothing: what did not fit on the disk
 * is taken back.
 *
 * \return 0, or -1 with errno.
 */
int
append_whole(int fd, const char *bytes, size_t len);

#endif
