/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The snapshot as text, from one table of its fields. */

#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "names.h"

enum field_type {
    FIELD_NUMBER,       /* uint32_t */
    FIELD_SIZE,         /* size_t */
    FIELD_SIGNED,       /* int32_t, enum ocf_code */
    FIELD_BOOL,
    FIELD_ENUM,
    FIELD_STRING,
    FIELD_LSN,
    FIELD_POSITION,
    FIELD_ATTR,
    FIELD_FACTS,
};

struct field {
    const char *key;
    enum field_type type;
    size_t offset;
    size_t size;
    const char *const *names;
};

#define AT(type, member) \
    offsetof(type, member), sizeof(((type *) 0)->member)

#define NUMBER(text, field) \
    { text, FIELD_NUMBER, AT(struct snapshot, field), NULL }

#define SETTING_ROW_MODE FIELD_ENUM
#define SETTING_ROW_FLAG FIELD_BOOL
#define SETTING_ROW_NUMBER FIELD_NUMBER
#define SETTING_ROW_BYTES FIELD_LSN
#define SETTING_ROW(field, kind, value) \
    { "settings." #field, SETTING_ROW_##kind, \
      AT(struct snapshot, settings.field), rep_mode_words },

static const struct field top_fields[] = {
    { "action", FIELD_ENUM, AT(struct snapshot, action), names_action },
    { "notify", FIELD_ENUM, AT(struct snapshot, notify), names_notify },
    { "probe", FIELD_ENUM, AT(struct snapshot, probe), names_tri },
    { "check_level", FIELD_NUMBER, AT(struct snapshot, check_level), NULL },
    { "expected_role", FIELD_ENUM, AT(struct snapshot, expected_role),
      names_role },
    { "tmpdir", FIELD_STRING, AT(struct snapshot, tmpdir), NULL },
    { "pgdata", FIELD_STRING, AT(struct snapshot, pgdata), NULL },
    { "elapsed_ms", FIELD_NUMBER, AT(struct snapshot, elapsed_ms), NULL },
    { "left_ms", FIELD_NUMBER, AT(struct snapshot, left_ms), NULL },
    { "facts", FIELD_FACTS, AT(struct snapshot, facts), names_fact },
    { "settings.problem", FIELD_SIGNED,
      AT(struct snapshot, settings.problem), NULL },
    { "settings.problem_text", FIELD_STRING,
      AT(struct snapshot, settings.problem_text), NULL },
    NUMBER("settings.promoted_max", settings.promoted_max),
    SETTINGS_LIST(SETTING_ROW)
    { "process.state", FIELD_ENUM, AT(struct snapshot, process.state),
      names_process },
    { "process.postmaster_pid", FIELD_SIGNED,
      AT(struct snapshot, process.postmaster_pid), NULL },
    { "process.others", FIELD_NUMBER, AT(struct snapshot, process.others),
      NULL },
    { "process.uninterruptible", FIELD_NUMBER,
      AT(struct snapshot, process.uninterruptible), NULL },
    { "process.senders", FIELD_NUMBER, AT(struct snapshot, process.senders),
      NULL },
    { "holdup.known", FIELD_ENUM, AT(struct snapshot, holders.known),
      names_tri },
    { "holdup.backends", FIELD_NUMBER, AT(struct snapshot, holders.backends),
      NULL },
    { "holdup.unarchived", FIELD_STRING,
      AT(struct snapshot, holders.unarchived), NULL },
    { "process.old_option", FIELD_STRING,
      AT(struct snapshot, process.old_option), NULL },
    { "process.pidfile", FIELD_ENUM, AT(struct snapshot, process.pidfile),
      names_pidfile },
    { "watch.postmaster_pid", FIELD_SIGNED,
      AT(struct snapshot, process.watch.postmaster_pid), NULL },
    { "watch.alive", FIELD_ENUM, AT(struct snapshot, process.watch.alive),
      names_tri },
    { "watch.ours", FIELD_ENUM, AT(struct snapshot, process.watch.ours),
      names_tri },
    { "watch.reported_ms", FIELD_NUMBER,
      AT(struct snapshot, process.watch.reported_ms), NULL },
    { "refusal.state", FIELD_ENUM, AT(struct snapshot, refusal.state),
      names_refusal },
    { "refusal.failed_ms", FIELD_NUMBER,
      AT(struct snapshot, refusal.failed_ms), NULL },
    { "refusal.possible", FIELD_ENUM, AT(struct snapshot, refusal.possible),
      names_tri },
    { "refusal.why", FIELD_STRING, AT(struct snapshot, refusal.why), NULL },
    { "rejoin.phase", FIELD_ENUM, AT(struct snapshot, rejoin.phase),
      names_rejoin },
    { "rejoin.end", FIELD_ENUM, AT(struct snapshot, rejoin.end),
      names_rejoin_end },
    NUMBER("rejoin.attempts", rejoin.attempts),
    { "rejoin.same_data", FIELD_ENUM, AT(struct snapshot, rejoin.same_data),
      names_tri },
    { "rejoin.fork", FIELD_POSITION, AT(struct snapshot, rejoin.fork), NULL },
    NUMBER("rejoin.timeline", rejoin.timeline),
    { "rejoin.system_id", FIELD_STRING,
      AT(struct snapshot, rejoin.system_id), NULL },
    { "rejoin.why", FIELD_STRING, AT(struct snapshot, rejoin.why), NULL },
    { "rejoin.alive", FIELD_ENUM, AT(struct snapshot, rejoin.alive),
      names_tri },
    { "rejoin.ours", FIELD_ENUM, AT(struct snapshot, rejoin.ours),
      names_tri },
    NUMBER("rejoin.still_ms", rejoin.still_ms),
    { "server.answer", FIELD_ENUM, AT(struct snapshot, server.answer),
      names_answer },
    { "server.text", FIELD_STRING, AT(struct snapshot, server.text), NULL },
    { "server.refused", FIELD_STRING, AT(struct snapshot, server.refused),
      NULL },
    { "server.version", FIELD_NUMBER, AT(struct snapshot, server.version),
      NULL },
    { "server.in_recovery", FIELD_ENUM,
      AT(struct snapshot, server.in_recovery), names_tri },
    { "server.position", FIELD_POSITION,
      AT(struct snapshot, server.position), NULL },
    { "server.recovery_advances", FIELD_ENUM,
      AT(struct snapshot, position_advances), names_tri },
    { "server.replay.known", FIELD_ENUM,
      AT(struct snapshot, server.progress.known), names_tri },
    { "server.replay.received", FIELD_LSN,
      AT(struct snapshot, server.progress.received), NULL },
    { "server.replay.replayed", FIELD_LSN,
      AT(struct snapshot, server.progress.replayed), NULL },
    { "server.replay.paused", FIELD_ENUM,
      AT(struct snapshot, server.progress.paused), names_tri },
    { "server.replay.target", FIELD_STRING,
      AT(struct snapshot, server.progress.target), NULL },
    { "server.unflushed", FIELD_ENUM, AT(struct snapshot, server.unflushed),
      names_tri },
    NUMBER("server.unflushed_ms", server.unflushed_ms),
    { "server.replay.still_ms", FIELD_NUMBER,
      AT(struct snapshot, server.progress.still_ms), NULL },
    { "server.replay.place", FIELD_STRING,
      AT(struct snapshot, replay.place), NULL },
    { "server.replay.waits", FIELD_ENUM,
      AT(struct snapshot, replay.waits), names_tri },
    { "server.replay.busy", FIELD_ENUM,
      AT(struct snapshot, replay.busy), names_tri },
    NUMBER("server.replay.limits.connections",
           replay.limits.connections),
    NUMBER("server.replay.limits.worker_processes",
           replay.limits.worker_processes),
    NUMBER("server.replay.limits.wal_senders",
           replay.limits.wal_senders),
    NUMBER("server.replay.limits.prepared_transactions",
           replay.limits.prepared_transactions),
    NUMBER("server.replay.limits.locks_per_transaction",
           replay.limits.locks_per_transaction),
    { "server.receiver_running", FIELD_ENUM,
      AT(struct snapshot, server.receiver_running), names_tri },
    NUMBER("server.alone_ms", server.alone_ms),
    { "server.upstream_words", FIELD_STRING,
      AT(struct snapshot, upstream_words), NULL },
    { "server.upstream_set", FIELD_ENUM,
      AT(struct snapshot, server.upstream_set), names_tri },
    { "server.sync_names", FIELD_STRING,
      AT(struct snapshot, server.sync_names), NULL },
    { "server.sync_names_known", FIELD_ENUM,
      AT(struct snapshot, server.sync_names_known), names_tri },
    { "server.sync_names_ours", FIELD_ENUM,
      AT(struct snapshot, sources.sync_names_ours), names_tri },
    { "server.override", FIELD_STRING,
      AT(struct snapshot, sources.override), NULL },
    { "server.started", FIELD_STRING, AT(struct snapshot, sync.started),
      NULL },
    { "server.redo_lsn", FIELD_LSN, AT(struct snapshot, sync.redo_lsn),
      NULL },
    { "server.sync_waiter", FIELD_ENUM,
      AT(struct snapshot, sync.waiter), names_tri },
    { "server.sync_wait_ms", FIELD_NUMBER,
      AT(struct snapshot, sync.wait_ms), NULL },
    { "server.sender_timeout_ms", FIELD_NUMBER,
      AT(struct snapshot, sync.sender_timeout_ms), NULL },
    { "server.monitor_sql_ok", FIELD_ENUM,
      AT(struct snapshot, monitor_sql_ok), names_tri },
    { "server.senders_told", FIELD_ENUM,
      AT(struct snapshot, senders.told), names_tri },
    NUMBER("server.slot_count", senders.slot_count),
    NUMBER("server.slot_max", senders.slot_max),
    NUMBER("server.externals_missing", senders.externals_missing),
    NUMBER("server.unsynced", senders.unsynced),
    { "server.slots_waited", FIELD_ENUM,
      AT(struct snapshot, senders.slots_waited), names_tri },
    { "server.slots_due", FIELD_ENUM,
      AT(struct snapshot, senders.slots_due), names_tri },
    { "calm_ms", FIELD_NUMBER, AT(struct snapshot, process.calm_ms), NULL },
    NUMBER("grants_ms", process.grants_ms),
    NUMBER("kept_ms", process.kept_ms),
    { "grants.ready", FIELD_ENUM, AT(struct snapshot, grants.ready),
      names_tri },
    { "grants.missing", FIELD_STRING, AT(struct snapshot, grants.missing),
      NULL },
    { "files.lock", FIELD_ENUM, AT(struct snapshot, files.lock), names_tri },
    { "files.backup_label", FIELD_ENUM,
      AT(struct snapshot, files.backup_label), names_tri },
    { "files.slots", FIELD_ENUM, AT(struct snapshot, files.slots), names_tri },
    { "files.upstream", FIELD_ENUM, AT(struct snapshot, files.upstream),
      names_tri },
    { "files.standby_current", FIELD_ENUM,
      AT(struct snapshot, files.standby_current), names_tri },
    { "files.sender_name", FIELD_STRING,
      AT(struct snapshot, files.sender_name), NULL },
    { "files.system_id", FIELD_STRING, AT(struct snapshot, files.system_id),
      NULL },
    { "files.major_version", FIELD_NUMBER,
      AT(struct snapshot, files.major_version), NULL },
    { "files.control", FIELD_ENUM, AT(struct snapshot, control.state),
      names_control },
    { "files.checkpoint", FIELD_POSITION,
      AT(struct snapshot, control.checkpoint), NULL },
    NUMBER("files.recovery_timeline", control.recovery_timeline),
    NUMBER("files.limits.connections", control.limits.connections),
    NUMBER("files.limits.worker_processes", control.limits.worker_processes),
    NUMBER("files.limits.wal_senders", control.limits.wal_senders),
    NUMBER("files.limits.prepared_transactions",
           control.limits.prepared_transactions),
    NUMBER("files.limits.locks_per_transaction",
           control.limits.locks_per_transaction),
    { "files.newest_timeline", FIELD_NUMBER,
      AT(struct snapshot, newest_timeline), NULL },
    { "files.history", FIELD_STRING, AT(struct snapshot, history),
      NULL },
    { "files.writable", FIELD_ENUM, AT(struct snapshot, disk.writable),
      names_tri },
    { "files.unwritable", FIELD_STRING,
      AT(struct snapshot, disk.unwritable), NULL },
    { "profile.fence_device", FIELD_ENUM,
      AT(struct snapshot, profile.fence_device), names_tri },
    { "profile.fencing_renamed", FIELD_ENUM,
      AT(struct snapshot, profile.fencing_renamed), names_tri },
    { "profile.quorum_ignored", FIELD_ENUM,
      AT(struct snapshot, profile.quorum_ignored), names_tri },
    { "profile.resource", FIELD_STRING,
      AT(struct snapshot, profile.resource), NULL },
    { "profile.clone", FIELD_STRING, AT(struct snapshot, profile.clone), NULL },
    { "profile.moves", FIELD_STRING, AT(struct snapshot, profile.moves),
      NULL },
    { "profile.notify", FIELD_ENUM,
      AT(struct snapshot, profile.notify), names_tri },
    { "profile.promoted_max", FIELD_NUMBER,
      AT(struct snapshot, profile.promoted_max), NULL },
    { "profile.migration_threshold", FIELD_NUMBER,
      AT(struct snapshot, profile.migration_threshold), NULL },
    { "profile.failure_timeout", FIELD_ENUM,
      AT(struct snapshot, profile.failure_timeout), names_tri },
    { "profile.start_ms", FIELD_NUMBER,
      AT(struct snapshot, profile.start_ms), NULL },
    { "profile.stop_ms", FIELD_NUMBER,
      AT(struct snapshot, profile.stop_ms), NULL },
    { "profile.promote_ms", FIELD_NUMBER,
      AT(struct snapshot, profile.promote_ms), NULL },
    { "profile.demote_ms", FIELD_NUMBER,
      AT(struct snapshot, profile.demote_ms), NULL },
    { "profile.demote_stops", FIELD_ENUM,
      AT(struct snapshot, profile.demote_stops), names_tri },
    { "profile.stop_on_fail", FIELD_STRING,
      AT(struct snapshot, profile.stop_on_fail), NULL },
    { "profile.notify_ms", FIELD_NUMBER,
      AT(struct snapshot, profile.notify_ms), NULL },
    { "profile.monitor_ms", FIELD_NUMBER,
      AT(struct snapshot, profile.monitor_ms), NULL },
    { "profile.monitor_promoted", FIELD_ENUM,
      AT(struct snapshot, profile.monitor_promoted), names_tri },
    { "profile.monitor_started", FIELD_ENUM,
      AT(struct snapshot, profile.monitor_started), names_tri },
    { "profile.monitors_alike", FIELD_ENUM,
      AT(struct snapshot, profile.monitors_alike), names_tri },
    { "profile.fsync", FIELD_ENUM,
      AT(struct snapshot, profile.fsync), names_tri },
    { "profile.full_page_writes", FIELD_ENUM,
      AT(struct snapshot, profile.full_page_writes), names_tri },
    { "profile.hot_standby", FIELD_ENUM,
      AT(struct snapshot, profile.hot_standby), names_tri },
    { "profile.wal_log_hints", FIELD_ENUM,
      AT(struct snapshot, profile.wal_log_hints), names_tri },
    { "profile.checksums", FIELD_ENUM,
      AT(struct snapshot, profile.checksums), names_tri },
    { "profile.slot_sync", FIELD_ENUM,
      AT(struct snapshot, profile.slot_sync), names_tri },
    { "profile.feedback", FIELD_ENUM,
      AT(struct snapshot, profile.feedback), names_tri },
    NUMBER("profile.failover_slots", profile.failover_slots),
    { "profile.slots_bounded", FIELD_ENUM,
      AT(struct snapshot, profile.slots_bounded), names_tri },
    NUMBER("profile.slot_max", profile.slot_max),
    { "profile.sender_shutdown", FIELD_STRING,
      AT(struct snapshot, profile.sender_shutdown), NULL },
    { "profile.weak_commit", FIELD_STRING,
      AT(struct snapshot, profile.weak_commit), NULL },
    { "profile.weak_commit_reset", FIELD_STRING,
      AT(struct snapshot, profile.weak_commit_reset), NULL },
    { "profile.master_name", FIELD_STRING,
      AT(struct snapshot, profile.master_name), NULL },
    { "profile.boot_unit", FIELD_STRING,
      AT(struct snapshot, profile.boot_unit), NULL },
    { "position_looks", FIELD_NUMBER, AT(struct snapshot, position_looks),
      NULL },
    { "memory.list", FIELD_STRING, AT(struct snapshot, sync.memory.list),
      NULL },
    { "memory.started", FIELD_STRING, AT(struct snapshot, sync.memory.started),
      NULL },
    { "memory.asked", FIELD_LSN, AT(struct snapshot, sync.memory.asked), NULL },
    { "memory.proven", FIELD_BOOL, AT(struct snapshot, sync.memory.proven),
      NULL },
    { "memory.mark", FIELD_LSN, AT(struct snapshot, sync.memory.mark), NULL },
    { "address_here", FIELD_ENUM, AT(struct snapshot, address_here),
      names_tri },
    { "have_quorum", FIELD_ENUM, AT(struct snapshot, cluster.have_quorum),
      names_tri },
    { "maintenance", FIELD_ENUM, AT(struct snapshot, cluster.maintenance),
      names_tri },
    { "fencing", FIELD_ENUM, AT(struct snapshot, cluster.fencing), names_tri },
    { "system_id", FIELD_ATTR, AT(struct snapshot, record.system_id), NULL },
    { "name_key", FIELD_ATTR, AT(struct snapshot, record.name_key), NULL },
    { "self", FIELD_SIZE, AT(struct snapshot, self), NULL },
    { "node_count", FIELD_SIZE, AT(struct snapshot, node_count), NULL },
    { "outsiders", FIELD_SIZE, AT(struct snapshot, outsiders), NULL },
    { "failed", FIELD_ENUM, AT(struct snapshot, failed), names_op },
    { "failure", FIELD_STRING, AT(struct snapshot, failure), NULL },
    { "unseen", FIELD_STRING, AT(struct snapshot, process.unseen), NULL },
    { "log_tail", FIELD_STRING, AT(struct snapshot, log_tail), NULL },
};

#define ATTR_FIELD(X, symbol, field, ...) \
    { #field, FIELD_ATTR, AT(struct node, attrs.field), NULL },
static const struct field node_fields[] = {
    { "name", FIELD_STRING, AT(struct node, name), NULL },
    { "online", FIELD_ENUM, AT(struct node, member.online), names_tri },
    { "role", FIELD_ENUM, AT(struct node, member.role), names_role },
    { "starting", FIELD_ENUM, AT(struct node, member.starting), names_tri },
    { "member", FIELD_ENUM, AT(struct node, member.corosync), names_tri },
    { "controller", FIELD_ENUM, AT(struct node, member.controller), names_tri },
    { "expected_down", FIELD_ENUM, AT(struct node, member.expected_down),
      names_tri },
    { "erased", FIELD_ENUM, AT(struct node, member.erased), names_tri },
    { "probed", FIELD_ENUM, AT(struct node, member.probed), names_tri },
    { "was_out", FIELD_ENUM, AT(struct node, was_out), names_tri },
    { "copy", FIELD_ATTR, AT(struct node, copy), NULL },
    { "quorum", FIELD_ATTR, AT(struct node, record.quorum), NULL },
    { "copy_quorum", FIELD_ATTR, AT(struct node, copy_quorum), NULL },
    { "copy_self", FIELD_ATTR, AT(struct node, copy_self), NULL },
    { "copy_answered", FIELD_ENUM, AT(struct node, copy_answered),
      names_tri },
    { "data_status", FIELD_ATTR, AT(struct node, record.data_status), NULL },
    { "changed_s", FIELD_NUMBER, AT(struct node, member.changed_s), NULL },
    { "cib_score", FIELD_ATTR, AT(struct node, member.cib_score), NULL },
    ATTR_LIST(ATTR_FIELD, )
    { "sender.state", FIELD_ENUM, AT(struct node, senders.own.state),
      names_sender },
    { "sender.sync_state", FIELD_ENUM, AT(struct node, senders.own.sync_state),
      names_sync },
    { "sender.sync_priority", FIELD_NUMBER,
      AT(struct node, senders.own.sync_priority), NULL },
    { "sender.flush_lsn", FIELD_LSN, AT(struct node, senders.own.flush_lsn),
      NULL },
    { "sender.replay_lsn", FIELD_LSN, AT(struct node, senders.own.replay_lsn),
      NULL },
    { "sender.lag_ms", FIELD_NUMBER, AT(struct node, senders.own.lag_ms),
      NULL },
    { "sender.silent_ms", FIELD_NUMBER, AT(struct node, senders.own.silent_ms),
      NULL },
    { "sender.reply", FIELD_STRING, AT(struct node, senders.own.reply), NULL },
    { "sender.leaving_ms", FIELD_NUMBER,
      AT(struct node, senders.own.leaving_ms), NULL },
    { "sender.pid", FIELD_NUMBER, AT(struct node, senders.own.pid), NULL },
    { "sender.began", FIELD_STRING, AT(struct node, senders.own.began), NULL },
    { "sender.age_ms", FIELD_NUMBER, AT(struct node, senders.own.age_ms),
      NULL },
    { "sender.beyond", FIELD_ENUM, AT(struct node, senders.own.beyond),
      names_tri },
    { "sender.visible", FIELD_ENUM, AT(struct node, senders.own.visible),
      names_tri },
    { "stranger", FIELD_STRING, AT(struct node, senders.stranger), NULL },
    { "twin", FIELD_STRING, AT(struct node, senders.twin), NULL },
    { "slot", FIELD_ENUM, AT(struct node, senders.slot.there), names_tri },
    { "slot_active", FIELD_ENUM, AT(struct node, senders.slot.active),
      names_tri },
    { "slot_status", FIELD_ENUM, AT(struct node, senders.slot.status),
      names_slot },
    { "slot_restart", FIELD_LSN, AT(struct node, senders.slot.restart_lsn),
      NULL },
    { "slot_limited", FIELD_ENUM, AT(struct node, senders.slot.limited),
      names_tri },
    { "slot_left", FIELD_LSN, AT(struct node, senders.slot.left_bytes), NULL },
    { "slot_xmin", FIELD_ENUM, AT(struct node, senders.slot.xmin), names_tri },
    { "slot_idle_ms", FIELD_NUMBER, AT(struct node, senders.slot.idle_ms),
      NULL },
    { "slot_given_up", FIELD_ENUM, AT(struct node, senders.slot.given_up),
      names_tri },
    { "in_stop_list", FIELD_ENUM, AT(struct node, in_stop_list), names_tri },
    { "in_start_list", FIELD_ENUM, AT(struct node, in_start_list),
      names_tri },
    { "in_promote_list", FIELD_ENUM, AT(struct node, in_promote_list),
      names_tri },
    { "in_demote_list", FIELD_ENUM, AT(struct node, in_demote_list),
      names_tri },
    { "in_promoted_list", FIELD_ENUM, AT(struct node, in_promoted_list),
      names_tri },
};
#undef ATTR_FIELD

static const struct field holder_fields[] = {
    { "kind", FIELD_ENUM, AT(struct holder, kind), names_holder },
    { "pid", FIELD_SIGNED, AT(struct holder, pid), NULL },
    { "age_ms", FIELD_NUMBER, AT(struct holder, age_ms), NULL },
    { "title", FIELD_STRING, AT(struct holder, title), NULL },
};

static const struct field slot_fields[] = {
    { "name", FIELD_STRING, AT(struct slot_row, name), NULL },
    { "external", FIELD_ENUM, AT(struct slot_row, external), names_tri },
    { "active", FIELD_ENUM, AT(struct slot_row, slot.active), names_tri },
    { "status", FIELD_ENUM, AT(struct slot_row, slot.status), names_slot },
    { "restart", FIELD_LSN, AT(struct slot_row, slot.restart_lsn), NULL },
    { "limited", FIELD_ENUM, AT(struct slot_row, slot.limited), names_tri },
    { "left", FIELD_LSN, AT(struct slot_row, slot.left_bytes), NULL },
    { "xmin", FIELD_ENUM, AT(struct slot_row, slot.xmin), names_tri },
    { "idle_ms", FIELD_NUMBER, AT(struct slot_row, slot.idle_ms), NULL },
};

static const struct field done_fields[] = {
    { "times", FIELD_NUMBER, AT(struct done, times), NULL },
    { "rc", FIELD_SIGNED, AT(struct done, rc), NULL },
    { "first_ms", FIELD_NUMBER, AT(struct done, first_ms), NULL },
    { "last_ms", FIELD_NUMBER, AT(struct done, last_ms), NULL },
};

#undef AT
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Strings are kept on one line: a newline becomes \n, a backslash \\. */
static void
add_escaped(struct text *text, const char *string)
{
    for (; *string != '\0'; string++) {
        if (*string == '\n') {
            text_add(text, "\\n");
        } else if (*string == '\\') {
            text_add(text, "\\\\");
        } else {
            text_add_bytes(text, string, 1);
        }
    }
}

static int
load_escaped(const char *value, char *ret_string, size_t size)
{
    size_t len = 0;

    for (; *value != '\0'; value++) {
        char c = *value;

        if (len + 1 >= size) {
            return -1;
        }
        if (c == '\\') {
            value++;
            if (*value != 'n' && *value != '\\') {
                return -1;
            }
            c = *value == 'n' ? '\n' : '\\';
        }
        ret_string[len++] = c;
    }
    ret_string[len] = '\0';
    return 0;
}

static uint32_t
get_number(const void *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static void
add_facts(struct text *text, uint32_t facts)
{
    const char *space = "";

    for (unsigned i = 0; names_fact[i] != NULL; i++) {
        if ((facts & (1u << i)) != 0) {
            text_add(text, "%s%s", space, names_fact[i]);
            space = " ";
        }
    }
}

static void
dump_value(const struct field *field, const char *at, struct text *text)
{
    char buf[WAL_POSITION_TEXT_SIZE];
    struct wal_position position;
    const struct attr *attr;
    size_t size;
    lsn value;

    switch (field->type) {
        case FIELD_NUMBER:
            text_add(text, "%u", get_number(at));
            break;
        case FIELD_SIZE:
            memcpy(&size, at, sizeof(size));
            text_add(text, "%zu", size);
            break;
        case FIELD_FACTS:
            add_facts(text, get_number(at));
            break;
        case FIELD_SIGNED:
            text_add(text, "%d", (int32_t) get_number(at));
            break;
        case FIELD_BOOL:
            text_add(text, "yes");
            break;
        case FIELD_ENUM:
            text_add(text, "%s", names_name(field->names,
                                         get_number(at)));
            break;
        case FIELD_STRING:
            add_escaped(text, at);
            break;
        case FIELD_LSN:
            memcpy(&value, at, sizeof(value));
            lsn_format_hex(value, buf);
            text_add(text, "%s", buf);
            break;
        case FIELD_POSITION:
            memcpy(&position, at, sizeof(position));
            wal_position_format(position, buf);
            text_add(text, "%s", buf);
            break;
        case FIELD_ATTR:
            attr = (const struct attr *) (const void *) at;
            text_add(text, "%s", names_name(names_known, attr->known));
            if (attr->known == ATTR_SET) {
                text_add(text, " ");
                add_escaped(text, attr->value);
            }
            break;
    }
}

static bool
is_zero(const struct field *field, const char *at)
{
    if (field->type == FIELD_STRING) {
        return at[0] == '\0';
    }
    for (size_t i = 0; i < field->size; i++) {
        if (at[i] != 0) {
            return false;
        }
    }
    return true;
}

static void
dump_fields(const struct field *fields, size_t count, const char *prefix,
            const void *base, struct text *text)
{
    for (size_t i = 0; i < count; i++) {
        const char *at = (const char *) base + fields[i].offset;

        if (is_zero(&fields[i], at)) {
            continue;
        }
        text_add(text, "%s%s = ", prefix, fields[i].key);
        dump_value(&fields[i], at, text);
        text_add(text, "\n");
    }
}

void
snapshot_dump(const struct snapshot *snapshot, struct text *text)
{
    char prefix[64];
    struct text head;

    dump_fields(top_fields, LENGTH(top_fields), "", snapshot, text);
    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        text_init(&head, prefix, sizeof(prefix));
        text_add(&head, "node.%zu.", i);
        dump_fields(node_fields, LENGTH(node_fields), prefix,
                    &snapshot->node[i], text);
    }
    for (size_t i = 0; i < HOLDERS_MAX; i++) {
        text_init(&head, prefix, sizeof(prefix));
        text_add(&head, "holder.%zu.", i);
        dump_fields(holder_fields, LENGTH(holder_fields), prefix,
                    &snapshot->holders.holder[i], text);
    }
    for (size_t i = 0; i < snapshot->senders.slot_row_count; i++) {
        text_init(&head, prefix, sizeof(prefix));
        text_add(&head, "slot.%zu.", i);
        dump_fields(slot_fields, LENGTH(slot_fields), prefix,
                    &snapshot->senders.slot_row[i], text);
    }
    for (unsigned i = 0; i < OP_COUNT; i++) {
        text_init(&head, prefix, sizeof(prefix));
        text_add(&head, "done.%s.", names_op[i]);
        dump_fields(done_fields, LENGTH(done_fields), prefix,
                    &snapshot->done[i], text);
    }
}

static int
load_number(const char *value, int64_t min, int64_t max,
            int64_t *ret_number)
{
    char *end;
    long long number = strtoll(value, &end, 10);

    if ((*value != '-' && (*value < '0' || *value > '9')) || end == value
        || *end != '\0' || number < min || number > max) {
        return -1;
    }
    *ret_number = number;
    return 0;
}

static int
load_facts(const char *value, uint32_t *ret_facts)
{
    uint32_t facts = 0;

    while (*value != '\0') {
        char word[32];
        size_t len = strcspn(value, " ");
        unsigned bit;

        if (len >= sizeof(word)) {
            return -1;
        }
        memcpy(word, value, len);
        word[len] = '\0';
        if (names_value(names_fact, word, &bit) != 0) {
            return -1;
        }
        facts |= 1u << bit;
        value += len;
        value += strspn(value, " ");
    }
    *ret_facts = facts;
    return 0;
}

static int
load_attr(const char *value, struct attr *ret_attr)
{
    if (strcmp(value, "unknown") == 0) {
        memset(ret_attr, 0, sizeof(*ret_attr));
        return 0;
    }
    if (strcmp(value, "unset") == 0) {
        memset(ret_attr, 0, sizeof(*ret_attr));
        ret_attr->known = ATTR_UNSET;
        return 0;
    }
    if (strncmp(value, "set ", 4) != 0) {
        return -1;
    }
    ret_attr->known = ATTR_SET;
    return load_escaped(value + 4, ret_attr->value,
                        sizeof(ret_attr->value));
}

/* Values of one machine word: numbers, words and lists of words. */
static int
load_word(const struct field *field, const char *value, char *ret_at)
{
    uint32_t word = 0;
    int64_t number = 0;
    int rc = 0;

    if (field->type == FIELD_ENUM) {
        unsigned found = 0;

        rc = names_value(field->names, value, &found);
        word = found;
    } else if (field->type == FIELD_FACTS) {
        rc = load_facts(value, &word);
    } else {
        bool is_signed = field->type == FIELD_SIGNED;

        rc = load_number(value, is_signed ? INT32_MIN : 0,
                         is_signed ? INT32_MAX : UINT32_MAX, &number);
        word = (uint32_t) number;
    }
    if (rc == 0) {
        memcpy(ret_at, &word, sizeof(word));
    }
    return rc;
}

/* How many nodes, and which one: NODES_MAX is none. */
static int
load_size(const char *value, char *ret_at)
{
    int64_t number;
    size_t size;

    if (load_number(value, 0, NODES_MAX, &number) != 0) {
        return -1;
    }
    size = (size_t) number;
    memcpy(ret_at, &size, sizeof(size));
    return 0;
}

static int
load_value(const struct field *field, const char *value, char *ret_at)
{
    struct wal_position position;
    lsn number;
    bool yes = strcmp(value, "yes") == 0;

    switch (field->type) {
        case FIELD_NUMBER:
        case FIELD_SIGNED:
        case FIELD_ENUM:
        case FIELD_FACTS:
            return load_word(field, value, ret_at);
        case FIELD_SIZE:
            return load_size(value, ret_at);
        case FIELD_BOOL:
            memcpy(ret_at, &yes, sizeof(yes));
            return yes || strcmp(value, "no") == 0 ? 0 : -1;
        case FIELD_STRING:
            return load_escaped(value, ret_at, field->size);
        case FIELD_LSN:
            if (lsn_parse_hex(value, &number) == 0) {
                memcpy(ret_at, &number, sizeof(number));
                return 0;
            }
            break;
        case FIELD_POSITION:
            if (wal_position_parse(value, &position) == 0) {
                memcpy(ret_at, &position, sizeof(position));
                return 0;
            }
            break;
        case FIELD_ATTR:
            return load_attr(value, (struct attr *) (void *) ret_at);
    }
    return -1;
}

static int
load_into(const struct field *fields, size_t count, const char *key,
          const char *value, void *ret_base)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].key, key) == 0) {
            return load_value(&fields[i], value,
                              (char *) ret_base + fields[i].offset);
        }
    }
    return -1;
}

/* The index in `INDEX.FIELD`, and the field's name. */
static int
load_index(const char *key, size_t limit, size_t *ret_index,
           const char **ret_field)
{
    char *end;
    unsigned long index = strtoul(key, &end, 10);

    if (key[0] < '0' || key[0] > '9' || *end != '.' || index >= limit) {
        return -1;
    }
    *ret_index = index;
    *ret_field = end + 1;
    return 0;
}

/* A slot that the text names is one that was seen. */
static int
load_slot(const char *key, const char *value, struct senders *senders)
{
    const char *field;
    size_t index;

    if (load_index(key, SLOT_ROWS_MAX, &index, &field) != 0
        || load_into(slot_fields, LENGTH(slot_fields), field, value,
                     &senders->slot_row[index]) != 0) {
        return -1;
    }
    senders->slot_row[index].slot.there = TRI_YES;
    if (index >= senders->slot_row_count) {
        senders->slot_row_count = index + 1;
    }
    return 0;
}

/*
 * node.INDEX.FIELD, holder.INDEX.FIELD, slot.INDEX.FIELD,
 * done.OPERATION.FIELD or a field of the top.
 */
static int
load_pair(const char *key, const char *value, struct snapshot *ret_snapshot)
{
    const char *field;
    size_t index;

    if (strncmp(key, "node.", 5) == 0) {
        return load_index(key + 5, NODES_MAX, &index, &field) != 0
               ? -1 : load_into(node_fields, LENGTH(node_fields), field,
                                value, &ret_snapshot->node[index]);
    }
    if (strncmp(key, "holder.", 7) == 0) {
        return load_index(key + 7, HOLDERS_MAX, &index, &field) != 0
               ? -1 : load_into(holder_fields, LENGTH(holder_fields), field,
                                value, &ret_snapshot->holders.holder[index]);
    }
    if (strncmp(key, "slot.", 5) == 0) {
        return load_slot(key + 5, value, &ret_snapshot->senders);
    }
    if (strncmp(key, "done.", 5) == 0) {
        char word[64];
        const char *dot = strrchr(key, '.');
        size_t len = (size_t) (dot - (key + 5));
        unsigned kind;

        if (dot == key + 4 || len >= sizeof(word)) {
            return -1;
        }
        memcpy(word, key + 5, len);
        word[len] = '\0';
        if (names_value(names_op, word, &kind) != 0) {
            return -1;
        }
        return load_into(done_fields, LENGTH(done_fields), dot + 1, value,
                         &ret_snapshot->done[kind]);
    }
    return load_into(top_fields, LENGTH(top_fields), key, value,
                     ret_snapshot);
}

#define LINE_SIZE 2048

/* One line, already without its newline. */
static int
load_line(char *line, struct snapshot *ret_snapshot)
{
    char *equals = strstr(line, " = ");

    if (line[0] == '\0' || line[0] == '#') {
        return 0;
    }
    if (equals == NULL) {
        return -1;
    }
    *equals = '\0';
    return load_pair(line, equals + 3, ret_snapshot);
}

int
snapshot_load(const char *text, struct snapshot *ret_snapshot)
{
    struct snapshot snapshot = *ret_snapshot;
    char line[LINE_SIZE];

    for (int number = 1; *text != '\0'; number++) {
        size_t len = strcspn(text, "\n");

        if (len >= sizeof(line)) {
            return number;
        }
        memcpy(line, text, len);
        line[len] = '\0';
        if (load_line(line, &snapshot) != 0
            || snapshot_total(&snapshot) > NODES_MAX) {
            return number;
        }
        text += len;
        text += *text == '\n' ? 1 : 0;
    }
    *ret_snapshot = snapshot;
    return 0;
}
