/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_EVENT_H
#define PGWARD_COMMON_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "lsn.h"
#include "params.h"
#include "text.h"

/*
 * What happened to the cluster's database, one line for each: a node keeps its
 * own, and `pgward history` tells them.
 */

/*! X(symbol, word): of the node that the event names. */
#define EVENT_LIST(X) \
    X(EVENT_NONE, "none") \
    X(EVENT_SWITCHOVER, "switchover") \
                        /* it takes over from one that shut down cleanly */ \
    X(EVENT_FAILOVER, "failover")       /* from one that did not */ \
    X(EVENT_TAKES_LEAD, "takes-lead")   /* nobody else led last */ \
    X(EVENT_PROMOTED, "promoted")       /* its server is a primary */ \
    X(EVENT_REFUSED, "refused") \
                        /* its promotion was refused, or failed */ \
    X(EVENT_DEMOTED, "demoted")         /* its primary was ended */ \
    X(EVENT_DIED, "died")               /* its postmaster was found dead */ \
    X(EVENT_FAILED, "failed")           /* another action of it failed */ \
    X(EVENT_RELEASED, "released")       /* commits wait for it no longer */ \
    X(EVENT_PRIMARY_ENDS, "primary-ends") \
                        /* another node was told that it is demoted */ \
    X(EVENT_LEADS, "leads") \
                        /* another node was told that it was promoted */ \
    X(EVENT_REJOIN, "rejoin-begun")     /* its data is being brought back */ \
    X(EVENT_REJOINED, "rejoined")       /* it has the primary's past again */ \
    X(EVENT_GIVEN_UP, "rejoin-given-up")    /* a person has to act */ \
    X(EVENT_TIMELINE, "timeline") \
                        /* of a history file in pg_wal, never of a line */

#define EVENT_ENUM_ROW(symbol, word) symbol,
enum event_kind { EVENT_LIST(EVENT_ENUM_ROW) EVENT_KINDS };
#undef EVENT_ENUM_ROW

#define EVENT_RULE_SIZE 32
#define EVENT_REASON_SIZE 512

/*! Bytes that a line needs at most, with its end and the NUL. */
#define EVENT_LINE_SIZE 1024

struct event {
    int64_t time_ms;            /*!< since 1970, by the clock of the node that
                                     keeps it */
    enum event_kind kind;
    char node[NODE_NAME_SIZE];  /*!< that it tells of */
    uint32_t since_ms;          /*!< for so long nothing had streamed to it by
                                     then; 0: not known */
    struct wal_position position;   /*!< timeline 0: not known */
    char rule[EVENT_RULE_SIZE]; /*!< of may_lead.h, by which it was; "": none */
    char reason[EVENT_REASON_SIZE];     /*!< one line; or "" */
};

/*! The word of a kind. */
const char *
event_name(enum event_kind kind);

/*!
 * Append an event as a line. In the reason, which is secret is hidden, and what
 * would end the line is a space.
 *
 * \param[out] text  with EVENT_LINE_SIZE left it does not overflow
 */
void
event_format(const struct event *event, struct text *text);

/*!
 * Read a line, without its end, that event_format() wrote.
 *
 * \return 0, or -1 with `ret_event` untouched: torn, garbled, or of a version
 *         that knows other events.
 */
int
event_parse(const char *line, struct event *ret_event);

/*!
 * Take the next line of a file of events, which may hold anything, and move on.
 *
 * \param[in,out] bytes, left  what is left to be read
 *
 * \return 1 with `ret_event` filled; 0: nothing is left; -1: the line was none
 *         of event_format(), and is passed over. Empty lines do not count.
 */
int
event_next(const char **bytes, size_t *left, struct event *ret_event);

#endif
