/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_ROADS_H
#define PGWARD_COMMON_ROADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"

/*
 * Where clients may go: what was last seen of each server, and what of that
 * still counts. In doubt a road is closed.
 */

#define ROADS_HOSTS_MAX 64
#define ROADS_GROUPS_MAX 32

/*! What was seen so long ago says nothing any more. */
#define ROADS_OLD_MS 1000

enum road_role {
    ROAD_UNKNOWN,               /*!< no answer, or in doubt */
    ROAD_PRIMARY,
    ROAD_STANDBY,
};

/*! A server: a node of the cluster, or a host of a router's file. */
struct road_host {
    char name[NODE_NAME_SIZE];
    enum road_role role;
    enum tri answers;           /*!< it lets clients in; UNKNOWN: not asked */
    char system_id[SYSTEM_ID_SIZE];     /*!< "": not known */
    uint32_t timeline;          /*!< of its last answer, kept when it gives
                                     none; 0: not known */
    enum tri streams;           /*!< a standby has a connection to its
                                     primary */
    enum sync_state sync;       /*!< do commits wait for it? */
    enum tri lag_known;         /*!< of a standby: what it has received and
                                     not replayed yet */
    uint64_t lag_bytes;
    enum tri delay_known;
    uint32_t delay_ms;          /*!< since the last commit that it has
                                     replayed; 0: it has replayed all */
    int64_t seen_ms;            /*!< when it was asked for all that; 0: not
                                     yet */
    uint64_t rivals;            /*!< a bit for each that it is compared with;
                                     0: with all */
};

struct roads {
    int64_t looked_ms;          /*!< the last look, whatever it saw; 0: none */
    size_t self;                /*!< this node; ROADS_HOSTS_MAX: none of them,
                                     or nothing was seen yet */
    size_t count;
    struct road_host host[ROADS_HOSTS_MAX];
};

/*! Names for some of the hosts; `all` means all of them in any case. */
struct road_group {
    char name[NODE_NAME_SIZE];
    uint64_t hosts;             /*!< a bit for each */
};

struct road_groups {
    bool on_node;               /*!< of a cluster: every name means all its
                                     nodes, and Patroni's paths ask of this
                                     one; false: a router */
    size_t count;
    struct road_group group[ROADS_GROUPS_MAX];
};

/*!
 * What a host may be taken for now. A primary is none once another server of
 * the same database was seen on a newer timeline: it was promoted after it. Nor
 * is it before all that might be have been asked.
 *
 * Units:  ms of CLOCK_MONOTONIC.
 * Errors: none; in doubt ROAD_UNKNOWN.
 */
enum road_role
roads_role(const struct roads *roads, size_t host, int64_t now_ms);

/*! The hosts of a group, a bit for each; none where there is no such group. */
uint64_t
roads_of_group(const struct roads *roads, const struct road_groups *groups,
               const char *name);

/*!
 * Fill the roads of a cluster's nodes by a look from one of them. The cluster's
 * record decides, and of this node's own server SQL confirms it: the two have
 * to say the same.
 *
 * \param[in]  snapshot    with ROADS_FACTS looked at
 * \param[in]  seen_ms     when that look began
 * \param[out] ret_roads   all of it
 */
void
roads_take_look(const struct snapshot *snapshot, int64_t seen_ms,
                struct roads *ret_roads);

/*! What roads_take_look() needs. */
#define ROADS_FACTS \
    ((uint32_t) (FACT_SQL | FACT_MEMBERS | FACT_RECORD))

#endif
