/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who sends to the clients' address where it is not: refused, not swallowed. */

#include "refusal_duty.h"

#include "peers.h"

/* What could not be made is tried again after this; a start always tries. */
#define TRY_AGAIN_MS 600000u

/*
 * A stopped node goes on refusing for so long where another is to lead: while
 * the address moves. A second is enough on a healthy cluster.
 */
#define LINGER_S 60

static bool
may_try(const struct snapshot *snapshot)
{
    return snapshot->action == ACTION_START
           || snapshot->refusal.failed_ms == 0
           || snapshot->refusal.failed_ms >= TRY_AGAIN_MS;
}

/* A table that could not be looked for is made once, and says why not. */
static bool
is_to_be_made(const struct snapshot *snapshot)
{
    switch (snapshot->refusal.state) {
        case REFUSAL_GONE:
        case REFUSAL_OTHER:
            return true;
        case REFUSAL_UNKNOWN:
            return snapshot->action == ACTION_START;
        case REFUSAL_SET:
            break;
    }
    return false;
}

static bool
is_there(const struct snapshot *snapshot)
{
    return snapshot->refusal.state == REFUSAL_OTHER
           || snapshot->refusal.state == REFUSAL_SET;
}

/* A monitor has its verdict by now, whatever comes of this. */
static void
want(const struct snapshot *snapshot, struct plan *plan, enum op_kind kind,
     int32_t number)
{
    if (snapshot->action == ACTION_MONITOR) {
        plan_fallback(plan, plan->code, "%s", "");
    }
    plan_add_number(plan, kind, OP_BEST_EFFORT, number);
}

/* With a parameter that is wrong it is not known which table is wanted (P5). */
static void
keep(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->settings.problem != OCF_SUCCESS || !may_try(snapshot)) {
        return;
    }
    if (!snapshot->settings.refuses) {
        if (is_there(snapshot)) {
            want(snapshot, plan, OP_DROP_REFUSAL, 0);
        }
    } else if (is_to_be_made(snapshot)) {
        want(snapshot, plan, OP_CREATE_REFUSAL, 0);
    }
}

/*
 * The start that follows looks after it. Where another node is to lead, this
 * one had the address until now, or has been its neighbour: the table empties
 * itself when that is over, for nothing of ours runs here then.
 */
static void
leave(const struct snapshot *snapshot, struct plan *plan)
{
    size_t leader = chosen_node(snapshot);

    if (!is_there(snapshot) || self_node(snapshot)->in_start_list == TRI_YES) {
        return;
    }
    if (snapshot->settings.refuses
        && snapshot->settings.problem == OCF_SUCCESS
        && leader != NODES_MAX && leader != snapshot->self) {
        want(snapshot, plan, OP_CREATE_REFUSAL, LINGER_S);
    } else {
        want(snapshot, plan, OP_DROP_REFUSAL, 0);
    }
}

void
refusal_duty(const struct snapshot *snapshot, struct plan *plan)
{
    if (plan->verdict != VERDICT_EXIT) {
        return;
    }
    if (snapshot->action == ACTION_STOP) {
        if (plan->code == OCF_SUCCESS) {
            leave(snapshot, plan);
        }
    } else if (snapshot->action == ACTION_START
               || snapshot->action == ACTION_MONITOR) {
        if (plan->code == OCF_SUCCESS
            || plan->code == OCF_RUNNING_PROMOTED) {
            keep(snapshot, plan);
        } else if (snapshot->probe == TRI_YES
                   && plan->code == OCF_NOT_RUNNING && is_there(snapshot)) {
            want(snapshot, plan, OP_DROP_REFUSAL, 0);
        }
    }
}
