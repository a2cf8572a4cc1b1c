/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is remembered of replication slots, by this node's own clock. */

#include <string.h>

#include "slot_memory.h"
#include "world.h"

static struct snapshot world;
static struct slot_memory memory;
static struct slot *slot;

static int
begin(void **state)
{
    (void) state;
    world_init(&world, ACTION_MONITOR, 3, 0);
    memset(&memory, 0, sizeof(memory));
    slot = &world.node[1].senders.slot;
    memset(slot, 0, sizeof(*slot));
    slot->there = TRI_YES;
    slot->active = TRI_NO;
    return 0;
}

/* Look again, at a slot as it is now. */
static bool
look(uint64_t now_ms)
{
    slot->idle_ms = 0;
    slot->given_up = TRI_UNKNOWN;
    world.senders.slots_due = TRI_UNKNOWN;
    return slot_memory_update(&memory, &world, now_ms);
}

static void
counts_how_long_nobody_uses_it(void **state)
{
    (void) state;
    assert_true(look(1000));
    assert_int_equal(slot->idle_ms, 1);
    assert_false(look(6000));
    assert_int_equal(slot->idle_ms, 5000);
    slot->active = TRI_YES;
    assert_true(look(7000));
    assert_int_equal(slot->idle_ms, 0);
    slot->active = TRI_NO;
    assert_true(look(8000));
    assert_int_equal(slot->idle_ms, 1);
    slot->active = TRI_UNKNOWN;
    (void) look(9000);
    assert_int_equal(slot->idle_ms, 0);
    slot->active = TRI_NO;
    (void) look(10000);
    (void) look(UINT64_MAX);
    assert_int_equal(slot->idle_ms, UINT32_MAX);
}

static void
counts_for_an_external_standby_too(void **state)
{
    struct slot_row *row = &world.senders.slot_row[0];

    (void) state;
    world.senders.slot_row_count = 1;
    assert_int_equal(text_copy("pg_far1", row->name, sizeof(row->name)), 0);
    row->slot.there = TRI_YES;
    row->slot.active = TRI_NO;
    (void) look(1000);
    (void) look(4000);
    assert_int_equal(row->slot.idle_ms, 3000);
}

static void
remembers_what_was_given_up_until_it_is_there(void **state)
{
    (void) state;
    (void) look(1000);
    slot_memory_give_up(&memory, "srv2", 2000);
    slot->there = TRI_NO;
    (void) look(3000);
    assert_int_equal(slot->given_up, TRI_YES);
    assert_int_equal(slot->idle_ms, 0);
    (void) look(900000);
    assert_int_equal(slot->given_up, TRI_YES);
    slot->there = TRI_YES;
    (void) look(900001);
    assert_int_equal(slot->given_up, TRI_UNKNOWN);
    assert_int_equal(slot->idle_ms, 1);     /* it has its time anew */
    slot->there = TRI_NO;
    (void) look(900002);
    assert_int_equal(slot->given_up, TRI_UNKNOWN);
    assert_int_equal(memory.count, 0);
}

static void
is_due_once_in_ten_seconds(void **state)
{
    (void) state;
    (void) look(1000);
    assert_int_equal(world.senders.slots_due, TRI_YES);
    (void) look(10999);
    assert_int_equal(world.senders.slots_due, TRI_UNKNOWN);
    assert_true(look(11000));
    assert_int_equal(world.senders.slots_due, TRI_YES);
    world.elapsed_ms = 300;
    (void) look(11500);         /* of the same action */
    assert_int_equal(world.senders.slots_due, TRI_YES);
    world.elapsed_ms = 5;
    (void) look(12000);
    assert_int_equal(world.senders.slots_due, TRI_UNKNOWN);
    (void) look(5);             /* another boot */
    assert_int_equal(world.senders.slots_due, TRI_YES);
}

static void
reads_back_what_it_writes(void **state)
{
    struct slot_memory back;
    char buf[256];
    struct text text;

    (void) state;
    (void) look(1000);
    slot_memory_give_up(&memory, "srv3", 2000);
    text_init(&text, buf, sizeof(buf));
    slot_memory_format(&memory, &text);
    assert_string_equal(buf, "pgward-slots 1\n1000\n1000 0 srv2\n"
                             "2000 1 srv3\n");
    assert_int_equal(slot_memory_parse(buf, &back), 0);
    assert_memory_equal(&back, &memory, sizeof(memory));
}

static void
takes_nothing_that_is_garbled(void **state)
{
    static const char *const texts[] = {
        "", "pgward-slots 2\n1\n", "pgward-slots 1\n", "pgward-slots 1\nx\n",
        "pgward-slots 1\n1 2\n", "pgward-slots 1\n1\n2 2 srv2\n",
        "pgward-slots 1\n1\n2 1\n", "pgward-slots 1\n1\n2 1 \n",
        "pgward-slots 1\n1\nx 1 srv2\n", "pgward-slots 1\n1\n2\n",
    };

    (void) state;
    memory.due_ms = 7;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(slot_memory_parse(texts[i], &memory), -1);
        assert_int_equal(memory.due_ms, 7);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(counts_how_long_nobody_uses_it, begin),
        cmocka_unit_test_setup(counts_for_an_external_standby_too, begin),
        cmocka_unit_test_setup(remembers_what_was_given_up_until_it_is_there,
                               begin),
        cmocka_unit_test_setup(is_due_once_in_ten_seconds, begin),
        cmocka_unit_test_setup(reads_back_what_it_writes, begin),
        cmocka_unit_test_setup(takes_nothing_that_is_garbled, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
