/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is what this primary sees of the cluster what the others see (P2, P3)? */

#include "view.h"

#include <string.h>
#include <syslog.h>

#include "peers.h"
#include "want.h"

/* Copies that differ, or are not answered, are read again for so long. */
#define AGREE_WAIT_MS 1500u

enum opinion {
    OPINION_UNASKED = 0,
    OPINION_SILENT,
    OPINION_DIFFERS,    /* one of the two is late */
    OPINION_REFUTES,    /* another was promoted since */
    OPINION_AGREES,
};

static bool
same_value(const struct attr *one, const struct attr *other)
{
    return one->known == other->known
           && (one->known != ATTR_SET
               || strcmp(one->value, other->value) == 0);
}

/* The copies on all nodes take each write in the same order. */
static enum opinion
opinion_of(const struct snapshot *snapshot, size_t node)
{
    const struct node *peer = &snapshot->node[node];

    if (peer->copy_answered == TRI_UNKNOWN) {
        return OPINION_UNASKED;
    }
    if (peer->copy_answered == TRI_NO) {
        return peer->member.online == TRI_NO ? OPINION_AGREES : OPINION_SILENT;
    }
    if (same_value(&peer->copy, &peer->record.data_status)
        && same_value(&peer->copy_self,
                      &self_node(snapshot)->record.data_status)) {
        return OPINION_AGREES;
    }
    return attr_is(&peer->copy_self, DATA_DISCONNECT)
           || (attr_is(&peer->copy, DATA_LATEST)
               && !attr_is(&peer->record.data_status, DATA_LATEST))
           ? OPINION_REFUTES : OPINION_DIFFERS;
}

static bool
is_written_about(const struct plan *plan, size_t before, size_t node)
{
    for (size_t i = before; i < plan->count; i++) {
        const struct op *op = &plan->op[i];

        if (op->node == node
            && (op->kind == OP_SET_DATA_STATUS
                || op->kind == OP_SET_DATA_QUORUM
                || op->kind == OP_SET_SCORE || op->kind == OP_SET_STATUS)) {
            return true;
        }
    }
    return false;
}

/* A node that was proved down has no opinion. */
static bool
has_a_say(const struct snapshot *snapshot, size_t node)
{
    return node != snapshot->self
           && (snapshot->node[node].member.online != TRI_NO
               || snapshot->cluster.fencing != TRI_YES);
}

/* Of those that have a say: the one that counts most. */
static size_t
worst_of(const struct snapshot *snapshot, const bool *asked)
{
    size_t worst = NODES_MAX;

    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        if (asked[i] && opinion_of(snapshot, i) != OPINION_AGREES
            && (worst == NODES_MAX
                || opinion_of(snapshot, i) == OPINION_REFUTES)) {
            worst = i;
        }
    }
    return worst;
}

static void
ask(const struct snapshot *snapshot, struct plan *plan, const bool *asked)
{
    bool again = false;

    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        enum opinion opinion = opinion_of(snapshot, i);

        if (asked[i] && opinion != OPINION_AGREES) {
            plan_add(plan, OP_READ_COPY, OP_BEST_EFFORT, i, NULL);
            again |= opinion != OPINION_UNASKED;
        }
    }
    plan_again(plan, again ? poll_ms(snapshot) : 0, 0, 0);
}

bool
view_is_shared(const struct snapshot *snapshot, struct plan *plan,
               size_t before, enum ocf_code code)
{
    const struct done *read = &snapshot->done[OP_READ_COPY];
    bool asked[NODES_MAX] = { false };
    size_t worst;

    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        asked[i] = has_a_say(snapshot, i)
                   && is_written_about(plan, before, i);
    }
    worst = worst_of(snapshot, asked);
    if (worst == NODES_MAX) {
        return true;
    }
    plan->count = before;
    if (opinion_of(snapshot, worst) == OPINION_REFUTES) {
        /*
         * This copy follows within a moment, and with it the failure: one that
         * is reported while the cluster takes this node in again makes it
         * wait for the action's time and a minute (tried).
         */
        plan_log_once(plan, LOG_ERR, "another node was promoted while this "
                      "primary was out of touch, by the record in the copy "
                      "of '%s': the standbys were left as they are",
                      snapshot->node[worst].name);
        plan_exit(plan, code);
        return false;
    }
    if (snapshot->left_ms <= LAST_CALL_MS
        || (opinion_of(snapshot, worst) != OPINION_UNASKED
            && snapshot->elapsed_ms >= read->first_ms + AGREE_WAIT_MS)) {
        plan_log_once(plan, LOG_WARNING, "the standbys were left as they are "
                      "until the next monitor: '%s' does not confirm the "
                      "record", snapshot->node[worst].name);
        plan_exit(plan, code);
        return false;
    }
    ask(snapshot, plan, asked);
    return false;
}
