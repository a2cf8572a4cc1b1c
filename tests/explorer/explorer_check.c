/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has to hold in every state. */

#include <stdio.h>
#include <string.h>

#include "explorer.h"

/* I6: sync_strict, for whom the primary let in. */
static bool
is_on_two_nodes(const struct e_config *config, const struct e_state *state,
                size_t record)
{
    unsigned holders = 0;

    for (size_t i = 0; i < config->nodes; i++) {
        holders += e_bit(state->node[i].wal, record);
    }
    return holders > 1;
}

/* I1, I2 and I6; I3 and I4 are found where operations and plans are made. */
const char *
e_check(const struct e_config *config, const struct e_state *state)
{
    unsigned writers = 0;

    if (e_step_blame() != NULL) {
        return e_step_blame();
    }
    if (e_view_blame() != NULL) {
        return e_view_blame();
    }
    for (size_t i = 0; i < config->nodes; i++) {
        const struct e_node *node = &state->node[i];

        if (node->server != E_PRIMARY) {
            continue;
        }
        writers++;
        if ((state->acked & ~node->wal) != 0) {
            return "I1: a primary misses an acknowledged commit";
        }
    }
    if (e_rejoin_check(config, state) != NULL) {
        return e_rejoin_check(config, state);
    }
    for (size_t i = 0; config->strict && i < E_RECORDS; i++) {
        if (e_bit(state->acked, i) && !is_on_two_nodes(config, state, i)) {
            return "I6: an acknowledged commit is on one node only";
        }
    }
    return writers > 1 ? "I2: two servers accept writes" : NULL;
}

/* --- I5 ------------------------------------------------------------------- */

#define ROUNDS 12

/* All know that the other left, more than half are there, and one may lead. */
static bool
has_heir(const struct e_config *config, const struct e_state *state)
{
    for (size_t i = 0; i < config->nodes; i++) {
        const struct e_node *node = &state->node[i];

        if (!node->alone
            && e_count(node->view | node->down) != config->nodes) {
            return false;
        }
    }
    for (size_t i = 0; i < config->nodes; i++) {
        const struct e_node *node = &state->node[i];
        const char *record = e_text(node->record[i]);

        if (!node->alone && e_count(node->view) * 2 > config->nodes
            && (strcmp(record, "LATEST") == 0
                || strcmp(record, "STREAMING|SYNC") == 0)) {
            return true;
        }
    }
    return false;
}

/* Of those that no constraint keeps from it, one has all that there is. */
static bool
may_replace_banned(const struct e_config *config,
                   const struct e_state *state)
{
    unsigned all = 0;

    for (size_t i = 0; i < config->nodes; i++) {
        all |= state->node[i].wal;
    }
    for (size_t i = 0; i < config->nodes; i++) {
        if (!e_bit(config->banned, i) && state->node[i].wal == all) {
            return true;
        }
    }
    return config->banned == 0;
}

bool
e_is_quiescent(const struct e_config *config, const struct e_state *state)
{
    unsigned missing = 0;

    for (size_t i = 0; i < config->nodes; i++) {
        const struct e_node *node = &state->node[i];

        if (node->alone == E_ALONE_IN_ORDER && node->group == 0) {
            missing++;
            continue;
        }
        if (!node->alive || node->alone || node->group != 0
            || node->action.kind != ACTION_NONE
            || e_count(node->view | node->lent) != config->nodes) {
            return false;
        }
    }
    return may_replace_banned(config, state)
           && (missing == 0 || has_heir(config, state));
}

static bool
has_primary(const struct e_config *config, const struct e_state *state)
{
    for (size_t i = 0; i < config->nodes; i++) {
        if (state->node[i].role == E_ROLE_PROMOTED
            && state->node[i].server == E_PRIMARY) {
            return true;
        }
    }
    return false;
}

static bool
take(const struct e_config *config, struct e_state *state, bool print,
     struct e_step step)
{
    struct e_state next = *state;

    if (!e_step(config, &next, step)) {
        return false;
    }
    *state = next;
    if (print) {
        e_step_print(step);
    }
    return true;
}

/* What happens by itself. */
static void
settle(const struct e_config *config, struct e_state *state, bool print)
{
    static const uint8_t kinds[] = {
        E_NOTICE, E_DELIVER, E_PROMOTED, E_CONNECT, E_RELOAD_SENDER,
        E_RELOAD_FLAG, E_CHECKPOINT, E_RECEIVE,
    };

    for (size_t k = 0; k < sizeof(kinds) * 2; k++) {
        for (uint8_t i = 0; i < config->nodes; i++) {
            for (uint8_t j = 0; j < config->nodes; j++) {
                (void) take(config, state, print,
                            (struct e_step) { kinds[k % sizeof(kinds)], i,
                                              j });
            }
        }
    }
}

/* To its end, with time enough and then with time running out. */
static void
run_action(const struct e_config *config, struct e_state *state, bool print,
           uint8_t i)
{
    unsigned late = 0;

    for (unsigned k = 0;
         state->node[i].action.kind != ACTION_NONE && k < 200; k++) {
        uint8_t kind = state->node[i].action.plan == 0 ? E_LOOK : E_OPERATE;

        (void) take(config, state, print, (struct e_step) { kind, i, 0 });
        if (state->node[i].action.plan == 0) {
            settle(config, state, print);
        }
        if ((k + 1) / 60 > late
            && take(config, state, print, (struct e_step) { E_LATE, i, 0 })) {
            late++;
        }
    }
}

/* As far as it gets now. */
static void
run_worker(const struct e_config *config, struct e_state *state, bool print,
           uint8_t i)
{
    const struct e_action *worker = &state->node[i].worker;

    for (unsigned k = 0; worker->kind != ACTION_NONE && k < 100; k++) {
        uint8_t kind = worker->plan == 0 ? E_WORK_LOOK : E_WORK_OPERATE;

        (void) take(config, state, print, (struct e_step) { kind, i, 0 });
        if (worker->plan == 0) {
            settle(config, state, print);
        }
    }
    (void) take(config, state, print, (struct e_step) { E_WORK_LATE, i, 0 });
}

static void
order(const struct e_config *config, struct e_state *state, bool print,
      struct e_step step)
{
    if (take(config, state, print, step)) {
        run_action(config, state, print, step.i);
    }
}

static void
recover(const struct e_config *config, struct e_state *state, bool print,
        uint8_t i)
{
    static const uint8_t kinds[] = { E_PROBE, E_DEMOTE, E_STOP, E_START,
                                     E_MONITOR };

    for (size_t k = 0; k < sizeof(kinds); k++) {
        order(config, state, print, (struct e_step) { kinds[k], i, 0 });
    }
}

/* The node of the highest score; E_NOBODY: none may be promoted. */
static uint8_t
best_ranked(const struct e_config *config, const struct e_state *state)
{
    static const char *const ranks[] = { "1000", "100" };

    for (size_t k = 0; k < sizeof(ranks) / sizeof(ranks[0]); k++) {
        for (uint8_t i = 0; i < config->nodes; i++) {
            if (!e_bit(config->banned, i)
                && strcmp(e_text(state->node[i].attr[ATTR_SCORE]), ranks[k])
                   == 0) {
                return i;
            }
        }
    }
    return E_NOBODY;
}

/* All nodes are told before a promotion, and they wait for each other. */
static void
notify_all(const struct e_config *config, struct e_state *state, bool print,
           uint8_t best)
{
    bool busy = true;

    for (uint8_t i = 0; i < config->nodes; i++) {
        (void) take(config, state, print,
                    (struct e_step) { E_PRE_PROMOTE, i, best });
    }
    for (unsigned round = 0; busy && round < 60; round++) {
        busy = false;
        for (uint8_t i = 0; i < config->nodes; i++) {
            const struct e_action *action = &state->node[i].action;

            if (action->kind != ACTION_NOTIFY) {
                continue;
            }
            busy = true;
            (void) take(config, state, print,
                        (struct e_step) { action->plan == 0 ? E_LOOK
                                                            : E_OPERATE,
                                          i, 0 });
            if (round % 20 == 19) {
                (void) take(config, state, print,
                            (struct e_step) { E_LATE, i, 0 });
            }
        }
    }
}

static void
promote_best(const struct e_config *config, struct e_state *state,
             bool print)
{
    uint8_t best = best_ranked(config, state);

    if (best == E_NOBODY) {
        return;
    }
    notify_all(config, state, print, best);
    if (best_ranked(config, state) == best) {
        order(config, state, print, (struct e_step) { E_PROMOTE, best, 0 });
    }
}

bool
e_progress(const struct e_config *config, const struct e_state *from,
           bool print)
{
    struct e_config friendly = *config;
    struct e_state state = *from;

    friendly.faults = UINT8_MAX;        /* time may run out */
    friendly.only = (uint16_t) (E_FAULT_LATE
                                | (config->only
                                   & (E_FAULT_HOLD | E_FAULT_HANG)));
    friendly.moves = state.moves;
    state.relists = 0;
    friendly.actions = config->nodes;
    for (unsigned round = 0; round < ROUNDS; round++) {
        settle(&friendly, &state, print);
        if ((has_primary(&friendly, &state)
             && (!config->rewinds || e_all_stream(&friendly, &state)))
            || state.records == E_RECORDS) {
            return true;        /* or beyond what is modelled */
        }
        for (uint8_t i = 0; i < config->nodes; i++) {
            recover(&friendly, &state, print, i);
            run_worker(&friendly, &state, print, i);
        }
        promote_best(&friendly, &state, print);
    }
    if (print) {
        e_state_print(config, &state);
    }
    return false;
}
