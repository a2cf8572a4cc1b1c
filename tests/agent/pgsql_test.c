/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The session with the server, against a scripted stand-in for libpq. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "cmocka_all.h"
#include "files.h"
#include "libpq_standin.h"
#include "pgsql.h"
#include "reason.h"

#define SHORT_MS 300
#define LONG_MS 30000
#define COLUMNS 14
#define SENDER_COLUMNS 14

static const char *const primary_row[COLUMNS] = {
    "f", "0/3000148", "00000003000000000000000C", NULL,
    NULL, NULL, "srv2", "f", NULL, "0/3000000", NULL, NULL, NULL, "t",
};
static const char *const standby_row[COLUMNS] = {
    "t", NULL, NULL, "2/5000060", "4711", "7", "", "t",
    "2/5000060", "2/5000000", "f", "recovery_target_time", "streaming",
    NULL,
};

static struct params params;
static struct identity identity;
static struct pgsql *pgsql;
static char why_buf[1024];
static struct text why;

static int
set_up(void **state)
{
    (void) state;
    memset(&params, 0, sizeof(params));
    memset(&identity, 0, sizeof(identity));
    params.pgdba = "postgres";
    params.pghost = "";
    params.socketdir = "";
    params.pgport = 5432;
    params.pgdb = "template1";
    params.monitor_user = "";
    params.monitor_password = "";
    params.monitor_sql = "select now();";
    params.restore_command = "";
    params.replication_slot_name = "";
    params.tmpdir = "/nonexistent/tmp";
    standin_reset();
    text_init(&why, why_buf, sizeof(why_buf));
    pgsql = pgsql_new(&params, &identity);
    return 0;
}

/* Whatever a test did: nothing is left open and no step is left over. */
static int
tear_down(void **state)
{
    (void) state;
    pgsql_close(pgsql);
    assert_int_equal(standin_open(), 0);
    assert_int_equal(standin_left(), 0);
    return 0;
}

static int64_t
in_ms(int64_t ms)
{
    return clock_now_ms() + ms;
}

/* What comes before the rows of a read-only question. */
static void
script_rows(int columns, int rows, const char *const *values)
{
    standin_command();
    standin_command();
    standin_rows(columns, rows, values);
    standin_end();
}

static struct server
observe(int64_t ms, int expected_rc)
{
    struct server server;

    memset(&server, 0xAA, sizeof(server));
    assert_int_equal(pgsql_observe(pgsql, in_ms(ms), &server), expected_rc);
    return server;
}

static void
reads_a_primary(void **state)
{
    struct server server;

    (void) state;
    standin_connect_ok();
    script_rows(COLUMNS, 1, primary_row);
    server = observe(LONG_MS, 0);
    assert_int_equal(server.answer, ANSWER_OK);
    assert_string_equal(server.text, "");
    assert_int_equal(server.version, 150000);
    assert_int_equal(server.in_recovery, TRI_NO);
    assert_int_equal(server.position.timeline, 3);
    assert_int_equal(server.position.lsn, 0x3000148);
    assert_int_equal(server.receiver_running, TRI_NO);
    assert_int_equal(server.upstream_set, TRI_NO);
    assert_int_equal(server.sync_names_known, TRI_YES);
    assert_string_equal(server.sync_names, "srv2");
    assert_int_equal(server.unflushed, TRI_YES);
}

static void
reads_a_standby(void **state)
{
    struct server server;

    (void) state;
    standin_connect_ok();
    script_rows(COLUMNS, 1, standby_row);
    server = observe(LONG_MS, 0);
    assert_int_equal(server.in_recovery, TRI_YES);
    assert_int_equal(server.position.timeline, 7);
    assert_int_equal(server.position.lsn, 0x205000060);
    assert_int_equal(server.receiver_running, TRI_YES);
    assert_int_equal(server.upstream_set, TRI_YES);
    assert_int_equal(server.unflushed, TRI_UNKNOWN);
    assert_string_equal(server.sync_names, "");
    assert_int_equal(server.progress.known, TRI_YES);
    assert_int_equal(server.progress.received, 0x205000060);
    assert_int_equal(server.progress.replayed, 0x205000000);
    assert_int_equal(server.progress.paused, TRI_NO);
    assert_string_equal(server.progress.target, "recovery_target_time");
}

/* Version 19 shows a WAL receiver before it has a connection. */
static void
a_receiver_that_connects_does_not_stream(void **state)
{
    const char *row[COLUMNS];
    struct server server;

    (void) state;
    memcpy(row, standby_row, sizeof(row));
    row[5] = NULL;
    row[12] = "connecting";
    standin_server(190000, "on");
    standin_connect_ok();
    script_rows(COLUMNS, 1, row);
    server = observe(LONG_MS, 0);
    assert_int_equal(server.version, 190000);
    assert_int_equal(server.receiver_running, TRI_NO);
    assert_int_equal(server.position.timeline, 0);
    assert_int_equal(server.position.lsn, 0x205000060);
    assert_int_equal(server.progress.known, TRI_YES);
}

static void
knows_no_timeline_without_a_receiver(void **state)
{
    static const char *const row[COLUMNS] = {
        "t", NULL, NULL, "2/5000060", NULL, NULL, "", NULL,
    };
    struct server server;

    (void) state;
    standin_connect_ok();
    script_rows(COLUMNS, 1, row);
    server = observe(LONG_MS, 0);
    assert_int_equal(server.receiver_running, TRI_NO);
    assert_false(wal_position_is_known(server.position));
    assert_int_equal(server.upstream_set, TRI_UNKNOWN);
}

static void
takes_nonsense_for_unknown(void **state)
{
    static const char *const row[COLUMNS] = {
        "x", "rubbish", "ABC", "rubbish", "1", "99999999999", "", "",
    };
    struct server server;

    (void) state;
    standin_connect_ok();
    script_rows(COLUMNS, 1, row);
    server = observe(LONG_MS, 0);
    assert_int_equal(server.in_recovery, TRI_UNKNOWN);
    assert_int_equal(server.position.timeline, 0);
    assert_int_equal(server.position.lsn, 0);
}

static void
does_not_cut_sync_names(void **state)
{
    char names[SERVER_TEXT_SIZE + 1];
    const char *row[COLUMNS];
    struct server server;

    (void) state;
    memset(names, 'n', sizeof(names) - 1);
    names[sizeof(names) - 1] = '\0';
    memcpy(row, primary_row, sizeof(row));
    row[6] = names;
    standin_connect_ok();
    script_rows(COLUMNS, 1, row);
    server = observe(LONG_MS, 0);
    assert_int_equal(server.sync_names_known, TRI_UNKNOWN);
    assert_string_equal(server.sync_names, "");
}

static void
asks_in_one_statement_and_keeps_the_session(void **state)
{
    (void) state;
    standin_connect_ok();
    script_rows(COLUMNS, 1, primary_row);
    script_rows(COLUMNS, 1, primary_row);
    standin_flush_pending(1);
    (void) observe(LONG_MS, 0);
    (void) observe(LONG_MS, 0);
    assert_int_equal(standin_connects(), 1);
    assert_non_null(strstr(standin_sql(0), "SET LOCAL search_path = ''"));
    assert_non_null(strstr(standin_sql(0), "READ ONLY"));
}

static void
asks_only_what_the_version_and_the_log_in_allow(void **state)
{
    static const struct {
        int version;
        const char *superuser;
        const char *has;
        const char *has_not;
    } table[] = {
        { 100023, "on", "sender", "primary_conninfo" },
        { 120000, "on", "primary_conninfo", "pg_has_role" },
        { 150000, "off", "'MEMBER'", "'USAGE'" },
        { 170000, NULL, "'USAGE'", "'MEMBER'" },
    };

    (void) state;
    for (size_t i = 0; i < 4; i++) {
        standin_reset();
        standin_server(table[i].version, table[i].superuser);
        standin_connect_ok();
        script_rows(COLUMNS, 1, primary_row);
        (void) observe(LONG_MS, 0);
        pgsql_close(pgsql);
        if (i > 0) {
            assert_non_null(strstr(standin_sql(0), table[i].has));
        }
        assert_null(strstr(standin_sql(0), table[i].has_not));
    }
}

static void
logs_in_as_the_owner_without_a_password(void **state)
{
    (void) state;
    identity.known = 1;
    identity.uid = geteuid();
    memcpy(identity.home, "/var/lib/pg", sizeof("/var/lib/pg"));
    params.socketdir = "/run/pg";
    params.monitor_password = "not for the owner";
    standin_connect_ok();
    script_rows(COLUMNS, 1, primary_row);
    (void) observe(LONG_MS, 0);
    assert_string_equal(standin_keyword("user"), "postgres");
    assert_null(standin_keyword("password"));
    assert_string_equal(standin_keyword("host"), "/run/pg");
    assert_string_equal(standin_keyword("port"), "5432");
    assert_string_equal(standin_keyword("dbname"), "template1");
    assert_string_equal(standin_keyword("application_name"), "pgward");
    assert_string_equal(standin_keyword("passfile"), "/var/lib/pg/.pgpass");
    assert_string_equal(standin_keyword("sslmode"), "disable");
    assert_string_equal(standin_keyword("gssencmode"), "disable");
    assert_non_null(strstr(standin_keyword("options"), "statement_timeout="));
    assert_non_null(strstr(standin_keyword("options"), "lock_timeout="));
}

static void
logs_in_as_monitor_user_to_pghost(void **state)
{
    (void) state;
    params.pghost = "192.0.2.1";
    params.socketdir = "/run/pg";
    params.monitor_user = "watcher";
    params.monitor_password = "secret";
    standin_connect_ok();
    script_rows(COLUMNS, 1, primary_row);
    (void) observe(LONG_MS, 0);
    assert_string_equal(standin_keyword("user"), "watcher");
    assert_string_equal(standin_keyword("password"), "secret");
    assert_string_equal(standin_keyword("host"), "192.0.2.1");
    assert_string_equal(standin_keyword("sslmode"), "prefer");
}

/* Never this node's own socket, which would answer in another's name. */
static void
logs_in_at_another_nodes_server(void **state)
{
    static const char *const refused =
        "FATAL:  28P01: password authentication failed\n";

    (void) state;
    params.socketdir = "/run/pg";
    params.rejoin_user = "";
    params.monitor_user = "watcher";
    params.monitor_password = "secret";
    assert_int_equal(pgsql_turn_to(pgsql, "node2"), 0);
    standin_connect_fails(refused);
    assert_int_equal(observe(LONG_MS, -1).answer, ANSWER_DENIED);
    assert_string_equal(standin_keyword("user"), "watcher");
    assert_string_equal(standin_keyword("password"), "secret");
    assert_string_equal(standin_keyword("host"), "node2");
    params.monitor_user = "";
    params.rejoin_user = "comer";
    standin_connect_fails(refused);
    (void) observe(LONG_MS, -1);
    assert_string_equal(standin_keyword("user"), "comer");
    assert_null(standin_keyword("password"));
    params.rejoin_user = "";
    standin_connect_ok();
    script_rows(COLUMNS, 1, primary_row);
    (void) observe(LONG_MS, 0);
    assert_string_equal(standin_keyword("user"), "postgres");
    assert_string_equal(standin_keyword("host"), "node2");
}

/* The file is read as its owner, whom libpq's check of it is about. */
static void
logs_in_as_monitor_user_with_the_owners_passfile(void **state)
{
    (void) state;
    identity.known = 1;
    identity.uid = geteuid();
    memcpy(identity.home, "/var/lib/pg", sizeof("/var/lib/pg"));
    params.monitor_user = "watcher";
    standin_connect_ok();
    script_rows(COLUMNS, 1, primary_row);
    (void) observe(LONG_MS, 0);
    assert_string_equal(standin_keyword("user"), "watcher");
    assert_null(standin_keyword("password"));
    assert_string_equal(standin_keyword("passfile"), "/var/lib/pg/.pgpass");
}

static void
asks_as_the_owner_where_monitor_user_is_refused(void **state)
{
    static const char *const words[] = {
        "FATAL:  28P01: password authentication failed\n",
        "FATAL:  53300: remaining connection slots are reserved\n",
    };
    struct server server;

    (void) state;
    params.monitor_user = "watcher";
    params.monitor_password = "secret";
    for (size_t i = 0; i < 2; i++) {
        standin_connect_fails(words[i]);
        standin_connect_ok();
        script_rows(COLUMNS, 1, primary_row);
        server = observe(LONG_MS, 0);
        assert_int_equal(server.answer, ANSWER_OK);
        assert_non_null(strstr(words[i], server.refused));
        assert_string_not_equal(server.refused, "");
        assert_string_equal(standin_keyword("user"), params.pgdba);
        assert_null(standin_keyword("password"));
        /* what the user wrote never runs with the owner's rights */
        params.monitor_sql = "select 1";
        assert_int_equal(pgsql_run_monitor_sql(pgsql, in_ms(LONG_MS), &why),
                         TRI_UNKNOWN);
        pgsql_close(pgsql);
    }
    standin_connect_ok();
    script_rows(COLUMNS, 1, primary_row);
    assert_string_equal(observe(LONG_MS, 0).refused, "");
}

static void
says_what_monitor_user_was_told_where_nobody_is_let_in(void **state)
{
    struct server server;

    (void) state;
    params.monitor_user = "watcher";
    standin_connect_fails("FATAL:  28P01: its password is wrong\n");
    standin_connect_fails("FATAL:  28000: no entry for the owner\n");
    server = observe(LONG_MS, -1);
    assert_int_equal(server.answer, ANSWER_DENIED);
    assert_non_null(strstr(server.text, "its password is wrong"));
    standin_connect_fails("could not connect: Connection refused\n");
    server = observe(LONG_MS, -1);
    assert_int_equal(server.answer, ANSWER_REFUSED);
}

static void
takes_nothing_from_the_environment(void **state)
{
    (void) state;
    assert_int_equal(setenv("PGPASSWORD", "x", 1), 0);
    assert_int_equal(setenv("PGSERVICE", "x", 1), 0);
    assert_int_equal(setenv("PGWARD_TRACE", "x", 1), 0);
    pgsql = pgsql_new(&params, &identity);
    assert_null(getenv("PGPASSWORD"));
    assert_null(getenv("PGSERVICE"));
    assert_non_null(getenv("PGWARD_TRACE"));
    assert_int_equal(unsetenv("PGWARD_TRACE"), 0);
}

#define FAILED "connection to server on socket \"/run/x\" failed: "

static void
tells_why_a_log_in_failed(void **state)
{
    static const struct {
        const char *text;
        enum answer answer;
    } table[] = {
        { "FATAL:  57P03: the database system is starting up\n"
          "LOCATION:  f, p.c:1\n", ANSWER_STARTING },
        { "FATAL:  57P03: the database system is not yet accepting "
          "connections\n", ANSWER_STARTING },
        { "FATAL:  57P03: the database system is in recovery mode\n",
          ANSWER_STARTING },
        { "FATAL:  57P03: the database system is shutting down\n",
          ANSWER_STOPPING },
        /* another language than English: postmaster.pid has to tell */
        { "FATAL:  57P03: das Datenbanksystem f\303\244hrt herunter\n",
          ANSWER_STARTING },
        { "FATAL:  53300: sorry, too many clients already\n", ANSWER_FULL },
        { "FATAL:  28P01: password authentication failed\n", ANSWER_DENIED },
        { "FATAL:  28000: no pg_hba.conf entry\n", ANSWER_DENIED },
        { "FATAL:  3D000: database \"x\" does not exist\n", ANSWER_DENIED },
        { "FATAL:  42501: permission denied for database\n", ANSWER_DENIED },
        { "FATAL:  42501: could not open file \"global/pg_filenode.map\": "
          "Permission denied\n", ANSWER_ERROR },
        { "FATAL:  42501: kann nicht\nLOCATION:  load_relmap_file, "
          "relmapper.c:822\n", ANSWER_ERROR },
        { "FATAL:  55000: not accepting connections\n", ANSWER_DENIED },
        { "FATAL:  XX000: who knows\n", ANSWER_ERROR },
        { "No such file or directory\n\tIs the server running locally?\n",
          ANSWER_REFUSED },
        { "Connection refused\n", ANSWER_REFUSED },
        { "Permission denied\n", ANSWER_ERROR },
        { "server closed the connection unexpectedly\n", ANSWER_ERROR },
        { "connection to server on socket \"/run/pg/.s.PGSQL.5433\" failed: "
          "No such file or directory\n\tIs the server running?\n",
          ANSWER_REFUSED },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct server server;

        if (i % 2 == 0) {
            standin_connect_fails(table[i].text);
        } else {
            standin_connect_fails_at_once(table[i].text);
        }
        server = observe(LONG_MS, -1);
        assert_int_equal(server.answer, table[i].answer);
        assert_memory_equal(server.text, reason_cause(table[i].text),
                            strcspn(reason_cause(table[i].text), "\n"));
        assert_null(strchr(server.text, '\n'));
        assert_int_equal(server.in_recovery, TRI_UNKNOWN);
        assert_int_equal(server.sync_names_known, TRI_UNKNOWN);
    }
}

static void
finds_the_sqlstate_behind_a_translated_severity(void **state)
{
    struct server server;

    (void) state;
    standin_connect_fails(FAILED "\346\225\260:  53300: \346\225\260\n");
    server = observe(LONG_MS, -1);
    assert_int_equal(server.answer, ANSWER_FULL);
}

static void
counts_a_missing_password_as_denied(void **state)
{
    struct server server;

    (void) state;
    standin_needs_password();
    standin_connect_fails("fe_sendauth: no password supplied\n");
    server = observe(LONG_MS, -1);
    assert_int_equal(server.answer, ANSWER_DENIED);
}

static void
cuts_a_long_message_between_characters(void **state)
{
    char message[SERVER_TEXT_SIZE + 20];
    struct server server;

    (void) state;
    memset(message, 'x', sizeof(message));
    message[3] = '\t';
    message[SERVER_TEXT_SIZE - 2] = '\303';
    message[SERVER_TEXT_SIZE - 1] = '\244';
    message[sizeof(message) - 1] = '\0';
    standin_connect_fails(message);
    server = observe(LONG_MS, -1);
    assert_int_equal(server.text[3], ' ');
    assert_int_equal(strlen(server.text), SERVER_TEXT_SIZE - 2);
}

static void
fails_when_the_session_cannot_be_made_nonblocking(void **state)
{
    (void) state;
    standin_nonblocking_fails();
    standin_connect_ok();
    assert_int_equal(observe(LONG_MS, -1).answer, ANSWER_ERROR);
}

static void
gives_up_a_silent_log_in_at_the_deadline(void **state)
{
    int64_t begin_ms = clock_now_ms();
    struct server server;

    (void) state;
    standin_connect_silent();
    server = observe(SHORT_MS, -1);
    assert_int_equal(server.answer, ANSWER_TIMEOUT);
    assert_between(clock_now_ms() - begin_ms, SHORT_MS, LONG_MS);
}

static void
gives_up_a_silent_query_at_the_deadline(void **state)
{
    struct server server;

    (void) state;
    standin_connect_ok();
    standin_silent();
    server = observe(SHORT_MS, -1);
    assert_int_equal(server.answer, ANSWER_TIMEOUT);
    assert_int_equal(standin_connects(), 1);
    assert_int_equal(standin_left(), 1);
    standin_reset();
}

static void
waits_while_the_queue_of_the_socket_is_full(void **state)
{
    (void) state;
    standin_connect_fails(FAILED "Resource temporarily unavailable\n");
    standin_connect_fails("could not send startup packet: "
                          "Transport endpoint is not connected\n");
    standin_connect_ok();
    script_rows(COLUMNS, 1, primary_row);
    assert_int_equal(observe(LONG_MS, 0).answer, ANSWER_OK);
    assert_int_equal(standin_connects(), 3);
}

static void
counts_a_queue_that_stays_full_as_no_answer(void **state)
{
    (void) state;
    standin_connect_fails_at_once(FAILED "Resource temporarily "
                                  "unavailable\n");
    assert_int_equal(observe(0, -1).answer, ANSWER_TIMEOUT);
}

static void
opens_a_broken_session_anew_once(void **state)
{
    (void) state;
    standin_connect_ok();
    script_rows(COLUMNS, 1, primary_row);
    standin_lost("server closed the connection unexpectedly\n");
    standin_connect_ok();
    script_rows(COLUMNS, 1, standby_row);
    (void) observe(LONG_MS, 0);
    assert_int_equal(observe(LONG_MS, 0).in_recovery, TRI_YES);
    assert_int_equal(standin_connects(), 2);
}

static void
lets_the_new_log_in_say_why_a_session_broke(void **state)
{
    (void) state;
    standin_connect_ok();
    standin_send_fails("no connection to the server\n");
    standin_connect_fails("FATAL:  57P03: the database system is shutting "
                          "down\n");
    assert_int_equal(observe(LONG_MS, -1).answer, ANSWER_STOPPING);
}

static void
does_not_open_a_session_a_third_time(void **state)
{
    (void) state;
    standin_connect_ok();
    standin_lost("gone\n");
    standin_connect_ok();
    standin_lost("gone again\n");
    assert_int_equal(observe(LONG_MS, -1).answer, ANSWER_ERROR);
}

static void
reports_a_query_that_fails(void **state)
{
    struct server server;

    (void) state;
    standin_connect_ok();
    standin_command();
    standin_error("XX001", "could not read block 0");
    standin_end();
    server = observe(LONG_MS, -1);
    assert_int_equal(server.answer, ANSWER_ERROR);
    assert_string_equal(server.text, "could not read block 0");
}

static void
counts_a_canceled_query_as_no_answer(void **state)
{
    (void) state;
    standin_connect_ok();
    standin_error("57014", "canceling statement due to statement timeout");
    standin_end();
    assert_int_equal(observe(LONG_MS, -1).answer, ANSWER_TIMEOUT);
}

static void
keeps_the_last_words_of_a_session_that_ends(void **state)
{
    (void) state;
    standin_connect_ok();
    standin_error("57P01", "terminating connection");
    standin_lost("server closed the connection unexpectedly\n");
    standin_connect_ok();
    standin_error("57P01", "terminating connection");
    standin_lost("server closed the connection unexpectedly\n");
    assert_int_equal(observe(LONG_MS, -1).answer, ANSWER_STOPPING);
}

static void
refuses_an_answer_without_rows(void **state)
{
    (void) state;
    standin_connect_ok();
    standin_command();
    standin_end();
    assert_int_equal(observe(LONG_MS, -1).answer, ANSWER_ERROR);
}

static void
observe_settings(const char *const *rows, int count,
                 struct sources *ret_sources)
{
    struct server server;

    standin_connect_ok();
    script_rows(5, count, rows);
    assert_int_equal(pgsql_observe_settings(pgsql, in_ms(LONG_MS), &server,
                                            ret_sources), 0);
    pgsql_close(pgsql);
}

static void
knows_its_own_settings(void **state)
{
    static const char *const rows[] = {
        "primary_conninfo", "configuration file",
        "/nonexistent/tmp/recovery.conf", "1", "f",
        "synchronous_standby_names", "configuration file",
        "/nonexistent/tmp/rep_mode.conf", "1", "f",
    };
    struct sources sources;

    (void) state;
    params.rep_mode = REP_MODE_SYNC;
    observe_settings(rows, 2, &sources);
    assert_int_equal(sources.sync_names_ours, TRI_YES);
    assert_string_equal(sources.override, "");
    observe_settings(rows, 0, &sources);
    assert_int_equal(sources.sync_names_ours, TRI_NO);
}

static void
knows_settings_that_weaken_a_promise(void **state)
{
    static const char *const rows[] = {
        "fsync", "off", "configuration file",
        "full_page_writes", "on", "default",
        "data_checksums", "off", "override",
        "wal_sender_shutdown_timeout", "-1", "default",
        "synchronous_commit", "remote_write", "configuration file",
        "reset", "ALTER ROLE \"a b\" RESET synchronous_commit", "",
    };
    static const char *const own[] = {
        "synchronous_commit", "off", "user",
    };
    struct profile profile = { 0 };

    (void) state;
    standin_connect_ok();
    script_rows(3, 6, rows);
    assert_int_equal(pgsql_observe_profile(pgsql, in_ms(LONG_MS), &profile),
                     0);
    assert_string_equal(profile.sender_shutdown, "");
    assert_int_equal(profile.fsync, TRI_NO);
    assert_int_equal(profile.full_page_writes, TRI_YES);
    assert_int_equal(profile.checksums, TRI_NO);
    assert_int_equal(profile.wal_log_hints, TRI_UNKNOWN);
    assert_string_equal(profile.weak_commit, "remote_write");
    assert_string_equal(profile.weak_commit_reset,
                        "ALTER ROLE \"a b\" RESET synchronous_commit");
    memset(&profile, 0, sizeof(profile));
    script_rows(3, 1, own);
    assert_int_equal(pgsql_observe_profile(pgsql, in_ms(LONG_MS), &profile),
                     0);
    assert_string_equal(profile.weak_commit, "");
    pgsql_close(pgsql);
}

static void
knows_settings_of_version_19_that_weaken_a_promise(void **state)
{
    static const char *const rows[] = {
        "data_checksums", "inprogress-on", "override",
        "wal_sender_shutdown_timeout", "0", "configuration file",
    };
    static const char *const own[] = {
        "data_checksums", "on", "override",
        "wal_sender_shutdown_timeout", "10000", "database",
    };
    struct profile profile = { 0 };

    (void) state;
    standin_connect_ok();
    script_rows(3, 2, rows);
    assert_int_equal(pgsql_observe_profile(pgsql, in_ms(LONG_MS), &profile),
                     0);
    assert_int_equal(profile.checksums, TRI_NO);
    assert_string_equal(profile.sender_shutdown, "0");
    memset(&profile, 0, sizeof(profile));
    script_rows(3, 2, own);
    assert_int_equal(pgsql_observe_profile(pgsql, in_ms(LONG_MS), &profile),
                     0);
    assert_int_equal(profile.checksums, TRI_YES);
    assert_string_equal(profile.sender_shutdown, "");
    pgsql_close(pgsql);
}

static void
names_that_are_too_long_for_a_command_point_to_the_catalog(void **state)
{
    char command[400];
    const char *rows[] = { "reset", command, "" };
    struct profile profile = { 0 };

    (void) state;
    memset(command, 'x', sizeof(command) - 1);
    command[sizeof(command) - 1] = '\0';
    standin_connect_ok();
    script_rows(3, 1, rows);
    assert_int_equal(pgsql_observe_profile(pgsql, in_ms(LONG_MS), &profile),
                     0);
    assert_string_equal(profile.weak_commit_reset, "see pg_db_role_setting");
    pgsql_close(pgsql);
}

static void
settings_that_cannot_be_read_stay_unknown(void **state)
{
    struct profile profile = { 0 };

    (void) state;
    standin_connect_ok();
    standin_error("42501", "permission denied");
    standin_end();
    assert_int_equal(pgsql_observe_profile(pgsql, in_ms(LONG_MS), &profile),
                     -1);
    assert_int_equal(profile.fsync, TRI_UNKNOWN);
    pgsql_close(pgsql);
}

static void
knows_its_own_files_by_any_name(void **state)
{
    char folder[] = "/tmp/pgward-test-XXXXXX";
    char path[64];
    char other[64];
    const char *rows[] = {
        "primary_conninfo", "configuration file", other, "1", "f",
    };
    struct sources sources;
    struct text text;

    (void) state;
    params.rep_mode = REP_MODE_ASYNC;
    params.tmpdir = mkdtemp(folder);
    assert_non_null(params.tmpdir);
    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/recovery.conf", folder);
    text_init(&text, other, sizeof(other));
    text_add(&text, "%s/../%s/recovery.conf", folder, folder + 5);
    assert_int_equal(files_touch(path, 0600), 0);
    observe_settings(rows, 1, &sources);
    assert_string_equal(sources.override, "");
    assert_int_equal(files_remove(path), 0);
    assert_int_equal(rmdir(folder), 0);
    observe_settings(rows, 1, &sources);
    assert_string_not_equal(sources.override, "");
}

static void
names_the_line_that_overrides_a_setting(void **state)
{
    static const char *const rows[] = {
        "recovery_target_timeline", "configuration file", "/x.conf", "1", "t",
        "restore_command", "configuration file", "/x.conf", "2", "f",
        "primary_slot_name", "configuration file", "/x.conf", "3", "f",
        "synchronous_standby_names", "configuration file",
        "/nonexistent/tmp/recovery.conf", "4", "f",
        "primary_conninfo", "configuration file",
        "/d/postgresql.auto.conf", "5", "f",
    };
    struct sources sources;

    (void) state;
    params.rep_mode = REP_MODE_ASYNC;
    observe_settings(rows, 5, &sources);
    assert_string_equal(sources.override,
                        "/d/postgresql.auto.conf:5 primary_conninfo");
    assert_int_equal(sources.sync_names_ours, TRI_NO);
    params.rep_mode = REP_MODE_SYNC;
    observe_settings(rows, 5, &sources);
    assert_string_equal(sources.override, "/nonexistent/tmp/recovery.conf:4 "
                                          "synchronous_standby_names");
    params.replication_slot_name = "s";
    observe_settings(rows, 5, &sources);
    assert_string_equal(sources.override, "/x.conf:3 primary_slot_name");
    params.restore_command = "cp";
    observe_settings(rows, 5, &sources);
    assert_string_equal(sources.override, "/x.conf:2 restore_command");
    params.rep_mode = REP_MODE_NONE;
    observe_settings(rows, 5, &sources);
    assert_string_equal(sources.override, "");
}

static void
concludes_nothing_from_a_hidden_source(void **state)
{
    static const char *const rows[] = {
        "synchronous_standby_names", "configuration file", NULL, NULL, "f",
        "primary_conninfo", "command line", NULL, NULL, "f",
    };
    struct sources sources;

    (void) state;
    params.rep_mode = REP_MODE_SYNC;
    observe_settings(rows, 2, &sources);
    assert_int_equal(sources.sync_names_ours, TRI_UNKNOWN);
    assert_string_equal(sources.override, "command line primary_conninfo");
}

static void
names_the_setting_alone_when_the_path_is_too_long(void **state)
{
    char path[SERVER_TEXT_SIZE + 1];
    const char *rows[] = {
        "primary_conninfo", "configuration file", path, "1", "f",
    };
    struct sources sources;

    (void) state;
    params.rep_mode = REP_MODE_ASYNC;
    memset(path, '/', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    observe_settings(rows, 1, &sources);
    assert_string_equal(sources.override, "primary_conninfo");
}

#define REPLAY_COLUMNS 8

static void
reads_what_keeps_replay_back(void **state)
{
    static const char *const row[REPLAY_COLUMNS] = {
        "/etc/a.conf:7", "4712", "t", "100", "8", "10", "0", "64",
    };
    struct replay replay = { .busy = TRI_YES };
    int32_t startup = 0;

    (void) state;
    standin_connect_ok();
    script_rows(REPLAY_COLUMNS, 1, row);
    assert_int_equal(pgsql_observe_replay(pgsql, in_ms(LONG_MS), &replay,
                                          &startup), 0);
    assert_string_equal(replay.place, "/etc/a.conf:7");
    assert_int_equal(startup, 4712);
    assert_int_equal(replay.waits, TRI_YES);
    assert_int_equal(replay.limits.connections, 100);
    assert_int_equal(replay.limits.locks_per_transaction, 64);
    assert_int_equal(replay.busy, TRI_YES);
    pgsql_close(pgsql);
    standin_connect_fails("Connection refused\n");
    assert_int_equal(pgsql_observe_replay(pgsql, in_ms(LONG_MS), &replay,
                                          &startup), -1);
    assert_int_equal(startup, 4712);
}

static void
leaves_settings_alone_when_they_cannot_be_asked(void **state)
{
    struct server server;
    struct sources sources = { .sync_names_ours = TRI_YES };

    (void) state;
    standin_connect_fails("Connection refused\n");
    assert_int_equal(pgsql_observe_settings(pgsql, in_ms(LONG_MS), &server,
                                            &sources), -1);
    assert_int_equal(server.answer, ANSWER_REFUSED);
    assert_int_equal(sources.sync_names_ours, TRI_YES);
}

static void
learns_the_position_by_identify_system(void **state)
{
    static const char *const row[] = { "77", "5", "1/2345678", NULL };
    struct wal_position position = { 0 };

    (void) state;
    standin_connect_ok();
    standin_rows(4, 1, row);
    standin_end();
    assert_int_equal(pgsql_observe_position(pgsql, in_ms(LONG_MS), &position,
                                            &why), 0);
    assert_int_equal(position.timeline, 5);
    assert_int_equal(position.lsn, 0x102345678);
    assert_string_equal(standin_keyword("replication"), "database");
}

static void
learns_the_position_as_the_owner_by_the_socket(void **state)
{
    static const char *const row[] = { "77", "5", "1/2345678", NULL };
    struct wal_position position = { 0 };

    (void) state;
    params.pghost = "192.0.2.1";
    params.socketdir = "/run/pg";
    params.monitor_user = "watcher";
    params.monitor_password = "secret";
    standin_connect_ok();
    standin_rows(4, 1, row);
    standin_end();
    assert_int_equal(pgsql_observe_position(pgsql, in_ms(LONG_MS), &position,
                                            &why), 0);
    assert_string_equal(standin_keyword("user"), params.pgdba);
    assert_string_equal(standin_keyword("host"), "/run/pg");
    assert_null(standin_keyword("password"));
    standin_connect_fails("FATAL:  28000: no pg_hba.conf entry\n");
    standin_connect_ok();
    standin_rows(4, 1, row);
    standin_end();
    assert_int_equal(pgsql_observe_position(pgsql, in_ms(LONG_MS), &position,
                                            &why), 0);
    assert_string_equal(standin_keyword("user"), "watcher");
    assert_string_equal(standin_keyword("host"), "192.0.2.1");
}

static void
falls_back_to_the_receivers_timeline(void **state)
{
    struct wal_position position = { 0 };

    (void) state;
    standin_connect_fails("FATAL:  28000: must be replication role\n");
    standin_connect_ok();
    script_rows(COLUMNS, 1, standby_row);
    assert_int_equal(pgsql_observe_position(pgsql, in_ms(LONG_MS), &position,
                                            &why), 0);
    assert_int_equal(position.timeline, 7);
    assert_null(standin_keyword("replication"));
}

static void
says_why_it_knows_no_position(void **state)
{
    static const char *const row[] = { "77", "0", "1/2345678", NULL };
    static const char *const standby[COLUMNS] = {
        "t", NULL, NULL, "2/5000060", NULL, NULL, "", NULL,
    };
    struct wal_position position = { .timeline = 9 };

    (void) state;
    standin_connect_ok();
    standin_rows(4, 1, row);
    standin_end();
    standin_connect_ok();
    script_rows(COLUMNS, 1, standby);
    assert_int_equal(pgsql_observe_position(pgsql, in_ms(LONG_MS), &position,
                                            &why), -1);
    assert_int_equal(position.timeline, 9);
    assert_non_null(strstr(why_buf, "IDENTIFY_SYSTEM"));
}

static struct snapshot snapshot;

static void
add_nodes(void)
{
    memset(&snapshot, 0, sizeof(snapshot));
    snapshot.node_count = 4;
    assert_int_equal(text_copy("srv1", snapshot.node[0].name, 128), 0);
    assert_int_equal(text_copy("SRV2", snapshot.node[1].name, 128), 0);
    assert_int_equal(text_copy("srv20", snapshot.node[2].name, 128), 0);
    assert_int_equal(text_copy("srv.3", snapshot.node[3].name, 128), 0);
}

static void
takes_the_best_connection_of_a_whole_name(void **state)
{
    static const char *const rows[] = {
        "w", "srv2", "catchup", "async", "1", "0/9000000", NULL, "7000",
        "101", "1795200000.1", "10", "0/1000000", NULL, NULL,
        "w", "srv2", "streaming", "async", "1", "0/1000000", "t", "6000",
        "102", "1795200000.2", "20", "0/1000000", NULL, NULL,
        "w", "srv2", "streaming", "sync", "1", "0/2000000", "f", "5000",
        "103", "1795200000.3", "30", "0/1000000", NULL, "1500",
        "w", "srv2", "streaming", "quorum", "1", "0/1500000", NULL, "4000",
        "104", "1795200000.4", "40", "0/1000000", NULL, NULL,
        "w", "srv2", "backup", "async", "1", NULL, NULL, NULL,
        "105", "1795200000.5", "50", "0/1000000", NULL, NULL,
        "w", "srv1", "streaming", "sync", "1", "0/2000000", NULL, "1",
        "106", "1795200000.6", "60", "0/1000000", NULL, NULL,
        "w", "srvx3", "streaming", "sync", "1", "0/2000000", NULL, "1",
        "107", "1795200000.7", "70", "0/1000000", NULL, NULL,
        "s", "slot_srv2", "reserved", "physical", NULL, "0/2000000", "t",
            "123456789012", NULL, "742", NULL, NULL, NULL, NULL,
        "s", "slot_srv_3", "lost", "physical", NULL, NULL, "f", "-5", NULL,
            NULL, NULL, NULL, NULL, NULL,
        "s", "app", "reserved", "logical", "y", "0/2000000", "f", NULL, NULL,
            NULL, NULL, NULL, NULL, NULL,
        "m", "10", "pg_a, pg_b", NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            NULL, NULL, NULL,
    };
    const struct slot_row *row;

    (void) state;
    add_nodes();
    standin_connect_ok();
    script_rows(SENDER_COLUMNS, 11, rows);
    assert_int_equal(pgsql_observe_senders(pgsql, in_ms(LONG_MS), &snapshot),
                     0);
    assert_int_equal(snapshot.node[0].senders.own.state, SENDER_UNKNOWN);
    assert_int_equal(snapshot.node[1].senders.own.state, SENDER_STREAMING);
    assert_int_equal(snapshot.node[1].senders.own.sync_state, SYNC_SYNC);
    assert_int_equal(snapshot.node[1].senders.own.sync_priority, 1);
    assert_int_equal(snapshot.node[1].senders.own.flush_lsn, 0x2000000);
    assert_string_equal(snapshot.node[1].senders.own.reply, "5000");
    assert_int_equal(snapshot.node[1].senders.own.pid, 103);
    assert_string_equal(snapshot.node[1].senders.own.began, "1795200000.3");
    assert_int_equal(snapshot.node[1].senders.own.age_ms, 30);
    assert_int_equal(snapshot.node[1].senders.own.beyond, TRI_YES);
    assert_int_equal(snapshot.node[1].senders.own.replay_lsn, 0x1000000);
    assert_int_equal(snapshot.node[1].senders.own.lag_ms, 1500);
    assert_int_equal(snapshot.node[1].senders.own.visible, TRI_YES);
    assert_int_equal(snapshot.senders.slot_count, 3);
    assert_int_equal(snapshot.senders.slot_max, 10);
    assert_int_equal(snapshot.senders.unsynced, 1);
    assert_int_equal(snapshot.senders.waited_known, TRI_YES);
    assert_string_equal(snapshot.senders.waited_slots, "pg_a, pg_b");
    assert_int_equal(snapshot.senders.slot_row_count, 2);
    row = &snapshot.senders.slot_row[0];
    assert_string_equal(row->name, "slot_srv2");
    assert_int_equal(row->slot.there, TRI_YES);
    assert_int_equal(row->slot.active, TRI_YES);
    assert_int_equal(row->slot.status, SLOT_RESERVED);
    assert_int_equal(row->slot.restart_lsn, 0x2000000);
    assert_int_equal(row->slot.limited, TRI_YES);
    assert_int_equal(row->slot.left_bytes, 123456789012);
    assert_int_equal(row->slot.xmin, TRI_YES);
    assert_int_equal(snapshot.node[2].senders.own.state, SENDER_NONE);
    assert_int_equal(snapshot.node[3].senders.own.state, SENDER_NONE);
    row = &snapshot.senders.slot_row[1];
    assert_string_equal(row->name, "slot_srv_3");
    assert_int_equal(row->slot.active, TRI_NO);
    assert_int_equal(row->slot.status, SLOT_LOST);
    assert_int_equal(row->slot.restart_lsn, 0);
    assert_int_equal(row->slot.limited, TRI_YES);
    assert_int_equal(row->slot.left_bytes, 0);
    assert_int_equal(row->slot.xmin, TRI_NO);
}

/* One of them may still follow the old list. */
static void
knows_no_place_where_connections_of_a_name_differ(void **state)
{
    static const char *const rows[] = {
        "w", "srv2", "streaming", "sync", "1", "0/2000000", NULL, NULL,
        "108", "1795200000.8", "80", "0/1000000", NULL, "0",
        "w", "srv2", "streaming", "async", "0", "0/1000000", NULL, NULL,
        "109", "1795200000.9", "90", "0/1000000", NULL, NULL,
    };

    (void) state;
    add_nodes();
    standin_connect_ok();
    script_rows(SENDER_COLUMNS, 2, rows);
    assert_int_equal(pgsql_observe_senders(pgsql, in_ms(LONG_MS), &snapshot),
                     0);
    assert_int_equal(snapshot.node[1].senders.own.sync_state, SYNC_SYNC);
    assert_int_equal(snapshot.node[1].senders.own.sync_priority, UINT32_MAX);
    assert_int_equal(snapshot.node[1].senders.own.lag_ms, 1);   /* known */
    assert_int_equal(snapshot.node[1].senders.own.beyond, TRI_UNKNOWN);
}

static void
tells_whether_a_commit_waits(void **state)
{
    static const char *const waits[] = {
        "1795200000.25", "0/3000000", "60000", "1234",
    };
    static const char *const none[] = {
        "1795200000.25", "0/3000000", "0", NULL,
    };
    struct server server;
    struct sync sync;

    (void) state;
    standin_connect_ok();
    script_rows(4, 1, waits);
    assert_int_equal(pgsql_observe_sync(pgsql, in_ms(LONG_MS), &server,
                                        &sync), 0);
    assert_string_equal(sync.started, "1795200000.25");
    assert_int_equal(sync.redo_lsn, 0x3000000);
    assert_int_equal(sync.waiter, TRI_YES);
    assert_int_equal(sync.wait_ms, 1234);
    assert_int_equal(sync.sender_timeout_ms, 60000);
    script_rows(4, 1, none);
    assert_int_equal(pgsql_observe_sync(pgsql, in_ms(LONG_MS), &server,
                                        &sync), 0);
    assert_int_equal(sync.waiter, TRI_NO);
    assert_int_equal(sync.wait_ms, 0);
}

static void
knows_nothing_of_waits_when_it_cannot_ask(void **state)
{
    struct server server;
    struct sync sync = { .started = "1", .redo_lsn = 2, .waiter = TRI_YES };

    (void) state;
    standin_connect_fails("FATAL:  53300: sorry, too many clients already\n");
    assert_int_equal(pgsql_observe_sync(pgsql, in_ms(LONG_MS), &server,
                                        &sync), -1);
    assert_string_equal(sync.started, "");
    assert_int_equal(sync.redo_lsn, 0);
    assert_int_equal(sync.waiter, TRI_UNKNOWN);
    assert_int_equal(server.answer, ANSWER_FULL);
}

static void
says_why_it_could_not_ask_for_a_checkpoint(void **state)
{
    lsn asked = 7;

    (void) state;
    standin_connect_fails("FATAL:  53300: sorry, too many clients already\n");
    assert_int_equal(pgsql_ask_checkpoint(pgsql, in_ms(LONG_MS), &asked,
                                          &why), -1);
    assert_true(asked == 7);
    assert_non_null(strstr(why_buf, "could not ask for a checkpoint"));
    assert_non_null(strstr(why_buf, "too many clients"));
}

static void
concludes_nothing_from_hidden_columns(void **state)
{
    static const char *const rows[] = {
        "w", "srv2", NULL, NULL, NULL, NULL, NULL, NULL, "9", NULL, NULL,
            NULL, NULL, NULL,
    };

    (void) state;
    add_nodes();
    standin_connect_ok();
    script_rows(SENDER_COLUMNS, 1, rows);
    assert_int_equal(pgsql_observe_senders(pgsql, in_ms(LONG_MS), &snapshot),
                     0);
    assert_int_equal(snapshot.node[1].senders.own.state, SENDER_UNKNOWN);
    assert_int_equal(snapshot.node[1].senders.own.visible, TRI_NO);
    assert_int_equal(snapshot.node[2].senders.own.visible, TRI_YES);
}

static void
changes_no_node_when_senders_cannot_be_asked(void **state)
{
    (void) state;
    add_nodes();
    standin_connect_fails("FATAL:  53300: sorry, too many clients already\n");
    assert_int_equal(pgsql_observe_senders(pgsql, in_ms(LONG_MS), &snapshot),
                     -1);
    assert_int_equal(snapshot.server.answer, ANSWER_FULL);
    assert_int_equal(snapshot.node[1].senders.own.state, SENDER_UNKNOWN);
}

static enum tri
run_monitor_sql(const char *sql)
{
    params.monitor_sql = sql;
    return pgsql_run_monitor_sql(pgsql, in_ms(SHORT_MS), &why);
}

static void
runs_monitor_sql_and_drops_what_it_returns(void **state)
{
    static const char *const row[] = { "%s%n" };

    (void) state;
    standin_connect_ok();
    standin_rows(1, 1, row);
    standin_command();
    standin_copy_out(3);
    standin_command();
    standin_end();
    assert_int_equal(run_monitor_sql("select '%s%n'; copy t to stdout"),
                     TRI_YES);
    assert_string_equal(standin_sql(0), "select '%s%n'; copy t to stdout");
    assert_int_equal(standin_open(), 0);
}

static void
says_why_monitor_sql_failed(void **state)
{
    (void) state;
    standin_connect_ok();
    standin_error("42P01", "relation \"x\" does not exist");
    standin_error("42P02", "a second one");
    standin_end();
    assert_int_equal(run_monitor_sql("select * from x"), TRI_NO);
    assert_string_equal(why_buf, "could not run 'monitor_sql': 42P01 "
                                 "relation \"x\" does not exist");
}

static void
ends_a_copy_that_wants_input(void **state)
{
    (void) state;
    standin_connect_ok();
    standin_copy_in();
    standin_error("57014", "COPY from stdin failed");
    standin_end();
    assert_int_equal(run_monitor_sql("copy t from stdin"), TRI_NO);
    assert_string_equal(standin_copy_end(),
                        "monitor_sql has no input to read");
}

static void
gives_up_monitor_sql_at_the_deadline(void **state)
{
    (void) state;
    standin_connect_ok();
    standin_silent();
    assert_int_equal(run_monitor_sql("select pg_sleep(1000)"), TRI_NO);
    standin_reset();
    standin_connect_ok();
    standin_copy_out(1);
    standin_silent();
    assert_int_equal(run_monitor_sql("copy t to stdout"), TRI_NO);
    standin_reset();
}

static void
survives_a_session_that_breaks_in_monitor_sql(void **state)
{
    (void) state;
    standin_connect_ok();
    standin_lost("gone\n");
    assert_int_equal(run_monitor_sql("select 1"), TRI_NO);
    standin_connect_ok();
    standin_copy_out(1);
    standin_lost("gone\n");
    assert_int_equal(run_monitor_sql("select 1"), TRI_NO);
    standin_connect_ok();
    standin_send_fails("gone\n");
    assert_int_equal(run_monitor_sql("select 1"), TRI_NO);
    standin_connect_ok();
    standin_copy_both();
    assert_int_equal(run_monitor_sql("select 1"), TRI_NO);
    standin_connect_ok();
    standin_flush_pending(-1);
    standin_command();
    assert_int_equal(run_monitor_sql("select 1"), TRI_NO);
    standin_reset();
}

static void
tells_a_failed_monitor_sql_from_one_not_tried(void **state)
{
    (void) state;
    standin_connect_fails("FATAL:  53300: sorry, too many clients already\n");
    assert_int_equal(run_monitor_sql("select 1"), TRI_UNKNOWN);
    assert_int_equal(run_monitor_sql(" \n\\dt"), TRI_NO);
    assert_non_null(strstr(why_buf, "psql's own"));
}

static int
promote(void)
{
    return pgsql_promote(pgsql, in_ms(SHORT_MS), &why);
}

static void
promotes_over_sql(void **state)
{
    static const char *const yes[] = { "t" };
    static const char *const no[] = { "f" };

    (void) state;
    standin_connect_ok();
    standin_rows(1, 1, yes);
    standin_end();
    assert_int_equal(promote(), 0);
    assert_non_null(strstr(standin_sql(0), "pg_promote(false"));
    standin_error("55000", "recovery is not in progress");
    standin_end();
    assert_int_equal(promote(), 0);
    standin_rows(1, 1, no);
    standin_end();
    assert_int_equal(promote(), -1);
    standin_error("XX000", "no");
    standin_end();
    assert_int_equal(promote(), -1);
}

static void
asks_for_a_signal_where_sql_cannot_promote(void **state)
{
    (void) state;
    standin_server(110022, "on");
    standin_connect_ok();
    assert_int_equal(promote(), PGSQL_PROMOTE_BY_SIGNAL);
    standin_server(150000, "off");
    standin_error("42501", "permission denied for function pg_promote");
    standin_end();
    assert_int_equal(promote(), PGSQL_PROMOTE_BY_SIGNAL);
    pgsql_close(pgsql);
    standin_connect_fails("Connection refused\n");
    assert_int_equal(promote(), -1);
}

/* Names and position are bound, and the failure has no name of a table. */
static void
advances_slots_with_bound_names(void **state)
{
    (void) state;
    standin_connect_ok();
    standin_rows(0, 0, NULL);
    standin_end();
    assert_int_equal(pgsql_advance_slots(pgsql, "s_1,s_2", "0/3000000",
                                         in_ms(LONG_MS), &why), 0);
    assert_string_equal(standin_param(), "s_1,s_2");
    standin_error("55006", "replication slot \"s_1\" is active for PID 7");
    standin_end();
    assert_int_equal(pgsql_advance_slots(pgsql, "s_1,s_2", "0/3000000",
                                         in_ms(LONG_MS), &why), -1);
    assert_non_null(strstr(why_buf, "could not advance slots to '0/3000000'"));
    standin_error("XX000", "no");
    standin_end();
    assert_int_equal(pgsql_drop_unsynced_slots(pgsql, in_ms(LONG_MS), &why),
                     -1);
    assert_non_null(strstr(why_buf, "that are not synchronised"));
}

static void
makes_and_drops_slots_with_bound_names(void **state)
{
    (void) state;
    standin_connect_ok();
    standin_rows(0, 0, NULL);
    standin_end();
    assert_int_equal(pgsql_create_slot(pgsql, "s_1", in_ms(LONG_MS), &why),
                     0);
    assert_string_equal(standin_param(), "s_1");
    assert_null(strstr(standin_sql(0), "s_1"));
    standin_error("42710", "replication slot \"s_1\" already exists");
    standin_end();
    assert_int_equal(pgsql_create_slot(pgsql, "s_1", in_ms(LONG_MS), &why),
                     0);
    standin_error("42704", "replication slot \"s_1\" does not exist");
    standin_end();
    assert_int_equal(pgsql_drop_slot(pgsql, "s_1", in_ms(LONG_MS), &why), 0);
    assert_string_equal(why_buf, "");
}

static void
ends_one_wal_sender_by_its_beginning_or_all(void **state)
{
    (void) state;
    standin_connect_ok();
    standin_rows(0, 0, NULL);
    standin_end();
    assert_int_equal(pgsql_end_senders(pgsql, 4711, "1795200000.25",
                                       in_ms(LONG_MS), &why), 0);
    assert_string_equal(standin_param(), "4711");
    assert_non_null(strstr(standin_sql(0), "a.backend_start"));
    standin_rows(0, 0, NULL);
    standin_end();
    assert_int_equal(pgsql_end_senders(pgsql, 0, "", in_ms(LONG_MS), &why),
                     0);
    assert_null(strstr(standin_sql(1), "backend_start"));
    assert_string_equal(why_buf, "");
    standin_error("XX000", "no");
    standin_end();
    assert_int_equal(pgsql_end_senders(pgsql, 0, "", in_ms(LONG_MS), &why),
                     -1);
    assert_string_equal(why_buf, "could not end WAL senders of before: no");
}

static void
says_why_a_slot_could_not_be_changed(void **state)
{
    (void) state;
    standin_connect_ok();
    standin_error("55006", "replication slot \"s\" is active for PID 1");
    standin_end();
    assert_int_equal(pgsql_drop_slot(pgsql, "s", in_ms(LONG_MS), &why), -1);
    assert_string_equal(why_buf, "could not drop slot 's': "
                                 "replication slot \"s\" is active for PID 1");
    standin_error("53400", "all replication slots are in use");
    standin_end();
    assert_int_equal(pgsql_create_slot(pgsql, "s", in_ms(LONG_MS), &why), -1);
    assert_non_null(strstr(why_buf, "could not create slot 's'"));
}

static void
says_why_no_new_segment_could_be_begun(void **state)
{
    (void) state;
    standin_connect_fails("FATAL:  53300: sorry, too many clients already\n");
    assert_int_equal(pgsql_switch_wal(pgsql, in_ms(LONG_MS), &why), -1);
    assert_non_null(strstr(why_buf, "could not begin a new WAL segment: "));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_a_primary),
        TEST(reads_a_standby),
        TEST(a_receiver_that_connects_does_not_stream),
        TEST(knows_no_timeline_without_a_receiver),
        TEST(takes_nonsense_for_unknown),
        TEST(does_not_cut_sync_names),
        TEST(asks_in_one_statement_and_keeps_the_session),
        TEST(asks_only_what_the_version_and_the_log_in_allow),
        TEST(logs_in_as_the_owner_without_a_password),
        TEST(logs_in_as_monitor_user_to_pghost),
        TEST(logs_in_at_another_nodes_server),
        TEST(logs_in_as_monitor_user_with_the_owners_passfile),
        TEST(asks_as_the_owner_where_monitor_user_is_refused),
        TEST(says_what_monitor_user_was_told_where_nobody_is_let_in),
        TEST(takes_nothing_from_the_environment),
        TEST(tells_why_a_log_in_failed),
        TEST(finds_the_sqlstate_behind_a_translated_severity),
        TEST(counts_a_missing_password_as_denied),
        TEST(cuts_a_long_message_between_characters),
        TEST(fails_when_the_session_cannot_be_made_nonblocking),
        TEST(gives_up_a_silent_log_in_at_the_deadline),
        TEST(gives_up_a_silent_query_at_the_deadline),
        TEST(waits_while_the_queue_of_the_socket_is_full),
        TEST(counts_a_queue_that_stays_full_as_no_answer),
        TEST(opens_a_broken_session_anew_once),
        TEST(lets_the_new_log_in_say_why_a_session_broke),
        TEST(does_not_open_a_session_a_third_time),
        TEST(reports_a_query_that_fails),
        TEST(counts_a_canceled_query_as_no_answer),
        TEST(keeps_the_last_words_of_a_session_that_ends),
        TEST(refuses_an_answer_without_rows),
        TEST(knows_its_own_settings),
        TEST(knows_settings_that_weaken_a_promise),
        TEST(knows_settings_of_version_19_that_weaken_a_promise),
        TEST(names_that_are_too_long_for_a_command_point_to_the_catalog),
        TEST(settings_that_cannot_be_read_stay_unknown),
        TEST(knows_its_own_files_by_any_name),
        TEST(names_the_line_that_overrides_a_setting),
        TEST(concludes_nothing_from_a_hidden_source),
        TEST(names_the_setting_alone_when_the_path_is_too_long),
        TEST(reads_what_keeps_replay_back),
        TEST(leaves_settings_alone_when_they_cannot_be_asked),
        TEST(learns_the_position_by_identify_system),
        TEST(learns_the_position_as_the_owner_by_the_socket),
        TEST(falls_back_to_the_receivers_timeline),
        TEST(says_why_it_knows_no_position),
        TEST(takes_the_best_connection_of_a_whole_name),
        TEST(knows_no_place_where_connections_of_a_name_differ),
        TEST(tells_whether_a_commit_waits),
        TEST(knows_nothing_of_waits_when_it_cannot_ask),
        TEST(says_why_it_could_not_ask_for_a_checkpoint),
        TEST(concludes_nothing_from_hidden_columns),
        TEST(changes_no_node_when_senders_cannot_be_asked),
        TEST(runs_monitor_sql_and_drops_what_it_returns),
        TEST(says_why_monitor_sql_failed),
        TEST(ends_a_copy_that_wants_input),
        TEST(gives_up_monitor_sql_at_the_deadline),
        TEST(survives_a_session_that_breaks_in_monitor_sql),
        TEST(tells_a_failed_monitor_sql_from_one_not_tried),
        TEST(promotes_over_sql),
        TEST(asks_for_a_signal_where_sql_cannot_promote),
        TEST(advances_slots_with_bound_names),
        TEST(makes_and_drops_slots_with_bound_names),
        TEST(ends_one_wal_sender_by_its_beginning_or_all),
        TEST(says_why_a_slot_could_not_be_changed),
        TEST(says_why_no_new_segment_could_be_begun),
    };

    return cmocka_run_group_tests_name("pgsql", tests, NULL, NULL);
}
