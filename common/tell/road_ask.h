/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_ROAD_ASK_H
#define PGWARD_COMMON_ROAD_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "params.h"

/*! What can be asked: Patroni's paths, PgRoute66's, and our own. */
enum road_path {
    ROAD_PATH_NONE,             /*!< there is no such path */
    ROAD_PATH_BAD,              /*!< not understood */

    ROAD_PATH_PRIMARY,          /*!< Patroni's from here on */
    ROAD_PATH_STANDBY_LEADER,
    ROAD_PATH_REPLICA,
    ROAD_PATH_READ_ONLY,
    ROAD_PATH_SYNC,
    ROAD_PATH_READ_ONLY_SYNC,
    ROAD_PATH_QUORUM,
    ROAD_PATH_READ_ONLY_QUORUM,
    ROAD_PATH_ASYNC,
    ROAD_PATH_HEALTH,
    ROAD_PATH_LIVENESS,
    ROAD_PATH_READINESS,

    ROAD_PATH_V1_PRIMARY,       /*!< PgRoute66's */
    ROAD_PATH_V1_PRIMARIES,
    ROAD_PATH_V1_STANDBYS,
    ROAD_PATH_V1_STATUS,
    ROAD_PATH_V1_AVAILABILITY,

    ROAD_PATH_METRICS,
};

/*! A question. */
struct road_ask {
    enum road_path path;
    char name[NODE_NAME_SIZE];  /*!< of the host in the path, or "" */
    char group[NODE_NAME_SIZE];
    bool has_lag;
    uint64_t lag_bytes;         /*!< a standby's that may still be used */
    bool must_stream;           /*!< replication_state=streaming */
    bool impossible;            /*!< it asks for what no server has here: a tag
                                     of Patroni's, another replication_state */
    int64_t limit_ms;           /*!< of a delay; PgRoute66 takes an empty one
                                     for -1 s */
};

/*!
 * Read a question as it stands in a request: `/replica?lag=1MB`.
 *
 * A word of a query that nobody knows is passed over, as both programs do; a
 * value that cannot be read makes it ROAD_PATH_BAD: what was meant for a limit
 * is not to be left out.
 *
 * \param[out] ret_ask  all of it
 * Source: Patroni 4 documentation, REST API; PgRoute66 0.8.19, gin.go.
 */
void
road_ask_parse(const char *target, struct road_ask *ret_ask);

/*! Is it one of Patroni's, which ask of this node alone? */
bool
road_path_is_patronis(enum road_path path);

/*! A path's name for a metric's label; `other` where there is no such path. */
const char *
road_path_name(enum road_path path);

#endif
