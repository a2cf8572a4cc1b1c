/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting the server: always as a standby where there is replication. */

#include "start.h"

#include <string.h>
#include <syslog.h>

#include "began.h"
#include "elect.h"
#include "identifier.h"
#include "may_lead.h"
#include "own_server.h"
#include "past.h"
#include "peers.h"
#include "reason.h"
#include "record.h"
#include "replay.h"
#include "returning.h"
#include "slot_duty.h"
#include "stop.h"
#include "want.h"

/* A start whose recovery goes on succeeds this long before its deadline. */
#define RECOVERY_LAST_CALL_MS 3000u

static bool
started_here(const struct snapshot *snapshot)
{
    return snapshot->done[OP_START_SERVER].times > 0;
}

/* PostgreSQL's words for WAL that goes on where the new primary left it. */
static bool
cannot_follow(const char *log)
{
    return strstr(log, "requested timeline ") != NULL;
}

/* The server died on the way up; its own log knows why. */
static void
report_bad_start(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->done[OP_TAIL_SERVER_LOG].times == 0) {
        plan_add(plan, OP_TAIL_SERVER_LOG, OP_BEST_EFFORT, 0, NULL);
        plan_again(plan, 0, FACT_PROCESS, 0);
        return;
    }
    if (cannot_follow(snapshot->log_tail)) {
        if (snapshot->settings.rewinds) {
            /* the next start judges it, alone */
            want_attr(snapshot, plan, OP_SET_UNPROVED, OP_BEST_EFFORT,
                      snapshot->self, UNPROVED_PARTED);
        }
        refuse_to_follow(snapshot, plan, reason_cause(snapshot->log_tail));
        return;
    }
    plan_exit_reason(plan, OCF_ERR_GENERIC,
                     "look at the server's log: it did not start: %s",
                     snapshot->log_tail);
}

/*
 * Slow is not dead (P6): recovery that goes on, or a server whose connections
 * are all taken. With replication it must not be a primary.
 */
static bool
is_slow_but_well(const struct snapshot *snapshot)
{
    bool replication = rep_mode_is_replication(snapshot->settings.rep_mode);

    if (snapshot->action == ACTION_PROMOTE
        || snapshot->process.state != PROCESS_RUNNING
        || (replication && snapshot->process.pidfile == PIDFILE_READY
            && server_role_by_files(snapshot) != SERVER_STANDBY)) {
        return false;
    }
    return snapshot->server.answer == ANSWER_FULL
           || (snapshot->server.answer == ANSWER_STARTING && replication);
}

static void
last_call(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->action != ACTION_PROMOTE
        && snapshot->process.pidfile == PIDFILE_READY
        && snapshot->left_ms > LAST_CALL_MS
        && !have_facts(snapshot, FACT_CONTROL, plan)) {
        return;
    }
    if (is_slow_but_well(snapshot)) {
        plan_log(plan, LOG_WARNING,
                 "the server runs but does not let the agent in yet (%s); "
                 "the %s ends here and the monitor watches (a longer timeout "
                 "waits for it)", answer_name(snapshot->server.answer),
                 action_name(snapshot->action));
        plan_fallback(plan, OCF_SUCCESS, "%s", "");
        if (snapshot->action == ACTION_DEMOTE
            || self_node(snapshot)->attrs.score.known == ATTR_UNSET) {
            want_attr(snapshot, plan, OP_SET_SCORE, OP_BEST_EFFORT,
                      snapshot->self, SCORE_NEVER);
        }
        plan_exit(plan, OCF_SUCCESS);
        return;
    }
    plan_exit_reason(plan, OCF_ERR_GENERIC,
                     "look at %s: no answer in time (%s): %s",
                     who_is_silent(snapshot),
                     answer_name(snapshot->server.answer),
                     words_of_server(snapshot));
}

bool
server_answers(const struct snapshot *snapshot, struct plan *plan)
{
    const uint32_t facts = FACT_PROCESS | FACT_SQL;

    if ((snapshot->facts & FACT_SQL) == 0
        && snapshot->process.state != PROCESS_GONE) {
        plan_again(plan, 0, facts, 2000);
        return false;
    }
    if (snapshot->process.state == PROCESS_GONE
        || snapshot->done[OP_TAIL_SERVER_LOG].times > 0) {
        report_bad_start(snapshot, plan);
        return false;
    }
    if (snapshot->server.answer == ANSWER_OK) {
        return true;
    }
    if (snapshot->server.answer == ANSWER_DENIED) {
        plan_exit_reason(plan, OCF_ERR_GENERIC,
                         "look at pg_hba.conf, monitor_user, pgdb: log-in "
                         "refused: %s",
                         snapshot->server.text);
        return false;
    }
    if (snapshot->left_ms <= RECOVERY_LAST_CALL_MS) {
        last_call(snapshot, plan);
        return false;
    }
    plan_again(plan, poll_ms(snapshot), facts, 2000);
    return false;
}

/* A node that never had a score is not to be promoted. */
static void
want_first_score(const struct snapshot *snapshot, struct plan *plan)
{
    if (self_node(snapshot)->attrs.score.known == ATTR_UNSET) {
        want_attr(snapshot, plan, OP_SET_SCORE, OP_BEST_EFFORT,
                  snapshot->self, SCORE_NEVER);
    }
}

/* What a start does about the lock file. */
enum lock_answer {
    LOCK_REFUSES = 0,       /* the plan has its verdict */
    LOCK_ANSWERED,          /* none there, or the record answers it */
    LOCK_QUARANTINES,       /* started to be judged */
};

/*
 * The lock file says that this node led, or began to, and did not stop
 * cleanly. Its data counts while the record lets it lead and nobody else leads
 * or is ranked to lead: such a node would leave this one's last WAL behind.
 * The record may still say STREAMING|SYNC after a promotion that was torn
 * off; nobody else could lead then, so refusing would be for ever.
 */
static bool
record_answers(const struct snapshot *snapshot)
{
    size_t other = NODES_MAX;

    return self_node(snapshot)->record.data_status.known == ATTR_SET
           && is_eligible(snapshot, snapshot->self)
           && other_promoted(snapshot, &other) == TRI_NO
           && !someone_is_ranked(snapshot);
}

/*
 * Without a change of timeline a clean shutdown proves as little as a crash:
 * another may have led since without this node's last WAL, and no history
 * tells. A copy brings its label, and the first start of all has no record.
 */
static bool
led_without_lock(const struct snapshot *snapshot)
{
    enum control_state control = snapshot->control.state;

    return snapshot->settings.restart_on_promote
           && (control == CONTROL_SHUT_DOWN || control == CONTROL_SHUTTING_DOWN
               || control == CONTROL_IN_CRASH_RECOVERY
               || control == CONTROL_IN_PRODUCTION)
           && snapshot->files.backup_label != TRI_YES
           && !record_is_virgin(snapshot);
}

/* Was its data seen to have left the primary's history, and is it that yet? */
static bool
is_parted(const struct snapshot *snapshot)
{
    return attr_is(&self_node(snapshot)->attrs.unproved, UNPROVED_PARTED)
           && snapshot->files.backup_label != TRI_YES
           && !record_answers(snapshot);
}

static enum lock_answer
answer_lock(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->files.lock == TRI_UNKNOWN) {
        plan_exit_reason(plan, OCF_ERR_GENERIC,
                         "look at the folder tmpdir: whether PGSQL.lock is "
                         "there, as it is where a node led last, is not to be "
                         "seen. It is '%s'", snapshot->tmpdir);
        return LOCK_REFUSES;
    }
    if (record_answers(snapshot)
        || (snapshot->files.lock == TRI_NO && !led_without_lock(snapshot)
            && !is_parted(snapshot))) {
        return LOCK_ANSWERED;
    }
    if (record_is_virgin(snapshot)) {
        plan_exit_reason(
            plan, OCF_ERR_GENERIC,
            "rm PGSQL.lock if no node has newer data, else pg_basebackup "
            "first: this node led last, and the cluster has no record. Then "
            "pcs resource cleanup; the lock is '%s/PGSQL.lock', the data '%s'",
            snapshot->tmpdir, snapshot->pgdata);
        return LOCK_REFUSES;
    }
    return LOCK_QUARANTINES;
}

/*
 * A node that begins anew claims nothing that it claimed before (P3). Without
 * a score it claims nothing either, and gets one with its result: written
 * now, Pacemaker would decide anew before the others' starts have begun.
 */
static void
want_fresh_attrs(const struct snapshot *snapshot, struct plan *plan)
{
    size_t self = snapshot->self;

    if (self_node(snapshot)->attrs.score.known != ATTR_UNSET) {
        want_attr(snapshot, plan, OP_SET_SCORE, OP_REQUIRED, self,
                  SCORE_NEVER);
    }
    want_attr(snapshot, plan, OP_SET_STATUS, OP_BEST_EFFORT, self, "STOP");
    want_attr(snapshot, plan, OP_SET_XLOG_LOC, OP_BEST_EFFORT, self, "");
    want_attr(snapshot, plan, OP_SET_POSITION, OP_REQUIRED, self, "");
    want_attr(snapshot, plan, OP_SET_REPLAY, OP_BEST_EFFORT, self, "");
    want_attr(snapshot, plan, OP_SET_BASELINE, OP_BEST_EFFORT, self, "");
    want_attr(snapshot, plan, OP_SET_HISTORY, OP_REQUIRED, self,
              HISTORY_OF_STANDBY);
    want_attr(snapshot, plan, OP_SET_SHUTDOWN, OP_BEST_EFFORT, self, "");
    want_no_why(snapshot, plan);
}

/*
 * This node's data was seen to have parted; only new data helps, and a copy, or
 * one that was rewound, comes with a label.
 */
static bool
is_refused(const struct snapshot *snapshot, struct plan *plan)
{
    if (!is_parted(snapshot) || snapshot->settings.rewinds) {
        return false;
    }
    refuse_to_follow(snapshot, plan, SEEN_PARTED);
    return true;
}

/* What this node claims while it starts; false: it does not start. */
static bool
claim(const struct snapshot *snapshot, struct plan *plan,
      enum standby *ret_kind)
{
    if (is_refused(snapshot, plan)) {
        return false;
    }
    switch (answer_lock(snapshot, plan)) {
        case LOCK_REFUSES:
            return false;
        case LOCK_ANSWERED:
            if (snapshot->files.lock == TRI_YES) {
                plan_log(plan, LOG_NOTICE, "this node led last and the "
                         "record lets it lead (%s): it starts again",
                         self_node(snapshot)->record.data_status.value);
            }
            want_attr(snapshot, plan, OP_SET_UNPROVED, OP_REQUIRED,
                      snapshot->self, "");
            break;
        case LOCK_QUARANTINES:
            plan_log(plan, LOG_NOTICE, "this node led last: it starts alone, "
                     "and follows when the primary's history proves its data");
            /* before the server: nobody waits for it or chooses it then */
            want_attr(snapshot, plan, OP_SET_UNPROVED, OP_REQUIRED,
                      snapshot->self, "1");
            if (snapshot->files.lock != TRI_YES) {
                plan_add(plan, OP_CREATE_LOCK, OP_REQUIRED, 0, NULL);
            }
            *ret_kind = STANDBY_QUARANTINED;
            break;
    }
    want_fresh_attrs(snapshot, plan);
    return true;
}

static void
begin_start(const struct snapshot *snapshot, struct plan *plan)
{
    enum rep_mode mode = snapshot->settings.rep_mode;
    const uint32_t facts = FACT_PROCESS | FACT_FILES | FACT_ADDRESS;
    enum standby kind = standby_by_address(snapshot);

    if (rep_mode_is_replication(mode)) {
        plan_fallback(plan, OCF_ERR_GENERIC,
                      "look at pgward's log on this node: the start did not "
                      "get past the cluster's daemons (CIB, attributes) or "
                      "pg_ctl in time");
        if (!have_facts(snapshot, facts | FACT_ATTRS | FACT_RECORD
                                  | FACT_MEMBERS
                                  | (snapshot->settings.restart_on_promote
                                     ? (uint32_t) FACT_CONTROL : 0), plan)
            || cluster_is_silent(snapshot, plan)) {
            return;
        }
        want_own_identifier(snapshot, plan);
        if (refuse_foreign(snapshot, plan) || !want_ended(snapshot, plan)
            || !claim(snapshot, plan, &kind)) {
            return;
        }
    }
    plan_add(plan, OP_PREPARE, OP_REQUIRED, 0, NULL);
    if (mode != REP_MODE_NONE) {
        plan_standby_start(plan, kind);
        return;
    }
    if (snapshot->files.backup_label == TRI_YES
        && snapshot->files.major_version > 0
        && snapshot->files.major_version < 15) {
        /* Only an exclusive backup that failed leaves one on a primary. */
        plan_add(plan, OP_REMOVE_BACKUP_LABEL, OP_REQUIRED, 0, NULL);
    }
    plan_add(plan, OP_WRITE_CONFIG, OP_REQUIRED, 0, NULL);
    plan_add(plan, OP_START_SERVER, OP_REQUIRED, 0, NULL);
    plan_again(plan, poll_ms(snapshot), FACT_PROCESS | FACT_SQL, 2000);
}

static void
finish_start(const struct snapshot *snapshot, struct plan *plan)
{
    enum rep_mode mode = snapshot->settings.rep_mode;

    if (!rep_mode_is_replication(mode)) {
        plan_exit(plan, OCF_SUCCESS);
        return;
    }
    plan_fallback(plan, OCF_SUCCESS, "the server runs; the cluster's "
                  "attribute daemon did not answer in time");
    if (!replay_is_seen(snapshot, plan)
        || !have_facts(snapshot, FACT_ATTRS | FACT_SETTINGS | FACT_POSITION
                              | FACT_HISTORY, plan)
        || !slots_are_seen(snapshot, plan)) {
        return;
    }
    if (snapshot->history[0] != '\0') {
        want_past(snapshot, plan, snapshot->history);
    }
    if (snapshot->sources.override[0] != '\0') {
        plan_log(plan, LOG_WARNING,
                 "a setting that pgward manages is set elsewhere and wins: "
                 "%s; remove that line", snapshot->sources.override);
    }
    /* whoever is promoted first has them before it recycles any WAL */
    standby_slots(snapshot, plan);
    want_replay(snapshot, plan);
    want_attr(snapshot, plan, OP_SET_STATUS, OP_BEST_EFFORT, snapshot->self,
              "HS:alone");
    want_first_score(snapshot, plan);
    plan_exit(plan, OCF_SUCCESS);
}

/* Somebody's server runs already: a standby is what we want, and enough. */
static bool
found_running(const struct snapshot *snapshot, struct plan *plan)
{
    bool replication = rep_mode_is_replication(snapshot->settings.rep_mode);

    if (snapshot->process.state != PROCESS_RUNNING
        || snapshot->done[OP_STOP_FAST].times > 0) {
        return false;
    }
    if (!server_answers(snapshot, plan)) {
        return true;
    }
    if (replication && server_role(snapshot) != SERVER_STANDBY) {
        return false;
    }
    plan_log(plan, LOG_INFO, "the server runs already");
    finish_start(snapshot, plan);
    return true;
}

/* Was this server started to be judged, by an earlier cycle of the start? */
static bool
started_to_be_judged(const struct snapshot *snapshot)
{
    return rep_mode_is_replication(snapshot->settings.rep_mode)
           && snapshot->files.lock == TRI_YES && !record_answers(snapshot)
           && snapshot->done[OP_BEGIN_RESTART].times == 0;
}

/* A primary is there: is this node's data of its past? */
static void
judge_started(const struct snapshot *snapshot, struct plan *plan,
              size_t primary)
{
    switch (judge_return(snapshot, plan, primary)) {
        case RETURN_LOOK_AGAIN:
        case RETURN_REFUTED:
            return;
        case RETURN_UNKNOWN:
            break;
        case RETURN_PROVED:
            if (!admit(snapshot, plan)) {
                break;
            }
            plan_again(plan, poll_ms(snapshot), FACT_PROCESS | FACT_SQL, 2000);
            return;
    }
    finish_start(snapshot, plan);
}

/*
 * The cluster starts what went down before it promotes: while it has no
 * primary, what this start waits for everybody waits for. The monitor judges.
 */
static bool
ends_at_once(const struct snapshot *snapshot, struct plan *plan)
{
    size_t other = NODES_MAX;

    if (!started_to_be_judged(snapshot)
        || other_promoted(snapshot, &other) == TRI_YES
        || snapshot->process.state != PROCESS_RUNNING) {
        return false;
    }
    want_first_score(snapshot, plan);
    plan_exit(plan, OCF_SUCCESS);
    return true;
}

static void
look_at_started(const struct snapshot *snapshot, struct plan *plan)
{
    size_t primary = NODES_MAX;

    if (ends_at_once(snapshot, plan) || !server_answers(snapshot, plan)) {
        return;
    }
    if (rep_mode_is_replication(snapshot->settings.rep_mode)
        && server_role(snapshot) != SERVER_STANDBY) {
        plan_exit_reason(plan, OCF_ERR_GENERIC,
                         "look for data_directory or config_file in the "
                         "files of tmpdir: the server came up as a primary, "
                         "not as a standby. tmpdir is '%s'",
                         snapshot->tmpdir);
        return;
    }
    if (started_to_be_judged(snapshot)
        && other_promoted(snapshot, &primary) == TRI_YES) {
        judge_started(snapshot, plan, primary);
        return;
    }
    finish_start(snapshot, plan);
}

void
decide_start(const struct snapshot *snapshot, struct plan *plan)
{
    if (started_here(snapshot)) {
        look_at_started(snapshot, plan);
        return;
    }
    if (snapshot->settings.problem != OCF_SUCCESS) {
        plan_exit_reason(plan, snapshot->settings.problem, "%s",
                         snapshot->settings.problem_text);
        return;
    }
    if (found_running(snapshot, plan)) {
        return;
    }
    if (end_server(snapshot, plan, snapshot->settings.stop_escalate_ms)) {
        begin_start(snapshot, plan);
    }
}
