/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose a WAL sender is, by its whole name. */

#include "sender_name.h"
#include "sync_list.h"

#include <string.h>

#include "world.h"

static struct snapshot world;

static void
name_is(const char *key, const char *node, const char *expected)
{
    char name[NODE_NAME_SIZE];

    world.record.name_key = attr_with(key);
    sender_name(&world, node, name);
    assert_string_equal(name, expected);
}

static void
a_name_has_the_clusters_key(void **state)
{
    (void) state;
    name_is("5f3a91c4", "PM01", "pm01~5f3a91c4");
    name_is("plain", "PM01", "pm01");
    name_is("5F3A91C4", "pm01", "pm01");
    name_is("", "pm-01.x", "pm-01.x");
    name_is(NULL, "pm01", "pm01");
}

static void
a_long_name_is_cut_and_stays_one_of_its_own(void **state)
{
    static const char *const nodes[] = {
        "database-server-number-one-of-the-data-centre.example.com",
        "database-server-number-one-of-the-data-centre.example.net",
    };
    char one[NODE_NAME_SIZE];
    char other[NODE_NAME_SIZE];

    (void) state;
    world.record.name_key = attr_with("5f3a91c4");
    sender_name(&world, nodes[0], one);
    sender_name(&world, nodes[1], other);
    assert_int_equal(strlen(one), SENDER_NAME_SIZE - 1);
    assert_int_equal(strlen(other), SENDER_NAME_SIZE - 1);
    assert_string_not_equal(one, other);
    assert_string_equal(sender_name_key(one, nodes[0]), "5f3a91c4");
    assert_string_equal(sender_name_key(one, nodes[1]), "");
    /* 54 bytes leave room for a key */
    name_is("5f3a91c4",
            "a23456789b123456789c123456789d123456789e12345678901234",
            "a23456789b123456789c123456789d123456789e12345678901234"
            "~5f3a91c4");
}

static void
knows_the_forms_of_a_name(void **state)
{
    (void) state;
    assert_true(sender_name_is_of("SRV1", "srv1"));
    assert_true(sender_name_is_of("Srv1~01234567", "srv1"));
    assert_false(sender_name_is_of("srv10", "srv1"));
    assert_false(sender_name_is_of("srv10~01234567", "srv1"));
    assert_false(sender_name_is_of("srv1~0123456", "srv1"));
    assert_false(sender_name_is_of("srv1~0123456x", "srv1"));
    assert_false(sender_name_is_of("srv2~01234567", "srv1"));
}

static void
add_row(const char *name, const char *address, lsn flush_lsn)
{
    struct sender_row *row = &world.senders.row[world.senders.row_count++];

    assert_int_equal(text_copy(name, row->name, sizeof(row->name)), 0);
    assert_int_equal(text_copy(address, row->address, sizeof(row->address)),
                     0);
    row->sender = (struct sender) {
        .state = SENDER_STREAMING, .sync_state = SYNC_SYNC,
        .sync_priority = 1, .visible = TRI_YES, .flush_lsn = flush_lsn,
    };
}

static int
begin(void **state)
{
    (void) state;
    world_init(&world, ACTION_MONITOR, 3, 0);
    world.record.name_key = attr_with("5f3a91c4");
    return 0;
}

static void
a_stranger_with_the_nodes_name_is_no_sender_of_it(void **state)
{
    (void) state;
    add_row("srv2", "192.168.0.200", 0x7000000);
    add_row("srv3~00000000", "10.0.0.3", 0x7000000);
    senders_assign(&world);
    assert_int_equal(world.node[1].senders.own.state, SENDER_NONE);
    assert_string_equal(world.node[1].senders.stranger, "192.168.0.200");
    assert_int_equal(world.node[2].senders.own.state, SENDER_NONE);
    assert_string_equal(world.node[2].senders.stranger, "10.0.0.3");
}

static void
a_standby_counts_beside_a_stranger(void **state)
{
    (void) state;
    add_row("srv2", "192.168.0.200", 0x7000000);
    add_row("SRV2~5f3a91c4", "192.168.2.2", 0x6000000);
    add_row("srv2~5f3a91c4", "192.168.2.2", 0x5000000);
    senders_assign(&world);
    assert_int_equal(world.node[1].senders.own.state, SENDER_STREAMING);
    assert_int_equal(world.node[1].senders.own.flush_lsn, 0x6000000);
    assert_string_equal(world.node[1].senders.stranger, "192.168.0.200");
    assert_string_equal(world.node[1].senders.twin, "");
}

/* Commits may still wait for it: its place in the list has to be seen. */
static void
who_left_node_list_has_its_sender(void **state)
{
    struct sync_list list;

    (void) state;
    world.node_count = 2;
    world.outsiders = 1;
    add_row("srv3~5f3a91c4", "192.168.2.3", 0x6000000);
    senders_assign(&world);
    assert_int_equal(world.node[2].senders.own.state, SENDER_STREAMING);
    assert_int_equal(sync_list_parse(&world, "\"srv3~5f3a91c4\"", &list), 0);
    assert_int_equal(sync_list_place(&list, 2), 1);
}

static void
two_of_one_name_are_none(void **state)
{
    (void) state;
    add_row("srv2~5f3a91c4", "192.168.2.2", 0x6000000);
    add_row("srv2", "192.168.0.200", 0x7000000);
    add_row("srv2~5f3a91c4", "192.168.0.9", 0x6000000);
    senders_assign(&world);
    assert_int_equal(world.node[1].senders.own.state, SENDER_NONE);
    assert_string_equal(world.node[1].senders.twin, "192.168.0.9");
}

static void
without_a_key_the_nodes_own_name_counts(void **state)
{
    (void) state;
    world.record.name_key = attr_with("plain");
    add_row("srv2", "192.168.2.2", 0x6000000);
    add_row("srv3~5f3a91c4", "192.168.2.3", 0x6000000);
    senders_assign(&world);
    assert_int_equal(world.node[1].senders.own.state, SENDER_STREAMING);
    assert_int_equal(world.node[2].senders.own.state, SENDER_NONE);
    world.record.name_key = attr_with(NULL);
    senders_assign(&world);
    assert_int_equal(world.node[2].senders.own.state, SENDER_STREAMING);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_name_has_the_clusters_key, begin),
        cmocka_unit_test_setup(a_long_name_is_cut_and_stays_one_of_its_own,
                               begin),
        cmocka_unit_test_setup(knows_the_forms_of_a_name, begin),
        cmocka_unit_test_setup(
            a_stranger_with_the_nodes_name_is_no_sender_of_it, begin),
        cmocka_unit_test_setup(a_standby_counts_beside_a_stranger, begin),
        cmocka_unit_test_setup(who_left_node_list_has_its_sender, begin),
        cmocka_unit_test_setup(two_of_one_name_are_none, begin),
        cmocka_unit_test_setup(without_a_key_the_nodes_own_name_counts,
                               begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
