/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_SPAWN_H
#define PGWARD_AGENT_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "identity.h"

#define SPAWN_LINE_SIZE 1024

/*! Take a line of a command's output; false: end the command. */
typedef bool (*spawn_line_fn)(void *context, const char *line);

/*! Take a piece of a command's output as it comes; false: end the command. */
typedef bool (*spawn_take_fn)(void *context, const char *bytes, size_t len);

/*! A command to run. */
struct spawn_request {
    const char *const *argv;          /*!< argv[0] is a path */
    const struct identity *user;      /*!< NULL: as we are; else real and
                                           effective ids, groups, HOME, USER,
                                           LOGNAME, limits.conf's limits */
    const char *folder;               /*!< working directory, NULL: `/` */
    const char *const *extra_env;     /*!< "NAME=value", NULL-ended, or NULL */
    bool new_session;                 /*!< setsid: it may outlive us */
    int64_t deadline_ms;              /*!< killed when it comes */
    char *ret_output;                 /*!< stdout and stderr together */
    size_t output_size;               /*!< bounded; what does not fit is read
                                           and dropped */
    spawn_line_fn line;               /*!< NULL, or who gets each line when it
                                           comes, a carriage return ends one
                                           too; a longer one is cut */
    spawn_take_fn take;               /*!< NULL, or who gets all of stdout:
                                           `ret_output` and `line` have stderr
                                           alone then */
    void *context;                    /*!< of `line` and `take` */
    int64_t idle_ms;                  /*!< killed after so long without output
                                           and without CPU time used by its
                                           group; 0: never */
};

/*!
 * Run a command and wait for it, not past its deadline.
 *
 * The child's environment has no OCF_*, PG* (PGPASSWORD among them), CRM_* or
 * PCMK_* names. Descriptors above 2 are closed. A child that keeps the output
 * open after the command itself ended is not waited for.
 *
 * \param[out] ret_status  as waitpid() gives it
 * \return 0; -1 with errno: could not start it; ETIMEDOUT: deadline, killed;
 *         ETIME: idle, killed; ECANCELED: `line` or `take` said so,
 *         killed.
 */
int
spawn_run(const struct spawn_request *request, int *ret_status);

/*!
 * Leave a process behind: in a session of its own, in `/`, with our
 * environment and none of our descriptors (stdin, stdout and stderr are
 * /dev/null), so that nobody waits for its end.
 *
 * \return 0 once the program runs; -1 with errno.
 */
int
spawn_leave(const char *const *argv, pid_t *ret_pid);

#endif
