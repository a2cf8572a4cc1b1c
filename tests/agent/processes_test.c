/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose a process is: stand-ins for a server, made from a copy of sleep with
 * the names, folders and titles that servers have.
 */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "cmocka_all.h"
#include "files.h"
#include "processes.h"

#define SLEEP "/bin/sleep"

/* More than the table has room for at first, and for twice. */
#define MANY 150
#define STARTED_MAX (MANY + 8)

static char folder[64];
static char pgdata[128];
static struct instance_id id;
static struct process_table table;
static pid_t started[STARTED_MAX];
static size_t started_count;

static void
in_folder(const char *name, char *ret_path)
{
    assert_true(snprintf(ret_path, 128, "%s/%s", folder, name) < 128);
}

static int
make_instance(void **state)
{
    (void) state;
    (void) snprintf(folder, sizeof(folder), "/tmp/pgward-proc.XXXXXX");
    assert_non_null(mkdtemp(folder));
    in_folder("data", pgdata);
    assert_int_equal(mkdir(pgdata, 0700), 0);
    instance_id_init(&id, pgdata);
    started_count = 0;
    return 0;
}

static int
remove_instance(void **state)
{
    static const char *const names[] = {
        "postgres", "postmaster", "edb-postgres", "postgresql", "data",
    };
    char path[128];

    (void) state;
    processes_forget(&table);
    for (size_t i = 0; i < started_count; i++) {
        (void) kill(started[i], SIGKILL);
        (void) waitpid(started[i], NULL, 0);
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        in_folder(names[i], path);
        (void) remove(path);
    }
    return rmdir(folder);
}

static void
copy_sleep(const char *path)
{
    static char bytes[4 * 1024 * 1024];
    size_t len;

    if (files_exists(path) == 1) {
        return;
    }
    assert_int_equal(files_read(SLEEP, bytes, sizeof(bytes), &len), 0);
    assert_int_equal(files_write(path, bytes, len, 0755), 0);
}

/* Run it in `cwd` under another title; it is there when this returns. */
static pid_t
start(const char *name, const char *cwd, const char *title)
{
    char path[128];
    int ready[2];
    char unused;
    pid_t pid;

    in_folder(name, path);
    copy_sleep(path);
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (chdir(cwd) == 0) {
            (void) execl(path, title, "100", (char *) NULL);
        }
        _exit(127);
    }
    (void) close(ready[1]);
    assert_int_equal(read(ready[0], &unused, 1), 0);    /* it has executed */
    (void) close(ready[0]);
    started[started_count++] = pid;
    return pid;
}

static void
knows_a_server_by_its_program_and_folder(void **state)
{
    (void) state;
    assert_int_equal(process_belongs(&id, start("postgres", pgdata, "x")), 1);
    assert_int_equal(process_belongs(&id, start("postmaster", pgdata, "x")),
                     1);
    assert_int_equal(process_belongs(&id, start("edb-postgres", pgdata, "x")),
                     1);
    assert_int_equal(process_belongs(&id, start("postgresql", pgdata, "x")),
                     0);
    assert_int_equal(process_belongs(&id, start("postgres", folder, "x")), 0);
    assert_int_equal(process_belongs(&id, getpid()), 0);
    assert_int_equal(process_belongs(&id, 4194305), 0);
}

static void
knows_it_when_an_upgrade_replaced_the_program(void **state)
{
    char path[128];
    pid_t pid = start("postgres", pgdata, "postgres");

    (void) state;
    in_folder("postgres", path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(process_belongs(&id, pid), 1);
}

static void
knows_it_when_its_folder_was_removed_or_made_anew(void **state)
{
    pid_t pid = start("postgres", pgdata, "postgres");

    (void) state;
    assert_int_equal(rmdir(pgdata), 0);
    instance_id_init(&id, pgdata);
    assert_false(id.known);
    assert_int_equal(process_belongs(&id, pid), 1);
    assert_int_equal(mkdir(pgdata, 0700), 0);
    instance_id_init(&id, pgdata);
    assert_true(id.known);
    assert_int_equal(process_belongs(&id, pid), 1);
}

static void
counts_no_zombie(void **state)
{
    pid_t pid = start("postgres", pgdata, "postgres");

    (void) state;
    assert_int_equal(processes_find(&id, pid, &table), 0);
    assert_int_equal(table.count, 1);
    assert_int_equal(kill(pid, SIGKILL), 0);
    for (int tries = 0; tries < 2000 && table.count > 0; tries++) {
        clock_sleep_ms(5, clock_now_ms() + 5);
        assert_int_equal(processes_find(&id, pid, &table), 0);
    }
    assert_int_equal(kill(pid, 0), 0);      /* not reaped: still there */
    assert_int_equal(table.count, 0);
    assert_int_equal(table.postmaster, 0);
}

static void
takes_no_child_by_its_title_for_a_postmaster(void **state)
{
    pid_t child = start("postgres", pgdata, "postgres: checkpointer ");
    pid_t postmaster;

    (void) state;
    assert_int_equal(processes_find(&id, child, &table), 0);
    assert_int_equal(table.count, 1);
    assert_int_equal(table.postmaster, 1);      /* none */
    postmaster = start("postgres", pgdata, "/usr/bin/postgres");
    assert_int_equal(processes_find(&id, child, &table), 0);
    assert_int_equal(table.count, 2);
    assert_int_equal(table.entry[table.postmaster].pid, postmaster);
}

static void
counts_any_number_of_processes(void **state)
{
    pid_t postmaster = start("postgres", pgdata, "/usr/bin/postgres");

    (void) state;
    for (size_t i = 0; i < MANY; i++) {
        (void) start("postgres", pgdata, "postgres: app db [local] idle");
    }
    assert_int_equal(processes_find(&id, postmaster, &table), 0);
    assert_int_equal(table.count, MANY + 1);
    assert_int_equal(table.entry[table.postmaster].pid, postmaster);
    for (size_t i = 0; i < table.count; i++) {
        assert_int_equal(process_signal(&id, &table.entry[i], SIGKILL), 0);
    }
    while (started_count > 0) {
        assert_true(waitpid(started[--started_count], NULL, 0) > 0);
    }
    assert_int_equal(processes_find(&id, postmaster, &table), 0);
    assert_int_equal(table.count, 0);
}

static void
knows_the_wal_receiver_by_its_title(void **state)
{
    static const struct {
        const char *title;
        bool receiver;
    } titles[] = {
        { "postgres: walreceiver streaming 0/3000148", true },
        { "postgres: main: walreceiver ", true },
        { "postgres: wal receiver process   streaming 0/1", true },
        { "postgres: walreceiver mydb [local] idle", false },
        { "postgres: walsender rep 10.0.0.1(4) streaming 0/1", false },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
        pid_t pid = start("postgres", pgdata, titles[i].title);

        assert_int_equal(processes_find(&id, 0, &table), 0);
        assert_int_equal(table.count, 1);
        assert_true(table.entry[0].titled);
        assert_int_equal(table.entry[0].receiver, titles[i].receiver);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        started_count--;
    }
}

static void
knows_by_its_title_who_holds_a_shutdown_up(void **state)
{
    static const struct {
        const char *title;
        bool sender;
        bool archiver;
        bool stays;
    } titles[] = {
        { "postgres: walsender rep 10.0.0.1(4) streaming 0/1", true, false,
          false },
        { "postgres: main: wal sender process rep [local] idle", true, false,
          false },
        { "postgres: archiver archiving 000000010000000000000005", false,
          true, false },
        { "postgres: checkpointer ", false, false, true },
        { "postgres: logger", false, false, true },
        { "postgres: stats collector process", false, false, true },
        { "postgres: walsenders mydb [local] idle", false, false, false },
        { "postgres: walwriter ", false, false, false },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
        char title[64];
        pid_t pid = start("postgres", pgdata, titles[i].title);

        assert_int_equal(processes_find(&id, 0, &table), 0);
        assert_int_equal(table.count, 1);
        assert_int_equal(table.entry[0].sender, titles[i].sender);
        assert_int_equal(table.entry[0].archiver, titles[i].archiver);
        assert_int_equal(table.entry[0].stays, titles[i].stays);
        process_title(pid, title, sizeof(title));
        assert_int_equal(strncmp(title, titles[i].title, 12), 0);
        process_name(pid, title, sizeof(title));
        assert_string_equal(title, "postgres");
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        started_count--;
        process_name(pid, title, sizeof(title));
        assert_string_equal(title, "");
        process_title(pid, title, sizeof(title));
        assert_string_equal(title, "");
        assert_int_equal(process_age_ms(pid), 0);
    }
}

/* A shell and what it waits for: both hold up who waits for the shell. */
static void
finds_children_and_their_children(void **state)
{
    struct process_entry heir[8];
    size_t count = 0;
    pid_t pid = fork();

    (void) state;
    assert_true(pid >= 0);
    if (pid == 0) {
        (void) execl("/bin/sh", "sh", "-c", "sleep 100; true", (char *) NULL);
        _exit(127);
    }
    for (int tries = 0; tries < 2000 && count < 2; tries++) {
        clock_sleep_ms(5, clock_now_ms() + 5);
        count = processes_find_heirs(getpid(), heir, 8);
    }
    assert_int_equal(count, 2);
    assert_true(heir[0].pid == pid || heir[1].pid == pid);
    assert_int_equal(processes_find_heirs(getpid(), heir, 1), 1);
    assert_true(process_age_ms(pid) < 60000);
    assert_int_equal(processes_find_heirs(pid, heir, 8), 1);
    assert_int_equal(process_send(heir[0].pid, process_start(heir[0].pid) + 1,
                                  SIGKILL), 0);
    assert_int_equal(kill(heir[0].pid, 0), 0);      /* it is another one */
    assert_int_equal(process_send(heir[0].pid, process_start(heir[0].pid),
                                  SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
believes_a_pid_file_only_with_its_start_time(void **state)
{
    struct pidfile pidfile = { 0 };
    struct process_entry entry;

    (void) state;
    pidfile.pid = start("postgres", pgdata, "postgres");
    pidfile.start_time_s = time(NULL);
    assert_true(processes_check_postmaster(&id, &pidfile, &entry));
    assert_int_equal(entry.pid, pidfile.pid);
    assert_int_equal(entry.parent, getpid());
    pidfile.start_time_s -= 60;
    assert_false(processes_check_postmaster(&id, &pidfile, &entry));
    pidfile.start_time_s += 60;
    pidfile.standalone = true;
    assert_false(processes_check_postmaster(&id, &pidfile, &entry));
    pidfile.standalone = false;
    pidfile.pid = getpid();
    assert_false(processes_check_postmaster(&id, &pidfile, &entry));
}

static void
signals_only_what_is_still_the_same(void **state)
{
    pid_t pid = start("postgres", pgdata, "postgres");
    pid_t foreign = start("postgres", folder, "postgres");
    struct process_entry entry = { .pid = pid, .state = 'S' };
    int status;

    (void) state;
    assert_int_equal(process_signal(&id, &entry, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(process_signal(&id, &entry, SIGKILL), 0);
    entry.pid = foreign;    /* as if the number had been given away */
    assert_int_equal(process_signal(&id, &entry, SIGKILL), 0);
    assert_int_equal(waitpid(foreign, &status, WNOHANG), 0);
    started[0] = started[1];
    started_count = 1;
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, make_instance, remove_instance)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(knows_a_server_by_its_program_and_folder),
        TEST(knows_it_when_an_upgrade_replaced_the_program),
        TEST(knows_it_when_its_folder_was_removed_or_made_anew),
        TEST(counts_no_zombie),
        TEST(takes_no_child_by_its_title_for_a_postmaster),
        TEST(counts_any_number_of_processes),
        TEST(knows_the_wal_receiver_by_its_title),
        TEST(knows_by_its_title_who_holds_a_shutdown_up),
        TEST(finds_children_and_their_children),
        TEST(believes_a_pid_file_only_with_its_start_time),
        TEST(signals_only_what_is_still_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
