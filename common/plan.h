/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_PLAN_H
#define PGWARD_COMMON_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/*! What can be observed; an action looks at what it needs and no more. */
enum fact {
    FACT_PROCESS = 1 << 0,    /*!< the instance's processes, pid file */
    FACT_FILES = 1 << 1,      /*!< lock, backup_label, version,
                                   system identifier */
    FACT_CONTROL = 1 << 2,    /*!< pg_controldata */
    FACT_SQL = 1 << 3,        /*!< the server's answer and role */
    FACT_SENDERS = 1 << 4,    /*!< pg_stat_replication, slots */
    FACT_ATTRS = 1 << 5,      /*!< attributes of lifetime reboot, private */
    FACT_RECORD = 1 << 6,     /*!< RSC-data-status of every node */
    FACT_MEMBERS = 1 << 7,    /*!< who is online, who is promoted */
    FACT_ADDRESS = 1 << 8,    /*!< is master_ip on an interface here */
    FACT_DISK = 1 << 9,       /*!< a deep check: can pgdata be written */
    FACT_POSITION = 1 << 10,  /*!< (timeline, position) as a vote needs it */
    FACT_SETTINGS = 1 << 11,  /*!< where the managed settings come from */
    FACT_PROFILE = 1 << 12,   /*!< the cluster's and server's set-up */
    FACT_SYNC = 1 << 13,      /*!< do commits wait, and what is remembered */
    FACT_HISTORY = 1 << 14,   /*!< the past of server.position's timeline */
    FACT_REFUSAL = 1 << 15,   /*!< the table that refuses what strays */
    FACT_HOLDERS = 1 << 16,   /*!< for whom the server waits */
    FACT_REPLAY = 1 << 17,    /*!< what keeps a standby's replay back */
    FACT_NEWEST = 1 << 18,    /*!< the newest timeline in pg_wal */
};

#define FACT_LIST(X) \
    X(FACT_PROCESS, "process") X(FACT_FILES, "files") \
    X(FACT_CONTROL, "control") X(FACT_SQL, "sql") \
    X(FACT_SENDERS, "senders") X(FACT_ATTRS, "attrs") \
    X(FACT_RECORD, "record") X(FACT_MEMBERS, "members") \
    X(FACT_ADDRESS, "address") X(FACT_DISK, "disk") \
    X(FACT_POSITION, "position") X(FACT_SETTINGS, "settings") \
    X(FACT_PROFILE, "profile") X(FACT_SYNC, "sync") \
    X(FACT_HISTORY, "history") X(FACT_REFUSAL, "refusal") \
    X(FACT_HOLDERS, "holders") X(FACT_REPLAY, "replay") \
    X(FACT_NEWEST, "newest")

/*!
 * What can be done; the comment says what the operation's fields mean. What is
 * written into the cluster, and nothing else, is called `set-...`.
 */
#define OP_LIST(X) \
    X(OP_NONE, "none") \
    X(OP_LOG, "log")                    /* number: syslog priority; value */ \
    X(OP_LOG_ONCE, "log-once")          /* the same, while it stays true */ \
    X(OP_SET_STATUS, "set-status")      /* node, value ("": delete) */ \
    X(OP_SET_DATA_STATUS, "set-data-status")    /* node, value */ \
    X(OP_SET_DATA_QUORUM, "set-data-quorum")    /* node, value: n/N */ \
    X(OP_SET_XLOG_LOC, "set-xlog-loc")  /* node, value ("": delete) */ \
    X(OP_SET_BASELINE, "set-baseline")  /* node, value ("": delete) */ \
    X(OP_SET_RECEIVER, "set-receiver")  /* node, value ("": delete) */ \
    X(OP_SET_SCORE, "set-score")        /* node, value */ \
    X(OP_SET_POSITION, "set-position")  /* node, value ("": delete) */ \
    X(OP_SET_TRUSTED, "set-trusted")    /* node, value */ \
    X(OP_SET_WARNED, "set-warned")      /* node, value */ \
    X(OP_SET_ADMIT, "set-admit")        /* node, value ("": delete) */ \
    X(OP_SET_HISTORY, "set-history")    /* node, value */ \
    X(OP_SET_SHUTDOWN, "set-shutdown")  /* node, value ("": delete) */ \
    X(OP_SET_UNPROVED, "set-unproved")  /* node, value ("": delete) */ \
    X(OP_SET_SYSTEM_ID, "set-system-id")        /* node, value */ \
    X(OP_RECORD_SYSTEM_ID, "record-system-id")  /* value: the cluster's */ \
    X(OP_RECORD_NAME_KEY, "record-name-key")    /* value; "": a new one */ \
    X(OP_SET_REPLAY, "set-replay")      /* node, value ("": delete) */ \
    X(OP_SET_BEGAN, "set-began")        /* node, value ("": delete) */ \
    X(OP_PREPARE, "prepare")          /* folders, log file, stale pid file */ \
    X(OP_WRITE_CONFIG, "write-config")  /* include lines, by the mode */ \
    X(OP_WRITE_SYNC_NAMES, "write-sync-names")  /* value: the list; number: \
                                    1 when commits are known to wait now */ \
    X(OP_WRITE_STANDBY, "write-standby")        /* number: enum standby */ \
    X(OP_REMOVE_STANDBY, "remove-standby")      /* standby.signal goes */ \
    X(OP_CREATE_LOCK, "create-lock") \
    X(OP_REMOVE_LOCK, "remove-lock") \
    X(OP_REMOVE_BACKUP_LABEL, "remove-backup-label") \
    X(OP_START_SERVER, "start-server") \
    X(OP_STOP_FAST, "stop-fast") \
    X(OP_STOP_IMMEDIATE, "stop-immediate") \
    X(OP_KILL_ALL, "kill-all") \
    X(OP_RELOAD, "reload") \
    X(OP_PROMOTE_SERVER, "promote-server") \
    X(OP_END_NEWCOMERS, "end-newcomers")        /* they hold up a stop */ \
    X(OP_NOTE_ALONE, "note-alone")      /* only WAL senders hold it up */ \
    X(OP_NOTE_WRITTEN, "note-written")  /* so is the stop's checkpoint */ \
    X(OP_END_HOLDER, "end-holder")      /* number: a WAL sender's process */ \
    X(OP_END_COMMAND, "end-command")    /* number: process id, SIGTERM */ \
    X(OP_KILL_COMMAND, "kill-command")  /* number: process id, SIGKILL */ \
    X(OP_END_RESTORE, "end-restore")  /* number: the shell of a command */ \
    X(OP_END_RECEIVER, "end-receiver")  /* so that it connects anew */ \
    X(OP_END_SENDERS, "end-senders")    /* number, value: the WAL sender of \
                                    that process and beginning; 0: all */ \
    X(OP_END_SESSIONS, "end-sessions")  /* those that hold replay back */ \
    X(OP_RESTART_STANDBY, "restart-standby")    /* fast, then start */ \
    X(OP_SWITCH_WAL, "switch-wal")      /* where there is an archive */ \
    X(OP_CREATE_SLOT, "create-slot")    /* node */ \
    X(OP_CREATE_EXTERNAL_SLOTS, "create-external-slots") \
    X(OP_DROP_SLOT, "drop-slot")        /* node */ \
    X(OP_READ_COPY, "read-copy")        /* node: its copy of the record */ \
    X(OP_ASK_CHECKPOINT, "ask-checkpoint")      /* memory.asked */ \
    X(OP_CHECKPOINT, "checkpoint")      /* number: wait so many ms for it */ \
    X(OP_TAKE_MARK, "take-mark")        /* memory.mark: position now */ \
    X(OP_TAIL_SERVER_LOG, "tail-server-log")    /* into snapshot.failure */ \
    X(OP_WATCH, "watch")                /* the postmaster gets its watcher */ \
    X(OP_UNWATCH, "unwatch")            /* nobody is to report its end */ \
    X(OP_NOTE_LEAVING, "note-leaving")  /* node: about to be stopped */ \
    X(OP_NOTE_CALM, "note-calm")        /* a standby had nothing to do */ \
    X(OP_CREATE_REFUSAL, "create-refusal")      /* number: seconds that it \
                                    is to last; 0: until it is dropped */ \
    X(OP_DROP_REFUSAL, "drop-refusal") \
    X(OP_HAND_OVER, "hand-over")        /* monitors know of the death */ \
    X(OP_REPORT, "report")              /* the postmaster's death, once */ \
    X(OP_COUNT, NULL)

#define PLAN_ENUM_ROW(symbol, name) symbol,
enum op_kind { OP_LIST(PLAN_ENUM_ROW) };
#undef PLAN_ENUM_ROW

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
    /*! What stands if the next step hangs until the deadline. */
    enum ocf_code fallback_code;
    char fallback_reason[PLAN_REASON_SIZE];
};

/*! Empty a plan; its fallback is OCF_ERR_GENERIC with a reason that says so. */
void
plan_init(struct plan *plan);

/*! Add an operation; NULL value is "". Remembers an overflow. */
void
plan_add(struct plan *plan, enum op_kind kind, enum op_need need, size_t node,
         const char *value);

/*! Add an operation that carries a number. */
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

#endif
