/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A snapshot as text: what is written is read back, and nothing else is. */

#include "names.h"
#include "world.h"

#define TEXT_SIZE (128 * 1024)
#define A_40 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG_OPERATION "done." A_40 A_40 ".times"

static char first[TEXT_SIZE];
static char second[TEXT_SIZE];

/* Every field has another value, so that two that are mixed up show. */
static void
fill(struct snapshot *world)
{
    world_init(world, ACTION_NOTIFY, NODES_MAX, 3);
    world->notify = NOTIFY_PRE_STOP;
    world->probe = TRI_YES;
    world->check_level = 10;
    (void) text_copy("/var/tmp \\ a\nb = c", world->tmpdir, PATH_SIZE);
    world->elapsed_ms = 4294967295u;
    world->settings.problem = OCF_ERR_CONFIGURED;
    (void) text_copy("# no", world->settings.problem_text, SERVER_TEXT_SIZE);
    world->settings.restart_on_promote = true;
    world->settings.use_slots = true;
    world->process.postmaster_pid = -1;
    world->process.uninterruptible = 2;
    (void) text_copy("FATAL:  x\\n", world->server.text, SERVER_TEXT_SIZE);
    (void) text_copy("\"srv2\"", world->server.sync_names,
                     SERVER_TEXT_SIZE);
    world->control.state = CONTROL_SHUT_DOWN_IN_RECOVERY;
    world->control.checkpoint =
        (struct wal_position) { 4294967295u, 0xffffffffffffffffu };
    world->profile.fsync = TRI_NO;
    world->profile.stop_ms = 60000;
    (void) text_copy("ALTER ROLE \"a b\" RESET synchronous_commit",
                     world->profile.weak_commit_reset,
                     sizeof(world->profile.weak_commit_reset));
    world->sync.memory.mark = 0xfedcba9876543210u;
    world->failed = OP_SET_DATA_STATUS;
    world->senders.slot_row_count = 2;
    for (size_t i = 0; i < world->senders.slot_row_count; i++) {
        struct slot_row *row = &world->senders.slot_row[i];

        (void) snprintf(row->name, sizeof(row->name), "pg_far%zu", i);
        row->slot.there = TRI_YES;
        row->slot.restart_lsn = (i + 1) << 32;
    }
    for (unsigned i = 0; i < OP_COUNT; i++) {
        world->done[i] = (struct done) { i + 1, (int32_t) i - 1, i, i + 2 };
    }
    for (size_t i = 0; i < NODES_MAX; i++) {
        struct node *node = &world->node[i];

        node->attrs.status = attr_with(i % 3 == 0 ? NULL : i % 3 == 1 ? ""
                                                             : "HS:a\\b\nc");
        node->senders.own.sync_priority = (uint32_t) i;
        node->senders.own.flush_lsn = i << 32;
        node->senders.slot.active = (enum tri) (i % 3);
        node->in_stop_list = (enum tri) ((i + 1) % 3);
        node->in_start_list = (enum tri) ((i + 2) % 3);
    }
}

static void
dump(const struct snapshot *world, char *buf)
{
    struct text text;

    text_init(&text, buf, TEXT_SIZE);
    snapshot_dump(world, &text);
    assert_false(text.overflow);
}

static void
what_is_written_is_read_back(void **state)
{
    static struct snapshot world;
    static struct snapshot loaded;

    (void) state;
    fill(&world);
    memset(&loaded, 0, sizeof(loaded));
    dump(&world, first);
    assert_int_equal(snapshot_load(first, &loaded), 0);
    dump(&loaded, second);
    assert_string_equal(first, second);
    assert_memory_equal(&loaded.done, &world.done, sizeof(world.done));
    assert_string_equal(loaded.tmpdir, world.tmpdir);
    assert_string_equal(loaded.node[2].attrs.status.value, "HS:a\\b\nc");
    assert_int_equal(loaded.node[15].attrs.status.known, ATTR_UNKNOWN);
    assert_int_equal(loaded.process.postmaster_pid, -1);
    assert_true(loaded.sync.memory.mark == world.sync.memory.mark);
}

static void
a_snapshot_of_zeroes_has_no_lines(void **state)
{
    static struct snapshot world;

    (void) state;
    memset(&world, 0, sizeof(world));
    dump(&world, first);
    assert_string_equal(first, "");
}

static void
says_when_a_text_did_not_fit(void **state)
{
    static struct snapshot world;
    char small[64];
    struct text text;

    (void) state;
    fill(&world);
    text_init(&text, small, sizeof(small));
    snapshot_dump(&world, &text);
    assert_true(text.overflow);
}

static void
later_lines_win_over_a_base(void **state)
{
    static struct snapshot world;

    (void) state;
    world_init(&world, ACTION_MONITOR, 2, 0);
    assert_int_equal(snapshot_load("# comment\n\naction = stop\n"
                                   "settings.use_slots = yes\n"
                                   "settings.use_slots = no\n"
                                   "node.1.score = unknown\n"
                                   "node.1.status = unset\n"
                                   "node.0.status = set \n"
                                   "facts = sql  process\n"
                                   "server.text = ", &world), 0);
    assert_int_equal(world.action, ACTION_STOP);
    assert_false(world.settings.use_slots);
    assert_int_equal(world.node[1].attrs.score.known, ATTR_UNKNOWN);
    assert_int_equal(world.node[1].attrs.status.known, ATTR_UNSET);
    assert_int_equal(world.node[0].attrs.status.known, ATTR_SET);
    assert_int_equal(world.facts, FACT_SQL | FACT_PROCESS);
}

static void
a_wrong_line_is_named_and_nothing_changes(void **state)
{
    static const char *const wrong[] = {
        "action", "action=stop", "action = halt", "actions = stop",
        "elapsed_ms = ", "elapsed_ms = 1x", "elapsed_ms = -1",
        "elapsed_ms = 4294967296", "elapsed_ms = 99999999999999999999",
        "process.postmaster_pid = -2147483649",
        "process.postmaster_pid = 2147483648",
        "settings.use_slots = perhaps", "facts = process sqll",
        "facts = aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "memory.mark = 123", "memory.mark = 00000000000000gg",
        "server.position = 1", "server.position = /0000000000000001",
        "server.text = \\x", "server.text = \\",
        "node.0.status = sett", "node.0.status = set \\",
        "node.0.nothing = 1", "node.16.name = a", "node..name = a",
        "node.x.name = a", "node.0 = a", "node.-1.name = a",
        "slot.0.nothing = 1", "slot.48.name = a", "slot.0 = a",
        "done.nothing.times = 1", "done. = 1", "done.x = 1",
        "done.stop-fast.nothing = 1", "done.stop-fast = 1",
        "node_count = 17", "self = 17",
    };
    static struct snapshot world;
    static struct snapshot before;
    char text[512];

    (void) state;
    world_init(&world, ACTION_MONITOR, 2, 0);
    before = world;
    for (size_t i = 0; i < LENGTH(wrong); i++) {
        (void) snprintf(text, sizeof(text), "# first\naction = stop\n%s\n",
                        wrong[i]);
        assert_int_not_equal(snapshot_load(text, &world), 0);
        assert_memory_equal(&world, &before, sizeof(world));
    }
    assert_int_equal(snapshot_load("action = stop\nx = 1\n", &world), 2);
    assert_int_equal(snapshot_load(LONG_OPERATION " = 1", &world), 1);
}

static void
nothing_is_cut_short(void **state)
{
    static struct snapshot world;
    static char text[8192];

    (void) state;
    memset(&world, 0, sizeof(world));
    memset(text, 'a', sizeof(text) - 1);
    memcpy(text, "node.0.name = ", 14);
    text[1000] = '\0';
    assert_int_equal(snapshot_load(text, &world), 1);
    text[1000] = 'a';
    assert_int_equal(snapshot_load(text, &world), 1);
    assert_string_equal(world.node[0].name, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(a_snapshot_of_zeroes_has_no_lines),
        cmocka_unit_test(says_when_a_text_did_not_fit),
        cmocka_unit_test(later_lines_win_over_a_base),
        cmocka_unit_test(a_wrong_line_is_named_and_nothing_changes),
        cmocka_unit_test(nothing_is_cut_short),
    };

    return cmocka_run_group_tests_name("snapshot_text", tests, NULL, NULL);
}
