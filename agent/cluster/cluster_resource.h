/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_CLUSTER_RESOURCE_H
#define PGWARD_AGENT_CLUSTER_RESOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "params.h"
#include "snapshot.h"

/* How the CIB configures a resource; plain, so that it outlives its XML. */

#define CLUSTER_PAIRS_SIZE (32 * 1024)

/*! Names and values: NAME NUL VALUE NUL, one after another. */
struct cluster_pairs {
    size_t len;
    char text[CLUSTER_PAIRS_SIZE];
};

/*!
 * A resource of this agent. What a set says that has a rule is left out: rules
 * may hold for a node or for a time, and are Pacemaker's to evaluate.
 */
struct cluster_resource {
    char id[NODE_NAME_SIZE];    /*!< of the primitive */
    char clone[NODE_NAME_SIZE]; /*!< that it is in, itself or its group; "" */
    bool promotable;            /*!< of the clone, as what follows */
    uint32_t promoted_max;      /*!< 0: it is not promotable */
    uint32_t clone_max;         /*!< 0: one on each node */
    bool notify;
    char ruled[NODE_NAME_SIZE]; /*!< a set that was left out; "": none */
    struct cluster_pairs params;
    struct cluster_pairs meta;  /*!< with what comes of group, clone and
                                     rsc_defaults */
};

/*! The value of a name; NULL: it has none. */
const char *
cluster_pairs_get(const struct cluster_pairs *pairs, const char *name);

/*!
 * Add a pair; a name that is there keeps its value.
 *
 * \return 0, or -1: there is no room.
 */
int
cluster_pairs_add(struct cluster_pairs *pairs, const char *name,
                  const char *value);

#endif
