/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The marker of a rejoin, and the end of its worker with all that it runs. */

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "cmocka_all.h"
#include "files.h"
#include "processes.h"
#include "rejoin_files.h"
#include "worker.h"

#define LIMIT_MS 30000

static char folder[64];
static struct instance instance;

static int
make_folder(void **state)
{
    const struct passwd *me = getpwuid(geteuid());

    (void) state;
    (void) snprintf(folder, sizeof(folder), "/tmp/pgward-rejoin.XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(setenv("HA_RSCTMP", folder, 1), 0);
    memset(&instance, 0, sizeof(instance));
    (void) snprintf(instance.resource, sizeof(instance.resource), "db");
    instance.params.tmpdir = folder;
    instance.params.pgdata = folder;
    instance.lock_fd = -1;
    instance.deadline_ms = clock_now_ms() + LIMIT_MS;
    assert_non_null(me);
    assert_int_equal(identity_find(me->pw_name, &instance.identity), 0);
    return 0;
}

static int
remove_folder(void **state)
{
    static const char *const names[] = { "PGWARD.rejoin",
                                         "pgward-db.rejoin" };
    char path[128];

    (void) state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void) snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void) unlink(path);
    }
    return rmdir(folder);
}

static void
marker_outlives_whoever_wrote_it(void **state)
{
    struct rejoin_marker marker = {
        .phase = REJOIN_TORN, .attempts = 2, .fork = { 1, 0x5000000 },
        .timeline = 2, .system_id = "7", .why = "no answer",
    };
    struct rejoin rejoin;
    char why_text[SERVER_TEXT_SIZE];
    struct text why;

    (void) state;
    text_init(&why, why_text, sizeof(why_text));
    rejoin_observe(&instance, &rejoin);
    assert_int_equal(rejoin.phase, REJOIN_NONE);
    assert_int_equal(rejoin.alive, TRI_NO);
    marker.inode = rejoin_inode(&instance);
    assert_true(marker.inode != 0);
    assert_int_equal(rejoin_write_marker(&instance, &marker, &why), 0);
    rejoin_observe(&instance, &rejoin);
    assert_int_equal(rejoin.phase, REJOIN_TORN);
    assert_int_equal(rejoin.attempts, 2);
    assert_int_equal(rejoin.same_data, TRI_YES);
    assert_string_equal(rejoin.system_id, "7");
    assert_string_equal(rejoin.why, "no answer");
    marker.inode++;
    assert_int_equal(rejoin_write_marker(&instance, &marker, &why), 0);
    rejoin_observe(&instance, &rejoin);
    assert_int_equal(rejoin.same_data, TRI_NO);
    assert_int_equal(rejoin_remove_marker(&instance, &why), 0);
    assert_int_equal(rejoin_remove_marker(&instance, &why), 0);
    rejoin_observe(&instance, &rejoin);
    assert_int_equal(rejoin.phase, REJOIN_NONE);
}

/* P5: a look-up of the user that failed is no half-way data. */
static void
without_a_marker_the_user_is_not_asked_for(void **state)
{
    struct rejoin rejoin;

    (void) state;
    instance.identity.known = -1;
    rejoin_observe(&instance, &rejoin);
    assert_int_equal(rejoin.phase, REJOIN_NONE);
    assert_int_equal(rejoin.alive, TRI_NO);
}

static void
what_cannot_be_written_says_why(void **state)
{
    const struct rejoin_marker marker = { .phase = REJOIN_BEGUN };
    char why_text[SERVER_TEXT_SIZE];
    char long_path[PATH_SIZE + 8];
    struct rejoin_marker read;
    struct text why;

    (void) state;
    text_init(&why, why_text, sizeof(why_text));
    instance.params.tmpdir = "/nonexistent";
    assert_int_equal(rejoin_write_marker(&instance, &marker, &why), -1);
    assert_string_equal(why_text, "could not write '/nonexistent/PGWARD.rejoin'"
                        ": No such file or directory");
    memset(long_path, 'x', sizeof(long_path) - 1);
    long_path[sizeof(long_path) - 1] = '\0';
    instance.params.tmpdir = long_path;
    assert_int_equal(rejoin_read_marker(&instance, &read), -1);
    assert_int_equal(errno, ENAMETOOLONG);
    assert_int_equal(rejoin_write_marker(&instance, &marker, &why), -1);
    text_init(&why, why_text, sizeof(why_text));
    assert_int_equal(rejoin_remove_marker(&instance, &why), -1);
    assert_non_null(strstr(why_text, "File name too long"));
    instance.params.tmpdir = folder;
    instance.identity.known = -1;       /* no user, and no file either */
    assert_int_equal(rejoin_write_marker(&instance, &marker, &why), -1);
    assert_int_equal(rejoin_remove_marker(&instance, &why), -1);
}

static void
a_boot_has_one_name(void **state)
{
    char boot[BOOT_ID_SIZE];
    char again[BOOT_ID_SIZE];

    (void) state;
    rejoin_boot(boot);
    rejoin_boot(again);
    assert_int_equal(strlen(boot), 36);
    assert_string_equal(boot, again);
}

static void
a_marker_that_is_garbled_is_not_none(void **state)
{
    char path[128];
    struct rejoin rejoin;

    (void) state;
    (void) snprintf(path, sizeof(path), "%s/PGWARD.rejoin", folder);
    assert_int_equal(files_write(path, "moon\n", 5, 0600), 0);
    rejoin_observe(&instance, &rejoin);
    assert_int_equal(rejoin.phase, REJOIN_UNKNOWN);
    assert_true(rejoin.why[0] != '\0');
}

/* A session of two: its leader and what that runs. */
static pid_t
start_session(pid_t *ret_child)
{
    int ends[2];
    pid_t leader;

    assert_int_equal(pipe(ends), 0);
    leader = fork();
    if (leader == 0) {
        pid_t child;

        (void) setsid();
        child = fork();
        if (child == 0) {
            (void) setpgid(0, 0);       /* as spawn_run() does */
            (void) execl("/bin/sleep", "sleep", "300", (char *) NULL);
            _exit(127);
        }
        (void) !write(ends[1], &child, sizeof(child));
        (void) execl("/bin/sleep", "sleep", "300", (char *) NULL);
        _exit(127);
    }
    assert_true(leader > 0);
    assert_int_equal(read(ends[0], ret_child, sizeof(*ret_child)),
                     sizeof(*ret_child));
    (void) close(ends[0]);
    (void) close(ends[1]);
    return leader;
}

static void
write_record(pid_t pid, uint64_t start)
{
    const struct worker_record record = {
        .kind = WORKER_REJOIN, .pid = pid, .start = start,
        .since_ms = (uint64_t) clock_now_ms(),
    };
    char why_text[SERVER_TEXT_SIZE];
    struct text why;

    text_init(&why, why_text, sizeof(why_text));
    assert_int_equal(worker_write(&instance, &record, &why), 0);
}

static void
the_end_takes_all_that_the_worker_runs(void **state)
{
    pid_t child = 0;
    pid_t leader = start_session(&child);
    struct worker_record record;
    struct rejoin rejoin;
    char why_text[SERVER_TEXT_SIZE];
    struct text why;

    (void) state;
    text_init(&why, why_text, sizeof(why_text));
    write_record(leader, process_start(leader));
    rejoin_observe(&instance, &rejoin);
    assert_int_equal(rejoin.alive, TRI_YES);
    assert_int_equal(rejoin.ours, TRI_NO);
    assert_true(rejoin.still_ms > 0);
    /* the record stays, should it be asked for without the lock */
    assert_int_equal(kill(leader, SIGSTOP), 0);
    assert_int_equal(rejoin_end_process(&instance, &why), 0);
    assert_int_equal(waitpid(leader, NULL, 0), leader);
    assert_int_equal(worker_read(&instance, WORKER_REJOIN, &record), 0);
    assert_int_equal(rejoin_end(&instance, &why), 0);
    assert_int_equal(worker_read(&instance, WORKER_REJOIN, &record), -1);
    assert_true(process_start(child) == 0);
    rejoin_observe(&instance, &rejoin);
    assert_int_equal(rejoin.alive, TRI_NO);
    assert_int_equal(rejoin_end(&instance, &why), 0);
}

/* The worker is this program with the word `rejoin`: see main(). */
static void
each_worker_that_begins_is_one_attempt_more(void **state)
{
    struct rejoin_marker marker = { .phase = REJOIN_TORN };
    struct rejoin rejoin;
    char why_text[SERVER_TEXT_SIZE];
    struct text why;

    (void) state;
    text_init(&why, why_text, sizeof(why_text));
    assert_int_equal(rejoin_begin(&instance, &why), -1);
    assert_non_null(strstr(why_text, "could not read PGWARD.rejoin"));
    assert_int_equal(rejoin_write_marker(&instance, &marker, &why), 0);
    for (uint32_t attempt = 1; attempt <= 2; attempt++) {
        assert_int_equal(rejoin_begin(&instance, &why), 0);
        rejoin_observe(&instance, &rejoin);
        assert_int_equal(rejoin.attempts, attempt);
        assert_int_equal(rejoin.alive, TRI_YES);
        assert_int_equal(rejoin.ours, TRI_NO);
    }
    /* one that was given up begins to count anew */
    assert_int_equal(rejoin_read_marker(&instance, &marker), 1);
    marker.end = REJOIN_TOLD;
    assert_int_equal(rejoin_write_marker(&instance, &marker, &why), 0);
    assert_int_equal(rejoin_begin(&instance, &why), 0);
    rejoin_observe(&instance, &rejoin);
    assert_int_equal(rejoin.attempts, 1);
    assert_int_equal(rejoin.end, REJOIN_GOES_ON);
    assert_int_equal(rejoin_end(&instance, &why), 0);
}

static void
only_the_worker_itself_notes_its_progress(void **state)
{
    struct worker_record record;
    struct rejoin rejoin;
    char why_text[SERVER_TEXT_SIZE];
    struct text why;
    pid_t child = 0;
    pid_t leader = start_session(&child);

    (void) state;
    text_init(&why, why_text, sizeof(why_text));
    rejoin_note_progress(&instance, 1, 2);      /* there is none */
    assert_int_equal(worker_read(&instance, WORKER_REJOIN, &record), -1);
    write_record(leader, process_start(leader));
    rejoin_note_progress(&instance, 1, 2);
    assert_int_equal(worker_read(&instance, WORKER_REJOIN, &record), 0);
    assert_int_equal(record.done, 0);
    assert_int_equal(rejoin_end(&instance, &why), 0);
    assert_int_equal(waitpid(leader, NULL, 0), leader);
    write_record(getpid(), process_start(getpid()));
    rejoin_note_progress(&instance, 1, 2);
    assert_int_equal(worker_read(&instance, WORKER_REJOIN, &record), 0);
    assert_int_equal(record.done, 1);
    assert_int_equal(record.total, 2);
    rejoin_observe(&instance, &rejoin);
    assert_int_equal(rejoin.ours, TRI_YES);
    /* it does not end itself */
    assert_int_equal(rejoin_end(&instance, &why), 0);
    assert_int_equal(worker_read(&instance, WORKER_REJOIN, &record), -1);
}

static void
the_end_reaches_what_a_killed_worker_left(void **state)
{
    pid_t child = 0;
    pid_t leader = start_session(&child);
    uint64_t start = process_start(leader);

    (void) state;
    assert_int_equal(kill(leader, SIGKILL), 0);
    assert_int_equal(waitpid(leader, NULL, 0), leader);
    assert_true(process_start(child) != 0);
    assert_int_equal(processes_end_session(leader, start,
                                           clock_now_ms() + LIMIT_MS), 0);
    assert_true(process_start(child) == 0);
}

static void
a_session_of_somebody_else_is_left_alone(void **state)
{
    pid_t child = 0;
    pid_t leader = start_session(&child);
    uint64_t start = process_start(leader);
    int64_t deadline_ms = clock_now_ms() + LIMIT_MS;

    (void) state;
    assert_int_equal(processes_end_session(leader, start + 1, deadline_ms),
                     0);
    assert_int_equal(processes_end_session(leader, 0, deadline_ms), 0);
    assert_int_equal(processes_end_session(0, start, deadline_ms), 0);
    assert_true(process_start(leader) == start);
    assert_true(process_start(child) != 0);
    assert_int_equal(processes_end_session(leader, start, deadline_ms), 0);
    assert_int_equal(waitpid(leader, NULL, 0), leader);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, \
                                                   remove_folder)

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(marker_outlives_whoever_wrote_it),
        TEST(without_a_marker_the_user_is_not_asked_for),
        TEST(what_cannot_be_written_says_why),
        TEST(a_boot_has_one_name),
        TEST(a_marker_that_is_garbled_is_not_none),
        TEST(each_worker_that_begins_is_one_attempt_more),
        TEST(only_the_worker_itself_notes_its_progress),
        TEST(the_end_takes_all_that_the_worker_runs),
        TEST(the_end_reaches_what_a_killed_worker_left),
        TEST(a_session_of_somebody_else_is_left_alone),
    };

    if (argc > 1 && strcmp(argv[1], "rejoin") == 0) {
        (void) sleep(LIMIT_MS / 1000);
        return 0;
    }
    return cmocka_run_group_tests_name("rejoin_files", tests, NULL, NULL);
}
