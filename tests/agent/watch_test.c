/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The watcher as a process, and the record that makes it speak or keep silent.
 * What it becomes at the end is a script here.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "cmocka_all.h"
#include "files.h"
#include "processes.h"
#include "spawn.h"
#include "watch.h"
#include "worker.h"

/* Only a machine that stands still takes as long as this. */
#define LIMIT_MS 30000

static char folder[64];
static char script[128];
static char said[128];
static char watcher[512];
static struct instance instance;

/* The controller's part is played here. */
static struct {
    int rc;
    int reports;
    int64_t counted;
    bool locked;
} told;

int
cluster_report_failure(struct cluster *cluster, int64_t deadline_ms,
                       int64_t *ret_count, struct text *ret_why)
{
    (void) cluster;
    assert_true(deadline_ms <= instance.deadline_ms);
    told.reports++;
    told.locked = instance.lock_fd >= 0;
    *ret_count = 3;
    if (told.rc != 0) {
        text_add(ret_why, "nobody listens");
    }
    return told.rc;
}

int
cluster_count_once(struct cluster *cluster, int64_t count,
                   int64_t deadline_ms, struct text *ret_why)
{
    (void) cluster;
    (void) deadline_ms;
    (void) ret_why;
    assert_int_equal(instance.lock_fd, -1);     /* the next action waits */
    told.counted = count;
    return 0;
}

static int
make_folder(void **state)
{
    const char *builddir = getenv("builddir");
    char text[512];

    (void) state;
    (void) snprintf(folder, sizeof(folder), "/tmp/pgward-watch.XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void) snprintf(script, sizeof(script), "%s/agent", folder);
    (void) snprintf(said, sizeof(said), "%s/said", folder);
    (void) snprintf(watcher, sizeof(watcher), "%s/agent/watcher",
                    builddir != NULL ? builddir : ".");
    (void) snprintf(text, sizeof(text),
                    "#!/bin/sh\necho \"$1 $$ $WORD\" >%s.new\n"
                    "mv %s.new %s\n", said, said, said);
    assert_int_equal(files_write(script, text, strlen(text), 0755), 0);
    assert_int_equal(setenv("HA_RSCTMP", folder, 1), 0);
    memset(&instance, 0, sizeof(instance));
    (void) snprintf(instance.resource, sizeof(instance.resource), "db");
    instance.lock_fd = -1;
    instance.deadline_ms = clock_now_ms() + LIMIT_MS;
    return 0;
}

static int
remove_folder(void **state)
{
    static const char *const names[] = {
        "agent", "said", "pgward-db.watch", "pgward-db.said",
        "pgward-db.lock",
    };
    char path[128];

    (void) state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void) snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void) unlink(path);
    }
    return rmdir(folder);
}

static pid_t
start_sleep(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        (void) execl("/bin/sleep", "sleep", "300", (char *) NULL);
        _exit(127);
    }
    assert_true(pid > 0);
    return pid;
}

static void
end_sleep(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static pid_t
start_watcher(pid_t pid, uint64_t start)
{
    char pid_text[32];
    char start_text[32];
    char real[PATH_MAX];
    const char *argv[] = { real, pid_text, start_text, script, NULL };
    pid_t left = 0;

    (void) snprintf(pid_text, sizeof(pid_text), "%d", (int) pid);
    (void) snprintf(start_text, sizeof(start_text), "%llu",
                    (unsigned long long) start);
    if (access(watcher, X_OK) != 0) {
        skip();         /* the programs were not built */
    }
    /* the child changes its folder to `/` */
    assert_non_null(realpath(watcher, real));
    assert_int_equal(spawn_leave(argv, &left), 0);
    return left;
}

static void
await_words(pid_t watching)
{
    int64_t deadline_ms = clock_now_ms() + LIMIT_MS;
    char words[128];
    char expected[128];
    size_t len;

    while (files_read(said, words, sizeof(words), &len) != 0) {
        assert_true(clock_left_ms(deadline_ms) > 0);
        clock_sleep_ms(5, deadline_ms);
    }
    (void) snprintf(expected, sizeof(expected),
                    "report-failure %d kept\n", (int) watching);
    assert_string_equal(words, expected);
    assert_int_equal(waitpid(watching, NULL, 0), watching);
}

static void
becomes_the_agent_when_the_process_dies(void **state)
{
    pid_t pid = start_sleep();
    pid_t watching;

    (void) state;
    assert_int_equal(setenv("WORD", "kept", 1), 0);
    watching = start_watcher(pid, process_start(pid));
    assert_int_equal(files_exists(said), 0);
    assert_int_equal(getsid(watching), watching);
    end_sleep(pid);
    await_words(watching);
}

static void
speaks_at_once_when_the_process_is_another_by_now(void **state)
{
    pid_t pid = start_sleep();

    (void) state;
    assert_int_equal(setenv("WORD", "kept", 1), 0);
    await_words(start_watcher(pid, process_start(pid) + 1));
    end_sleep(pid);
}

static void
keeps_nothing_open_that_somebody_waits_for(void **state)
{
    pid_t pid = start_sleep();
    pid_t watching;
    struct pollfd end;
    int ends[2];

    (void) state;
    assert_int_equal(pipe(ends), 0);
    watching = start_watcher(pid, process_start(pid));
    (void) close(ends[1]);
    end = (struct pollfd) { ends[0], POLLIN, 0 };
    assert_int_equal(poll(&end, 1, LIMIT_MS), 1);
    assert_true((end.revents & POLLHUP) != 0);
    (void) close(ends[0]);
    process_kill(watching, process_start(watching));
    assert_int_equal(waitpid(watching, NULL, 0), watching);
    end_sleep(pid);
}

static void
a_process_is_ended_only_if_it_is_the_one(void **state)
{
    pid_t pid = start_sleep();
    uint64_t start = process_start(pid);

    (void) state;
    assert_true(start > 0);
    process_kill(pid, start + 1);
    process_kill(pid, 0);
    assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
    process_kill(pid, start);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_true(process_start(pid) == 0);
}

static void
write_record(const struct worker_record *record)
{
    char why_text[256];
    struct text why;

    text_init(&why, why_text, sizeof(why_text));
    assert_int_equal(worker_write(&instance, record, &why), 0);
}

static void
record_tells_whether_a_watcher_lives(void **state)
{
    struct worker_record record = { .kind = WORKER_WATCH,
                                    .subject_pid = 42, .pid = getpid() };
    struct watch watch = { .alive = TRI_YES };

    (void) state;
    watch_observe(&instance, &watch);
    assert_int_equal(watch.postmaster_pid, 0);
    assert_int_equal(watch.alive, TRI_UNKNOWN);
    write_record(&record);
    watch_observe(&instance, &watch);
    assert_int_equal(watch.postmaster_pid, 42);
    assert_int_equal(watch.alive, TRI_NO);
    assert_int_equal(watch.reported_ms, 0);
    record.start = process_start(getpid());
    record.phase = WATCH_TOLD;
    record.since_ms = (uint64_t) clock_now_ms() + 60000;
    write_record(&record);
    watch_observe(&instance, &watch);
    assert_int_equal(watch.alive, TRI_YES);
    assert_int_equal(watch.ours, TRI_YES);
    assert_int_equal(watch.reported_ms, 1);
    record.pid = 1;
    record.start = process_start(1);
    record.since_ms = 1;
    write_record(&record);
    watch_observe(&instance, &watch);
    assert_int_equal(watch.ours, TRI_NO);
    assert_true(watch.reported_ms > 1);
}

static void
end_takes_the_record_and_the_watcher_away(void **state)
{
    pid_t pid = start_sleep();
    const struct worker_record record = {
        .kind = WORKER_WATCH, .subject_pid = 42, .pid = pid,
        .start = process_start(pid),
    };
    struct watch watch;

    (void) state;
    write_record(&record);
    watch_end(&instance);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    watch_observe(&instance, &watch);
    assert_int_equal(watch.postmaster_pid, 0);
    watch_end(&instance);       /* and nothing is there to end */
}

static void
a_watcher_that_is_not_installed_fails_nothing(void **state)
{
    struct watch watch;
    char why_text[256];
    struct text why;

    (void) state;
    if (access(WATCHER_PATH, F_OK) == 0) {
        skip();
    }
    text_init(&why, why_text, sizeof(why_text));
    assert_int_equal(watch_begin(&instance, getpid(), &why), 0);
    assert_int_equal(why.len, 0);
    watch_observe(&instance, &watch);
    assert_int_equal(watch.postmaster_pid, 0);
}

static void
a_death_is_reported_once_and_the_lock_given_back(void **state)
{
    const struct worker_record record = {
        .kind = WORKER_WATCH, .subject_pid = 42, .pid = getpid(),
        .start = process_start(getpid()),
    };
    char words[256];
    struct text why;
    struct watch watch;

    (void) state;
    memset(&told, 0, sizeof(told));
    text_init(&why, words, sizeof(words));
    assert_int_equal(watch_report(&instance, &why), 0);
    assert_int_equal(told.reports, 0);          /* nobody waits for it */
    write_record(&record);
    assert_int_equal(instance_lock(&instance, &why), OCF_SUCCESS);
    assert_int_equal(watch_report(&instance, &why), 0);
    assert_int_equal(told.reports, 1);
    assert_true(told.locked);
    assert_int_equal(told.counted, 3);
    watch_observe(&instance, &watch);
    assert_int_equal(watch.postmaster_pid, 42);
    assert_int_equal(watch.alive, TRI_NO);
    assert_true(watch.reported_ms > 0);
}

/* So that the next monitor finds out itself. */
static void
a_report_that_fails_leaves_no_record(void **state)
{
    const struct worker_record record = {
        .kind = WORKER_WATCH, .subject_pid = 42, .pid = getpid(),
        .start = process_start(getpid()),
    };
    char words[256];
    struct text why;
    struct watch watch;

    (void) state;
    memset(&told, 0, sizeof(told));
    told.rc = -1;
    text_init(&why, words, sizeof(words));
    write_record(&record);
    assert_int_equal(watch_report(&instance, &why), -1);
    assert_string_equal(words, "nobody listens");
    assert_int_equal(told.counted, 0);
    watch_observe(&instance, &watch);
    assert_int_equal(watch.postmaster_pid, 0);
}

static void
monitors_are_told_that_a_death_is_in_hand(void **state)
{
    const struct worker_record record = {
        .kind = WORKER_WATCH, .subject_pid = 42, .pid = getpid(),
        .start = process_start(getpid()),
    };
    char words[256];
    struct text why;
    struct watch watch;

    (void) state;
    text_init(&why, words, sizeof(words));
    assert_int_equal(watch_hand_over(&instance, &why), 0);
    watch_observe(&instance, &watch);
    assert_int_equal(watch.reported_ms, 0);
    write_record(&record);
    assert_int_equal(watch_hand_over(&instance, &why), 0);
    watch_observe(&instance, &watch);
    assert_int_equal(watch.postmaster_pid, 42);
    assert_true(watch.reported_ms > 0);
}

static void
leaving_a_program_that_is_not_there_says_why(void **state)
{
    const char *argv[] = { "/nonexistent/program", NULL };
    pid_t pid = 0;

    (void) state;
    assert_int_equal(spawn_leave(argv, &pid), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(pid, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, \
                                                   remove_folder)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(becomes_the_agent_when_the_process_dies),
        TEST(speaks_at_once_when_the_process_is_another_by_now),
        TEST(keeps_nothing_open_that_somebody_waits_for),
        TEST(a_process_is_ended_only_if_it_is_the_one),
        TEST(record_tells_whether_a_watcher_lives),
        TEST(end_takes_the_record_and_the_watcher_away),
        TEST(a_watcher_that_is_not_installed_fails_nothing),
        TEST(a_death_is_reported_once_and_the_lock_given_back),
        TEST(a_report_that_fails_leaves_no_record),
        TEST(monitors_are_told_that_a_death_is_in_hand),
        TEST(leaving_a_program_that_is_not_there_says_why),
    };

    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
