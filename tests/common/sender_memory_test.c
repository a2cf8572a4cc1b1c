/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is remembered of WAL senders, by this node's own clock. */

#include <string.h>

#include "sender_memory.h"
#include "world.h"

#define GOOD "pgward-senders 1\n5 7 srv2 1795200000.25 1795203600.5\n"

static struct snapshot world;
static struct sender_memory memory;

static int
begin(void **state)
{
    (void) state;
    world_init(&world, ACTION_MONITOR, 3, 0);
    memset(&memory, 0, sizeof(memory));
    assert_int_equal(text_copy("1795200000.25", world.node[1].senders.own.began,
                               STARTED_SIZE), 0);
    assert_int_equal(text_copy("1795203600.5", world.node[1].senders.own.reply,
                               STARTED_SIZE), 0);
    return 0;
}

static void
reply_is(const char *text)
{
    assert_int_equal(text_copy(text, world.node[1].senders.own.reply,
                               STARTED_SIZE), 0);
}

static void
counts_the_silence_by_its_own_clock(void **state)
{
    struct sender *sender = &world.node[1].senders.own;

    (void) state;
    assert_true(sender_memory_update(&memory, &world, 1000));
    assert_int_equal(sender->silent_ms, 1);
    assert_false(sender_memory_update(&memory, &world, 5000));
    assert_int_equal(sender->silent_ms, 4000);
    reply_is("1795200000.5");       /* an hour back: a word all the same */
    assert_true(sender_memory_update(&memory, &world, 6000));
    assert_int_equal(sender->silent_ms, 1);
    assert_false(sender_memory_update(&memory, &world, UINT64_MAX));
    assert_int_equal(sender->silent_ms, UINT32_MAX);
    reply_is("");                   /* before 12 nothing tells */
    assert_true(sender_memory_update(&memory, &world, 7000));
    assert_int_equal(sender->silent_ms, 0);
}

static void
remembers_who_leaves_until_it_is_another(void **state)
{
    struct sender *sender = &world.node[1].senders.own;

    (void) state;
    sender_memory_leave(&memory, "srv2", 500);
    assert_true(sender_memory_update(&memory, &world, 1000));
    assert_int_equal(sender->leaving_ms, 0);
    sender_memory_leave(&memory, "srv3", 1500);
    (void) sender_memory_update(&memory, &world, 1600);
    assert_int_equal(sender->leaving_ms, 0);
    sender_memory_leave(&memory, "srv2", 2000);
    (void) sender_memory_update(&memory, &world, 5000);
    assert_int_equal(sender->leaving_ms, 3000);
    assert_int_equal(text_copy("1795200000.26", sender->began, STARTED_SIZE),
                     0);
    assert_true(sender_memory_update(&memory, &world, 5001));
    assert_int_equal(sender->leaving_ms, 0);
    sender->began[0] = '\0';
    assert_true(sender_memory_update(&memory, &world, 5002));
    assert_int_equal(memory.count, 0);
}

static void
reads_back_what_it_writes(void **state)
{
    struct sender_memory loaded;
    char buf[4096];
    struct text text;

    (void) state;
    (void) sender_memory_update(&memory, &world, 1000);
    sender_memory_leave(&memory, "srv2", 2000);
    for (unsigned i = 0; i < 2; i++) {
        text_init(&text, buf, sizeof(buf));
        sender_memory_format(&memory, &text);
        assert_false(text.overflow);
        assert_int_equal(sender_memory_parse(buf, &loaded), 0);
        assert_memory_equal(&loaded, &memory, sizeof(memory));
        memory.note[0].reply[0] = '\0';
        memset(memory.note[0].reply, 0, STARTED_SIZE);
    }
}

static void
refuses_what_is_garbled_or_of_another_version(void **state)
{
    static const char *const bad[] = {
        "", "pgward-senders 2\n", "pgward-senders 1\n\n",
        "pgward-senders 1\nx 7 srv2 1 2\n", "pgward-senders 1\n5\n",
        "pgward-senders 1\n5 x srv2 1 2\n", "pgward-senders 1\n5 7\n",
        "pgward-senders 1\n5 7 srv2\n",
        "pgward-senders 1\n5 7 srv2 1 2 3\n",
        ("pgward-senders 1\n5 7 srv2 1 "
         "123456789012345678901234567890123\n"),
    };
    char buf[4096];
    struct text text;

    (void) state;
    assert_int_equal(sender_memory_parse(GOOD, &memory), 0);
    assert_int_equal(memory.count, 1);
    assert_int_equal(memory.note[0].left_ms, 7);
    for (size_t i = 0; i < LENGTH(bad); i++) {
        assert_int_equal(sender_memory_parse(bad[i], &memory), -1);
    }
    text_init(&text, buf, sizeof(buf));
    text_add(&text, "pgward-senders 1\n");
    for (size_t i = 0; i <= NODES_MAX; i++) {
        text_add(&text, "5 7 n%zu 1 2\n", i);
    }
    assert_int_equal(sender_memory_parse(buf, &memory), -1);
    assert_int_equal(memory.count, 1);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(counts_the_silence_by_its_own_clock, begin),
        cmocka_unit_test_setup(remembers_who_leaves_until_it_is_another,
                               begin),
        cmocka_unit_test_setup(reads_back_what_it_writes, begin),
        cmocka_unit_test_setup(refuses_what_is_garbled_or_of_another_version,
                               begin),
    };

    return cmocka_run_group_tests_name("sender_memory", tests, NULL, NULL);
}
