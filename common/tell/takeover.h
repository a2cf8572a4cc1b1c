/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_TAKEOVER_H
#define PGWARD_COMMON_TAKEOVER_H

#include "lead_rule.h"
#include "snapshot.h"

/*!
 * Its role by the cluster's word. A clean-up takes the history of operations
 * away, and the probe that gives it back begins up to two seconds later: until
 * then by the record and, of who leads, the score that a node loses when it
 * leaves or its server ends.
 *
 * Errors: UNKNOWN where nothing tells it.
 */
enum role
takeover_role(const struct node *node);

/*! Who leads by that; NODES_MAX: nobody does, or several do. */
size_t
takeover_leader(const struct snapshot *snapshot);

/*!
 * May it lead by what is seen now? As may_lead(), but of this node a server
 * that is known to be gone counts: an action takes its own node for live, and
 * whoever only looks may not.
 */
enum lead_rule
takeover_rule_now(const struct snapshot *snapshot, size_t node);

/*!
 * Could it take over if the primary went away now? While there is a primary no
 * node shows its position; what the record says has to do then, and of a quorum
 * that enough members are there to show theirs.
 *
 * Errors: none; UNKNOWN is no.
 * Source: promises P1 and P3.
 */
enum lead_rule
takeover_rule(const struct snapshot *snapshot, size_t node);

#endif
