/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which server may be taken for what. */

#include "roads.h"

#include <string.h>

#include "peers.h"
#include "takeover.h"

_Static_assert(ROADS_HOSTS_MAX <= 64, "a group has a bit for each host");
_Static_assert(NODES_MAX <= ROADS_HOSTS_MAX, "each node is a host");

/*
 * Was another server of the same database seen on a newer timeline, or may one
 * be seen there as soon as it is asked?
 */
static bool
is_outdone(const struct roads *roads, size_t host)
{
    const struct road_host *one = &roads->host[host];

    for (size_t i = 0; i < roads->count; i++) {
        if (i == host || (one->rivals != 0 && (one->rivals >> i & 1) == 0)) {
            continue;
        }
        if (roads->host[i].seen_ms == 0) {
            return true;
        }
        if (one->timeline != 0 && one->system_id[0] != '\0'
            && strcmp(roads->host[i].system_id, one->system_id) == 0
            && roads->host[i].timeline > one->timeline) {
            return true;
        }
    }
    return false;
}

enum road_role
roads_role(const struct roads *roads, size_t host, int64_t now_ms)
{
    const struct road_host *one = &roads->host[host];

    if (host >= roads->count || one->answers != TRI_YES
        || one->seen_ms > now_ms || now_ms - one->seen_ms > ROADS_OLD_MS
        || (one->role == ROAD_PRIMARY && is_outdone(roads, host))) {
        return ROAD_UNKNOWN;
    }
    return one->role;
}

uint64_t
roads_of_group(const struct roads *roads, const struct road_groups *groups,
               const char *name)
{
    uint64_t all = roads->count == 0 ? 0
                   : ~(uint64_t) 0 >> (ROADS_HOSTS_MAX - roads->count);

    if (groups->on_node || strcmp(name, "all") == 0) {
        return all;
    }
    for (size_t i = 0; i < groups->count; i++) {
        if (strcmp(groups->group[i].name, name) == 0) {
            return groups->group[i].hosts & all;
        }
    }
    return 0;
}

/* Does the record call it the one that leads? Without a quorum ours is old. */
static bool
is_recorded_primary(const struct snapshot *snapshot, size_t node)
{
    const struct node *one = &snapshot->node[node];

    return snapshot->cluster.have_quorum == TRI_YES
           && one->member.online == TRI_YES
           && takeover_role(one) == ROLE_PROMOTED
           && attr_is(&one->record.data_status, DATA_LATEST);
}

static enum road_role
role_by_record(const struct snapshot *snapshot, size_t node)
{
    const struct node *one = &snapshot->node[node];

    if (is_recorded_primary(snapshot, node)) {
        return ROAD_PRIMARY;
    }
    return one->member.online == TRI_YES
           && takeover_role(one) == ROLE_STARTED
           ? ROAD_STANDBY : ROAD_UNKNOWN;
}

/* One that replicates from elsewhere is never to take writes. */
static bool
may_lead_alone(const struct snapshot *snapshot)
{
    return snapshot->settings.rep_mode != REP_MODE_SLAVE
           && snapshot->cluster.have_quorum == TRI_YES;
}

/* Outside of replication nobody is promoted: the server says what it is. */
static enum road_role
role_of_self(const struct snapshot *snapshot, enum server_role server)
{
    enum road_role told = server == SERVER_PRIMARY ? ROAD_PRIMARY
                          : server == SERVER_STANDBY ? ROAD_STANDBY
                          : ROAD_UNKNOWN;
    size_t other;

    if (!rep_mode_is_replication(snapshot->settings.rep_mode)) {
        return told == ROAD_PRIMARY && !may_lead_alone(snapshot)
               ? ROAD_UNKNOWN : told;
    }
    if (role_by_record(snapshot, snapshot->self) != told
        || (told == ROAD_PRIMARY
            && other_promoted(snapshot, &other) == TRI_YES)) {
        return ROAD_UNKNOWN;
    }
    return told;
}

/* Without a quorum our copy is old: others may have stopped to wait for it. */
static enum sync_state
sync_of(const struct snapshot *snapshot, size_t node)
{
    const struct attr *data_status = &snapshot->node[node].record.data_status;

    return snapshot->cluster.have_quorum != TRI_YES ? SYNC_UNKNOWN
           : attr_is(data_status, DATA_SYNC) ? SYNC_SYNC
           : attr_is(data_status, DATA_QUORUM) ? SYNC_QUORUM
           : data_status->known == ATTR_UNKNOWN ? SYNC_UNKNOWN : SYNC_ASYNC;
}

/* Received may be 0 after a restart: the position is the further of the two. */
static void
take_lag(const struct server *server, struct road_host *host)
{
    const struct progress *progress = &server->progress;

    if (progress->known != TRI_YES
        || server->position.lsn < progress->replayed) {
        return;
    }
    host->lag_known = TRI_YES;
    host->lag_bytes = server->position.lsn - progress->replayed;
    host->delay_known = host->lag_bytes == 0 ? TRI_YES : TRI_UNKNOWN;
}

static void
take_self(const struct snapshot *snapshot, struct road_host *host)
{
    const struct server *server = &snapshot->server;
    enum server_role role = server_role(snapshot);

    host->answers = server->answer == ANSWER_OK ? TRI_YES : TRI_NO;
    host->role = role_of_self(snapshot, role);
    host->timeline = server->position.timeline;
    if (role == SERVER_STANDBY) {
        host->streams = server->receiver_running;
        take_lag(server, host);
    }
}

/* Of another node's server there is the record alone. */
static void
take_other(const struct snapshot *snapshot, size_t node,
           struct road_host *host)
{
    const struct node *one = &snapshot->node[node];

    host->role = role_by_record(snapshot, node);
    if (host->role == ROAD_STANDBY
        && (snapshot->cluster.have_quorum != TRI_YES
            || !has_streamed(&one->record.data_status))) {
        host->role = ROAD_UNKNOWN;
    }
    host->answers = host->role != ROAD_UNKNOWN ? TRI_YES : TRI_NO;
}

void
roads_take_look(const struct snapshot *snapshot, int64_t seen_ms,
                struct roads *ret_roads)
{
    memset(ret_roads, 0, sizeof(*ret_roads));
    ret_roads->looked_ms = seen_ms;
    ret_roads->self = snapshot->self < snapshot->node_count ? snapshot->self
                      : ROADS_HOSTS_MAX;
    ret_roads->count = snapshot->node_count;
    for (size_t i = 0; i < snapshot->node_count; i++) {
        struct road_host *host = &ret_roads->host[i];

        memcpy(host->name, snapshot->node[i].name, sizeof(host->name));
        host->seen_ms = seen_ms;
        host->sync = sync_of(snapshot, i);
        if (i == snapshot->self) {
            take_self(snapshot, host);
        } else {
            take_other(snapshot, i, host);
        }
    }
}
