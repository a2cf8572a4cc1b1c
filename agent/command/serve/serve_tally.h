/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_SERVE_TALLY_H
#define PGWARD_AGENT_SERVE_TALLY_H

#include "serve_state.h"

/*! It ends by itself in this time. */
#define SERVE_TALLY_MS 8000u

/*!
 * Make the overview of the cluster that `pgward status` shows, and show its
 * metrics.
 *
 * \param[in] resource  or its clone; NULL: the one there is
 */
void
serve_tally(const char *resource, struct serve_state *state);

#endif
