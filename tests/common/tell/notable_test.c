/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is worth keeping: from a look where nothing is, one change each. */

#include <string.h>

#include "cmocka_all.h"
#include "notable.h"

static struct snapshot snapshot;
static struct plan plan;
static struct event events[NOTABLE_EVENTS_MAX];

/* A synchronous standby's look at three nodes, of which srv1 led. */
static int
look(void **state)
{
    static const char *const records[] = { "LATEST", "STREAMING|SYNC",
                                           "DISCONNECT" };

    (void) state;
    memset(&snapshot, 0, sizeof(snapshot));
    snapshot.action = ACTION_MONITOR;
    snapshot.node_count = 3;
    snapshot.self = 1;
    for (size_t i = 0; i < 3; i++) {
        struct node *node = &snapshot.node[i];

        node->name[0] = 's';
        node->name[1] = (char) ('1' + i);
        node->record.data_status.known = ATTR_SET;
        (void) text_copy(records[i], node->record.data_status.value,
                         sizeof(node->record.data_status.value));
        node->attrs.shutdown.known = ATTR_UNSET;
    }
    snapshot.server.position = (struct wal_position) { 2, 0x300 };
    plan_init(&plan);
    plan_exit(&plan, OCF_SUCCESS);
    return 0;
}

static void
is_one_event(enum event_kind kind, const char *node, const char *reason)
{
    assert_int_equal(notable_events(&snapshot, &plan, events), 1);
    assert_string_equal(event_name(events[0].kind), event_name(kind));
    assert_string_equal(events[0].node, node);
    assert_string_equal(events[0].reason, reason);
}

static void
is_in(enum flight_ring ring)
{
    assert_string_equal(notable_ring_name(notable_ring(&snapshot, &plan)),
                        notable_ring_name(ring));
}

static void
nothing_is_where_all_is_well(void **state)
{
    (void) state;
    is_in(FLIGHT_NONE);
    assert_int_equal(notable_events(&snapshot, &plan, events), 0);
    plan_exit(&plan, OCF_RUNNING_PROMOTED);
    plan_exit_reason(&plan, OCF_RUNNING_PROMOTED, "no standby");
    plan_log(&plan, 4, "a warning");
    is_in(FLIGHT_NONE);
    snapshot.probe = TRI_YES;
    plan_exit_reason(&plan, OCF_NOT_RUNNING, "not running");
    is_in(FLIGHT_NONE);
    snapshot.action = ACTION_VALIDATE;
    plan_exit_reason(&plan, OCF_ERR_CONFIGURED, "set node_list");
    is_in(FLIGHT_NONE);
    assert_int_equal(notable_events(&snapshot, &plan, events), 0);
}

static void
a_promotion_begins_as_what_it_is(void **state)
{
    (void) state;
    snapshot.action = ACTION_PROMOTE;
    snapshot.server.alone_ms = 1200;
    plan.rule = "synchronous";
    plan_add(&plan, OP_CREATE_LOCK, OP_REQUIRED, 0, NULL);
    plan_again(&plan, 0, 0, 0);
    is_in(FLIGHT_PROMOTE);
    is_one_event(EVENT_FAILOVER, "s2", "from s1, which is not online");
    assert_int_equal(events[0].since_ms, 1200);
    assert_int_equal(events[0].position.timeline, 2);
    assert_string_equal(events[0].rule, "synchronous");
    snapshot.node[0].member.online = TRI_YES;
    is_one_event(EVENT_FAILOVER, "s2",
                 "from s1, which is online and did not shut down cleanly");
    snapshot.node[0].attrs.shutdown.known = ATTR_SET;
    is_one_event(EVENT_SWITCHOVER, "s2", "from s1, which shut down cleanly");
    snapshot.node[0].record.data_status.known = ATTR_UNSET;
    is_one_event(EVENT_TAKES_LEAD, "s2",
                 "no other node is recorded as the last primary");
    snapshot.done[OP_CREATE_LOCK].times = 1;
    assert_int_equal(notable_events(&snapshot, &plan, events), 0);
}

static void
a_promotion_ends_in_either_way(void **state)
{
    (void) state;
    snapshot.action = ACTION_PROMOTE;
    assert_int_equal(notable_events(&snapshot, &plan, events), 0);
    snapshot.done[OP_CREATE_LOCK].times = 1;
    is_one_event(EVENT_PROMOTED, "s2", "");
    assert_true(events[0].position.lsn == 0x300);
    plan.rule = "behind";
    plan_exit_reason(&plan, OCF_ERR_GENERIC, "let 's3' lead");
    is_one_event(EVENT_REFUSED, "s2", "let 's3' lead");
    assert_string_equal(events[0].rule, "behind");
    is_in(FLIGHT_PROMOTE);
}

static void
a_demotion_is_one_where_it_ended_a_server(void **state)
{
    (void) state;
    snapshot.action = ACTION_DEMOTE;
    is_in(FLIGHT_DEMOTE);
    assert_int_equal(notable_events(&snapshot, &plan, events), 0);
    snapshot.done[OP_STOP_FAST].times = 1;
    snapshot.control.checkpoint = (struct wal_position) { 2, 0x400 };
    is_one_event(EVENT_DEMOTED, "s2", "");
    assert_true(events[0].position.lsn == 0x400);
    plan_exit_reason(&plan, OCF_ERR_GENERIC, "kill it");
    is_one_event(EVENT_FAILED, "s2", "demote: kill it");
}

static void
a_release_is_one_of_who_might_have_led(void **state)
{
    (void) state;
    snapshot.self = 0;
    plan_add(&plan, OP_SET_DATA_STATUS, OP_REQUIRED, 2, "CATCHUP|ASYNC");
    plan_add(&plan, OP_SET_DATA_STATUS, OP_REQUIRED, 2, "STREAMING|SYNC");
    plan_add(&plan, OP_SET_DATA_STATUS, OP_REQUIRED, 0, "DISCONNECT");
    is_in(FLIGHT_NONE);
    plan_add(&plan, OP_SET_DATA_STATUS, OP_REQUIRED, 1, "DISCONNECT");
    is_in(FLIGHT_RELEASE);
    is_one_event(EVENT_RELEASED, "s2",
                 "data-status STREAMING|SYNC becomes DISCONNECT");
    snapshot.action = ACTION_PROMOTE;
    plan_again(&plan, 0, 0, 0);
    assert_int_equal(notable_events(&snapshot, &plan, events), 0);
}

static void
a_death_is_told_of_once(void **state)
{
    (void) state;
    snapshot.action = ACTION_REPORT;
    is_in(FLIGHT_NONE);
    plan_add(&plan, OP_HAND_OVER, OP_BEST_EFFORT, 0, NULL);
    is_in(FLIGHT_FAILURE);
    is_one_event(EVENT_DIED, "s2", "");
    snapshot.done[OP_HAND_OVER].times = 1;
    is_in(FLIGHT_NONE);
    plan_add(&plan, OP_REPORT, OP_BEST_EFFORT, 0, NULL);
    is_in(FLIGHT_FAILURE);
}

static void
a_notify_tells_of_others(void **state)
{
    (void) state;
    snapshot.action = ACTION_NOTIFY;
    snapshot.notify = NOTIFY_PRE_DEMOTE;
    snapshot.node[1].in_demote_list = TRI_YES;
    assert_int_equal(notable_events(&snapshot, &plan, events), 0);
    snapshot.node[0].in_demote_list = TRI_YES;
    is_one_event(EVENT_PRIMARY_ENDS, "s1", "");
    snapshot.notify = NOTIFY_POST_PROMOTE;
    snapshot.node[2].in_promote_list = TRI_YES;
    is_one_event(EVENT_LEADS, "s3", "");
    is_in(FLIGHT_NONE);
}

static void
a_rejoin_has_its_steps(void **state)
{
    (void) state;
    snapshot.action = ACTION_START;
    snapshot.rejoin.fork = (struct wal_position) { 1, 0x200 };
    plan_add_number(&plan, OP_MARK_REJOIN, OP_REQUIRED, REJOIN_KEPT);
    is_in(FLIGHT_REJOIN);
    assert_int_equal(notable_events(&snapshot, &plan, events), 0);
    plan_add_number(&plan, OP_UNMARK_REJOIN, OP_REQUIRED, 0);
    is_one_event(EVENT_REJOINED, "s2", "");
    plan_exit(&plan, OCF_ERR_GENERIC);
    assert_int_equal(notable_events(&snapshot, &plan, events), 0);
    plan.count = 0;
    plan_add_number(&plan, OP_MARK_REJOIN, OP_REQUIRED, REJOIN_BEGUN);
    is_one_event(EVENT_REJOIN, "s2", "");
    assert_true(events[0].position.lsn == 0x200);
    plan.count = 0;
    plan_add_whole(&plan, OP_GIVE_UP_REJOIN, OP_REQUIRED, 0, REJOIN_GIVEN_UP,
                   "make a new copy");
    is_one_event(EVENT_GIVEN_UP, "s2", "make a new copy");
}

static void
a_long_reason_ends_with_a_whole_word(void **state)
{
    size_t len;

    (void) state;
    snapshot.action = ACTION_STOP;
    plan_exit_reason(&plan, OCF_ERR_GENERIC, "%0600d rest", 0);
    is_one_event(EVENT_FAILED, "s2", "stop: ");
    plan_exit_reason(&plan, OCF_ERR_GENERIC, "look %0490d rest of it", 0);
    assert_int_equal(notable_events(&snapshot, &plan, events), 1);
    len = strlen(events[0].reason);
    assert_true(len < EVENT_REASON_SIZE);
    assert_string_equal(events[0].reason + len - 3, " of");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_is_where_all_is_well, look),
        cmocka_unit_test_setup(a_promotion_begins_as_what_it_is, look),
        cmocka_unit_test_setup(a_promotion_ends_in_either_way, look),
        cmocka_unit_test_setup(a_demotion_is_one_where_it_ended_a_server,
                               look),
        cmocka_unit_test_setup(a_release_is_one_of_who_might_have_led, look),
        cmocka_unit_test_setup(a_death_is_told_of_once, look),
        cmocka_unit_test_setup(a_notify_tells_of_others, look),
        cmocka_unit_test_setup(a_rejoin_has_its_steps, look),
        cmocka_unit_test_setup(a_long_reason_ends_with_a_whole_word, look),
    };

    return cmocka_run_group_tests_name("notable", tests, NULL, NULL);
}
