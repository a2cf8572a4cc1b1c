/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_MOVES_H
#define PGWARD_COMMON_MOVES_H

#include <stdbool.h>
#include <stddef.h>

#include "snapshot.h"

/*
 * What the cluster's configuration and status have that stands in the way of a
 * planned move: constraints of the resource, failures and maintenance of nodes.
 */

#define MOVES_MAX 16
#define MOVE_ID_SIZE 160

/*! What a location constraint of the resource does. */
enum move_kind {
    MOVE_NONE = 0,
    MOVE_OURS,                  /*!< `pgward switchover` has set it */
    MOVE_BAN,                   /*!< -INFINITY for one node */
    MOVE_PREFER,                /*!< INFINITY for one node */
    MOVE_RULED,                 /*!< by a rule, which Pacemaker evaluates */
};

/*! A location constraint of the resource. */
struct move {
    enum move_kind kind;
    char id[MOVE_ID_SIZE];
    char node[NODE_NAME_SIZE];  /*!< that it is about; of ours, the node that
                                     is to lead; or "" */
    char from[NODE_NAME_SIZE];  /*!< of ours: the node it was set on; or "" */
};

/*! What Pacemaker holds against a node. */
struct move_node {
    char name[NODE_NAME_SIZE];
    enum tri maintenance;
    uint32_t failures;          /*!< of the resource there, not yet forgotten */
};

struct moves {
    bool known;                 /*!< false: nothing was read */
    bool too_many;              /*!< constraints, for all to be here */
    size_t count;
    struct move move[MOVES_MAX];
    size_t node_count;
    struct move_node node[NODES_MAX];
};

#endif
