/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_EXPLAIN_H
#define PGWARD_COMMON_EXPLAIN_H

#include <stdbool.h>

#include "snapshot.h"
#include "text.h"

/*!
 * Tell who may lead by a snapshot, node by node, and what is decided by it: the
 * plan, as a trace has it.
 *
 * \param[in]  recorded  the plan that was recorded with it; NULL: none was
 * \param[out] text      what a person reads
 *
 * \return true when the plan is the recorded one, or none was recorded.
 *
 * Errors: a text that did not fit has `overflow` set.
 */
bool
explain_snapshot(const struct snapshot *snapshot, const char *recorded,
                 struct text *text);

#endif
