/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_SERVE_AGENT_H
#define PGWARD_AGENT_SERVE_AGENT_H

#include "serve_state.h"
#include "text.h"

struct serve_agent;

/*!
 * Answer HAProxy's agent-check, in a thread of its own: a line comes, a line
 * goes, and that was it. What sends no line in a second is told so.
 *
 * \param[in] listen_fd  listens; it is closed in the end
 *
 * \return NULL with `ret_why`.
 */
struct serve_agent *
serve_agent_start(int listen_fd, const struct serve_state *state,
                  const struct road_groups *groups, struct text *ret_why);

/*! End it, and free it. */
void
serve_agent_stop(struct serve_agent *agent);

#endif
