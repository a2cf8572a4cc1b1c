/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which look each fact makes, until when, and what a failed one leaves. All
 * that is looked at is played by tests/standin/touched.c.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmocka_all.h"
#include "observe.h"
#include "slot_owner.h"
#include "touched.h"

#define DEADLINE_MS 31000
#define DUMP_SIZE 65536

static struct instance acting;
static struct snapshot world;

/* What a monitor looks at for a fact, when all is well. */
static const struct {
    uint32_t fact;
    const char *calls;
} looks[] = {
    { FACT_PROCESS, "postgres_examine quick | watch_observe"
                    " | memory_calm_ms" },
    { FACT_FILES, "postgres_read_files | config_has_upstream"
                  " | config_standby_is_current" },
    { FACT_CONTROL, "postgres_read_control" },
    { FACT_SQL, "pgsql_observe | pgsql_listener_pid" },
    { FACT_SENDERS, "pgsql_observe_senders | pgsql_listener_pid"
                    " | memory_note_senders"
                    " | config_read_slots | memory_note_slots" },
    { FACT_ATTRS, "cluster_observe_attrs" },
    { FACT_RECORD, "cluster_observe_cib record" },
    { FACT_MEMBERS, "cluster_observe_cib members" },
    { FACT_ADDRESS, "address_is_here 192.0.2.1" },
    { FACT_DISK, "postgres_check_disk" },
    { FACT_POSITION, "pgsql_observe_position" },
    { FACT_SETTINGS, "pgsql_observe_settings" },
    { FACT_PROFILE, "units_find | address_find_name 192.0.2.1"
                    " | pgsql_observe_profile | cluster_observe_profile" },
    { FACT_SYNC, "memory_load | pgsql_observe_sync" },
    { FACT_HISTORY, "postgres_read_history 3" },
    { FACT_REFUSAL, "nftables_observe" },
    { FACT_HOLDERS, "postgres_find_holders" },
    { FACT_REPLAY, "pgsql_observe_replay | process_is_stopped 77"
                   " | memory_replay_is_busy 77" },
    { FACT_NEWEST, "postgres_newest_timeline" },
    { FACT_UPSTREAM, "postgres_tail_upstream" },
    { FACT_GRANTS, "pgsql_check_grants | memory_note_grants" },
    { FACT_REJOIN, "rejoin_observe" },
    { FACT_COPIES, "" },        /* nobody is known to be online */
};

/* What an earlier look of the action has left; a failed one empties it. */
static const struct {
    uint32_t fact;
    const char *lines;
} leftovers[] = {
    { FACT_PROCESS, "process.state = running\nprocess.postmaster_pid = 9\n"
                    "process.pidfile = ready\ncalm_ms = 5\n" },
    { FACT_FILES, "files.lock = yes\nfiles.backup_label = no\n"
                  "files.system_id = 77\nfiles.major_version = 15\n" },
    { FACT_CONTROL, "files.control = shut down\n" },
    { FACT_SQL, "server.answer = ok\nserver.in_recovery = no\n"
                "server.receiver_running = yes\n"
                "server.sync_names = srv2\nserver.replay.known = yes\n"
                "server.replay.paused = no\n" },
    { FACT_SENDERS, "server.senders_told = yes\n"
                    "node.1.sender.state = streaming\nnode.1.slot = yes\n"
                    "server.slot_max = 4\nslot.0.name = pg_far1\n" },
    { FACT_ADDRESS, "address_here = no\n" },
    { FACT_DISK, "files.writable = yes\n" },
    { FACT_SETTINGS, "server.override = /a:1 b\n"
                     "server.sync_names_ours = yes\n" },
    { FACT_PROFILE, "profile.fence_device = yes\nprofile.fsync = yes\n" },
    { FACT_SYNC, "server.started = then\nserver.sync_waiter = yes\n"
                 "memory.list = srv2\n" },
    { FACT_HISTORY, "files.history = 1\n" },
    { FACT_REFUSAL, "refusal.state = set\n" },
    { FACT_HOLDERS, "holdup.known = yes\n" },
    { FACT_REPLAY, "server.replay.busy = no\nserver.replay.waits = yes\n" },
    { FACT_NEWEST, "files.newest_timeline = 3\n" },
    { FACT_GRANTS, "grants.ready = no\ngrants.missing = x\n" },
    { FACT_REJOIN, "rejoin.phase = torn\nrejoin.alive = yes\n" },
    { FACT_COPIES, "node.1.copy = set LATEST\nnode.1.copy_self = set LATEST\n"
                   "node.1.copy_quorum = set 1/2\n"
                   "node.1.copy_answered = yes\n" },
};

/* --- the script ----------------------------------------------------------- */

#define END { NULL, 0, NULL, 0, NULL }

static void
is_denied(void *ret)
{
    (void) ret;
    errno = EACCES;
}

static void
times_out(void *ret)
{
    struct server *server = ret;

    server->answer = ANSWER_TIMEOUT;
}

static void
answers(void *ret)
{
    struct server *server = ret;

    server->answer = ANSWER_OK;
    server->in_recovery = TRI_YES;
    server->receiver_running = TRI_NO;
    server->progress.known = TRI_YES;
    server->progress.received = 0x300;
    server->progress.replayed = 0x200;
    server->position.lsn = 0x999;
}

static void
is_at_300(void *ret)
{
    *(struct wal_position *) ret = (struct wal_position) { 1, 0x300 };
}

static void
is_at_400(void *ret)
{
    *(struct wal_position *) ret = (struct wal_position) { 1, 0x400 };
}

static const struct reply all_fails[] = {
    { "postgres_examine", -1, NULL, 0, is_denied },
    { "postgres_read_files", -1, NULL, 0, NULL },
    { "postgres_read_control", -1, NULL, 0, NULL },
    { "postgres_read_history", -1, NULL, 0, NULL },
    { "postgres_find_holders", -1, NULL, 0, NULL },
    { "postgres_check_disk", TRI_NO, "the disk is full", 0, NULL },
    { "postgres_tail_upstream", -1, NULL, 0, NULL },
    { "pgsql_observe", -1, NULL, 0, times_out },
    { "pgsql_observe_senders", -1, NULL, 0, NULL },
    { "pgsql_observe_position", -1, "no position", 0, NULL },
    { "pgsql_observe_settings", -1, NULL, 0, NULL },
    { "pgsql_observe_profile", -1, NULL, 0, NULL },
    { "pgsql_observe_sync", -1, NULL, 0, NULL },
    { "pgsql_observe_replay", -1, NULL, 0, NULL },
    { "cluster_observe_attrs", -1, "attrd is gone", 0, NULL },
    { "cluster_observe_cib", -1, "the CIB is gone", 0, NULL },
    { "cluster_observe_profile", -1, "no profile", 0, NULL },
    { "address_is_here", TRI_UNKNOWN, "no such name", 0, NULL },
    END
};

static void
prepare(enum action action)
{
    static const struct instance empty_instance;
    static const struct snapshot empty_snapshot;

    acting = empty_instance;
    world = empty_snapshot;
    acting.params.master_ip = "192.0.2.1";
    acting.params.monitor_sql = "select now();";
    acting.params.pgdata = "/data";
    acting.params.replication_slot_name = "pg";
    acting.params.rep_mode = REP_MODE_SYNC;
    acting.begin_ms = 1000;
    acting.deadline_ms = DEADLINE_MS;
    world.action = action;
    world.node_count = 2;
    world.process.state = PROCESS_RUNNING;
    world.process.postmaster_pid = 4711;
    world.server.position.timeline = 3;
    touched_reset();
}

static void
look(uint32_t facts)
{
    touched_reset();
    observe(&acting, facts, 0, &world);
}

static void
assert_has(const char *whole, const char *part)
{
    if (strstr(whole, part) == NULL) {
        fail_msg("'%s' is not in '%s'", part, whole);
    }
}

static void
assert_called(const char *calls)
{
    assert_string_equal(touched_calls(), calls);
}

/* --- every fact ----------------------------------------------------------- */

static void
each_fact_makes_its_own_looks(void **state)
{
    static const struct reply away[] = {
        { "address_is_here", TRI_NO, NULL, 0, NULL },
        END
    };
    uint32_t seen = 0;
    uint32_t all = 0;

#define FACT_BIT(symbol, ...) all |= (uint32_t) symbol;
    FACT_LIST(FACT_BIT)
#undef FACT_BIT
    (void) state;
    for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
        prepare(ACTION_MONITOR);
        touched_reply(away);
        observe(&acting, looks[i].fact, 0, &world);
        assert_called(looks[i].calls);
        assert_int_equal(world.facts, looks[i].fact);
        seen |= looks[i].fact;
    }
    assert_int_equal(seen, all);
}

static void
what_was_not_asked_for_is_not_looked_at(void **state)
{
    (void) state;
    prepare(ACTION_MONITOR);
    look(0);
    assert_called("");
    assert_int_equal(world.process.postmaster_pid, 4711);
}

/* Not one line of what was there may still be in the snapshot's text. */
static void
a_failed_look_leaves_unknown(void **state)
{
    static char dump[DUMP_SIZE];
    struct text text;

    (void) state;
    for (size_t i = 0; i < sizeof(leftovers) / sizeof(leftovers[0]); i++) {
        const char *line = leftovers[i].lines;

        prepare(ACTION_MONITOR);
        if (leftovers[i].fact != FACT_PROCESS) {
            world.process.postmaster_pid = 0;
        }
        if (snapshot_load(line, &world) != 0) {
            fail_msg("what is '%s'?", line);
        }
        touched_reply(all_fails);
        observe(&acting, leftovers[i].fact, 0, &world);
        text_init(&text, dump, sizeof(dump));
        snapshot_dump(&world, &text);
        assert_false(text.overflow);
        for (; *line != '\0'; line = strchr(line, '\n') + 1) {
            char whole[128];

            (void) snprintf(whole, sizeof(whole), "%.*s",
                            (int) (strchr(line, '\n') + 1 - line), line);
            if (strstr(dump, whole) != NULL) {
                fail_msg("a failed look at it has left %s", whole);
            }
        }
    }
}

/* Each reason names the cause of what it is about, and no other. */
static void
each_cause_stands_where_its_reason_looks_for_it(void **state)
{
    (void) state;
    prepare(ACTION_MONITOR);
    touched_reply(all_fails);
    observe(&acting, FACT_PROCESS | FACT_DISK | FACT_POSITION | FACT_ATTRS
            | FACT_MEMBERS | FACT_PROFILE, 0, &world);
    assert_string_equal(world.process.unseen, "Permission denied");
    assert_string_equal(world.disk.unwritable, "the disk is full");
    assert_has(touched_log(), "4 deep check: the disk is full\n");
    assert_has(touched_log(), "4 position: no position\n");
    assert_has(touched_log(), "4 attributes: attrd is gone\n");
    assert_has(touched_log(), "4 members and record: the CIB is gone\n");
    assert_has(touched_log(), "not looked at: no profile\n");
    touched_reply(NULL);
    observe(&acting, FACT_PROCESS | FACT_DISK, 0, &world);
    assert_string_equal(world.process.unseen, "");
    assert_string_equal(world.disk.unwritable, "");
}

/* --- how long ------------------------------------------------------------- */

static void
assert_deadlines(int64_t expected_ms)
{
    static const char *const waiting[] = {
        "postgres_read_control", "pgsql_observe", "pgsql_observe_replay",
        "pgsql_observe_position", "pgsql_observe_settings",
        "pgsql_observe_profile", "pgsql_observe_sync",
        "pgsql_observe_senders", "cluster_observe_attrs",
        "cluster_observe_cib", "cluster_observe_profile",
    };

    for (size_t i = 0; i < sizeof(waiting) / sizeof(waiting[0]); i++) {
        if (touched_deadline_ms(waiting[i]) != expected_ms) {
            fail_msg("%s may wait until %lld", waiting[i],
                     (long long) touched_deadline_ms(waiting[i]));
        }
    }
}

static void
each_look_is_handed_its_deadline(void **state)
{
    const uint32_t all = 0xfffffu;

    (void) state;
    prepare(ACTION_MONITOR);
    observe(&acting, all, 0, &world);
    assert_deadlines(DEADLINE_MS);
    prepare(ACTION_MONITOR);
    observe(&acting, all, 700, &world);
    assert_deadlines(1700);
    prepare(ACTION_MONITOR);
    observe(&acting, all, 700000, &world);
    assert_deadlines(DEADLINE_MS);
}

/* What was slow takes no time from the looks that follow. */
static void
files_server_and_cluster_have_a_time_each(void **state)
{
    static const struct reply slow[] = {
        { "postgres_read_control", -1, NULL, 600, NULL },
        { "pgsql_observe", -1, NULL, 700, times_out },
        END
    };

    (void) state;
    prepare(ACTION_MONITOR);
    touched_reply(slow);
    observe(&acting, FACT_CONTROL | FACT_SQL | FACT_ATTRS, 700, &world);
    assert_int_equal(touched_deadline_ms("postgres_read_control"), 1700);
    assert_int_equal(touched_deadline_ms("pgsql_observe"), 2300);
    assert_int_equal(touched_deadline_ms("cluster_observe_attrs"), 3000);
    assert_int_equal(world.server.answer, ANSWER_TIMEOUT);
}

static void
a_frozen_server_is_asked_for_half_a_second(void **state)
{
    (void) state;
    prepare(ACTION_MONITOR);
    world.process.state = PROCESS_FROZEN;
    look(FACT_SQL | FACT_SYNC | FACT_ATTRS);
    assert_int_equal(touched_deadline_ms("pgsql_observe"), 1500);
    assert_int_equal(touched_deadline_ms("pgsql_observe_sync"), 1500);
    assert_int_equal(touched_deadline_ms("cluster_observe_attrs"),
                     DEADLINE_MS);
    touched_reset();
    observe(&acting, FACT_SQL, 200, &world);
    assert_int_equal(touched_deadline_ms("pgsql_observe"), 1200);
}

static void
a_server_that_is_gone_is_not_asked(void **state)
{
    (void) state;
    prepare(ACTION_MONITOR);
    world.process.state = PROCESS_GONE;
    look(FACT_SQL | FACT_SENDERS | FACT_POSITION | FACT_SYNC);
    assert_called("");
    assert_int_equal(world.server.answer, ANSWER_UNKNOWN);
}

/* --- the server ----------------------------------------------------------- */

static void
only_what_may_conclude_from_a_pid_file_looks_quickly(void **state)
{
    (void) state;
    prepare(ACTION_STOP);
    look(FACT_PROCESS);
    assert_called("postgres_examine | watch_observe");
    prepare(ACTION_START);
    look(FACT_PROCESS);
    assert_called("postgres_examine | watch_observe");
    prepare(ACTION_PROMOTE);
    look(FACT_PROCESS);
    assert_called("postgres_examine quick | watch_observe");
}

static void
runs(void *ret)
{
    struct process *process = ret;

    process->state = PROCESS_RUNNING;
}

/* It is a monitor that says that a restart is due. */
static void
a_monitor_looks_what_was_changed_since_the_start(void **state)
{
    static const struct reply running[] = {
        { "postgres_examine", 0, NULL, 0, runs },
        END
    };

    (void) state;
    prepare(ACTION_MONITOR);
    touched_reply(running);
    observe(&acting, FACT_PROCESS, 0, &world);
    assert_called("postgres_examine quick | postgres_read_old_option"
                  " | watch_observe | memory_calm_ms");
    prepare(ACTION_NOTIFY);
    touched_reply(running);
    observe(&acting, FACT_PROCESS, 0, &world);
    assert_called("postgres_examine quick | watch_observe");
}

static void
no_more_is_asked_of_a_server_that_does_not_answer(void **state)
{
    (void) state;
    prepare(ACTION_MONITOR);
    touched_reply(all_fails);
    observe(&acting, FACT_SQL | FACT_SENDERS | FACT_POSITION | FACT_REPLAY, 0,
            &world);
    assert_called("pgsql_observe");
}

static void
another_server_at_our_socket_is_not_believed(void **state)
{
    static const struct reply foreign[] = {
        { "pgsql_observe", 0, NULL, 0, answers },
        { "pgsql_observe_senders", 0, NULL, 0, NULL },
        { "pgsql_listener_pid", 99, NULL, 0, NULL },
        END
    };

    (void) state;
    prepare(ACTION_MONITOR);
    touched_reply(foreign);
    observe(&acting, FACT_SQL | FACT_SETTINGS, 0, &world);
    assert_called("pgsql_observe | pgsql_listener_pid | pgsql_close");
    assert_int_equal(world.server.answer, ANSWER_ERROR);
    assert_int_equal(world.server.in_recovery, TRI_UNKNOWN);
    assert_string_equal(world.server.text, "process 99 answers there, not "
                        "postmaster 4711: look at pgport and socketdir. Ours "
                        "is that of '/data'");
    observe(&acting, FACT_SENDERS, 0, &world);
    assert_int_not_equal(world.senders.told, TRI_YES);
}

static void
senders_that_were_read_are_remembered(void **state)
{
    static const struct reply told[] = {
        { "pgsql_observe_senders", 0, NULL, 0, NULL },
        END
    };

    (void) state;
    prepare(ACTION_MONITOR);
    touched_reply(told);
    observe(&acting, FACT_SENDERS | FACT_RECORD, 0, &world);
    /* by the key of the cluster that is read after them */
    assert_called("pgsql_observe_senders | pgsql_listener_pid"
                  " | cluster_observe_cib record | memory_note_senders"
                  " | config_read_slots | memory_note_slots");
    assert_int_equal(world.senders.told, TRI_YES);
    touched_reset();
    touched_reply(all_fails);
    observe(&acting, FACT_SENDERS, 0, &world);
    assert_called("pgsql_observe_senders");
    assert_int_equal(world.senders.told, TRI_NO);
}

static void
copy(const char *from, char *to, size_t size)
{
    assert_int_equal(text_copy(from, to, size), 0);
}

static void
has_two_slots(void *ret)
{
    struct snapshot *snapshot = ret;
    struct senders *senders = &snapshot->senders;

    copy("pg_srv2", senders->slot_row[0].name, SERVER_NAME_SIZE);
    copy("old_srv2", senders->slot_row[1].name, SERVER_NAME_SIZE);
    senders->slot_row[0].slot.there = TRI_YES;
    senders->slot_row[1].slot.there = TRI_YES;
    senders->slot_row_count = 2;
}

static void
old_one_was_ours(void *ret)
{
    struct slot_names *names = ret;

    names->count = 1;
    copy("old_srv2", names->name[0], SERVER_NAME_SIZE);
}

/* For the next change of node_list or of the prefix. */
static void
slots_of_ours_are_kept_in_mind(void **state)
{
    static const struct reply slots[] = {
        { "pgsql_observe_senders", 0, NULL, 0, has_two_slots },
        { "config_read_slots", 0, NULL, 0, old_one_was_ours },
        END,
    };

    (void) state;
    prepare(ACTION_MONITOR);
    copy("srv2", world.node[1].name, NODE_NAME_SIZE);
    touched_reply(slots);
    observe(&acting, FACT_SENDERS, 0, &world);
    assert_non_null(strstr(touched_calls(), "config_write_slots 2 pg_srv2"));
    assert_int_equal(world.node[1].senders.slot.there, TRI_YES);
    assert_int_equal(world.senders.slot_row_count, 1);
    assert_int_equal(world.senders.slot_row[0].external, TRI_NO);
    prepare(ACTION_MONITOR);
    copy("srv2", world.node[1].name, NODE_NAME_SIZE);
    acting.only_looks = true;
    touched_reply(slots);
    observe(&acting, FACT_SENDERS, 0, &world);
    assert_null(strstr(touched_calls(), "config_write_slots"));
}

/* A standby that uses none may have some of before, and asks for them then. */
static void
without_a_prefix_the_files_tell_of_old_slots(void **state)
{
    static const struct reply slots[] = {
        { "config_read_slots", 0, NULL, 0, old_one_was_ours },
        END,
    };

    (void) state;
    prepare(ACTION_MONITOR);
    acting.params.replication_slot_name = "";
    touched_reply(slots);
    observe(&acting, FACT_FILES, 0, &world);
    assert_int_equal(world.files.slots, TRI_YES);
    prepare(ACTION_MONITOR);
    acting.params.replication_slot_name = "";
    look(FACT_FILES);
    assert_int_equal(world.files.slots, TRI_NO);
}

static void
two_looks_tell_whether_replay_goes_on(void **state)
{
    static const struct reply before[] = {
        { "pgsql_observe_position", 0, NULL, 0, is_at_300 }, END
    };
    static const struct reply after[] = {
        { "pgsql_observe_position", 0, NULL, 0, is_at_400 }, END
    };

    (void) state;
    prepare(ACTION_PROMOTE);
    touched_reply(before);
    observe(&acting, FACT_POSITION, 0, &world);
    assert_int_equal(world.position_advances, TRI_UNKNOWN);
    observe(&acting, FACT_POSITION, 0, &world);
    assert_int_equal(world.position_advances, TRI_NO);
    touched_reply(after);
    observe(&acting, FACT_POSITION, 0, &world);
    assert_int_equal(world.position_advances, TRI_YES);
    assert_int_equal(world.server.position.lsn, 0x400);
    touched_reply(all_fails);
    observe(&acting, FACT_POSITION, 0, &world);
    assert_int_equal(world.position_advances, TRI_UNKNOWN);
    assert_int_equal(world.server.position.lsn, 0);
}

/* A session tells a position too, which is none to compare a vote with. */
static void
a_vote_is_compared_with_a_vote(void **state)
{
    static const struct reply told[] = {
        { "pgsql_observe", 0, NULL, 0, answers },
        { "pgsql_observe_position", 0, NULL, 0, is_at_300 },
        END
    };

    (void) state;
    prepare(ACTION_PROMOTE);
    touched_reply(told);
    observe(&acting, FACT_POSITION, 0, &world);
    observe(&acting, FACT_SQL | FACT_POSITION, 0, &world);
    assert_int_equal(world.position_advances, TRI_NO);
}

static void
a_standbys_waits_are_timed(void **state)
{
    static const struct reply told[] = {
        { "pgsql_observe", 0, NULL, 0, answers },
        { "memory_still_ms", 4000, NULL, 0, NULL },
        { "memory_alone_ms", 6000, NULL, 0, NULL },
        END
    };

    (void) state;
    prepare(ACTION_MONITOR);
    touched_reply(told);
    observe(&acting, FACT_SQL, 0, &world);
    assert_called("pgsql_observe | pgsql_listener_pid | memory_still_ms 200"
                  " | memory_alone_ms none");
    assert_int_equal(world.server.progress.still_ms, 4000);
    assert_int_equal(world.server.alone_ms, 6000);
}

static void
a_stopped_startup_process_waits_for_nothing(void **state)
{
    static const struct reply stopped[] = {
        { "process_is_stopped", 1, NULL, 0, NULL },
        { "memory_replay_is_busy", TRI_NO, NULL, 0, NULL },
        END
    };

    (void) state;
    prepare(ACTION_MONITOR);
    world.replay.waits = TRI_YES;
    touched_reply(stopped);
    observe(&acting, FACT_REPLAY, 0, &world);
    assert_int_equal(world.replay.waits, TRI_NO);
    assert_int_not_equal(world.replay.busy, TRI_YES);
}

/* It may be dear, and may break the session: once an action, and last. */
static void
monitor_sql_is_run_once_and_last(void **state)
{
    static const struct reply bad[] = {
        { "pgsql_run_monitor_sql", TRI_NO, "no table", 0, NULL },
        END
    };

    (void) state;
    prepare(ACTION_MONITOR);
    acting.params.monitor_sql = "select 1/0";
    touched_reply(bad);
    observe(&acting, FACT_SQL | FACT_SETTINGS, 0, &world);
    assert_called("pgsql_observe | pgsql_listener_pid"
                  " | pgsql_observe_settings | pgsql_run_monitor_sql");
    assert_int_equal(world.monitor_sql_ok, TRI_NO);
    assert_string_equal(world.server.text, "no table");
    look(FACT_SQL);
    assert_null(strstr(touched_calls(), "pgsql_run_monitor_sql"));
    prepare(ACTION_START);
    acting.params.monitor_sql = "select 1/0";
    look(FACT_SQL);
    assert_null(strstr(touched_calls(), "pgsql_run_monitor_sql"));
}

static void
a_past_that_cannot_be_read_is_said(void **state)
{
    (void) state;
    prepare(ACTION_MONITOR);
    touched_reply(all_fails);
    observe(&acting, FACT_HISTORY, 0, &world);
    assert_has(touched_log(), "4 could not read the history of timeline 3 in "
               "'/data/pg_wal'\n");
    world.server.position.timeline = 0;
    look(FACT_HISTORY);
    assert_called("");
}

/* --- the machine ---------------------------------------------------------- */

/* Each look-up may take as long as a name server hangs. */
static void
a_name_that_is_not_known_is_looked_up_once(void **state)
{
    (void) state;
    prepare(ACTION_MONITOR);
    touched_reply(all_fails);
    observe(&acting, FACT_ADDRESS, 0, &world);
    assert_called("address_is_here 192.0.2.1 | memory_say");
    assert_int_equal(world.address_here, TRI_UNKNOWN);
    assert_has(touched_log(), "4 no such name. It is not known whether");
    look(FACT_ADDRESS);
    assert_called("");
    prepare(ACTION_MONITOR);
    acting.params.rep_mode = REP_MODE_NONE;
    look(FACT_ADDRESS);
    assert_called("");
}

static void
only_validate_tries_whether_a_refusal_is_possible(void **state)
{
    (void) state;
    prepare(ACTION_VALIDATE);
    look(FACT_REFUSAL);
    assert_called("nftables_observe | nftables_try");
}

static void
asks_each_other_node_that_is_online_for_its_copy(void **state)
{
    static const struct reply fails[] = {
        { "cluster_read_copy", -1, "no answer from it", 0, NULL }, END
    };

    (void) state;
    prepare(ACTION_STATUS);
    world.self = 0;
    world.node_count = 3;
    for (size_t i = 0; i < world.node_count; i++) {
        world.node[i].name[0] = (char) ('a' + i);
        world.node[i].member.online = TRI_YES;
    }
    look(FACT_COPIES);
    assert_called("cluster_read_copy b | cluster_read_copy c");
    assert_int_equal(world.node[0].copy_answered, TRI_UNKNOWN);
    assert_int_equal(world.node[1].copy_answered, TRI_YES);
    world.node[2].member.online = TRI_NO;
    touched_reply(fails);
    observe(&acting, FACT_COPIES, 0, &world);
    assert_int_equal(world.node[1].copy_answered, TRI_NO);
    assert_int_equal(world.node[2].copy_answered, TRI_UNKNOWN);
    assert_has(touched_log(), "no answer from it");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fact_makes_its_own_looks),
        cmocka_unit_test(what_was_not_asked_for_is_not_looked_at),
        cmocka_unit_test(a_failed_look_leaves_unknown),
        cmocka_unit_test(each_cause_stands_where_its_reason_looks_for_it),
        cmocka_unit_test(each_look_is_handed_its_deadline),
        cmocka_unit_test(files_server_and_cluster_have_a_time_each),
        cmocka_unit_test(a_frozen_server_is_asked_for_half_a_second),
        cmocka_unit_test(a_server_that_is_gone_is_not_asked),
        cmocka_unit_test(
            only_what_may_conclude_from_a_pid_file_looks_quickly),
        cmocka_unit_test(a_monitor_looks_what_was_changed_since_the_start),
        cmocka_unit_test(no_more_is_asked_of_a_server_that_does_not_answer),
        cmocka_unit_test(another_server_at_our_socket_is_not_believed),
        cmocka_unit_test(senders_that_were_read_are_remembered),
        cmocka_unit_test(slots_of_ours_are_kept_in_mind),
        cmocka_unit_test(without_a_prefix_the_files_tell_of_old_slots),
        cmocka_unit_test(two_looks_tell_whether_replay_goes_on),
        cmocka_unit_test(a_vote_is_compared_with_a_vote),
        cmocka_unit_test(a_standbys_waits_are_timed),
        cmocka_unit_test(a_stopped_startup_process_waits_for_nothing),
        cmocka_unit_test(monitor_sql_is_run_once_and_last),
        cmocka_unit_test(a_past_that_cannot_be_read_is_said),
        cmocka_unit_test(a_name_that_is_not_known_is_looked_up_once),
        cmocka_unit_test(only_validate_tries_whether_a_refusal_is_possible),
        cmocka_unit_test(asks_each_other_node_that_is_online_for_its_copy),
    };

    return cmocka_run_group_tests_name("observe", tests, NULL, NULL);
}
