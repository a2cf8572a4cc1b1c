/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_TESTS_WORLD_H
#define PGWARD_TESTS_WORLD_H

/* A healthy cluster of up to 16 nodes to change, and questions to a plan. */

#include <stdio.h>
#include <string.h>

#include "cmocka_all.h"
#include "decide.h"
#include "snapshot.h"

#define ALL_FACTS 0x66fffu
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static inline struct attr
attr_with(const char *value)
{
    struct attr attr = { ATTR_UNKNOWN, "" };

    if (value != NULL) {
        attr.known = value[0] == '\0' ? ATTR_UNSET : ATTR_SET;
        assert_int_equal(text_copy(value, attr.value, ATTR_VALUE_SIZE), 0);
    }
    return attr;
}

/* Node 0 leads, the others stream; seen by `self`, nothing is UNKNOWN. */
static inline void
world_init(struct snapshot *world, enum action action, size_t count,
           size_t self)
{
    memset(world, 0, sizeof(*world));
    world->action = action;
    world->left_ms = 30000;
    world->facts = ALL_FACTS;
    world->settings.rep_mode = REP_MODE_SYNC;
    world->settings.xlog_check_count = 3;
    world->settings.stop_escalate_ms = 90000;
    world->settings.stop_escalate_in_slave_ms = 90000;
    world->process.state = PROCESS_RUNNING;
    world->process.postmaster_pid = 1234;
    world->process.pidfile = self == 0 ? PIDFILE_READY : PIDFILE_STANDBY;
    world->server.answer = ANSWER_OK;
    world->server.version = 150018;
    world->server.in_recovery = self == 0 ? TRI_NO : TRI_YES;
    world->server.position = (struct wal_position) { 1, 0x5000000 };
    world->position_advances = TRI_NO;
    world->server.upstream_set = TRI_YES;
    world->server.receiver_running = self == 0 ? TRI_NO : TRI_YES;
    world->server.sync_names_known = TRI_YES;
    world->files.lock = self == 0 ? TRI_YES : TRI_NO;
    world->address_here = self == 0 ? TRI_YES : TRI_NO;
    world->expected_role = self == 0 ? ROLE_PROMOTED : ROLE_STARTED;
    world->cluster.have_quorum = TRI_YES;
    world->cluster.maintenance = TRI_NO;
    world->cluster.fencing = TRI_YES;
    world->self = self;
    world->node_count = count;
    for (size_t i = 0; i < count; i++) {
        struct node *node = &world->node[i];

        (void) snprintf(node->name, sizeof(node->name), "srv%zu", i + 1);
        node->member.online = TRI_YES;
        node->member.role = i == 0 ? ROLE_PROMOTED : ROLE_STARTED;
        node->member.starting = TRI_NO;
        node->attrs.status = attr_with(i == 0 ? "PRI" : "HS:async");
        node->record.data_status = attr_with(i == 0 ? "LATEST"
                                                    : "STREAMING|ASYNC");
        node->attrs.score = attr_with(i == 0 ? "1000" : "-INFINITY");
        node->attrs.xlog_loc = attr_with("");
        node->attrs.baseline = attr_with("");
        node->attrs.receiver = attr_with("");
        node->attrs.position = attr_with("");
        node->attrs.trusted = attr_with("1");
        node->attrs.history = attr_with(i == 0 ? "1" : "");
        node->attrs.shutdown = attr_with("");
        node->attrs.unproved = attr_with("");
        node->attrs.replay = attr_with(i == 0 ? "" : "ok");
        node->attrs.began = attr_with("");
        node->senders.own.state = SENDER_STREAMING;
        node->senders.own.sync_state = SYNC_ASYNC;
        node->senders.own.visible = TRI_YES;
        node->senders.own.flush_lsn = 0x5000000;
    }
}

/* A node was asked, and its own copy shows what is seen here. */
static inline void
world_agree(struct snapshot *world, size_t node)
{
    world->node[node].copy = world->node[node].record.data_status;
    world->node[node].copy_self = world->node[world->self].record.data_status;
    world->node[node].copy_answered = TRI_YES;
}

/* What the cluster expects down has no controller, and no history is left. */
static inline void
world_leaves(struct snapshot *world, size_t node)
{
    world->node[node].member.controller = TRI_NO;
    world->node[node].member.erased = world->node[node].member.expected_down;
}

#define NO_OP PLAN_OPS_MAX

/* The first operation of a kind for a node; NO_OP: none. */
static inline size_t
plan_find(const struct plan *plan, enum op_kind kind, size_t node)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->op[i].kind == kind && plan->op[i].node == node) {
            return i;
        }
    }
    return NO_OP;
}

/* What holds for every plan. */
static inline void
assert_sound(const struct snapshot *world, const struct plan *plan)
{
    assert_true(plan->verdict == VERDICT_EXIT
                || plan->verdict == VERDICT_AGAIN);
    assert_false(plan->overflow);
    assert_between(plan->code, OCF_SUCCESS, OCF_FAILED_PROMOTED);
    for (size_t i = 0; i < plan->count; i++) {
        assert_true(plan->op[i].kind > OP_NONE
                    && plan->op[i].kind < OP_COUNT);
        assert_true(plan->op[i].node < NODES_MAX);
        if (world->action != ACTION_PROMOTE) {
            assert_int_not_equal(plan->op[i].kind, OP_PROMOTE_SERVER);
            assert_int_not_equal(plan->op[i].kind, OP_REMOVE_STANDBY);
        }
        if (plan->op[i].kind == OP_CREATE_LOCK) {
            /* or for a start that judges, where timelines tell nothing */
            assert_true(world->action == ACTION_PROMOTE
                        || (world->action == ACTION_START
                            && world->settings.restart_on_promote));
        }
    }
}

static inline bool
is_same_attr(const struct attr *one, const struct attr *other)
{
    return one->known == other->known
           && strcmp(one->value, other->value) == 0;
}

/* A primary that slept writes nothing over what came meanwhile (P2, P3). */
static inline void
assert_view_is_shared(const struct snapshot *world, const struct plan *plan,
                      size_t node)
{
    const struct node *peer = &world->node[node];
    bool written = plan_find(plan, OP_SET_DATA_STATUS, node) != NO_OP
                   || plan_find(plan, OP_SET_DATA_QUORUM, node) != NO_OP
                   || plan_find(plan, OP_SET_SCORE, node) != NO_OP;

    if (!written || node == world->self
        || (peer->member.online == TRI_NO
            && (world->cluster.fencing == TRI_YES
                || peer->copy_answered == TRI_NO))) {
        return;
    }
    assert_true(peer->copy_answered == TRI_YES);
    assert_true(is_same_attr(&peer->copy, &peer->record.data_status));
    assert_true(is_same_attr(&peer->copy_self,
                             &world->node[world->self].record.data_status));
}

static inline void
decide_soundly(const struct snapshot *world, struct plan *plan)
{
    decide(world, plan);
    assert_sound(world, plan);
    for (size_t i = 0; i < world->node_count; i++) {
        if (world->server.in_recovery == TRI_NO
            && (world->action == ACTION_MONITOR
                || world->action == ACTION_NOTIFY)) {
            assert_view_is_shared(world, plan, i);
        }
    }
}

#endif
