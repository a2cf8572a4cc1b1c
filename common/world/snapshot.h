/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_SNAPSHOT_H
#define PGWARD_COMMON_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attrs.h"
#include "lsn.h"
#include "params.h"
#include "plan.h"
#include "text.h"

/*
 * Everything observed about the world, as one action sees it.
 *
 * Zero is UNKNOWN everywhere: a snapshot of zeroes claims nothing, and
 * UNKNOWN never promotes, never releases a standby, never deletes anything.
 */

#define SERVER_TEXT_SIZE 512
#define STARTED_SIZE 32
#define SYSTEM_ID_SIZE 24
#define HOLDERS_MAX 24
#define OPTION_NAME_SIZE 16
#define HOLDER_TITLE_SIZE 96
#define ADDRESS_SIZE 48
#define SERVER_NAME_SIZE 64
#define SENDER_ROWS_MAX 64
#define SLOT_ROWS_MAX 48
#define SLOT_LIST_SIZE 1088      /* 16 names and what is between them */

/* Each enumeration is a list so that names and values cannot drift apart. */

#define ACTION_LIST(X) \
    X(ACTION_NONE, "none") X(ACTION_START, "start") X(ACTION_STOP, "stop") \
    X(ACTION_STATUS, "status") X(ACTION_MONITOR, "monitor") \
    X(ACTION_PROMOTE, "promote") X(ACTION_DEMOTE, "demote") \
    X(ACTION_NOTIFY, "notify") X(ACTION_VALIDATE, "validate-all") \
    X(ACTION_METADATA, "meta-data") X(ACTION_METHODS, "methods") \
    X(ACTION_RELOAD, "reload-agent") \
    X(ACTION_REPORT, "report-failure")  /* the watcher's own */ \
    X(ACTION_REJOIN, "rejoin")          /* that worker's own */

#define TRI_LIST(X) \
    X(TRI_UNKNOWN, "unknown") X(TRI_NO, "no") X(TRI_YES, "yes")

/*! What is left of the instance's processes. */
#define PROCESS_LIST(X) \
    X(PROCESS_UNKNOWN, "unknown")   /* could not look */ \
    X(PROCESS_GONE, "gone")         /* proved: not one process is left */ \
    X(PROCESS_RUNNING, "running")   /* a postmaster of this data directory */ \
    X(PROCESS_FROZEN, "frozen")     /* a postmaster, but stopped (T state) */ \
    X(PROCESS_ORPHANS, "orphans")   /* no postmaster; its children live on */

/*! Line 8 of postmaster.pid. */
#define PIDFILE_LIST(X) \
    X(PIDFILE_UNKNOWN, "unknown") X(PIDFILE_MISSING, "missing") \
    X(PIDFILE_STARTING, "starting") X(PIDFILE_READY, "ready") \
    X(PIDFILE_STANDBY, "standby") X(PIDFILE_STOPPING, "stopping")

/*! How the server answered the agent's session. */
#define ANSWER_LIST(X) \
    X(ANSWER_UNKNOWN, "unknown")        /* not asked */ \
    X(ANSWER_OK, "ok")                  /* the queries returned */ \
    X(ANSWER_STARTING, "starting")      /* 57P03: not yet accepting */ \
    X(ANSWER_STOPPING, "stopping")      /* shutting down */ \
    X(ANSWER_FULL, "full")              /* 53300: too many connections */ \
    X(ANSWER_DENIED, "denied")          /* class 28, 3D000: log-in refused */ \
    X(ANSWER_REFUSED, "refused")        /* nobody listens on the socket */ \
    X(ANSWER_TIMEOUT, "timeout")        /* no answer inside the limit */ \
    X(ANSWER_ERROR, "error")            /* a query failed */

/*! `Database cluster state` of pg_control. */
#define CONTROL_LIST(X) \
    X(CONTROL_UNKNOWN, "unknown") X(CONTROL_STARTING_UP, "starting up") \
    X(CONTROL_SHUT_DOWN, "shut down") \
    X(CONTROL_SHUT_DOWN_IN_RECOVERY, "shut down in recovery") \
    X(CONTROL_SHUTTING_DOWN, "shutting down") \
    X(CONTROL_IN_CRASH_RECOVERY, "in crash recovery") \
    X(CONTROL_IN_ARCHIVE_RECOVERY, "in archive recovery") \
    X(CONTROL_IN_PRODUCTION, "in production")

/*! A resource instance's role by the cluster's operation history. */
#define ROLE_LIST(X) \
    X(ROLE_UNKNOWN, "unknown") X(ROLE_STOPPED, "stopped") \
    X(ROLE_STARTED, "started") X(ROLE_PROMOTED, "promoted")

/*! pg_stat_replication.state. */
#define SENDER_STATE_LIST(X) \
    X(SENDER_UNKNOWN, "unknown") X(SENDER_NONE, "none") \
    X(SENDER_STARTUP, "startup") X(SENDER_CATCHUP, "catchup") \
    X(SENDER_STREAMING, "streaming") X(SENDER_BACKUP, "backup") \
    X(SENDER_STOPPING, "stopping")

/*! pg_stat_replication.sync_state. */
#define SYNC_STATE_LIST(X) \
    X(SYNC_UNKNOWN, "unknown") X(SYNC_ASYNC, "async") \
    X(SYNC_POTENTIAL, "potential") X(SYNC_SYNC, "sync") \
    X(SYNC_QUORUM, "quorum")

/*! pg_replication_slots.wal_status, from version 13 on. */
#define SLOT_STATUS_LIST(X) \
    X(SLOT_STATUS_UNKNOWN, "unknown") \
    X(SLOT_RESERVED, "reserved") \
    X(SLOT_EXTENDED, "extended")    /* more than max_wal_size is held */ \
    X(SLOT_UNRESERVED, "unreserved")    /* the next checkpoint may take it */ \
    X(SLOT_LOST, "lost")            /* some of its WAL is gone */

/*! A process that a fast shutdown or a promotion waits for. */
#define HOLDER_LIST(X) \
    X(HOLDER_NONE, "none") \
    X(HOLDER_SENDER, "sender")      /* a WAL sender */ \
    X(HOLDER_ARCHIVER, "archiver") \
    X(HOLDER_COMMAND, "command")    /* archive_command, or a child of it */ \
    X(HOLDER_RESTORE, "restore")    /* the shell of a restore_command that \
                                       can be ended, see pgconf.h */

/*! A node attribute: not looked at, looked at and not set, or a value. */
#define NOTIFY_LIST(X) \
    X(NOTIFY_NONE, "none") \
    X(NOTIFY_PRE_START, "pre-start") X(NOTIFY_POST_START, "post-start") \
    X(NOTIFY_PRE_STOP, "pre-stop") X(NOTIFY_POST_STOP, "post-stop") \
    X(NOTIFY_PRE_PROMOTE, "pre-promote") \
    X(NOTIFY_POST_PROMOTE, "post-promote") \
    X(NOTIFY_PRE_DEMOTE, "pre-demote") X(NOTIFY_POST_DEMOTE, "post-demote")

/*! The table of nftables that refuses what goes to the clients' address. */
#define REFUSAL_LIST(X) \
    X(REFUSAL_UNKNOWN, "unknown")   /* could not look */ \
    X(REFUSAL_GONE, "gone")         /* there is none of ours */ \
    X(REFUSAL_OTHER, "other")       /* not as client_address has it */ \
    X(REFUSAL_SET, "set")

/*! How far this node is that brings its data back, by its marker (P9). */
#define REJOIN_LIST(X) \
    X(REJOIN_NONE, "none")          /* there is no marker */ \
    X(REJOIN_UNKNOWN, "unknown")    /* it cannot be read */ \
    X(REJOIN_BEGUN, "begun")        /* nothing has been touched */ \
    X(REJOIN_KEPT, "kept")          /* its own WAL is kept beside the data */ \
    X(REJOIN_TORN, "torn")          /* the data is being changed, or was */ \
    X(REJOIN_STALLED, "stalled")    /* it was whole, and its server did not \
                                       come to stream */ \
    X(REJOIN_SPOILT, "spoilt")      /* torn, and no rewind makes it whole: a \
                                       copy is made, as in the next */ \
    X(REJOIN_COPYING, "copying")    /* a copy is made beside the data, which \
                                       is whole, as it was */ \
    X(REJOIN_COPIED, "copied")      /* the copy is proved, and takes the \
                                       data's place */ \
    X(REJOIN_WHOLE, "whole")        /* the data is the primary's past */ \
    X(REJOIN_FOLLOWS, "follows")    /* it was started, and is to stream */

/*! Does it go on with that? */
#define REJOIN_END_LIST(X) \
    X(REJOIN_GOES_ON, "goes-on") \
    X(REJOIN_GIVEN_UP, "given-up")  /* nobody was told yet */ \
    X(REJOIN_TOLD, "told")          /* a start failed for it */

#define SNAPSHOT_ENUM_ROW(symbol, name) symbol,
enum action { ACTION_LIST(SNAPSHOT_ENUM_ROW) };
enum tri { TRI_LIST(SNAPSHOT_ENUM_ROW) };
enum process_state { PROCESS_LIST(SNAPSHOT_ENUM_ROW) };
enum pidfile_status { PIDFILE_LIST(SNAPSHOT_ENUM_ROW) };
enum answer { ANSWER_LIST(SNAPSHOT_ENUM_ROW) };
enum control_state { CONTROL_LIST(SNAPSHOT_ENUM_ROW) };
enum role { ROLE_LIST(SNAPSHOT_ENUM_ROW) };
enum sender_state { SENDER_STATE_LIST(SNAPSHOT_ENUM_ROW) };
enum sync_state { SYNC_STATE_LIST(SNAPSHOT_ENUM_ROW) };
enum slot_status { SLOT_STATUS_LIST(SNAPSHOT_ENUM_ROW) };
enum holder_kind { HOLDER_LIST(SNAPSHOT_ENUM_ROW) };
enum notify_kind { NOTIFY_LIST(SNAPSHOT_ENUM_ROW) };
enum refusal_state { REFUSAL_LIST(SNAPSHOT_ENUM_ROW) };
enum rejoin_phase { REJOIN_LIST(SNAPSHOT_ENUM_ROW) };
enum rejoin_end { REJOIN_END_LIST(SNAPSHOT_ENUM_ROW) };
#undef SNAPSHOT_ENUM_ROW

/*! Has a rewind begun to change the data, with no copy to take its place? */
static inline bool
rejoin_is_torn(enum rejoin_phase phase)
{
    return phase == REJOIN_TORN || phase == REJOIN_STALLED
           || phase == REJOIN_SPOILT;
}

/*! A standby as the primary's pg_stat_replication shows it. */
struct sender {
    enum sender_state state;      /*!< NONE: looked, and not connected */
    enum sync_state sync_state;
    uint32_t sync_priority;       /*!< its place in the list that the WAL
                                       sender follows; 0: it is not there */
    lsn flush_lsn;
    lsn replay_lsn;
    uint32_t lag_ms;              /*!< replay_lag; 0: it does not say, as when
                                       nothing was written for a while */
    uint32_t silent_ms;           /*!< since its last word, as this node's
                                       looks saw it; 0 before 12 */
    char reply[STARTED_SIZE];     /*!< the moment of that by the standby's
                                       clock, which may be wrong */
    uint32_t leaving_ms;          /*!< since a pre-stop notify named its node;
                                       0: none did */
    uint32_t pid;                 /*!< its process; 0: not known */
    char began[STARTED_SIZE];     /*!< when that process began, by this node's
                                       clock, in the server's own text */
    uint32_t age_ms;              /*!< since then */
    enum tri beyond;              /*!< it has flushed past this server's own
                                       end: it has WAL of its own */
    enum tri visible;             /*!< NO: columns are NULL, no pg_monitor */
};

/*! A WAL sender as pg_stat_replication shows it. */
struct sender_row {
    char name[SERVER_NAME_SIZE];  /*!< application_name */
    char address[ADDRESS_SIZE];   /*!< client_addr; "": a local one */
    struct sender sender;
};

/*! A physical replication slot of ours. */
struct slot {
    enum tri there;
    enum tri active;              /*!< somebody streams through it */
    enum slot_status status;
    lsn restart_lsn;              /*!< WAL from here on is held; 0: none */
    enum tri limited;             /*!< max_slot_wal_keep_size bounds it */
    uint64_t left_bytes;          /*!< until that takes it, where limited */
    enum tri xmin;                /*!< it holds vacuum back */
    uint32_t idle_ms;             /*!< since it was seen in use, or made, as
                                       this node's looks saw it; 0: it is */
    enum tri given_up;            /*!< it was dropped for what it held, or for
                                       how long nobody used it */
};

/*! One that is no node's of node_list. */
struct slot_row {
    char name[SERVER_NAME_SIZE];
    enum tri external;            /*!< of external_standby_node_list; NO: one
                                       of ours that nobody needs here */
    struct slot slot;
};

/*! What pg_stat_replication and the slots show of a node. */
struct node_senders {
    struct sender own;            /*!< of its whole name, see sender_name.h */
    char stranger[ADDRESS_SIZE];  /*!< from where another streams under its
                                       name, or a form of it; "": nobody */
    char twin[ADDRESS_SIZE];      /*!< two have its whole name: the second
                                       address; neither is its own then */
    struct slot slot;             /*!< its replication slot */
};

/*! And of all of them, in this action. */
struct senders {
    enum tri told;                /*!< it told all its WAL senders */
    size_t row_count;
    struct sender_row row[SENDER_ROWS_MAX];     /*!< those that have a node's
                                                     name in some form; not
                                                     part of the text */
    uint32_t slot_count;          /*!< of the server, strangers' too */
    uint32_t slot_max;            /*!< max_replication_slots; 0: not known */
    uint32_t externals_missing;   /*!< external standbys without a slot */
    uint32_t unsynced;            /*!< logical slots of this server's time as a
                                       primary that keep it, a standby, from
                                       synchronising the new primary's (17) */
    char waited_slots[SLOT_LIST_SIZE];  /*!< synchronized_standby_slots; not
                                             part of the text */
    enum tri waited_known;        /*!< the server has that setting (17) */
    enum tri slots_waited;        /*!< it names the slots of the standbys that
                                       commits wait for, and no other */
    enum tri slots_due;           /*!< once in SLOTS_DUE_MS: others are told
                                       what this node's slots hold */
    size_t slot_row_count;
    struct slot_row slot_row[SLOT_ROWS_MAX];
};

/*! What the cluster says of a node. */
struct node_member {
    enum tri online;              /*!< in_ccm, crmd and joined */
    enum role role;
    enum tri starting;            /*!< its start (or stop) is under way */
    enum tri corosync;            /*!< in_ccm: Corosync runs there */
    enum tri controller;          /*!< crmd: Pacemaker does */
    enum tri expected_down;       /*!< it left as planned, or was fenced, and
                                       has not been taken in again (P2) */
    enum tri erased;              /*!< its operation history is no more: it
                                       was fenced, and has not joined since */
    enum tri probed;              /*!< an operation has told the role of the
                                       instance there; fencing and a clean-up
                                       take the history away */
    uint32_t changed_s;           /*!< when an operation last told its role, in
                                       seconds since 1970 by that node's clock;
                                       0: not known */
    struct attr cib_score;        /*!< the score that the CIB has by now, so
                                       that the scheduler knows it */
};

/*! What the record says of a node. */
struct node_record {
    struct attr data_status;      /*!< RSC-data-status */
    struct attr quorum;           /*!< RSC-data-quorum: `n/N` */
};

/*! One for each of attrs.h. */
struct node_attrs {
#define SNAPSHOT_ATTR_ROW(X, symbol, field, ...) struct attr field;
    ATTR_LIST(SNAPSHOT_ATTR_ROW, )
#undef SNAPSHOT_ATTR_ROW
};

/*! One node of node_list. */
struct node {
    char name[NODE_NAME_SIZE];    /*!< Pacemaker's own spelling if known */

    /* what a fact fills, see FACT_LIST: emptied before each look */
    struct node_member member;
    struct node_record record;
    struct node_attrs attrs;
    struct node_senders senders;

    enum tri was_out;             /*!< an earlier look of this action found
                                       it out (node_is_out()) */
    struct attr copy;             /*!< RSC-data-status as this node's own copy
                                       of the CIB has it (P2) */
    struct attr copy_quorum;      /*!< RSC-data-quorum there */
    struct attr copy_self;        /*!< what that copy says of the node that
                                       asked, as RSC-data-status */
    enum tri copy_answered;       /*!< UNKNOWN: not asked in this action since
                                       its record was last written */
    enum tri in_stop_list;        /*!< notify or meta lists name it */
    enum tri in_start_list;       /*!< with a stop: it is restarted */
    enum tri in_promote_list;
    enum tri in_demote_list;
    enum tri in_promoted_list;    /*!< promoted before the transition */
};

/*! What the cluster says of itself. */
struct cluster_state {
    enum tri have_quorum;
    enum tri maintenance;         /*!< of all, or of this node */
    enum tri fencing;             /*!< nodes are fenced; FACT_PROFILE asks
                                       too */
};

/*! What is recorded of the whole cluster, in crm_config. */
struct common_record {
    struct attr system_id;        /*!< RSC-system-id: the identifier of the
                                       cluster's database */
    struct attr name_key;         /*!< RSC-name-key, see sender_name.h */
};

/*!
 * What was learnt about a synchronous list, kept between actions (P1). It
 * counts for the list and the postmaster that it names and for no other.
 */
struct sync_memory {
    char list[SERVER_TEXT_SIZE];  /*!< synchronous_standby_names */
    char started[STARTED_SIZE];   /*!< sync.started then */
    lsn asked;                    /*!< a checkpoint that begins past this
                                       proves that commits wait; 0: none was
                                       asked for */
    bool proven;                  /*!< commits are known to wait */
    lsn mark;                     /*!< read after that; 0: not yet */
};

/*! One of those for whom a shutdown waits, as /proc shows it. */
struct holder {
    enum holder_kind kind;
    int32_t pid;
    uint32_t age_ms;              /*!< since it began */
    char title[HOLDER_TITLE_SIZE];      /*!< of a command: its programs */
};

/*! For whom a shutdown or a promotion waits. */
struct holders {
    enum tri known;
    uint32_t backends;            /*!< who has to end before the shutdown's
                                       checkpoint, WAL senders apart */
    struct holder holder[HOLDERS_MAX];  /*!< up to the first of no kind */
    char unarchived[128];         /*!< which WAL waits for the archive */
};

/*! Who waits for the postmaster's death, by the record of that. */
struct watch {
    int32_t postmaster_pid;       /*!< whose; 0: there is no record */
    enum tri alive;               /*!< the watcher lives */
    enum tri ours;                /*!< the watcher is this process */
    uint32_t reported_ms;         /*!< how long ago that death was reported;
                                       0: it was not */
};

/*! The server process on this node. */
struct process {
    enum process_state state;
    int32_t postmaster_pid;       /*!< 0: none */
    uint32_t others;              /*!< other processes of the instance */
    uint32_t uninterruptible;     /*!< of all of them: in D state */
    uint32_t senders;             /*!< of the others: WAL senders */
    enum pidfile_status pidfile;
    char old_option[OPTION_NAME_SIZE];  /*!< a parameter that was changed since
                                             the server was started; "": none is
                                             known. A monitor asks */
    struct watch watch;
    uint32_t calm_ms;             /*!< since a standby's monitor had nothing
                                       to do; 0: never, or another action */
    uint32_t grants_ms;           /*!< since FACT_GRANTS was last looked at;
                                       0: not since the boot */
    uint32_t kept_ms;             /*!< since what is kept was looked through;
                                       0: not since the boot */
    char unseen[SERVER_TEXT_SIZE];      /*!< why the processes could not be
                                             looked for, or "" */
};

/*! What a deep check has found (FACT_DISK). */
struct disk {
    enum tri writable;            /*!< it wrote and synced a file in pgdata */
    char unwritable[SERVER_TEXT_SIZE];  /*!< why it could not, or "" */
};

/*!
 * Settings that a standby needs at least as large as its primary's were when
 * it wrote the WAL; of a standby's pg_control, the primary's.
 */
struct limits {
    uint32_t connections;         /*!< max_connections; 0: not known */
    uint32_t worker_processes;
    uint32_t wal_senders;
    uint32_t prepared_transactions;
    uint32_t locks_per_transaction;
};

/*! Of pg_control. */
struct control {
    enum control_state state;
    struct wal_position checkpoint;     /*!< latest checkpoint, its timeline */
    uint32_t recovery_timeline; /*!< up to which recovery has to go at least,
                                     0: none; later than the checkpoint's,
                                     where none has been made since the last
                                     promotion */
    struct limits limits;
};

/*! How a standby's replay is getting on. */
struct progress {
    enum tri known;               /*!< the server told */
    lsn received;                 /*!< since it started; 0: nothing */
    lsn replayed;
    enum tri paused;              /*!< by hand, or by lower settings */
    char target[32];              /*!< the recovery_target_... in force, "" */
    uint32_t still_ms;            /*!< for so long replay has not moved while
                                       received WAL was there; 0: it has */
};

/*! What keeps a standby's replay back. */
struct replay {
    char place[SERVER_TEXT_SIZE]; /*!< FILE:LINE of the target, or "" */
    enum tri waits;               /*!< for WAL, or for what a promotion ends: a
                                       query, recovery_min_apply_delay; NO:
                                       it is at work, or stopped */
    enum tri busy;                /*!< it has used CPU time or done I/O within
                                       ten seconds, or was not looked at
                                       before: one record may take long */
    struct limits limits;
};

/*! What the local server says of itself. */
struct server {
    enum answer answer;
    char text[SERVER_TEXT_SIZE];  /*!< the server's or libpq's own words */
    char refused[SERVER_TEXT_SIZE];     /*!< what monitor_user was told, where
                                             the owner asks in its place; "":
                                             it was let in */
    uint32_t version;             /*!< server_version_num, 150018 */
    enum tri in_recovery;
    struct wal_position position; /*!< primary: current flush position;
                                       standby: larger of received, replayed;
                                       more precise with FACT_POSITION */
    struct progress progress;
    enum tri unflushed;           /*!< a primary has WAL that is not on disk */
    uint32_t unflushed_ms;        /*!< for so long its monitors found more of
                                       it at each look, and the same flush
                                       position */
    enum tri receiver_running;    /*!< a WAL receiver has a connection */
    uint32_t alone_ms;            /*!< for so long a standby's monitors found
                                       none; 0: one is there, or not looked */
    enum tri upstream_set;        /*!< primary_conninfo is not empty */
    char sync_names[SERVER_TEXT_SIZE];  /*!< synchronous_standby_names */
    enum tri sync_names_known;
};

/*! Where the managed settings come from. */
struct sources {
    enum tri sync_names_ours;     /*!< sourcefile is rep_mode.conf */
    char override[SERVER_TEXT_SIZE];    /*!< `FILE:LINE NAME` of a managed
                                             setting set elsewhere, or "" */
};

/*! Do commits wait for a standby? */
struct sync {
    char started[STARTED_SIZE];   /*!< since when its shared memory is there: a
                                       start, or a backend's crash; "": not
                                       known */
    lsn redo_lsn;                 /*!< where the last checkpoint began */
    enum tri waiter;              /*!< a backend waits for a standby */
    uint32_t wait_ms;             /*!< how long the one waits that waits
                                       longest */
    uint32_t sender_timeout_ms;   /*!< wal_sender_timeout; 0: none */
    struct sync_memory memory;
};

/*! What goes to the clients' address where it is not. */
struct refusal {
    enum refusal_state state;
    uint32_t failed_ms;           /*!< since the table could not be made or
                                       unmade, at least 1; 0: it could */
    enum tri possible;            /*!< nftables and the kernel can do it */
    char why[SERVER_TEXT_SIZE];   /*!< they cannot */
};

/*! May rejoin_user do what a rewind will need, on the primary? */
struct grants {
    enum tri ready;               /*!< UNKNOWN: it could not be tried */
    char missing[400];            /*!< the SQL that gives what is not */
};

/*! How a node's data comes back (P9). */
struct rejoin {
    enum rejoin_phase phase;
    enum rejoin_end end;
    uint32_t attempts;            /*!< that were begun */
    enum tri same_data;           /*!< pgdata is the folder, of the system
                                       identifier, that the marker names */
    struct wal_position fork;     /*!< where this node's past left the
                                       primary's */
    uint32_t timeline;            /*!< the primary's then */
    char system_id[SYSTEM_ID_SIZE];     /*!< of the data */
    char why[SERVER_TEXT_SIZE];   /*!< what the last attempt ended with */
    enum tri alive;               /*!< the worker lives */
    enum tri ours;                /*!< the worker is this process */
    uint32_t still_ms;            /*!< since it last got on */
};

/*! Files of the instance. */
struct instance_files {
    enum tri lock;                /*!< tmpdir/PGSQL.lock */
    enum tri backup_label;
    enum tri slots;               /*!< tmpdir/slots: this server has, or had,
                                       replication slots of ours */
    enum tri upstream;            /*!< recovery.conf of ours names a primary */
    enum tri standby_current;     /*!< ... and is what the parameters ask for
                                       of a standby that follows; a monitor
                                       and reload-agent ask */
    char sender_name[NODE_NAME_SIZE];   /*!< application_name in recovery.conf
                                             of ours; "": none, or unknown */
    char system_id[SYSTEM_ID_SIZE];     /*!< pg_control's system identifier,
                                             in decimal; "" unknown */
    uint32_t major_version;       /*!< PG_VERSION: 15; 0 unknown */
};

/*
 * The parameters that decisions depend on: X(field, kind, value). The value is
 * made of `params`, a pointer to struct params.
 */
#define SETTINGS_LIST(X) \
    X(rep_mode, MODE, params->rep_mode) \
    X(restart_on_promote, FLAG, params->restart_on_promote) \
    X(check_wal_receiver, FLAG, params->check_wal_receiver) \
    X(use_slots, FLAG, params->replication_slot_name[0] != '\0') \
    X(sync_strict, FLAG, params->sync_strict) \
    X(sync_quorum, FLAG, params->sync_mode == SYNC_MODE_QUORUM) \
    X(watch, FLAG, params->watch) \
    X(slot_keep_ms, NUMBER, (uint32_t) params->slot_keep_s * 1000u) \
    X(slot_max_wal, BYTES, (uint64_t) params->slot_max_wal) \
    X(external_count, NUMBER, \
      (uint32_t) params->external_standby_node_list.count) \
    X(refuses, FLAG, params->client_address[0] != '\0') \
    X(rewinds, FLAG, params->rejoin != REJOIN_BY_HAND) \
    X(rebuilds, FLAG, params->rejoin == REJOIN_BY_REBUILD) \
    X(keeps_for_a_time, FLAG, params->rejoin != REJOIN_BY_HAND \
      && params->rejoin_keep_age_s > 0) \
    X(rejoin_attempts, NUMBER, (uint32_t) params->rejoin_attempts) \
    X(sync_num, NUMBER, (uint32_t) params->sync_num)    /* 0 counts as 1 */ \
    X(xlog_check_count, NUMBER, (uint32_t) params->xlog_check_count) \
    /* async: of one that may lead; 0: any */ \
    X(max_lag_bytes, BYTES, (uint64_t) params->max_lag_on_promote) \
    X(stop_escalate_ms, NUMBER, (uint32_t) params->stop_escalate_s * 1000u) \
    X(stop_escalate_in_slave_ms, NUMBER, \
      (uint32_t) params->stop_escalate_in_slave_s * 1000u)

#define SETTING_MODE enum rep_mode
#define SETTING_FLAG bool
#define SETTING_NUMBER uint32_t
#define SETTING_BYTES uint64_t

struct settings {
    enum ocf_code problem;        /*!< of parameters or set-up; 0: valid */
    char problem_text[SERVER_TEXT_SIZE];
    uint32_t promoted_max;        /*!< of the clone; 0: not known */
#define SETTING_FIELD(field, kind, value) SETTING_##kind field;
    SETTINGS_LIST(SETTING_FIELD)
#undef SETTING_FIELD
};

/*! Fill what comes of the parameters. */
void
settings_take(struct settings *settings, const struct params *params);

/*! How cluster, resource and server are set up; see profile.h. */
struct profile {
    enum tri fence_device;        /*!< a fence device, or a watchdog */
    enum tri fencing_renamed;     /*!< it is fencing-enabled that is set, as
                                       from Pacemaker 3.0.2 on */
    enum tri quorum_ignored;      /*!< no-quorum-policy=ignore */
    char resource[NODE_NAME_SIZE];
    char clone[NODE_NAME_SIZE];   /*!< that the resource is in; "": none */
    char moves[512];              /*!< constraints on either that a move has
                                       left or that one needs now: their ids, a
                                       space between two; "": none */
    enum tri notify;              /*!< of the clone */
    uint32_t promoted_max;        /*!< 0: not known */
    uint32_t migration_threshold; /*!< 0: not limited, or not known */
    enum tri failure_timeout;     /*!< failures are forgotten in time */
    uint32_t start_ms;            /*!< time-outs; 0: not known */
    uint32_t stop_ms;
    uint32_t promote_ms;
    uint32_t demote_ms;
    enum tri demote_stops;        /*!< on-fail=stop of demote */
    char stop_on_fail[32];        /*!< ` on-fail=...` of stop, or "" */
    uint32_t notify_ms;
    uint32_t monitor_ms;          /*!< of several monitors the shortest */
    enum tri monitor_promoted;    /*!< one is for the promoted role */
    enum tri monitor_started;     /*!< one is for every other role */
    enum tri monitors_alike;      /*!< two have the same interval */
    enum tri fsync;
    enum tri full_page_writes;
    enum tri hot_standby;
    enum tri wal_log_hints;
    enum tri checksums;
    enum tri slot_sync;           /*!< sync_replication_slots (17) */
    enum tri feedback;            /*!< hot_standby_feedback */
    uint32_t failover_slots;      /*!< logical ones with failover (17) */
    enum tri slots_bounded;       /*!< max_slot_wal_keep_size is set */
    uint32_t slot_max;            /*!< max_replication_slots; 0: not known */
    char sender_shutdown[16];     /*!< wal_sender_shutdown_timeout in ms; "":
                                       there is no limit, or not known */
    char weak_commit[16];         /*!< synchronous_commit of the server where
                                       it is weaker than on, else "" */
    char weak_commit_reset[320];  /*!< the command that ends a weaker one of a
                                       role or a database; "": none known */
    char master_name[NODE_NAME_SIZE];   /*!< of master_ip, where it is a name
                                             that has to be looked up; or "" */
    char boot_unit[NODE_NAME_SIZE];     /*!< starts a server at boot; "":
                                             none known */
};

/*! How an operation of this action went, summed up by its kind. */
struct done {
    uint32_t times;
    int32_t rc;                   /*!< of the last one: 0 or an enum op_rc */
    uint32_t first_ms;            /*!< elapsed_ms of the first one */
    uint32_t last_ms;
};

struct snapshot {
    enum action action;
    enum notify_kind notify;
    enum tri probe;               /*!< a monitor with interval 0 */
    uint32_t check_level;         /*!< OCF_CHECK_LEVEL */
    enum role expected_role;      /*!< the operation's role, when it has one */
    char tmpdir[PATH_SIZE];       /*!< for messages */
    char pgdata[PATH_SIZE];       /*!< for messages */
    uint32_t elapsed_ms;          /*!< since the action began */
    uint32_t left_ms;             /*!< until the verdict has to stand */
    uint32_t facts;               /*!< enum fact bits tried in this cycle */
    struct settings settings;

    /* what a fact fills, see FACT_LIST: emptied before each look */
    struct process process;
    struct instance_files files;
    struct control control;
    struct server server;
    struct senders senders;
    struct common_record record;
    struct cluster_state cluster;
    enum tri address_here;        /*!< master_ip is on an interface here */
    struct disk disk;
    enum tri position_advances;   /*!< replay moved since the last look */
    struct sources sources;
    struct profile profile;
    struct sync sync;
    char history[ATTR_VALUE_SIZE];      /*!< of server.position's timeline, as
                                             RSC-history has it; "" unknown */
    struct refusal refusal;
    struct holders holders;
    struct replay replay;
    uint32_t newest_timeline;     /*!< of the history files in pg_wal, 1 where
                                       there is none; 0: not known */
    char upstream_words[SERVER_TEXT_SIZE];      /*!< why there is no WAL
                                                     receiver, by the server's
                                                     log; "": it does not
                                                     say */
    struct grants grants;
    struct rejoin rejoin;

    uint32_t position_looks;      /*!< of FACT_POSITION, in this action */
    enum tri monitor_sql_ok;      /*!< it runs once an action */
    size_t self;                  /*!< index of this node; NODES_MAX: none */
    size_t node_count;            /*!< of node_list */
    size_t outsiders;             /*!< that follow those: in the cluster, with
                                       a record (FACT_RECORD), and not in
                                       node_list (any more) (P2) */
    struct node node[NODES_MAX];
    struct done done[OP_COUNT];
    enum op_kind failed;          /*!< the required step that failed in the
                                       last cycle; OP_NONE: none did */
    char failure[SERVER_TEXT_SIZE];     /*!< why that step failed */
    char log_tail[SERVER_TEXT_SIZE];    /*!< the server's log after a bad end:
                                             OP_TAIL_SERVER_LOG */
};

/*!
 * Empty the groups of the facts (FACT_LIST), before they are looked at: a
 * failed look leaves UNKNOWN, never what was there in the last cycle. That a
 * node was out is remembered.
 */
void
snapshot_forget(struct snapshot *snapshot, uint32_t facts);

/*!
 * Write a snapshot as `key = value` lines; zero fields are left out.
 *
 * Errors: a text that did not fit has `overflow` set.
 */
void
snapshot_dump(const struct snapshot *snapshot, struct text *text);

/*!
 * Read what snapshot_dump() wrote into `ret_snapshot`, which the caller has
 * set to zero or to a base; lines later in the text win, so that a
 * case can be a base and a few changed lines. `#` starts a comment line.
 *
 * \return 0, or the number of the first line that is wrong, with
 *         `ret_snapshot` untouched.
 */
int
snapshot_load(const char *text, struct snapshot *ret_snapshot);

/*! The name in text of each enumeration, `?` for a value it does not have. */
const char *action_name(enum action action);
const char *answer_name(enum answer answer);
const char *control_state_name(enum control_state state);
const char *process_state_name(enum process_state state);
const char *sender_state_name(enum sender_state state);
const char *sync_state_name(enum sync_state state);

/*! The action for an exact word; ACTION_NONE for any other. */
enum action
action_parse(const char *word);

/*! The control state for pg_controldata's words; UNKNOWN for any other. */
enum control_state
control_state_parse(const char *words);

/*! The sender state for pg_stat_replication's word; UNKNOWN for any other. */
enum sender_state
sender_state_parse(const char *word);

/*! The sync state for pg_stat_replication's word; UNKNOWN for any other. */
enum sync_state
sync_state_parse(const char *word);

/*! The slot's state for wal_status; UNKNOWN for any other. */
enum slot_status
slot_status_parse(const char *word);

/*! The pid file status for line 8's word; UNKNOWN for any other. */
enum pidfile_status
pidfile_status_parse(const char *word);

/*! The nodes of node_list and the outsiders: all that have a record. */
static inline size_t
snapshot_total(const struct snapshot *snapshot)
{
    return snapshot->node_count + snapshot->outsiders;
}

/*! Find a node of them by name, without case; NODES_MAX: not there. */
size_t
snapshot_find_node(const struct snapshot *snapshot, const char *name);

/*! What this node's server is. */
enum server_role {
    SERVER_UNKNOWN,
    SERVER_PRIMARY,
    SERVER_STANDBY,
};

/*!
 * What the server says that it is (FACT_SQL); UNKNOWN where it tells nothing.
 * What its files say is another question: server_role_by_files().
 */
enum server_role
server_role(const struct snapshot *snapshot);

/*! Is there a postmaster that can be waited for? */
bool
postmaster_lives(const struct snapshot *snapshot);

/*!
 * Is this node proved to be out of the cluster, so that no server of its
 * instance runs there and it cannot lead? It is when
 * - the cluster expects it down (`expected` is: it was told to shut down when
 *   its resources had ended, or a fence device said that it is off), and it
 *   has not joined since,
 * - nothing of its instance was left active: it is known to be stopped, or
 *   fencing took the whole history away,
 * - its controller is off. Corosync may run there: without a controller nothing
 *   starts a server. When it comes it becomes a member by a write of the CIB
 *   that comes after those of before, and trusts its record no earlier (P2).
 *   Until then it is out as it was, if an earlier look of this action saw that;
 *   else nobody knows what has outlived its controller: the history that tells
 *   comes with the join.
 *
 * Units:  none.
 * Errors: none; UNKNOWN gives false.
 * Source: promise P2; Pacemaker's controller, te_actions (shutdown),
 *         send_stonith_update() and do_dc_join_ack().
 */
bool
node_is_out(const struct node *node);

/*! A node's attribute by the operation that sets it (OP_SET_...). */
const struct attr *
snapshot_attr(const struct snapshot *snapshot, size_t node,
              enum op_kind kind);

/*! The field of a node for an attribute. */
struct attr *
node_attr(struct node *node, enum attr_id attr);

/*!
 * Take what was written for what is there, "" for deleted: else the next plan
 * of the same action would compare with what was there before.
 */
void
snapshot_note_attr(struct snapshot *snapshot, size_t node, enum op_kind kind,
                   const char *value);

/*! Does the attribute have exactly this value? UNKNOWN is no. */
bool
attr_is(const struct attr *attr, const char *value);

#endif
