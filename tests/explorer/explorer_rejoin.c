/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data that comes back (P9): the worker's steps and operations, and what has to
 * hold.
 *
 * R1 torn data is never started, and nobody counts it; R2 no rewind takes away
 * an acknowledged commit that its source lacks, nor the data of a node that the
 * record lets lead; R3 its source leads, on the timeline that was asked for; R4
 * of two nodes that see each other one at a time tears its data, or makes a new
 * copy, where no third one streams; R5 only a whole copy takes the data's
 * place, and nothing that was kept of the data goes into it.
 */

#include <string.h>

#include "explorer.h"

static bool
is_eligible_here(const struct e_node *node, size_t i)
{
    return strcmp(e_text(node->record[i]), "LATEST") == 0
           || strcmp(e_text(node->record[i]), "STREAMING|SYNC") == 0;
}

/* Who answers at the primary's address and leads there; E_NOBODY: nobody. */
static size_t
source_of(const struct e_config *config, const struct e_state *state,
          size_t i, unsigned timeline)
{
    for (size_t k = 0; k < config->nodes; k++) {
        const struct e_node *other = &state->node[k];

        if (k != i && other->server == E_PRIMARY
            && other->group == state->node[i].group
            && 1 + e_count(other->wal & state->promotions) == timeline) {
            return k;
        }
    }
    return E_NOBODY;
}

/* --- operations ----------------------------------------------------------- */

/* Nobody starts it: it may be torn. Beside what is copied it is whole. */
static bool
is_half_way(unsigned phase)
{
    return rejoin_is_torn((enum rejoin_phase) phase)
           || phase == REJOIN_COPIED;
}

/* What do_mark_rejoin() makes of the rest of the marker, and of a copy. */
static void
mark_rest(struct e_node *node, const struct e_op *op)
{
    if (op->number == REJOIN_BEGUN) {
        node->against = op->node;
        node->forked = 1;
    } else if (op->number == REJOIN_COPYING
               || op->number == REJOIN_SPOILT) {
        node->copy = E_COPY_NONE;
        node->copied = 0;
    } else if (op->number == REJOIN_WHOLE && node->marker == REJOIN_COPIED) {
        node->copy = E_COPY_NONE;
        node->forked = 0;
    }
}

static void
leave_turn(struct e_node *node)
{
    node->went = 0;
    node->saw = 0;
}

static void
mark(struct e_node *node, const struct e_op *op)
{
    enum rejoin_phase phase = (enum rejoin_phase) op->number;

    mark_rest(node, op);
    if (node->marker == REJOIN_KEPT && phase == REJOIN_TORN) {
        node->went = 1;
    } else if (!rejoin_is_torn(phase) && !node->torn) {
        leave_turn(node);
    }
    if (!is_half_way(phase) && node->torn) {
        e_blame("R1: torn data was called whole");
    }
    node->marker = (uint8_t) phase;
    if (node->action.kind == ACTION_REJOIN) {
        node->action.phase = 0;         /* it has got on */
    }
}

static void
begin_worker(struct e_node *node)
{
    memset(&node->worker, 0, sizeof(node->worker));
    node->worker.kind = ACTION_REJOIN;
    node->proved = 0;
    node->attempts = (uint8_t) (node->end == REJOIN_GOES_ON
                                ? node->attempts + 1 : 1);
    node->end = REJOIN_GOES_ON;
}

/* The data is to become what has this WAL. */
static void
check_loss(const struct e_state *state, size_t i, uint8_t wal)
{
    const struct e_node *node = &state->node[i];

    if (!is_half_way(node->marker)) {
        e_blame("R1: data is torn, and the marker does not say so");
    }
    if (e_is_running(node)) {
        e_blame("R1: data is changed under a running server");
    }
    if (is_eligible_here(node, i)) {
        e_blame("R2: the record lets this node lead");
    }
    if ((state->acked & node->wal & ~wal) != 0) {
        e_blame("R2: an acknowledged commit is taken away");
    }
}

static void
check_source(const struct e_node *node, const struct e_op *op)
{
    if (node->proved != op->number) {
        e_blame("R3: data comes from a source that was not asked");
    }
}

static void
begin_rewind(struct e_state *state, size_t i, size_t source,
             const struct e_op *op)
{
    struct e_node *node = &state->node[i];

    check_loss(state, i, state->node[source].wal);
    if (!node->forked) {
        e_blame("R5: what was kept of other data goes into a copy");
    }
    node->torn = 1;
    node->server = E_DOWN;
    node->clean = 0;
    node->against = op->number;
}

static void
begin_copy(struct e_node *node, const struct e_op *op)
{
    node->copy = E_COPY_HALF;
    node->copied = 0;
    node->went = 1;
    node->against = op->number;
}

bool
e_rejoin_begins(const struct e_config *config, struct e_state *state,
                size_t i, const struct e_op *op)
{
    struct e_node *node = &state->node[i];
    size_t source;

    if ((op->kind != OP_REWIND || node->torn)
        && (op->kind != OP_REBUILD || node->copy == E_COPY_HALF)) {
        return false;
    }
    source = source_of(config, state, i, op->number);
    if (source == E_NOBODY) {
        return false;           /* it ends before it has changed anything */
    }
    check_source(node, op);
    if (op->kind == OP_REWIND) {
        begin_rewind(state, i, source, op);
    } else {
        begin_copy(node, op);
    }
    return true;
}

static int
rewind_data(const struct e_config *config, struct e_state *state, size_t i,
            const struct e_op *op)
{
    struct e_node *node = &state->node[i];
    size_t source = source_of(config, state, i, op->number);

    node->against = op->number;
    if (source == E_NOBODY || config->no_way == OP_REWIND) {
        return -1;
    }
    node->wal = state->node[source].wal;
    node->torn = 0;
    return 0;
}

static int
copy_data(const struct e_config *config, struct e_state *state, size_t i,
          const struct e_op *op)
{
    struct e_node *node = &state->node[i];
    size_t source = source_of(config, state, i, op->number);

    node->against = op->number;
    if (source == E_NOBODY) {
        return -1;
    }
    check_source(node, op);
    node->copy = E_COPY_WHOLE;
    node->copied = state->node[source].wal;
    return 0;
}

/* Whoever was killed behind it finds that it is done. */
static int
swap_data(struct e_state *state, size_t i)
{
    struct e_node *node = &state->node[i];

    if (node->copy == E_COPY_TAKEN) {
        return 0;
    }
    if (node->copy != E_COPY_WHOLE) {
        e_blame("R5: half a copy takes the data's place");
    }
    check_loss(state, i, node->copied);
    node->wal = node->copied;
    node->copied = 0;
    node->copy = E_COPY_TAKEN;
    node->torn = 0;
    node->signal = 0;
    node->server = E_DOWN;
    node->clean = 0;
    return 0;
}

static int
ask_source(const struct e_config *config, struct e_state *state, size_t i,
           const struct e_op *op)
{
    if (source_of(config, state, i, op->number) == E_NOBODY
        || op->kind == config->no_way) {
        return -1;
    }
    if (op->kind == OP_PROVE_SOURCE) {
        state->node[i].proved = op->number;
    }
    return 0;
}

static void
unmark(struct e_node *node)
{
    if (node->torn) {
        e_blame("R1: the marker of torn data is gone");
    }
    node->marker = REJOIN_NONE;
    node->forked = 0;
    node->against = 0;
    node->end = 0;
    node->attempts = 0;
    leave_turn(node);
    node->proved = 0;
}

int
e_rejoin_op(const struct e_config *config, struct e_state *state, size_t i,
            const struct e_op *op)
{
    struct e_node *node = &state->node[i];

    switch ((int) op->kind) {
        case OP_MARK_REJOIN:
            mark(node, op);
            return 0;
        case OP_GIVE_UP_REJOIN:
            node->end = op->number;
            return 0;
        case OP_UNMARK_REJOIN:
            unmark(node);
            return 0;
        case OP_BEGIN_REJOIN:
            begin_worker(node);
            return 0;
        case OP_END_REJOIN:
            memset(&node->worker, 0, sizeof(node->worker));
            leave_turn(node);   /* whoever is stopped does not come back */
            return 0;
        case OP_REWIND:
            return rewind_data(config, state, i, op);
        case OP_REBUILD:
            return copy_data(config, state, i, op);
        case OP_SWAP_DATA:
            return swap_data(state, i);
        default:
            return ask_source(config, state, i, op);
    }
}

/* --- steps ---------------------------------------------------------------- */

/* It waits, or asks again and again. */
static bool
is_late(const struct e_config *config, struct e_state *state, size_t i)
{
    struct e_action *worker = &state->node[i].action;

    if (worker->phase != 0 || worker->plan != 0
        || !e_fault_is_left(config, state, E_FAULT_LATE)
        || (worker->failed != OP_PROVE_SOURCE
            && !e_action_waits(config, state, i))) {
        return false;
    }
    state->faults++;
    worker->phase = 2;
    return true;
}

static bool
look(const struct e_config *config, struct e_state *state, size_t i)
{
    if (state->node[i].action.plan != 0) {
        return false;
    }
    for (size_t k = 0; !config->lag && k < config->nodes; k++) {
        if (e_bit(state->node[i].view, k)) {
            (void) e_deliver(config, state, k, i);
        }
    }
    if (state->node[i].marker == REJOIN_KEPT
        || (state->node[i].marker == REJOIN_COPYING
            && !state->node[i].went)) {
        state->node[i].saw = state->node[i].view;
    }
    return e_action_look(config, state, i);
}

static bool
work(const struct e_config *config, struct e_state *state, size_t i,
     enum e_step_kind kind)
{
    switch ((int) kind) {
        case E_WORK_LOOK:
            return look(config, state, i);
        case E_WORK_OPERATE:
            return e_action_operate(config, state, i);
        case E_WORK_LATE:
            return is_late(config, state, i);
        default:
            if (!e_fault_is_left(config, state, E_FAULT_SIGKILL)) {
                return false;
            }
            state->faults++;
            memset(&state->node[i].action, 0,
                   sizeof(state->node[i].action));
            return true;
    }
}

/* For its step it stands in the place of the action, which waits meanwhile. */
bool
e_rejoin_step(const struct e_config *config, struct e_state *state,
              struct e_step step)
{
    struct e_node *node = &state->node[step.i];
    struct e_action action = node->action;
    bool taken;

    if (node->worker.kind == ACTION_NONE || node->alone) {
        return false;
    }
    node->action = node->worker;
    taken = work(config, state, step.i, (enum e_step_kind) step.kind);
    node->worker = node->action;
    node->action = action;
    if (node->worker.kind == ACTION_NONE && node->marker == REJOIN_COPYING) {
        leave_turn(node);       /* it copies nothing any more */
    }
    return taken;
}

/* --- what has to hold ----------------------------------------------------- */

static bool
is_ranked(const struct e_node *node)
{
    const char *score = e_text(node->attr[ATTR_SCORE]);

    return strcmp(score, "100") == 0 || strcmp(score, "1000") == 0;
}

static const char *
check_torn(const struct e_config *config, const struct e_state *state,
           size_t i)
{
    const struct e_node *node = &state->node[i];

    if (e_is_running(node)) {
        return "R1: a server runs on torn data";
    }
    if (!is_half_way(node->marker)) {
        return "R1: data is torn, and the marker does not say so";
    }
    if (is_ranked(node) || node->attr[ATTR_POSITION] != 0) {
        return "R1: torn data counts in an election";
    }
    for (size_t k = 0; k < config->nodes; k++) {
        const struct e_node *other = &state->node[k];

        if (other->server == E_PRIMARY && e_quorum(config, other)
            && is_eligible_here(other, i)) {
            return "R1: the record calls torn data eligible";
        }
    }
    return NULL;
}

const char *
e_rejoin_check(const struct e_config *config, const struct e_state *state)
{
    for (size_t i = 0; config->rewinds && i < config->nodes; i++) {
        const struct e_node *node = &state->node[i];
        const char *broken = node->torn ? check_torn(config, state, i)
                                        : NULL;

        if (broken != NULL) {
            return broken;
        }
        for (size_t k = 0; k < i; k++) {
            const struct e_node *other = &state->node[k];

            /* of three nodes the third leads, and none is left to stream */
            if (node->went && other->went && e_bit(node->saw, k)
                && e_bit(other->saw, i)) {
                return "R4: two members tear or copy data at once";
            }
        }
    }
    return NULL;
}

/* What was torn twice, from two primaries, no rewind makes whole. */
static bool
needs_a_copy(const struct e_state *state, const struct e_node *node,
             const struct e_node *primary)
{
    return node->marker == REJOIN_STALLED
           && node->against != 1 + e_count(primary->wal & state->promotions);
}

/*
 * On the primary's own timeline no history proves the data of a node that led
 * once: that one waits for a person, with rejoin=rewind as without.
 */
static bool
proves_nothing(const struct e_state *state, const struct e_node *node,
               const struct e_node *primary)
{
    return node->lock && node->marker == REJOIN_NONE
           && (node->wal & ~primary->wal) == 0
           && (node->wal & state->promotions)
              == (primary->wal & state->promotions);
}

bool
e_all_stream(const struct e_config *config, const struct e_state *state)
{
    const struct e_node *primary = NULL;

    for (size_t i = 0; i < config->nodes; i++) {
        const struct e_node *node = &state->node[i];

        if (node->server == E_PRIMARY) {
            primary = node;
            if (strcmp(e_text(node->record[i]), "DISCONNECT") == 0) {
                return true;    /* its monitor fails until it is restarted */
            }
        }
    }
    for (size_t i = 0; primary != NULL && i < config->nodes; i++) {
        const struct e_node *node = &state->node[i];
        bool excused = !config->rebuilds
                       && (proves_nothing(state, node, primary)
                           || needs_a_copy(state, node, primary));

        if (node != primary && !excused
            && (node->upstream == E_NOBODY || node->marker != REJOIN_NONE)) {
            return false;
        }
    }
    return primary != NULL;
}
