/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The flight recorder is bounded, whole, private, and in nobody's way. */

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "event.h"
#include "flight.h"

static char state[] = "/tmp/pgward-flight.XXXXXX";
static char folder[64];
static char content[512 * 1024];
static struct instance instance;
static struct snapshot snapshot;
static struct plan plan;

static int
begin(void **unused)
{
    (void) unused;
    if (mkdtemp(state) == NULL) {
        return -1;
    }
    (void) snprintf(folder, sizeof(folder), "%s/pgsql", state);
    (void) text_copy("pgsql", instance.resource, sizeof(instance.resource));
    (void) text_copy("srv1", instance.self_name, sizeof(instance.self_name));
    return setenv("PGWARD_STATE", state, 1);
}

static const char *
path_of(const char *name)
{
    static char path[512];

    (void) snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static int
empty(void **unused)
{
    DIR *dir = opendir(folder);

    (void) unused;
    while (dir != NULL) {
        struct dirent *entry = readdir(dir);

        if (entry == NULL) {
            (void) closedir(dir);
            break;
        }
        (void) unlink(path_of(entry->d_name));
    }
    return rmdir(folder) == 0 || access(folder, F_OK) != 0 ? 0 : -1;
}

static int
end(void **unused)
{
    return empty(unused) == 0 ? rmdir(state) : -1;
}

/* A promotion that is refused. */
static int
refused(void **unused)
{
    memset(&snapshot, 0, sizeof(snapshot));
    snapshot.action = ACTION_PROMOTE;
    snapshot.node_count = 1;
    (void) text_copy("srv1", snapshot.node[0].name, NODE_NAME_SIZE);
    plan_init(&plan);
    plan_exit_reason(&plan, OCF_ERR_GENERIC, "let 'srv2' lead");
    return empty(unused);
}

static const char *
content_of(const char *name)
{
    FILE *file = fopen(path_of(name), "re");
    size_t len = 0;

    if (file != NULL) {
        len = fread(content, 1, sizeof(content) - 1, file);
        (void) fclose(file);
    }
    content[len] = '\0';
    return content;
}

static size_t
times(const char *name, const char *words)
{
    size_t count = 0;

    for (const char *at = content_of(name);
         (at = strstr(at, words)) != NULL; at++) {
        count++;
    }
    return count;
}

static size_t
records(const char *ring)
{
    DIR *dir = opendir(folder);
    size_t count = 0;

    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        count += strncmp(entry->d_name, ring, strlen(ring)) == 0;
    }
    (void) closedir(dir);
    return count;
}

/* What one action, a process of its own, notes. */
static void
in_a_process(void (*act)(void))
{
    int status = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        act();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void
note(void)
{
    flight_note(&instance, &snapshot, &plan);
}

static void
note_as_it_changes(void)
{
    note();
    snapshot.elapsed_ms = 100;
    note();     /* the same plan again */
    plan_again(&plan, 100, FACT_SQL, 0);
    note();
}

static void
an_action_has_one_record_of_each_plan(void **unused)
{
    struct stat info;

    (void) unused;
    (void) text_copy("FATAL: password=secret", snapshot.server.text,
                     sizeof(snapshot.server.text));
    in_a_process(note_as_it_changes);
    assert_int_equal(records("promote-"), 1);
    assert_int_equal(times("promote-000001.trace", "# --- snapshot\n# pgward "),
                     2);
    assert_non_null(strstr(content, "let 'srv2' lead"));
    assert_null(strstr(content, "secret"));
    assert_int_equal(stat(folder, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    assert_int_equal(stat(path_of("promote-000001.trace"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void
a_healthy_look_writes_nothing(void **unused)
{
    (void) unused;
    snapshot.action = ACTION_MONITOR;
    plan_exit(&plan, OCF_SUCCESS);
    plan.reason[0] = '\0';
    in_a_process(note);
    assert_int_not_equal(access(folder, F_OK), 0);
}

static void
a_ring_keeps_the_last_ones_and_no_other_ring_pushes_them_out(void **unused)
{
    (void) unused;
    in_a_process(note);
    snapshot.action = ACTION_START;
    for (int i = 0; i < FLIGHT_RECORDS + 3; i++) {
        in_a_process(note);
    }
    assert_int_equal(records("promote-"), 1);
    assert_int_equal(records("failure-"), FLIGHT_RECORDS);
    assert_int_not_equal(access(path_of("failure-000003.trace"), F_OK), 0);
    assert_int_equal(access(path_of("failure-000019.trace"), F_OK), 0);
}

static void
note_for_ever(void)
{
    (void) memset(snapshot.server.text, 'x', sizeof(snapshot.server.text) - 1);
    for (uint32_t i = 0; i < 2000; i++) {
        plan_again(&plan, i, FACT_SQL, 0);
        note();
    }
}

static void
a_record_does_not_grow_for_ever(void **unused)
{
    struct stat info;

    (void) unused;
    in_a_process(note_for_ever);
    assert_int_equal(stat(path_of("promote-000001.trace"), &info), 0);
    assert_between(info.st_size, FLIGHT_RECORD_MAX / 2, FLIGHT_RECORD_MAX);
    (void) content_of("promote-000001.trace");
    assert_int_equal(content[info.st_size - 1], '\n');
}

static void
an_event_that_comes_again_and_again_is_noted_once(void **unused)
{
    (void) unused;
    in_a_process(note);
    in_a_process(note);
    assert_int_equal(times("events", " refused srv1 "), 1);
    plan_exit_reason(&plan, OCF_ERR_GENERIC, "let 'srv3' lead");
    in_a_process(note);
    assert_int_equal(times("events", " refused srv1 "), 2);
}

static void
what_a_crash_tore_off_spoils_no_other_line(void **unused)
{
    int fd;

    (void) unused;
    in_a_process(note);
    fd = open(path_of("events"), O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(fd, "17642", 5), 5);
    (void) close(fd);
    plan_exit_reason(&plan, OCF_ERR_GENERIC, "let 'srv3' lead");
    in_a_process(note);
    assert_int_equal(times("events", "\n17642\n"), 1);
    assert_int_equal(times("events", " refused srv1 "), 2);
}

static void
the_events_make_room(void **unused)
{
    (void) unused;
    in_a_process(note);
    assert_int_equal(truncate(path_of("events"), FLIGHT_EVENTS_MAX), 0);
    in_a_process(note);
    assert_int_equal(access(path_of("events.old"), F_OK), 0);
    assert_int_equal(times("events", " refused srv1 "), 1);
    assert_true(strlen(content) < EVENT_LINE_SIZE);
}

static void
note_on_a_full_disk(void)
{
    const struct rlimit limit = { 100, 100 };

    (void) signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    note();
}

static void
a_full_disk_leaves_no_half_and_fails_nothing(void **unused)
{
    (void) unused;
    in_a_process(note_on_a_full_disk);
    assert_int_equal(records("promote-"), 0);
    assert_true(times("events", "\n") <= 1);
}

static void
a_folder_that_cannot_be_made_fails_nothing(void **unused)
{
    (void) unused;
    assert_int_equal(setenv("PGWARD_STATE", "/proc/nowhere", 1), 0);
    in_a_process(note);
    assert_int_equal(setenv("PGWARD_STATE", state, 1), 0);
    assert_int_equal(symlink("/tmp", folder), 0);
    in_a_process(note);
    assert_int_not_equal(access("/tmp/promote-000001.trace", F_OK), 0);
    assert_int_equal(unlink(folder), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_action_has_one_record_of_each_plan, refused),
        cmocka_unit_test_setup(a_healthy_look_writes_nothing, refused),
        cmocka_unit_test_setup(
            a_ring_keeps_the_last_ones_and_no_other_ring_pushes_them_out,
            refused),
        cmocka_unit_test_setup(a_record_does_not_grow_for_ever, refused),
        cmocka_unit_test_setup(
            an_event_that_comes_again_and_again_is_noted_once, refused),
        cmocka_unit_test_setup(what_a_crash_tore_off_spoils_no_other_line,
                               refused),
        cmocka_unit_test_setup(the_events_make_room, refused),
        cmocka_unit_test_setup(a_full_disk_leaves_no_half_and_fails_nothing,
                               refused),
        cmocka_unit_test_setup(a_folder_that_cannot_be_made_fails_nothing,
                               refused),
    };

    return cmocka_run_group_tests_name("flight", tests, begin, end);
}
