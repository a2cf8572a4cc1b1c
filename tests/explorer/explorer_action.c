/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An action's looks and operations. */

#include <string.h>

#include "explorer.h"

static const char *blame;

const char *
e_step_blame(void)
{
    return blame;
}

void
e_blame_nobody(void)
{
    blame = NULL;
}

void
e_blame(const char *what)
{
    if (blame == NULL) {
        blame = what;
    }
}

/* --- the server ----------------------------------------------------------- */

/* Its sessions and its connections end with it. */
void
e_server_end(struct e_state *state, size_t i, enum e_server how)
{
    struct e_node *node = &state->node[i];

    node->server = (uint8_t) how;
    node->clean = 0;
    node->waiting = 0;
    node->checkpoint = 0;
    node->memory.here = 0;
    node->loaded = 0;
    node->flag = 0;
    node->upstream = E_NOBODY;
    node->streamed = 0;
    memset(node->list, 0, sizeof(node->list));
    memset(node->stale, 0, sizeof(node->stale));
    node->left = 0;
    for (size_t k = 0; k < E_NODES; k++) {
        if (state->node[k].upstream == i) {
            state->node[k].upstream = E_NOBODY;
        }
    }
}

static int
server_start(struct e_node *node)
{
    if (e_is_running(node)) {
        return -1;
    }
    if (node->torn) {
        e_blame("R1: a server was started on torn data");
    }
    node->loaded = node->file;
    node->clean = 0;
    node->server = node->signal ? E_STANDBY : E_PRIMARY;
    node->flag = node->server == E_PRIMARY && node->loaded != 0;
    return 0;
}

static int
server_promote(struct e_node *node)
{
    if (node->server != E_STANDBY && node->server != E_PROMOTING) {
        return -1;
    }
    node->server = E_PROMOTING;
    return 0;
}

/* I3: nobody's record may claim more than the list that comes will keep. */
static void
check_list(const struct e_node *node)
{
    unsigned listed = 0;

    for (size_t i = 0; i < E_NODES; i++) {
        listed += e_place(node->file, i) > 0;
    }
    for (size_t i = 0; i < E_NODES; i++) {
        const char *record = e_text(node->record[i]);
        bool in = e_place(node->file, i) > 0;
        bool sync = strcmp(record, "STREAMING|SYNC") == 0;
        bool quorum = strcmp(record, "STREAMING|QUORUM") == 0;

        if (e_place(node->loaded, i) > 0 && !in
            && (sync || quorum || strcmp(record, "LATEST") == 0)) {
            e_blame("I3: a standby was released before the record said so");
        }
        if (in && e_is_any(node->file)
            && (sync || (quorum
                         && (e_quorum_n(node->quorum[i])
                             > e_needed(node->file)
                             || e_quorum_of(node->quorum[i]) < listed)))) {
            e_blame("I3: a quorum grew before the record said so");
        }
    }
}

static int
server_reload(struct e_node *node)
{
    if (!e_is_running(node)) {
        return -1;
    }
    if (node->server == E_PRIMARY) {
        check_list(node);
    }
    node->loaded = node->file;
    return 0;
}

/* The shutdown checkpoint goes to whoever has all that is before it. */
static void
write_checkpoint(struct e_state *state, size_t i)
{
    uint8_t before = state->node[i].wal;

    if (state->records == E_RECORDS) {
        return;
    }
    for (size_t k = 0; k < E_NODES; k++) {
        struct e_node *other = &state->node[k];

        if (k == i || (other->upstream == i && other->wal == before)) {
            other->wal |= e_bit_of(state->records);
        }
    }
    state->records++;
}

static int
server_stop(struct e_state *state, size_t i, bool fast)
{
    if (fast && state->node[i].server == E_PRIMARY) {
        write_checkpoint(state, i);
    }
    if (e_is_running(&state->node[i])) {
        e_server_end(state, i, fast && state->node[i].server == E_PRIMARY
                               ? E_DOWN_CLEAN : E_DOWN);
    }
    return 0;
}

static uint8_t
position_of(const struct e_node *node)
{
    return (uint8_t) (1 + e_count(node->wal));
}

/* What is remembered is about the list and the postmaster that are there. */
static int
remember(struct e_node *node, uint8_t asked, uint8_t proven, uint8_t mark)
{
    if (asked == 0 || mark != 0) {
        node->checkpoint = 0;
    }
    node->memory = (struct e_memory) { .list = node->loaded, .here = 1,
                                       .asked = asked, .proven = proven,
                                       .mark = mark };
    return 0;
}

static int
ask_checkpoint(struct e_node *node)
{
    if (!e_is_running(node)) {
        return -1;
    }
    node->checkpoint = E_CHECKPOINT_DUE;
    return remember(node, position_of(node), 0, 0);
}

static int
take_mark(struct e_node *node)
{
    return e_is_running(node)
           ? remember(node, 0, 1, position_of(node)) : -1;
}

static int
write_sync_names(struct e_node *node, const struct e_op *op)
{
    node->file = op->value;
    node->memory = (struct e_memory) {
        .list = op->value, .here = e_is_running(node),
        .proven = op->number == 1 && node->loaded != 0,
    };
    return 0;
}

/* --- the cluster ---------------------------------------------------------- */

/*
 * A write stands behind all earlier ones, which every member has by then: only
 * the last one can be on its way when the network breaks. While a member does
 * not answer, the ring stands still.
 */
static int
write_record(const struct e_config *config, struct e_state *state, size_t i,
             const struct e_op *op)
{
    struct e_node *node = &state->node[i];
    const struct e_node *newest = node;
    uint8_t *entry = op->kind == OP_SET_DATA_QUORUM ? node->quorum
                                                    : node->record;

    node->action.copy[op->node] = 0;
    node->action.told[op->node] = 0;
    node->action.copy_quorum[op->node] = 0;
    if (!e_quorum(config, node)) {
        return -1;
    }
    for (size_t k = 0; k < config->nodes; k++) {
        if (e_bit(node->view, k)
            && state->node[k].version > newest->version) {
            newest = &state->node[k];
        }
    }
    for (size_t k = 0; k < config->nodes; k++) {
        if (e_bit(node->view, k) && &state->node[k] != newest) {
            e_copy_cib(newest, &state->node[k]);
        }
    }
    if (entry[op->node] != op->value) {
        entry[op->node] = op->value;
        node->version++;
    }
    return 0;
}

static int
write_attr(const struct e_config *config, struct e_state *state, size_t i,
           const struct e_op *op, enum attr_id attr)
{
    if (e_is_modelled(config, attr)
        && e_bit(e_reach(config, state, i), op->node)
        && e_bit(state->node[i].view, op->node)) {
        state->node[op->node].attr[attr] = op->value;
    }
    return 0;
}

/*
 * A standby that has told its past tells the present one: what is late in that
 * is of its past as well, and would only be more states.
 */
static int
tell_history(const struct e_config *config, struct e_state *state, size_t i,
             const struct e_op *op)
{
    struct e_op told = *op;

    if (strncmp(e_text(op->value), E_STANDBY_TOLD, strlen("standby ")) == 0) {
        told.value = e_intern(E_STANDBY_TOLD);
    }
    return write_attr(config, state, i, &told, ATTR_HISTORY);
}

static int
read_copy(const struct e_config *config, struct e_state *state, size_t i,
          size_t peer)
{
    struct e_node *node = &state->node[i];

    node->action.copy[peer] = E_SILENT;
    node->action.told[peer] = 0;
    node->action.copy_quorum[peer] = 0;
    if (!e_bit(node->view, peer) || !e_is_stable(config, state, i)) {
        return -1;
    }
    node->action.copy[peer] =
        (uint8_t) (1 + state->node[peer].record[peer]);
    node->action.copy_quorum[peer] = state->node[peer].quorum[peer];
    node->action.told[peer] = (uint8_t) (1 + state->node[peer].record[i]);
    return 0;
}

/*
 * I7: what the cluster knows to be stopped is not recorded as streaming. I8:
 * nor is what is to be stopped, from its release on.
 */
static void
check_belief(const struct e_state *state, size_t i, const struct e_op *op)
{
    const struct e_node *node = &state->node[i];
    uint8_t role = e_shown_role(state, i, op->node);

    if (node->server != E_PRIMARY
        || strncmp(e_text(op->value), "STREAMING|", 10) != 0) {
        return;
    }
    if (node->stale[op->node] != 0
        && (role == E_ROLE_STOPPED || role == E_ROLE_NONE)) {
        e_blame("I7: a dead WAL sender was believed");
    }
    if (e_bit(node->left, op->node)) {
        e_blame("I8: a standby was taken back before it stopped");
    }
}

/* A live one connects again, by a step of its own. */
static int
end_senders(struct e_state *state, size_t i, const struct e_op *op)
{
    struct e_node *node = &state->node[i];

    for (size_t k = 0; k < E_NODES; k++) {
        if (op->number != 0 && k != op->node) {
            continue;
        }
        if (node->stale[k] != 0) {
            node->stale[k] = 0;
            node->list[k] = 0;
        } else if (state->node[k].upstream == i) {
            node->list[k] = 0;
            state->node[k].upstream = E_NOBODY;
        }
    }
    return 0;
}

/* --- operations ----------------------------------------------------------- */

static int
run_server_op(struct e_state *state, size_t i, const struct e_op *op)
{
    struct e_node *node = &state->node[i];

    switch ((int) op->kind) {
        case OP_START_SERVER:
            return server_start(node);
        case OP_STOP_IMMEDIATE:
        case OP_KILL_ALL:
            return server_stop(state, i, false);
        case OP_RELOAD:
            return server_reload(node);
        case OP_PROMOTE_SERVER:
            return server_promote(node);
        case OP_TAKE_MARK:
            return take_mark(node);
        case OP_ASK_CHECKPOINT:
            return ask_checkpoint(node);
        case OP_END_RECEIVER:
            node->upstream = E_NOBODY;
            return 0;
        case OP_END_SENDERS:
            return end_senders(state, i, op);
        case OP_NOTE_LEAVING:
            node->left |= e_bit_of(op->node);
            return 0;
        case OP_BEGIN_RESTART:
        case OP_END_RESTART:
            return 0;
        case OP_SWITCH_WAL:
            return 0;       /* no commit is in it */
        case OP_END_SESSIONS:
            return 0;       /* those of a standby, which commit nothing */
        default:
            e_blame("an operation that the model does not know: run_op()");
            return 0;
    }
}

static int
run_op(const struct e_config *config, struct e_state *state, size_t i,
       const struct e_op *op)
{
    struct e_node *node = &state->node[i];

    if (op->kind == OP_SET_HISTORY) {
        return tell_history(config, state, i, op);
    }
    if (op_sets_attr((enum op_kind) op->kind)) {
        return write_attr(config, state, i, op,
                          op_attr((enum op_kind) op->kind));
    }
    switch ((int) op->kind) {
        case OP_SET_DATA_STATUS:
        case OP_SET_DATA_QUORUM:
            check_belief(state, i, op);
            return write_record(config, state, i, op);
        case OP_WRITE_SYNC_NAMES:
            return write_sync_names(node, op);
        case OP_READ_COPY:
            return read_copy(config, state, i, op->node);
        case OP_WRITE_STANDBY:
            node->signal = 1;
            node->standby = op->number;
            return 0;
        case OP_REMOVE_STANDBY:
            node->signal = 0;
            return 0;
        case OP_CREATE_LOCK:
        case OP_REMOVE_LOCK:
            node->lock = op->kind == OP_CREATE_LOCK;
            return 0;
        case OP_TAIL_SERVER_LOG:
        case OP_KEEP_WAL:
            return 0;
        case OP_STOP_FAST:
            (void) server_stop(state, i, true);
            node->clean = config->rewinds;
            return 0;
        case OP_MARK_REJOIN:
        case OP_GIVE_UP_REJOIN:
        case OP_UNMARK_REJOIN:
        case OP_BEGIN_REJOIN:
        case OP_END_REJOIN:
        case OP_PROVE_SOURCE:
        case OP_CHECK_REWIND:
        case OP_REWIND:
        case OP_REBUILD:
        case OP_SWAP_DATA:
            return e_rejoin_op(config, state, i, op);
        default:
            return run_server_op(state, i, op);
    }
}

/* --- the action ----------------------------------------------------------- */

static void
end_with(struct e_node *node, enum ocf_code code)
{
    enum action kind = (enum action) node->action.kind;

    memset(&node->action, 0, sizeof(node->action));
    if (kind == ACTION_NOTIFY || kind == ACTION_REJOIN) {
        return;
    }
    if (kind == ACTION_MONITOR) {
        if (code == OCF_RUNNING_PROMOTED || code == OCF_FAILED_PROMOTED) {
            node->role = E_ROLE_PROMOTED;
        } else if (code == OCF_SUCCESS) {
            node->role = E_ROLE_STARTED;
        } else if (code == OCF_NOT_RUNNING) {
            node->role = E_ROLE_STOPPED;
        } else if (node->role == E_ROLE_NONE) {
            node->role = E_ROLE_FAILED;
        }
        return;
    }
    if (code == OCF_NOT_RUNNING) {
        node->role = E_ROLE_STOPPED;
    } else if (code != OCF_SUCCESS) {
        node->role = kind == ACTION_START ? E_ROLE_FAILED_START
                                          : E_ROLE_FAILED;
    } else if (kind == ACTION_PROMOTE) {
        node->role = E_ROLE_PROMOTED;
    } else {
        node->role = kind == ACTION_STOP ? E_ROLE_STOPPED : E_ROLE_STARTED;
    }
}

/* The agent is no more; a monitor's or a notify's end says nothing. */
void
e_action_kill(struct e_state *state, size_t i)
{
    struct e_node *node = &state->node[i];

    if (node->action.kind == ACTION_MONITOR
        || node->action.kind == ACTION_NOTIFY) {
        memset(&node->action, 0, sizeof(node->action));
    } else {
        end_with(node, OCF_ERR_GENERIC);
    }
}

/* After the last operation: the verdict, or another look. */
static void
end_plan(struct e_node *node, const struct e_plan *plan)
{
    if (plan->verdict == VERDICT_EXIT) {
        end_with(node, (enum ocf_code) plan->code);
    } else {
        node->action.plan = 0;
        node->action.next = 0;
    }
}

/* It hurries the server, which takes its steps whenever it likes. */
static bool
changes_nothing(const struct e_op *op)
{
    return op->kind == OP_END_SESSIONS;
}

bool
e_action_waits(const struct e_config *config, const struct e_state *state,
               size_t i)
{
    const struct e_plan *plan;
    struct e_view view;

    if (state->node[i].action.plan != 0) {
        return false;
    }
    e_view_init(config, state, i, &view);
    plan = e_plan(e_view_decide(&view));
    return plan->verdict == VERDICT_AGAIN
           && (plan->count == 0
               || (plan->count == 1 && changes_nothing(&plan->op[0])));
}

/* As node_is_out() has it; such a look is not forgotten in this action. */
static void
remember_who_is_out(const struct e_config *config, struct e_node *node)
{
    for (size_t k = 0; config->leaves && k < config->nodes; k++) {
        if (!e_bit(node->view, k) && e_bit(node->down, k)
            && node->frozen[k] <= E_ROLE_STOPPED) {
            node->action.out |= e_bit_of(k);
        }
    }
}

bool
e_action_look(const struct e_config *config, struct e_state *state, size_t i)
{
    struct e_node *node = &state->node[i];
    const struct e_plan *plan;
    struct e_view view;

    if (node->action.kind == ACTION_NONE || node->action.plan != 0) {
        return false;
    }
    remember_who_is_out(config, node);
    e_view_init(config, state, i, &view);
    node->action.plan = e_view_decide(&view);
    node->action.next = 0;
    node->action.failed = OP_NONE;
    plan = e_plan(node->action.plan);
    if (plan->count == 0) {
        end_plan(node, plan);
    }
    return true;
}

/* Nothing depends on when exactly these are seen. */
static bool
goes_with_next(enum op_kind kind)
{
    return kind == OP_SET_STATUS || kind == OP_SET_TRUSTED
           || kind == OP_SET_HISTORY || kind == OP_WRITE_STANDBY
           || kind == OP_SET_REPLAY || kind == OP_SET_BEGAN;
}

/* Nobody asks whether this action has written one. */
static bool
is_attribute(enum op_kind kind)
{
    return op_sets_attr(kind) || kind == OP_SET_DATA_STATUS
           || kind == OP_SET_DATA_QUORUM;
}

/* Of a worker's operations; it lives too long to remember all. */
static bool
is_asked_for(enum op_kind kind)
{
    return kind == OP_KEEP_WAL || kind == OP_PROVE_SOURCE
           || kind == OP_START_SERVER || kind == OP_TAIL_SERVER_LOG;
}

/* The others are bits of a word. */
_Static_assert(OP_REBUILD <= 64, "`done` has a bit for each that occurs");

/* Returns false when a required operation failed: look again. */
static bool
operate_once(const struct e_config *config, struct e_state *state, size_t i,
             const struct e_plan *plan)
{
    struct e_action *action = &state->node[i].action;
    const struct e_op *op = &plan->op[action->next++];
    int rc = run_op(config, state, i, op);

    if (action->kind == ACTION_REJOIN
        ? rc == 0 && is_asked_for((enum op_kind) op->kind)
        : !is_attribute((enum op_kind) op->kind)) {
        action->done |= (uint64_t) 1 << op->kind;
    }
    if (rc != 0 && op->need == OP_REQUIRED) {
        action->failed = op->kind;
        action->plan = 0;
        action->next = 0;
        return false;
    }
    return true;
}

/* A record is written only while the ring turns. */
static bool
has_to_wait(const struct e_config *config, const struct e_state *state,
            size_t i, const struct e_op *op)
{
    return (op->kind == OP_SET_DATA_STATUS || op->kind == OP_SET_DATA_QUORUM)
           && !e_is_stable(config, state, i);
}

bool
e_action_operate(const struct e_config *config, struct e_state *state,
                 size_t i)
{
    struct e_action *action = &state->node[i].action;
    const struct e_plan *plan = e_plan(action->plan);
    bool together;

    if (action->kind == ACTION_NONE || action->plan == 0
        || has_to_wait(config, state, i, &plan->op[action->next])) {
        return false;
    }
    if (e_rejoin_begins(config, state, i, &plan->op[action->next])) {
        return true;
    }
    do {
        together = goes_with_next((enum op_kind) plan->op[action->next].kind);
        if (!operate_once(config, state, i, plan)) {
            return true;
        }
    } while (action->next < plan->count && together
             && !has_to_wait(config, state, i, &plan->op[action->next]));
    if (action->next == plan->count) {
        end_plan(&state->node[i], plan);
    }
    return true;
}
