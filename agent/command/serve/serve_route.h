/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_SERVE_ROUTE_H
#define PGWARD_AGENT_SERVE_ROUTE_H

#include "serve_config.h"
#include "serve_state.h"

/*!
 * Ask the hosts of a file four times a second, all at once, each for a second
 * at most, and show what they say. A host that hangs, or whose name cannot be
 * looked up, holds up no other.
 *
 * \return false: it could not begin, which was said; else it does not return.
 */
bool
serve_route(const struct serve_config *config, struct serve_state *state);

#endif
