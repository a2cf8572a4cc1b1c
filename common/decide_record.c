/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the cluster's record allows: who may lead (P1, P3). */

#include <string.h>

#include "decide_parts.h"

bool
record_is_virgin(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        if (snapshot->node[i].data_status.known != ATTR_UNSET) {
            return false;
        }
    }
    return snapshot->node_count > 0;
}

/* A node other than `node` that the record calls the latest. */
static bool
another_is_latest(const struct snapshot *snapshot, size_t node)
{
    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        if (i != node
            && attr_is(&snapshot->node[i].data_status, DATA_LATEST)) {
            return true;
        }
    }
    return false;
}

bool
has_streamed(const struct attr *data_status)
{
    return data_status->known == ATTR_SET
           && strncmp(data_status->value, "STREAMING|", 10) == 0;
}

bool
record_allows(const struct snapshot *snapshot, size_t node,
              const char **ret_why)
{
    const struct attr *data;

    if (node >= snapshot->node_count) {
        *ret_why = "this node is not in node_list";
        return false;
    }
    if (is_foreign(snapshot, node)) {
        *ret_why = "it holds another database, by its system identifier";
        return false;
    }
    data = &snapshot->node[node].data_status;
    if (data->known == ATTR_UNKNOWN) {
        *ret_why = "its data-status could not be read from the cluster";
        return false;
    }
    if (data->known == ATTR_UNSET) {
        if (record_is_virgin(snapshot)) {
            return true;
        }
        *ret_why = "it has no data-status and others have one: it never "
                   "streamed from this primary";
        return false;
    }
    if (attr_is(data, DATA_LATEST) || attr_is(data, DATA_SYNC)) {
        return true;
    }
    if (attr_is(data, DATA_QUORUM)
        && snapshot->settings.rep_mode == REP_MODE_SYNC) {
        return quorum_allows(snapshot, node, ret_why);
    }
    if (snapshot->settings.rep_mode == REP_MODE_ASYNC
        && has_streamed(data)) {
        return true;
    }
    *ret_why = another_is_latest(snapshot, node)
               ? "its data is out of date: another node is recorded as LATEST"
               : "its data is not recorded as complete";
    return false;
}

size_t
nodes_online(const struct snapshot *snapshot)
{
    size_t online = 0;

    for (size_t i = 0; i < snapshot->node_count; i++) {
        online += i == snapshot->self
                  || snapshot->node[i].online == TRI_YES;
    }
    return online;
}

/* More than half: of two nodes both. */
static bool
majority_is_online(const struct snapshot *snapshot)
{
    return nodes_online(snapshot) * 2 > snapshot->node_count;
}

bool
half_is_online(const struct snapshot *snapshot)
{
    return nodes_online(snapshot) * 2 >= snapshot->node_count;
}

bool
record_is_trusted(const struct snapshot *snapshot)
{
    return self_node(snapshot)->trusted.known == ATTR_SET
           || majority_is_online(snapshot);
}

void
want_trust(const struct snapshot *snapshot, struct plan *plan)
{
    if (majority_is_online(snapshot)) {
        want_attr(snapshot, plan, OP_SET_TRUSTED, OP_BEST_EFFORT,
                  snapshot->self, "1");
    }
}
