/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_SERVE_ANSWER_H
#define PGWARD_AGENT_SERVE_ANSWER_H

#include "serve_http.h"

/*!
 * Answer over HTTP until SIGTERM or SIGINT, which are blocked.
 *
 * \param[in] agent_fd  listens for agent-check; -1: there is none
 * \param[in] ready_fd  has a byte as soon as it answers; it is closed
 *
 * \return the exit code of a process that does nothing else; a failure was
 *         said.
 */
int
serve_answer(const struct serve_http_options *options, int agent_fd,
             int ready_fd);

#endif
