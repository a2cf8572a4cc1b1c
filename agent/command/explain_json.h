/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_COMMAND_EXPLAIN_JSON_H
#define PGWARD_AGENT_COMMAND_EXPLAIN_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "look.h"
#include "snapshot.h"

/*!
 * What explain_snapshot() tells, as JSON.
 *
 * \param[out] ret_same  the plan is the recorded one, or none was recorded
 *
 * \return a new object; NULL: no memory, or a plan that is no UTF-8.
 */
json_t *
explain_json_look(const struct snapshot *snapshot, const char *recorded,
                  bool *ret_same);

/*! What explain_now() tells, in the same way. `whole`: all was looked at. */
json_t *
explain_json_now(const struct look *seen, const char *name, bool whole);

#endif
