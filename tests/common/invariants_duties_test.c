/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may never happen, over the whole small state space: a primary's
 * duties, monitor, stop and demote; and every action ends (P1, P2, P4, P6).
 */

#include <stdlib.h>

#include "own_server.h"
#include "peers.h"
#include "world.h"

#define MARK 0x5000000

/* --- the primary and its standby srv2 ------------------------------------ */

#define BOTH "FIRST 2 (\"srv3\",\"srv2\")"
#define STARTED "1795200000.5"

static bool
is_seen(const struct node *node)
{
    return node->senders.own.state != SENDER_UNKNOWN
           && node->senders.own.visible != TRI_NO;
}

static bool
leaves(const struct snapshot *world)
{
    return world->notify == NOTIFY_PRE_STOP;
}

static bool
names_srv2(const char *list)
{
    return strstr(list, "\"srv2\"") != NULL;
}

static bool
claims_nothing(const struct attr *record)
{
    return record->known != ATTR_UNKNOWN
           && !attr_is(record, "STREAMING|SYNC");
}

/* Can srv2, or who sees its copy of the record, still act on an old one? */
static bool
is_harmless(const struct snapshot *world)
{
    const struct node *node = &world->node[1];
    bool fencing = world->cluster.fencing != TRI_NO;

    if (world->cluster.maintenance != TRI_NO
        || world->cluster.have_quorum != TRI_YES) {
        return false;
    }
    if (node->member.online == TRI_NO) {
        return fencing ? node->member.expected_down == TRI_YES
                         && node->member.role != ROLE_STARTED
                       : node->copy_answered != TRI_YES;
    }
    return node->member.online == TRI_YES && claims_nothing(&node->copy);
}

/* srv2 loses its place: then its record has gone before, everywhere. */
static void
assert_release_is_recorded(const struct snapshot *world,
                           const struct plan *plan)
{
    size_t list = plan_find(plan, OP_WRITE_SYNC_NAMES, 0);
    bool strange = world->server.sync_names[0] == '*';

    if (list == NO_OP) {
        return;
    }
    assert_true(world->server.sync_names_known == TRI_YES);
    assert_true(!strange || world->sources.sync_names_ours == TRI_YES);
    if (!names_srv2(world->server.sync_names)
        || names_srv2(plan->op[list].value)) {
        return;
    }
    assert_true(claims_nothing(&world->node[1].record.data_status));
    assert_true(is_harmless(world));
    assert_true(is_seen(&world->node[1]) || leaves(world)
                || world->node[1].member.online == TRI_NO);
    assert_true(!world->settings.sync_strict
                || plan->op[list].value[0] != '\0');
}

/* No more names than sync_num, unless there are already. */
static void
assert_list_is_as_long_as_asked_for(const struct snapshot *world,
                                    const struct plan *plan)
{
    size_t list = plan_find(plan, OP_WRITE_SYNC_NAMES, 0);

    if (list != NO_OP && strcmp(plan->op[list].value, BOTH) == 0) {
        assert_int_equal(world->settings.sync_num, 2);
    }
}

static bool
remembers(const struct snapshot *world)
{
    return world->server.sync_names_known == TRI_YES
           && strcmp(world->sync.memory.list, world->server.sync_names) == 0
           && strcmp(world->sync.memory.started, STARTED) == 0
           && strcmp(world->sync.started, STARTED) == 0;
}

static bool
claims(const struct plan *plan, size_t node)
{
    size_t record = plan_find(plan, OP_SET_DATA_STATUS, node);
    size_t score = plan_find(plan, OP_SET_SCORE, node);

    return (record != NO_OP
            && strcmp(plan->op[record].value, "STREAMING|SYNC") == 0)
           || (score != NO_OP && strcmp(plan->op[score].value, "100") == 0);
}

static void
assert_rank_is_proved(const struct snapshot *world, const struct plan *plan)
{
    const struct node *node = &world->node[1];
    bool held = attr_is(&node->record.data_status, "STREAMING|SYNC")
                && (names_srv2(world->server.sync_names)
                    || world->server.sync_names_known != TRI_YES);

    if (!claims(plan, 1) || world->settings.rep_mode == REP_MODE_ASYNC) {
        return;
    }
    assert_true(is_seen(node) && !leaves(world));
    assert_true(node->senders.own.state == SENDER_STREAMING);
    assert_true(node->senders.own.sync_state == SYNC_SYNC
                || node->senders.own.sync_state == SYNC_QUORUM);
    assert_true(held || (remembers(world) && world->sync.memory.mark != 0
                         && node->senders.own.flush_lsn
                            >= world->sync.memory.mark));
}

/* A standby that does not stream holds its record, or loses it for good. */
static void
assert_unseen_is_left_alone(const struct snapshot *world,
                            const struct plan *plan)
{
    if (is_seen(&world->node[1]) || leaves(world)
        || (world->node[1].member.online == TRI_NO && is_harmless(world))) {
        return;
    }
    assert_true(plan_find(plan, OP_SET_DATA_STATUS, 1) == NO_OP);
    assert_true(plan_find(plan, OP_SET_SCORE, 1) == NO_OP);
    assert_true(plan_find(plan, OP_SET_STATUS, 1) == NO_OP);
}

static void
assert_duties(const struct snapshot *world)
{
    static struct plan plan;

    decide_soundly(world, &plan);
    assert_true(plan.verdict == VERDICT_AGAIN
                || plan.code == (leaves(world) ? OCF_SUCCESS
                                               : OCF_RUNNING_PROMOTED));
    assert_release_is_recorded(world, &plan);
    assert_list_is_as_long_as_asked_for(world, &plan);
    assert_rank_is_proved(world, &plan);
    assert_unseen_is_left_alone(world, &plan);
}

static void
try_cluster(struct snapshot *world)
{
    for (unsigned i = 0; i < 2 * 2 * 3 * 2 * 2 * 2; i++) {
        world->cluster.fencing = (i & 1) == 0 ? TRI_YES : TRI_NO;
        world->cluster.have_quorum = (i & 2) == 0 ? TRI_YES : TRI_NO;
        world->cluster.maintenance = (enum tri) (i / 4 % 3);
        world->settings.sync_strict = i / 12 % 2 == 1;
        world->settings.sync_num = 1 + i / 24 % 2;
        world->notify = i / 48 == 0 ? NOTIFY_NONE : NOTIFY_PRE_STOP;
        world->action = i / 48 == 0 ? ACTION_MONITOR : ACTION_NOTIFY;
        assert_duties(world);
    }
}

static void
try_senders(struct snapshot *world)
{
    static const enum sender_state states[] = {
        SENDER_STREAMING, SENDER_NONE, SENDER_CATCHUP, SENDER_UNKNOWN,
        SENDER_STREAMING,
    };

    for (size_t i = 0; i < LENGTH(states); i++) {
        struct sender *sender = &world->node[1].senders.own;

        sender->state = states[i];
        sender->sync_state = i == 0 ? SYNC_SYNC : SYNC_ASYNC;
        sender->visible = i == 4 ? TRI_NO : TRI_YES;
        for (size_t third = 0; third < 3; third++) {
            world->node[2].senders.own.state = states[third * 3 / 2];
            try_cluster(world);
        }
    }
}

static void
try_lists(struct snapshot *world)
{
    static const char *const lists[] = {
        "", "\"srv2\"", "\"srv3\"", BOTH, "*", "\"gone\"",
    };
    static const enum tri known[] = { TRI_YES, TRI_YES, TRI_UNKNOWN };
    static const enum tri ours[] = { TRI_YES, TRI_NO, TRI_UNKNOWN };

    for (size_t list = 0; list < LENGTH(lists); list++) {
        assert_int_equal(text_copy(lists[list], world->server.sync_names,
                                   SERVER_TEXT_SIZE), 0);
        for (size_t i = 0; i < LENGTH(known); i++) {
            world->server.sync_names_known = known[i];
            world->sources.sync_names_ours = ours[i];
            try_senders(world);
        }
    }
}

/* What srv2's node is like, and what its own copy of the CIB says. */
static void
try_nodes(struct snapshot *world)
{
    static const char *const copies[] = {
        NULL, "DISCONNECT", "STREAMING|SYNC",
    };
    static const enum role roles[] = { ROLE_UNKNOWN, ROLE_STARTED };

    for (size_t i = 0; i < 3 * 2 * 2; i++) {
        world->node[1].member.role = roles[i / 3 % 2];
        world->node[1].member.expected_down = i / 6 == 0 ? TRI_NO : TRI_YES;
        world_leaves(world, 1);
        world_agree(world, 1);
        if (i / 3 % 2 == i / 6) {
            world->node[1].copy = attr_with(copies[i % 3]);
            world->node[1].copy_answered = (enum tri) (i % 3);
        }
        try_lists(world);
    }
}

static void
releases_after_the_record_and_ranks_with_proof(void **state)
{
    static const char *const records[] = {
        NULL, "", "STREAMING|SYNC", "STREAMING|ASYNC", "DISCONNECT",
    };
    static struct snapshot world;

    (void) state;
    world_init(&world, ACTION_MONITOR, 3, 0);
    world_agree(&world, 2);
    world.node[0].in_promoted_list = TRI_YES;
    world.node[1].in_stop_list = TRI_YES;
    for (size_t record = 0; record < LENGTH(records); record++) {
        for (unsigned i = 0; i < 3; i++) {
            world.node[1].record.data_status = attr_with(records[record]);
            world.node[1].member.online = (enum tri) i;
            try_nodes(&world);
        }
    }
    world.settings.rep_mode = REP_MODE_ASYNC;
    world.server.sync_names[0] = '\0';
    try_senders(&world);
}

/* --- proof ---------------------------------------------------------------- */

/* The place that a WAL sender shows once it follows the list. */
static uint32_t
place_of(const struct snapshot *world, size_t node)
{
    const char *list = world->server.sync_names;

    if (strcmp(list, BOTH) == 0) {
        return node == 1 ? 2 : 1;
    }
    return strstr(list, world->node[node].name) != NULL;
}

static void
assert_mark_comes_after_its_evidence(const struct snapshot *world)
{
    static struct plan plan;
    const struct sync_memory *memory = &world->sync.memory;
    bool in_effect = world->node[1].senders.own.sync_priority
                     == place_of(world, 1)
                     && world->node[2].senders.own.sync_priority
                        == place_of(world, 2);
    bool waits = world->sync.waiter == TRI_YES
                 || (remembers(world)
                     && (memory->proven
                         || (memory->asked != 0
                             && world->sync.redo_lsn > memory->asked)));

    decide_soundly(world, &plan);
    assert_rank_is_proved(world, &plan);
    if (plan_find(&plan, OP_TAKE_MARK, 0) != NO_OP) {
        assert_true(in_effect && waits);
        assert_false(remembers(world) && memory->mark != 0);
    }
    if (plan_find(&plan, OP_ASK_CHECKPOINT, 0) != NO_OP) {
        assert_true(in_effect && !waits);
    }
    if (claims(&plan, 2)) {
        assert_true(place_of(world, 2) != 0 && remembers(world)
                    && memory->mark != 0);
    }
}

static void
try_memories(struct snapshot *world)
{
    static const lsn marks[] = { 0, MARK, MARK + 1 };

    for (unsigned i = 0; i < 2 * 2 * 2 * 2 * 2 * 2 * 3; i++) {
        struct sync_memory *memory = &world->sync.memory;

        assert_int_equal(text_copy((i & 1) == 0 ? world->server.sync_names
                                                : "\"srv4\"", memory->list,
                                   SERVER_TEXT_SIZE), 0);
        assert_int_equal(text_copy((i & 2) == 0 ? STARTED : "1795100000",
                                   memory->started, STARTED_SIZE), 0);
        memory->asked = (i & 4) == 0 ? 0 : MARK;
        world->sync.redo_lsn = (i & 8) == 0 ? MARK : MARK + 1;
        world->sync.waiter = (i & 16) == 0 ? TRI_NO : TRI_YES;
        memory->proven = (i & 32) != 0;
        memory->mark = marks[i / 64];
        assert_mark_comes_after_its_evidence(world);
    }
}

static void
takes_a_mark_only_with_evidence(void **state)
{
    static const char *const records[] = {
        "STREAMING|ASYNC", "STREAMING|SYNC", "DISCONNECT",
    };
    static const char *const lists[] = { "\"srv2\"", "\"srv3\"", BOTH };
    static struct snapshot world;

    (void) state;
    world_init(&world, ACTION_MONITOR, 3, 0);
    assert_int_equal(text_copy(STARTED, world.sync.started, STARTED_SIZE),
                     0);
    world_agree(&world, 2);
    for (unsigned i = 0; i < 3 * 3 * 3 * 3 * 2 * 3; i++) {
        world.node[1].record.data_status = attr_with(records[i % 3]);
        world_agree(&world, 1);
        assert_int_equal(text_copy(lists[i / 3 % 3], world.server.sync_names,
                                   SERVER_TEXT_SIZE), 0);
        world.node[1].senders.own.sync_priority = i / 9 % 3;
        world.node[2].senders.own.sync_priority = i / 27 % 3;
        world.settings.sync_num = 1 + i / 81 % 2;
        world.node[1].senders.own.sync_state = (enum sync_state) (i / 162 + 1);
        world.node[2].senders.own.sync_state = SYNC_SYNC;
        try_memories(&world);
    }
}

static void
fits_sixteen_nodes_into_one_plan(void **state)
{
    static struct snapshot world;
    static struct plan plan;

    (void) state;
    for (unsigned kind = 0; kind <= SENDER_STOPPING; kind++) {
        world_init(&world, ACTION_MONITOR, NODES_MAX, 0);
        world.settings.use_slots = true;
        for (size_t i = 0; i < NODES_MAX; i++) {
            world.node[i].attrs.status = attr_with(NULL);
            world.node[i].attrs.score = attr_with(NULL);
            world.node[i].attrs.position = attr_with(NULL);
            world.node[i].attrs.xlog_loc = attr_with(NULL);
            world.node[i].record.data_status = attr_with("POTENTIAL|SYNC");
            world.node[i].senders.slot.there = TRI_NO;
            world_agree(&world, i);
            world.node[i].senders.own.state = (enum sender_state) kind;
        }
        decide_soundly(&world, &plan);
        world.action = ACTION_PROMOTE;
        world.node[0].record.data_status = attr_with("LATEST");
        world.server.in_recovery = TRI_YES;
        for (size_t i = 1; i < NODES_MAX; i++) {
            world.node[i].member.role = ROLE_STARTED;
            world.node[i].copy = attr_with(NULL);
            world.node[i].attrs.score = attr_with("");
        }
        decide_soundly(&world, &plan);
        assert_true(plan_find(&plan, OP_CREATE_LOCK, 0) != NO_OP);
        world.done[OP_CREATE_LOCK].times = 1;
        decide_soundly(&world, &plan);
        assert_true(plan_find(&plan, OP_READ_COPY, NODES_MAX - 1) != NO_OP);
        for (size_t i = 1; i < NODES_MAX; i++) {
            world.node[i].copy = attr_with("DISCONNECT");
        }
        decide_soundly(&world, &plan);
        assert_true(plan_find(&plan, OP_PROMOTE_SERVER, 0) != NO_OP);
        world.server.in_recovery = TRI_NO;
        world.done[OP_PROMOTE_SERVER].times = 1;
        decide_soundly(&world, &plan);
    }
}

/* --- the truth about the server ------------------------------------------ */

static void
assert_truth(const struct snapshot *world)
{
    static struct plan plan;
    bool gone = world->process.state == PROCESS_GONE;

    decide_soundly(world, &plan);
    if (plan.verdict == VERDICT_EXIT) {
        assert_int_equal(plan.code == OCF_NOT_RUNNING, gone);
    }
    if (plan.code == OCF_RUNNING_PROMOTED) {
        assert_true(world->server.in_recovery != TRI_YES
                    || world->server.answer != ANSWER_OK);
    }
    assert_false(plan.fallback_code == OCF_NOT_RUNNING && !gone);
}

static void
try_truth(struct snapshot *world)
{
    for (unsigned i = 0; i < 5 * 9 * 3 * 6; i++) {
        world->process.state = (enum process_state) (i % 5);
        world->server.answer = (enum answer) (i / 5 % 9);
        world->server.in_recovery = (enum tri) (i / 45 % 3);
        world->process.pidfile = (enum pidfile_status) (i / 135);
        for (unsigned mode = 0; mode <= REP_MODE_SLAVE; mode++) {
            for (unsigned probe = 0; probe < 3; probe++) {
                world->settings.rep_mode = (enum rep_mode) mode;
                world->probe = (enum tri) probe;
                assert_truth(world);
            }
        }
    }
}

static void
says_not_running_only_when_all_are_gone(void **state)
{
    static struct snapshot world;

    (void) state;
    for (size_t self = 0; self < 2; self++) {
        for (unsigned settings = 0; settings < 2; settings++) {
            world_init(&world, ACTION_MONITOR, 3, self);
            world.settings.problem = settings == 0 ? OCF_SUCCESS
                                                   : OCF_ERR_CONFIGURED;
            world.settings.check_wal_receiver = settings == 1;
            world.elapsed_ms = settings * 5000;
            world.disk.writable = settings == 0 ? TRI_UNKNOWN : TRI_NO;
            try_truth(&world);
        }
    }
}

static void
assert_end(const struct snapshot *world)
{
    static struct plan plan;
    bool gone = world->process.state == PROCESS_GONE;
    bool runs = world->process.state == PROCESS_RUNNING;
    bool begun = world->done[OP_START_SERVER].times > 0;
    bool standby = world->action == ACTION_DEMOTE
                   && ((runs && server_role_by_files(world) == SERVER_STANDBY
                        && world->files.lock == TRI_NO)
                       || (begun && world->server.answer == ANSWER_OK
                           && server_role(world) == SERVER_STANDBY)
                       || (begun && runs
                           && world->server.answer != ANSWER_OK
                           && (world->process.pidfile != PIDFILE_READY
                               || server_role_by_files(world)
                                  == SERVER_STANDBY)));

    decide_soundly(world, &plan);
    if (plan.verdict == VERDICT_EXIT && plan.code == OCF_SUCCESS) {
        assert_true(gone || standby);
    }
    assert_true(plan.fallback_code != OCF_SUCCESS || gone || standby);
}

static void
try_ends(struct snapshot *world)
{
    static const enum control_state controls[] = {
        CONTROL_UNKNOWN, CONTROL_STARTING_UP, CONTROL_SHUT_DOWN,
        CONTROL_IN_ARCHIVE_RECOVERY, CONTROL_IN_PRODUCTION,
    };

    for (unsigned i = 0; i < 5 * 6 * 3 * 8; i++) {
        world->process.state = (enum process_state) (i % 5);
        world->process.pidfile = (enum pidfile_status) (i / 5 % 6);
        world->files.lock = (enum tri) (i / 30 % 3);
        world->done[OP_STOP_FAST].times = i / 90 & 1;
        world->done[OP_STOP_IMMEDIATE].times = i / 180 & 1;
        world->done[OP_START_SERVER].times =
            world->action == ACTION_DEMOTE && i / 360 != 0;
        for (unsigned answer = 0; answer < 9 * 3; answer++) {
            world->server.answer = (enum answer) (answer % 9);
            world->server.in_recovery = (enum tri) (answer / 9);
            for (size_t i_control = 0; i_control < LENGTH(controls);
                 i_control++) {
                world->control.state = controls[i_control];
                assert_end(world);
            }
        }
    }
}

static void
ends_well_only_when_stopped_is_gone(void **state)
{
    static const enum action actions[] = { ACTION_STOP, ACTION_DEMOTE };
    static const uint32_t facts[] = { FACT_PROCESS, ALL_FACTS };
    static const uint32_t left[] = { 60000, 2500, 500 };
    static struct snapshot world;

    (void) state;
    for (size_t i = 0; i < 2 * 2 * 3; i++) {
        world_init(&world, actions[i % 2], 3, 0);
        world.facts = facts[i / 2 % 2];
        world.left_ms = left[i / 4];
        try_ends(&world);
    }
}

/* --- every action ends ---------------------------------------------------- */

#define TOTAL_MS 9000u

/* Nothing in the world changes but the time and what was done. */
static void
assert_it_ends(struct snapshot *world)
{
    static struct plan plan;
    unsigned hurried = 0;

    world->facts = decide_first_facts(world);
    memset(world->done, 0, sizeof(world->done));
    world->elapsed_ms = 1;
    world->position_looks = 0;
    for (;;) {
        uint32_t before = world->facts;

        world->left_ms = TOTAL_MS - world->elapsed_ms;
        decide_soundly(world, &plan);
        if (plan.verdict == VERDICT_EXIT) {
            break;
        }
        /* looking for the same again without a pause would spin */
        hurried = plan.wait_ms == 0 && (plan.facts & ~before) == 0
                  ? hurried + 1 : 0;
        assert_true(hurried < 3);
        for (size_t i = 0; i < plan.count; i++) {
            struct done *done = &world->done[plan.op[i].kind];

            done->first_ms = done->times == 0 ? world->elapsed_ms
                                              : done->first_ms;
            done->last_ms = world->elapsed_ms;
            done->times++;
            world->sync.memory.mark = plan.op[i].kind == OP_TAKE_MARK
                                      ? MARK + 9 : world->sync.memory.mark;
        }
        world->facts = plan.facts;
        world->position_looks += (plan.facts & FACT_POSITION) != 0;
        world->elapsed_ms += plan.wait_ms + 1;
        assert_true(world->elapsed_ms < TOTAL_MS - 100);
    }
}

static void
try_worlds(enum action action, enum notify_kind notify, bool known,
           unsigned variant)
{
    static struct snapshot world;

    for (unsigned i = 0; i < 5 * 9 * 3; i++) {
        world_init(&world, action, 3, variant % 3 == 2 ? NODES_MAX
                                                       : variant % 3);
        world.notify = notify;
        world.settings.restart_on_promote = variant >= 3;
        world.settings.use_slots = variant >= 3;
        world.settings.check_wal_receiver = variant >= 3;
        world.settings.rep_mode = variant == 4 ? REP_MODE_ASYNC
                                               : REP_MODE_SYNC;
        world.server.receiver_running = TRI_NO;
        world.process.state = (enum process_state) (i % 5);
        world.server.answer = (enum answer) (i / 5 % 9);
        world.server.in_recovery = (enum tri) (i / 45);
        for (size_t node = 0; node < 3; node++) {
            struct node *peer = &world.node[node];

            if (!known) {
                memset(peer, 0, sizeof(*peer));
                world.position_advances = TRI_UNKNOWN;
                world.control.state = CONTROL_UNKNOWN;
            } else if (action == ACTION_PROMOTE || variant >= 4) {
                peer->member.role = ROLE_STARTED;
                peer->attrs.status = attr_with("HS:alone");
                peer->attrs.score = attr_with("-INFINITY");
                world.control.state = CONTROL_SHUT_DOWN;
            }
        }
        assert_it_ends(&world);
    }
}

static void
every_action_ends_before_its_deadline(void **state)
{
    static const enum action actions[] = {
        ACTION_START, ACTION_STOP, ACTION_STATUS, ACTION_MONITOR,
        ACTION_PROMOTE, ACTION_DEMOTE, ACTION_VALIDATE, ACTION_NONE,
        ACTION_METADATA, ACTION_METHODS, ACTION_RELOAD,
    };

    (void) state;
    for (unsigned variant = 0; variant < 6; variant++) {
        for (size_t i = 0; i < LENGTH(actions); i++) {
            try_worlds(actions[i], NOTIFY_NONE, true, variant);
            try_worlds(actions[i], NOTIFY_NONE, false, variant);
        }
        for (unsigned kind = 0; kind <= NOTIFY_POST_DEMOTE; kind++) {
            try_worlds(ACTION_NOTIFY, (enum notify_kind) kind, true,
                       variant);
            try_worlds(ACTION_NOTIFY, (enum notify_kind) kind, false,
                       variant);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(releases_after_the_record_and_ranks_with_proof),
        cmocka_unit_test(takes_a_mark_only_with_evidence),
        cmocka_unit_test(fits_sixteen_nodes_into_one_plan),
        cmocka_unit_test(says_not_running_only_when_all_are_gone),
        cmocka_unit_test(ends_well_only_when_stopped_is_gone),
        cmocka_unit_test(every_action_ends_before_its_deadline),
    };

    return cmocka_run_group_tests_name("duties", tests, NULL, NULL);
}
