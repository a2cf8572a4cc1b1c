/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_EXPLAIN_H
#define PGWARD_COMMON_EXPLAIN_H

#include <stdbool.h>

#include "lead_rule.h"
#include "snapshot.h"
#include "text.h"

/*! Bytes that a plan as text needs at most. */
#define EXPLAIN_PLAN_SIZE (64 * 1024)

/*!
 * Decide once more by a snapshot.
 *
 * \param[in]  recorded  the plan that was recorded with it; NULL: none was
 * \param[out] ret_plan  of EXPLAIN_PLAN_SIZE, empty; as a trace has it
 *
 * \return true when the plan is the recorded one, or none was recorded.
 */
bool
explain_decide(const struct snapshot *snapshot, const char *recorded,
               struct text *ret_plan);

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

/*! What an election would make of a node, by a look just done. */
enum explain_election {
    ELECTION_LEADS,             /*!< there is none: the node leads */
    ELECTION_NEEDS_POSITION,    /*!< nor this: somebody leads, so that it does
                                     not show the position that would count */
    ELECTION_BY_RULE,
};

/*! \param[out] ret_rule  by which it may lead, or not, without a primary */
enum explain_election
explain_election(const struct snapshot *snapshot, size_t node,
                 enum lead_rule *ret_rule);

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
