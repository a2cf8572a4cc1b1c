/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each warning is given for its own fact, and for nothing else. */

#include <syslog.h>

#include "profile.h"
#include "world.h"

static struct snapshot world;
static struct plan plan;

/* A set-up with nothing to warn about. */
static void
begin(void)
{
    struct profile *profile = &world.profile;

    world_init(&world, ACTION_VALIDATE, 3, 0);
    world.cluster.fencing = TRI_YES;
    profile->fence_device = TRI_YES;
    profile->quorum_ignored = TRI_NO;
    (void) text_copy("pgsql", profile->resource, NODE_NAME_SIZE);
    (void) text_copy("msPostgresql", profile->clone, NODE_NAME_SIZE);
    profile->notify = TRI_YES;
    profile->promoted_max = 1;
    profile->migration_threshold = 3;
    profile->failure_timeout = TRI_YES;
    profile->start_ms = 30000;
    profile->stop_ms = 100000;
    profile->promote_ms = 30000;
    profile->demote_ms = 100000;
    profile->notify_ms = 30000;
    profile->monitor_ms = 10000;
    profile->monitor_promoted = TRI_YES;
    profile->monitor_started = TRI_YES;
    profile->monitors_alike = TRI_NO;
    profile->fsync = TRI_YES;
    profile->full_page_writes = TRI_YES;
    profile->hot_standby = TRI_YES;
    profile->wal_log_hints = TRI_YES;
    profile->checksums = TRI_NO;
}

static const char *
warning(size_t index)
{
    return index < plan.count ? plan.op[index].value : "";
}

/* These warnings and no other; NULL is none. */
static void
assert_warns(const char *object, const char *command)
{
    plan_init(&plan);
    profile_warn(&world, &plan);
    assert_int_equal(plan.count, object == NULL ? 0 : 1);
    if (object == NULL) {
        return;
    }
    assert_int_equal(plan.op[0].kind, OP_LOG);
    assert_int_equal(plan.op[0].number, LOG_WARNING);
    if (strstr(warning(0), object) == NULL
        || strstr(warning(0), command) == NULL
        || strpbrk(warning(0), "{}") != NULL) {
        fail_msg("'%s' and '%s' are not in: %s", object, command, warning(0));
    }
}

#define HINTS (world.profile.wal_log_hints)

static void
warns_of_the_cluster(void **state)
{
    (void) state;
    begin();
    assert_warns(NULL, NULL);
    world.cluster.fencing = TRI_NO;
    assert_warns("stonith-enabled=false", "set stonith-enabled=true");
    world.profile.fence_device = TRI_NO;
    assert_warns("stonith-enabled=false", "set stonith-enabled=true");
    world.profile.fencing_renamed = TRI_YES;
    assert_warns("fencing-enabled=false", "set fencing-enabled=true");
    world.cluster.fencing = TRI_YES;
    assert_warns("no fence device", "pcs stonith create");
    begin();
    world.profile.quorum_ignored = TRI_YES;
    assert_warns("no-quorum-policy=ignore", "set no-quorum-policy=stop");
}

static void
warns_of_the_clone(void **state)
{
    (void) state;
    begin();
    world.profile.notify = TRI_NO;
    world.profile.notify_ms = 20000;    /* nobody waits for it */
    assert_warns("clone 'msPostgresql' lacks notify=true",
                 "pcs resource meta msPostgresql notify=true");
    begin();
    world.profile.promoted_max = 2;
    assert_warns("clone 'msPostgresql' has promoted-max=2",
                 "pcs resource meta msPostgresql promoted-max=1");
    begin();
    world.settings.restart_on_promote = true;
    assert_warns("'pgsql' has restart_on_promote=true",
                 "pcs resource update pgsql restart_on_promote=false");
    begin();
    world.profile.migration_threshold = 1;
    assert_warns("'pgsql' has migration-threshold=1",
                 "pcs resource meta pgsql migration-threshold=3 "
                 "failure-timeout=60s");
    world.profile.migration_threshold = 2;
    world.profile.failure_timeout = TRI_NO;
    assert_warns("'pgsql' has migration-threshold=2", "failure-timeout=60s");
    world.profile.migration_threshold = 3;
    assert_warns("migration-threshold=3 and no failure-timeout",
                 "pcs resource meta pgsql failure-timeout=60s");
    world.profile.migration_threshold = 0;
    assert_warns(NULL, NULL);
}

static void
warns_of_a_shutdown_that_cannot_end(void **state)
{
    (void) state;
    begin();
    world.profile.stop_ms = 60000;
    (void) text_copy(" on-fail=block", world.profile.stop_on_fail, 32);
    assert_warns("'pgsql' has stop timeout=60s, too short for a shutdown of "
                 "90s", "pcs resource update pgsql op stop timeout=120s "
                 "on-fail=block");
    world.settings.stop_escalate_in_slave_ms = 50000;
    assert_warns(NULL, NULL);
    world.settings.rep_mode = REP_MODE_NONE;
    assert_warns("shutdown of 90s", "op stop timeout=120s");
    begin();
    world.profile.demote_stops = TRI_YES;
    assert_warns("'pgsql' has demote on-fail=stop",
                 "pcs resource update pgsql op demote timeout=120s "
                 "on-fail=restart");
    world.settings.rep_mode = REP_MODE_NONE;
    assert_warns(NULL, NULL);
    begin();
    world.profile.demote_ms = 99999;
    assert_warns("'pgsql' has demote timeout=99s, too short for "
                 "stop_escalate=90s",
                 "pcs resource update pgsql op demote timeout=120s "
                 "on-fail=restart");
    world.settings.stop_escalate_ms = 60000;
    assert_warns(NULL, NULL);
}

static void
warns_of_short_operations(void **state)
{
    (void) state;
    begin();
    world.profile.start_ms = 29000;
    assert_warns("'pgsql' has start timeout=29s",
                 "pcs resource update pgsql op start timeout=60s");
    begin();
    world.profile.promote_ms = 20000;
    assert_warns("'pgsql' has promote timeout=20s",
                 "pcs resource update pgsql op promote timeout=60s");
    begin();
    world.profile.notify_ms = 20000;
    assert_warns("'pgsql' has notify timeout=20s",
                 "pcs resource update pgsql op notify timeout=60s");
    begin();
    world.profile.monitor_ms = 9000;
    assert_warns("'pgsql' has monitor timeout=9s",
                 "pcs resource update pgsql op monitor interval=N role=R "
                 "timeout=20s");
}

static void
warns_of_monitors_that_are_missing(void **state)
{
    (void) state;
    begin();
    world.profile.monitor_promoted = TRI_NO;
    assert_warns("no monitor with role=" PROMOTED_ROLE,
                 "pcs resource op add pgsql monitor interval=1s");
    begin();
    world.profile.monitor_started = TRI_NO;
    assert_warns("no monitor without a role",
                 "pcs resource op add pgsql monitor interval=2s");
    begin();
    world.profile.monitors_alike = TRI_YES;
    assert_warns("one interval", "pcs resource op delete");
}

static void
warns_of_the_server(void **state)
{
    (void) state;
    begin();
    world.profile.fsync = TRI_NO;
    assert_warns("fsync=off", "ALTER SYSTEM SET fsync = on");
    begin();
    world.profile.full_page_writes = TRI_NO;
    assert_warns("full_page_writes=off", "SET full_page_writes = on");
    begin();
    HINTS = TRI_NO;
    assert_warns("wal_log_hints=off and no data checksums",
                 "ALTER SYSTEM SET wal_log_hints = on");
    world.profile.checksums = TRI_YES;
    assert_warns(NULL, NULL);
    begin();
    world.profile.hot_standby = TRI_NO;
    assert_warns("hot_standby=off", "ALTER SYSTEM SET hot_standby = on");
    begin();
    (void) text_copy("10000", world.profile.sender_shutdown, 16);
    assert_warns("wal_sender_shutdown_timeout=10000ms: a shutdown may end",
                 "ALTER SYSTEM SET wal_sender_shutdown_timeout = -1");
    begin();
    (void) text_copy("postgresql@15-main", world.profile.boot_unit,
                     NODE_NAME_SIZE);
    assert_warns("'postgresql@15-main' starts PostgreSQL at boot",
                 "systemctl disable postgresql@15-main");
    begin();
    (void) text_copy("pg.example", world.profile.master_name, NODE_NAME_SIZE);
    assert_warns("has master_ip=pg.example, a name: while it cannot be",
                 "master_ip=ADDRESS");
}

/* Without replication_slot_name it is no affair of ours. */
static void
warns_of_slots_that_fill_the_disk_or_are_too_few(void **state)
{
    (void) state;
    begin();
    world.profile.slots_bounded = TRI_NO;
    world.profile.slot_max = 3;
    world.settings.external_count = 2;
    assert_warns(NULL, NULL);
    world.settings.use_slots = true;
    world.settings.slot_max_wal = 1;
    world.profile.slot_max = 4;
    assert_warns(NULL, NULL);
    world.settings.slot_max_wal = 0;
    assert_warns("max_slot_wal_keep_size=-1 with replication_slot_name",
                 "ALTER SYSTEM SET max_slot_wal_keep_size = '20GB'");
    world.profile.slots_bounded = TRI_YES;
    world.profile.slot_max = 3;
    assert_warns("max_replication_slots=3 with replication_slot_name: each "
                 "server needs 4", "SET max_replication_slots = 4");
}

static void
warns_of_what_keeps_failover_slots_from_the_standbys(void **state)
{
    (void) state;
    begin();
    world.profile.failover_slots = 1;
    assert_warns(NULL, NULL);
    world.profile.slot_sync = TRI_NO;
    assert_warns("sync_replication_slots=off, but logical slots have failover",
                 "ALTER SYSTEM SET sync_replication_slots = on");
    world.profile.failover_slots = 0;
    assert_warns(NULL, NULL);
    world.profile.slot_sync = TRI_YES;
    assert_warns("sync_replication_slots=on without replication_slot_name",
                 "pcs resource update pgsql replication_slot_name=pgward");
    world.settings.use_slots = true;
    assert_warns(NULL, NULL);
    world.profile.feedback = TRI_NO;
    assert_warns("sync_replication_slots=on with hot_standby_feedback=off",
                 "ALTER SYSTEM SET hot_standby_feedback = on");
    world.profile.slot_sync = TRI_NO;
    assert_warns(NULL, NULL);
}

static void
warns_of_weak_commits_in_sync_mode(void **state)
{
    (void) state;
    begin();
    (void) text_copy("local", world.profile.weak_commit, 16);
    assert_warns("synchronous_commit=local",
                 "ALTER SYSTEM SET synchronous_commit = on");
    world.settings.rep_mode = REP_MODE_ASYNC;
    assert_warns(NULL, NULL);
    begin();
    (void) text_copy("ALTER ROLE x RESET synchronous_commit",
                     world.profile.weak_commit_reset, 320);
    assert_warns("for a role or a database",
                 "ALTER ROLE x RESET synchronous_commit");
    world.settings.rep_mode = REP_MODE_ASYNC;
    assert_warns(NULL, NULL);
}

static void
replication_is_no_concern_without_it(void **state)
{
    struct profile *profile = &world.profile;

    (void) state;
    begin();
    world.settings.rep_mode = REP_MODE_NONE;
    profile->notify = TRI_NO;
    profile->promoted_max = 2;
    profile->promote_ms = profile->demote_ms = profile->notify_ms = 1000;
    profile->monitor_promoted = TRI_NO;
    profile->monitors_alike = TRI_YES;
    profile->wal_log_hints = TRI_NO;
    profile->hot_standby = TRI_NO;
    (void) text_copy("0", profile->sender_shutdown, 16);
    (void) text_copy("pg.example", profile->master_name, NODE_NAME_SIZE);
    assert_warns(NULL, NULL);
}

static void
what_is_unknown_never_warns(void **state)
{
    (void) state;
    world_init(&world, ACTION_VALIDATE, 3, 0);
    assert_warns(NULL, NULL);
    memset(&world, 0, sizeof(world));
    assert_warns(NULL, NULL);
}

/* All at once, with long names and numbers: nothing is cut. */
static void
every_warning_fits(void **state)
{
    struct profile *profile = &world.profile;

    (void) state;
    begin();
    world.cluster.fencing = TRI_NO;
    world.settings.stop_escalate_ms = 86400000;
    world.settings.stop_escalate_in_slave_ms = 86400000;
    memset(profile, 0, sizeof(*profile));
    memset(profile->resource, 'r', 60);
    memset(profile->clone, 'c', 60);
    memset(profile->boot_unit, 'u', 60);
    memset(profile->master_name, 'm', NODE_NAME_SIZE - 1);
    memset(profile->weak_commit_reset, 'w',
           sizeof(profile->weak_commit_reset) - 1);
    (void) text_copy("remote_write", profile->weak_commit, 16);
    (void) text_copy("2147483647", profile->sender_shutdown, 16);
    world.settings.use_slots = true;
    world.settings.external_count = 15;
    profile->slots_bounded = TRI_NO;
    profile->slot_max = 1;
    profile->slot_sync = TRI_YES;
    profile->feedback = TRI_NO;
    profile->quorum_ignored = TRI_YES;
    profile->notify = TRI_NO;
    profile->promoted_max = 999999;
    profile->migration_threshold = 1;
    profile->start_ms = profile->stop_ms = profile->promote_ms = 9999;
    profile->demote_ms = profile->notify_ms = profile->monitor_ms = 9999;
    profile->monitor_promoted = profile->monitor_started = TRI_NO;
    profile->monitors_alike = profile->demote_stops = TRI_YES;
    profile->fsync = profile->full_page_writes = TRI_NO;
    profile->hot_standby = profile->wal_log_hints = TRI_NO;
    profile->checksums = TRI_NO;
    plan_init(&plan);
    profile_warn(&world, &plan);
    assert_int_equal(plan.count, 26);
    for (size_t i = 0; i < plan.count; i++) {
        assert_null(strpbrk(warning(i), "{}"));
        assert_true(strlen(warning(i)) > 80);
        /* the command stands last */
        assert_null(strstr(warning(i), "too long to show"));
        assert_non_null(strstr(warning(i), ": "));
    }
}

static void
a_primary_is_asked_once_in_a_promotion(void **state)
{
    (void) state;
    begin();
    world.action = ACTION_MONITOR;
    world.profile.fsync = TRI_NO;
    world.node[0].attrs.baseline = attr_with("0000000003000000");
    world.node[0].attrs.warned = attr_with("0000000002000000");
    plan_init(&plan);
    plan_exit(&plan, OCF_RUNNING_PROMOTED);
    profile_duty(&world, &plan);
    assert_int_equal(plan.verdict, VERDICT_AGAIN);
    assert_int_equal(plan.count, 0);
    assert_int_equal(plan.facts, ALL_FACTS | FACT_PROFILE);
    world.facts = plan.facts;
    plan_init(&plan);
    plan_exit(&plan, OCF_RUNNING_PROMOTED);
    profile_duty(&world, &plan);
    assert_int_equal(plan.verdict, VERDICT_EXIT);
    assert_int_equal(plan.count, 3);
    assert_int_equal(plan.op[1].kind, OP_SET_WARNED);
    assert_string_equal(plan.op[1].value, "0000000003000000");
    assert_int_equal(plan.op[2].kind, OP_SWITCH_WAL);
    world.node[0].attrs.warned = attr_with("0000000003000000");
    world.facts = ALL_FACTS;
    plan_init(&plan);
    plan_exit(&plan, OCF_RUNNING_PROMOTED);
    profile_duty(&world, &plan);
    assert_int_equal(plan.verdict, VERDICT_EXIT);
    assert_int_equal(plan.count, 0);
}

/* Moved over from another agent: it was promoted by that one. */
static void
an_adopted_primary_is_asked_too(void **state)
{
    (void) state;
    begin();
    world.facts |= FACT_PROFILE;
    world.node[0].attrs.baseline = attr_with("");
    world.node[0].attrs.warned = attr_with("");
    plan_init(&plan);
    profile_duty(&world, &plan);
    assert_int_equal(plan.count, 2);
    assert_string_equal(plan.op[0].value, "-");
}

static void
nobody_is_asked_while_there_is_trouble(void **state)
{
    (void) state;
    for (int i = 0; i < 4; i++) {
        begin();
        world.node[0].attrs.warned = attr_with(i == 0 ? NULL : "");
        world.node[0].attrs.baseline = attr_with(i == 1 ? NULL : "");
        world.failed = i == 2 ? OP_SET_SCORE : OP_NONE;
        world.left_ms = i == 3 ? 1000 : 30000;
        plan_init(&plan);
        plan_exit(&plan, OCF_RUNNING_PROMOTED);
        profile_duty(&world, &plan);
        assert_int_equal(plan.verdict, VERDICT_EXIT);
        assert_int_equal(plan.count, 0);
    }
}

static void
reads_times_as_pacemaker_does(void **state)
{
    static const struct {
        const char *text;
        uint32_t ms;
    } good[] = {
        { "20", 20000 }, { "20s", 20000 }, { "0", 0 }, { "500ms", 500 },
        { "2min", 120000 }, { "1M", 60000 }, { "1h", 3600000 },
        { "3SEC", 3000 }, { "1hr", 3600000 }, { "7msec", 7 },
    };
    static const char *const bad[] = {
        "", "s", "-1", "20 s", "PT20S", "10us", "4294968", "9999999999",
        "1.5s",
    };
    uint32_t ms;

    (void) state;
    for (size_t i = 0; i < LENGTH(good); i++) {
        assert_int_equal(profile_parse_ms(good[i].text, &ms), 0);
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < LENGTH(bad); i++) {
        ms = 77;
        assert_int_equal(profile_parse_ms(bad[i], &ms), -1);
        assert_int_equal(ms, 77);
    }
}

static void
knows_what_starts_a_server(void **state)
{
    static const char *const yes[] = {
        "postgresql.service", "postgresql@15-main.service",
        "postgresql-15.service", "S01postgresql", "S19postgresql-9",
    };
    static const char *const no[] = {
        "", "postgresql", "postgresql.timer", "postgresqlx.service",
        "K01postgresql", "S1postgresql", "S01pgbouncer", "a.service",
    };

    (void) state;
    for (size_t i = 0; i < LENGTH(yes); i++) {
        assert_true(profile_is_server_unit(yes[i]));
    }
    for (size_t i = 0; i < LENGTH(no); i++) {
        assert_false(profile_is_server_unit(no[i]));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(warns_of_the_cluster),
        cmocka_unit_test(warns_of_the_clone),
        cmocka_unit_test(warns_of_a_shutdown_that_cannot_end),
        cmocka_unit_test(warns_of_short_operations),
        cmocka_unit_test(warns_of_monitors_that_are_missing),
        cmocka_unit_test(warns_of_the_server),
        cmocka_unit_test(warns_of_slots_that_fill_the_disk_or_are_too_few),
        cmocka_unit_test(warns_of_what_keeps_failover_slots_from_the_standbys),
        cmocka_unit_test(warns_of_weak_commits_in_sync_mode),
        cmocka_unit_test(replication_is_no_concern_without_it),
        cmocka_unit_test(what_is_unknown_never_warns),
        cmocka_unit_test(every_warning_fits),
        cmocka_unit_test(a_primary_is_asked_once_in_a_promotion),
        cmocka_unit_test(an_adopted_primary_is_asked_too),
        cmocka_unit_test(nobody_is_asked_while_there_is_trouble),
        cmocka_unit_test(reads_times_as_pacemaker_does),
        cmocka_unit_test(knows_what_starts_a_server),
    };

    return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
