/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who leads, and who could take over, by a look that is no action's. */

#include "takeover.h"

#include "identifier.h"
#include "may_lead.h"
#include "peers.h"
#include "quorum.h"

enum role
takeover_role(const struct node *node)
{
    const struct attr *data = &node->record.data_status;

    if (node->member.role != ROLE_UNKNOWN || node->member.probed != TRI_NO) {
        return node->member.role;
    }
    if (attr_is(data, DATA_LATEST)
        && attr_is(&node->member.cib_score, SCORE_PROMOTED)) {
        return ROLE_PROMOTED;
    }
    return has_streamed(data) ? ROLE_STARTED : ROLE_UNKNOWN;
}

size_t
takeover_leader(const struct snapshot *snapshot)
{
    size_t leader = NODES_MAX;

    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        const struct node *node = &snapshot->node[i];

        /* a dead node's history stays */
        if (node->member.online != TRI_YES
            || takeover_role(node) != ROLE_PROMOTED) {
            continue;
        }
        if (leader != NODES_MAX) {
            return NODES_MAX;
        }
        leader = i;
    }
    return leader;
}

enum lead_rule
takeover_rule_now(const struct snapshot *snapshot, size_t node)
{
    bool gone = snapshot->process.state == PROCESS_GONE
                || snapshot->process.state == PROCESS_ORPHANS;

    return node == snapshot->self && gone ? LEAD_NOT_LIVE
                                          : may_lead(snapshot, node);
}

/* Would so many show their positions that one of them has every commit? */
static enum lead_rule
by_members(const struct snapshot *snapshot, size_t node)
{
    struct quorum quorum;
    uint32_t there = 0;

    if (read_quorum(&snapshot->node[node].record.quorum, &quorum) != 0) {
        return LEAD_QUORUM_UNREAD;
    }
    for (size_t i = 0; i < snapshot->node_count; i++) {
        there += takes_part(snapshot, i)
                 && attr_is(&snapshot->node[i].record.data_status,
                            DATA_QUORUM);
    }
    return quorum.n == 0 || there + quorum.n <= quorum.of
           ? LEAD_QUORUM_TOO_FEW : LEAD_QUORUM;
}

enum lead_rule
takeover_rule(const struct snapshot *snapshot, size_t node)
{
    enum lead_rule rule = takeover_rule_now(snapshot, node);

    if (rule != LEAD_NO_POSITION || takeover_leader(snapshot) == NODES_MAX) {
        return rule;
    }
    return attr_is(&snapshot->node[node].record.data_status, DATA_QUORUM)
           && snapshot->settings.rep_mode == REP_MODE_SYNC
           && !is_foreign(snapshot, node)
           ? by_members(snapshot, node) : lead_by_record(snapshot, node);
}
