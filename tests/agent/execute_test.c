/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each operation of a plan does, and what is left of it when it fails.
 * All that the handlers touch is played by tests/standin/touched.c.
 */

#include <errno.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "cmocka_all.h"
#include "execute.h"
#include "pgsql.h"
#include "own_files.h"
#include "pgsql_source.h"
#include "rebuild.h"
#include "rejoin_marker.h"
#include "rewind.h"
#include "touched.h"

#define DEADLINE_MS 31000       /* of the action, which began at 1000 */
#define ATTR_MS 5000
#define COPY_MS 1000
#define NUMBER 1                /* of each operation in the table */

static struct instance acting;
static struct snapshot world;
static struct plan plan;

/* Until when may an operation's call wait? */
enum limit {
    LIMIT_NONE = 0,             /* it does not wait */
    LIMIT_ACTION,               /* until the action's end */
    LIMIT_ATTR,                 /* crm_attr_timeout */
    LIMIT_COPY,                 /* another node's daemon */
    LIMIT_NUMBER,               /* the operation says */
};

/* What one operation on node srv2 with NUMBER and the value `v` does. */
struct deed {
    const char *calls;          /* NULL: the operation has no row here */
    const char *fails;          /* the call that can fail; NULL: none can */
    enum limit limit;
};

#define ATTR_DEED(X, symbol, field, word, prefix, suffix, ...) \
    [OP_SET_##symbol] = { "cluster_set_attr " prefix "db" suffix " srv2 v", \
                          "cluster_set_attr", LIMIT_ATTR },

static const struct deed deeds[OP_COUNT] = {
    [OP_NONE] = { "", NULL, LIMIT_NONE },
    [OP_LOG] = { "", NULL, LIMIT_NONE },
    [OP_LOG_ONCE] = { "memory_say", NULL, LIMIT_NONE },
    [OP_SET_DATA_STATUS] = { "cluster_set_records srv2 status=v",
                             "cluster_set_records", LIMIT_ATTR },
    [OP_SET_DATA_QUORUM] = { "cluster_set_records srv2 quorum=v",
                             "cluster_set_records", LIMIT_ATTR },
    [OP_RECORD_SYSTEM_ID] = { "cluster_record_option system-id v",
                              "cluster_record_option", LIMIT_ATTR },
    [OP_RECORD_NAME_KEY] = { "cluster_record_option name-key v",
                             "cluster_record_option", LIMIT_ATTR },
    [OP_READ_COPY] = { "cluster_read_copy srv2", "cluster_read_copy",
                       LIMIT_COPY },
    [OP_PREPARE] = { "postgres_prepare", "postgres_prepare", LIMIT_NONE },
    [OP_WRITE_CONFIG] = { "config_write_includes", "config_write_includes",
                          LIMIT_NONE },
    [OP_WRITE_SYNC_NAMES] = { "memory_save 'v' proven asked 0 mark 0"
                              " | config_write_sync_names v",
                              "config_write_sync_names", LIMIT_NONE },
    [OP_WRITE_STANDBY] = { "config_write_standby srv1 as srv1, kind 1",
                           "config_write_standby", LIMIT_NONE },
    [OP_REMOVE_STANDBY] = { "config_remove_standby", "config_remove_standby",
                            LIMIT_NONE },
    [OP_CREATE_LOCK] = { "config_set_lock present", "config_set_lock",
                         LIMIT_NONE },
    [OP_REMOVE_LOCK] = { "config_set_lock absent", "config_set_lock",
                         LIMIT_NONE },
    [OP_REMOVE_BACKUP_LABEL] = { "config_remove_backup_label",
                                 "config_remove_backup_label", LIMIT_NONE },
    [OP_TAIL_SERVER_LOG] = { "postgres_tail_log", NULL, LIMIT_NONE },
    [OP_START_SERVER] = { "memory_forget_alone | pgsql_close"
                          " | postgres_start", "postgres_start",
                          LIMIT_ACTION },
    [OP_STOP_FAST] = { "pgsql_close | watch_end | postgres_signal stop-fast",
                       "postgres_signal", LIMIT_NONE },
    [OP_STOP_IMMEDIATE] = { "pgsql_close | watch_end"
                            " | postgres_signal stop-immediate",
                            "postgres_signal", LIMIT_NONE },
    [OP_KILL_ALL] = { "pgsql_close | watch_end | postgres_signal kill",
                      "postgres_signal", LIMIT_NONE },
    [OP_RELOAD] = { "postgres_signal reload", "postgres_signal",
                    LIMIT_NONE },
    [OP_PROMOTE_SERVER] = { "pgsql_promote", "pgsql_promote",
                            LIMIT_ACTION },
    [OP_END_NEWCOMERS] = { "pgsql_close | postgres_signal end-newcomers",
                           "postgres_signal", LIMIT_NONE },
    [OP_NOTE_ALONE] = { "", NULL, LIMIT_NONE },
    [OP_NOTE_WRITTEN] = { "", NULL, LIMIT_NONE },
    [OP_END_HOLDER] = { "postgres_end_holder sender 1 15",
                        "postgres_end_holder", LIMIT_NONE },
    [OP_END_COMMAND] = { "postgres_end_holder command 1 15",
                         "postgres_end_holder", LIMIT_NONE },
    [OP_KILL_COMMAND] = { "postgres_end_holder command 1 9",
                          "postgres_end_holder", LIMIT_NONE },
    [OP_END_RESTORE] = { "postgres_end_holder restore 1 9",
                         "postgres_end_holder", LIMIT_NONE },
    [OP_END_RECEIVER] = { "postgres_signal end-receiver", "postgres_signal",
                          LIMIT_NONE },
    [OP_END_SENDERS] = { "pgsql_end_senders 1 v", "pgsql_end_senders",
                         LIMIT_ACTION },
    [OP_END_SESSIONS] = { "pgsql_end_sessions", "pgsql_end_sessions",
                          LIMIT_ACTION },
    [OP_BEGIN_RESTART] = { "", NULL, LIMIT_NONE },
    [OP_END_RESTART] = { "", NULL, LIMIT_NONE },
    [OP_SWITCH_WAL] = { "pgsql_switch_wal", "pgsql_switch_wal",
                        LIMIT_ACTION },
    [OP_CREATE_SLOT] = { "config_read_slots | config_write_slots 1 s_srv2"
                         " | pgsql_create_slot s_srv2", "pgsql_create_slot",
                         LIMIT_ACTION },
    [OP_CREATE_EXTERNAL_SLOTS] = { "config_read_slots"
                                   " | config_write_slots 1 s_far1"
                                   " | pgsql_create_slot s_far1"
                                   " | config_read_slots"
                                   " | config_write_slots 1 s_far2"
                                   " | pgsql_create_slot s_far2",
                                   "pgsql_create_slot", LIMIT_ACTION },
    [OP_DROP_SLOT] = { "pgsql_drop_slot s_srv2", "pgsql_drop_slot",
                       LIMIT_ACTION },
    [OP_WRITE_SYNC_SLOTS] = { "config_write_sync_names old",
                              "config_write_sync_names", LIMIT_NONE },
    [OP_DROP_UNSYNCED_SLOTS] = { "pgsql_drop_unsynced_slots",
                                 "pgsql_drop_unsynced_slots", LIMIT_ACTION },
    [OP_GIVE_UP_SLOT] = { "pgsql_drop_slot s_srv2"
                          " | memory_give_up_slot srv2", "pgsql_drop_slot",
                          LIMIT_ACTION },
    [OP_DROP_OTHER_SLOT] = { "pgsql_drop_slot v", "pgsql_drop_slot",
                             LIMIT_ACTION },
    [OP_ADVANCE_SLOTS] = { "pgsql_advance_slots s_srv2,s_far1 v",
                           "pgsql_advance_slots", LIMIT_ACTION },
    [OP_ASK_CHECKPOINT] = { "pgsql_ask_checkpoint"
                            " | memory_save 'old' open asked 7000000 mark 0",
                            "pgsql_ask_checkpoint", LIMIT_ACTION },
    [OP_CHECKPOINT] = { "pgsql_checkpoint", "pgsql_checkpoint",
                        LIMIT_NUMBER },
    [OP_TAKE_MARK] = { "pgsql_observe | memory_save 'old' proven asked 0"
                       " mark 5000000", "pgsql_observe", LIMIT_ACTION },
    [OP_WATCH] = { "watch_begin 4711", "watch_begin", LIMIT_NONE },
    [OP_UNWATCH] = { "watch_end", NULL, LIMIT_NONE },
    [OP_NOTE_LEAVING] = { "memory_note_leaving srv2", NULL, LIMIT_NONE },
    [OP_NOTE_CALM] = { "memory_note_calm", NULL, LIMIT_NONE },
    [OP_CREATE_REFUSAL] = { "nftables_create 1", "nftables_create",
                            LIMIT_NONE },
    [OP_DROP_REFUSAL] = { "nftables_drop", "nftables_drop", LIMIT_NONE },
    [OP_MARK_REJOIN] = { "rejoin_read_marker | rejoin_inode"
                         " | rejoin_write_marker unknown goes-on"
                         " | rejoin_note_progress 0 of 0",
                         "rejoin_write_marker", LIMIT_NONE },
    [OP_GIVE_UP_REJOIN] = { "rejoin_read_marker | rejoin_inode"
                            " | rejoin_write_marker none given-up",
                            "rejoin_write_marker", LIMIT_NONE },
    [OP_UNMARK_REJOIN] = { "rejoin_read_marker | rejoin_inode"
                           " | own_files_forget | rejoin_remove_marker",
                           "rejoin_remove_marker", LIMIT_NONE },
    [OP_BEGIN_REJOIN] = { "rejoin_begin", "rejoin_begin", LIMIT_NONE },
    [OP_END_REJOIN] = { "rejoin_end", "rejoin_end", LIMIT_NONE },
    [OP_KEEP_WAL] = { "instance_unlock | salvage_keep | salvage_note_files"
                      " | rejoin_read_marker | rejoin_inode"
                      " | rejoin_write_marker none goes-on | salvage_list no"
                      " | salvage_prune 0 | instance_lock", "salvage_keep",
                      LIMIT_NONE },
    [OP_PROVE_SOURCE] = { "instance_unlock | pgsql_prove_source 1"
                          " | instance_lock", "pgsql_prove_source",
                          LIMIT_NONE },
    [OP_CHECK_REWIND] = { "instance_unlock | own_files_save again"
                          " | rewind_check 1 | rejoin_read_marker"
                          " | rejoin_inode | salvage_keep_before ''"
                          " | instance_lock",
                          "rewind_check", LIMIT_NONE },
    [OP_REWIND] = { "instance_unlock | rejoin_read_marker | rejoin_inode"
                    " | own_files_restore | salvage_put_back ''"
                    " | own_files_save again"
                    " | rebuild_clear_inside | config_write_block"
                    " | rejoin_write_marker none goes-on | rewind_wal_is_apart"
                    " | rewind_run 1"
                    " | rewind_verify | rewind_sync | config_remove_block"
                    " | own_files_restore | instance_lock",
                    "own_files_restore", LIMIT_NONE },
    [OP_REBUILD] = { "instance_unlock | rejoin_read_marker | rejoin_inode"
                     " | rejoin_write_marker none goes-on"
                     " | pgsql_list_tablespaces | rebuild_copy 77 1"
                     " | instance_lock",
                     "rebuild_copy", LIMIT_NONE },
    [OP_SWAP_DATA] = { "rejoin_read_marker | rejoin_inode"
                       " | config_block_folder | rebuild_swap 77"
                       " | config_remove_block | own_files_restore",
                       "rebuild_swap", LIMIT_NONE },
    [OP_END_RECOVERY] = { "instance_unlock | single_user_end_recovery"
                          " | instance_lock", "single_user_end_recovery",
                          LIMIT_NONE },
    [OP_PRUNE_KEPT] = { "salvage_prune 0 | rebuild_prune | memory_note_kept",
                        "rebuild_prune", LIMIT_NONE },
    [OP_HAND_OVER] = { "watch_hand_over", "watch_hand_over", LIMIT_NONE },
    [OP_REPORT] = { "watch_report", "watch_report", LIMIT_NONE },
    ATTR_LIST(ATTR_DEED, )
};

/* --- the script ----------------------------------------------------------- */

static void
copy(const char *from, char *to, size_t size)
{
    assert_int_equal(text_copy(from, to, size), 0);
}

static void
tell_position(void *ret)
{
    struct server *server = ret;

    server->position.lsn = 0x5000000;
}

static void
tell_words(void *ret)
{
    struct server *server = ret;

    copy("it was not to be", server->text, sizeof(server->text));
}

static const struct reply all_is_well[] = {
    { "pgsql_observe", 0, NULL, 0, tell_position },
    { NULL, 0, NULL, 0, NULL },
};

/* A node that acts, at 1000 of the clock, and nothing planned. */
static void
prepare(void)
{
    static const struct instance empty_instance;
    static const struct snapshot empty_snapshot;
    struct name_list *far = &acting.params.external_standby_node_list;

    acting = empty_instance;
    world = empty_snapshot;
    acting.params.crm_attr_timeout_s = ATTR_MS / 1000;
    acting.params.replication_slot_name = "s";
    acting.params.logfile = "/log";
    acting.params.pgdata = "/data";
    acting.params.pgdba = "postgres";
    acting.params.rebuild_command = "";
    acting.params.rep_mode = REP_MODE_SYNC;
    far->count = 2;
    copy("far1", far->name[0], NODE_NAME_SIZE);
    copy("far2", far->name[1], NODE_NAME_SIZE);
    copy("srv1", acting.self_name, sizeof(acting.self_name));
    acting.begin_ms = 1000;
    acting.deadline_ms = DEADLINE_MS;
    world.node_count = 2;
    copy("srv1", world.node[0].name, NODE_NAME_SIZE);
    copy("srv2", world.node[1].name, NODE_NAME_SIZE);
    world.node[1].senders.slot.there = TRI_YES;
    world.senders.slot_row_count = 1;
    copy("s_far1", world.senders.slot_row[0].name, SERVER_NAME_SIZE);
    world.process.state = PROCESS_RUNNING;
    world.process.postmaster_pid = 4711;
    world.record.name_key.known = ATTR_UNSET;
    copy("old", world.server.sync_names, sizeof(world.server.sync_names));
    touched_reset();
    touched_reply(all_is_well);
    plan_init(&plan);
}

static struct op *
add(enum op_kind kind, enum op_need need, const char *value)
{
    plan_add(&plan, kind, need, 1, value);
    plan.op[plan.count - 1].number = NUMBER;
    return &plan.op[plan.count - 1];
}

static void
run(void)
{
    assert_false(plan.overflow);
    execute(&acting, &plan, &world);
}

static void
assert_has(const char *whole, const char *part)
{
    if (strstr(whole, part) == NULL) {
        fail_msg("'%s' is not in '%s'", part, whole);
    }
}

/* This call fails so, wherever it comes. */
static void
let_fail(const char *function, const char *words, int64_t takes_ms)
{
    static struct reply answers[2];

    answers[0] = (struct reply) { function, -1, words, takes_ms, NULL };
    if (strcmp(function, "pgsql_observe") == 0) {
        answers[0].fill = tell_words;   /* a look has no other place */
    }
    touched_reply(answers);
}

static int64_t
expected_deadline_ms(enum limit limit)
{
    switch (limit) {
        case LIMIT_NONE:
            return -1;
        case LIMIT_ACTION:
            return DEADLINE_MS;
        case LIMIT_ATTR:
            return 1000 + ATTR_MS;
        case LIMIT_COPY:
            return 1000 + COPY_MS;
        case LIMIT_NUMBER:
            return 1000 + NUMBER;
    }
    return 0;
}

/* --- every operation ------------------------------------------------------ */

static void
each_operation_does_its_own_thing(void **state)
{
    (void) state;
    for (enum op_kind kind = OP_NONE; kind < OP_COUNT; kind++) {
        const struct deed *deed = &deeds[kind];

        if (deed->calls == NULL) {
            fail_msg("what does '%s' do? A row is missing", op_name(kind));
        }
        prepare();
        (void) add(kind, OP_REQUIRED, "v");
        run();
        assert_string_equal(touched_calls(), deed->calls);
        assert_int_equal(world.failed, OP_NONE);
        assert_int_equal(world.done[kind].times, 1);
        assert_int_equal(world.done[kind].rc, OP_RC_OK);
    }
}

/* A SIGKILL may fall after any of them; the next action does it again. */
static void
each_operation_does_the_same_a_second_time(void **state)
{
    char twice[1024];

    (void) state;
    for (enum op_kind kind = OP_NONE; kind < OP_COUNT; kind++) {
        const struct deed *deed = &deeds[kind];

        prepare();
        (void) add(kind, OP_REQUIRED, "v");
        run();
        run();
        assert_int_equal(world.failed, OP_NONE);
        assert_int_equal(world.done[kind].times, 2);
        (void) snprintf(twice, sizeof(twice), "%s%s%s", deed->calls,
                        deed->calls[0] != '\0' ? " | " : "", deed->calls);
        assert_string_equal(touched_calls(), twice);
    }
}

static void
a_required_one_that_fails_ends_the_plan(void **state)
{
    char line[256];

    (void) state;
    for (enum op_kind kind = OP_NONE; kind < OP_COUNT; kind++) {
        if (deeds[kind].fails == NULL) {
            continue;
        }
        prepare();
        let_fail(deeds[kind].fails, "it was not to be", 0);
        (void) add(kind, OP_REQUIRED, "v");
        (void) add(OP_DROP_REFUSAL, OP_REQUIRED, NULL);
        run();
        assert_int_equal(world.failed, kind);
        assert_has(world.failure, "it was not to be");
        assert_int_equal(world.done[kind].rc, OP_RC_FAILED);
        if (kind != OP_DROP_REFUSAL) {
            assert_int_equal(world.done[OP_DROP_REFUSAL].times, 0);
            assert_null(strstr(touched_calls(), "nftables_drop"));
        }
        (void) snprintf(line, sizeof(line), "%d %s failed: it was not to be",
                        LOG_ERR, op_name(kind));
        assert_has(touched_log(), line);
    }
}

static void
best_effort_that_fails_is_said_and_passed_over(void **state)
{
    char line[256];

    (void) state;
    for (enum op_kind kind = OP_NONE; kind < OP_COUNT; kind++) {
        if (deeds[kind].fails == NULL) {
            continue;
        }
        prepare();
        let_fail(deeds[kind].fails, "it was not to be", 0);
        (void) add(kind, OP_BEST_EFFORT, "v");
        (void) add(OP_NOTE_CALM, OP_REQUIRED, NULL);
        run();
        assert_int_equal(world.failed, OP_NONE);
        assert_string_equal(world.failure, "");
        assert_int_equal(world.done[kind].rc, OP_RC_FAILED);
        assert_int_equal(world.done[OP_NOTE_CALM].times, 1);
        (void) snprintf(line, sizeof(line), "%d %s failed: it was not to be",
                        LOG_WARNING, op_name(kind));
        assert_has(touched_log(), line);
    }
}

/* A path may be longer than what a snapshot keeps: never an empty cause. */
static void
a_cause_that_is_too_long_is_said_to_be(void **state)
{
    static char words[SERVER_TEXT_SIZE + 1];

    (void) state;
    memset(words, 'x', SERVER_TEXT_SIZE);
    prepare();
    let_fail("config_set_lock", words, 0);
    (void) add(OP_CREATE_LOCK, OP_REQUIRED, NULL);
    run();
    assert_string_equal(world.failure, "its cause was too long to show");
}

/* What waits has a deadline of its own, which is never past the action's. */
static void
each_wait_ends_in_time(void **state)
{
    (void) state;
    for (enum op_kind kind = OP_NONE; kind < OP_COUNT; kind++) {
        const struct deed *deed = &deeds[kind];

        if (deed->fails == NULL) {
            continue;
        }
        prepare();
        (void) add(kind, OP_REQUIRED, "v");
        run();
        if (touched_deadline_ms(deed->fails)
            != expected_deadline_ms(deed->limit)) {
            fail_msg("%s may wait until %lld", op_name(kind),
                     (long long) touched_deadline_ms(deed->fails));
        }
        if (deed->limit == LIMIT_NONE) {
            continue;
        }
        prepare();
        acting.deadline_ms = 1000;
        (void) add(kind, OP_REQUIRED, "v");
        run();
        assert_int_equal(touched_deadline_ms(deed->fails), 1000);
    }
}

static void
one_that_times_out_says_so_and_when(void **state)
{
    (void) state;
    for (enum op_kind kind = OP_NONE; kind < OP_COUNT; kind++) {
        if (deeds[kind].fails == NULL
            || deeds[kind].limit == LIMIT_NONE) {
            continue;
        }
        prepare();
        let_fail(deeds[kind].fails, "it was not to be", DEADLINE_MS);
        (void) add(kind, OP_REQUIRED, "v");
        (void) add(OP_NOTE_CALM, OP_REQUIRED, NULL);
        run();
        assert_int_equal(world.failed, kind);
        assert_int_equal(world.done[OP_NOTE_CALM].times, 0);
        assert_int_equal(world.done[kind].first_ms
                         % DEADLINE_MS, 0);     /* by one wait, or by two */
        assert_true(world.done[kind].first_ms > 0);
    }
}

static void
tells_when_it_was_first_and_last_done(void **state)
{
    static const struct reply slow[] = {
        { "nftables_drop", 0, NULL, 250, NULL },
        { NULL, 0, NULL, 0, NULL },
    };

    (void) state;
    prepare();
    touched_reply(slow);
    (void) add(OP_DROP_REFUSAL, OP_REQUIRED, NULL);
    (void) add(OP_DROP_REFUSAL, OP_REQUIRED, NULL);
    run();
    assert_int_equal(world.done[OP_DROP_REFUSAL].times, 2);
    assert_int_equal(world.done[OP_DROP_REFUSAL].first_ms, 250);
    assert_int_equal(world.done[OP_DROP_REFUSAL].last_ms, 500);
}

/* The cycle asks `failed` alone whether it has to try again. */
static void
a_plan_that_went_well_forgets_the_last_failure(void **state)
{
    (void) state;
    prepare();
    world.failed = OP_RELOAD;
    run();
    assert_int_equal(world.failed, OP_NONE);
}

static void
logs_with_the_priority_that_it_carries(void **state)
{
    (void) state;
    prepare();
    plan_log(&plan, LOG_NOTICE, "it begins");
    plan_log_once(&plan, LOG_WARNING, "it lasts");
    run();
    assert_string_equal(touched_log(), "5 it begins\n4 it lasts\n");
}

/* --- the cluster ---------------------------------------------------------- */

static void
what_was_written_is_what_is_there(void **state)
{
    (void) state;
    prepare();
    (void) add(OP_SET_SCORE, OP_REQUIRED, "100");
    run();
    assert_true(attr_is(snapshot_attr(&world, 1, OP_SET_SCORE), "100"));
    prepare();
    (void) add(OP_SET_SCORE, OP_REQUIRED, "");
    run();
    assert_string_equal(touched_calls(),
                        "cluster_set_attr master-db srv2 (none)");
    assert_int_equal(snapshot_attr(&world, 1, OP_SET_SCORE)->known,
                     ATTR_UNSET);
}

static void
what_could_not_be_written_stays_as_it_was_seen(void **state)
{
    (void) state;
    prepare();
    snapshot_note_attr(&world, 1, OP_SET_SCORE, "1000");
    let_fail("cluster_set_attr", "attrd is gone", 0);
    (void) add(OP_SET_SCORE, OP_REQUIRED, "100");
    run();
    assert_true(attr_is(snapshot_attr(&world, 1, OP_SET_SCORE), "1000"));
    assert_string_equal(world.failure, "attrd is gone");
}

/* A crash between two of them would leave a record that nobody decided. */
static void
records_in_a_row_are_one_change(void **state)
{
    (void) state;
    prepare();
    (void) add(OP_SET_DATA_STATUS, OP_REQUIRED, "DISCONNECT");
    plan_add(&plan, OP_SET_DATA_STATUS, OP_REQUIRED, 0, "LATEST");
    (void) add(OP_SET_DATA_QUORUM, OP_REQUIRED, "1/2");
    (void) add(OP_SET_DATA_QUORUM, OP_BEST_EFFORT, "1/3");
    (void) add(OP_NOTE_CALM, OP_BEST_EFFORT, NULL);
    (void) add(OP_SET_DATA_STATUS, OP_BEST_EFFORT, "x");
    run();
    assert_string_equal(
        touched_calls(), "cluster_set_records srv2 status=DISCONNECT srv1 "
        "status=LATEST srv2 quorum=1/2 | cluster_set_records srv2 quorum=1/3 "
        "| memory_note_calm | cluster_set_records srv2 status=x");
    assert_int_equal(world.done[OP_SET_DATA_STATUS].times, 3);
    assert_int_equal(world.done[OP_SET_DATA_QUORUM].times, 2);
}

static void
a_row_of_records_fails_as_a_whole(void **state)
{
    (void) state;
    prepare();
    let_fail("cluster_set_records", "the CIB said no", 0);
    (void) add(OP_SET_DATA_STATUS, OP_REQUIRED, "LATEST");
    (void) add(OP_SET_DATA_QUORUM, OP_REQUIRED, "1/2");
    run();
    assert_int_equal(world.failed, OP_SET_DATA_STATUS);
    assert_string_equal(world.failure, "the CIB said no");
    assert_int_equal(world.done[OP_SET_DATA_STATUS].rc, OP_RC_FAILED);
    assert_int_equal(world.done[OP_SET_DATA_QUORUM].rc, OP_RC_FAILED);
}

/* Its copy has to show what is written now, not what was there before (P2). */
static void
a_record_makes_what_the_copy_said_an_old_story(void **state)
{
    (void) state;
    prepare();
    snapshot_note_attr(&world, 1, OP_SET_SCORE, "kept");
    world.node[1].copy.known = ATTR_SET;
    world.node[1].copy_quorum.known = ATTR_SET;
    world.node[1].copy_self.known = ATTR_SET;
    world.node[1].copy_answered = TRI_YES;
    (void) add(OP_SET_DATA_STATUS, OP_REQUIRED, "DISCONNECT");
    run();
    assert_int_equal(world.node[1].copy.known, ATTR_UNKNOWN);
    assert_int_equal(world.node[1].copy_quorum.known, ATTR_UNKNOWN);
    assert_int_equal(world.node[1].copy_self.known, ATTR_UNKNOWN);
    assert_int_equal(world.node[1].copy_answered, TRI_UNKNOWN);
    assert_true(attr_is(snapshot_attr(&world, 1, OP_SET_SCORE), "kept"));
}

static void
tell_copy(void *ret)
{
    struct node *node = ret;

    node->copy.known = ATTR_SET;
}

static void
a_node_that_does_not_answer_has_no_copy(void **state)
{
    static const struct reply told[] = {
        { "cluster_read_copy", 0, NULL, 0, tell_copy },
        { NULL, 0, NULL, 0, NULL },
    };

    (void) state;
    prepare();
    touched_reply(told);
    (void) add(OP_READ_COPY, OP_BEST_EFFORT, NULL);
    run();
    assert_int_equal(world.node[1].copy.known, ATTR_SET);
    assert_int_equal(world.node[1].copy_answered, TRI_YES);
    let_fail("cluster_read_copy", "no answer", COPY_MS);
    run();
    assert_int_equal(world.node[1].copy.known, ATTR_UNKNOWN);
    assert_int_equal(world.node[1].copy_answered, TRI_NO);
}

static void
a_new_key_is_eight_digits_and_another_each_time(void **state)
{
    const char *key;
    char first[9];

    (void) state;
    prepare();
    (void) add(OP_RECORD_NAME_KEY, OP_REQUIRED, "");
    run();
    key = strrchr(touched_calls(), ' ') + 1;
    assert_int_equal(strlen(key), 8);
    for (const char *c = key; *c != '\0'; c++) {
        assert_true(isxdigit((unsigned char) *c));
    }
    copy(key, first, sizeof(first));
    run();
    assert_string_not_equal(strrchr(touched_calls(), ' ') + 1, first);
}

/* --- files ---------------------------------------------------------------- */

static void
a_new_list_is_proved_anew(void **state)
{
    (void) state;
    prepare();
    world.sync.memory.asked = 0x100;
    world.sync.memory.mark = 0x200;
    copy("boot", world.sync.started, STARTED_SIZE);
    add(OP_WRITE_SYNC_NAMES, OP_REQUIRED, "new")->number = 0;
    run();
    assert_string_equal(touched_calls(),
                        "memory_save 'new' open asked 0 mark 0"
                        " | config_write_sync_names new");
    assert_string_equal(world.sync.memory.started, "boot");
    /* nothing waits as long as the server's own list is empty */
    prepare();
    world.server.sync_names[0] = '\0';
    (void) add(OP_WRITE_SYNC_NAMES, OP_REQUIRED, "new");
    run();
    assert_false(world.sync.memory.proven);
}

static void
a_standby_keeps_its_name_where_the_cluster_was_not_seen(void **state)
{
    (void) state;
    prepare();
    world.record.name_key.known = ATTR_UNKNOWN;
    copy("srv1~00c0ffee", world.files.sender_name, NODE_NAME_SIZE);
    (void) add(OP_WRITE_STANDBY, OP_REQUIRED, NULL);
    run();
    assert_has(touched_calls(), "srv1 as srv1~00c0ffee, kind 1");
    prepare();
    world.record.name_key.known = ATTR_UNKNOWN;
    (void) add(OP_WRITE_STANDBY, OP_REQUIRED, NULL);
    run();
    assert_has(touched_calls(), "srv1 as srv1, kind 1");
}

static void
the_logs_tail_is_kept_for_the_reason(void **state)
{
    static const struct reply told[] = {
        { "postgres_tail_log", 0, "FATAL: no", 0, NULL },
        { NULL, 0, NULL, 0, NULL },
    };

    (void) state;
    prepare();
    touched_reply(told);
    (void) add(OP_TAIL_SERVER_LOG, OP_BEST_EFFORT, NULL);
    run();
    assert_string_equal(world.log_tail, "FATAL: no");
}

static void
a_log_that_says_nothing_is_said_to(void **state)
{
    (void) state;
    prepare();
    let_fail("postgres_tail_log", NULL, 0);
    (void) add(OP_TAIL_SERVER_LOG, OP_BEST_EFFORT, NULL);
    run();
    assert_string_equal(world.log_tail, "its log '/log' says nothing");
    assert_has(touched_log(), "tail-server-log failed: its log '/log' says "
               "nothing\n");
}

/* --- the server ----------------------------------------------------------- */

/* Before 12, and where no session can be had. */
static void
promotes_by_a_signal_where_the_server_has_no_function(void **state)
{
    static const struct reply by_signal[] = {
        { "pgsql_promote", PGSQL_PROMOTE_BY_SIGNAL, "not by SQL", 0, NULL },
        { NULL, 0, NULL, 0, NULL },
    };
    static const struct reply no_file[] = {
        { "pgsql_promote", PGSQL_PROMOTE_BY_SIGNAL, "not by SQL", 0, NULL },
        { "config_write_promote_trigger", -1, "no space", 0, NULL },
        { NULL, 0, NULL, 0, NULL },
    };

    (void) state;
    prepare();
    touched_reply(by_signal);
    (void) add(OP_PROMOTE_SERVER, OP_REQUIRED, NULL);
    run();
    assert_string_equal(touched_calls(), "pgsql_promote | "
                        "config_write_promote_trigger | pgsql_close | "
                        "postgres_signal promote");
    assert_int_equal(world.failed, OP_NONE);
    prepare();
    touched_reply(no_file);
    (void) add(OP_PROMOTE_SERVER, OP_REQUIRED, NULL);
    run();
    assert_string_equal(world.failure, "no space");
    assert_null(strstr(touched_calls(), "postgres_signal"));
}

/* The postmaster's death is still to be reported. */
static void
orphans_end_without_their_watcher(void **state)
{
    (void) state;
    prepare();
    world.process.state = PROCESS_ORPHANS;
    (void) add(OP_KILL_ALL, OP_REQUIRED, NULL);
    run();
    assert_string_equal(touched_calls(), "pgsql_close | postgres_signal kill");
}

static void
each_external_slot_is_tried(void **state)
{
    (void) state;
    prepare();
    let_fail("pgsql_create_slot", "no slot is free", 0);
    (void) add(OP_CREATE_EXTERNAL_SLOTS, OP_REQUIRED, NULL);
    run();
    assert_string_equal(touched_calls(), "config_read_slots"
                        " | config_write_slots 1 s_far1"
                        " | pgsql_create_slot s_far1 | config_read_slots"
                        " | config_write_slots 1 s_far2"
                        " | pgsql_create_slot s_far2");
    assert_int_equal(world.failed, OP_CREATE_EXTERNAL_SLOTS);
}

/* PostgreSQL would cut it, and two nodes could have one slot. */
static void
a_slot_that_has_no_name_is_not_made(void **state)
{
    (void) state;
    prepare();
    acting.params.replication_slot_name =
        "a_prefix_that_leaves_no_room_in_63_bytes_for_the_name_of_a_node";
    (void) add(OP_CREATE_SLOT, OP_REQUIRED, NULL);
    run();
    assert_string_equal(world.failure,
                        "the slot's name for 'srv2' is too long");
    assert_string_equal(touched_calls(), "");
}

static void
a_checkpoint_that_nobody_may_ask_for_is_waited_for(void **state)
{
    static const struct reply denied[] = {
        { "pgsql_ask_checkpoint", PGSQL_CHECKPOINT_DENIED, NULL, 0, NULL },
        { NULL, 0, NULL, 0, NULL },
    };

    (void) state;
    prepare();
    touched_reply(denied);
    (void) add(OP_ASK_CHECKPOINT, OP_REQUIRED, NULL);
    run();
    assert_int_equal(world.failed, OP_NONE);
    assert_int_equal(world.sync.memory.asked, 0x7000000);
    assert_has(touched_log(), "4 no log-in may ask for a checkpoint");
}
/* What is known of the list that is in force stays, should this fail. */
static void
a_mark_that_was_not_read_changes_nothing(void **state)
{
    (void) state;
    prepare();
    world.sync.memory.mark = 0x200;
    let_fail("pgsql_observe", NULL, 0);
    (void) add(OP_TAKE_MARK, OP_BEST_EFFORT, NULL);
    run();
    assert_int_equal(world.sync.memory.mark, 0x200);
    assert_string_equal(touched_calls(), "pgsql_observe");
}

/* --- a rejoin ------------------------------------------------------------- */

/* What fails until a person acts is told apart from what may go better. */
static void
a_rejoin_tells_what_a_person_has_to_mend(void **state)
{
    static const struct {
        enum op_kind kind;
        const char *function;
        int rc;
        enum op_rc expected;
    } ends[] = {
        { OP_END_RECOVERY, "single_user_end_recovery", -1, OP_RC_FAILED },
        { OP_CHECK_REWIND, "rewind_check", REWIND_LATER, OP_RC_FAILED },
        { OP_CHECK_REWIND, "rewind_check", REWIND_NEXT_RUNG, OP_RC_NO_WAY },
        { OP_CHECK_REWIND, "rewind_check", REWIND_REFUSED, OP_RC_FINAL },
        { OP_REWIND, "rewind_run", REWIND_NO_ANSWER, OP_RC_FAILED },
        { OP_REWIND, "rewind_run", REWIND_TIMEOUT, OP_RC_FAILED },
        { OP_REWIND, "rewind_run", REWIND_DENIED, OP_RC_FINAL },
        { OP_REWIND, "rewind_run", REWIND_NO_WAL, OP_RC_NO_WAY },
        { OP_REWIND, "rewind_run", REWIND_UNFIT, OP_RC_NO_WAY },
        { OP_REWIND, "rewind_run", REWIND_NO_SPACE, OP_RC_FINAL },
        { OP_REBUILD, "rebuild_copy", -1, OP_RC_FAILED },
        { OP_REBUILD, "rebuild_copy", REBUILD_REFUSED, OP_RC_FINAL },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        const struct reply answers[] = {
            { ends[i].function, ends[i].rc, "so it was", 0, NULL },
            { "rewind_verify", -1, NULL, 0, NULL },
            { NULL, 0, NULL, 0, NULL },
        };

        prepare();
        touched_reply(answers);
        (void) add(ends[i].kind, OP_REQUIRED, NULL);
        run();
        assert_int_equal(world.failed, ends[i].kind);
        assert_int_equal(world.done[ends[i].kind].rc, ends[i].expected);
        assert_has(world.failure, "so it was");
        assert_has(touched_calls(), "instance_unlock");
        assert_has(touched_calls(), "instance_lock");
        if (ends[i].kind == OP_CHECK_REWIND) {
            assert_has(touched_calls(), "own_files_restore"
                       " | own_files_forget");
        }
    }
}

/* --- a rewind that was interrupted ---------------------------------------- */

static void
rewound_in_this_boot(void *ret)
{
    struct rejoin_marker *marker = ret;

    *marker = (struct rejoin_marker) {
        .phase = REJOIN_TORN, .timeline = 2, .kept = "/srv/kept",
        .boot = "6f1a", .fork = { 1, 0x5000000 },
    };
}

static void
rewound_before_a_power_cut(void *ret)
{
    rewound_in_this_boot(ret);
    ((struct rejoin_marker *) ret)->boot[0] = '7';
}

static void
rewound_from_another_primary(void *ret)
{
    rewound_in_this_boot(ret);
    ((struct rejoin_marker *) ret)->timeline = 1;
}

/* One run of the operation; `fill` is what the marker says. */
static void
rewind_with(void (*fill)(void *ret), int verified)
{
    const struct reply answers[] = {
        { "rejoin_read_marker", 1, NULL, 0, fill },
        { "rewind_verify", verified, "it is not", 0, NULL },
        { NULL, 0, NULL, 0, NULL },
    };
    struct op *op;

    prepare();
    touched_reply(answers);
    op = add(OP_REWIND, OP_REQUIRED, NULL);
    op->number = 2;
    run();
}

static void
what_was_rewound_before_is_not_rewound_again(void **state)
{
    (void) state;
    rewind_with(rewound_in_this_boot, 0);
    assert_int_equal(world.failed, OP_NONE);
    assert_null(strstr(touched_calls(), "rewind_run"));
    assert_null(strstr(touched_calls(), "salvage_put_back"));
    assert_has(touched_calls(), "rewind_verify | rewind_sync"
               " | config_remove_block | own_files_restore");
}

static void
what_only_looks_rewound_is_rewound_again(void **state)
{
    void (*const fills[])(void *ret) = { rewound_before_a_power_cut,
                                         rewound_from_another_primary };

    (void) state;
    for (size_t i = 0; i < sizeof(fills) / sizeof(fills[0]); i++) {
        rewind_with(fills[i], 0);
        assert_int_equal(world.failed, OP_NONE);
        assert_has(touched_calls(), "own_files_restore"
                   " | salvage_put_back '/srv/kept' | own_files_save again"
                   " | rebuild_clear_inside | config_write_block"
                   " | rejoin_write_marker torn goes-on | rewind_wal_is_apart"
                   " | rewind_run 2"
                   " | rewind_verify | rewind_sync | config_remove_block"
                   " | own_files_restore");
    }
    rewind_with(rewound_in_this_boot, -1);
    assert_has(touched_calls(), "rewind_verify | own_files_restore"
               " | salvage_put_back '/srv/kept'");
}

/* Whoever has the primary's files only must not save them as this node's. */
static void
a_rewind_without_own_files_saves_none(void **state)
{
    const struct reply answers[] = {
        { "rejoin_read_marker", 1, NULL, 0, rewound_before_a_power_cut },
        { "own_files_restore", OWN_FILES_NONE, "there is none", 0, NULL },
        { NULL, 0, NULL, 0, NULL },
    };

    (void) state;
    prepare();
    touched_reply(answers);
    (void) add(OP_REWIND, OP_REQUIRED, NULL);
    run();
    assert_int_equal(world.failed, OP_NONE);
    assert_has(touched_calls(), "rewind_run");
    assert_null(strstr(touched_calls(), "own_files_save"));
    assert_has(touched_log(), "there is none");
}

static void
fill_the_disk(void *ret)
{
    (void) ret;
    errno = ENOSPC;
}

/* Where the disk is full a new copy would be no way either. */
static void
what_cannot_be_put_back_is_not_rewound(void **state)
{
    static const struct reply full[] = {
        { "rejoin_read_marker", 1, NULL, 0, rewound_before_a_power_cut },
        { "salvage_put_back", -1, "make room", 0, fill_the_disk },
        { NULL, 0, NULL, 0, NULL },
    };
    const struct reply answers[] = {
        { "rejoin_read_marker", 1, NULL, 0, rewound_before_a_power_cut },
        { "salvage_put_back", -1, "it is gone", 0, NULL },
        { NULL, 0, NULL, 0, NULL },
    };

    (void) state;
    prepare();
    touched_reply(answers);
    (void) add(OP_REWIND, OP_REQUIRED, NULL);
    run();
    assert_int_equal(world.done[OP_REWIND].rc, OP_RC_NO_WAY);
    assert_has(world.failure, "it is gone");
    assert_null(strstr(touched_calls(), "rewind_run"));
    prepare();
    touched_reply(full);
    (void) add(OP_REWIND, OP_REQUIRED, NULL);
    run();
    assert_int_equal(world.done[OP_REWIND].rc, OP_RC_FINAL);
    assert_null(strstr(touched_calls(), "rewind_run"));
}

/* In the worker that has just asked whether it can be, nothing is torn yet. */
/* Once the marker says that the data is torn, and before anything comes. */
static void
a_disk_for_wal_alone_is_cleared_before_the_rewind(void **state)
{
    static const struct reply apart[] = {
        { "rewind_wal_is_apart", 1, NULL, 0, NULL },
        { NULL, 0, NULL, 0, NULL },
    };
    static const struct reply ill[] = {
        { "rewind_wal_is_apart", 1, NULL, 0, NULL },
        { "salvage_clear_wal", -1, "the disk is ill", 0, NULL },
        { NULL, 0, NULL, 0, NULL },
    };

    (void) state;
    prepare();
    touched_reply(apart);
    (void) add(OP_REWIND, OP_REQUIRED, NULL);
    run();
    assert_has(touched_calls(), "rejoin_write_marker none goes-on"
               " | rewind_wal_is_apart | salvage_clear_wal '' | rewind_run");
    prepare();
    touched_reply(ill);
    (void) add(OP_REWIND, OP_REQUIRED, NULL);
    run();
    assert_int_equal(world.done[OP_REWIND].rc, OP_RC_FAILED);
    assert_has(world.failure, "the disk is ill");
    assert_null(strstr(touched_calls(), "rewind_run"));
}

/* What power could still take away is not whole. */
static void
a_rewind_that_is_not_synced_has_failed(void **state)
{
    static const struct reply answers[] = {
        { "rewind_run", REWIND_OK, NULL, 0, NULL },
        { "rewind_sync", -1, "the disk is ill", 0, NULL },
        { NULL, 0, NULL, 0, NULL },
    };

    (void) state;
    prepare();
    touched_reply(answers);
    (void) add(OP_REWIND, OP_REQUIRED, NULL);
    run();
    assert_int_equal(world.done[OP_REWIND].rc, OP_RC_FAILED);
    assert_has(world.failure, "the disk is ill");
    assert_null(strstr(touched_calls(), "config_remove_block"));
}

static void
a_first_rewind_puts_nothing_back(void **state)
{
    (void) state;
    prepare();
    (void) add(OP_CHECK_REWIND, OP_REQUIRED, NULL);
    (void) add(OP_REWIND, OP_REQUIRED, NULL);
    run();
    assert_int_equal(world.failed, OP_NONE);
    assert_has(touched_calls(), "rewind_run");
    assert_null(strstr(touched_calls(), "salvage_put_back"));
}

static void
parts_earlier(void *ret)
{
    ((struct rewind_progress *) ret)->fork =
        (struct wal_position) { 1, 0x4000000 };
}

static void
an_earlier_fork_is_kept_from(void **state)
{
    static const lsn known[] = { 0x5000000, 0x4000000, 0x3000000 };
    const struct reply answers[] = {
        { "rewind_check", 0, NULL, 0, parts_earlier },
        { NULL, 0, NULL, 0, NULL },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        prepare();
        touched_reply(answers);
        world.rejoin.fork = (struct wal_position) { 1, known[i] };
        (void) add(OP_CHECK_REWIND, OP_REQUIRED, NULL);
        run();
        assert_int_equal(world.failed, OP_NONE);
        if (i == 0) {
            assert_has(touched_calls(), "rewind_check 1 | salvage_keep");
            assert_true(world.rejoin.fork.lsn == 0x4000000);
        } else {
            assert_null(strstr(touched_calls(), "salvage_keep |"));
            assert_true(world.rejoin.fork.lsn == known[i]);
        }
    }
}

/* --- a copy --------------------------------------------------------------- */

static void
tell_torn(void *ret)
{
    struct rejoin_marker *marker = ret;

    memset(marker, 0, sizeof(*marker));
    marker->phase = REJOIN_TORN;
    marker->inode = 5;
}

static void
tell_copied(void *ret)
{
    tell_torn(ret);
    ((struct rejoin_marker *) ret)->phase = REJOIN_COPIED;
}

static void
tell_no_checkpoint(void *ret)
{
    enum source_proof *proof = ret;

    *proof = SOURCE_NO_CHECKPOINT_YET;
}

/* Whoever opens the folder that was put aside has to know. */
static void
data_that_a_rewind_tore_is_marked_before_it_is_put_aside(void **state)
{
    static const struct reply torn[] = {
        { "rejoin_read_marker", 1, NULL, 0, tell_torn },
        { NULL, 0, NULL, 0, NULL },
    };

    (void) state;
    prepare();
    touched_reply(torn);
    add(OP_MARK_REJOIN, OP_REQUIRED, NULL)->number = REJOIN_SPOILT;
    run();
    assert_int_equal(world.failed, OP_NONE);
    assert_string_equal(touched_calls(),
                        "rejoin_read_marker | rebuild_note_torn"
                        " | rejoin_write_marker spoilt goes-on"
                        " | rejoin_note_progress 0 of 0");
    prepare();
    add(OP_MARK_REJOIN, OP_REQUIRED, NULL)->number = REJOIN_COPYING;
    run();
    assert_null(strstr(touched_calls(), "rebuild_note_torn"));
}

/* The next one may have to put it aside. */
static void
a_copy_in_the_datas_place_is_what_the_marker_names(void **state)
{
    static const struct reply copied[] = {
        { "rejoin_read_marker", 1, NULL, 0, tell_copied },
        { NULL, 0, NULL, 0, NULL },
    };
    static const struct reply rewound[] = {
        { "rejoin_read_marker", 1, NULL, 0, tell_torn },
        { NULL, 0, NULL, 0, NULL },
    };

    (void) state;
    prepare();
    touched_reply(copied);
    add(OP_MARK_REJOIN, OP_REQUIRED, NULL)->number = REJOIN_WHOLE;
    run();
    assert_has(touched_calls(), "rejoin_inode");
    prepare();
    touched_reply(rewound);
    add(OP_MARK_REJOIN, OP_REQUIRED, NULL)->number = REJOIN_WHOLE;
    run();
    assert_null(strstr(touched_calls(), "rejoin_inode"));
}

static void
comes_too_late(void *ret)
{
    (void) ret;
    errno = ETIME;
}

/* A monitor removes a little, and the next one looks at it again. */
static void
what_is_kept_goes_a_little_at_a_time(void **state)
{
    static const struct reply more[] = {
        { "rebuild_prune", -1, NULL, 0, comes_too_late },
        { NULL, 0, NULL, 0, NULL },
    };
    static const struct reply stuck[] = {
        { "rebuild_prune", -1, "remove 'x'", 0, comes_too_late },
        { NULL, 0, NULL, 0, NULL },
    };

    (void) state;
    prepare();
    touched_reply(more);
    (void) add(OP_PRUNE_KEPT, OP_REQUIRED, NULL);
    run();
    assert_int_equal(world.failed, OP_NONE);
    assert_null(strstr(touched_calls(), "memory_note_kept"));
    prepare();
    touched_reply(stuck);
    (void) add(OP_PRUNE_KEPT, OP_REQUIRED, NULL);
    run();
    assert_int_equal(world.failed, OP_PRUNE_KEPT);
    assert_has(touched_calls(), "memory_note_kept");
}

/* pg_basebackup has a checkpoint made, pg_rewind needs one before. */
static void
a_copy_does_not_wait_for_a_checkpoint(void **state)
{
    static const struct reply none_yet[] = {
        { "pgsql_prove_source", -1, "none yet", 0, tell_no_checkpoint },
        { NULL, 0, NULL, 0, NULL },
    };

    (void) state;
    prepare();
    touched_reply(none_yet);
    (void) add(OP_PROVE_SOURCE, OP_REQUIRED, "copy");
    run();
    assert_int_equal(world.failed, OP_NONE);
    prepare();
    touched_reply(none_yet);
    (void) add(OP_PROVE_SOURCE, OP_REQUIRED, NULL);
    run();
    assert_int_equal(world.failed, OP_PROVE_SOURCE);
    assert_int_equal(world.done[OP_PROVE_SOURCE].rc, OP_RC_FAILED);
}

/* Of a rejoin that ended long ago there may be files. */
/* The worker's next step looks at it. */
static void
a_copy_is_known_to_be_of_the_timeline_that_it_was_made_on(void **state)
{
    static const struct reply copied[] = {
        { "rejoin_read_marker", 1, NULL, 0, tell_copied },
        { NULL, 0, NULL, 0, NULL },
    };

    (void) state;
    prepare();
    add(OP_REBUILD, OP_REQUIRED, NULL)->number = 9;
    run();
    assert_int_equal(world.rejoin.timeline, 9);
    prepare();
    world.rejoin.fork.timeline = 1;
    touched_reply(copied);
    add(OP_MARK_REJOIN, OP_REQUIRED, NULL)->number = REJOIN_WHOLE;
    run();
    assert_int_equal(world.rejoin.fork.timeline, 0);
}

/* A long step tells how far it is, and no more often than every 10 s. */
static void
whoever_waits_for_a_long_step_is_told(void **state)
{
    static const struct {
        enum op_kind kind;
        const char *function;
        const char *command;
        int64_t takes_ms;
        const char *told;
    } rows[] = {
        { OP_REBUILD, "rebuild_copy", "", 11000, "copying, 50 % of 2 MB" },
        { OP_REBUILD, "rebuild_copy", "/hook", 11000, "by its words" },
        { OP_REWIND, "rewind_run", "", 11000, "rewinding, 50 % of 2 MB" },
        { OP_REWIND, "rewind_run", "", 9000, NULL },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct reply replies[3] = {
            { rows[i].function, 0, NULL, rows[i].takes_ms, NULL },
            { "cluster_set_attr", -1, "no answer", 0, NULL },
        };

        prepare();
        touched_reply(replies);
        acting.params.rebuild_command = rows[i].command;
        (void) add(rows[i].kind, OP_REQUIRED, NULL);
        run();
        assert_int_equal(world.failed, OP_NONE);
        assert_has(touched_calls(), "rejoin_note_progress");
        if (rows[i].told != NULL) {
            assert_has(touched_calls(), rows[i].told);
            assert_has(touched_log(), rows[i].told);
            assert_has(touched_log(), "no answer");
        } else {
            assert_null(strstr(touched_calls(), "cluster_set_attr"));
        }
    }
}

static void
a_copy_that_begins_forgets_what_was_saved_before(void **state)
{
    (void) state;
    prepare();
    add(OP_MARK_REJOIN, OP_REQUIRED, NULL)->number = REJOIN_COPYING;
    run();
    assert_has(touched_calls(), "own_files_forget | rejoin_write_marker");
}

static void
a_fork_is_read_where_a_rejoin_begins(void **state)
{
    struct op *op;

    (void) state;
    prepare();
    op = add(OP_MARK_REJOIN, OP_REQUIRED, "1/0000000005000000 2");
    op->number = REJOIN_BEGUN;
    run();
    assert_int_equal(world.failed, OP_NONE);
    assert_int_equal(world.rejoin.phase, REJOIN_BEGUN);
    prepare();
    op = add(OP_MARK_REJOIN, OP_REQUIRED, "moon");
    op->number = REJOIN_BEGUN;
    run();
    assert_int_equal(world.failed, OP_MARK_REJOIN);
    assert_has(world.failure, "no fork");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_operation_does_its_own_thing),
        cmocka_unit_test(each_operation_does_the_same_a_second_time),
        cmocka_unit_test(a_required_one_that_fails_ends_the_plan),
        cmocka_unit_test(best_effort_that_fails_is_said_and_passed_over),
        cmocka_unit_test(a_cause_that_is_too_long_is_said_to_be),
        cmocka_unit_test(each_wait_ends_in_time),
        cmocka_unit_test(one_that_times_out_says_so_and_when),
        cmocka_unit_test(tells_when_it_was_first_and_last_done),
        cmocka_unit_test(a_plan_that_went_well_forgets_the_last_failure),
        cmocka_unit_test(logs_with_the_priority_that_it_carries),
        cmocka_unit_test(what_was_written_is_what_is_there),
        cmocka_unit_test(what_could_not_be_written_stays_as_it_was_seen),
        cmocka_unit_test(records_in_a_row_are_one_change),
        cmocka_unit_test(a_row_of_records_fails_as_a_whole),
        cmocka_unit_test(a_record_makes_what_the_copy_said_an_old_story),
        cmocka_unit_test(a_node_that_does_not_answer_has_no_copy),
        cmocka_unit_test(a_new_key_is_eight_digits_and_another_each_time),
        cmocka_unit_test(a_rejoin_tells_what_a_person_has_to_mend),
        cmocka_unit_test(what_was_rewound_before_is_not_rewound_again),
        cmocka_unit_test(
            data_that_a_rewind_tore_is_marked_before_it_is_put_aside),
        cmocka_unit_test(a_copy_in_the_datas_place_is_what_the_marker_names),
        cmocka_unit_test(what_is_kept_goes_a_little_at_a_time),
        cmocka_unit_test(a_copy_does_not_wait_for_a_checkpoint),
        cmocka_unit_test(
            a_copy_is_known_to_be_of_the_timeline_that_it_was_made_on),
        cmocka_unit_test(whoever_waits_for_a_long_step_is_told),
        cmocka_unit_test(a_copy_that_begins_forgets_what_was_saved_before),
        cmocka_unit_test(a_fork_is_read_where_a_rejoin_begins),
        cmocka_unit_test(what_only_looks_rewound_is_rewound_again),
        cmocka_unit_test(a_rewind_without_own_files_saves_none),
        cmocka_unit_test(what_cannot_be_put_back_is_not_rewound),
        cmocka_unit_test(a_disk_for_wal_alone_is_cleared_before_the_rewind),
        cmocka_unit_test(a_rewind_that_is_not_synced_has_failed),
        cmocka_unit_test(a_first_rewind_puts_nothing_back),
        cmocka_unit_test(an_earlier_fork_is_kept_from),
        cmocka_unit_test(a_new_list_is_proved_anew),
        cmocka_unit_test(
            a_standby_keeps_its_name_where_the_cluster_was_not_seen),
        cmocka_unit_test(the_logs_tail_is_kept_for_the_reason),
        cmocka_unit_test(a_log_that_says_nothing_is_said_to),
        cmocka_unit_test(
            promotes_by_a_signal_where_the_server_has_no_function),
        cmocka_unit_test(orphans_end_without_their_watcher),
        cmocka_unit_test(each_external_slot_is_tried),
        cmocka_unit_test(a_slot_that_has_no_name_is_not_made),
        cmocka_unit_test(a_checkpoint_that_nobody_may_ask_for_is_waited_for),
        cmocka_unit_test(a_mark_that_was_not_read_changes_nothing),
    };

    return cmocka_run_group_tests_name("execute", tests, NULL, NULL);
}
