/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is left of a server, against a real one (P4). */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "cmocka_all.h"
#include "files.h"
#include "postgres.h"
#include "postgres_holders.h"
#include "server.h"
#include "text.h"

#define WAIT_MS 60000

/* One server for all tests of the group; each leaves it stopped or kills it. */
static struct server_dir server;
static char words[2048];
static struct text why;

static int
make_server(void **state)
{
    (void) state;
    server_create(&server);
    return 0;
}

static int
remove_server(void **state)
{
    (void) state;
    server_remove(&server);
    return 0;
}

static int
start_server(void **state)
{
    (void) state;
    text_init(&why, words, sizeof(words));
    server_start(&server);
    return 0;
}

static int
reset_words(void **state)
{
    (void) state;
    text_init(&why, words, sizeof(words));
    return 0;
}

static struct process
look(bool quick)
{
    struct process process;

    assert_int_equal(postgres_examine(&server.params, quick, &process), 0);
    return process;
}

static void
wait_for_state(enum process_state state)
{
    int64_t deadline_ms = clock_now_ms() + WAIT_MS;

    while (look(false).state != state && clock_left_ms(deadline_ms) > 0) {
        clock_sleep_ms(10, deadline_ms);
    }
    assert_string_equal(process_state_name(look(false).state),
                        process_state_name(state));
}

static int
kill_server(void **state)
{
    (void) state;
    assert_int_equal(postgres_signal(&server.params, POSTGRES_KILL, &why), 0);
    wait_for_state(PROCESS_GONE);
    return 0;
}

static void
path_of(const char *name, char *ret_path)
{
    struct text text;

    text_init(&text, ret_path, PATH_SIZE);
    text_add(&text, "%s/%s", server.pgdata, name);
    assert_false(text.overflow);
}

static void
sees_a_running_server(void **state)
{
    struct process full = look(false);
    struct process quick = look(true);

    (void) state;
    assert_int_equal(full.state, PROCESS_RUNNING);
    assert_int_equal(full.pidfile, PIDFILE_READY);
    assert_int_equal(full.postmaster_pid, server_postmaster(&server));
    assert_true(full.others >= 4);
    assert_int_equal(quick.state, PROCESS_RUNNING);
    assert_int_equal(quick.postmaster_pid, full.postmaster_pid);
    assert_int_equal(quick.others, 0);
}

static void
gives_the_postmaster_a_session_and_no_descriptor_of_ours(void **state)
{
    pid_t pid = server_postmaster(&server);
    char path[PATH_SIZE];
    char target[PATH_SIZE];

    (void) state;
    assert_int_not_equal(getsid(pid), getsid(0));
    assert_int_equal(getsid(pid), getpgid(pid));
    for (int fd = 0; fd < 3; fd++) {
        ssize_t len;

        assert_true(snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd)
                    > 0);
        len = readlink(path, target, sizeof(target) - 1);
        assert_true(len > 0);
        target[len] = '\0';
        assert_string_equal(target, fd == 0 ? "/dev/null" : server.logfile);
    }
}

static void
sees_a_frozen_server(void **state)
{
    pid_t pid = server_postmaster(&server);
    int64_t deadline_ms = clock_now_ms() + WAIT_MS;

    (void) state;
    assert_int_equal(kill(pid, SIGSTOP), 0);
    while (look(true).state != PROCESS_FROZEN
           && clock_left_ms(deadline_ms) > 0) {
        clock_sleep_ms(5, deadline_ms);
    }
    assert_int_equal(look(true).state, PROCESS_FROZEN);
    assert_int_equal(look(false).state, PROCESS_FROZEN);
    assert_int_equal(kill(pid, SIGCONT), 0);
    wait_for_state(PROCESS_RUNNING);
}

static void
kills_a_frozen_server(void **state)
{
    (void) state;
    assert_int_equal(kill(server_postmaster(&server), SIGSTOP), 0);
    assert_int_equal(postgres_signal(&server.params, POSTGRES_KILL, &why), 0);
    wait_for_state(PROCESS_GONE);
}

static void
finds_a_live_server_without_its_pid_file(void **state)
{
    char path[PATH_SIZE];
    pid_t pid = server_postmaster(&server);
    struct process process;

    (void) state;
    path_of("postmaster.pid", path);
    assert_int_equal(unlink(path), 0);
    process = look(true);
    assert_int_equal(process.state, PROCESS_RUNNING);
    assert_int_equal(process.postmaster_pid, pid);
    assert_int_equal(process.pidfile, PIDFILE_MISSING);
}

static void
finds_the_orphans_of_a_killed_postmaster(void **state)
{
    int64_t deadline_ms = clock_now_ms() + WAIT_MS;
    struct process process;
    /* a busy backend does not look at its postmaster */
    int psql = server_sql_background(&server,
        "do $$ declare i bigint := 0; begin loop i := i + 1; end loop; end $$");

    (void) state;
    while (!server_sql(&server, "select 1 / count(*) from pg_stat_activity "
                       "where state = 'active' and query like 'do %'")
           && clock_left_ms(deadline_ms) > 0) {
        clock_sleep_ms(50, deadline_ms);
    }
    assert_int_equal(kill(server_postmaster(&server), SIGKILL), 0);
    wait_for_state(PROCESS_ORPHANS);
    clock_sleep_ms(500, deadline_ms);
    process = look(true);
    assert_int_equal(process.state, PROCESS_ORPHANS);
    assert_int_equal(process.postmaster_pid, 0);
    assert_true(process.others >= 1);
    assert_int_equal(postgres_signal(&server.params, POSTGRES_KILL, &why), 0);
    wait_for_state(PROCESS_GONE);
    assert_string_equal(words, "");
    (void) waitpid(psql, NULL, 0);
}

static void
ends_orphans_by_an_immediate_stop(void **state)
{
    int64_t deadline_ms = clock_now_ms() + WAIT_MS;
    int psql = server_sql_background(&server, "select pg_sleep(60)");

    (void) state;
    while (look(false).others < 6 && clock_left_ms(deadline_ms) > 0) {
        clock_sleep_ms(10, deadline_ms);
    }
    assert_int_equal(kill(server_postmaster(&server), SIGKILL), 0);
    (void) postgres_signal(&server.params, POSTGRES_STOP_IMMEDIATE, &why);
    wait_for_state(PROCESS_GONE);
    (void) waitpid(psql, NULL, 0);
}

static void
stops_fast(void **state)
{
    (void) state;
    assert_int_equal(postgres_signal(&server.params, POSTGRES_STOP_FAST,
                                     &why), 0);
    wait_for_state(PROCESS_GONE);
    assert_int_equal(look(false).pidfile, PIDFILE_MISSING);
}

static const struct holder *
find_holder(const struct holders *holders, enum holder_kind kind)
{
    for (size_t i = 0; i < HOLDERS_MAX; i++) {
        if (holders->holder[i].kind == kind) {
            return &holders->holder[i];
        }
    }
    return NULL;
}

/* A postmaster that has not heard of the stop yet starts its archiver again. */
static void
end_commands(const struct holders *holders)
{
    for (size_t i = 0; i < HOLDERS_MAX; i++) {
        if (holders->holder[i].kind == HOLDER_COMMAND) {
            assert_int_equal(postgres_end_holder(
                &server.params, HOLDER_COMMAND, holders->holder[i].pid,
                SIGTERM, &why), 0);
        }
    }
}

/* The shutdown's checkpoint is written, and the server waits for ever. */
static void
ends_an_archive_command_that_holds_a_stop_up(void **state)
{
    int64_t deadline_ms = clock_now_ms() + WAIT_MS;
    struct control control;
    const struct holder *command = NULL;
    struct holders holders;

    (void) state;
    assert_true(server_sql(&server, "alter system set archive_mode = on"));
    assert_true(server_sql(&server, "alter system set archive_command = "
                                    "'sleep 300; true'"));
    stops_fast(NULL);
    server_start(&server);
    assert_true(server_sql(&server, "create table t ()"));
    assert_int_equal(postgres_signal(&server.params, POSTGRES_STOP_FAST,
                                     &why), 0);
    do {
        clock_sleep_ms(20, deadline_ms);
        assert_int_equal(postgres_find_holders(&server.params, &holders), 0);
        command = find_holder(&holders, HOLDER_COMMAND);
    } while ((command == NULL || holders.backends > 0)
             && clock_left_ms(deadline_ms) > 0);
    assert_non_null(command);
    assert_non_null(find_holder(&holders, HOLDER_ARCHIVER));
    assert_null(find_holder(&holders, HOLDER_SENDER));
    assert_null(strstr(command->title, "300"));     /* no arguments */
    assert_non_null(strstr(holders.unarchived, "(1 segments)"));
    do {
        end_commands(&holders);
        clock_sleep_ms(100, deadline_ms);
    } while (look(false).state != PROCESS_GONE
             && clock_left_ms(deadline_ms) > 0
             && postgres_find_holders(&server.params, &holders) == 0);
    wait_for_state(PROCESS_GONE);
    assert_int_equal(postgres_end_holder(&server.params, HOLDER_SENDER,
                                         getpid(), SIGTERM, &why), 0);
    assert_string_equal(words, "");
    (void) postgres_read_control(&server.params, &server.identity,
                                 clock_now_ms() + WAIT_MS, &control);
    assert_int_equal(control.state, CONTROL_SHUT_DOWN);
}

/* An archive that hangs once the server is there. */
static void
start_standby(void)
{
    char path[PATH_SIZE];

    assert_true(server_sql(&server, "alter system set "
                                    "wal_retrieve_retry_interval = '50ms'"));
    assert_true(server_sql(&server, "alter system set restore_command = "
                                    "'trap \"exit 1\" USR1; "
                                    "[ ! -e hang ] || sleep 300; exit 1'"));
    stops_fast(NULL);
    path_of("standby.signal", path);
    assert_int_equal(files_write(path, "", 0, 0644), 0);
    server_start(&server);
    path_of("hang", path);
    assert_int_equal(files_write(path, "", 0, 0644), 0);
}

static const struct holder *
await_restore(struct holders *holders, int32_t but_pid)
{
    int64_t deadline_ms = clock_now_ms() + WAIT_MS;
    const struct holder *found;

    do {
        clock_sleep_ms(20, deadline_ms);
        assert_int_equal(postgres_find_holders(&server.params, holders), 0);
        found = find_holder(holders, HOLDER_RESTORE);
    } while ((found == NULL || found->pid == but_pid
              || strstr(found->title, "sleep") == NULL)
             && clock_left_ms(deadline_ms) > 0);
    assert_non_null(found);
    assert_int_not_equal(found->pid, but_pid);
    return found;
}

/* The next one runs below the same startup process: the server lives. */
static void
ends_a_restore_command_and_the_server_lives(void **state)
{
    char path[PATH_SIZE];
    struct holders holders;
    int32_t pid;

    (void) state;
    start_standby();
    pid = await_restore(&holders, 0)->pid;
    assert_int_equal(postgres_end_holder(&server.params, HOLDER_RESTORE,
                                         getpid(), 0, &why), 0);
    assert_int_equal(postgres_end_holder(&server.params, HOLDER_RESTORE, pid,
                                         0, &why), 0);
    (void) await_restore(&holders, pid);
    assert_int_equal(look(false).state, PROCESS_RUNNING);
    assert_string_equal(words, "");
    path_of("standby.signal", path);
    assert_int_equal(remove(path), 0);
}

static void
signals_nobody_without_complaint(void **state)
{
    (void) state;
    assert_int_equal(look(false).state, PROCESS_GONE);
    assert_int_equal(postgres_signal(&server.params, POSTGRES_RELOAD, &why),
                     0);
    assert_int_equal(postgres_signal(&server.params, POSTGRES_END_RECEIVER,
                                     &why), 0);
    assert_string_equal(words, "");
}

static void
is_not_fooled_by_a_reused_process_id(void **state)
{
    char path[PATH_SIZE];
    char bytes[PATH_SIZE];
    int len;

    (void) state;
    path_of("postmaster.pid", path);
    len = snprintf(bytes, sizeof(bytes), "%d\n%s\n1700000000\n5432\n%s\n\n"
                   "  5432001    32768\nready   \n",
                   (int) getpid(), server.pgdata, server.folder);
    assert_true(len > 0 && (size_t) len < sizeof(bytes));
    assert_int_equal(files_write(path, bytes, (size_t) len, 0600), 0);
    assert_int_equal(look(true).state, PROCESS_GONE);
    assert_int_equal(look(false).state, PROCESS_GONE);
    assert_int_equal(look(false).pidfile, PIDFILE_READY);
    assert_int_equal(postgres_prepare(&server.params, &server.identity, &why),
                     0);
    assert_int_equal(files_exists(path), 0);
}

static void
never_touches_another_instance(void **state)
{
    static struct server_dir other;
    struct process process;

    (void) state;
    server_create(&other);
    server_start(&other);
    assert_int_equal(postgres_signal(&server.params, POSTGRES_KILL, &why), 0);
    wait_for_state(PROCESS_GONE);
    assert_int_equal(postgres_examine(&other.params, false, &process), 0);
    assert_int_equal(process.state, PROCESS_RUNNING);
    assert_true(server_sql(&other, "select 1"));
    server_remove(&other);
}

static void
finds_processes_of_a_data_directory_that_went_away(void **state)
{
    char moved[PATH_SIZE];
    struct text text;

    (void) state;
    text_init(&text, moved, sizeof(moved));
    text_add(&text, "%s.moved", server.pgdata);
    assert_int_equal(rename(server.pgdata, moved), 0);
    /* the server goes on writing there, with its children (P4) */
    assert_int_equal(look(false).state, PROCESS_RUNNING);
    assert_true(look(false).others > 0);
    assert_int_equal(mkdir(server.pgdata, 0700), 0);
    assert_int_equal(look(true).state, PROCESS_RUNNING);
    assert_int_equal(postgres_signal(&server.params, POSTGRES_KILL, &why),
                     0);
    wait_for_state(PROCESS_GONE);
    assert_int_equal(rmdir(server.pgdata), 0);
    assert_int_equal(rename(moved, server.pgdata), 0);
    wait_for_state(PROCESS_GONE);   /* its children were killed with it */
}

static void
keeps_the_pid_file_of_a_live_server(void **state)
{
    char path[PATH_SIZE];

    (void) state;
    path_of("postmaster.pid", path);
    assert_int_equal(postgres_prepare(&server.params, &server.identity, &why),
                     0);
    assert_int_equal(files_exists(path), 1);
}

static void
reads_the_files_of_an_instance(void **state)
{
    struct instance_files files = { 0 };
    struct control control;

    (void) state;
    assert_int_equal(postgres_read_files(&server.params, &server.identity,
                                         &files), 0);
    assert_int_equal(files.lock, TRI_NO);
    assert_int_equal(files.backup_label, TRI_NO);
    assert_true(files.major_version >= 10);
    assert_between(strtoll(files.system_id, NULL, 10), INT64_C(1) << 62,
                   INT64_MAX - 1);     /* its upper half is a time in seconds */
    assert_int_equal(postgres_read_control(&server.params, &server.identity,
                                           clock_now_ms() + WAIT_MS,
                                           &control), 0);
    assert_true(wal_position_is_known(control.checkpoint));
    assert_int_not_equal(control.state, CONTROL_UNKNOWN);
    assert_int_equal(postgres_check_disk(&server.params, &server.identity,
                                         &why), TRI_YES);
}

static void
write_history(const char *name, const char *content)
{
    char path[PATH_SIZE];

    path_of(name, path);
    assert_int_equal(files_write(path, content, strlen(content), 0600), 0);
    assert_int_equal(chown(path, server.identity.uid, server.identity.gid),
                     0);
}

static void
reads_the_history_of_a_timeline(void **state)
{
    char summary[64] = "as before";

    (void) state;
    assert_int_equal(postgres_read_history(&server.params, &server.identity,
                                           2, summary, sizeof(summary)), -1);
    write_history("pg_wal/00000002.history", "no history\n");
    assert_int_equal(postgres_read_history(&server.params, &server.identity,
                                           2, summary, sizeof(summary)), -1);
    assert_int_equal(postgres_read_history(&server.params, &server.identity,
                                           0, summary, sizeof(summary)), -1);
    assert_string_equal(summary, "as before");
    write_history("pg_wal/00000002.history", "1\t0/3000060\tno target\n");
    assert_int_equal(postgres_read_history(&server.params, &server.identity,
                                           2, summary, sizeof(summary)), 0);
    assert_string_equal(summary, "2 1/0000000003000060");
    assert_int_equal(postgres_read_history(&server.params, &server.identity,
                                           1, summary, sizeof(summary)), 0);
    assert_string_equal(summary, "1");
}

static void
says_in_the_servers_words_why_it_did_not_start(void **state)
{
    struct params params = server.params;
    int64_t deadline_ms = clock_now_ms() + WAIT_MS;

    (void) state;
    params.start_opt = "-c work_mem=nonsense";
    assert_int_equal(postgres_start(&params, &server.identity, deadline_ms,
                                    &why), 0);
    wait_for_state(PROCESS_GONE);
    do {
        text_init(&why, words, sizeof(words));
        (void) postgres_tail_log(&params, &server.identity, &why);
        clock_sleep_ms(20, deadline_ms);
    } while (strstr(words, "work_mem") == NULL
             && clock_left_ms(deadline_ms) > 0);
    assert_non_null(strstr(words, "FATAL:"));
    assert_non_null(strstr(words, "work_mem"));
}

static void
comes_back_when_the_server_can_be_seen(void **state)
{
    (void) state;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(postgres_prepare(&server.params, &server.identity,
                                          &why), 0);
        assert_int_equal(postgres_start(&server.params, &server.identity,
                                        clock_now_ms() + WAIT_MS, &why), 0);
        assert_int_equal(look(true).state, PROCESS_RUNNING);
        (void) kill_server(state);
    }
}

static void
asks_the_server_when_its_log_is_thrown_away(void **state)
{
    struct params params = server.params;
    char path[PATH_SIZE];
    static const char bad[] = "port = nonsense\n";

    (void) state;
    assert_true(snprintf(path, sizeof(path), "%s/bad.conf", server.folder)
                > 0);
    assert_int_equal(files_write(path, bad, sizeof(bad) - 1, 0644), 0);
    params.logfile = "/dev/null";
    params.config = path;
    assert_int_equal(postgres_tail_log(&params, &server.identity, &why), 0);
    assert_non_null(strstr(words, "port"));
    assert_non_null(strstr(words, "/dev/null"));
}

static void
tells_a_failed_start_from_what_came_before(void **state)
{
    struct params params = server.params;
    char path[PATH_SIZE];
    static const char log[] =
        "2026-11-21 00:12:30 UTC [9] FATAL:  terminating connection\n"
        "2026-11-21 00:12:31 UTC [9] LOG:  database system is shut down\n"
        "2026-11-21 00:12:35 UTC [1] FATAL:  the database system is starting "
            "up\n"
        "2026-11-21 00:12:36 UTC [1] LOG:  syntax error in file \"c\"\n"
        "2026-11-21 00:12:44 UTC [2] LOG:  syntax error in file \"c\"\n"
        "2026-11-21 00:12:44 UTC [2] FATAL:  file \"c\" contains errors\n";

    (void) state;
    assert_true(snprintf(path, sizeof(path), "%s/old.log", server.folder)
                > 0);
    assert_int_equal(files_write(path, log, sizeof(log) - 1, 0644), 0);
    params.logfile = path;
    text_init(&why, words, sizeof(words));
    assert_int_equal(postgres_tail_log(&params, &server.identity, &why), 0);
    assert_string_equal(words, "LOG:  syntax error in file \"c\" | "
                               "FATAL:  file \"c\" contains errors");
}

static void
starts_over_what_a_killed_start_left_empty(void **state)
{
    char path[PATH_SIZE];

    (void) state;
    assert_true(snprintf(path, sizeof(path), "%s/.s.PGSQL.%d.lock",
                         server.folder, server.params.pgport) > 0);
    assert_int_equal(identity_become(&server.identity), 0);
    assert_int_equal(files_write(path, "", 0, 0600), 0);
    identity_return();
    server_start(&server);
    assert_true(server_sql(&server, "select 1"));
    (void) kill_server(NULL);
}

static void
keeps_what_a_server_said_as_it_gave_up(void **state)
{
    struct params params = server.params;
    char path[PATH_SIZE];
    static const char log[] =
        "2026-11-21 00:44:57 UTC [1] LOG:  starting PostgreSQL 15.20\n"
        "2026-11-21 00:44:57 UTC [1] FATAL:  lock file \"l\" is empty\n"
        "2026-11-21 00:44:57 UTC [1] LOG:  database system is shut down\n";

    (void) state;
    assert_true(snprintf(path, sizeof(path), "%s/gaveup.log", server.folder)
                > 0);
    assert_int_equal(files_write(path, log, sizeof(log) - 1, 0644), 0);
    params.logfile = path;
    text_init(&why, words, sizeof(words));
    assert_int_equal(postgres_tail_log(&params, &server.identity, &why), 0);
    assert_string_equal(words, "FATAL:  lock file \"l\" is empty");
}

/* Of the two hints only that of the error says what to do. */
static void
tells_the_hint_of_an_error_and_of_nothing_else(void **state)
{
    struct params params = server.params;
    char path[PATH_SIZE];
    static const char log[] =
        "2026-11-21 00:44:57 UTC [1] LOG:  starting PostgreSQL 15.20\n"
        "2026-11-21 00:44:57 UTC [3] LOG:  database system was interrupted "
        "while in recovery at log time 2026-11-21 00:44:50 UTC\n"
        "2026-11-21 00:44:57 UTC [3] HINT:  If this has occurred more than "
        "once some data might be corrupted\n"
        "2026-11-21 00:44:57 UTC [3] FATAL:  directory \"/s\" does not exist\n"
        "2026-11-21 00:44:57 UTC [3] HINT:  Create this directory\n"
        "2026-11-21 00:44:57 UTC [1] LOG:  database system is shut down\n";

    (void) state;
    assert_true(snprintf(path, sizeof(path), "%s/hints.log", server.folder)
                > 0);
    assert_int_equal(files_write(path, log, sizeof(log) - 1, 0644), 0);
    params.logfile = path;
    assert_int_equal(postgres_tail_log(&params, &server.identity, &why), 0);
    assert_string_equal(words, "FATAL:  directory \"/s\" does not exist | "
                               "HINT:  Create this directory");
}

/* Write a log and have it read. */
static void
tail(const char *log, bool upstream)
{
    struct params params = server.params;
    char path[PATH_SIZE];

    assert_true(snprintf(path, sizeof(path), "%s/tail.log", server.folder)
                > 0);
    assert_int_equal(files_write(path, log, strlen(log), 0644), 0);
    params.logfile = path;
    text_init(&why, words, sizeof(words));
    (void) (upstream ? postgres_tail_upstream : postgres_tail_log)(
        &params, &server.identity, &why);
}

#define AT "2026-11-21 00:44:57 UTC [7] "

/* Issue: a setting that is lower than the primary's is named in the DETAIL. */
static void
tells_what_ended_the_server_and_nothing_else(void **state)
{
    (void) state;
    tail(AT "LOG:  starting PostgreSQL 15.20\n"
         AT "ERROR:  relation \"of_a_client\" does not exist\n"
         AT "LOG:  could not send data to client: Broken pipe\n"
         AT "FATAL:  recovery aborted because of insufficient parameter "
         "settings\n"
         AT "DETAIL:  max_connections = 100 is a lower setting than on the "
         "primary server, where its value was 250.\n"
         AT "HINT:  You can restart the server after making the necessary "
         "configuration changes.\n"
         AT "FATAL:  terminating walreceiver process due to administrator "
         "command\n"
         AT "LOG:  could not remove a file\n"
         AT "LOG:  shutting down due to startup process failure\n"
         AT "LOG:  database system is shut down\n", false);
    assert_string_equal(
        words, "DETAIL:  max_connections = 100 is a lower setting than on the "
               "primary server, where its value was 250. | HINT:  You can "
               "restart the server after making the necessary configuration "
               "changes.");
    tail(AT "LOG:  could not bind IPv4 address \"0.0.0.0\": Address already "
         "in use\n"
         AT "FATAL:  could not create any TCP/IP sockets\n"
         AT "LOG:  database system is shut down\n", false);
    assert_int_equal(strncmp(words, "LOG:  could not bind", 20), 0);
    tail(AT "FATAL:  could not connect to the primary server: refused\n"
         AT "PANIC:  could not locate a valid checkpoint record\n"
         AT "FATAL:  streaming replication receiver \"srv2\" could not connect "
         "to the primary server: refused\n"
         AT "FATAL:  could not receive data from WAL stream: gone\n", false);
    assert_string_equal(words,
                        "PANIC:  could not locate a valid checkpoint record");
}

static void
tells_what_the_log_says_last_of_the_upstream(void **state)
{
    static const char removed[] =
        AT "LOG:  started streaming WAL from primary at 0/3000000 on timeline "
        "1\n"
        AT "FATAL:  could not receive data from WAL stream: ERROR:  requested "
        "WAL segment 000000010000000000000003 has already been removed\n"
        AT "LOG:  waiting for WAL to become available at 0/3000018\n";
    char log[2048];

    (void) state;
    tail(removed, true);
    assert_string_equal(words, "FATAL:  could not receive data from WAL "
                               "stream: ERROR:  requested WAL segment "
                               "000000010000000000000003 has already been "
                               "removed");
    assert_true(snprintf(log, sizeof(log), "%s" AT "LOG:  started streaming "
                         "WAL from primary at 0/3000000 on timeline 1\n",
                         removed) > 0);
    tail(log, true);
    assert_string_equal(words, "");
    assert_true(snprintf(log, sizeof(log), "%s" AT "LOG:  starting PostgreSQL "
                         "15.20\n", removed) > 0);
    tail(log, true);
    assert_string_equal(words, "");
    tail(AT "LOG:  new timeline 2 forked off current database system timeline "
         "1 before current recovery point 0/5000060\n", true);
    assert_int_equal(strncmp(words, "LOG:  new timeline 2 forked off", 31), 0);
    tail(AT "LOG:  new timeline 3 is not a child of database system timeline "
         "2\n", true);
    assert_int_equal(strncmp(words, "LOG:  new timeline 3 is not a", 29), 0);
    tail(AT "FATAL:  could not connect to the primary server: connection to "
         "server at \"192.0.2.1\", port 5432 failed: FATAL:  password "
         "authentication failed for user \"replicator\"\n", true);
    assert_non_null(strstr(words, "authentication failed"));
    tail(AT "FATAL:  could not write to file \"pg_wal/xlogtemp.287\": No space "
         "left on device\n"
         AT "ERROR:  could not write to file \"base/pgsql_tmp/pgsql_tmp9.0\": "
         "No space left on device\n", true);
    assert_string_equal(words, "FATAL:  could not write to file "
                               "\"pg_wal/xlogtemp.287\": No space left on "
                               "device");
}

static void
check_start_opt(const char *start_opt)
{
    server.params.start_opt = start_opt;
    server_start(&server);
    assert_true(server_sql(&server,
        "do $$ begin if current_setting('cluster_name') <> 'two words' "
        "then raise '%', current_setting('cluster_name'); end if; end $$"));
    (void) kill_server(NULL);
    server.params.start_opt = server.start_opt;
}

static void
keeps_the_quoting_of_start_opt(void **state)
{
    char start_opt[PATH_SIZE];
    static const char *const quoted[] = {
        "-c cluster_name='two words'",
        "-c cluster_name=\"two words\"",
        "-c cluster_name=two\\ words",
        /* what had to be written where single quotes stood around it */
        "-c cluster_name='\\''two words'\\''",
    };

    (void) state;
    for (size_t i = 0; i < sizeof(quoted) / sizeof(quoted[0]); i++) {
        struct text text;

        text_init(&text, start_opt, sizeof(start_opt));
        text_add(&text, "-c listen_addresses= -c fsync=off "
                 "-c unix_socket_directories=%s %s", server.folder,
                 quoted[i]);
        check_start_opt(start_opt);
    }
}

static void
never_takes_the_null_device_for_a_log_file(void **state)
{
    struct params params = server.params;
    struct stat before;
    struct stat after;

    (void) state;
    assert_int_equal(stat("/dev/null", &before), 0);
    params.logfile = "/dev/null";
    assert_int_equal(postgres_prepare(&params, &server.identity, &why), 0);
    assert_int_equal(stat("/dev/null", &after), 0);
    assert_int_equal(after.st_uid, before.st_uid);
    assert_int_equal(after.st_mode, before.st_mode);
}

static void
says_what_is_wrong_with_a_folder(void **state)
{
    struct params params = server.params;

    (void) state;
    params.pgdata = "/nonexistent/data";
    assert_int_equal(postgres_prepare(&params, &server.identity, &why), -1);
    assert_non_null(strstr(words, "'/nonexistent/data'"));
    text_init(&why, words, sizeof(words));
    assert_int_equal(postgres_check_disk(&params, &server.identity, &why),
                     TRI_NO);
    assert_non_null(strstr(words, "/nonexistent/data"));
}

/* What start has to have is made, and what cannot be made is named. */
static void
makes_the_folders_of_a_start_or_names_them(void **state)
{
    static char config[PATH_SIZE];
    static char made[PATH_SIZE];
    struct params params = server.params;

    (void) state;
    path_of("stats.conf", config);
    path_of("stats_here", made);
    params.config = config;
    write_history("stats.conf", "stats_temp_directory = 'stats_here'\n");
    assert_int_equal(postgres_prepare(&params, &server.identity, &why), 0);
    assert_int_equal(files_exists(made), 1);
    assert_int_equal(postgres_prepare(&params, &server.identity, &why), 0);
    assert_int_equal(rmdir(made), 0);
    write_history("stats.conf", "stats_temp_directory = '/dev/null/x'\n");
    assert_int_equal(postgres_prepare(&params, &server.identity, &why), -1);
    assert_non_null(strstr(words, "could not make folder '/dev/null/x'"));
    assert_int_equal(unlink(config), 0);

    params = server.params;
    text_init(&why, words, sizeof(words));
    params.logfile = "/nonexistent/log";
    assert_int_equal(postgres_prepare(&params, &server.identity, &why), -1);
    assert_non_null(strstr(words, "could not write to logfile "
                           "'/nonexistent/log'"));
    params = server.params;
    text_init(&why, words, sizeof(words));
    params.socketdir = "/proc/self";
    assert_int_equal(postgres_prepare(&params, &server.identity, &why), -1);
    assert_non_null(strstr(words, "could not write to socketdir "
                           "'/proc/self'"));
    params = server.params;
    text_init(&why, words, sizeof(words));
    params.rep_mode = REP_MODE_ASYNC;
    params.tmpdir = "/dev/null/tmp";
    assert_int_equal(postgres_prepare(&params, &server.identity, &why), -1);
    assert_non_null(strstr(words, "could not make folder '/dev/null/tmp'"));
}

static void
finds_the_newest_timeline_of_pg_wal(void **state)
{
    static const char *const files[] = {
        "pg_wal/0000000A.history", "pg_wal/00000009.history",
        "pg_wal/0000000B.history.tmp", "pg_wal/0000000c.history",
        "pg_wal/000000010.history",
    };
    struct params params = server.params;

    (void) state;
    assert_true(postgres_newest_timeline(&params, &server.identity) < 10);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        write_history(files[i], "");
    }
    assert_int_equal(postgres_newest_timeline(&params, &server.identity), 10);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char path[PATH_SIZE];

        path_of(files[i], path);
        assert_int_equal(unlink(path), 0);
    }
    params.pgdata = "/nonexistent";
    assert_int_equal(postgres_newest_timeline(&params, &server.identity), 0);
}

#define SERVER_TEST(name) \
    cmocka_unit_test_setup_teardown(name, start_server, kill_server)
#define FILES_TEST(name) cmocka_unit_test_setup(name, reset_words)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER_TEST(sees_a_running_server),
        SERVER_TEST(gives_the_postmaster_a_session_and_no_descriptor_of_ours),
        SERVER_TEST(sees_a_frozen_server),
        SERVER_TEST(kills_a_frozen_server),
        SERVER_TEST(finds_a_live_server_without_its_pid_file),
        SERVER_TEST(finds_the_orphans_of_a_killed_postmaster),
        SERVER_TEST(ends_orphans_by_an_immediate_stop),
        SERVER_TEST(stops_fast),
        SERVER_TEST(finds_processes_of_a_data_directory_that_went_away),
        SERVER_TEST(keeps_the_pid_file_of_a_live_server),
        SERVER_TEST(reads_the_files_of_an_instance),
        FILES_TEST(reads_the_history_of_a_timeline),
        FILES_TEST(signals_nobody_without_complaint),
        FILES_TEST(is_not_fooled_by_a_reused_process_id),
        FILES_TEST(never_touches_another_instance),
        FILES_TEST(says_in_the_servers_words_why_it_did_not_start),
        FILES_TEST(tells_a_failed_start_from_what_came_before),
        FILES_TEST(comes_back_when_the_server_can_be_seen),
        FILES_TEST(asks_the_server_when_its_log_is_thrown_away),
        FILES_TEST(starts_over_what_a_killed_start_left_empty),
        FILES_TEST(keeps_what_a_server_said_as_it_gave_up),
        FILES_TEST(tells_the_hint_of_an_error_and_of_nothing_else),
        FILES_TEST(tells_what_ended_the_server_and_nothing_else),
        FILES_TEST(tells_what_the_log_says_last_of_the_upstream),
        FILES_TEST(keeps_the_quoting_of_start_opt),
        FILES_TEST(never_takes_the_null_device_for_a_log_file),
        FILES_TEST(says_what_is_wrong_with_a_folder),
        FILES_TEST(makes_the_folders_of_a_start_or_names_them),
        FILES_TEST(finds_the_newest_timeline_of_pg_wal),
        SERVER_TEST(ends_a_restore_command_and_the_server_lives),
        SERVER_TEST(ends_an_archive_command_that_holds_a_stop_up),
    };
    const char *why_not = server_why_not();

    if (why_not != NULL) {
        (void) printf("1..0 # SKIP %s\n", why_not);
        return 0;
    }
    return cmocka_run_group_tests(tests, make_server, remove_server);
}
