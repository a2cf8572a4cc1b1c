/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_JSON_H
#define PGWARD_AGENT_JSON_H

#include <jansson.h>

/*!
 * Print a verb's answer as JSON on standard output, with what it is: the
 * members `format` (`pgward-VERB`), `version` of that format, and `pgward`, the
 * program's version, stand before its own.
 *
 * \param[in] version  grows when a member changes its meaning or goes; a new
 *                     member alone changes nothing
 * \param[in] answer   an object; the reference is taken over
 *
 * \return 0, or -1: it could not be made or written, which was said.
 */
int
json_print(const char *verb, int version, json_t *answer);

#endif
