/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fills the snapshot; holds no policy. */

#include "observe.h"

#include <errno.h>
#include <string.h>

#include "address.h"
#include "clock.h"
#include "copies.h"
#include "server_config.h"
#include "memory.h"
#include "nftables.h"
#include "pgsql_source.h"
#include "postgres.h"
#include "postgres_holders.h"
#include "processes.h"
#include "rejoin_files.h"
#include "report.h"
#include "sender_name.h"
#include "units.h"
#include "watch.h"

/* A stopped (SIGSTOP) server answers nothing: such a look is a short one. */
#define FROZEN_LOOK_MS 500

static int64_t
look_deadline(const struct instance *instance, uint32_t limit_ms)
{
    int64_t limit = clock_now_ms() + limit_ms;

    return limit_ms == 0 || limit > instance->deadline_ms
           ? instance->deadline_ms : limit;
}

/* What was not seen is UNKNOWN; why, stands in the log alone. */
static void
log_failure(const char *what, const struct text *why)
{
    report_log(LOG_WARNING, "%s: %s", what, why->buf);
}

static void
observe_process(const struct instance *instance, struct snapshot *snapshot)
{
    bool quick = snapshot->action == ACTION_MONITOR
                 || snapshot->action == ACTION_NOTIFY
                 || snapshot->action == ACTION_PROMOTE
                 || snapshot->action == ACTION_REPORT
                 || snapshot->action == ACTION_RELOAD;

    if (postgres_examine(&instance->params, quick, &snapshot->process)
        != 0) {
        (void) text_copy(strerror(errno), snapshot->process.unseen,
                         sizeof(snapshot->process.unseen));
    }
    if (snapshot->action == ACTION_MONITOR
        && snapshot->process.state == PROCESS_RUNNING) {
        postgres_read_old_option(&instance->params,
                                 snapshot->process.old_option);
    }
    watch_observe(instance, &snapshot->process.watch);
    snapshot->process.calm_ms = snapshot->action == ACTION_MONITOR
                                ? memory_calm_ms(instance) : 0;
    snapshot->process.grants_ms = snapshot->settings.rewinds
                                  ? memory_grants_ms(instance) : 0;
    snapshot->process.kept_ms = snapshot->settings.keeps_for_a_time
                                ? memory_kept_ms(instance) : 0;
}

static void
observe_files(const struct instance *instance, uint32_t facts,
              int64_t deadline_ms, struct snapshot *snapshot)
{
    struct disk *disk = &snapshot->disk;
    struct slot_names slots;
    struct text why;

    if ((facts & FACT_REJOIN) != 0) {
        rejoin_observe(instance, &snapshot->rejoin);
    }
    if ((facts & FACT_FILES) != 0) {
        (void) postgres_read_files(&instance->params, &instance->identity,
                                   &snapshot->files);
        snapshot->files.upstream =
            config_has_upstream(&instance->params, &instance->identity,
                                snapshot->files.sender_name);
        if (instance->params.replication_slot_name[0] == '\0') {
            config_read_slots(&instance->params, &instance->identity, &slots);
            snapshot->files.slots = slots.count > 0 ? TRI_YES : TRI_NO;
        }
        if (snapshot->action == ACTION_RELOAD
            || snapshot->action == ACTION_MONITOR) {
            snapshot->files.standby_current = config_standby_is_current(
                &instance->params, &instance->identity, instance->self_name,
                snapshot->files.sender_name);
        }
    }
    if ((facts & FACT_CONTROL) != 0) {
        (void) postgres_read_control(&instance->params, &instance->identity,
                                     deadline_ms, &snapshot->control);
    }
    if ((facts & FACT_NEWEST) != 0) {
        snapshot->newest_timeline = postgres_newest_timeline(
            &instance->params, &instance->identity);
    }
    if ((facts & FACT_DISK) != 0) {
        text_init(&why, disk->unwritable, sizeof(disk->unwritable));
        disk->writable = postgres_check_disk(&instance->params,
                                             &instance->identity, &why);
        if (disk->writable != TRI_YES) {
            log_failure("deep check", &why);
        }
    }
}

/* A name server that hangs is asked once an action. */
static void
observe_address(struct instance *instance, struct snapshot *snapshot)
{
    char words[SERVER_TEXT_SIZE];
    struct text why;

    if (!rep_mode_is_replication(instance->params.rep_mode)
        || instance->address_unknown) {
        return;
    }
    text_init(&why, words, sizeof(words));
    snapshot->address_here = address_is_here(instance->params.master_ip, &why);
    instance->address_unknown = snapshot->address_here == TRI_UNKNOWN;
    if (instance->address_unknown) {
        text_add(&why, ". It is not known whether master_ip is here: until it "
                 "is, this node connects to no primary anew");
        memory_say(instance, LOG_WARNING, words);
    }
}

/* Once an action and last: the session is closed after the user's SQL. */
static void
run_monitor_sql(const struct instance *instance, int64_t deadline_ms,
                struct snapshot *snapshot)
{
    struct text why;
    char why_text[SERVER_TEXT_SIZE];

    if (snapshot->action != ACTION_MONITOR
        || snapshot->monitor_sql_ok != TRI_UNKNOWN
        || strcmp(instance->params.monitor_sql, "select now();") == 0) {
        return;
    }
    text_init(&why, why_text, sizeof(why_text));
    snapshot->monitor_sql_ok = pgsql_run_monitor_sql(
        instance->pgsql, deadline_ms, &why);
    if (snapshot->monitor_sql_ok == TRI_NO) {
        (void) text_copy(why_text, snapshot->server.text,
                         sizeof(snapshot->server.text));
    }
}

/* Two looks of one action tell whether replay goes on. */
static void
observe_position(const struct instance *instance, int64_t deadline_ms,
                 struct wal_position before, struct snapshot *snapshot)
{
    struct wal_position now = { 0, 0 };
    bool again = snapshot->position_looks > 0;
    struct text why;
    char why_text[SERVER_TEXT_SIZE];

    text_init(&why, why_text, sizeof(why_text));
    if (pgsql_observe_position(instance->pgsql, deadline_ms, &now, &why)
        != 0) {
        log_failure("position", &why);
    }
    snapshot->server.position = now;
    snapshot->position_looks++;
    if (again && wal_position_is_known(before)
        && wal_position_is_known(now)) {
        snapshot->position_advances =
            wal_position_compare(before, now) == 0 ? TRI_NO : TRI_YES;
    }
}

/* Received WAL is there: since when has replay stood where it stands? */
static void
time_replay(const struct instance *instance, struct progress *progress)
{
    if (progress->known == TRI_YES && progress->replayed != 0
        && progress->replayed < progress->received) {
        progress->still_ms = memory_still_ms(instance, progress->replayed);
    }
}

/* WAL is to be flushed: since when has the primary's end on disk not moved? */
static void
time_flush(const struct instance *instance, struct snapshot *snapshot)
{
    struct server *server = &snapshot->server;

    server->unflushed_ms = 0;
    if (snapshot->action == ACTION_MONITOR && server->unflushed == TRI_YES) {
        server->unflushed_ms = memory_still_ms(instance,
                                               server->position.lsn);
    }
}

/* Since when does nothing stream to this standby? A promotion notes it. */
static void
time_stream(const struct instance *instance, struct snapshot *snapshot)
{
    struct server *server = &snapshot->server;

    if ((snapshot->action == ACTION_MONITOR
         || snapshot->action == ACTION_PROMOTE)
        && server_role(snapshot) == SERVER_STANDBY
        && server->receiver_running != TRI_UNKNOWN) {
        server->alone_ms = memory_alone_ms(
            instance, server->receiver_running == TRI_YES);
    }
}

/* A process that was stopped shows for what it waited before. */
static void
observe_replay(const struct instance *instance, int64_t deadline_ms,
               struct snapshot *snapshot)
{
    struct replay *replay = &snapshot->replay;
    int32_t startup = 0;

    if (pgsql_observe_replay(instance->pgsql, deadline_ms, replay, &startup)
        != 0) {
        return;
    }
    if (startup > 0 && process_is_stopped(startup)) {
        replay->waits = TRI_NO;
    }
    replay->busy = memory_replay_is_busy(instance, startup);
}

/* Another server at our socket must not be taken for the one we manage. */
static bool
is_our_server(const struct instance *instance, struct snapshot *snapshot)
{
    int32_t listener = pgsql_listener_pid(instance->pgsql);
    struct server *server = &snapshot->server;
    struct text text;

    if (listener == 0 || snapshot->process.postmaster_pid == 0
        || listener == snapshot->process.postmaster_pid) {
        return true;
    }
    memset(server, 0, sizeof(*server));
    server->answer = ANSWER_ERROR;
    text_init(&text, server->text, sizeof(server->text));
    text_add(&text, "process %d answers there, not postmaster %d: look at "
             "pgport and socketdir. Ours is that of '%s'", listener,
             snapshot->process.postmaster_pid, instance->params.pgdata);
    pgsql_close(instance->pgsql);
    return false;
}

static void
observe_senders(const struct instance *instance, int64_t deadline_ms,
                struct snapshot *snapshot)
{
    snapshot->senders.told = TRI_NO;
    if (pgsql_observe_senders(instance->pgsql, deadline_ms, snapshot) == 0
        && is_our_server(instance, snapshot)) {
        snapshot->senders.told = TRI_YES;
    }
}

static void
observe_server(const struct instance *instance, int64_t deadline_ms,
               struct wal_position before, struct snapshot *snapshot)
{
    uint32_t facts = snapshot->facts;

    if (snapshot->process.state == PROCESS_GONE) {
        return;
    }
    if (snapshot->process.state == PROCESS_FROZEN
        && deadline_ms > clock_now_ms() + FROZEN_LOOK_MS) {
        deadline_ms = clock_now_ms() + FROZEN_LOOK_MS;
    }
    if ((facts & FACT_SQL) != 0
        && (pgsql_observe(instance->pgsql, deadline_ms, &snapshot->server)
            != 0 || !is_our_server(instance, snapshot))) {
        return;
    }
    if ((facts & FACT_SQL) != 0) {
        time_replay(instance, &snapshot->server.progress);
        time_stream(instance, snapshot);
        time_flush(instance, snapshot);
    }
    if ((facts & FACT_REPLAY) != 0) {
        observe_replay(instance, deadline_ms, snapshot);
    }
    if ((facts & FACT_POSITION) != 0) {
        observe_position(instance, deadline_ms, before, snapshot);
    }
    if ((facts & FACT_SETTINGS) != 0) {
        (void) pgsql_observe_settings(instance->pgsql, deadline_ms,
                                      &snapshot->server, &snapshot->sources);
    }
    if ((facts & FACT_PROFILE) != 0
        && pgsql_observe_profile(instance->pgsql, deadline_ms,
                                 &snapshot->profile) != 0) {
        report_log(LOG_INFO, "the server's settings were not looked at: they "
                   "could not be read");
    }
    if ((facts & FACT_SYNC) != 0) {
        memory_load(instance, &snapshot->sync.memory);
        (void) pgsql_observe_sync(instance->pgsql, deadline_ms,
                                  &snapshot->server, &snapshot->sync);
    }
    if ((facts & FACT_SENDERS) != 0) {
        observe_senders(instance, deadline_ms, snapshot);
    }
    if ((facts & FACT_SQL) != 0) {
        run_monitor_sql(instance, deadline_ms, snapshot);
    }
}

/* Of the timeline that the server has just told; it may be no file of ours. */
static void
observe_history(const struct instance *instance, struct snapshot *snapshot)
{
    char *summary = snapshot->history;

    if (snapshot->server.position.timeline != 0
        && postgres_read_history(&instance->params, &instance->identity,
                                 snapshot->server.position.timeline, summary,
                                 sizeof(snapshot->history)) != 0) {
        report_log(LOG_WARNING, "could not read the history of timeline %u "
                   "in '%s/pg_wal'", snapshot->server.position.timeline,
                   instance->params.pgdata);
    }
}

static void
observe_upstream(const struct instance *instance, struct snapshot *snapshot)
{
    struct text words;

    text_init(&words, snapshot->upstream_words,
              sizeof(snapshot->upstream_words));
    /* what cannot be read says nothing */
    (void) postgres_tail_upstream(&instance->params, &instance->identity,
                                  &words);
}

static void
observe_cluster(struct instance *instance, uint32_t facts,
                int64_t deadline_ms, struct snapshot *snapshot)
{
    struct text why;
    char why_text[SERVER_TEXT_SIZE];

    text_init(&why, why_text, sizeof(why_text));
    if ((facts & FACT_ATTRS) != 0
        && cluster_observe_attrs(instance->cluster, deadline_ms, snapshot,
                                 &why) != 0) {
        log_failure("attributes", &why);
    }
    text_init(&why, why_text, sizeof(why_text));
    if ((facts & (FACT_MEMBERS | FACT_RECORD)) != 0
        && cluster_observe_cib(instance->cluster, facts, deadline_ms,
                               snapshot, &why) != 0) {
        log_failure("members and record", &why);
    }
    text_init(&why, why_text, sizeof(why_text));
    if ((facts & FACT_PROFILE) != 0
        && cluster_observe_profile(instance->cluster, deadline_ms, snapshot,
                                   &why) != 0) {
        report_log(LOG_INFO, "the cluster's configuration was not looked "
                   "at: %s", why_text);
    }
    text_init(&why, why_text, sizeof(why_text));
    if ((facts & FACT_COPIES) != 0
        && copies_observe(instance, deadline_ms, snapshot, &why) != 0) {
        log_failure("copies of the record", &why);
    }
}

/* Whose the slots are; and what a change of the parameters is to find. */
static void
observe_slots(const struct instance *instance, struct snapshot *snapshot)
{
    const struct params *params = &instance->params;
    struct slot_names known;
    struct slot_names now;
    struct text why;
    char why_text[SERVER_TEXT_SIZE];

    config_read_slots(params, &instance->identity, &known);
    slots_assign(params, &known, snapshot);
    slots_compare_waited(params, snapshot);
    slots_list(params, snapshot, &now);
    text_init(&why, why_text, sizeof(why_text));
    if (memcmp(&now, &known, sizeof(now)) != 0 && !instance->only_looks
        && config_write_slots(params, &instance->identity, &now, &why) != 0) {
        log_failure("slots", &why);
    }
    if (now.count > 0 || params->replication_slot_name[0] != '\0') {
        memory_note_slots(instance, snapshot);
    }
}

static void
observe_grants(const struct instance *instance, int64_t deadline_ms,
               struct snapshot *snapshot)
{
    char why_text[SERVER_TEXT_SIZE];
    struct text missing;
    struct text why;

    text_init(&missing, snapshot->grants.missing,
              sizeof(snapshot->grants.missing));
    text_init(&why, why_text, sizeof(why_text));
    snapshot->grants.ready = pgsql_check_grants(instance->pgsql, deadline_ms,
                                                &missing, &why);
    if (snapshot->grants.ready == TRI_UNKNOWN) {
        report_log(LOG_INFO, "what rejoin_user may do was not tried: %s",
                   why_text);
    }
    memory_note_grants(instance);
}

void
observe(struct instance *instance, uint32_t facts, uint32_t limit_ms,
        struct snapshot *snapshot)
{
    const uint32_t server = FACT_SQL | FACT_SENDERS | FACT_POSITION
                            | FACT_SETTINGS | FACT_PROFILE | FACT_SYNC
                            | FACT_REPLAY;
    int64_t deadline_ms = look_deadline(instance, limit_ms);
    struct wal_position before = snapshot->server.position;

    snapshot->facts = facts;
    snapshot_forget(snapshot, facts);
    if ((facts & FACT_PROCESS) != 0) {
        observe_process(instance, snapshot);
    }
    if ((facts & FACT_HOLDERS) != 0) {
        (void) postgres_find_holders(&instance->params, &snapshot->holders);
    }
    observe_files(instance, facts, deadline_ms, snapshot);
    if ((facts & FACT_PROFILE) != 0) {
        units_find("", snapshot->profile.boot_unit,
                   sizeof(snapshot->profile.boot_unit));
        (void) address_find_name(instance->params.master_ip,
                                 snapshot->profile.master_name,
                                 sizeof(snapshot->profile.master_name));
    }
    if ((facts & FACT_ADDRESS) != 0) {
        observe_address(instance, snapshot);
    }
    if ((facts & FACT_REFUSAL) != 0) {
        nftables_observe(instance, &snapshot->refusal);
        if (snapshot->action == ACTION_VALIDATE) {
            nftables_try(instance, &snapshot->refusal);
        }
    }
    if ((facts & server) != 0) {
        observe_server(instance, look_deadline(instance, limit_ms), before,
                       snapshot);
    }
    if ((facts & FACT_GRANTS) != 0) {
        observe_grants(instance, look_deadline(instance, limit_ms), snapshot);
    }
    if ((facts & FACT_HISTORY) != 0) {
        observe_history(instance, snapshot);
    }
    if ((facts & FACT_UPSTREAM) != 0) {
        observe_upstream(instance, snapshot);
    }
    observe_cluster(instance, facts, look_deadline(instance, limit_ms),
                    snapshot);
    if ((facts & FACT_SENDERS) != 0 && snapshot->senders.told == TRI_YES) {
        senders_assign(snapshot);       /* by the key that was seen since */
        memory_note_senders(instance, snapshot);
        observe_slots(instance, snapshot);
    }
}
