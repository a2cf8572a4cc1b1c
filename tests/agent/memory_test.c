/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is a process that replays at work? By two looks that lie apart. */

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "cmocka_all.h"
#include "files.h"
#include "memory.h"
#include "processes.h"

#define LIMIT_MS 30000

static char folder[64];
static char work[128];
static struct instance instance;
static pid_t child;
static int order = -1;          /* a byte tells the child to do some work */

/* A few of the kernel's clock ticks. */
static void
use_cpu(void)
{
    clock_t end = clock() + CLOCKS_PER_SEC / 10;

    while (clock() < end) {
    }
}

static void
work_to_order(int fd)
{
    char unused;

    while (read(fd, &unused, 1) == 1) {
        use_cpu();
    }
    _exit(0);
}

static int
start_child(void **state)
{
    int ends[2];

    (void) state;
    (void) snprintf(folder, sizeof(folder), "/tmp/pgward-memory.XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void) snprintf(work, sizeof(work), "%s/pgward-db.work", folder);
    assert_int_equal(setenv("HA_RSCTMP", folder, 1), 0);
    memset(&instance, 0, sizeof(instance));
    (void) snprintf(instance.resource, sizeof(instance.resource), "db");
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void) close(ends[1]);
        work_to_order(ends[0]);
    }
    (void) close(ends[0]);
    order = ends[1];
    return 0;
}

static int
end_child(void **state)
{
    (void) state;
    (void) close(order);
    (void) kill(child, SIGKILL);
    (void) waitpid(child, NULL, 0);
    (void) unlink(work);
    return rmdir(folder);
}

static enum tri
look(void)
{
    return memory_replay_is_busy(&instance, (int32_t) child);
}

/* The last look was so long ago, and showed what there is now. */
static void
look_earlier(uint64_t ago_ms)
{
    char buf[128];
    uint64_t start;
    uint64_t done;
    int len;

    assert_true(process_work(child, &start, &done));
    len = snprintf(buf, sizeof(buf),
                   "%d %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", (int) child,
                   start, done, (uint64_t) clock_now_ms() - ago_ms);
    assert_int_equal(files_write(work, buf, (size_t) len, 0600), 0);
}

static void
await_state(bool stopped)
{
    int64_t end_ms = clock_now_ms() + LIMIT_MS;

    while (process_is_stopped(child) != stopped) {
        assert_true(clock_left_ms(end_ms) > 0);
        clock_sleep_ms(5, end_ms);
    }
}

static void
await_work(uint64_t before)
{
    int64_t end_ms = clock_now_ms() + LIMIT_MS;
    uint64_t start;
    uint64_t done = before;

    while (done == before) {
        assert_true(clock_left_ms(end_ms) > 0);
        clock_sleep_ms(5, end_ms);
        assert_true(process_work(child, &start, &done));
    }
    assert_true(done > before);
}

static void
one_that_does_nothing_is_busy_for_ten_seconds(void **state)
{
    (void) state;
    assert_int_equal(look(), TRI_YES);      /* for the first time */
    assert_int_equal(look(), TRI_YES);
    look_earlier(9000);
    assert_int_equal(look(), TRI_YES);
    look_earlier(10000);
    assert_int_equal(look(), TRI_NO);
    assert_int_equal(look(), TRI_NO);
}

static void
one_that_has_worked_since_is_busy(void **state)
{
    uint64_t start;
    uint64_t done;

    (void) state;
    assert_true(process_work(child, &start, &done));
    assert_int_equal(start, process_start(child));
    look_earlier(60000);
    assert_int_equal(write(order, "x", 1), 1);
    await_work(done);
    assert_int_equal(look(), TRI_YES);
}

static void
another_process_begins_anew(void **state)
{
    (void) state;
    look_earlier(60000);
    assert_int_equal(memory_replay_is_busy(&instance, (int32_t) getpid()),
                     TRI_YES);
    assert_int_equal(look(), TRI_YES);
}

static void
one_that_was_stopped_is_not_busy(void **state)
{
    (void) state;
    assert_int_equal(look(), TRI_YES);
    assert_int_equal(kill(child, SIGSTOP), 0);
    await_state(true);
    assert_int_equal(look(), TRI_NO);
    assert_int_equal(kill(child, SIGCONT), 0);
    await_state(false);
    assert_int_equal(look(), TRI_YES);
}

static void
nothing_is_known_of_one_that_is_gone(void **state)
{
    uint64_t start;
    uint64_t done;

    (void) state;
    assert_int_equal(memory_replay_is_busy(&instance, 0), TRI_UNKNOWN);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_false(process_work(child, &start, &done));
    assert_int_equal(look(), TRI_UNKNOWN);
}

static void
what_cannot_be_remembered_is_not_known(void **state)
{
    (void) state;
    assert_int_equal(setenv("HA_RSCTMP", "/nowhere", 1), 0);
    assert_int_equal(look(), TRI_UNKNOWN);
}

static void
garbled_memory_is_forgotten(void **state)
{
    static const char *const bad[] = { "", "x", "1 2 3", "1 2 3 4 5", " " };

    (void) state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(files_write(work, bad[i], strlen(bad[i]), 0600), 0);
        assert_int_equal(look(), TRI_YES);
        assert_int_equal(look(), TRI_YES);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_child, end_child)

static void
counts_how_long_a_standby_is_alone(void **state)
{
    int64_t begin_ms = clock_now_ms();
    uint32_t alone_ms;

    (void) state;
    assert_int_equal(memory_alone_ms(&instance, false), 0);
    clock_sleep_ms(20, begin_ms + 1000);
    alone_ms = memory_alone_ms(&instance, false);
    assert_true(alone_ms >= 20 && alone_ms < LIMIT_MS);
    assert_int_equal(memory_alone_ms(&instance, true), 0);
    assert_int_equal(memory_alone_ms(&instance, false), 0);
    clock_sleep_ms(20, begin_ms + 1000);
    memory_forget_alone(&instance);
    assert_int_equal(memory_alone_ms(&instance, false), 0);
    memory_forget_alone(&instance);
}

/* The folder holds what was there before, and nothing more. */
static size_t
files_in_folder(void)
{
    DIR *dir = opendir(folder);
    size_t count = 0;

    assert_non_null(dir);
    while (readdir(dir) != NULL) {
        count++;
    }
    assert_int_equal(closedir(dir), 0);
    return count;
}

static void
whoever_only_looks_keeps_nothing(void **state)
{
    static struct snapshot snapshot;
    char path[PATH_SIZE];
    size_t before;

    (void) state;
    before = files_in_folder();
    instance.only_looks = true;
    assert_int_equal(memory_still_ms(&instance, 7), 0);
    assert_int_equal(memory_alone_ms(&instance, false), 0);
    memory_say(&instance, LOG_WARNING, "said by nobody");
    memory_note_calm(&instance);
    memory_note_leaving(&instance, "node1");
    memory_note_senders(&instance, &snapshot);
    memory_note_slots(&instance, &snapshot);
    memory_give_up_slot(&instance, "node1");
    memory_forget_alone(&instance);
    (void) memory_replay_is_busy(&instance, (int32_t) child);
    assert_int_equal(files_in_folder(), before);
    instance.only_looks = false;
    memory_note_calm(&instance);
    assert_int_equal(files_in_folder(), before + 1);
    (void) unlink(instance_run_path(&instance, "calm", path));
}

static void
forget(const char *suffix)
{
    char path[PATH_SIZE];

    (void) unlink(instance_run_path(&instance, suffix, path));
}

static void
garble(const char *suffix)
{
    char path[PATH_SIZE];

    assert_int_equal(files_write(instance_run_path(&instance, suffix, path),
                                 "x\n", 2, 0600), 0);
}

static void
what_is_known_of_a_list_is_known_to_the_next_action(void **state)
{
    struct sync_memory kept = { .list = "node2", .started = "boot",
                                .asked = 0x700, .proven = true,
                                .mark = 0x800 };
    struct sync_memory read = { .proven = true };

    (void) state;
    memory_load(&instance, &read);
    assert_false(read.proven);
    memory_save(&instance, &kept);
    memory_load(&instance, &read);
    assert_string_equal(read.list, "node2");
    assert_string_equal(read.started, "boot");
    assert_int_equal(read.asked, 0x700);
    assert_int_equal(read.mark, 0x800);
    assert_true(read.proven);
    garble("sync");
    memory_load(&instance, &read);
    assert_false(read.proven);
    assert_string_equal(read.list, "");
    forget("sync");
}

static void
counts_how_long_replay_stands_at_one_position(void **state)
{
    int64_t begin_ms = clock_now_ms();

    (void) state;
    assert_int_equal(memory_still_ms(&instance, 0x100), 0);
    clock_sleep_ms(20, begin_ms + 1000);
    assert_true(memory_still_ms(&instance, 0x100) >= 20);
    assert_int_equal(memory_still_ms(&instance, 0x200), 0);
    garble("replay");
    assert_int_equal(memory_still_ms(&instance, 0x200), 0);
    assert_true(memory_still_ms(&instance, 0x200) < LIMIT_MS);
    forget("replay");
}

static void
tells_when_a_standby_last_had_nothing_to_do(void **state)
{
    int64_t begin_ms = clock_now_ms();

    (void) state;
    assert_int_equal(memory_calm_ms(&instance), 0);
    memory_note_calm(&instance);
    assert_true(memory_calm_ms(&instance) >= 1);
    clock_sleep_ms(20, begin_ms + 1000);
    assert_true(memory_calm_ms(&instance) >= 20);
    garble("calm");
    assert_int_equal(memory_calm_ms(&instance), 0);
    forget("calm");
}

/* A notify named it; the monitor after it still knows. */
static void
a_node_that_leaves_is_remembered(void **state)
{
    static struct snapshot snapshot;

    (void) state;
    memset(&snapshot, 0, sizeof(snapshot));
    snapshot.node_count = 1;
    assert_int_equal(text_copy("node1", snapshot.node[0].name,
                               NODE_NAME_SIZE), 0);
    assert_int_equal(text_copy("today", snapshot.node[0].senders.own.began,
                               STARTED_SIZE), 0);
    memory_note_senders(&instance, &snapshot);
    assert_int_equal(snapshot.node[0].senders.own.leaving_ms, 0);
    memory_note_leaving(&instance, "node2");
    memory_note_leaving(&instance, "node1");
    memory_note_senders(&instance, &snapshot);
    assert_true(snapshot.node[0].senders.own.leaving_ms > 0);
    garble("senders");
    memory_note_senders(&instance, &snapshot);
    assert_int_equal(snapshot.node[0].senders.own.leaving_ms, 0);
    forget("senders");
}

static void
a_slot_that_was_given_up_is_remembered(void **state)
{
    static struct snapshot snapshot;
    struct slot *slot = &snapshot.node[0].senders.slot;

    (void) state;
    memset(&snapshot, 0, sizeof(snapshot));
    snapshot.node_count = 1;
    assert_int_equal(text_copy("node1", snapshot.node[0].name,
                               NODE_NAME_SIZE), 0);
    slot->there = TRI_NO;
    memory_note_slots(&instance, &snapshot);
    assert_int_equal(slot->given_up, TRI_UNKNOWN);
    assert_int_equal(snapshot.senders.slots_due, TRI_YES);
    memory_give_up_slot(&instance, "node1");
    memory_note_slots(&instance, &snapshot);
    assert_int_equal(slot->given_up, TRI_YES);
    slot->given_up = TRI_UNKNOWN;
    garble("slots");
    memory_note_slots(&instance, &snapshot);
    assert_int_equal(slot->given_up, TRI_UNKNOWN);
    forget("slots");
}

static off_t
said_bytes(void)
{
    char path[PATH_SIZE];
    struct stat info = { .st_size = 0 };

    (void) stat(instance_run_path(&instance, "said", path), &info);
    return info.st_size;
}

static void
what_lasts_is_said_once_and_again_after_ten_minutes(void **state)
{
    const struct timespec old[] = {
        { .tv_sec = time(NULL) - 601 }, { .tv_sec = time(NULL) - 601 },
    };
    char path[PATH_SIZE];

    (void) state;
    memory_say(&instance, LOG_INFO, "no primary");
    assert_int_equal(said_bytes(), 11);
    memory_say(&instance, LOG_INFO, "no primary");
    assert_int_equal(said_bytes(), 11);
    memory_say(&instance, LOG_INFO, "primary");     /* another, within it */
    assert_int_equal(said_bytes(), 19);
    assert_int_equal(utimensat(AT_FDCWD,
                               instance_run_path(&instance, "said", path),
                               old, 0), 0);
    memory_say(&instance, LOG_INFO, "primary");
    assert_int_equal(said_bytes(), 8);
    memory_forget_said(&instance);
    assert_int_equal(said_bytes(), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_that_does_nothing_is_busy_for_ten_seconds),
        TEST(one_that_has_worked_since_is_busy),
        TEST(another_process_begins_anew),
        TEST(one_that_was_stopped_is_not_busy),
        TEST(nothing_is_known_of_one_that_is_gone),
        TEST(what_cannot_be_remembered_is_not_known),
        TEST(garbled_memory_is_forgotten),
        TEST(counts_how_long_a_standby_is_alone),
        TEST(whoever_only_looks_keeps_nothing),
        TEST(what_is_known_of_a_list_is_known_to_the_next_action),
        TEST(counts_how_long_replay_stands_at_one_position),
        TEST(tells_when_a_standby_last_had_nothing_to_do),
        TEST(a_node_that_leaves_is_remembered),
        TEST(a_slot_that_was_given_up_is_remembered),
        TEST(what_lasts_is_said_once_and_again_after_ten_minutes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
