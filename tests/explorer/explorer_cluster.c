/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cluster's steps: membership, the CIB, fencing, faults of nodes. */

#include <string.h>

#include "explorer.h"

/* What is lost from sight now stays as it was. */
static void
freeze(const struct e_config *config, struct e_state *state, size_t lost)
{
    for (size_t k = 0; k < config->nodes; k++) {
        struct e_node *node = &state->node[k];
        struct e_node *other = &state->node[lost];

        if (k == lost || node->group != other->group) {
            continue;
        }
        node->frozen[lost] = e_shown_role(state, k, lost);
        other->frozen[k] = e_shown_role(state, lost, k);
    }
}

static void
end_node(const struct e_config *config, struct e_state *state, size_t i)
{
    struct e_node *node = &state->node[i];

    freeze(config, state, i);
    e_server_end(state, i, e_is_running(node) ? E_DOWN
                                              : (enum e_server) node->server);
    memset(&node->action, 0, sizeof(node->action));
    memset(&node->worker, 0, sizeof(node->worker));
    node->went = 0;
    node->saw = 0;
    node->proved = 0;
    node->alive = 0;
    node->alone = 0;
    node->view = 0;
    node->down = 0;
    node->role = E_ROLE_NONE;
    node->waits_for_all = 0;
    memset(node->frozen, 0, sizeof(node->frozen));
}

/*
 * The others have forgotten it by then; it takes longer than the operations of
 * one plan.
 */
static bool
boot(const struct e_config *config, struct e_state *state, size_t i)
{
    struct e_node *node = &state->node[i];

    if (config->no_boot) {
        return false;
    }
    for (size_t k = 0; k < config->nodes; k++) {
        const struct e_node *other = &state->node[k];

        if (node->alive
            || (other->alive && (e_bit(other->view, i)
                                 || other->action.plan != 0))) {
            return false;
        }
    }
    node->alive = 1;
    node->view = e_bit_of(i);
    node->waits_for_all = config->nodes == 2;
    memset(node->attr, 0, sizeof(node->attr));
    return true;
}

/* Only Corosync stays; what Pacemaker kept in memory is no more. */
static void
end_pacemaker(const struct e_config *config, struct e_state *state, size_t i,
              uint8_t how)
{
    struct e_node *node = &state->node[i];

    freeze(config, state, i);
    for (size_t k = 0; k < config->nodes; k++) {
        struct e_node *other = &state->node[k];

        if (k != i && other->group == node->group && e_bit(other->view, i)) {
            other->view &= (uint8_t) ~e_bit_of(i);
            if (how == E_ALONE_IN_ORDER) {
                other->down |= e_bit_of(i);
            }
        }
    }
    memset(&node->action, 0, sizeof(node->action));
    memset(node->attr, 0, sizeof(node->attr));
    memset(node->frozen, 0, sizeof(node->frozen));
    node->alone = how;
    node->view = 0;
    node->down = 0;
    node->role = E_ROLE_NONE;
    state->leaves++;
}

static bool
leave(const struct e_config *config, struct e_state *state, size_t i,
      bool in_order)
{
    const struct e_node *node = &state->node[i];

    if (!config->leaves || state->leaves > 0 || !node->alive || node->alone
        || e_count(node->view) < 2 || !e_is_stable(config, state, i)) {
        return false;
    }
    if (in_order) {
        if (node->role != E_ROLE_STOPPED
            || node->action.kind != ACTION_NONE) {
            return false;
        }
    } else if (!e_fault_is_left(config, state, E_FAULT_PACEMAKER)) {
        return false;
    }
    state->faults += !in_order;
    end_pacemaker(config, state, i,
                  in_order ? E_ALONE_IN_ORDER : E_ALONE_DEAD);
    return true;
}

/* That takes longer than the operations of one plan, too. */
static bool
come_back(const struct e_config *config, struct e_state *state, size_t i)
{
    struct e_node *node = &state->node[i];

    if (state->moves == config->moves) {
        return false;
    }
    for (size_t k = 0; k < config->nodes; k++) {
        const struct e_node *other = &state->node[k];

        if (!node->alone || (other->alive && other->group == node->group
                            && other->action.plan != 0)) {
            return false;
        }
    }
    state->moves++;
    node->alone = 0;
    node->view = e_bit_of(i);
    return true;
}

static bool
cut(const struct e_config *config, struct e_state *state, size_t i)
{
    for (size_t k = 0; k < config->nodes; k++) {
        if (state->node[k].group != 0 || (config->nodes == 2 && i == 1)) {
            return false;
        }
    }
    if (!config->partitions
        || !e_fault_is_left(config, state, E_FAULT_CUT)
        || e_count(e_reach(config, state, i) | state->node[i].lent
                   | e_bit_of(i)) < 2
        || !state->node[i].alive) {
        return false;
    }
    state->faults++;
    freeze(config, state, i);
    state->node[i].group = 1;
    return true;
}

static bool
heal(const struct e_config *config, struct e_state *state)
{
    bool was_cut = false;

    for (size_t k = 0; k < config->nodes; k++) {
        was_cut |= state->node[k].group != 0;
        state->node[k].group = 0;
    }
    return was_cut;
}

void
e_copy_cib(const struct e_node *from, struct e_node *to)
{
    memcpy(to->record, from->record, sizeof(to->record));
    memcpy(to->quorum, from->quorum, sizeof(to->quorum));
    to->version = from->version;
}

/* At a join the newer CIB wins; of equal ones that of the part with quorum. */
static size_t
best_copy(const struct e_config *config, const struct e_state *state,
          uint8_t members)
{
    size_t best = E_NOBODY;

    for (size_t k = 0; k < config->nodes; k++) {
        const struct e_node *node = &state->node[k];

        if (e_bit(members, k)
            && (best == E_NOBODY
                || node->version > state->node[best].version
                || (node->version == state->node[best].version
                    && e_quorum(config, node)
                    && !e_quorum(config, &state->node[best])))) {
            best = k;
        }
    }
    return best;
}

static void
join(const struct e_config *config, struct e_state *state, uint8_t members)
{
    const struct e_node *best =
        &state->node[best_copy(config, state, members)];

    for (size_t k = 0; k < config->nodes; k++) {
        if (e_bit(members, k) && &state->node[k] != best) {
            e_copy_cib(best, &state->node[k]);
        }
    }
}

/* So does the join of a node that has just booted. */
static bool
is_too_early(const struct e_config *config, const struct e_state *state,
             uint8_t members)
{
    bool booted = false;
    bool busy = false;

    for (size_t k = 0; k < config->nodes; k++) {
        const struct e_node *node = &state->node[k];

        if (e_bit(members, k)) {
            booted |= node->role <= E_ROLE_STOPPED
                      && e_count(node->view) == 1;
            busy |= node->action.plan != 0;
        }
    }
    return booted && busy;
}

/* Who joins learns from the others' CIB who left. */
static void
tell_who_left(const struct e_config *config, struct e_state *state,
              uint8_t members)
{
    for (size_t k = 0; config->leaves && k < config->nodes; k++) {
        const struct e_node *teller = &state->node[k];

        for (size_t to = 0; to < config->nodes; to++) {
            struct e_node *node = &state->node[to];

            for (size_t lost = 0; lost < config->nodes; lost++) {
                if (e_bit(members, k) && e_bit(members, to)
                    && e_bit(teller->down, lost)
                    && !e_bit(members, lost)) {
                    node->down |= e_bit_of(lost);
                    node->frozen[lost] = teller->frozen[lost];
                }
            }
        }
    }
}

/* Membership follows the network, on one side of a partition at a time. */
static bool
notice(const struct e_config *config, struct e_state *state, size_t i)
{
    uint8_t members = e_reach(config, state, i);
    bool changed = false;
    bool joined = false;

    if (!e_bit(members, i) || (members & (e_bit_of(i) - 1)) != 0) {
        return false;       /* the first of its part stands for all */
    }
    for (size_t k = 0; k < config->nodes; k++) {
        if (e_bit(members, k)) {
            changed |= state->node[k].view != members;
            joined |= (members & ~state->node[k].view) != 0;
        }
    }
    if (!changed || (joined && is_too_early(config, state, members))) {
        return false;
    }
    if (joined) {
        join(config, state, members);
        tell_who_left(config, state, members);
    }
    for (size_t k = 0; k < config->nodes; k++) {
        struct e_node *node = &state->node[k];

        if (!e_bit(members, k)) {
            if (!node->alive || node->alone) {
                memset(node->attr, 0, sizeof(node->attr));
            }
            continue;
        }
        node->down &= (uint8_t) ~(members | node->view);
        node->view = members;
        if (e_count(members) == config->nodes) {
            node->waits_for_all = 0;
        }
        for (size_t other = 0; other < config->nodes; other++) {
            if (e_bit(members, other)) {
                node->frozen[other] = E_ROLE_NONE;
            }
        }
    }
    return true;
}

bool
e_deliver(const struct e_config *config, struct e_state *state, size_t from,
        size_t to)
{
    if (from == to || !state->node[from].alive
        || !e_bit(state->node[from].view, to)
        || !e_is_stable(config, state, from)
        || state->node[from].version <= state->node[to].version) {
        return false;
    }
    e_copy_cib(&state->node[from], &state->node[to]);
    return true;
}

static bool
fence(const struct e_config *config, struct e_state *state, size_t i,
      size_t lost)
{
    struct e_node *node = &state->node[i];

    if (!config->fencing || !node->alive || i == lost
        || !e_quorum(config, node)
        || !e_is_stable(config, state, i) || e_bit(node->view, lost)
        || e_bit(node->down, lost)) {
        return false;
    }
    if (state->node[lost].alive) {
        end_node(config, state, lost);
    }
    for (size_t k = 0; k < config->nodes; k++) {
        if (e_bit(node->view, k)) {
            state->node[k].down |= e_bit_of(lost);
            state->node[k].frozen[lost] = E_ROLE_NONE;
        }
    }
    return true;
}

bool
e_fault_is_left(const struct e_config *config, const struct e_state *state,
                enum e_fault fault)
{
    unsigned only = config->only != 0 ? config->only : E_FAULTS_COMMON;

    return state->faults < config->faults && (only & fault) != 0;
}

/* No word of its end reaches the server that it streamed from. */
static void
leave_sender(const struct e_config *config, struct e_state *state, size_t i)
{
    const struct e_node *node = &state->node[i];

    if (config->stale && node->upstream != E_NOBODY) {
        state->node[node->upstream].stale[i] =
            (uint8_t) (1 + e_count(node->wal));
    }
}

bool
e_crash(const struct e_config *config, struct e_state *state, size_t i,
        bool whole)
{
    if (!e_fault_is_left(config, state,
                         whole ? E_FAULT_NODE : E_FAULT_SERVER)
        || !state->node[i].alive || e_bit(config->spared, i)
        || (!whole && !e_is_running(&state->node[i]))) {
        return false;
    }
    state->faults++;
    if (whole) {
        leave_sender(config, state, i);
        end_node(config, state, i);
    } else {
        e_server_end(state, i, E_DOWN);
    }
    return true;
}

/* The parameter is in the CIB as well, but everybody has it at once here. */
static bool
relist(const struct e_config *config, struct e_state *state)
{
    if (state->relists == config->relists) {
        return false;
    }
    state->relists++;
    return true;
}

bool
e_cluster_step(const struct e_config *config, struct e_state *state,
             struct e_step step)
{
    switch ((int) step.kind) {
        case E_FENCE:
            return fence(config, state, step.i, step.j);
        case E_RELIST:
            return step.i == 0 && relist(config, state);
        case E_CRASH_NODE:
            return e_crash(config, state, step.i, true);
        case E_BOOT:
            return boot(config, state, step.i);
        case E_LEAVE:
            return leave(config, state, step.i, true);
        case E_LOSE:
            return leave(config, state, step.i, false);
        case E_RETURN:
            return come_back(config, state, step.i);
        case E_CUT:
            return cut(config, state, step.i);
        case E_HEAL:
            return step.i == 0 && heal(config, state);
        case E_NOTICE:
            return notice(config, state, step.i);
        default:
            return e_deliver(config, state, step.i, step.j);
    }
}
