/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_LEAD_RULE_H
#define PGWARD_COMMON_LEAD_RULE_H

#include <stdbool.h>

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
    X(LEAD_NOT_LISTED, "not-in-node-list", "it is not in node_list") \
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

#endif
