/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of an action's looks is worth keeping. */

#include "notable.h"

#include <string.h>

#include "names.h"
#include "peers.h"

const char *
notable_ring_name(enum flight_ring ring)
{
#define NAME_ROW(symbol, word) word,
    static const char *const names[] = { FLIGHT_RING_LIST(NAME_ROW) NULL };
#undef NAME_ROW

    return names_name(names, ring);
}

/* Its first operation of a kind; NULL: it has none. */
static const struct op *
find_op(const struct plan *plan, enum op_kind kind)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->op[i].kind == kind) {
            return &plan->op[i];
        }
    }
    return NULL;
}

/* Does a running primary's plan make a standby one that may not lead? */
static bool
is_release(const struct snapshot *snapshot, const struct op *op)
{
    struct attr wanted = { .known = ATTR_SET };

    if (op->kind != OP_SET_DATA_STATUS || op->node == snapshot->self
        || snapshot->action == ACTION_PROMOTE
        || text_copy(op->value, wanted.value, sizeof(wanted.value)) != 0) {
        return false;
    }
    return snapshot->node[op->node].record.data_status.known == ATTR_SET
           && !is_released(&snapshot->node[op->node].record.data_status)
           && is_released(&wanted);
}

static bool
releases(const struct snapshot *snapshot, const struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (is_release(snapshot, &plan->op[i])) {
            return true;
        }
    }
    return false;
}

static bool
moves_rejoin(const struct plan *plan)
{
    return find_op(plan, OP_MARK_REJOIN) != NULL
           || find_op(plan, OP_UNMARK_REJOIN) != NULL
           || find_op(plan, OP_GIVE_UP_REJOIN) != NULL;
}

/* The death is told of by either, and by the other later. */
static bool
tells_of_death(const struct snapshot *snapshot, const struct plan *plan)
{
    return (find_op(plan, OP_HAND_OVER) != NULL
            && snapshot->done[OP_HAND_OVER].times == 0)
           || (find_op(plan, OP_REPORT) != NULL
               && snapshot->done[OP_REPORT].times == 0);
}

/* Whoever only asks is told on the spot; a probe tells what there is. */
static bool
is_failure(const struct snapshot *snapshot, const struct plan *plan)
{
    return plan->verdict == VERDICT_EXIT && plan->reason[0] != '\0'
           && plan->code != OCF_SUCCESS && plan->code != OCF_RUNNING_PROMOTED
           && snapshot->action != ACTION_VALIDATE
           && snapshot->action != ACTION_STATUS
           && (snapshot->probe != TRI_YES || plan->code != OCF_NOT_RUNNING);
}

enum flight_ring
notable_ring(const struct snapshot *snapshot, const struct plan *plan)
{
    if (snapshot->action == ACTION_PROMOTE) {
        return FLIGHT_PROMOTE;
    }
    if (snapshot->action == ACTION_DEMOTE) {
        return FLIGHT_DEMOTE;
    }
    if (snapshot->action == ACTION_REJOIN || moves_rejoin(plan)) {
        return FLIGHT_REJOIN;
    }
    if (releases(snapshot, plan)) {
        return FLIGHT_RELEASE;
    }
    return tells_of_death(snapshot, plan) || is_failure(snapshot, plan)
           ? FLIGHT_FAILURE : FLIGHT_NONE;
}

/* The events of one look, as they are put together. */
struct events {
    const struct snapshot *snapshot;
    struct event *event;
    size_t count;
};

/* One more, of a node; the reason ends with the last word that fits. */
static struct event *
add(struct events *events, enum event_kind kind, size_t node,
    const char *reason)
{
    struct event *event = &events->event[events->count++];
    struct text text;

    memset(event, 0, sizeof(*event));
    event->kind = kind;
    if (node < NODES_MAX) {
        memcpy(event->node, events->snapshot->node[node].name,
               sizeof(event->node));
    }
    text_init(&text, event->reason, sizeof(event->reason));
    text_add_words(&text, reason);
    return event;
}

static void
add_rule(struct event *event, const struct plan *plan)
{
    if (plan->rule != NULL) {
        (void) text_copy(plan->rule, event->rule, sizeof(event->rule));
    }
}

/* Who led last, by the record as the promotion finds it. */
static size_t
former_primary(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        if (i != snapshot->self
            && attr_is(&snapshot->node[i].record.data_status, DATA_LATEST)) {
            return i;
        }
    }
    return NODES_MAX;
}

/* The promotion begins: the record is about to be written. */
static void
add_beginning(const struct plan *plan, struct events *events)
{
    const struct snapshot *snapshot = events->snapshot;
    size_t former = former_primary(snapshot);
    char words[EVENT_REASON_SIZE];
    struct event *event;
    struct text text;
    bool clean;

    if (former == NODES_MAX) {
        event = add(events, EVENT_TAKES_LEAD, snapshot->self,
                    "no other node is recorded as the last primary");
    } else {
        clean = snapshot->node[former].attrs.shutdown.known == ATTR_SET;
        text_init(&text, words, sizeof(words));
        text_add(&text, "from %s, which %s", snapshot->node[former].name,
                 clean ? "shut down cleanly"
                 : snapshot->node[former].member.online == TRI_YES
                 ? "is online and did not shut down cleanly"
                 : "is not online");
        event = add(events, clean ? EVENT_SWITCHOVER : EVENT_FAILOVER,
                    snapshot->self, words);
    }
    event->since_ms = snapshot->server.alone_ms;
    event->position = snapshot->server.position;
    add_rule(event, plan);
}

static void
add_of_promotion(const struct plan *plan, struct events *events)
{
    const struct snapshot *snapshot = events->snapshot;
    bool began = snapshot->done[OP_CREATE_LOCK].times > 0;
    struct event *event;

    if (!began && find_op(plan, OP_CREATE_LOCK) != NULL) {
        add_beginning(plan, events);
    }
    if (plan->verdict != VERDICT_EXIT) {
        return;
    }
    if (plan->code != OCF_SUCCESS) {
        event = add(events, EVENT_REFUSED, snapshot->self, plan->reason);
    } else if (began) {
        event = add(events, EVENT_PROMOTED, snapshot->self, "");
    } else {
        return;     /* it was a primary already */
    }
    event->position = snapshot->server.position;
    add_rule(event, plan);
}

static bool
ended_server(const struct snapshot *snapshot)
{
    return snapshot->done[OP_STOP_FAST].times > 0
           || snapshot->done[OP_STOP_IMMEDIATE].times > 0
           || snapshot->done[OP_KILL_ALL].times > 0;
}

static void
add_of_demotion(const struct plan *plan, struct events *events)
{
    const struct snapshot *snapshot = events->snapshot;

    if (plan->verdict == VERDICT_EXIT && plan->code == OCF_SUCCESS
        && ended_server(snapshot)) {
        add(events, EVENT_DEMOTED, snapshot->self, "")->position
            = snapshot->control.checkpoint;
    }
}

static void
add_of_rejoin(const struct plan *plan, struct events *events)
{
    const struct snapshot *snapshot = events->snapshot;
    const struct op *mark = find_op(plan, OP_MARK_REJOIN);
    const struct op *end = find_op(plan, OP_GIVE_UP_REJOIN);

    if (mark != NULL && mark->number == REJOIN_BEGUN) {
        add(events, EVENT_REJOIN, snapshot->self, "")->position
            = snapshot->rejoin.fork;
    }
    if (end != NULL && end->number == REJOIN_GIVEN_UP) {
        (void) add(events, EVENT_GIVEN_UP, snapshot->self, end->value);
    }
    if (find_op(plan, OP_UNMARK_REJOIN) != NULL
        && plan->verdict == VERDICT_EXIT && plan->code == OCF_SUCCESS) {
        add(events, EVENT_REJOINED, snapshot->self, "")->position
            = snapshot->server.position;
    }
}

static void
add_releases(const struct plan *plan, struct events *events)
{
    const struct snapshot *snapshot = events->snapshot;

    for (size_t i = 0; i < plan->count
                       && events->count < NOTABLE_EVENTS_MAX - 1; i++) {
        const struct op *op = &plan->op[i];
        char words[EVENT_REASON_SIZE];
        struct text text;

        if (is_release(snapshot, op)) {
            text_init(&text, words, sizeof(words));
            text_add(&text, "data-status %s becomes %s",
                     snapshot->node[op->node].record.data_status.value,
                     op->value[0] != '\0' ? op->value : "unset");
            add(events, EVENT_RELEASED, op->node, words)->position
                = snapshot->server.position;
        }
    }
}

/* What the cluster does with another node's primary; the first look tells. */
static void
add_of_notify(struct events *events)
{
    const struct snapshot *snapshot = events->snapshot;

    for (size_t i = 0; i < snapshot->node_count; i++) {
        const struct node *node = &snapshot->node[i];

        if (i == snapshot->self) {
            continue;
        }
        if (snapshot->notify == NOTIFY_PRE_DEMOTE
            && node->in_demote_list == TRI_YES) {
            (void) add(events, EVENT_PRIMARY_ENDS, i, "");
            return;
        }
        if (snapshot->notify == NOTIFY_POST_PROMOTE
            && node->in_promote_list == TRI_YES) {
            (void) add(events, EVENT_LEADS, i, "");
            return;
        }
    }
}

static void
add_failure(const struct plan *plan, struct events *events)
{
    char words[EVENT_REASON_SIZE];
    struct event *event;
    struct text text;

    text_init(&text, words, sizeof(words));
    text_add(&text, "%s: ", action_name(events->snapshot->action));
    text_add_words(&text, plan->reason);
    event = add(events, EVENT_FAILED, events->snapshot->self, words);
    add_rule(event, plan);
}

size_t
notable_events(const struct snapshot *snapshot, const struct plan *plan,
               struct event ret_events[NOTABLE_EVENTS_MAX])
{
    struct events events = { .snapshot = snapshot, .event = ret_events };

    if (snapshot->action == ACTION_PROMOTE) {
        add_of_promotion(plan, &events);
        return events.count;
    }
    if (snapshot->action == ACTION_DEMOTE) {
        add_of_demotion(plan, &events);
    }
    if (snapshot->action == ACTION_NOTIFY) {
        add_of_notify(&events);
    }
    if (tells_of_death(snapshot, plan)) {
        (void) add(&events, EVENT_DIED, snapshot->self, "");
    }
    if (is_failure(snapshot, plan)) {
        add_failure(plan, &events);
    }
    add_of_rejoin(plan, &events);
    add_releases(plan, &events);
    return events.count;
}
