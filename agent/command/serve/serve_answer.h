/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_SERVE_ANSWER_H
#define PGWARD_AGENT_SERVE_ANSWER_H

#include "serve_run.h"
#include "serve_state.h"

/*!
 * Answer over HTTP, and agent-check where the plan has it, until SIGTERM or
 * SIGINT, which are blocked.
 *
 * \param[in] ready_fd  has a byte as soon as it answers; it is closed
 *
 * \return the exit code of a process that does nothing else; a failure was
 *         said.
 */
int
serve_answer(const struct serve_plan *plan, struct serve_state *state,
             int ready_fd);

#endif
