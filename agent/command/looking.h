/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_LOOKING_H
#define PGWARD_AGENT_LOOKING_H

#include <stdbool.h>

#include "look.h"

/*!
 * look(), for a person: what was not seen is said on standard error.
 *
 * \param[out] ret_whole  false: some of it was not looked at, which was said
 *
 * \return 0, or -1: not even the resource was found, which was said.
 */
int
looking_look(const struct look_request *request, struct look *ret_look,
             bool *ret_whole);

/*! Say that something was not seen, and who may see it. */
void
looking_say_missing(const char *what);

#endif
