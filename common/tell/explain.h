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

/*!
 * The facts that explain_now() tells by: those that the rules ask for of other
 * nodes, and what this node's server is.
 */
#define EXPLAIN_FACTS \
    ((uint32_t) (FACT_PROCESS | FACT_FILES | FACT_CONTROL | FACT_SQL \
                 | FACT_REPLAY | FACT_ATTRS | FACT_RECORD | FACT_MEMBERS))

/*!
 * Tell of a node by a look just done whether it may lead, rule by rule.
 *
 * \param[in]  name  of the node
 * \param[out] text  what a person reads
 *
 * \return false: it is not in node_list, and that is all that is told.
 *
 * Errors: a text that did not fit has `overflow` set.
 */
bool
explain_now(const struct snapshot *snapshot, const char *name,
            struct text *text);

#endif
