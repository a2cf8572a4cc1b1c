/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_PLAN_H
#define PGWARD_COMMON_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attrs.h"
#include "ocf.h"
#include "text.h"

/*
 * What to do: operations in order, then a verdict.
 *
 * Operations are idempotent: a SIGKILL may fall between any two of them, and
 * the next action redoes what the lost one should have done.
 */

/* 16 nodes: record, score, status and slot of each, and what is our own. */
#define PLAN_OPS_MAX 96
#define OP_VALUE_SIZE 512
#define PLAN_REASON_SIZE 1024

/*!
 * What can be observed: X(symbol, word, groups). An action looks at what it
 * needs and no more. What a fact fills is a group of its own: OF_ALL() names a
 * member of struct snapshot, OF_NODE() one of each node; snapshot_forget()
 * empties them before the look.
 */
#define FACT_LIST(X) \
    X(FACT_PROCESS, "process", OF_ALL(process)) \
                                    /* the instance's processes, pid file */ \
    X(FACT_FILES, "files", OF_ALL(files)) \
                                    /* lock, backup_label, version, system \
                                       identifier */ \
    X(FACT_CONTROL, "control", OF_ALL(control)) \
                                    /* pg_controldata */ \
    X(FACT_SQL, "sql", OF_ALL(server)) \
                                    /* the server's answer and role */ \
    X(FACT_SENDERS, "senders", OF_ALL(senders) OF_NODE(senders)) \
                                    /* pg_stat_replication, slots */ \
    X(FACT_ATTRS, "attrs", OF_NODE(attrs)) \
                                    /* attributes of lifetime reboot, \
                                       private */ \
    X(FACT_RECORD, "record", OF_ALL(record) OF_NODE(record)) \
                                    /* RSC-data-status of every node */ \
    X(FACT_MEMBERS, "members", OF_ALL(cluster) OF_NODE(member)) \
                                    /* who is online, who is promoted */ \
    X(FACT_ADDRESS, "address", OF_ALL(address_here)) \
                                    /* is master_ip on an interface here */ \
    X(FACT_DISK, "disk", OF_ALL(disk)) \
                                    /* a deep check: can pgdata be written */ \
    X(FACT_POSITION, "position", OF_ALL(position_advances)) \
                                    /* (timeline, position) as a vote needs \
                                       it: server.position */ \
    X(FACT_SETTINGS, "settings", OF_ALL(sources)) \
                                    /* where the managed settings come from */ \
    X(FACT_PROFILE, "profile", OF_ALL(profile)) \
                                    /* the cluster's and server's set-up */ \
    X(FACT_SYNC, "sync", OF_ALL(sync)) \
                                    /* do commits wait, and what is \
                                       remembered */ \
    X(FACT_HISTORY, "history", OF_ALL(history)) \
                                    /* the past of server.position's \
                                       timeline */ \
    X(FACT_REFUSAL, "refusal", OF_ALL(refusal)) \
                                    /* the table that refuses what strays */ \
    X(FACT_HOLDERS, "holders", OF_ALL(holders)) \
                                    /* for whom the server waits */ \
    X(FACT_REPLAY, "replay", OF_ALL(replay)) \
                                    /* what keeps a standby's replay back */ \
    X(FACT_NEWEST, "newest", OF_ALL(newest_timeline)) \
                                    /* the newest timeline in pg_wal */ \
    X(FACT_UPSTREAM, "upstream", OF_ALL(upstream_words)) \
                                    /* what the log says of the WAL \
                                       receiver */ \
    X(FACT_GRANTS, "grants", OF_ALL(grants)) \
                                    /* what rejoin_user may do over there */ \
    X(FACT_REJOIN, "rejoin", OF_ALL(rejoin)) \
                                    /* how far its data is that comes back */ \
    X(FACT_COPIES, "copies", OF_NODE(copy) OF_NODE(copy_quorum) \
                             OF_NODE(copy_self) OF_NODE(copy_answered)) \
                                    /* the record as each other node that is \
                                       online has it */

#define FACT_PLACE_ROW(symbol, ...) symbol##_PLACE,
enum fact_place { FACT_LIST(FACT_PLACE_ROW) FACT_COUNT };
#undef FACT_PLACE_ROW

#define FACT_BIT_ROW(symbol, ...) symbol = 1 << symbol##_PLACE,
enum fact { FACT_LIST(FACT_BIT_ROW) };
#undef FACT_BIT_ROW

/*!
 * What can be done: X(symbol, word, handler, room), and a comment that says
 * what the operation's fields mean. `do_HANDLER` in agent/ does it. In the
 * cluster something may be slow for a moment: what failed there is tried again.
 */
#define OP_LIST(X) \
    X(OP_NONE, "none", nothing, AGENT) \
    X(OP_LOG, "log", log, AGENT)        /* number: syslog priority; value */ \
    X(OP_LOG_ONCE, "log-once", log_once, AGENT) \
                                    /* the same, while it stays true */ \
    X(OP_SET_DATA_STATUS, "set-data-status", set_records, CLUSTER) \
                                    /* node, value */ \
    X(OP_SET_DATA_QUORUM, "set-data-quorum", set_records, CLUSTER) \
                                    /* node, value: n/N */ \
    X(OP_RECORD_SYSTEM_ID, "record-system-id", record_system_id, CLUSTER) \
                                    /* value: the cluster's */ \
    X(OP_RECORD_NAME_KEY, "record-name-key", record_name_key, CLUSTER) \
                                    /* value; "": a new one */ \
    X(OP_READ_COPY, "read-copy", read_copy, CLUSTER) \
                                    /* node: its copy of the record */ \
    X(OP_PREPARE, "prepare", prepare, FILES) \
                                    /* folders, log file, stale pid file */ \
    X(OP_WRITE_CONFIG, "write-config", write_config, FILES) \
                                    /* include lines, by the mode */ \
    X(OP_WRITE_SYNC_NAMES, "write-sync-names", write_sync_names, FILES) \
                                    /* value: the list; number: 1 when \
                                       commits are known to wait now */ \
    X(OP_WRITE_SYNC_SLOTS, "write-sync-slots", write_sync_slots, FILES) \
                                    /* the same file, for the list that is in \
                                       force */ \
    X(OP_WRITE_STANDBY, "write-standby", write_standby, FILES) \
                                    /* number: enum standby */ \
    X(OP_REMOVE_STANDBY, "remove-standby", remove_standby, FILES) \
                                    /* standby.signal goes */ \
    X(OP_CREATE_LOCK, "create-lock", create_lock, FILES) \
    X(OP_REMOVE_LOCK, "remove-lock", remove_lock, FILES) \
    X(OP_REMOVE_BACKUP_LABEL, "remove-backup-label", remove_backup_label, \
      FILES) \
    X(OP_TAIL_SERVER_LOG, "tail-server-log", tail_server_log, FILES) \
                                    /* into snapshot.log_tail */ \
    X(OP_START_SERVER, "start-server", start_server, SERVER) \
    X(OP_STOP_FAST, "stop-fast", stop_fast, SERVER) \
    X(OP_STOP_IMMEDIATE, "stop-immediate", stop_immediate, SERVER) \
    X(OP_KILL_ALL, "kill-all", kill_all, SERVER) \
    X(OP_RELOAD, "reload", reload, SERVER) \
    X(OP_PROMOTE_SERVER, "promote-server", promote_server, SERVER) \
    X(OP_END_NEWCOMERS, "end-newcomers", end_newcomers, SERVER) \
                                    /* they hold up a stop */ \
    X(OP_NOTE_ALONE, "note-alone", nothing, SERVER) \
                                    /* only WAL senders hold it up */ \
    X(OP_NOTE_WRITTEN, "note-written", nothing, SERVER) \
                                    /* so is the stop's checkpoint */ \
    X(OP_END_HOLDER, "end-holder", end_sender, SERVER) \
                                    /* number: a WAL sender's process */ \
    X(OP_END_COMMAND, "end-command", end_command, SERVER) \
                                    /* number: process id, SIGTERM */ \
    X(OP_KILL_COMMAND, "kill-command", kill_command, SERVER) \
                                    /* number: process id, SIGKILL */ \
    X(OP_END_RESTORE, "end-restore", end_restore, SERVER) \
                                    /* number: the shell of a command */ \
    X(OP_END_RECEIVER, "end-receiver", end_receiver, SERVER) \
                                    /* so that it connects anew */ \
    X(OP_END_SENDERS, "end-senders", end_senders, SERVER) \
                                    /* number, value: the WAL sender of that \
                                       process and beginning; 0: all */ \
    X(OP_END_SESSIONS, "end-sessions", end_sessions, SERVER) \
                                    /* those that hold replay back */ \
    X(OP_BEGIN_RESTART, "begin-restart", nothing, SERVER) \
                                    /* a standby's: it is to end and start */ \
    X(OP_END_RESTART, "end-restart", nothing, SERVER) \
                                    /* it was started */ \
    X(OP_SWITCH_WAL, "switch-wal", switch_wal, SERVER) \
                                    /* where there is an archive */ \
    X(OP_CREATE_SLOT, "create-slot", create_slot, SERVER)       /* node */ \
    X(OP_CREATE_EXTERNAL_SLOTS, "create-external-slots", \
      create_external_slots, SERVER) \
    X(OP_DROP_SLOT, "drop-slot", drop_slot, SERVER)     /* node */ \
    X(OP_GIVE_UP_SLOT, "give-up-slot", give_up_slot, SERVER) \
                                    /* node: until it runs again */ \
    X(OP_DROP_OTHER_SLOT, "drop-other-slot", drop_other_slot, SERVER) \
                                    /* value: its name */ \
    X(OP_DROP_UNSYNCED_SLOTS, "drop-unsynced-slots", drop_unsynced_slots, \
      SERVER)                       /* of logical clients of before */ \
    X(OP_ADVANCE_SLOTS, "advance-slots", advance_slots, SERVER) \
                                    /* value: a standby's, to there */ \
    X(OP_ASK_CHECKPOINT, "ask-checkpoint", ask_checkpoint, SERVER) \
                                    /* memory.asked */ \
    X(OP_CHECKPOINT, "checkpoint", checkpoint, SERVER) \
                                    /* number: wait so many ms for it */ \
    X(OP_TAKE_MARK, "take-mark", take_mark, SERVER) \
                                    /* memory.mark: position now */ \
    X(OP_WATCH, "watch", watch, AGENT) \
                                    /* the postmaster gets its watcher */ \
    X(OP_UNWATCH, "unwatch", unwatch, AGENT) \
                                    /* nobody is to report its end */ \
    X(OP_NOTE_LEAVING, "note-leaving", note_leaving, AGENT) \
                                    /* node: about to be stopped */ \
    X(OP_NOTE_CALM, "note-calm", note_calm, AGENT) \
                                    /* a standby had nothing to do */ \
    X(OP_CREATE_REFUSAL, "create-refusal", create_refusal, AGENT) \
                                    /* number: seconds that it is to last; \
                                       0: until it is dropped */ \
    X(OP_DROP_REFUSAL, "drop-refusal", drop_refusal, AGENT) \
    X(OP_MARK_REJOIN, "mark-rejoin", mark_rejoin, FILES) \
                                    /* number: enum rejoin_phase; node: the \
                                       primary; value: why it went wrong */ \
    X(OP_GIVE_UP_REJOIN, "give-up-rejoin", give_up_rejoin, FILES) \
                                    /* number: enum rejoin_end; value: why */ \
    X(OP_UNMARK_REJOIN, "unmark-rejoin", unmark_rejoin, FILES) \
                                    /* the marker goes */ \
    X(OP_BEGIN_REJOIN, "begin-rejoin", begin_rejoin, AGENT) \
                                    /* its worker begins */ \
    X(OP_END_REJOIN, "end-rejoin", end_rejoin, AGENT) \
                                    /* the worker and all that it runs ends */ \
    X(OP_KEEP_WAL, "keep-wal", keep_wal, FILES) \
                                    /* this node's own, and its files */ \
    X(OP_PROVE_SOURCE, "prove-source", prove_source, SERVER) \
                                    /* number: the timeline that it is to \
                                       lead on, with a checkpoint there, \
                                       unless the value is `copy` */ \
    X(OP_CHECK_REWIND, "check-rewind", check_rewind, FILES) \
                                    /* number: the primary's timeline */ \
    X(OP_REWIND, "rewind", rewind, FILES) \
                                    /* the same; its own files come back */ \
    X(OP_HAND_OVER, "hand-over", hand_over, AGENT) \
                                    /* monitors know of the death */ \
    X(OP_REPORT, "report", report, AGENT) \
                                    /* the postmaster's death, once */ \
    X(OP_REBUILD, "rebuild", rebuild, FILES) \
                                    /* number: the same; a copy beside the \
                                       data */ \
    X(OP_SWAP_DATA, "swap-data", swap_data, FILES) \
                                    /* the copy takes the data's place; its \
                                       own files come back */ \
    X(OP_END_RECOVERY, "end-recovery", end_recovery, FILES) \
                                    /* of data that is no standby's: a server \
                                       in single-user mode does */ \
    X(OP_PRUNE_KEPT, "prune-kept", prune_kept, FILES) \
                                    /* of former data, what is too old */ \
    ATTR_LIST(OP_ATTR_ROW, X)       /* node, value ("": delete) */

/* The attributes' own are the last ones, in their order. */
#define OP_ATTR_ROW(X, symbol, field, word, ...) \
    X(OP_SET_##symbol, "set-" word, set_attr, CLUSTER)

#define PLAN_ENUM_ROW(symbol, ...) symbol,
enum op_kind { OP_LIST(PLAN_ENUM_ROW) OP_COUNT };
#undef PLAN_ENUM_ROW

/*! What an operation works on. */
enum op_room {
    OP_IN_AGENT,
    OP_IN_CLUSTER,
    OP_IN_FILES,
    OP_IN_SERVER,
};

/*! What a standby replays, as OP_WRITE_STANDBY lays it out. */
enum standby {
    STANDBY_WAITS = 0,              /*!< no upstream yet (P7) */
    STANDBY_FOLLOWS,                /*!< the primary at master_ip */
    STANDBY_QUARANTINED,            /*!< its own WAL and nothing else (P3) */
};

/*! How an operation went. */
enum op_rc {
    OP_RC_OK = 0,
    OP_RC_FAILED,
    OP_RC_FINAL,                    /*!< it fails until a person acts */
    OP_RC_NO_WAY,                   /*!< never this way; another may do */
};

/*! A cosmetic step never blocks a safety step. */
enum op_need {
    OP_BEST_EFFORT = 0,
    OP_REQUIRED,
};

struct op {
    enum op_kind kind;
    enum op_need need;
    size_t node;                    /*!< index in snapshot.node */
    int32_t number;
    char value[OP_VALUE_SIZE];
};

enum verdict {
    VERDICT_NONE = 0,
    VERDICT_EXIT,                   /*!< with `code` */
    VERDICT_AGAIN,                  /*!< observe `facts` after `wait_ms` */
};

struct plan {
    size_t count;
    struct op op[PLAN_OPS_MAX];
    bool overflow;                  /*!< an operation did not fit: a defect */
    enum verdict verdict;
    enum ocf_code code;
    uint32_t wait_ms;
    uint32_t facts;                 /*!< what the next cycle observes */
    uint32_t limit_ms;              /*!< for observing them; 0: until the end.
                                         Where the cluster's daemons take
                                         longer, the fallback stands */
    char reason[PLAN_REASON_SIZE];  /*!< ocf-exit-reason, or "" */
    const char *rule;               /*!< the name of the rule of may_lead.h
                                         that decided; NULL: none had to */
    /*! What stands if the next step hangs until the deadline. */
    enum ocf_code fallback_code;
    char fallback_reason[PLAN_REASON_SIZE];
};

/*! Empty a plan; its fallback is OCF_ERR_GENERIC with a reason that says so. */
void
plan_init(struct plan *plan);

/*! Add an operation; NULL value is "". Remembers an overflow. */
void
plan_add_whole(struct plan *plan, enum op_kind kind, enum op_need need,
               size_t node, int32_t number, const char *value);

/*! Add an operation that carries no number. */
void
plan_add(struct plan *plan, enum op_kind kind, enum op_need need, size_t node,
         const char *value);

/*! Add an operation that carries a number and no more. */
void
plan_add_number(struct plan *plan, enum op_kind kind, enum op_need need,
                int32_t number);

/*! Add a log line of syslog priority `priority`. */
void
plan_log(struct plan *plan, int priority, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*! The same for what lasts: logged when it begins, and now and then. */
void
plan_log_once(struct plan *plan, int priority, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*! End the action with `code`. */
void
plan_exit(struct plan *plan, enum ocf_code code);

/*!
 * End the action with `code` and a reason for a person. Pacemaker shows the
 * first 127 bytes of it: what to do comes early.
 */
void
plan_exit_reason(struct plan *plan, enum ocf_code code, const char *format,
                 ...) __attribute__((format(printf, 3, 4)));

/*! Look at `facts` again after `wait_ms`; each look may take `limit_ms`. */
void
plan_again(struct plan *plan, uint32_t wait_ms, uint32_t facts,
           uint32_t limit_ms);

/*! Deposit the verdict that stands if something hangs from here on. */
void
plan_fallback(struct plan *plan, enum ocf_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*! Write a plan as text, a line an operation, then the verdict. */
void
plan_dump(const struct plan *plan, struct text *text);

/*! The operation's name in text; `?` for a value that is none. */
const char *
op_name(enum op_kind kind);

/*! What an operation of the list works on. */
enum op_room
op_room(enum op_kind kind);

/*! What a person looks at where it failed, and its words do not say. */
const char *
op_step(enum op_kind kind);

/*! Does it set an attribute of attrs.h, and which? */
static inline bool
op_sets_attr(enum op_kind kind)
{
    return kind >= OP_COUNT - ATTR_COUNT && kind < OP_COUNT;
}

static inline enum attr_id
op_attr(enum op_kind kind)
{
    return (enum attr_id) (kind - (OP_COUNT - ATTR_COUNT));
}

#endif
