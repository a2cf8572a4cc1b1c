/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_LOOK_H
#define PGWARD_AGENT_LOOK_H

#include "snapshot.h"
#include "text.h"

/*
 * One look at a resource, for a caller without an action. An action is ended by
 * its alarm where a daemon of the cluster hangs (connecting has no time-out);
 * this caller goes on: a child process looks, shows what it has seen part by
 * part, and is ended when its time is over.
 */

/*! What is to be looked at, and for how long. */
struct look_request {
    const char *resource;       /*!< or its clone; NULL: the one there is */
    const char *seat;           /*!< the node from whose place to look, whose
                                     server is asked over the network; NULL:
                                     this node */
    uint32_t facts;             /*!< bits of enum fact */
    uint32_t limit_ms;          /*!< for all of it */
};

/*!
 * The facts that can be looked at from another node's seat: its server's, and
 * the cluster's.
 */
#define LOOK_SEAT_FACTS \
    ((uint32_t) (FACT_SQL | FACT_SENDERS | FACT_PROFILE | FACT_ATTRS \
                 | FACT_RECORD | FACT_MEMBERS))

/*! What was seen. */
struct look {
    char resource[NODE_NAME_SIZE];      /*!< the primitive's id */
    char clone[NODE_NAME_SIZE];         /*!< that it is in, or "" */
    char self_name[NODE_NAME_SIZE];     /*!< this node's */
    char master_ip[NODE_NAME_SIZE];     /*!< the parameter: where standbys
                                             find the primary; or "" */
    char client_address[NODE_NAME_SIZE];        /*!< the parameter; or "" */
    struct snapshot snapshot;           /*!< with all facts in its `facts` that
                                             were looked at: of the others it
                                             says nothing */
};

/*!
 * Look once. Nothing is changed by it; warnings are reported.
 *
 * \param[out] ret_look  large: not for the stack
 * \param[out] ret_why   what was not looked at, and why; "": nothing
 *
 * \return 0: looked, though not at all of it where `ret_why` says so; -1: not
 *         even the resource was found, with `ret_look` untouched.
 *
 * Units:  ms of CLOCK_MONOTONIC; it returns within the limit.
 */
int
look(const struct look_request *request, struct look *ret_look,
     struct text *ret_why);

#endif
