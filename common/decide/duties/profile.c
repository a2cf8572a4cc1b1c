/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What in the configuration weakens a promise, and how to change it. */

#include "profile.h"

#include <string.h>
#include <strings.h>
#include <syslog.h>

#include "peers.h"
#include "want.h"

/* A stop turns immediate this long before its end (decide_end.c). */
#define STOP_ROOM_MS 10000u

/* Shorter than this, an operation fails where waiting would have helped. */
#define ACTION_SHORT_MS 30000u
#define MONITOR_SHORT_MS 10000u

static bool
is_replicated(const struct snapshot *s)
{
    return rep_mode_is_replication(s->settings.rep_mode);
}

static bool
is_short(uint32_t timeout_ms, uint32_t least_ms)
{
    return timeout_ms > 0 && timeout_ms < least_ms;
}

static uint32_t
stop_escalate_ms(const struct snapshot *s)
{
    return is_replicated(s) ? s->settings.stop_escalate_in_slave_ms
                            : s->settings.stop_escalate_ms;
}

/* --- the conditions, in the order of the table ---------------------------- */

static bool
fencing_is_off(const struct snapshot *s)
{
    return s->cluster.fencing == TRI_NO;
}

static bool
fence_device_is_missing(const struct snapshot *s)
{
    return s->cluster.fencing == TRI_YES && s->profile.fence_device == TRI_NO;
}

static bool
quorum_is_ignored(const struct snapshot *s)
{
    return s->profile.quorum_ignored == TRI_YES;
}

static bool
notify_is_missing(const struct snapshot *s)
{
    return is_replicated(s) && s->profile.notify == TRI_NO;
}

static bool
promoted_max_is_wrong(const struct snapshot *s)
{
    return is_replicated(s) && s->profile.promoted_max > 1;
}

static bool
promotion_keeps_timeline(const struct snapshot *s)
{
    return is_replicated(s) && s->settings.restart_on_promote;
}

static bool
stop_is_short(const struct snapshot *s)
{
    return is_short(s->profile.stop_ms, stop_escalate_ms(s) + STOP_ROOM_MS);
}

static bool
demote_is_short(const struct snapshot *s)
{
    return is_replicated(s)
           && is_short(s->profile.demote_ms,
                       s->settings.stop_escalate_ms + STOP_ROOM_MS);
}

static bool
demote_stops_all(const struct snapshot *s)
{
    return is_replicated(s) && s->profile.demote_stops == TRI_YES;
}

static bool
start_is_short(const struct snapshot *s)
{
    return is_short(s->profile.start_ms, ACTION_SHORT_MS);
}

static bool
promote_is_short(const struct snapshot *s)
{
    return is_replicated(s) && is_short(s->profile.promote_ms,
                                        ACTION_SHORT_MS);
}

static bool
notify_is_short(const struct snapshot *s)
{
    return is_replicated(s) && s->profile.notify != TRI_NO
           && is_short(s->profile.notify_ms, ACTION_SHORT_MS);
}

static bool
monitor_is_short(const struct snapshot *s)
{
    return is_short(s->profile.monitor_ms, MONITOR_SHORT_MS);
}

static bool
promoted_monitor_is_missing(const struct snapshot *s)
{
    return is_replicated(s) && s->profile.monitor_promoted == TRI_NO;
}

static bool
monitor_is_missing(const struct snapshot *s)
{
    return s->profile.monitor_started == TRI_NO;
}

static bool
monitors_are_alike(const struct snapshot *s)
{
    return is_replicated(s) && s->profile.monitors_alike == TRI_YES;
}

static bool
threshold_is_low(const struct snapshot *s)
{
    return s->profile.migration_threshold > 0
           && s->profile.migration_threshold < 3;
}

static bool
failures_add_up(const struct snapshot *s)
{
    return s->profile.migration_threshold >= 3
           && s->profile.failure_timeout == TRI_NO;
}

static bool
fsync_is_off(const struct snapshot *s)
{
    return s->profile.fsync == TRI_NO;
}

static bool
page_writes_are_off(const struct snapshot *s)
{
    return s->profile.full_page_writes == TRI_NO;
}

static bool
cannot_rewind(const struct snapshot *s)
{
    return is_replicated(s) && s->profile.wal_log_hints == TRI_NO
           && s->profile.checksums == TRI_NO;
}

static bool
lacks_rights(const struct snapshot *s)
{
    return is_replicated(s) && s->settings.rewinds
           && s->grants.ready == TRI_NO;
}

static bool
slots_are_unbounded(const struct snapshot *s)
{
    return is_replicated(s) && s->settings.use_slots
           && s->profile.slots_bounded == TRI_NO
           && s->settings.slot_max_wal == 0;
}

/* One for each other node and each external standby. */
static uint32_t
slots_wanted(const struct snapshot *s)
{
    uint32_t nodes = s->node_count > 0 ? (uint32_t) s->node_count - 1 : 0;

    return nodes + s->settings.external_count;
}

static bool
failover_slots_stay(const struct snapshot *s)
{
    return is_replicated(s) && s->profile.failover_slots > 0
           && s->profile.slot_sync == TRI_NO;
}

static bool
slot_sync_lacks_slots(const struct snapshot *s)
{
    return is_replicated(s) && s->profile.slot_sync == TRI_YES
           && !s->settings.use_slots;
}

static bool
slot_sync_lacks_feedback(const struct snapshot *s)
{
    return is_replicated(s) && s->profile.slot_sync == TRI_YES
           && s->profile.feedback == TRI_NO;
}

static bool
slots_are_too_few(const struct snapshot *s)
{
    return is_replicated(s) && s->settings.use_slots
           && s->profile.slot_max > 0
           && s->profile.slot_max < slots_wanted(s);
}

static bool
commit_is_weak(const struct snapshot *s)
{
    return s->settings.rep_mode == REP_MODE_SYNC
           && s->profile.weak_commit[0] != '\0';
}

static bool
some_commits_are_weak(const struct snapshot *s)
{
    return s->settings.rep_mode == REP_MODE_SYNC
           && s->profile.weak_commit_reset[0] != '\0';
}

static bool
shutdown_leaves_standbys(const struct snapshot *s)
{
    return is_replicated(s) && s->profile.sender_shutdown[0] != '\0';
}

static bool
hot_standby_is_off(const struct snapshot *s)
{
    return is_replicated(s) && s->profile.hot_standby == TRI_NO;
}

static bool
master_is_a_name(const struct snapshot *s)
{
    return is_replicated(s) && s->profile.master_name[0] != '\0';
}

static bool
starts_at_boot(const struct snapshot *s)
{
    return s->profile.boot_unit[0] != '\0';
}

/* --- the table ------------------------------------------------------------ */

struct row {
    bool (*holds)(const struct snapshot *s);
    const char *text;           /* a word in braces: see add_word() */
};

/* pcs forgets what an operation's update does not name: on-fail above all. */
static const struct row rows[] = {
    { fencing_is_off,
      "{fencing}=false: nodes that lose sight of each other may both "
      "take writes, and commits are lost. Configure a fence device, then: "
      "pcs property set {fencing}=true" },
    { fence_device_is_missing,
      "no fence device is configured: a lost node cannot be fenced, so the "
      "cluster starts nothing and nobody takes over. Make one: pcs stonith "
      "create NAME AGENT" },
    { quorum_is_ignored,
      "no-quorum-policy=ignore: a node that is cut off acts as if it were "
      "the whole cluster, and both sides may promote. Change it: pcs "
      "property set no-quorum-policy=stop" },
    { notify_is_missing,
      "clone '{clone}' lacks notify=true: no standby is released before its "
      "stop nor compared before a promotion, so commits stall and a "
      "promotion may fail. Change it: pcs resource meta {clone} "
      "notify=true" },
    { promoted_max_is_wrong,
      "clone '{clone}' has promoted-max={promoted-max}: the cluster tries to "
      "have several primaries, and promotions fail. Change it: pcs resource "
      "meta {clone} promoted-max=1" },
    { promotion_keeps_timeline,
      "'{resource}' has restart_on_promote=true: promotions keep the timeline, "
      "so nothing tells data that has parted, and a primary that comes back "
      "stays out until pg_basebackup. Change it: pcs resource update "
      "{resource} restart_on_promote=false" },
    { stop_is_short,
      "'{resource}' has stop timeout={stop}s, too short for a shutdown of "
      "{stop-escalate}s: it becomes an immediate one earlier, and the next "
      "start has to recover. Change it: pcs resource update {resource} op "
      "stop timeout={stop-wanted}s{stop-on-fail}" },
    { demote_is_short,
      "'{resource}' has demote timeout={demote}s, too short for "
      "stop_escalate={demote-escalate}s: a busy primary is cut off, and "
      "cannot come back as a standby by itself. Change it: pcs resource "
      "update {resource} op demote timeout={demote-wanted}s on-fail=restart" },
    { demote_stops_all,
      "'{resource}' has demote on-fail=stop: one demotion that fails stops "
      "the resource on every node. Change it: pcs resource update "
      "{resource} op demote timeout={demote-wanted}s on-fail=restart" },
    { start_is_short,
      "'{resource}' has start timeout={start}s: recovery after a crash may "
      "take longer, and a node whose start failed stays out. Change it: pcs "
      "resource update {resource} op start timeout=60s" },
    { promote_is_short,
      "'{resource}' has promote timeout={promote}s: a standby that still has "
      "WAL to replay fails its promotion, and the service stays away. Change "
      "it: pcs resource update {resource} op promote timeout=60s" },
    { notify_is_short,
      "'{resource}' has notify timeout={notify}s: a standby may be stopped "
      "before it was released, and commits stall. Change it: pcs resource "
      "update {resource} op notify timeout=60s" },
    { monitor_is_short,
      "'{resource}' has monitor timeout={monitor}s: a load spike counts as a "
      "dead server, and the service moves for nothing. Change it, with its "
      "interval and role as they are: pcs resource update {resource} op "
      "monitor interval=N role=R timeout=20s" },
    { promoted_monitor_is_missing,
      "'{resource}' has no monitor with role=" PROMOTED_ROLE ": nobody "
      "notices when the primary dies, and no standby is ranked. Make one: "
      "pcs resource op add {resource} monitor interval=1s timeout=20s "
      "role=" PROMOTED_ROLE },
    { monitor_is_missing,
      "'{resource}' has no monitor without a role: nobody notices when a "
      "standby dies, and no primary is elected. Make one: pcs resource op "
      "add {resource} monitor interval=2s timeout=20s" },
    { monitors_are_alike,
      "the monitors of '{resource}' have one interval: Pacemaker keeps only "
      "one of them, and a death goes unnoticed. Take one away with pcs "
      "resource op delete, then: pcs resource op add {resource} monitor "
      "interval=1s timeout=20s role=" PROMOTED_ROLE },
    { threshold_is_low,
      "'{resource}' has migration-threshold={threshold}: a crashed primary "
      "may not start again, and after a crash of each node nobody leads. "
      "Change it: pcs resource meta {resource} migration-threshold=3 "
      "failure-timeout=60s" },
    { failures_add_up,
      "'{resource}' has migration-threshold={threshold} and no "
      "failure-timeout: failures add up over the years until no node may "
      "run it. Change it: pcs resource meta {resource} "
      "failure-timeout=60s" },
    { fsync_is_off,
      "fsync=off: a crash of the machine loses commits and may ruin the data "
      "directory. Change it in SQL: ALTER SYSTEM SET fsync = on, then SELECT "
      "pg_reload_conf()" },
    { page_writes_are_off,
      "full_page_writes=off: a crash of the machine may leave torn pages, "
      "which no recovery mends. Change it in SQL: ALTER SYSTEM SET "
      "full_page_writes = on, then SELECT pg_reload_conf()" },
    { cannot_rewind,
      "wal_log_hints=off and no data checksums: pg_rewind cannot work, so an "
      "old primary needs a whole new copy. Change it in SQL: ALTER SYSTEM "
      "SET wal_log_hints = on, then restart the servers" },
    { lacks_rights,
      "rejoin_user lacks rights that pg_rewind needs: a crashed primary may "
      "stay down. Change it in SQL: {grants}" },
    { slots_are_unbounded,
      "max_slot_wal_keep_size=-1 with replication_slot_name: the slot of a "
      "node that is away keeps WAL until the primary's disk is full. Change "
      "it in SQL, to what pg_wal has room for: ALTER SYSTEM SET "
      "max_slot_wal_keep_size = '20GB', then SELECT pg_reload_conf()" },
    { slots_are_too_few,
      "max_replication_slots={slot-max} with replication_slot_name: each "
      "server needs {slots-wanted}, and a standby without one cannot "
      "connect. Change it in SQL: ALTER SYSTEM SET max_replication_slots = "
      "{slots-wanted}, then restart the servers" },
    { failover_slots_stay,
      "sync_replication_slots=off, but logical slots have failover set: no "
      "standby gets them, and their clients are cut off by a failover. Change "
      "it in SQL on each node: ALTER SYSTEM SET sync_replication_slots = on, "
      "then SELECT pg_reload_conf()" },
    { slot_sync_lacks_slots,
      "sync_replication_slots=on without replication_slot_name: a standby "
      "without primary_slot_name synchronises no logical slot, and their "
      "clients are cut off by a failover. Change it: pcs resource update "
      "{resource} replication_slot_name=pgward" },
    { slot_sync_lacks_feedback,
      "sync_replication_slots=on with hot_standby_feedback=off: a standby "
      "synchronises no logical slot, and their clients are cut off by a "
      "failover. Change it in SQL on each node: ALTER SYSTEM SET "
      "hot_standby_feedback = on, then SELECT pg_reload_conf()" },
    { commit_is_weak,
      "synchronous_commit={commit} with rep_mode=sync: clients are told of "
      "commits that no standby has on disk, and a failover loses them. "
      "Change it in SQL: ALTER SYSTEM SET synchronous_commit = on, then "
      "SELECT pg_reload_conf()" },
    { some_commits_are_weak,
      "synchronous_commit is weaker than on for a role or a database with "
      "rep_mode=sync: a failover loses commits that its clients were told "
      "of. Change it in SQL: {commit-reset}" },
    { hot_standby_is_off,
      "hot_standby=off: a standby cannot be asked how far it is, so it "
      "cannot take over. Change it in SQL: ALTER SYSTEM SET hot_standby = "
      "on, then restart the servers" },
    { shutdown_leaves_standbys,
      "wal_sender_shutdown_timeout={sender-shutdown}ms: a shutdown may end "
      "before the standbys have its last WAL, and a planned switchover then "
      "goes back to the old primary. Change it in SQL: ALTER SYSTEM SET "
      "wal_sender_shutdown_timeout = -1, then SELECT pg_reload_conf()" },
    { master_is_a_name,
      "'{resource}' has master_ip={master-name}, a name: while it cannot be "
      "looked up no standby connects, and a node that led waits before it "
      "follows. Change it: pcs resource update {resource} "
      "master_ip=ADDRESS" },
    { starts_at_boot,
      "'{unit}' starts PostgreSQL at boot, before the cluster does: a second "
      "primary, or a port that is taken. Change it on this node: systemctl "
      "disable {unit}" },
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static const char *
word_text(const struct snapshot *s, const char *word, size_t len)
{
    const struct profile *profile = &s->profile;
    const struct {
        const char *word;
        const char *text;
    } words[] = {
        { "fencing", profile->fencing_renamed == TRI_YES
                     ? "fencing-enabled" : "stonith-enabled" },
        { "clone", profile->clone },
        { "commit", profile->weak_commit },
        { "sender-shutdown", profile->sender_shutdown },
        { "stop-on-fail", profile->stop_on_fail },
        { "commit-reset", profile->weak_commit_reset },
        { "master-name", profile->master_name },
        { "unit", profile->boot_unit },
        { "grants", s->grants.missing },
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strlen(words[i].word) == len
            && strncmp(words[i].word, word, len) == 0) {
            return words[i].text;
        }
    }
    return profile->resource;
}

/* The number that a word stands for, times in seconds; -1: it is a text. */
static int64_t
word_number(const struct snapshot *s, const char *word, size_t len)
{
    const struct profile *profile = &s->profile;
    uint32_t stop_ms = stop_escalate_ms(s);
    uint32_t demote_ms = s->settings.stop_escalate_ms;
    const struct {
        const char *word;
        uint32_t number;
    } words[] = {
        { "promoted-max", profile->promoted_max },
        { "threshold", profile->migration_threshold },
        { "start", profile->start_ms / 1000 },
        { "stop", profile->stop_ms / 1000 },
        { "stop-escalate", stop_ms / 1000 },
        { "stop-wanted", (stop_ms + 3 * STOP_ROOM_MS) / 1000 },
        { "promote", profile->promote_ms / 1000 },
        { "demote", profile->demote_ms / 1000 },
        { "demote-escalate", demote_ms / 1000 },
        { "demote-wanted", (demote_ms + 3 * STOP_ROOM_MS) / 1000 },
        { "slot-max", profile->slot_max },
        { "slots-wanted", slots_wanted(s) },
        { "notify", profile->notify_ms / 1000 },
        { "monitor", profile->monitor_ms / 1000 },
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strlen(words[i].word) == len
            && strncmp(words[i].word, word, len) == 0) {
            return words[i].number;
        }
    }
    return -1;
}

static void
add_word(const struct snapshot *s, const char *word, size_t len,
         struct text *text)
{
    int64_t number = word_number(s, word, len);

    if (number >= 0) {
        text_add(text, "%u", (uint32_t) number);
    } else {
        text_add(text, "%s", word_text(s, word, len));
    }
}

static void
warn(const struct snapshot *s, const char *text, struct plan *plan)
{
    char line[OP_VALUE_SIZE];
    struct text out;

    text_init(&out, line, sizeof(line));
    while (*text != '\0') {
        size_t len = strcspn(text, "{");

        text_add_bytes(&out, text, len);
        text += len;
        if (*text == '{') {
            len = strcspn(text, "}");
            add_word(s, text + 1, len - 1, &out);
            text += len + 1;
        }
    }
    plan_log(plan, LOG_WARNING, "%s", line);
}

void
profile_warn(const struct snapshot *snapshot, struct plan *plan)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].holds(snapshot)) {
            warn(snapshot, rows[i].text, plan);
        }
    }
}

/*
 * What a rejoin needs is tried at the replication address, which comes to this
 * node once the promotion is over: a monitor that waited for an answer from
 * there would keep the cluster from starting it.
 */
static bool
set_up_is_seen(const struct snapshot *snapshot, struct plan *plan)
{
    if (!snapshot->settings.rewinds) {
        return have_facts(snapshot, FACT_PROFILE, plan);
    }
    return have_facts(snapshot, FACT_PROFILE | FACT_ADDRESS, plan)
           && (snapshot->address_here != TRI_YES
               || have_facts(snapshot, FACT_GRANTS, plan));
}

void
profile_duty(const struct snapshot *snapshot, struct plan *plan)
{
    const struct node *self = self_node(snapshot);
    const char *promotion = self->attrs.baseline.known == ATTR_SET
                            ? self->attrs.baseline.value : "-";

    /* each promotion has a baseline of its own; an adopted primary none */
    if (snapshot->failed != OP_NONE || snapshot->left_ms <= LAST_CALL_MS
        || self->attrs.baseline.known == ATTR_UNKNOWN
        || self->attrs.warned.known == ATTR_UNKNOWN
        || attr_is(&self->attrs.warned, promotion)) {
        return;
    }
    if (set_up_is_seen(snapshot, plan)) {
        profile_warn(snapshot, plan);
        want_attr(snapshot, plan, OP_SET_WARNED, OP_BEST_EFFORT,
                  snapshot->self, promotion);
        /*
         * Two promotions in one WAL segment strand a standby that was away:
         * an archiving server renames what it has of the timeline between
         * them to '.partial', and cannot send it any more (tried).
         */
        plan_add(plan, OP_SWITCH_WAL, OP_BEST_EFFORT, 0, NULL);
    }
}

int
profile_parse_ms(const char *text, uint32_t *ret_ms)
{
    static const struct {
        const char *unit;
        uint32_t ms;
    } units[] = {
        { "", 1000 }, { "s", 1000 }, { "sec", 1000 }, { "ms", 1 },
        { "msec", 1 }, { "m", 60000 }, { "min", 60000 }, { "h", 3600000 },
        { "hr", 3600000 },
    };
    uint64_t number = 0;
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 9) {
        return -1;
    }
    for (size_t i = 0; i < digits; i++) {
        number = number * 10 + (uint64_t) (text[i] - '0');
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcasecmp(text + digits, units[i].unit) == 0
            && number * units[i].ms <= UINT32_MAX) {
            *ret_ms = (uint32_t) (number * units[i].ms);
            return 0;
        }
    }
    return -1;
}

/* postgresql.service, postgresql@15-main.service, S01postgresql. */
bool
profile_is_server_unit(const char *name)
{
    static const char word[] = "postgresql";
    const char *rest;
    size_t len;

    if (name[0] == 'S' && strspn(name + 1, "0123456789") == 2) {
        return strncmp(name + 3, word, strlen(word)) == 0;
    }
    if (strncmp(name, word, strlen(word)) != 0) {
        return false;
    }
    rest = name + strlen(word);
    len = strlen(rest);
    return strchr(".@-", rest[0]) != NULL && len >= 8
           && strcmp(rest + len - 8, ".service") == 0;
}
