/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_SERVE_LISTEN_H
#define PGWARD_AGENT_SERVE_LISTEN_H

#include <stdint.h>

#include "text.h"

/*!
 * Listen on an address, or on the first that a name has.
 *
 * \param[in] port  0: one that is free
 * \return a descriptor, not blocking, or -1 with `ret_why`.
 */
int
serve_listen(const char *address, uint16_t port, struct text *ret_why);

#endif
