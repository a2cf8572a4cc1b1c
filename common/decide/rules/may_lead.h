/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_MAY_LEAD_H
#define PGWARD_COMMON_MAY_LEAD_H

#include "lead_rule.h"
#include "snapshot.h"

/*
 * Who may lead, and why not: the one place that says so. The words of this
 * folder, one for one thing:
 *
 * record     what the cluster keeps of each node's data: RSC-data-status, and
 *            RSC-data-quorum beside it
 * eligible   may lead by the record
 * ranked     has the score of a candidate or of a primary
 * live       online, with an instance that runs or is on its way
 * down       outside the membership, and proved to run nothing
 * released   not eligible any more, and commits do not wait for it
 * unproved   led, went down, and has not been judged by the histories yet
 * parted     has WAL of its own that the primary's past does not have
 * foreign    has another database, by its system identifier
 * held up    its replay does not come to the end of what it flushed
 */

/*!
 * May this node be promoted, as far as the cluster's record says?
 *
 * Errors: none; UNKNOWN is no.
 * Source: promises P1 and P3.
 */
enum lead_rule
lead_by_record(const struct snapshot *snapshot, size_t node);

/*! Is it eligible? */
static inline bool
is_eligible(const struct snapshot *snapshot, size_t node)
{
    return lead_rule_allows(lead_by_record(snapshot, node));
}

/*!
 * May it be promoted by the record, or for its data: does that hold all that an
 * eligible live node's holds? With no primary there, a node at or beyond its
 * position on the same timeline does.
 *
 * Source: promise P3.
 */
enum lead_rule
lead_by_data(const struct snapshot *snapshot, size_t node);

/*!
 * May it lead now: live, to stay, judged, able to replay all that it holds, and
 * so by the record or by what it has shown to hold?
 */
enum lead_rule
may_lead(const struct snapshot *snapshot, size_t node);

/*!
 * Live, to stay, and not to be judged first. A primary that died and was
 * demoted is there for Pacemaker until its death is reported.
 */
bool
takes_part(const struct snapshot *snapshot, size_t node);

/*!
 * Does the node hold what a promotion that failed began with, and is it proved
 * that the promoted server never led?
 */
bool
way_back_is_open(const struct snapshot *snapshot, size_t node);

#endif
