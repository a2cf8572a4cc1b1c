/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a plan asks for, and what it is to change. */

#include "want.h"

#include <syslog.h>

#include "peers.h"

/* A daemon that was killed is back within a second; each look is logged. */
#define SILENT_LOOK_MS 500u

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

        members |= node->member.online != TRI_UNKNOWN;
        record |= node->record.data_status.known != ATTR_UNKNOWN;
        attrs |= node->attrs.score.known != ATTR_UNKNOWN;
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
    if (node != snapshot->self
        && snapshot->node[node].member.online == TRI_NO) {
        return;
    }
    plan_add(plan, kind, need, node, value);
}

void
want_data_status(const struct snapshot *snapshot, struct plan *plan,
                 enum op_need need, size_t node, const char *value)
{
    if (node < snapshot_total(snapshot)
        && !attr_is(&snapshot->node[node].record.data_status, value)) {
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
    if (self_node(snapshot)->attrs.slots.known == ATTR_SET) {
        plan_add(plan, OP_SET_SLOTS, OP_BEST_EFFORT, self, "");
    }
    want_no_why(snapshot, plan);
}

void
want_no_why(const struct snapshot *snapshot, struct plan *plan)
{
    if (self_node(snapshot)->attrs.why.known == ATTR_SET) {
        plan_add(plan, OP_SET_WHY, OP_BEST_EFFORT, snapshot->self, "");
    }
}

void
want_why(const struct snapshot *snapshot, struct plan *plan, const char *why)
{
    if (why[0] == '\0') {
        want_no_why(snapshot, plan);
        return;
    }
    want_attr(snapshot, plan, OP_SET_WHY, OP_BEST_EFFORT, snapshot->self,
              why);
}
