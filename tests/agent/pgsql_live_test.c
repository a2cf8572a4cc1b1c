/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The session against real servers: a primary and its standby. The tests run
 * in the order of the list and each leaves the servers as it found them, up to
 * the last ones, which stop and promote.
 */

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "clock.h"
#include "cmocka_all.h"
#include "files.h"
#include "live_server.h"
#include "pgsql.h"
#include "slot_owner.h"

#define LIMIT_MS 30000
#define SHORT_MS 300
#define LOG_IN_MS 2000     /* enough for a log-in on a busy machine */
#define CROWD 12

static struct live_site site;
static struct live_server primary;
static struct live_server standby;
static const char *cannot;
static struct params params;
static struct snapshot snapshot;
static char why_buf[1024];
static struct text why;

#define SKIP_WITHOUT_SERVERS() \
    do { \
        if (cannot != NULL) { \
            print_message("skipped: %s\n", cannot); \
            skip(); \
        } \
    } while (0)

static int64_t
in_ms(int64_t ms)
{
    return clock_now_ms() + ms;
}

/* A handle for one of the servers, with the owner's log-in. */
static struct pgsql *
handle(const struct live_server *server)
{
    memset(&params, 0, sizeof(params));
    params.pgdba = site.owner.name;
    params.pghost = "";
    params.socketdir = site.folder;
    params.pgport = (int) strtol(server->port, NULL, 10);
    params.pgdb = "template1";
    params.monitor_user = "";
    params.monitor_password = "";
    params.monitor_sql = "select now();";
    params.restore_command = "";
    params.replication_slot_name = "slot";
    params.tmpdir = site.folder;
    params.rep_mode = REP_MODE_SYNC;
    text_init(&why, why_buf, sizeof(why_buf));
    return pgsql_new(&params, &site.owner);
}

/* The same with the log-in of a role that may nothing in particular. */
static struct pgsql *
handle_watcher(const struct live_server *server)
{
    struct pgsql *pgsql = handle(server);

    params.monitor_user = "watcher";
    params.monitor_password = "pass word";
    return pgsql;
}

static struct server
look(struct pgsql *pgsql, int64_t ms)
{
    struct server server = { 0 };

    (void) pgsql_observe(pgsql, in_ms(ms), &server);
    pgsql_close(pgsql);
    return server;
}

/* Run SQL as the owner, by the door that is there for it. */
static void
run_sql(const struct live_server *server, const char *sql)
{
    struct pgsql *pgsql = handle(server);

    params.monitor_sql = sql;
    if (pgsql_run_monitor_sql(pgsql, in_ms(LIMIT_MS), &why) != TRI_YES) {
        fail_msg("%s: %s", sql, why_buf);
    }
}

static int
make_servers(void **state)
{
    (void) state;
    cannot = live_site_make(&site);
    if (cannot != NULL) {
        return 0;
    }
    if (!live_primary_make(&site, "25981", &primary)
        || !live_standby_make(&site, &primary, "srv2", "25982", &standby)) {
        return -1;
    }
    run_sql(&primary, "CREATE ROLE watcher LOGIN PASSWORD 'pass word'");
    return 0;
}

static int
remove_servers(void **state)
{
    (void) state;
    live_site_remove(&site);
    return 0;
}

/* Look at the primary's senders until node 1 is what it should be. */
static void
wait_for_sender(struct pgsql *pgsql, enum sender_state state)
{
    int64_t deadline_ms = in_ms(LIMIT_MS);

    const struct slot_names none = { .count = 0 };

    do {
        clock_sleep_ms(20, deadline_ms);
        memset(&snapshot, 0, sizeof(snapshot));
        snapshot.node_count = 3;
        assert_int_equal(text_copy("srv1", snapshot.node[0].name, 128), 0);
        assert_int_equal(text_copy("Srv2", snapshot.node[1].name, 128), 0);
        assert_int_equal(text_copy("srv", snapshot.node[2].name, 128), 0);
        assert_int_equal(pgsql_observe_senders(pgsql, deadline_ms, &snapshot),
                         0);
        slots_assign(&params, &none, &snapshot);
    } while (snapshot.node[1].senders.own.state != state
             && clock_left_ms(deadline_ms) > 0);
    assert_int_equal(snapshot.node[1].senders.own.state, state);
}

static void
sees_a_primary(void **state)
{
    struct server server;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    server = look(handle(&primary), LIMIT_MS);
    assert_string_equal(server.text, "");
    assert_int_equal(server.answer, ANSWER_OK);
    assert_true(server.version >= 100000);
    assert_int_equal(server.in_recovery, TRI_NO);
    assert_int_equal(server.position.timeline, 1);
    assert_true(server.position.lsn > 0);
    assert_int_equal(server.receiver_running, TRI_NO);
    assert_int_equal(server.sync_names_known, TRI_YES);
    assert_string_equal(server.sync_names, "");
}

static void
sees_a_standby_that_streams(void **state)
{
    struct server server;
    int64_t deadline_ms = in_ms(LIMIT_MS);

    (void) state;
    SKIP_WITHOUT_SERVERS();
    do {
        clock_sleep_ms(20, deadline_ms);
        server = look(handle(&standby), LIMIT_MS);
    } while (server.receiver_running != TRI_YES
             && clock_left_ms(deadline_ms) > 0);
    assert_int_equal(server.answer, ANSWER_OK);
    assert_int_equal(server.in_recovery, TRI_YES);
    assert_int_equal(server.receiver_running, TRI_YES);
    assert_int_equal(server.position.timeline, 1);
    assert_true(server.position.lsn > 0);
    assert_int_equal(server.upstream_set,
                     server.version < 120000 ? TRI_UNKNOWN : TRI_YES);
}

static void
sees_senders_by_whole_names(void **state)
{
    struct pgsql *pgsql;
    int64_t deadline_ms = in_ms(LIMIT_MS);

    (void) state;
    SKIP_WITHOUT_SERVERS();
    pgsql = handle(&primary);
    do {
        wait_for_sender(pgsql, SENDER_STREAMING);
    } while (snapshot.node[1].senders.own.flush_lsn == 0
             && clock_left_ms(deadline_ms) > 0);
    assert_int_equal(snapshot.node[1].senders.own.sync_state, SYNC_ASYNC);
    assert_int_equal(snapshot.node[1].senders.own.visible, TRI_YES);
    assert_true(snapshot.node[1].senders.own.flush_lsn > 0);
    assert_int_equal(snapshot.node[1].senders.own.beyond, TRI_NO);
    assert_int_equal(snapshot.node[1].senders.slot.there, TRI_NO);
    assert_int_equal(snapshot.node[2].senders.own.state, SENDER_NONE);
    assert_int_equal(snapshot.node[0].senders.own.state, SENDER_UNKNOWN);
    pgsql_close(pgsql);
}

static void
begins_no_new_segment_where_nothing_is_archived(void **state)
{
    struct pgsql *pgsql;
    lsn before;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    before = look(handle(&primary), LIMIT_MS).position.lsn;
    pgsql = handle(&primary);
    assert_int_equal(pgsql_switch_wal(pgsql, in_ms(LIMIT_MS), &why), 0);
    pgsql_close(pgsql);
    assert_true(look(handle(&primary), LIMIT_MS).position.lsn - before
                < 1024 * 1024);
}

/* An idle primary must not be ahead of a standby that has everything. */
static void
is_not_ahead_of_a_standby_after_a_segment_switch(void **state)
{
    struct pgsql *pgsql;
    int64_t deadline_ms = in_ms(LIMIT_MS);
    struct server server = { 0 };

    (void) state;
    SKIP_WITHOUT_SERVERS();
    run_sql(&primary, "SELECT pg_switch_wal()");
    pgsql = handle(&primary);
    assert_int_equal(pgsql_observe(pgsql, deadline_ms, &server), 0);
    do {
        wait_for_sender(pgsql, SENDER_STREAMING);
    } while (snapshot.node[1].senders.own.flush_lsn < server.position.lsn
             && clock_left_ms(deadline_ms) > 0);
    assert_true(snapshot.node[1].senders.own.flush_lsn >= server.position.lsn);
    pgsql_close(pgsql);
}

static void
makes_and_drops_slots_again_and_again(void **state)
{
    struct pgsql *pgsql;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    pgsql = handle(&primary);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pgsql_create_slot(pgsql, "slot_srv2",
                                           in_ms(LIMIT_MS), &why), 0);
    }
    wait_for_sender(pgsql, SENDER_STREAMING);
    assert_int_equal(snapshot.node[1].senders.slot.there, TRI_YES);
    assert_int_equal(snapshot.node[1].senders.slot.active, TRI_NO);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pgsql_drop_slot(pgsql, "slot_srv2", in_ms(LIMIT_MS),
                                         &why), 0);
    }
    wait_for_sender(pgsql, SENDER_STREAMING);
    assert_int_equal(snapshot.node[1].senders.slot.there, TRI_NO);
    assert_int_equal(pgsql_create_slot(pgsql, "No Slot", in_ms(LIMIT_MS),
                                       &why), -1);
    assert_non_null(strstr(why_buf, "'No Slot'"));
    pgsql_close(pgsql);
}

static void
makes_and_drops_slots_as_the_owner_if_need_be(void **state)
{
    struct pgsql *pgsql;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    pgsql = handle_watcher(&primary);
    assert_int_equal(pgsql_create_slot(pgsql, "slot_w", in_ms(LIMIT_MS),
                                       &why), 0);
    assert_int_equal(pgsql_drop_slot(pgsql, "slot_w", in_ms(LIMIT_MS), &why),
                     0);
    assert_string_equal(why_buf, "");
    pgsql_close(pgsql);
}

/* The standby connects again. */
static void
ends_a_wal_sender_and_not_the_one_that_comes_after_it(void **state)
{
    struct sender old;
    struct pgsql *pgsql;
    int64_t deadline_ms = in_ms(LIMIT_MS);

    (void) state;
    SKIP_WITHOUT_SERVERS();
    pgsql = handle(&primary);
    wait_for_sender(pgsql, SENDER_STREAMING);
    old = snapshot.node[1].senders.own;
    assert_true(old.pid != 0);
    assert_int_equal(pgsql_end_senders(pgsql, (int32_t) old.pid, "1.5",
                                       deadline_ms, &why), 0);
    wait_for_sender(pgsql, SENDER_STREAMING);
    assert_int_equal(snapshot.node[1].senders.own.pid, old.pid);
    assert_int_equal(pgsql_end_senders(pgsql, (int32_t) old.pid, old.began,
                                       deadline_ms, &why), 0);
    do {
        wait_for_sender(pgsql, SENDER_STREAMING);
    } while (snapshot.node[1].senders.own.pid == old.pid
             && clock_left_ms(deadline_ms) > 0);
    assert_true(snapshot.node[1].senders.own.pid != old.pid);
    assert_string_not_equal(snapshot.node[1].senders.own.began, old.began);
    old = snapshot.node[1].senders.own;
    assert_int_equal(pgsql_end_senders(pgsql, 0, "", deadline_ms, &why), 0);
    do {
        wait_for_sender(pgsql, SENDER_STREAMING);
    } while (snapshot.node[1].senders.own.pid == old.pid
             && clock_left_ms(deadline_ms) > 0);
    assert_true(snapshot.node[1].senders.own.pid != old.pid);
    assert_string_equal(why_buf, "");
    pgsql_close(pgsql);
}

static void
keeps_an_active_slot(void **state)
{
    struct pgsql *pgsql;
    int64_t deadline_ms = in_ms(LIMIT_MS);

    (void) state;
    SKIP_WITHOUT_SERVERS();
    pgsql = handle(&primary);
    if (pgsql_observe(pgsql, deadline_ms, &snapshot.server) != 0
        || snapshot.server.version < 130000) {
        pgsql_close(pgsql);
        print_message("skipped: before 13 the receiver needs a restart\n");
        skip();
    }
    assert_int_equal(pgsql_create_slot(pgsql, "slot_srv2", deadline_ms, &why),
                     0);
    pgsql_close(pgsql);
    run_sql(&standby, "ALTER SYSTEM SET primary_slot_name = 'slot_srv2'");
    run_sql(&standby, "SELECT pg_reload_conf()");
    pgsql = handle(&primary);
    do {
        wait_for_sender(pgsql, SENDER_STREAMING);
    } while (snapshot.node[1].senders.slot.active != TRI_YES
             && clock_left_ms(deadline_ms) > 0);
    assert_int_equal(snapshot.node[1].senders.slot.active, TRI_YES);
    assert_int_equal(pgsql_drop_slot(pgsql, "slot_srv2", deadline_ms, &why),
                     -1);
    assert_non_null(strstr(why_buf, "could not drop slot"));
    pgsql_close(pgsql);
    run_sql(&standby, "ALTER SYSTEM RESET primary_slot_name");
    run_sql(&standby, "SELECT pg_reload_conf()");
}

/* What the slots of the standby are now. */
static void
see_standbys_slots(struct pgsql *pgsql)
{
    const struct slot_names none = { .count = 0 };

    memset(&snapshot, 0, sizeof(snapshot));
    snapshot.node_count = 3;
    snapshot.self = 1;
    assert_int_equal(text_copy("srv1", snapshot.node[0].name, 128), 0);
    assert_int_equal(text_copy("srv2", snapshot.node[1].name, 128), 0);
    assert_int_equal(text_copy("srv3", snapshot.node[2].name, 128), 0);
    assert_int_equal(pgsql_observe_senders(pgsql, in_ms(LIMIT_MS),
                                           &snapshot), 0);
    slots_assign(&params, &none, &snapshot);
}

/* Never past its own last restartpoint, nor past what it was told. */
static void
lets_a_standbys_slots_go_on_and_not_too_far(void **state)
{
    struct pgsql *pgsql;
    struct sync sync;
    lsn before;
    lsn far = 0;
    char told[LSN_TEXT_SIZE];

    (void) state;
    SKIP_WITHOUT_SERVERS();
    pgsql = handle(&standby);
    assert_int_equal(pgsql_create_slot(pgsql, "slot_srv1", in_ms(LIMIT_MS),
                                       &why), 0);
    assert_int_equal(pgsql_create_slot(pgsql, "slot_srv3", in_ms(LIMIT_MS),
                                       &why), 0);
    see_standbys_slots(pgsql);
    before = snapshot.node[2].senders.slot.restart_lsn;
    assert_true(before != 0);
    assert_int_equal(snapshot.node[2].senders.slot.xmin, TRI_NO);
    assert_true(snapshot.senders.slot_max > 0);
    assert_int_equal(snapshot.senders.slot_count, 2);
    pgsql_close(pgsql);
    run_sql(&primary, "CREATE TABLE moved AS SELECT 1; SELECT pg_switch_wal();"
                      " CHECKPOINT");
    pgsql = handle(&primary);
    wait_for_sender(pgsql, SENDER_STREAMING);
    pgsql_close(pgsql);
    for (int i = 0; i < 200 && far <= before; i++) {
        struct server server = { 0 };

        run_sql(&standby, "CHECKPOINT");
        pgsql = handle(&standby);
        assert_int_equal(pgsql_observe_sync(pgsql, in_ms(LIMIT_MS), &server,
                                            &sync), 0);
        far = sync.redo_lsn;
        pgsql_close(pgsql);
        clock_sleep_ms(20, in_ms(LIMIT_MS));
    }
    assert_true(far > before);
    pgsql = handle(&standby);
    lsn_format_sql(before + 16, told);
    assert_int_equal(pgsql_advance_slots(pgsql, "slot_srv3,no_such", told,
                                         in_ms(LIMIT_MS), &why), 0);
    see_standbys_slots(pgsql);
    assert_int_equal(snapshot.node[2].senders.slot.restart_lsn, before + 16);
    assert_int_equal(snapshot.node[0].senders.slot.restart_lsn, before);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pgsql_advance_slots(pgsql, "slot_srv1,slot_srv3",
                                             "FF/0", in_ms(LIMIT_MS), &why),
                         0);
    }
    see_standbys_slots(pgsql);
    assert_int_equal(snapshot.node[0].senders.slot.restart_lsn, far);
    assert_int_equal(snapshot.node[2].senders.slot.restart_lsn, far);
    assert_int_equal(pgsql_advance_slots(pgsql, "slot_srv3", told,
                                         in_ms(LIMIT_MS), &why), 0);
    see_standbys_slots(pgsql);
    assert_int_equal(snapshot.node[2].senders.slot.restart_lsn, far);
    assert_int_equal(pgsql_drop_slot(pgsql, "slot_srv1", in_ms(LIMIT_MS),
                                     &why), 0);
    assert_int_equal(pgsql_drop_slot(pgsql, "slot_srv3", in_ms(LIMIT_MS),
                                     &why), 0);
    pgsql_close(pgsql);
}

/* As the owner, since the watcher may not; nobody waits for its end. */
static void
asks_for_a_checkpoint_that_begins_later(void **state)
{
    struct pgsql *pgsql;
    struct server server;
    struct sync sync;
    int64_t deadline_ms = in_ms(LIMIT_MS);
    lsn asked = 0;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    run_sql(&primary, "CHECKPOINT");
    pgsql = handle_watcher(&primary);
    assert_int_equal(pgsql_observe_sync(pgsql, deadline_ms, &server,
                                        &sync), 0);
    assert_string_not_equal(sync.started, "");
    assert_int_equal(sync.waiter, TRI_NO);
    assert_int_equal(sync.sender_timeout_ms, 60000);
    assert_int_equal(pgsql_ask_checkpoint(pgsql, deadline_ms, &asked, &why),
                     0);
    assert_true(asked >= sync.redo_lsn && sync.redo_lsn != 0);
    do {
        clock_sleep_ms(10, deadline_ms);
        assert_int_equal(pgsql_observe_sync(pgsql, deadline_ms, &server,
                                            &sync), 0);
    } while (sync.redo_lsn <= asked && clock_left_ms(deadline_ms) > 0);
    assert_true(sync.redo_lsn > asked);
    pgsql_close(pgsql);
}

/* As the owner too; it is over when this returns. */
static void
waits_for_the_end_of_a_checkpoint(void **state)
{
    struct pgsql *pgsql;
    struct server server;
    struct sync sync;
    int64_t deadline_ms = in_ms(LIMIT_MS);
    lsn before;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    pgsql = handle_watcher(&primary);
    assert_int_equal(pgsql_observe_sync(pgsql, deadline_ms, &server,
                                        &sync), 0);
    before = sync.redo_lsn;
    pgsql_close(pgsql);
    run_sql(&primary, "SELECT pg_switch_wal()");     /* with the same handle */
    pgsql = handle_watcher(&primary);
    assert_int_equal(pgsql_checkpoint(pgsql, deadline_ms, &why), 0);
    assert_int_equal(pgsql_observe_sync(pgsql, deadline_ms, &server,
                                        &sync), 0);
    assert_true(before != 0 && sync.redo_lsn > before);
    assert_int_equal(pgsql_checkpoint(pgsql, in_ms(0), &why), -1);
    assert_non_null(strstr(why_buf, "no checkpoint before the shutdown"));
    pgsql_close(pgsql);
}

/* The postmaster stays, and the shared memory is another (P1). */
static void
sees_that_a_backend_crashed(void **state)
{
    const char *const keywords[] = { "host", "port", "user", "password",
                                     "dbname", NULL };
    const char *const values[] = { site.folder, primary.port, "watcher",
                                   "pass word", "template1", NULL };
    int64_t deadline_ms = in_ms(LIMIT_MS);
    struct server server;
    struct sync before;
    struct sync after;
    struct pgsql *pgsql;
    PGconn *victim;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    pgsql = handle(&primary);
    assert_int_equal(pgsql_observe_sync(pgsql, deadline_ms, &server,
                                        &before), 0);
    victim = PQconnectdbParams(keywords, values, 0);
    assert_int_equal(PQstatus(victim), CONNECTION_OK);
    assert_int_equal(kill(PQbackendPID(victim), SIGKILL), 0);
    PQfinish(victim);
    do {
        clock_sleep_ms(50, deadline_ms);
        (void) pgsql_observe_sync(pgsql, deadline_ms, &server, &after);
    } while ((after.started[0] == '\0'
              || strcmp(before.started, after.started) == 0)
             && clock_left_ms(deadline_ms) > 0);
    assert_string_not_equal(after.started, "");
    assert_string_not_equal(after.started, before.started);
    pgsql_close(pgsql);
}

/* One that reads on the standby what the primary drops; others are left. */
static void
ends_a_query_that_holds_replay_back(void **state)
{
    const char *const keywords[] = { "host", "port", "user", "password",
                                     "dbname", NULL };
    const char *const values[] = { site.folder, standby.port, "watcher",
                                   "pass word", "template1", NULL };
    int64_t deadline_ms = in_ms(LIMIT_MS);
    struct pgsql *pgsql;
    PGconn *reader;
    PGresult *read;
    int ends = 0;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    run_sql(&primary, "CREATE TABLE held AS SELECT 1;"
                      " GRANT SELECT ON held TO watcher");
    run_sql(&standby, "ALTER SYSTEM SET max_standby_streaming_delay = -1");
    run_sql(&standby, "SELECT pg_reload_conf()");
    reader = PQconnectdbParams(keywords, values, 0);
    do {
        PQclear(PQexec(reader, "ROLLBACK; BEGIN"));
        read = PQexec(reader, "SELECT * FROM held");
        ends = PQresultStatus(read) == PGRES_TUPLES_OK;
        PQclear(read);
    } while (!ends && clock_left_ms(deadline_ms) > 0);
    assert_true(ends);
    pgsql = handle(&standby);
    assert_int_equal(pgsql_end_sessions(pgsql, deadline_ms, &why), 0);
    PQclear(PQexec(reader, "SELECT 1"));
    assert_int_equal(PQstatus(reader), CONNECTION_OK);

    run_sql(&primary, "DROP TABLE held");
    do {
        pgsql = handle(&standby);
        clock_sleep_ms(20, deadline_ms);
        assert_int_equal(pgsql_end_sessions(pgsql, deadline_ms, &why), 0);
        PQclear(PQexec(reader, "SELECT 1"));
    } while (PQstatus(reader) == CONNECTION_OK
             && clock_left_ms(deadline_ms) > 0);
    assert_int_equal(PQstatus(reader), CONNECTION_BAD);
    PQfinish(reader);
    run_sql(&standby, "ALTER SYSTEM RESET max_standby_streaming_delay");
    run_sql(&standby, "SELECT pg_reload_conf()");
}

static void
names_what_overrides_a_setting(void **state)
{
    struct pgsql *pgsql;
    struct server server;
    struct sources sources;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    pgsql = handle(&standby);
    assert_int_equal(pgsql_observe_settings(pgsql, in_ms(LIMIT_MS), &server,
                                            &sources), 0);
    assert_int_equal(sources.sync_names_ours, TRI_NO);
    /* pg_basebackup -R wrote it there */
    assert_non_null(strstr(sources.override, "/postgresql.auto.conf:"));
    assert_non_null(strstr(sources.override, " primary_conninfo"));
    pgsql_close(pgsql);
}

static void
names_what_weakens_a_promise(void **state)
{
    static const char *const commands[][2] = {
        { "ROLE watcher IN DATABASE template1",
          "ALTER ROLE watcher IN DATABASE template1 RESET "
          "synchronous_commit" },
        { "ROLE watcher", "ALTER ROLE watcher RESET synchronous_commit" },
        { "DATABASE template1",
          "ALTER DATABASE template1 RESET synchronous_commit" },
        { "ROLE ALL", "ALTER ROLE ALL RESET synchronous_commit" },
    };
    struct profile profile;
    char sql[128];
    struct text text;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        struct pgsql *pgsql;

        text_init(&text, sql, sizeof(sql));
        text_add(&text, "ALTER %s SET synchronous_commit = FALSE",
                 commands[i][0]);
        run_sql(&primary, sql);
        pgsql = handle_watcher(&primary);
        memset(&profile, 0, sizeof(profile));
        assert_int_equal(pgsql_observe_profile(pgsql, in_ms(LIMIT_MS),
                                               &profile), 0);
        pgsql_close(pgsql);
        assert_string_equal(profile.weak_commit_reset, commands[i][1]);
        assert_string_equal(profile.weak_commit, "");
        run_sql(&primary, profile.weak_commit_reset);
    }
}

static void
knows_settings_of_the_server(void **state)
{
    struct profile profile = { 0 };
    struct server server = { 0 };
    struct pgsql *pgsql;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    pgsql = handle(&primary);
    assert_int_equal(pgsql_observe_profile(pgsql, in_ms(LIMIT_MS), &profile),
                     0);
    assert_int_equal(pgsql_observe(pgsql, in_ms(LIMIT_MS), &server), 0);
    pgsql_close(pgsql);
    assert_int_equal(profile.full_page_writes, TRI_YES);
    assert_int_equal(profile.hot_standby, TRI_YES);
    /* initdb's own choice changed */
    assert_int_equal(profile.checksums,
                     server.version < 180000 ? TRI_NO : TRI_YES);
    assert_int_equal(profile.fsync, TRI_NO);
    assert_string_equal(profile.weak_commit, "");
    assert_string_equal(profile.weak_commit_reset, "");
}

static void
knows_the_file_of_its_own(void **state)
{
    char include[LIVE_PATH_SIZE + 32];
    struct live_server folder = { .port = "" };
    struct pgsql *pgsql;
    struct server server = { 0 };
    struct sources sources;
    int64_t deadline_ms = in_ms(LIMIT_MS);
    struct text text;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    assert_int_equal(text_copy(site.folder, folder.pgdata, LIVE_PATH_SIZE), 0);
    assert_true(live_add_line(&folder, "rep_mode.conf",
                              "synchronous_standby_names = '\"srv2\"'"));
    text_init(&text, include, sizeof(include));
    text_add(&text, "include '%s//rep_mode.conf'", site.folder);
    assert_true(live_add_line(&primary, "postgresql.conf", include));
    run_sql(&primary, "SELECT pg_reload_conf()");
    pgsql = handle(&primary);
    do {
        clock_sleep_ms(20, deadline_ms);
        assert_int_equal(pgsql_observe(pgsql, deadline_ms, &server), 0);
    } while (server.sync_names[0] == '\0' && clock_left_ms(deadline_ms) > 0);
    assert_string_equal(server.sync_names, "\"srv2\"");
    assert_int_equal(pgsql_observe_settings(pgsql, deadline_ms, &server,
                                            &sources), 0);
    assert_int_equal(sources.sync_names_ours, TRI_YES);
    assert_string_equal(sources.override, "");
    do {
        wait_for_sender(pgsql, SENDER_STREAMING);
    } while (snapshot.node[1].senders.own.sync_state != SYNC_SYNC
             && clock_left_ms(deadline_ms) > 0);
    assert_int_equal(snapshot.node[1].senders.own.sync_state, SYNC_SYNC);
    assert_int_equal(snapshot.node[1].senders.own.sync_priority, 1);
    pgsql_close(pgsql);
    assert_true(live_add_line(&folder, "rep_mode.conf",
                              "synchronous_standby_names = ''"));
    run_sql(&primary, "SELECT pg_reload_conf()");
}

static void
concludes_nothing_without_pg_monitor(void **state)
{
    struct pgsql *pgsql;
    struct server server = { 0 };
    struct sources sources;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    server = look(handle_watcher(&standby), LIMIT_MS);
    assert_string_equal(server.text, "");
    assert_int_equal(server.in_recovery, TRI_YES);
    assert_int_equal(server.receiver_running, TRI_YES);
    assert_int_equal(server.upstream_set, TRI_UNKNOWN);
    assert_int_equal(server.position.timeline, 0);
    pgsql = handle_watcher(&primary);
    wait_for_sender(pgsql, SENDER_UNKNOWN);
    assert_int_equal(snapshot.node[1].senders.own.visible, TRI_NO);
    assert_int_equal(snapshot.node[2].senders.own.visible, TRI_YES);
    assert_int_equal(pgsql_observe_settings(pgsql, in_ms(LIMIT_MS), &server,
                                            &sources), 0);
    assert_int_equal(sources.sync_names_ours, TRI_UNKNOWN);
    pgsql_close(pgsql);
}

static void
cannot_promote_but_place_itself_without_the_right(void **state)
{
    struct pgsql *pgsql;
    struct wal_position position = { 0 };

    (void) state;
    SKIP_WITHOUT_SERVERS();
    pgsql = handle_watcher(&standby);
    assert_int_equal(pgsql_promote(pgsql, in_ms(LIMIT_MS), &why),
                     PGSQL_PROMOTE_BY_SIGNAL);
    /* as the owner: monitor_user has no right to replicate */
    assert_int_equal(pgsql_observe_position(pgsql, in_ms(LIMIT_MS), &position,
                                            &why), 0);
    assert_true(wal_position_is_known(position));
    pgsql_close(pgsql);
}

static void
asks_as_the_owner_when_monitor_user_is_denied(void **state)
{
    struct server server;
    struct pgsql *pgsql;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    pgsql = handle_watcher(&primary);
    params.monitor_password = "hush-hush";
    server = look(pgsql, LIMIT_MS);
    assert_int_equal(server.answer, ANSWER_OK);
    assert_non_null(strstr(server.refused, "watcher"));
    assert_null(strstr(server.refused, "hush"));
    params.monitor_password = "";
    assert_int_equal(look(pgsql, LIMIT_MS).answer, ANSWER_OK);
    params.monitor_user = "nobody_at_all";
    assert_int_equal(look(pgsql, LIMIT_MS).answer, ANSWER_OK);
    params.monitor_user = "";
    params.pgdb = "no such database";
    assert_int_equal(look(pgsql, LIMIT_MS).answer, ANSWER_DENIED);
}

/* The file is the owner's, and closed to everybody else. */
static void
logs_in_with_a_password_of_the_owners_passfile(void **state)
{
    static const char line[] = "*:*:template1:watcher:pass word\n";
    struct identity owner = site.owner;
    char path[LIVE_PATH_SIZE + 16];
    struct server server;
    struct text text;
    struct pgsql *pgsql;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    assert_int_equal(text_copy(site.folder, owner.home, sizeof(owner.home)),
                     0);
    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/.pgpass", site.folder);
    assert_int_equal(files_write(path, line, strlen(line), 0600), 0);
    assert_int_equal(chown(path, owner.uid, owner.gid), 0);
    (void) handle_watcher(&primary);    /* for what params it has */
    params.monitor_password = "";
    pgsql = pgsql_new(&params, &owner);
    server = look(pgsql, LIMIT_MS);
    assert_int_equal(server.answer, ANSWER_OK);
    assert_string_equal(server.refused, "");
    /* without it the owner asks, and says what the other was told */
    assert_int_equal(files_remove(path), 0);
    server = look(pgsql, LIMIT_MS);
    assert_int_equal(server.answer, ANSWER_OK);
    assert_non_null(strstr(server.refused, "no password supplied"));
}

static void
runs_monitor_sql_as_written(void **state)
{
    static const struct {
        const char *sql;
        enum tri result;
    } table[] = {
        { "select now();", TRI_YES },
        { "", TRI_YES },
        { "create temp table t(a int); insert into t values (1);"
          " select 1/a from t", TRI_YES },
        { "do $$ begin raise warning '%', 1; end $$", TRI_YES },
        { "copy (select generate_series(1, 10000)) to stdout", TRI_YES },
        { "select repeat('%s%n', 1000) from generate_series(1, 3000)",
          TRI_YES },
        { "begin; select 1", TRI_YES },
        { "select 1; select 1/0", TRI_NO },
        { "copy pg_class from stdin", TRI_NO },
        { "select pg_terminate_backend(pg_backend_pid())", TRI_NO },
        { "\\dt", TRI_NO },
    };
    struct pgsql *pgsql;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    pgsql = handle(&primary);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        params.monitor_sql = table[i].sql;
        assert_int_equal(pgsql_run_monitor_sql(pgsql, in_ms(LIMIT_MS), &why),
                         table[i].result);
    }
    params.monitor_sql = "select pg_sleep(600)";
    assert_int_equal(pgsql_run_monitor_sql(pgsql, in_ms(LOG_IN_MS), &why),
                     TRI_NO);
}

static void
comes_back_when_its_session_was_ended(void **state)
{
    const char *const keywords[] = { "host", "port", "user", "password",
                                     "dbname", NULL };
    const char *const values[] = { site.folder, primary.port, "ender",
                                   "pass word", "template1", NULL };
    struct pgsql *pgsql;
    struct server server = { 0 };
    PGconn *other;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    run_sql(&primary, "CREATE ROLE ender LOGIN SUPERUSER PASSWORD"
                      " 'pass word'");
    pgsql = handle(&primary);
    assert_int_equal(pgsql_observe(pgsql, in_ms(LIMIT_MS), &server), 0);
    other = PQconnectdbParams(keywords, values, 0);
    PQclear(PQexec(other, "select pg_terminate_backend(pid)"
                          " from pg_stat_activity"
                          " where application_name = 'pgward'"));
    assert_int_equal(PQstatus(other), CONNECTION_OK);
    PQfinish(other);
    assert_int_equal(pgsql_observe(pgsql, in_ms(LIMIT_MS), &server), 0);
    assert_int_equal(server.answer, ANSWER_OK);
    pgsql_close(pgsql);
}

static int
crowd_in(PGconn *crowd[CROWD])
{
    const char *const keywords[] = { "host", "port", "user", "password",
                                     "dbname", NULL };
    const char *const values[] = { site.folder, primary.port, "watcher",
                                   "pass word", "template1", NULL };
    int inside = 0;

    for (int i = 0; i < CROWD; i++) {
        crowd[i] = PQconnectdbParams(keywords, values, 0);
        if (PQstatus(crowd[i]) == CONNECTION_OK) {
            inside++;
        }
    }
    return inside;
}

static void
crowd_out(PGconn *crowd[CROWD])
{
    for (int i = 0; i < CROWD; i++) {
        PQfinish(crowd[i]);
    }
}

static void
asks_as_the_owner_when_the_server_is_full(void **state)
{
    PGconn *crowd[CROWD];
    struct server server;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    assert_between(crowd_in(crowd), 1, CROWD - 1);
    server = look(handle_watcher(&primary), LIMIT_MS);
    /* the owner has the reserved ones */
    assert_int_equal(server.answer, ANSWER_OK);
    assert_string_not_equal(server.refused, "");
    crowd_out(crowd);
}

static void
does_not_wait_longer_for_a_frozen_server(void **state)
{
    int64_t begin_ms;
    struct server server;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    assert_true(live_signal(&primary, SIGSTOP));
    begin_ms = clock_now_ms();
    server = look(handle(&primary), SHORT_MS);
    assert_between(clock_now_ms() - begin_ms, SHORT_MS, LIMIT_MS);
    assert_true(live_signal(&primary, SIGCONT));
    assert_int_equal(server.answer, ANSWER_TIMEOUT);
    assert_int_equal(look(handle(&primary), LIMIT_MS).answer, ANSWER_OK);
}

/* A smart stop with a client in it refuses log-ins until the client goes. */
static void
expect_while_stopping(enum answer answer)
{
    PGconn *crowd[CROWD];
    int64_t deadline_ms = in_ms(LIMIT_MS);
    struct server server;

    assert_between(crowd_in(crowd), 1, CROWD);
    assert_true(live_stop(&site, &primary, "smart", false));
    do {
        clock_sleep_ms(20, deadline_ms);
        server = look(handle(&primary), LIMIT_MS);
    } while (server.answer == ANSWER_OK && clock_left_ms(deadline_ms) > 0);
    crowd_out(crowd);
    assert_int_equal(server.answer, answer);
    do {
        clock_sleep_ms(20, deadline_ms);
        server = look(handle(&primary), LIMIT_MS);
    } while (server.answer != ANSWER_REFUSED
             && clock_left_ms(deadline_ms) > 0);
    assert_int_equal(server.answer, ANSWER_REFUSED);
}

static void
tells_a_stopping_server_from_one_that_is_gone(void **state)
{
    (void) state;
    SKIP_WITHOUT_SERVERS();
    expect_while_stopping(ANSWER_STOPPING);
    assert_true(live_start(&site, &primary, ""));
}

static void
needs_no_english_words(void **state)
{
    struct pgsql *pgsql;
    struct server server;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    if (!live_make_german(&site)
        || !live_stop(&site, &primary, "fast", true)
        || !live_start(&site, &primary, "-c lc_messages=de_DE.UTF-8")) {
        (void) live_start(&site, &primary, "");
        print_message("skipped: the German locale cannot be made here\n");
        skip();
    }
    pgsql = handle(&primary);
    params.pgdb = "no such database";
    server = look(pgsql, LIMIT_MS);
    assert_int_equal(server.answer, ANSWER_DENIED);
    if (strstr(server.text, "existiert nicht") == NULL) {
        print_message("this server has no German words\n");
        assert_true(live_stop(&site, &primary, "fast", true));
    } else {
        /* 57P03 in unknown words: postmaster.pid has to tell */
        expect_while_stopping(ANSWER_STARTING);
    }
    assert_true(live_start(&site, &primary, ""));
}

static void
knows_its_position_without_a_receiver(void **state)
{
    struct pgsql *pgsql;
    struct server server = { 0 };
    struct wal_position position = { 0 };
    int64_t deadline_ms = in_ms(LIMIT_MS);

    (void) state;
    SKIP_WITHOUT_SERVERS();
    assert_true(live_stop(&site, &primary, "fast", true));
    pgsql = handle(&standby);
    do {
        clock_sleep_ms(20, deadline_ms);
        assert_int_equal(pgsql_observe(pgsql, deadline_ms, &server), 0);
    } while (server.receiver_running != TRI_NO
             && clock_left_ms(deadline_ms) > 0);
    assert_int_equal(server.receiver_running, TRI_NO);
    assert_int_equal(server.position.timeline, 0);
    assert_true(server.position.lsn > 0);
    assert_int_equal(pgsql_observe_position(pgsql, deadline_ms, &position,
                                            &why), 0);
    assert_int_equal(position.timeline, 1);
    assert_true(position.lsn >= server.position.lsn);
    pgsql_close(pgsql);
}

static void
waits_for_a_server_that_takes_nobody_in_yet(void **state)
{
    (void) state;
    SKIP_WITHOUT_SERVERS();
    assert_true(live_stop(&site, &standby, "fast", true));
    assert_int_equal(look(handle(&standby), LIMIT_MS).answer, ANSWER_REFUSED);
    (void) live_start(&site, &standby, "-c hot_standby=off");
    assert_int_equal(look(handle(&standby), LIMIT_MS).answer,
                     ANSWER_STARTING);
    assert_true(live_stop(&site, &standby, "fast", true));
    assert_true(live_start(&site, &standby, ""));
}

static void
promotes_a_standby_once(void **state)
{
    struct pgsql *pgsql;
    struct server server = { 0 };
    struct wal_position position = { 0 };
    int64_t deadline_ms = in_ms(LIMIT_MS);
    int rc;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    pgsql = handle(&standby);
    rc = pgsql_promote(pgsql, deadline_ms, &why);
    if (rc == PGSQL_PROMOTE_BY_SIGNAL) {
        pgsql_close(pgsql);
        print_message("skipped: %s\n", why_buf);
        skip();
    }
    assert_int_equal(rc, 0);
    do {
        clock_sleep_ms(20, deadline_ms);
        assert_int_equal(pgsql_observe(pgsql, deadline_ms, &server), 0);
    } while (server.in_recovery != TRI_NO && clock_left_ms(deadline_ms) > 0);
    assert_int_equal(server.in_recovery, TRI_NO);
    assert_int_equal(server.position.timeline, 2);
    assert_int_equal(pgsql_observe_position(pgsql, deadline_ms, &position,
                                            &why), 0);
    assert_int_equal(position.timeline, 2);
    assert_int_equal(pgsql_promote(pgsql, deadline_ms, &why), 0);
    pgsql_close(pgsql);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sees_a_primary),
        cmocka_unit_test(sees_a_standby_that_streams),
        cmocka_unit_test(sees_senders_by_whole_names),
        cmocka_unit_test(
            begins_no_new_segment_where_nothing_is_archived),
        cmocka_unit_test(is_not_ahead_of_a_standby_after_a_segment_switch),
        cmocka_unit_test(makes_and_drops_slots_again_and_again),
        cmocka_unit_test(makes_and_drops_slots_as_the_owner_if_need_be),
        cmocka_unit_test(ends_a_wal_sender_and_not_the_one_that_comes_after_it),
        cmocka_unit_test(keeps_an_active_slot),
        cmocka_unit_test(lets_a_standbys_slots_go_on_and_not_too_far),
        cmocka_unit_test(asks_for_a_checkpoint_that_begins_later),
        cmocka_unit_test(waits_for_the_end_of_a_checkpoint),
        cmocka_unit_test(sees_that_a_backend_crashed),
        cmocka_unit_test(ends_a_query_that_holds_replay_back),
        cmocka_unit_test(names_what_overrides_a_setting),
        cmocka_unit_test(names_what_weakens_a_promise),
        cmocka_unit_test(knows_settings_of_the_server),
        cmocka_unit_test(knows_the_file_of_its_own),
        cmocka_unit_test(concludes_nothing_without_pg_monitor),
        cmocka_unit_test(cannot_promote_but_place_itself_without_the_right),
        cmocka_unit_test(asks_as_the_owner_when_monitor_user_is_denied),
        cmocka_unit_test(logs_in_with_a_password_of_the_owners_passfile),
        cmocka_unit_test(runs_monitor_sql_as_written),
        cmocka_unit_test(comes_back_when_its_session_was_ended),
        cmocka_unit_test(asks_as_the_owner_when_the_server_is_full),
        cmocka_unit_test(does_not_wait_longer_for_a_frozen_server),
        cmocka_unit_test(tells_a_stopping_server_from_one_that_is_gone),
        cmocka_unit_test(needs_no_english_words),
        cmocka_unit_test(knows_its_position_without_a_receiver),
        cmocka_unit_test(waits_for_a_server_that_takes_nobody_in_yet),
        cmocka_unit_test(promotes_a_standby_once),
    };

    return cmocka_run_group_tests_name("pgsql on a real server", tests,
                                       make_servers, remove_servers);
}
