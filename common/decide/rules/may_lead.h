/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_MAY_LEAD_H
#define PGWARD_COMMON_MAY_LEAD_H

#include <stdbool.h>
#include <stddef.h>

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

/*
 * X(rule, name, why): the name stands in plans, logs and for `explain`; why
 * not, NULL: it may.
 */
#define LEAD_RULE_LIST(X) \
    X(LEAD_FIRST, "first", NULL)        /* no node ever had a record */ \
    X(LEAD_LATEST, "latest", NULL)      /* led last */ \
    X(LEAD_SYNC, "synchronous", NULL)   /* commits waited for it */ \
    X(LEAD_QUORUM, "quorum", NULL)      /* so many show that one has all */ \
    X(LEAD_STREAMED, "streamed", NULL)  /* async: it followed */ \
    X(LEAD_SAME_DATA, "same-data", NULL) \
                        /* it holds all that an eligible live node holds */ \
    X(LEAD_WAY_BACK, "way-back", NULL) \
                        /* it holds all that a promotion that failed began \
                         * with, and that server never led */ \
    X(LEAD_NOT_LISTED, "not-in-node-list", "this node is not in node_list") \
    X(LEAD_FOREIGN, "other-database", \
      "it holds another database, by its system identifier") \
    X(LEAD_UNREAD, "record-unread", \
      "its data-status could not be read from the cluster") \
    X(LEAD_NO_RECORD, "no-record", \
      "it has no data-status and others have one: it never streamed from " \
      "this primary") \
    X(LEAD_OUT_OF_DATE, "out-of-date", \
      "its data is out of date: another node is recorded as LATEST") \
    X(LEAD_INCOMPLETE, "incomplete", \
      "its data is not recorded as complete") \
    X(LEAD_QUORUM_UNREAD, "quorum-unread", \
      "its data-quorum could not be read from the cluster") \
    X(LEAD_QUORUM_BEHIND, "quorum-behind", \
      "another member of the quorum holds more") \
    X(LEAD_QUORUM_PARTED, "quorum-parted", \
      "its data and another member's have parted") \
    X(LEAD_QUORUM_TOO_FEW, "quorum-too-few", \
      "too few members of the quorum have shown what they hold, so a " \
      "commit may be missing") \
    X(LEAD_NOT_LIVE, "not-live", "it is not known to run a server") \
    X(LEAD_UNPROVED, "unproved", "it led last and has not been judged yet") \
    X(LEAD_LEAVING, "leaving", "it is about to be stopped") \
    X(LEAD_HELD_UP, "held-up", \
      "its replay does not come to the end of what it holds") \
    X(LEAD_NO_POSITION, "no-position", "it has not shown where it stands") \
    X(LEAD_BEHIND, "behind", "another node holds more WAL") \
    X(LEAD_LAST_WAL, "last-wal", \
      "it lacks the last WAL of the node that shut down cleanly") \
    X(LEAD_SECOND, "second", "another node is promoted") \
    X(LEAD_ROLE_UNKNOWN, "role-unknown", \
      "another node's role is not known")

#define LEAD_ENUM_ROW(rule, name, why) rule,
enum lead_rule { LEAD_RULE_LIST(LEAD_ENUM_ROW) LEAD_RULES };
#undef LEAD_ENUM_ROW

const char *
lead_rule_name(enum lead_rule rule);

/*! Constant text; NULL: by this rule it may. */
const char *
lead_rule_why(enum lead_rule rule);

static inline bool
lead_rule_allows(enum lead_rule rule)
{
    return rule <= LEAD_WAY_BACK;
}

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
 * The same, or does its data hold all that an eligible live node's holds? With
 * no primary there, a node at or beyond its position on the same timeline does.
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
