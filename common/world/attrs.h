/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_ATTRS_H
#define PGWARD_COMMON_ATTRS_H

#include <stddef.h>

#include "text.h"

/*
 * The one table of the node attributes that the attribute daemon keeps. The
 * record, RSC-data-status and RSC-data-quorum, is not of them: the CIB has it.
 */

/*! How far an attribute goes beyond the attribute daemons. */
enum attr_spread {
    ATTR_NOW,           /*!< into the CIB, at once */
    ATTR_LATER,         /*!< into the CIB, a second later: in a failover each
                             change there would have Pacemaker decide anew
                             what it was just doing */
    ATTR_PRIVATE,       /*!< no further: no CIB has it */
};

/*! Who reads it. */
enum attr_reader {
    ATTR_FOR_AGENTS,    /*!< a decision rests on it */
    ATTR_FOR_PEOPLE,
};

/*
 * A row is all that there is to an attribute:
 * ROW(X, SYMBOL, field, word, prefix, suffix, spread, reader)
 * ATTR_SYMBOL; struct node's field, which is its name in text as well; the
 * operation OP_SET_SYMBOL is `set-word`; in the cluster it has the name
 * PREFIX RSC SUFFIX, as the shell agent gives it. X is handed on to the row.
 */
#define ATTR_LIST(ROW, X) \
    ROW(X, STATUS, status, "status", "", "-status", ATTR_LATER, \
        ATTR_FOR_AGENTS) \
    /* 16 hex digits, while there is no primary */ \
    ROW(X, XLOG_LOC, xlog_loc, "xlog-loc", "", "-xlog-loc", ATTR_LATER, \
        ATTR_FOR_PEOPLE) \
    /* where the last promotion began */ \
    ROW(X, BASELINE, baseline, "baseline", "", "-master-baseline", \
        ATTR_LATER, ATTR_FOR_PEOPLE) \
    /* only with check_wal_receiver */ \
    ROW(X, RECEIVER, receiver, "receiver", "", "-receiver-status", \
        ATTR_LATER, ATTR_FOR_PEOPLE) \
    ROW(X, SCORE, score, "score", "master-", "", ATTR_NOW, ATTR_FOR_AGENTS) \
    /* TIMELINE/LSN, and the past of that */ \
    ROW(X, POSITION, position, "position", "", "-position", ATTR_PRIVATE, \
        ATTR_FOR_AGENTS) \
    /* set once a majority was online with the record since this node booted \
     * (P2) */ \
    ROW(X, TRUSTED, trusted, "trusted", "", "-trusted", ATTR_PRIVATE, \
        ATTR_FOR_AGENTS) \
    /* the baseline of the promotion that warned of the profile */ \
    ROW(X, WARNED, warned, "warned", "", "-warned", ATTR_PRIVATE, \
        ATTR_FOR_PEOPLE) \
    /* with sync_strict: `no` until a promoted server has a synchronous \
     * standby, `yes` then */ \
    ROW(X, ADMIT, admit, "admit", "", "-admit", ATTR_NOW, ATTR_FOR_AGENTS) \
    /* a primary's timelines, or a standby's (history_summary()) */ \
    ROW(X, HISTORY, history, "history", "", "-history", ATTR_PRIVATE, \
        ATTR_FOR_AGENTS) \
    /* the checkpoint of a clean demotion (P7) */ \
    ROW(X, SHUTDOWN, shutdown, "shutdown", "", "-shutdown", ATTR_PRIVATE, \
        ATTR_FOR_AGENTS) \
    /* set while a node that led is not yet judged (P3); `parted` once it was \
     * seen to have WAL of its own */ \
    ROW(X, UNPROVED, unproved, "unproved", "", "-unproved", ATTR_PRIVATE, \
        ATTR_FOR_AGENTS) \
    /* the system identifier of this node's database */ \
    ROW(X, SYSTEM_ID, system_id, "system-id", "", "-system-id", \
        ATTR_PRIVATE, ATTR_FOR_AGENTS) \
    /* `ok` while this standby can replay all that it flushes, else `no: ` \
     * and what is in the way */ \
    ROW(X, REPLAY, replay, "replay", "", "-replay", ATTR_PRIVATE, \
        ATTR_FOR_AGENTS) \
    /* where this node's promotion began, TIMELINE/LSN; behind `ended ` once \
     * it is proved that it never led there */ \
    ROW(X, BEGAN, began, "began", "", "-began", ATTR_PRIVATE, \
        ATTR_FOR_AGENTS) \
    /* a primary's: WAL from here on is what its replication slots hold, 16 \
     * hex digits; no standby of them needs any before */ \
    ROW(X, SLOTS, slots, "slots", "", "-slots", ATTR_PRIVATE, \
        ATTR_FOR_AGENTS) \
    /* what to do, and why, where a node is not what it could be and nothing \
     * fails */ \
    ROW(X, WHY, why, "why", "", "-why", ATTR_LATER, ATTR_FOR_PEOPLE) \
    /* how far this node is that brings its data back */ \
    ROW(X, REJOIN, rejoin, "rejoin", "", "-rejoin", ATTR_LATER, \
        ATTR_FOR_AGENTS)

#define ATTR_ENUM_ROW(X, symbol, ...) ATTR_##symbol,
enum attr_id { ATTR_LIST(ATTR_ENUM_ROW, ) ATTR_COUNT };
#undef ATTR_ENUM_ROW

#define ATTR_VALUE_SIZE 256

#define ATTR_KNOWN_LIST(X) \
    X(ATTR_UNKNOWN, "unknown") X(ATTR_UNSET, "unset") X(ATTR_SET, "set")

#define ATTR_KNOWN_ROW(symbol, name) symbol,
enum attr_known { ATTR_KNOWN_LIST(ATTR_KNOWN_ROW) };
#undef ATTR_KNOWN_ROW

/*! A node attribute as read. */
struct attr {
    enum attr_known known;
    char value[ATTR_VALUE_SIZE];
};

/*! A row of the table, but for what only the preprocessor needs. */
struct attr_row {
    const char *prefix;
    const char *suffix;
    enum attr_spread spread;
    enum attr_reader reader;
};

extern const struct attr_row attr_table[ATTR_COUNT];

/*!
 * Its name in the cluster.
 *
 * Errors: a text that did not fit has `overflow` set.
 */
void
attr_name(enum attr_id attr, const char *resource, struct text *text);

#endif
