/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_ADDRESS_H
#define PGWARD_AGENT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"
#include "snapshot.h"

/*!
 * Would a connection to this host end on this machine? A host is what libpq
 * takes for one: an address, a name, a list of them with commas, the folder of
 * a socket. A name is looked up, for a second at most.
 *
 * \param[out] ret_why  filled when the answer is UNKNOWN
 *
 * \return UNKNOWN where a name could not be looked up, or the machine's own
 *         addresses could not be read.
 */
enum tri
address_is_here(const char *host, struct text *ret_why);

/*!
 * Find the first name in a host that is none but has to be looked up.
 *
 * \return false: there is none, or it does not fit; then `ret_name` is "".
 */
bool
address_find_name(const char *host, char *ret_name, size_t size);

#endif
