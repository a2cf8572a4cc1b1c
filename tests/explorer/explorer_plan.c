/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What decide() makes of a view: a small plan, decided once. I4. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explorer.h"
#include "peers.h"

#define PLANS_MAX 60000
#define VIEWS_BITS 20
#define VIEWS_MAX (1u << VIEWS_BITS)    /* then they are forgotten */

static struct e_plan plans[PLANS_MAX];
static size_t plan_count = 1;   /* 0: no plan */
static struct e_view *views;
static uint16_t *view_plans;
static size_t view_count;
static const char *blame;

const struct e_plan *
e_plan(uint16_t plan)
{
    return &plans[plan];
}

size_t
e_view_count(void)
{
    return view_count;
}

const char *
e_view_blame(void)
{
    return blame;
}

/* What the model makes of each operation. */
#define MODEL_ATTR(X, symbol, field, word, prefix, suffix, spread, reader) \
    [OP_SET_##symbol] = (reader) == ATTR_FOR_AGENTS ? E_FOLLOWED : E_LEFT_OUT,
static const uint8_t models[OP_COUNT] = {
    ATTR_LIST(MODEL_ATTR, )
    [OP_NONE] = E_LEFT_OUT,
    [OP_LOG] = E_LEFT_OUT,
    [OP_LOG_ONCE] = E_LEFT_OUT,
    [OP_SET_DATA_STATUS] = E_FOLLOWED,
    [OP_SET_DATA_QUORUM] = E_FOLLOWED,
    [OP_RECORD_SYSTEM_ID] = E_NEVER,    /* all have one database */
    [OP_RECORD_NAME_KEY] = E_NEVER,     /* and a key */
    [OP_READ_COPY] = E_FOLLOWED,
    [OP_PREPARE] = E_LEFT_OUT,
    [OP_WRITE_CONFIG] = E_LEFT_OUT,
    [OP_WRITE_SYNC_NAMES] = E_FOLLOWED,
    [OP_WRITE_STANDBY] = E_FOLLOWED,
    [OP_REMOVE_STANDBY] = E_FOLLOWED,
    [OP_CREATE_LOCK] = E_FOLLOWED,
    [OP_REMOVE_LOCK] = E_FOLLOWED,
    [OP_REMOVE_BACKUP_LABEL] = E_LEFT_OUT,
    [OP_TAIL_SERVER_LOG] = E_FOLLOWED,  /* by a worker, see add_op() */
    [OP_START_SERVER] = E_FOLLOWED,
    [OP_STOP_FAST] = E_FOLLOWED,
    [OP_STOP_IMMEDIATE] = E_FOLLOWED,
    [OP_KILL_ALL] = E_FOLLOWED,
    [OP_RELOAD] = E_FOLLOWED,
    [OP_PROMOTE_SERVER] = E_FOLLOWED,
    [OP_END_NEWCOMERS] = E_LEFT_OUT,
    [OP_NOTE_ALONE] = E_LEFT_OUT,       /* its shutdown is one step, */
    [OP_NOTE_WRITTEN] = E_LEFT_OUT,
    [OP_END_HOLDER] = E_LEFT_OUT,
    [OP_END_COMMAND] = E_LEFT_OUT,
    [OP_KILL_COMMAND] = E_LEFT_OUT,
    [OP_END_RESTORE] = E_LEFT_OUT,      /* and so is a promotion */
    [OP_END_RECEIVER] = E_FOLLOWED,
    [OP_END_SENDERS] = E_FOLLOWED,
    [OP_END_SESSIONS] = E_FOLLOWED,
    [OP_BEGIN_RESTART] = E_FOLLOWED,
    [OP_END_RESTART] = E_FOLLOWED,
    [OP_SWITCH_WAL] = E_FOLLOWED,
    [OP_CREATE_SLOT] = E_LEFT_OUT,
    [OP_CREATE_EXTERNAL_SLOTS] = E_LEFT_OUT,
    [OP_DROP_SLOT] = E_LEFT_OUT,
    [OP_GIVE_UP_SLOT] = E_LEFT_OUT,
    [OP_DROP_OTHER_SLOT] = E_LEFT_OUT,
    [OP_ADVANCE_SLOTS] = E_LEFT_OUT,
    [OP_DROP_UNSYNCED_SLOTS] = E_LEFT_OUT,
    [OP_WRITE_SYNC_SLOTS] = E_LEFT_OUT,
    [OP_ASK_CHECKPOINT] = E_FOLLOWED,
    [OP_CHECKPOINT] = E_NEVER,          /* no pre-demote notify */
    [OP_TAKE_MARK] = E_FOLLOWED,
    [OP_WATCH] = E_NEVER,
    [OP_UNWATCH] = E_NEVER,
    [OP_NOTE_LEAVING] = E_FOLLOWED,
    [OP_NOTE_CALM] = E_LEFT_OUT,        /* the model looks at all each time */
    [OP_CREATE_REFUSAL] = E_NEVER,
    [OP_DROP_REFUSAL] = E_NEVER,
    [OP_HAND_OVER] = E_NEVER,
    [OP_MARK_REJOIN] = E_FOLLOWED,
    [OP_GIVE_UP_REJOIN] = E_FOLLOWED,
    [OP_UNMARK_REJOIN] = E_FOLLOWED,
    [OP_BEGIN_REJOIN] = E_FOLLOWED,
    [OP_END_REJOIN] = E_FOLLOWED,
    [OP_KEEP_WAL] = E_FOLLOWED,         /* that it was done is looked at */
    [OP_PROVE_SOURCE] = E_FOLLOWED,
    [OP_CHECK_REWIND] = E_FOLLOWED,
    [OP_REWIND] = E_FOLLOWED,
    [OP_REBUILD] = E_FOLLOWED,
    [OP_SWAP_DATA] = E_FOLLOWED,
    [OP_END_RECOVERY] = E_NEVER,        /* checkpoints are not modelled */
    [OP_PRUNE_KEPT] = E_NEVER,
    [OP_REPORT] = E_NEVER,
};
#undef MODEL_ATTR

enum op_kind
e_op_without_model(void)
{
    for (unsigned kind = 0; kind < OP_COUNT; kind++) {
        if (models[kind] == E_NOT_SAID) {
            return (enum op_kind) kind;
        }
    }
    return OP_COUNT;
}

/* Of a status only these words are asked for. */
static const char *
status_of(const char *value)
{
    return value[0] == '\0' || strcmp(value, "PRI") == 0
           || strcmp(value, STATUS_REJOIN) == 0
           || strcmp(value, "STOP") == 0 ? value : "HS:alone";
}

/* The value as far as somebody asks for it. */
static const char *
value_of(const struct op *op)
{
    switch ((int) op->kind) {
        case OP_SET_STATUS:
            return status_of(op->value);
        case OP_SET_REJOIN:
            return op->value[0] == '\0' || strcmp(op->value, REJOIN_WAITS) == 0
                   ? op->value : "works";
        case OP_MARK_REJOIN:
        case OP_GIVE_UP_REJOIN:
            return "";
        default:
            return op->value;
    }
}

/* Behind the fork. */
static uint8_t
timeline_of(const char *value)
{
    const char *space = strchr(value, ' ');

    return space != NULL ? (uint8_t) strtoul(space, NULL, 10) : 0;
}

static bool
is_left_out(const struct e_view *view, const struct op *op)
{
    uint8_t value = op_sets_attr(op->kind) ? e_intern(value_of(op)) : 0;

    switch ((int) op->kind) {
        case OP_END_SENDERS:
            return !view->has_stale || view->defect == E_DEFECT_BEFORE;
        case OP_SET_STATUS:
            return view->peer[op->node].attr[ATTR_STATUS] == value;
        case OP_SET_REJOIN:
            return view->peer[op->node].attr[ATTR_REJOIN] == value;
        case OP_PROVE_SOURCE:
            return view->defect == E_DEFECT_SOURCE;
        case OP_TAIL_SERVER_LOG:
            return view->action != ACTION_REJOIN;
        default:
            return models[op->kind] == E_LEFT_OUT;
    }
}

static void
add_op(const struct e_view *view, struct e_plan *small, const struct op *op)
{
    struct e_op *one;

    if (is_left_out(view, op)) {
        return;
    }
    if (small->count == E_OPS) {
        e_blame("a plan of more operations than expected");
        return;
    }
    one = &small->op[small->count++];
    one->kind = (uint8_t) op->kind;
    one->need = (uint8_t) op->need;
    one->node = (uint8_t) op->node;
    one->value = e_intern(value_of(op));
    one->number = (uint8_t) op->number;
    if (op->kind == OP_MARK_REJOIN && op->number == REJOIN_BEGUN) {
        one->node = timeline_of(op->value);
    }
}

static void
shrink(const struct e_view *view, const struct plan *plan,
       struct e_plan *ret_small)
{
    memset(ret_small, 0, sizeof(*ret_small));
    ret_small->verdict = (uint8_t) plan->verdict;
    ret_small->code = (uint8_t) plan->code;
    for (size_t i = 0; i < plan->count; i++) {
        add_op(view, ret_small, &plan->op[i]);
    }
}

static uint16_t
intern_plan(const struct e_plan *small)
{
    for (size_t i = 1; i < plan_count; i++) {
        if (memcmp(&plans[i], small, sizeof(*small)) == 0) {
            return (uint16_t) i;
        }
    }
    if (plan_count == PLANS_MAX) {
        e_blame("too many plans");
        return 0;
    }
    plans[plan_count] = *small;
    return (uint16_t) plan_count++;
}

/* I4: the same view with something unlearnt. */
static void
forget(struct snapshot *snapshot, unsigned what)
{
    switch (what) {
        case 0:
            for (size_t i = 0; i < snapshot_total(snapshot); i++) {
                memset(&snapshot->node[i].record.data_status, 0,
                       sizeof(struct attr));
            }
            break;
        case 1:
            for (size_t i = 0; i < snapshot_total(snapshot); i++) {
                snapshot->node[i].member.online = TRI_UNKNOWN;
                snapshot->node[i].member.role = ROLE_UNKNOWN;
                snapshot->node[i].member.starting = TRI_UNKNOWN;
                snapshot->node[i].member.probed = TRI_UNKNOWN;
            }
            break;
        case 2:
            memset(&snapshot->server, 0, sizeof(snapshot->server));
            break;
        case 3:
            for (size_t i = 0; i < snapshot_total(snapshot); i++) {
                memset(&snapshot->node[i].record.quorum, 0,
                       sizeof(struct attr));
            }
            break;
        default:
            snapshot->cluster.have_quorum = TRI_UNKNOWN;
            snapshot->cluster.fencing = TRI_UNKNOWN;
            snapshot->cluster.maintenance = TRI_UNKNOWN;
            break;
    }
}

#define FORGETS 5u

static bool
drops_a_name(const struct snapshot *snapshot, uint8_t list)
{
    uint8_t before = e_intern(snapshot->server.sync_names);

    for (size_t i = 0; i < E_NODES; i++) {
        if (e_place(before, i) > 0 && e_place(list, i) == 0) {
            return true;
        }
    }
    return false;
}

/* Is its part in a quorum all that this node could lead by? */
static bool
leads_by_quorum(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        const struct node *node = &snapshot->node[i];

        if (i == snapshot->self
            ? !attr_is(&node->record.data_status, "STREAMING|QUORUM")
            : node->member.online == TRI_YES
              && (attr_is(&node->record.data_status, "STREAMING|SYNC")
                  || attr_is(&node->record.data_status, "LATEST"))) {
            return false;
        }
    }
    return true;
}

/* A standby that is stopped on purpose is released in any case. */
static bool
is_forbidden(const struct snapshot *snapshot, const struct plan *plan,
             unsigned what)
{
    bool leads = snapshot->server.in_recovery == TRI_NO
                 && (what == 0 || snapshot->notify != NOTIFY_PRE_STOP);

    for (size_t i = 0; i < plan->count; i++) {
        const struct op *op = &plan->op[i];

        if ((what < 3 || (what == 3 && leads_by_quorum(snapshot)))
            && (op->kind == OP_PROMOTE_SERVER
                || op->kind == OP_REMOVE_STANDBY
                || op->kind == OP_CREATE_LOCK)) {
            return true;
        }
        if (leads && what != 3 && op->kind == OP_WRITE_SYNC_NAMES
            && drops_a_name(snapshot, e_intern(op->value))) {
            return true;
        }
    }
    return false;
}

static void
check_unknowns(const struct e_view *view, struct snapshot *snapshot,
               struct plan *plan)
{
    for (unsigned what = 0; what < FORGETS && blame == NULL; what++) {
        e_view_snapshot(view, snapshot);
        forget(snapshot, what);
        decide(snapshot, plan);
        if (is_forbidden(snapshot, plan, what)) {
            blame = "I4: something UNKNOWN led to a promotion or a release";
        }
    }
}

static uint16_t
decide_anew(const struct e_view *view)
{
    static struct snapshot snapshot;
    static struct plan plan;
    struct e_plan small;

    e_view_snapshot(view, &snapshot);
    decide(&snapshot, &plan);
    shrink(view, &plan, &small);
    if (view->defect == E_NO_DEFECT) {
        check_unknowns(view, &snapshot, &plan);
    }
    return intern_plan(&small);
}

/* As text, so that it can become a stored case. */
static void
print_look(const struct e_view *view)
{
    static struct snapshot snapshot;
    static struct plan plan;
    static char buf[64 * 1024];
    struct text text;

    e_view_snapshot(view, &snapshot);
    decide(&snapshot, &plan);
    if (plan.count == 0) {
        return;
    }
    text_init(&text, buf, sizeof(buf));
    snapshot_dump(&snapshot, &text);
    text_add(&text, "# --- plan\n");
    plan_dump(&plan, &text);
    for (const char *line = buf; *line != '\0'; ) {
        size_t len = strcspn(line, "\n");

        printf("#        %.*s\n", (int) len, line);
        line += len + (line[len] == '\n');
    }
}

static bool tracing;

void
e_view_trace(bool on)
{
    tracing = on;
}

static size_t
hash_view(const struct e_view *view)
{
    const unsigned char *byte = (const unsigned char *) view;
    uint64_t hash = 14695981039346656037u;

    for (size_t i = 0; i < sizeof(*view); i++) {
        hash = (hash ^ byte[i]) * 1099511628211u;
    }
    return (size_t) (hash >> (64 - VIEWS_BITS));
}

uint16_t
e_view_decide(const struct e_view *view)
{
    size_t slot = hash_view(view);

    if (tracing) {
        print_look(view);
    }
    if (views == NULL) {
        views = calloc(VIEWS_MAX, sizeof(*views));
        view_plans = calloc(VIEWS_MAX, sizeof(*view_plans));
        if (views == NULL || view_plans == NULL) {
            abort();
        }
    }
    while (view_plans[slot] != 0) {
        if (memcmp(&views[slot], view, sizeof(*view)) == 0) {
            return view_plans[slot];
        }
        slot = (slot + 1) % VIEWS_MAX;
    }
    if (view_count > VIEWS_MAX / 4 * 3) {
        memset(view_plans, 0, VIEWS_MAX * sizeof(*view_plans));
        view_count = 0;
        slot = hash_view(view);
    }
    views[slot] = *view;
    view_plans[slot] = decide_anew(view);
    view_count++;
    return view_plans[slot];
}
