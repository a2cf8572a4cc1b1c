/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PostgreSQL's steps: commits, standbys, reloads, promotion. */

#include <string.h>

#include "explorer.h"

static bool
finish_promotion(struct e_state *state, size_t i)
{
    struct e_node *node = &state->node[i];

    if (node->server != E_PROMOTING || state->records == E_RECORDS
        || node->held == E_HELD_HANGS) {
        return false;
    }
    for (size_t k = 0; k < E_NODES; k++) {
        if (node->stale[k] != 0) {
            e_blame("I7: a WAL sender of before the promotion is left");
        }
    }
    if (node->held == E_HELD_EARLY) {
        node->wal = node->replayed;
        node->held = E_HELD_NOT;
    }
    node->server = E_PRIMARY;
    node->signal = 0;
    node->upstream = E_NOBODY;
    node->flag = node->loaded != 0;
    state->promotions |= e_bit_of(state->records);
    node->wal |= e_bit_of(state->records++);
    return true;
}

/* Records are numbered in the order of time, so a set of them is a sequence. */
static bool
is_prefix(uint8_t wal, uint8_t of)
{
    uint8_t rest = of & (uint8_t) ~wal;

    return (wal & ~of) == 0 && (rest == 0 || (rest & -rest) > wal);
}

static bool
connect(const struct e_config *config, struct e_state *state, size_t standby,
        size_t primary)
{
    struct e_node *node = &state->node[standby];
    struct e_node *from = &state->node[primary];

    if (primary >= config->nodes || node->server != E_STANDBY
        || node->standby != STANDBY_FOLLOWS || node->held == E_HELD_EARLY
        || node->upstream != E_NOBODY || from->server != E_PRIMARY
        || !is_prefix(node->wal, from->wal)) {
        return false;
    }
    node->upstream = (uint8_t) primary;
    node->streamed = e_is_modelled(config, ATTR_REPLAY);
    from->list[standby] = from->loaded;
    from->stale[standby] = 0;   /* the better one of a name counts */
    from->left &= (uint8_t) ~e_bit_of(standby);
    return true;
}

/* One that has not replayed all is never connected anew. */
static bool
hold_up(const struct e_config *config, struct e_state *state, size_t i,
        enum e_held how)
{
    struct e_node *node = &state->node[i];
    bool spare = false;

    if (node->held != E_HELD_NOT || node->server != E_STANDBY
        || !e_fault_is_left(config, state,
                            how == E_HELD_EARLY ? E_FAULT_HOLD
                                                : E_FAULT_HANG)) {
        return false;
    }
    for (size_t k = 0; k < config->nodes; k++) {
        if (state->node[k].held != E_HELD_NOT) {
            return false;
        }
        spare |= k != i && (node->wal & ~state->node[k].wal) == 0;
    }
    if (how == E_HELD_HANGS && !spare) {
        return false;           /* nobody could lead */
    }
    state->faults++;
    node->held = (uint8_t) how;
    node->replayed = how == E_HELD_EARLY ? node->wal : 0;
    return true;
}

/* Free in a partition, which it is a part of then. */
static bool
disconnect(const struct e_config *config, struct e_state *state, size_t i)
{
    struct e_node *node = &state->node[i];

    if (node->upstream == E_NOBODY) {
        return false;
    }
    if (node->group == state->node[node->upstream].group) {
        if (!e_fault_is_left(config, state, E_FAULT_BREAK)) {
            return false;
        }
        state->faults++;
    }
    state->node[node->upstream].list[i] = 0;
    node->upstream = E_NOBODY;
    return true;
}

static bool
receive(struct e_state *state, size_t i)
{
    struct e_node *node = &state->node[i];
    uint8_t rest;

    if (node->upstream == E_NOBODY) {
        return false;
    }
    rest = state->node[node->upstream].wal & (uint8_t) ~node->wal;
    node->wal |= (uint8_t) (rest & -rest);
    return rest != 0;
}

static bool
reload_sender(struct e_state *state, size_t i, size_t standby)
{
    struct e_node *node = &state->node[i];

    if (node->server != E_PRIMARY
        || (state->node[standby].upstream != i && node->stale[standby] == 0)
        || node->list[standby] == node->loaded) {
        return false;
    }
    node->list[standby] = node->loaded;
    return true;
}

static bool
reload_flag(struct e_node *node)
{
    if (node->server != E_PRIMARY || node->flag == (node->loaded != 0)) {
        return false;
    }
    node->flag = node->loaded != 0;
    return true;
}

/* The checkpointer reloads before it begins one. */
static bool
begin_checkpoint(struct e_node *node)
{
    if (node->server != E_PRIMARY || node->checkpoint != E_CHECKPOINT_DUE) {
        return false;
    }
    node->flag = node->loaded != 0;
    node->checkpoint = E_CHECKPOINT_BEGUN;
    return true;
}

static bool
commit(const struct e_config *config, struct e_state *state, size_t i)
{
    struct e_node *node = &state->node[i];

    if (node->server != E_PRIMARY || state->commits == config->commits
        || state->records == E_RECORDS
        || (config->strict
            && strcmp(e_text(node->attr[ATTR_ADMIT]), "yes") != 0)) {
        return false;
    }
    state->commits++;
    node->waiting |= e_bit_of(state->records);
    node->wal |= e_bit_of(state->records++);
    return true;
}

/* It comes at once wherever there is a primary, and takes each list at once. */
uint8_t
e_stranger_priority(const struct e_state *state, size_t i)
{
    const struct e_node *node = &state->node[i];

    return state->stranger && node->server == E_PRIMARY
           && strstr(e_text(node->loaded), "\"srv2\"") != NULL
           ? e_priority(node->loaded, E_NAMESAKE) : 0;
}

/* Does the stranger answer for this node? */
static bool
is_answered_for(const struct e_state *state, size_t i, size_t standby)
{
    return standby == E_NAMESAKE && e_stranger_priority(state, i) != 0;
}

/* What a WAL sender shows the others; 0: it has no say. */
static uint8_t
shown_priority(const struct e_state *state, size_t i, size_t standby)
{
    if (is_answered_for(state, i, standby)) {
        return e_stranger_priority(state, i);
    }
    return state->node[standby].upstream == i
           || state->node[i].stale[standby] != 0
           ? e_priority(state->node[i].list[standby], standby) : 0;
}

/*
 * May these be the ones whose answers count, and have they answered? Of equal
 * priorities either comes first.
 */
static bool
set_answers(const struct e_state *state, size_t i, bool first, unsigned set,
            unsigned record)
{
    uint8_t last = 0;

    for (size_t k = 0; k < E_NODES; k++) {
        uint8_t priority = shown_priority(state, i, k);

        if (e_bit(set, k)) {
            if (priority == 0
                || (!is_answered_for(state, i, k)
                    && (state->node[i].stale[k] != 0
                        || !e_bit(state->node[k].wal, record)))) {
                return false;
            }
            last = priority > last ? priority : last;
        }
    }
    for (size_t k = 0; first && k < E_NODES; k++) {
        uint8_t priority = shown_priority(state, i, k);

        if (!e_bit(set, k) && priority != 0 && priority < last) {
            return false;
        }
    }
    return true;
}

/* SyncRepReleaseWaiters() in the WAL sender of `standby`. */
static bool
releases(const struct e_state *state, size_t i, size_t standby,
         unsigned record)
{
    uint8_t list = is_answered_for(state, i, standby)
                   ? state->node[i].loaded : state->node[i].list[standby];
    bool first = !e_is_any(list);

    if (shown_priority(state, i, standby) == 0) {
        return false;
    }
    for (unsigned set = 1; set < 1u << E_NODES; set++) {
        if (e_count(set) == e_needed(list)
            && (!first || e_bit(set, standby))
            && set_answers(state, i, first, set, record)) {
            return true;
        }
    }
    return false;
}

/*
 * At once where it may be: whatever is broken by a later answer is broken by an
 * earlier one too.
 */
void
e_acknowledge(struct e_state *state, size_t i)
{
    struct e_node *node = &state->node[i];

    for (unsigned record = 0; record < E_RECORDS; record++) {
        bool released = node->flag == 0;

        if (!e_bit(node->waiting, record)) {
            continue;
        }
        for (size_t k = 0; k < E_NODES; k++) {
            released |= releases(state, i, k, record);
        }
        if (released) {
            node->waiting &= (uint8_t) ~e_bit_of(record);
            state->acked |= e_bit_of(record);
        }
    }
}

bool
e_server_step(const struct e_config *config, struct e_state *state,
            struct e_step step)
{
    switch ((int) step.kind) {
        case E_CRASH_SERVER:
            return e_crash(config, state, step.i, false);
        case E_PROMOTED:
            return finish_promotion(state, step.i);
        case E_RELOAD_SENDER:
            return reload_sender(state, step.i, step.j);
        case E_RELOAD_FLAG:
            return reload_flag(&state->node[step.i]);
        case E_CHECKPOINT:
            return begin_checkpoint(&state->node[step.i]);
        case E_HOLD:
            return hold_up(config, state, step.i, E_HELD_EARLY);
        case E_HANG:
            return hold_up(config, state, step.i, E_HELD_HANGS);
        case E_CONNECT:
            return connect(config, state, step.i, step.j);
        case E_DISCONNECT:
            return disconnect(config, state, step.i);
        case E_RECEIVE:
            return receive(state, step.i);
        default:
            return commit(config, state, step.i);
    }
}
