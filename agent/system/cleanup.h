/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_CLEANUP_H
#define PGWARD_AGENT_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/*!
 * Let a local variable clean up after itself, so that early returns are safe:
 * `CLEANUP(close_fd) int fd = open(...);`. errno is kept.
 */
#define CLEANUP(function) __attribute__((cleanup(function)))

/*! Close a descriptor, unless it is -1. */
static inline void
close_fd(int *fd)
{
    int saved_errno = errno;

    if (*fd >= 0) {
        (void) close(*fd);      /* what had to last was synced before */
        *fd = -1;
    }
    errno = saved_errno;
}

/*! Free text that malloc() gave. */
static inline void
free_text(char **text)
{
    free(*text);
    *text = NULL;
}

/*! Close a folder, unless it is NULL. */
static inline void
close_folder(DIR **folder)
{
    int saved_errno = errno;

    if (*folder != NULL) {
        (void) closedir(*folder);
        *folder = NULL;
    }
    errno = saved_errno;
}

#endif
