/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_BOUNDED_H
#define PGWARD_AGENT_BOUNDED_H

#include <stddef.h>
#include <stdint.h>

/*
 * Work that may hang, for a caller without an action: connecting to a daemon of
 * the cluster, or looking up a host, has no time-out. It is done in a child
 * process, in a group of its own, which is ended when its time is over.
 */

struct bounded_work {
    /*! In the child; returns its exit code. */
    int (*run)(void *context);
    void *context;              /*!< in memory of bounded_share(), where the
                                     caller is to see what becomes of it */
    uint32_t limit_ms;
};

/*! Memory that parent and child share, all zero; NULL with errno. */
void *
bounded_share(size_t size);

/*! Give it back; NULL is nothing. */
void
bounded_unshare(void *memory, size_t size);

/*! A child that works. */
struct bounded_child {
    int32_t pid;
    int fd;                     /*!< at its end when the child is gone */
};

/*!
 * Begin, and do not wait. The child ends with its parent, and by itself some
 * time after the limit.
 *
 * \return 0, or an errno.
 */
int
bounded_begin(const struct bounded_work *work,
              struct bounded_child *ret_child);

/*!
 * Wait for the end, not past `deadline_ms`; end it then.
 *
 * \param[out] ret_status  as waitpid() gives it
 * \return 0; ETIMEDOUT: it was ended, with `ret_status` untouched.
 */
int
bounded_end(struct bounded_child *child, int64_t deadline_ms,
            int *ret_status);

/*! Both: 0, ETIMEDOUT, or the errno of a beginning that failed. */
int
bounded_run(const struct bounded_work *work, int *ret_status);

#endif
