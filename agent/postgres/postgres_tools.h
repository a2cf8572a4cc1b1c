/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_POSTGRES_TOOLS_H
#define PGWARD_AGENT_POSTGRES_TOOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "identity.h"
#include "params.h"
#include "spawn.h"
#include "text.h"

/* PostgreSQL's own programs, run as the database's user. */

/*!
 * Find a program that lies beside pg_ctl, or beside what pg_ctl is a link to.
 *
 * \return 0, or -1: neither place has it.
 */
int
postgres_tools_path(const struct params *params, const char *program,
                    char *ret_path);

/*! The same; where it is in neither, `why` says so. */
int
postgres_tools_find(const struct params *params, const char *program,
                    char *ret_path, struct text *why);

/*! Append `value` in single quotes, as a shell reads it back unchanged. */
void
postgres_tools_quote(struct text *text, const char *value);

/*! A program to run; struct spawn_request says more. */
struct postgres_tools_run {
    const struct params *params;
    const struct identity *user;
    const char *name;           /*!< what messages call it */
    const char *const *argv;
    const char *folder;         /*!< NULL: `/` */
    bool plain_language;        /*!< LC_ALL=C, TZ=UTC */
    bool new_session;
    int64_t deadline_ms;
    spawn_take_fn take;         /*!< gets stdout as it comes; or NULL */
    spawn_line_fn line;         /*!< gets each line of output; or NULL */
    void *context;              /*!< of `take` and `line` */
    int64_t idle_ms;
    const char *extra_env;      /*!< one more "NAME=value"; or NULL */
};

/*!
 * Run a program with pglibs in its library path.
 *
 * \param[out] ret_output  what it printed, bounded; with `take` its stderr
 * \return 0: it ran and succeeded; -1 with `ret_why` filled. errno: 0 where
 *         it ran and failed, else as of spawn_run().
 */
int
postgres_tools_run(const struct postgres_tools_run *run, char *ret_output,
                   size_t size, struct text *ret_why);

#endif
