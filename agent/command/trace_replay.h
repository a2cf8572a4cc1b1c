/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_COMMAND_TRACE_REPLAY_H
#define PGWARD_AGENT_COMMAND_TRACE_REPLAY_H

#include <jansson.h>
#include <stddef.h>

#include "snapshot.h"

#define CHANGES_MAX 32

/*! Facts that are to be others: `KEY=VALUE`, in the order given. */
struct changes {
    const char *fact[CHANGES_MAX];
    size_t count;
};

/*!
 * Change these facts of a snapshot.
 *
 * \return 0, or -1: one is no fact, which has been said.
 */
int
trace_replay_change(const struct changes *changes, struct snapshot *snapshot);

/*!
 * Decide each look of a trace once more, and print what is decided.
 *
 * \param[in]  path       `-` is standard input
 * \param[out] ret_looks  an array that each look is added to instead of being
 *                        printed; NULL: none
 *
 * \return an enum command_exit: COMMAND_NO where it was decided otherwise.
 */
int
trace_replay_path(const char *path, const struct changes *changes,
                  json_t *ret_looks);

#endif
