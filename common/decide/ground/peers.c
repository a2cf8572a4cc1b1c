/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the cluster tells of its nodes. */

#include "peers.h"

#include <string.h>

const struct node *
self_node(const struct snapshot *snapshot)
{
    static const struct node nobody;

    return snapshot->self < snapshot->node_count
           ? &snapshot->node[snapshot->self] : &nobody;
}

size_t
chosen_node(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (snapshot->node[i].in_promote_list == TRI_YES) {
            return i;
        }
    }
    return NODES_MAX;
}

bool
has_come_back(const struct node *node)
{
    return node->member.online == TRI_YES && node->member.probed == TRI_NO
           && node->was_out == TRI_YES;
}

bool
lacks_pacemaker(const struct node *node)
{
    return node->member.corosync == TRI_YES
           && node->member.controller == TRI_NO;
}

bool
is_joining(const struct node *node)
{
    return node->member.corosync == TRI_YES && node->member.online == TRI_NO
           && !node_is_out(node);
}

/*
 * A node that is not in node_list (any more) may never have been probed; as
 * long as it may lead by its record, it has to be.
 */
static bool
role_is_asked_for(const struct snapshot *snapshot, size_t node)
{
    return node < snapshot->node_count
           || !is_released(&snapshot->node[node].record.data_status);
}

enum tri
other_promoted(const struct snapshot *snapshot, size_t *ret_node)
{
    enum tri answer = TRI_NO;

    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        const struct node *node = &snapshot->node[i];

        if (i == snapshot->self || has_come_back(node)
            || (node->member.online == TRI_NO && !is_joining(node))) {
            continue;
        }
        if (node->member.online == TRI_YES
            && node->member.role == ROLE_PROMOTED) {
            *ret_node = i;
            return TRI_YES;
        }
        if (node->member.online == TRI_UNKNOWN
            || ((is_joining(node) || node->member.role == ROLE_UNKNOWN)
                && role_is_asked_for(snapshot, i))) {
            answer = TRI_UNKNOWN;
            *ret_node = i;
        }
    }
    return answer;
}

bool
is_released(const struct attr *data)
{
    return data->known != ATTR_UNKNOWN && !attr_is(data, DATA_SYNC)
           && !attr_is(data, DATA_QUORUM) && !attr_is(data, DATA_LATEST);
}

/*
 * With fencing off nothing proves a lost node down; what shows that another may
 * lead still counts. Of two nodes both have quorum, or none is asked for.
 */
static bool
another_may_lead(const struct snapshot *snapshot, size_t node)
{
    const struct node *peer = &snapshot->node[node];

    return (peer->member.online == TRI_NO && peer->copy_answered == TRI_YES)
           || (snapshot->node_count > 2
               && snapshot->cluster.have_quorum != TRI_YES);
}

bool
may_still_act(const struct snapshot *snapshot, size_t node)
{
    const struct node *peer = &snapshot->node[node];

    if (peer->member.online == TRI_UNKNOWN
        || snapshot->cluster.maintenance != TRI_NO) {
        return true;
    }
    if (snapshot->cluster.fencing == TRI_NO) {
        return another_may_lead(snapshot, node);
    }
    return snapshot->cluster.have_quorum != TRI_YES || !half_is_online(snapshot)
           || (peer->member.online == TRI_NO && !node_is_out(peer));
}

bool
is_down(const struct snapshot *snapshot, size_t node)
{
    return snapshot->node[node].member.online == TRI_NO
           && !may_still_act(snapshot, node);
}

bool
counts_as_down(const struct snapshot *snapshot, size_t node)
{
    if (snapshot->cluster.fencing == TRI_NO) {
        return snapshot->node[node].member.online == TRI_NO
               && !is_joining(&snapshot->node[node])
               && snapshot->cluster.maintenance == TRI_NO;
    }
    return is_down(snapshot, node);
}

bool
has_streamed(const struct attr *data_status)
{
    return data_status->known == ATTR_SET
           && strncmp(data_status->value, "STREAMING|", 10) == 0;
}

size_t
nodes_online(const struct snapshot *snapshot)
{
    size_t online = 0;

    for (size_t i = 0; i < snapshot->node_count; i++) {
        online += i == snapshot->self
                  || snapshot->node[i].member.online == TRI_YES;
    }
    return online;
}

bool
half_is_online(const struct snapshot *snapshot)
{
    return nodes_online(snapshot) * 2 >= snapshot->node_count;
}

bool
is_live(const struct snapshot *snapshot, size_t index)
{
    const struct node *node = &snapshot->node[index];

    if (index == snapshot->self) {
        return snapshot->action != ACTION_START;
    }
    return node->member.online == TRI_YES
           && (node->member.role == ROLE_STARTED
               || node->member.role == ROLE_PROMOTED
               || node->member.starting == TRI_YES);
}

bool
is_ranked(const struct node *node)
{
    return attr_is(&node->attrs.score, SCORE_CANDIDATE)
           || attr_is(&node->attrs.score, SCORE_PROMOTED);
}

bool
old_primary_is_over(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        const struct node *node = &snapshot->node[i];

        if (i != snapshot->self
            && attr_is(&node->record.data_status, DATA_LATEST)
            && !counts_as_down(snapshot, i) && !has_come_back(node)
            && (node->member.online != TRI_YES
                || node->member.role == ROLE_PROMOTED
                || node->member.role == ROLE_UNKNOWN)) {
            return false;
        }
    }
    return true;
}

bool
is_unproved(const struct snapshot *snapshot, size_t node)
{
    return node < snapshot->node_count
           && snapshot->node[node].attrs.unproved.known == ATTR_SET;
}

bool
someone_leads(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (i != snapshot->self
            && attr_is(&snapshot->node[i].attrs.status, "PRI")) {
            return true;
        }
    }
    return false;
}
