/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_SERVE_LOOK_H
#define PGWARD_AGENT_SERVE_LOOK_H

#include <stdbool.h>

#include "serve_state.h"

/*!
 * Look at this node's server every 50 ms, and at the cluster every 400 ms and
 * whenever the server has changed or the two do not say the same, and show what
 * is seen. Connections are kept. For a process of its own, since what it does
 * may hang: whoever began it ends it when it beats no more.
 *
 * It returns where it could not see the cluster, and after a minute in any
 * case: the resource may be configured anew.
 *
 * \param[in] resource  or its clone; NULL: the one there is
 * \param[in] quiet     what is wrong was said before
 *
 * \return true: all was seen until the end.
 */
bool
serve_look(const char *resource, bool quiet, struct serve_state *state);

#endif
