/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the subjects of the decision share. */

#include "decide_parts.h"

/* A daemon that was killed is back within a second; each look is logged. */
#define SILENT_LOOK_MS 500u

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

uint32_t
poll_ms(const struct snapshot *snapshot)
{
    return snapshot->elapsed_ms < 500 ? 5
           : snapshot->elapsed_ms < 2000 ? 20 : 60;
}

bool
have_facts(const struct snapshot *snapshot, uint32_t facts,
           struct plan *plan)
{
    uint32_t missing = facts & ~snapshot->facts;

    if (missing == 0) {
        return true;
    }
    plan_again(plan, 0, snapshot->facts | missing,
               snapshot->action == ACTION_MONITOR ? MONITOR_LOOK_MS : 0);
    return false;
}

/* Who said nothing of any node, or NULL. */
static const char *
silent_daemon(const struct snapshot *snapshot)
{
    bool members = false;
    bool record = false;
    bool attrs = false;

    for (size_t i = 0; i < snapshot->node_count; i++) {
        const struct node *node = &snapshot->node[i];

        members |= node->online != TRI_UNKNOWN;
        record |= node->data_status.known != ATTR_UNKNOWN;
        attrs |= node->score.known != ATTR_UNKNOWN;
    }
    if (members && record && attrs) {
        return NULL;
    }
    return attrs ? "pacemaker-based" : "pacemaker-attrd";
}

bool
cluster_is_silent(const struct snapshot *snapshot, struct plan *plan)
{
    const char *daemon = silent_daemon(snapshot);

    if (daemon == NULL || snapshot->node_count == 0) {
        return false;
    }
    if (snapshot->left_ms <= LAST_CALL_MS) {
        plan_exit_reason(plan, OCF_ERR_GENERIC,
                         "look for %s on this node and its lines in the "
                         "system log: it did not answer before the %s timed "
                         "out", daemon, action_name(snapshot->action));
        return true;
    }
    plan_again(plan, SILENT_LOOK_MS, snapshot->facts, 0);
    return true;
}

void
want_attr(const struct snapshot *snapshot, struct plan *plan,
          enum op_kind kind, enum op_need need, size_t node,
          const char *value)
{
    const struct attr *attr;

    if (node >= snapshot_total(snapshot)) {
        return;
    }
    attr = snapshot_attr(snapshot, node, kind);
    if (value[0] == '\0' ? attr->known == ATTR_UNSET : attr_is(attr, value)) {
        return;
    }
    if (node != snapshot->self && snapshot->node[node].online == TRI_NO) {
        return;
    }
    plan_add(plan, kind, need, node, value);
}

void
want_data_status(const struct snapshot *snapshot, struct plan *plan,
                 enum op_need need, size_t node, const char *value)
{
    if (node < snapshot_total(snapshot)
        && !attr_is(&snapshot->node[node].data_status, value)) {
        plan_add(plan, OP_SET_DATA_STATUS, need, node, value);
    }
}

void
want_stopped_attrs(const struct snapshot *snapshot, struct plan *plan)
{
    size_t self = snapshot->self;

    if (snapshot->settings.check_wal_receiver) {
        want_attr(snapshot, plan, OP_SET_RECEIVER, OP_BEST_EFFORT, self, "");
    }
    if (!rep_mode_is_replication(snapshot->settings.rep_mode)) {
        return;
    }
    want_attr(snapshot, plan, OP_SET_SCORE, OP_BEST_EFFORT, self,
              SCORE_NEVER);
    want_attr(snapshot, plan, OP_SET_STATUS, OP_BEST_EFFORT, self, "STOP");
    want_attr(snapshot, plan, OP_SET_XLOG_LOC, OP_BEST_EFFORT, self, "");
    want_attr(snapshot, plan, OP_SET_POSITION, OP_BEST_EFFORT, self, "");
    want_attr(snapshot, plan, OP_SET_BASELINE, OP_BEST_EFFORT, self, "");
    want_no_why(snapshot, plan);
}

/*
 * A node that is not in node_list (any more) may never have been probed; as
 * long as it may lead by its record, it has to be.
 */
static bool
role_is_asked_for(const struct snapshot *snapshot, size_t node)
{
    return node < snapshot->node_count
           || !is_released(&snapshot->node[node].data_status);
}

bool
lacks_pacemaker(const struct node *node)
{
    return node->member == TRI_YES && node->controller == TRI_NO;
}

bool
has_come_back(const struct node *node)
{
    return node->online == TRI_YES && node->probed == TRI_NO
           && node->was_out == TRI_YES;
}

enum tri
other_promoted(const struct snapshot *snapshot, size_t *ret_node)
{
    enum tri answer = TRI_NO;

    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        const struct node *node = &snapshot->node[i];

        if (i == snapshot->self || node->online == TRI_NO
            || has_come_back(node)) {
            continue;
        }
        if (node->online == TRI_YES && node->role == ROLE_PROMOTED) {
            *ret_node = i;
            return TRI_YES;
        }
        if (node->online == TRI_UNKNOWN
            || (node->role == ROLE_UNKNOWN
                && role_is_asked_for(snapshot, i))) {
            answer = TRI_UNKNOWN;
            *ret_node = i;
        }
    }
    return answer;
}
