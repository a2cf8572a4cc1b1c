/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose a replication slot is: ours by its exact name, or a stranger's. */

#include <stdio.h>
#include <string.h>

#include "slot_owner.h"
#include "world.h"

static struct params params;
static struct snapshot world;
static struct slot_names known;

static void
add_row(const char *name)
{
    struct slot_row *row =
        &world.senders.slot_row[world.senders.slot_row_count++];

    assert_int_equal(text_copy(name, row->name, sizeof(row->name)), 0);
    row->slot.there = TRI_YES;
    row->slot.active = TRI_NO;
}

static int
begin(void **state)
{
    (void) state;
    world_init(&world, ACTION_MONITOR, 3, 0);
    memset(&known, 0, sizeof(known));
    memset(&params, 0, sizeof(params));
    params.replication_slot_name = "pg";
    params.external_standby_node_list.count = 2;
    assert_int_equal(text_copy("far-1",
                               params.external_standby_node_list.name[0],
                               NODE_NAME_SIZE), 0);
    assert_int_equal(text_copy("far2",
                               params.external_standby_node_list.name[1],
                               NODE_NAME_SIZE), 0);
    return 0;
}

static void
know(const char *name)
{
    assert_int_equal(text_copy(name, known.name[known.count++],
                               SERVER_NAME_SIZE), 0);
}

static void
knows_the_slots_of_nodes_and_of_external_standbys(void **state)
{
    (void) state;
    add_row("pg_srv2");
    add_row("pg_far_1");
    slots_assign(&params, &known, &world);
    assert_int_equal(world.node[1].senders.slot.there, TRI_YES);
    assert_int_equal(world.node[1].senders.slot.active, TRI_NO);
    assert_int_equal(world.node[2].senders.slot.there, TRI_NO);
    assert_int_equal(world.node[0].senders.slot.there, TRI_UNKNOWN);
    assert_int_equal(world.senders.slot_row_count, 1);
    assert_string_equal(world.senders.slot_row[0].name, "pg_far_1");
    assert_int_equal(world.senders.slot_row[0].external, TRI_YES);
    assert_int_equal(world.senders.externals_missing, 1);
}

/* By the prefix alone, or a part of a name, nothing is ours. */
static void
leaves_strangers_alone(void **state)
{
    static const char *const names[] = {
        "pg", "pg_", "pg_srv", "pg_srv22", "srv2", "xpg_srv2", "pg_barman",
        "old_srv2", "pg_far", "pg_srv2_copy",
    };

    (void) state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        add_row(names[i]);
    }
    slots_assign(&params, &known, &world);
    assert_int_equal(world.senders.slot_row_count, 0);
    assert_string_equal(world.senders.slot_row[0].name, "");
    assert_int_equal(world.node[1].senders.slot.there, TRI_NO);
    assert_int_equal(world.senders.externals_missing, 2);
}

static void
an_old_one_of_ours_is_known_by_what_was_there(void **state)
{
    (void) state;
    know("old_srv2");
    know("pg_srv9");
    add_row("old_srv2");        /* another prefix */
    add_row("pg_srv9");         /* it left node_list, and the cluster */
    add_row("old_srv3");        /* never ours */
    add_row("pg_srv1");         /* this node's own: a copied directory */
    slots_assign(&params, &known, &world);
    assert_int_equal(world.senders.slot_row_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(world.senders.slot_row[i].external, TRI_NO);
    }
    assert_string_equal(world.senders.slot_row[2].name, "pg_srv1");
}

static void
an_outsiders_is_an_old_one(void **state)
{
    (void) state;
    world.node_count = 2;
    world.outsiders = 1;
    add_row("pg_srv3");
    slots_assign(&params, &known, &world);
    assert_int_equal(world.senders.slot_row_count, 1);
    assert_int_equal(world.senders.slot_row[0].external, TRI_NO);
    assert_int_equal(world.node[2].senders.slot.there, TRI_UNKNOWN);
}

static void
without_a_prefix_only_what_was_ours_is(void **state)
{
    (void) state;
    params.replication_slot_name = "";
    know("pg_srv2");
    add_row("pg_srv2");
    add_row("pg_srv3");
    slots_assign(&params, &known, &world);
    assert_int_equal(world.senders.slot_row_count, 1);
    assert_string_equal(world.senders.slot_row[0].name, "pg_srv2");
    assert_int_equal(world.node[1].senders.slot.there, TRI_UNKNOWN);
    assert_int_equal(world.senders.externals_missing, 0);
}

static void
lists_what_is_ours_and_reads_it_back(void **state)
{
    struct slot_names now;
    struct slot_names back;
    char buf[1024];
    struct text text;

    (void) state;
    know("old_srv2");
    add_row("stranger");
    add_row("old_srv2");
    add_row("pg_srv3");
    slots_assign(&params, &known, &world);
    slots_list(&params, &world, &now);
    assert_int_equal(now.count, 2);
    assert_string_equal(now.name[0], "pg_srv3");
    assert_string_equal(now.name[1], "old_srv2");
    text_init(&text, buf, sizeof(buf));
    slot_names_format(&now, &text);
    assert_string_equal(buf, "pg_srv3\nold_srv2\n");
    slot_names_parse(buf, &back);
    assert_memory_equal(&back, &now, sizeof(now));
}

static void
takes_each_name_once_and_no_more_than_fit(void **state)
{
    char name[SERVER_NAME_SIZE];

    (void) state;
    assert_true(slot_names_add(&known, "pg_srv2"));
    assert_false(slot_names_add(&known, "pg_srv2"));
    assert_int_equal(known.count, 1);
    while (known.count < SLOT_ROWS_MAX) {
        (void) snprintf(name, sizeof(name), "pg_%zu", known.count);
        assert_true(slot_names_add(&known, name));
    }
    assert_false(slot_names_add(&known, "pg_one_more"));
    assert_int_equal(known.count, SLOT_ROWS_MAX);
}

static void
reads_no_name_that_is_none(void **state)
{
    (void) state;
    slot_names_parse("pg_srv2\n\nPG_A\na-b\n"
                     "a2345678901234567890123456789012345678901234567890123456"
                     "789012345678\npg_srv3", &known);
    assert_int_equal(known.count, 2);
    assert_string_equal(known.name[1], "pg_srv3");
}

/* The list names standbys in any of their forms; the slots are by node. */
static void
logical_clients_wait_for_the_standbys_that_commits_wait_for(void **state)
{
    char buf[SLOT_LIST_SIZE];
    struct text text;

    (void) state;
    text_init(&text, buf, sizeof(buf));
    slots_waited_for(&params, &world, "FIRST 2 (\"srv2\",\"srv3\")", &text);
    assert_string_equal(buf, "pg_srv2, pg_srv3");
    text_init(&text, buf, sizeof(buf));
    slots_waited_for(&params, &world, "", &text);
    assert_string_equal(buf, "");
    params.replication_slot_name = "";
    slots_waited_for(&params, &world, "\"srv2\"", &text);
    assert_string_equal(buf, "");
}

static void
says_whether_the_server_waits_for_the_right_slots(void **state)
{
    struct senders *senders = &world.senders;

    (void) state;
    params.rep_mode = REP_MODE_SYNC;
    world.server.sync_names_known = TRI_YES;
    (void) text_copy("\"srv2\"", world.server.sync_names, SERVER_TEXT_SIZE);
    slots_compare_waited(&params, &world);
    assert_int_equal(senders->slots_waited, TRI_UNKNOWN);   /* before 17 */
    senders->waited_known = TRI_YES;
    slots_compare_waited(&params, &world);
    assert_int_equal(senders->slots_waited, TRI_NO);
    (void) text_copy("pg_srv2", senders->waited_slots, SLOT_LIST_SIZE);
    slots_compare_waited(&params, &world);
    assert_int_equal(senders->slots_waited, TRI_YES);
    senders->slots_waited = TRI_UNKNOWN;
    params.rep_mode = REP_MODE_ASYNC;       /* the user's own affair */
    slots_compare_waited(&params, &world);
    assert_int_equal(senders->slots_waited, TRI_UNKNOWN);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(
            knows_the_slots_of_nodes_and_of_external_standbys, begin),
        cmocka_unit_test_setup(leaves_strangers_alone, begin),
        cmocka_unit_test_setup(an_old_one_of_ours_is_known_by_what_was_there,
                               begin),
        cmocka_unit_test_setup(an_outsiders_is_an_old_one, begin),
        cmocka_unit_test_setup(without_a_prefix_only_what_was_ours_is, begin),
        cmocka_unit_test_setup(lists_what_is_ours_and_reads_it_back, begin),
        cmocka_unit_test_setup(takes_each_name_once_and_no_more_than_fit,
                               begin),
        cmocka_unit_test_setup(reads_no_name_that_is_none, begin),
        cmocka_unit_test_setup(
            logical_clients_wait_for_the_standbys_that_commits_wait_for,
            begin),
        cmocka_unit_test_setup(
            says_whether_the_server_waits_for_the_right_slots, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
