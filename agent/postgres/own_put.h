/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_OWN_PUT_H
#define PGWARD_AGENT_OWN_PUT_H

#include <stddef.h>
#include <stdlib.h>

#include "identity.h"
#include "own_list.h"

/*
 * Files read whole, and put in a place whole; for own_files.c. Called as the
 * owner. 0, or -1 with errno.
 */

/*! A file's bytes, to be freed. */
struct own_bytes {
    char *at;
    size_t len;
};

static inline void
own_put_free(struct own_bytes *bytes)
{
    free(bytes->at);
}

/*! Read a file, of 16 MB at most (EFBIG). */
int
own_put_read(const char *path, struct own_bytes *ret_bytes);

/*!
 * A plain file with mode and owner of `file` in the place of whatever stands
 * there, atomically and synced. Its owner can be root or `identity`, and the
 * set-user-id bits are left out: the owner could have changed what was noted.
 */
int
own_put_file(const struct identity *identity, const char *path,
             const struct own_bytes *bytes, const struct own_file *file);

/*! The same with a link. */
int
own_put_link(const char *path, const char *target);

/*! Sync the folder that a path is in. */
int
own_put_sync(const char *path);

#endif
