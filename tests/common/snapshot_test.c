/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of what a snapshot holds, and small questions to it. */

#include "names.h"
#include "replay.h"
#include "want.h"
#include "world.h"

static void
every_name_is_read_back(void **state)
{
    (void) state;
    for (unsigned i = 0; i <= ACTION_METHODS; i++) {
        assert_int_equal(action_parse(action_name((enum action) i)), i);
    }
    for (unsigned i = 0; i <= CONTROL_IN_PRODUCTION; i++) {
        enum control_state value = (enum control_state) i;

        assert_int_equal(control_state_parse(control_state_name(value)), i);
    }
    for (unsigned i = 0; i <= SENDER_STOPPING; i++) {
        enum sender_state value = (enum sender_state) i;

        assert_int_equal(sender_state_parse(sender_state_name(value)), i);
    }
    for (unsigned i = 0; i <= SYNC_QUORUM; i++) {
        enum sync_state value = (enum sync_state) i;

        assert_int_equal(sync_state_parse(sync_state_name(value)), i);
    }
    assert_int_equal(pidfile_status_parse("standby"), PIDFILE_STANDBY);
}

static void
a_strange_word_is_unknown(void **state)
{
    (void) state;
    assert_int_equal(action_parse("startle"), ACTION_NONE);
    assert_int_equal(action_parse("Start"), ACTION_NONE);
    assert_int_equal(action_parse(""), ACTION_NONE);
    assert_int_equal(control_state_parse("in production "),
                     CONTROL_UNKNOWN);
    assert_int_equal(sender_state_parse("streamin"), SENDER_UNKNOWN);
    assert_int_equal(sync_state_parse("SYNC"), SYNC_UNKNOWN);
    assert_int_equal(pidfile_status_parse("ready "), PIDFILE_UNKNOWN);
}

static void
a_strange_value_has_no_name(void **state)
{
    (void) state;
    assert_string_equal(action_name((enum action) 99), "?");
    assert_string_equal(answer_name(ANSWER_FULL), "full");
    assert_string_equal(answer_name((enum answer) 99), "?");
    assert_string_equal(process_state_name(PROCESS_ORPHANS), "orphans");
    assert_string_equal(op_name(OP_KILL_ALL), "kill-all");
    assert_string_equal(op_name(OP_COUNT), "?");
}

static void
an_unknown_word_leaves_the_value(void **state)
{
    unsigned value = 7;

    (void) state;
    assert_int_equal(names_value(names_tri, "maybe", &value), -1);
    assert_int_equal(value, 7);
    assert_int_equal(names_value(names_tri, "yes", &value), 0);
    assert_int_equal(value, TRI_YES);
}

static void
finds_a_node_by_its_whole_name_without_case(void **state)
{
    static struct snapshot world;

    (void) state;
    world_init(&world, ACTION_MONITOR, 10, 0);
    assert_int_equal(snapshot_find_node(&world, "SRV10"), 9);
    assert_int_equal(snapshot_find_node(&world, "srv1"), 0);
    assert_int_equal(snapshot_find_node(&world, "srv11"), NODES_MAX);
    assert_int_equal(snapshot_find_node(&world, ""), NODES_MAX);
}

static void
an_attribute_is_a_value_only_when_set(void **state)
{
    struct attr attr = attr_with("LATEST");

    (void) state;
    assert_true(attr_is(&attr, "LATEST"));
    assert_false(attr_is(&attr, "latest"));
    attr.known = ATTR_UNKNOWN;
    assert_false(attr_is(&attr, "LATEST"));
    attr = attr_with("");
    assert_false(attr_is(&attr, ""));
}

/* A node that was judged in the action that began to judge it: it is free. */
static void
what_an_action_wrote_is_what_it_finds(void **state)
{
    static struct snapshot snapshot;
    static struct plan plan;
    char too_long[ATTR_VALUE_SIZE + 1];

    (void) state;
    snapshot.node_count = 2;
    plan_init(&plan);
    want_attr(&snapshot, &plan, OP_SET_UNPROVED, OP_REQUIRED, 1, "1");
    snapshot_note_attr(&snapshot, 1, OP_SET_UNPROVED, "1");
    want_attr(&snapshot, &plan, OP_SET_UNPROVED, OP_REQUIRED, 1, "1");
    assert_int_equal(plan.count, 1);
    want_attr(&snapshot, &plan, OP_SET_UNPROVED, OP_REQUIRED, 1, "");
    assert_int_equal(plan.count, 2);
    snapshot_note_attr(&snapshot, 1, OP_SET_UNPROVED, "");
    want_attr(&snapshot, &plan, OP_SET_UNPROVED, OP_REQUIRED, 1, "");
    assert_int_equal(plan.count, 2);
    assert_int_equal(snapshot.node[0].attrs.unproved.known, ATTR_UNKNOWN);
    assert_int_equal(snapshot.node[1].attrs.trusted.known, ATTR_UNKNOWN);
    memset(too_long, 'x', sizeof(too_long) - 1);
    too_long[sizeof(too_long) - 1] = '\0';
    snapshot_note_attr(&snapshot, 1, OP_SET_UNPROVED, too_long);
    assert_int_equal(snapshot.node[1].attrs.unproved.known, ATTR_UNKNOWN);
}

static void
no_replay_keeps_a_primary_back(void **state)
{
    static struct snapshot snapshot;

    (void) state;
    snapshot.node_count = 1;
    snapshot.server.in_recovery = TRI_NO;
    snapshot.server.progress.paused = TRI_YES;
    assert_false(replay_is_held_up(&snapshot, 0));
    snapshot.server.in_recovery = TRI_YES;
    (void) text_copy("recovery_target_time", snapshot.server.progress.target,
                     sizeof(snapshot.server.progress.target));
    assert_true(replay_is_held_up(&snapshot, 0));
}

static void
a_server_that_tells_nothing_has_no_role(void **state)
{
    static struct snapshot snapshot;

    (void) state;
    snapshot.process.pidfile = PIDFILE_STANDBY;
    assert_int_equal(server_role(&snapshot), SERVER_UNKNOWN);
    snapshot.server.in_recovery = TRI_YES;
    assert_int_equal(server_role(&snapshot), SERVER_STANDBY);
    snapshot.server.in_recovery = TRI_NO;
    assert_int_equal(server_role(&snapshot), SERVER_PRIMARY);
}

/* A look that fails after this one leaves nothing of the last. */
static void
what_is_looked_at_anew_is_unknown_before(void **state)
{
    static struct snapshot snapshot;

    (void) state;
    snapshot.node_count = 2;
    snapshot.files.lock = TRI_NO;
    snapshot.control.state = CONTROL_SHUT_DOWN;
    snapshot.server.in_recovery = TRI_NO;
    snapshot.monitor_sql_ok = TRI_YES;
    snapshot.server.position = (struct wal_position) { 1, 5 };
    snapshot.sync.redo_lsn = 5;
    snapshot.sync.memory.proven = true;
    snapshot.node[1].senders.own.state = SENDER_STREAMING;
    snapshot.node[1].senders.slot.there = TRI_YES;
    snapshot_forget(&snapshot, FACT_FILES | FACT_SQL | FACT_SYNC);
    assert_int_equal(snapshot.files.lock, TRI_UNKNOWN);
    assert_int_equal(snapshot.control.state, CONTROL_SHUT_DOWN);
    assert_int_equal(snapshot.server.in_recovery, TRI_UNKNOWN);
    assert_int_equal(snapshot.monitor_sql_ok, TRI_YES);
    assert_false(wal_position_is_known(snapshot.server.position));
    assert_true(snapshot.sync.redo_lsn == 0 && !snapshot.sync.memory.proven);
    assert_int_equal(snapshot.node[1].senders.slot.there, TRI_YES);
    snapshot.node[1].member.expected_down = TRI_YES;
    snapshot.node[1].member.online = TRI_NO;
    snapshot.node[1].member.controller = TRI_NO;
    snapshot.node[1].member.starting = TRI_NO;
    snapshot.node[1].member.erased = TRI_YES;
    snapshot.cluster.fencing = TRI_YES;
    snapshot_forget(&snapshot, FACT_SENDERS | FACT_MEMBERS);
    assert_int_equal(snapshot.cluster.fencing, TRI_UNKNOWN);
    assert_int_equal(snapshot.node[1].member.online, TRI_UNKNOWN);
    assert_int_equal(snapshot.node[1].was_out, TRI_YES);
    assert_int_equal(snapshot.node[0].was_out, TRI_UNKNOWN);
    assert_int_equal(snapshot.node[1].senders.own.state, SENDER_UNKNOWN);
    assert_int_equal(snapshot.node[1].senders.slot.there, TRI_UNKNOWN);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_is_read_back),
        cmocka_unit_test(a_strange_word_is_unknown),
        cmocka_unit_test(a_strange_value_has_no_name),
        cmocka_unit_test(an_unknown_word_leaves_the_value),
        cmocka_unit_test(finds_a_node_by_its_whole_name_without_case),
        cmocka_unit_test(an_attribute_is_a_value_only_when_set),
        cmocka_unit_test(what_an_action_wrote_is_what_it_finds),
        cmocka_unit_test(no_replay_keeps_a_primary_back),
        cmocka_unit_test(a_server_that_tells_nothing_has_no_role),
        cmocka_unit_test(what_is_looked_at_anew_is_unknown_before),
    };

    return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
