/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_SWITCHOVER_CHECK_H
#define PGWARD_COMMON_SWITCHOVER_CHECK_H

#include "findings.h"
#include "moves.h"
#include "snapshot.h"

/*
 * A planned move, before it begins: who leads, who is to, and is it proved that
 * nothing can be lost? The agent proves it once more when the old primary has
 * shut down (switchover.h of the rules); what is found here would cost an
 * interruption there.
 */

/*! The facts that it is judged by. */
#define SWITCHOVER_FACTS \
    ((uint32_t) (FACT_SQL | FACT_SENDERS | FACT_ATTRS | FACT_RECORD \
                 | FACT_MEMBERS))

/*! Of the nodes that may take over, who has most; NODES_MAX: none may. */
size_t
switchover_choose(const struct snapshot *snapshot);

/*!
 * Judge a move.
 *
 * \param[in] snapshot  looked at from the primary's seat; where its server
 *                      did not answer, the record has to do, if it can
 * \param[in] target    who is to lead
 *
 * Source: promises P1 and P7.
 */
void
switchover_check(const struct snapshot *snapshot, const struct moves *moves,
                 size_t target, struct findings *findings);

#endif
