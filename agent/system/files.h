/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_FILES_H
#define PGWARD_AGENT_FILES_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Bounded reads and atomic writes. Call between identity_become() and
 * identity_return() for what belongs to the database's user. Every failure
 * leaves errno set and the file as it was.
 */

/*!
 * Read a whole regular file of at most `size - 1` bytes; adds a NUL.
 *
 * \return 0, or -1 with errno (EFBIG: larger than that).
 */
int
files_read(const char *path, char *ret_buf, size_t size, size_t *ret_len);

/*! Read at most the first `size - 1` bytes of a file; adds a NUL. */
int
files_read_head(const char *path, char *ret_buf, size_t size, size_t *ret_len);

/*! Read at most the last `size - 1` bytes of a file; adds a NUL. */
int
files_read_tail(const char *path, char *ret_buf, size_t size, size_t *ret_len);

/*!
 * Write a file atomically: temporary file beside it (O_NOFOLLOW, O_EXCL),
 * fsync, rename, fsync of the folder. An existing file's mode is kept.
 * A file that holds these bytes already is left alone.
 */
int
files_write(const char *path, const char *bytes, size_t len, mode_t mode);

/*! Make an empty file if it is not there (O_NOFOLLOW) and sync its folder. */
int
files_touch(const char *path, mode_t mode);

/*! Remove a file and sync its folder; a missing one is a success. */
int
files_remove(const char *path);

/*! 1 there, 0 not there, -1 cannot say (errno). */
int
files_exists(const char *path);

/*! Are both there, and one file or folder, by whatever names? */
bool
files_are_same(const char *a, const char *b);

/*! Is it there, with this inode? */
bool
files_has_inode(const char *path, uint64_t inode);

/*!
 * Open a folder below an open one (or AT_FDCWD) for readdir().
 *
 * \param[in] flags  of open(), as O_NOFOLLOW
 * \return NULL with errno
 */
DIR *
files_open_folder(int parent, const char *name, int flags);

/*!
 * Make a folder (and its parents, as root) owned by uid:gid with `mode`;
 * one that exists keeps its mode unless `force` says to set owner and mode.
 * A symbolic link as the last part is followed only for reading.
 */
int
files_make_folder(const char *path, uid_t uid, gid_t gid, mode_t mode,
                  bool force);

/*!
 * Add `line` at the end of a configuration file if no line equals it, or
 * take every such line out; comparison ignores space around. Atomic; the
 * rest of the file stays byte for byte as it was.
 */
int
files_line_present(const char *path, const char *line, bool present);

#endif
