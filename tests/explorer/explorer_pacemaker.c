/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pacemaker's steps: what it may order, by its own rules and no others. */

#include <string.h>

#include "explorer.h"

static bool
text_is(uint8_t value, const char *text)
{
    return strcmp(e_text(value), text) == 0;
}

static bool
is_free(const struct e_config *config, const struct e_state *state, size_t i)
{
    unsigned busy = 0;

    for (size_t k = 0; k < config->nodes; k++) {
        busy += state->node[k].action.kind != ACTION_NONE;
    }
    return state->node[i].alive && !state->node[i].alone
           && state->node[i].action.kind == ACTION_NONE
           && busy < config->actions;
}

/* Nobody else cares how long it takes until the first look. */
static bool
look_first(const struct e_config *config, struct e_state *state, size_t i)
{
    for (size_t k = 0; !config->lag && k < config->nodes; k++) {
        if (e_bit(state->node[i].view, k)) {
            (void) e_deliver(config, state, k, i);
        }
    }
    return e_action_look(config, state, i);
}

static bool
begin(const struct e_config *config, struct e_state *state, size_t i,
      enum action kind)
{
    if (!is_free(config, state, i)) {
        return false;
    }
    state->node[i].action.kind = (uint8_t) kind;
    return look_first(config, state, i);
}

static bool
moves_left(const struct e_config *config, struct e_state *state)
{
    if (state->moves == config->moves) {
        return false;
    }
    state->moves++;
    return true;
}

/* Its monitor says that a server runs while its data comes back. */
static bool
comes_back(const struct e_node *node)
{
    return node->marker != REJOIN_NONE && node->end == REJOIN_GOES_ON;
}

/* So it says until nobody has any hope left. */
static bool
is_given_up(const struct e_node *node)
{
    return node->marker != REJOIN_NONE && node->end != REJOIN_GOES_ON;
}

/* Something is wrong here, so it may be stopped or demoted. */
static bool
wants_recovery(const struct e_config *config, const struct e_node *node)
{
    return node->role >= E_ROLE_FAILED_START || is_given_up(node)
           || (!e_is_running(node) && !comes_back(node))
           || !e_quorum(config, node)
           || (node->role == E_ROLE_PROMOTED && node->server != E_PRIMARY)
           || (node->role != E_ROLE_PROMOTED && node->server == E_PRIMARY);
}

static bool
start(const struct e_config *config, struct e_state *state, size_t i)
{
    return state->node[i].role == E_ROLE_STOPPED
           && e_quorum(config, &state->node[i])
           && e_is_stable(config, state, i)
           && begin(config, state, i, ACTION_START);
}

static bool
stop(const struct e_config *config, struct e_state *state, size_t i)
{
    struct e_node *node = &state->node[i];

    if (node->role <= E_ROLE_STOPPED || node->role == E_ROLE_PROMOTED
        || !is_free(config, state, i)
        || (!wants_recovery(config, node) && !moves_left(config, state))) {
        return false;
    }
    return begin(config, state, i, ACTION_STOP);
}

static bool
demote(const struct e_config *config, struct e_state *state, size_t i)
{
    struct e_node *node = &state->node[i];

    if ((node->role != E_ROLE_PROMOTED && node->role != E_ROLE_FAILED)
        || !is_free(config, state, i)
        || (!wants_recovery(config, node) && !moves_left(config, state))) {
        return false;
    }
    return begin(config, state, i, ACTION_DEMOTE);
}

/* Its own rules: quorum, fencing first, one promoted, a score. */
static bool
may_promote(const struct e_config *config, const struct e_state *state,
            size_t i)
{
    const struct e_node *node = &state->node[i];

    if (!node->alive || node->role != E_ROLE_STARTED
        || e_bit(config->banned, i)
        || !e_quorum(config, node)
        || !e_is_stable(config, state, i)
        || node->attr[ATTR_SCORE] == 0
        || text_is(node->attr[ATTR_SCORE], "-INFINITY")) {
        return false;
    }
    for (size_t k = 0; k < config->nodes; k++) {
        uint8_t role = e_shown_role(state, i, k) & (uint8_t) ~E_STARTING;

        if (k == i) {
            continue;
        }
        if (!e_bit(node->view, k)) {
            if (config->fencing && !e_bit(node->down, k)) {
                return false;
            }
        } else if (role == E_ROLE_PROMOTED || role == E_ROLE_FAILED) {
            return false;
        }
    }
    return true;
}

static bool
promote(const struct e_config *config, struct e_state *state, size_t i)
{
    return state->records < E_RECORDS && may_promote(config, state, i)
           && begin(config, state, i, ACTION_PROMOTE);
}

static bool
notify(const struct e_config *config, struct e_state *state, size_t i,
       size_t target, enum notify_kind kind)
{
    struct e_node *node = &state->node[i];
    bool before_stop = kind == NOTIFY_PRE_STOP;

    if (!is_free(config, state, i) || !e_bit(node->view, target)
        || !e_is_stable(config, state, i)) {
        return false;
    }
    if (before_stop
        && (i == target || node->role != E_ROLE_PROMOTED
            || state->node[target].role != E_ROLE_STARTED
            || !moves_left(config, state))) {
        return false;
    }
    if (!before_stop && (node->role != E_ROLE_STARTED
                         || !may_promote(config, state, target))) {
        return false;
    }
    node->action.kind = ACTION_NOTIFY;
    node->action.notify = (uint8_t) kind;
    node->action.target = (uint8_t) target;
    return look_first(config, state, i);
}

bool
e_pacemaker_step(const struct e_config *config, struct e_state *state,
               struct e_step step)
{
    size_t i = step.i;
    uint8_t role = state->node[i].role;

    switch ((int) step.kind) {
        case E_PROBE:
            return role == E_ROLE_NONE
                   && begin(config, state, i, ACTION_MONITOR);
        case E_MONITOR:
            return (role == E_ROLE_STARTED || role == E_ROLE_PROMOTED)
                   && begin(config, state, i, ACTION_MONITOR);
        case E_START:
            return start(config, state, i);
        case E_STOP:
            return stop(config, state, i);
        case E_PROMOTE:
            return promote(config, state, i);
        case E_DEMOTE:
            return demote(config, state, i);
        case E_PRE_STOP:
            return notify(config, state, i, step.j, NOTIFY_PRE_STOP);
        default:
            return notify(config, state, i, step.j, NOTIFY_PRE_PROMOTE);
    }
}
