/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model: its first state, its steps, and small questions to a state. */

#include <string.h>

#include "explorer.h"

bool
e_bit(unsigned mask, size_t index)
{
    return (mask >> index & 1) != 0;
}

unsigned
e_count(unsigned mask)
{
    return (unsigned) __builtin_popcount(mask);
}

uint8_t
e_bit_of(size_t index)
{
    return (uint8_t) (1u << index);
}

bool
e_is_running(const struct e_node *node)
{
    return node->server >= E_STANDBY;
}

bool
e_quorum(const struct e_config *config, const struct e_node *node)
{
    if (config->nodes == 2) {
        return node->waits_for_all == 0;
    }
    return e_count(node->view | node->lent) * 2 > config->nodes;
}

/* Corosync of two nodes can talk. */
static bool
is_near(const struct e_state *state, size_t i, size_t k)
{
    return state->node[i].alive && state->node[k].alive
           && state->node[i].group == state->node[k].group;
}

/* The live nodes that a live node can talk to, itself included. */
uint8_t
e_reach(const struct e_config *config, const struct e_state *state, size_t i)
{
    uint8_t reach = 0;

    for (size_t k = 0; k < config->nodes; k++) {
        if (state->node[k].alive && !state->node[k].alone
            && state->node[k].group == state->node[i].group) {
            reach |= e_bit_of(k);
        }
    }
    return reach;
}

/* All members can be reached and see the same membership: the ring turns. */
bool
e_is_stable(const struct e_config *config, const struct e_state *state,
            size_t i)
{
    uint8_t view = state->node[i].view;

    if (view != (view & e_reach(config, state, i))) {
        return false;
    }
    for (size_t k = 0; k < config->nodes; k++) {
        if (e_bit(view, k) && state->node[k].view != view) {
            return false;
        }
    }
    return true;
}

/* What an action in progress makes of a role, as roles_result() has it. */
static uint8_t
current_role(const struct e_node *node)
{
    switch ((int) node->action.kind) {
        case ACTION_START:
            return E_ROLE_STOPPED | E_STARTING;
        case ACTION_STOP:
            return (uint8_t) ((node->role <= E_ROLE_STOPPED
                               ? (uint8_t) E_ROLE_STARTED : node->role)
                              | E_STARTING);
        case ACTION_DEMOTE:
            return E_ROLE_PROMOTED;
        case ACTION_PROMOTE:
            return E_ROLE_FAILED;
        default:
            return node->role;
    }
}

/* The role of `j` as the CIB of `i` has it. */
uint8_t
e_shown_role(const struct e_state *state, size_t i, size_t j)
{
    const struct e_node *me = &state->node[i];
    const struct e_node *other = &state->node[j];

    if (other->alive && !other->alone && me->group == other->group
        && e_bit(me->view, j)) {
        return current_role(other);
    }
    return me->frozen[j];
}

/* --- steps ---------------------------------------------------------------- */

/* What waits for the server until it times out is a fault. */
static bool
wait_longer(const struct e_config *config, struct e_state *state, size_t i)
{
    struct e_action *action = &state->node[i].action;
    bool fault = action->kind != ACTION_MONITOR
                 && action->kind != ACTION_NOTIFY && action->phase == 0;

    if (action->phase == 2
        || (fault && !e_fault_is_left(config, state, E_FAULT_LATE))
        || !e_action_waits(config, state, i)) {
        return false;
    }
    state->faults += fault;
    action->phase++;
    return e_action_look(config, state, i);
}

static bool
action_step(const struct e_config *config, struct e_state *state, size_t i,
            enum e_step_kind kind)
{
    struct e_action *action = &state->node[i].action;

    if (action->kind == ACTION_NONE) {
        return false;
    }
    switch ((int) kind) {
        case E_LOOK:
            return e_action_look(config, state, i);
        case E_OPERATE:
            return e_action_operate(config, state, i);
        case E_LATE:
            return wait_longer(config, state, i);
        default:
            if (!e_fault_is_left(config, state, E_FAULT_SIGKILL)) {
                return false;
            }
            state->faults++;
            e_action_kill(state, i);
            return true;
    }
}

/*
 * Votes are Corosync's: it needs no Pacemaker for them. Nobody has that of such
 * a node before he has seen who else is near: they are in one membership.
 */
static void
lend_votes(const struct e_config *config, struct e_state *state)
{
    for (size_t i = 0; i < config->nodes; i++) {
        struct e_node *node = &state->node[i];
        bool sees_all = (e_reach(config, state, i) & ~node->view) == 0;

        node->lent = 0;
        for (size_t k = 0; k < config->nodes; k++) {
            if (sees_all && is_near(state, i, k) && state->node[k].alone) {
                node->lent |= e_bit_of(k);
            }
        }
        if (e_count(node->view | node->lent) == config->nodes) {
            node->waits_for_all = 0;
        }
    }
}

/* Only what differs counts, so that the states are finitely many. */
static void
normalise(const struct e_config *config, struct e_state *state)
{
    uint8_t least = UINT8_MAX;

    for (size_t i = 0; i < config->nodes; i++) {
        if (state->node[i].version < least) {
            least = state->node[i].version;
        }
    }
    for (size_t i = 0; i < config->nodes; i++) {
        state->node[i].version = (uint8_t) (state->node[i].version - least);
    }
}

bool
e_step(const struct e_config *config, struct e_state *state,
       struct e_step step)
{
    bool taken;

    if (step.kind <= E_SIGKILL) {
        taken = action_step(config, state, step.i,
                            (enum e_step_kind) step.kind);
    } else if (step.kind <= E_PRE_PROMOTE) {
        taken = e_pacemaker_step(config, state, step);
    } else if (step.kind <= E_DELIVER) {
        taken = e_cluster_step(config, state, step);
    } else if (step.kind >= E_WORK_LOOK) {
        taken = e_rejoin_step(config, state, step);
    } else {
        taken = e_server_step(config, state, step);
    }
    for (size_t i = 0; taken && i < config->nodes; i++) {
        e_acknowledge(state, i);
    }
    if (taken && config->leaves) {
        lend_votes(config, state);
    }
    if (taken) {
        normalise(config, state);
    }
    return taken;
}

/* --- the beginning -------------------------------------------------------- */

/* How many are in the list, from the second node on. */
static size_t
members_of(const struct e_config *config)
{
    switch (config->begin) {
        case E_BEGIN_ALONE:
            return 0;
        case E_BEGIN_ONE:
        case E_BEGIN_PRIORITY:
            return 1;
        case E_BEGIN_WHOLE:
        case E_BEGIN_LEFT:
        case E_BEGIN_PARTED:
        case E_BEGIN_SPARE:
            break;
    }
    return config->any ? config->nodes - 1u
           : config->sync_num > 1 ? config->sync_num : 1;
}

static uint8_t
first_list(const struct e_config *config)
{
    size_t members = members_of(config);

    if (members < 2) {
        return e_intern(members == 0 ? "" : "\"srv2\"");
    }
    return e_intern(config->any && config->sync_num < members
                    ? "ANY 1 (\"srv2\",\"srv3\")"
                    : "FIRST 2 (\"srv2\",\"srv3\")");
}

static uint8_t
first_record(const struct e_config *config, size_t node)
{
    if (node == 0) {
        return e_intern("LATEST");
    }
    if (node > members_of(config)) {
        return e_intern("STREAMING|ASYNC");
    }
    return e_intern(config->any && config->begin != E_BEGIN_PRIORITY
                    ? "STREAMING|QUORUM" : "STREAMING|SYNC");
}

/* All of them begin as the settings ask for. */
static uint8_t
first_quorum(const struct e_config *config, size_t node)
{
    size_t members = members_of(config);

    if (!config->any || config->begin == E_BEGIN_PRIORITY || node == 0
        || node > members) {
        return 0;
    }
    return e_intern(members == 1 ? "1/1"
                    : config->sync_num > 1 ? "2/2" : "1/2");
}

static void
lead(const struct e_config *config, struct e_node *node)
{
    node->server = E_PRIMARY;
    node->role = E_ROLE_PROMOTED;
    node->lock = 1;
    node->attr[ATTR_STATUS] = e_intern("PRI");
    node->attr[ATTR_SCORE] = e_intern("1000");
    node->attr[ATTR_HISTORY] = e_intern("1");
    if (config->strict) {
        node->attr[ATTR_ADMIT] =
            e_intern(members_of(config) > 0 ? "yes" : "no");
    }
    node->file = first_list(config);
    node->loaded = node->file;
    node->flag = node->loaded != 0;
    for (size_t i = 1; i < config->nodes; i++) {
        node->list[i] = node->loaded;
    }
}

static void
follow(const struct e_config *config, struct e_node *node, bool sync)
{
    node->server = E_STANDBY;
    node->role = E_ROLE_STARTED;
    node->signal = 1;
    node->standby = STANDBY_FOLLOWS;
    node->upstream = 0;
    node->streamed = e_is_modelled(config, ATTR_REPLAY);
    node->attr[ATTR_REPLAY] =
        e_is_modelled(config, ATTR_REPLAY) ? e_intern("ok") : 0;
    node->attr[ATTR_STATUS] = e_intern("HS:alone");
    node->attr[ATTR_SCORE] = e_intern(sync ? "100" : "-INFINITY");
    node->attr[ATTR_HISTORY] = e_intern(E_STANDBY_TOLD);
}

/* Nobody has released it yet; its own copy of the CIB stays as it is. */
static void
leave_last(const struct e_config *config, struct e_state *state)
{
    size_t last = config->nodes - 1u;
    struct e_node *node = &state->node[last];

    node->server = E_DOWN;
    node->role = E_ROLE_NONE;
    node->alone = E_ALONE_IN_ORDER;
    node->view = 0;
    memset(node->attr, 0, sizeof(node->attr));
    for (size_t i = 0; i < last; i++) {
        state->node[i].view &= (uint8_t) ~e_bit_of(last);
        state->node[i].down = e_bit_of(last);
        state->node[i].frozen[last] = E_ROLE_STOPPED;
    }
    state->leaves = 1;
    lend_votes(config, state);
}

/*
 * The last node was promoted; each of the others has a record of its own that
 * nobody was told of.
 */
static void
part(const struct e_config *config, struct e_state *state)
{
    size_t last = config->nodes - 1u;
    bool waits = config->unreleased;

    for (size_t i = 0; i < config->nodes; i++) {
        struct e_node *node = &state->node[i];

        memset(node, 0, sizeof(*node));
        node->alive = 1;
        node->view = (uint8_t) ((1u << config->nodes) - 1);
        node->upstream = E_NOBODY;
        node->attr[ATTR_TRUSTED] = e_intern("1");
        for (size_t k = 0; k < config->nodes; k++) {
            node->record[k] = e_intern(k == last ? "LATEST"
                                       : waits ? "STREAMING|SYNC"
                                       : "DISCONNECT");
        }
        if (i == last) {
            lead(config, node);
            node->file = e_intern(waits ? "\"srv1\"" : "");
            node->loaded = node->file;
            node->flag = waits;
            memset(node->list, 0, sizeof(node->list));
            node->attr[ATTR_HISTORY] = e_intern("2 1/0000000005000000");
        } else {
            node->role = E_ROLE_STOPPED;
            node->lock = 1;
        }
        node->wal = e_bit_of(state->records++);
    }
    state->promotions = state->node[last].wal;
}

/* One that did not part: it would lead next, and commits wait for it. */
static void
stream_second(const struct e_config *config, struct e_state *state)
{
    size_t last = config->nodes - 1u;
    struct e_node *primary = &state->node[last];
    struct e_node *second = &state->node[1];

    second->lock = 0;
    second->wal = primary->wal;
    follow(config, second, true);
    second->upstream = (uint8_t) last;
    primary->file = e_intern("\"srv2\"");
    primary->loaded = primary->file;
    primary->flag = 1;
    primary->list[1] = primary->loaded;
    for (size_t i = 0; i < config->nodes; i++) {
        state->node[i].record[1] = e_intern("STREAMING|SYNC");
    }
}

/* All are members; the first leads, those behind it are its standbys. */
void
e_state_init(const struct e_config *config, struct e_state *ret_state)
{
    memset(ret_state, 0, sizeof(*ret_state));
    ret_state->stranger = config->stranger;
    for (size_t i = 0; i < config->nodes; i++) {
        struct e_node *node = &ret_state->node[i];

        node->alive = 1;
        node->view = (uint8_t) ((1u << config->nodes) - 1);
        node->upstream = E_NOBODY;
        node->attr[ATTR_TRUSTED] = e_intern("1");
        for (size_t k = 0; k < config->nodes; k++) {
            node->record[k] = first_record(config, k);
            node->quorum[k] = first_quorum(config, k);
        }
        if (i == 0) {
            lead(config, node);
        } else {
            follow(config, node, i <= members_of(config));
            node->stale[0] = config->stale;     /* it once had the address */
        }
    }
    if (config->begin == E_BEGIN_LEFT) {
        leave_last(config, ret_state);
    } else if (config->begin == E_BEGIN_PARTED) {
        part(config, ret_state);
    } else if (config->begin == E_BEGIN_SPARE) {
        part(config, ret_state);
        stream_second(config, ret_state);
    }
}
