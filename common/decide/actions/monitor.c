/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the server that is there is like, and the monitor's duties. */

#include "monitor.h"

#include <syslog.h>

#include "identifier.h"
#include "own_server.h"
#include "peers.h"
#include "primary.h"
#include "profile.h"
#include "record.h"
#include "rejoin.h"
#include "standby.h"
#include "want.h"
#include "watch_duty.h"

/*
 * A postmaster may be stopped for a moment, by a debugger say; a query may
 * fail once. This long a monitor looks again.
 */
#define PATIENCE_MS 3000u
#define PATIENCE_LOOK_MS 100u

static bool
promoted_is_expected(const struct snapshot *snapshot)
{
    return snapshot->expected_role == ROLE_PROMOTED
           || self_node(snapshot)->in_promoted_list == TRI_YES;
}

/* A primary stays one when rep_mode has become a word that is none (P5). */
static bool
has_roles(const struct snapshot *snapshot)
{
    return rep_mode_is_replication(snapshot->settings.rep_mode)
           || snapshot->expected_role == ROLE_PROMOTED;
}

/* The code for a server that lives but cannot be asked (P6). */
static enum ocf_code
code_by_files(const struct snapshot *snapshot)
{
    if (!has_roles(snapshot)) {
        return OCF_SUCCESS;
    }
    switch (server_role_by_files(snapshot)) {
        case SERVER_STANDBY:
            return OCF_SUCCESS;
        case SERVER_PRIMARY:
            return OCF_RUNNING_PROMOTED;
        case SERVER_UNKNOWN:
            break;
    }
    return promoted_is_expected(snapshot) ? OCF_RUNNING_PROMOTED
                                          : OCF_SUCCESS;
}

static enum ocf_code
code_by_role(const struct snapshot *snapshot, struct plan *plan)
{
    if (!has_roles(snapshot)) {
        return OCF_SUCCESS;
    }
    switch (server_role(snapshot)) {
        case SERVER_STANDBY:
            return OCF_SUCCESS;
        case SERVER_PRIMARY:
            return OCF_RUNNING_PROMOTED;
        case SERVER_UNKNOWN:
            break;
    }
    plan_exit_reason(plan, OCF_ERR_GENERIC,
                     "look at the server's log: it tells no role: %s",
                     words_of_server(snapshot));
    return OCF_ERR_GENERIC;
}

/* The code of a failure: Pacemaker is told when it was the primary. */
static enum ocf_code
failure_code(const struct snapshot *snapshot)
{
    return promoted_is_expected(snapshot) ? OCF_FAILED_PROMOTED
                                          : OCF_ERR_GENERIC;
}

static enum ocf_code
code_of_silence(const struct snapshot *snapshot, struct plan *plan)
{
    plan_exit_reason(plan, OCF_ERR_GENERIC,
                     "look at %s: it does not answer: %s. Its postmaster %d "
                     "is %s", who_is_silent(snapshot),
                     words_of_server(snapshot),
                     snapshot->process.postmaster_pid,
                     process_state_name(snapshot->process.state));
    return OCF_ERR_GENERIC;
}

/* A postmaster is there; what does it say? */
static enum ocf_code
code_by_answer(const struct snapshot *snapshot, struct plan *plan)
{
    const struct server *server = &snapshot->server;

    switch (server->answer) {
        case ANSWER_OK:
            if (snapshot->monitor_sql_ok == TRI_NO) {
                plan_exit_reason(plan, OCF_ERR_GENERIC,
                                 "look at monitor_sql: %s", server->text);
                return OCF_ERR_GENERIC;
            }
            return code_by_role(snapshot, plan);
        case ANSWER_UNKNOWN:
        case ANSWER_DENIED:
        case ANSWER_FULL:
            plan_log_once(plan, LOG_WARNING,
                          "the server runs but did not let the agent in (%s): "
                          "%s", answer_name(server->answer), server->text);
            return code_by_files(snapshot);
        case ANSWER_STARTING:
            plan_log_once(plan, LOG_INFO, "the server is starting: %s",
                          server->text);
            return code_by_files(snapshot);
        case ANSWER_STOPPING:
            plan_exit_reason(plan, OCF_ERR_GENERIC,
                             "use pcs, or maintenance mode first: the "
                             "server is being shut down, and not by the "
                             "cluster. It says: %s", server->text);
            return failure_code(snapshot);
        case ANSWER_REFUSED:
            if (snapshot->process.pidfile == PIDFILE_STARTING) {
                return code_by_files(snapshot);
            }
            return code_of_silence(snapshot, plan);
        case ANSWER_TIMEOUT:
        case ANSWER_ERROR:
            break;
    }
    return code_of_silence(snapshot, plan);
}

enum ocf_code
health_code(const struct snapshot *snapshot, struct plan *plan)
{
    const struct process *process = &snapshot->process;

    switch (process->state) {
        case PROCESS_GONE:
            return OCF_NOT_RUNNING;
        case PROCESS_FROZEN:
            if (snapshot->server.answer != ANSWER_OK) {
                return code_of_silence(snapshot, plan);
            }
            return code_by_answer(snapshot, plan);
        case PROCESS_RUNNING:
            return code_by_answer(snapshot, plan);
        case PROCESS_ORPHANS:
            plan_exit_reason(
                plan, OCF_ERR_GENERIC,
                "stop the resource: the postmaster is gone, but %u processes "
                "of it live on and can still commit", process->others);
            return failure_code(snapshot);
        case PROCESS_UNKNOWN:
            if (snapshot->server.answer == ANSWER_OK) {
                return code_by_answer(snapshot, plan);
            }
            break;
    }
    plan_exit_reason(plan, OCF_ERR_GENERIC,
                     "look at /proc: the server's processes were not "
                     "found: %s",
                     snapshot->process.unseen);
    return OCF_ERR_GENERIC;
}

/*
 * Is a primary that a probe found the cluster's own? After a refresh nobody's
 * role is known until its probe is back; the record is what tells then.
 */
static enum tri
primary_is_trusted(const struct snapshot *snapshot)
{
    const struct attr *data = &self_node(snapshot)->record.data_status;
    size_t other = NODES_MAX;
    enum tri other_leads = other_promoted(snapshot, &other);

    if (data->known == ATTR_UNKNOWN && other_leads != TRI_YES) {
        return TRI_UNKNOWN;
    }
    if (is_foreign(snapshot, snapshot->self)) {
        return TRI_NO;
    }
    if (attr_is(data, DATA_LATEST)) {
        return other_leads == TRI_YES ? TRI_NO : TRI_YES;
    }
    return other_leads == TRI_NO && record_is_virgin(snapshot) ? TRI_YES
                                                               : TRI_NO;
}

/* A server found by a probe must not be ranked by an old belief (P3). */
static void
probe_duties(const struct snapshot *snapshot, struct plan *plan,
             enum ocf_code code)
{
    enum tri trusted;

    plan_fallback(plan, code, "%s", "");
    if (!have_facts(snapshot, FACT_ATTRS | FACT_RECORD | FACT_MEMBERS,
                    plan)) {
        return;
    }
    if (code == OCF_RUNNING_PROMOTED) {
        if (snapshot->record.system_id.known == ATTR_SET
            && !have_facts(snapshot, FACT_FILES, plan)) {
            return;
        }
        trusted = primary_is_trusted(snapshot);
        if (trusted == TRI_NO) {
            plan_log(plan, LOG_ERR,
                     "a primary runs here that the cluster's record does not "
                     "know as the latest: it was not started by the cluster; "
                     "look for a PostgreSQL unit that starts at boot");
        }
        if (trusted != TRI_UNKNOWN) {
            want_attr(snapshot, plan, OP_SET_SCORE, OP_BEST_EFFORT,
                      snapshot->self, trusted == TRI_YES ? SCORE_PROMOTED
                                                         : SCORE_NEVER);
        }
    } else if (self_node(snapshot)->attrs.score.known == ATTR_UNSET) {
        want_attr(snapshot, plan, OP_SET_SCORE, OP_BEST_EFFORT,
                  snapshot->self, SCORE_NEVER);
    }
    plan_exit(plan, code);
}

static const char *
receiver_word(const struct snapshot *snapshot)
{
    if (server_role(snapshot) == SERVER_PRIMARY) {
        return "normal (master)";
    }
    return snapshot->server.receiver_running == TRI_YES ? "normal" : "ERROR";
}

/* check_wal_receiver works in every mode; true when it is done. */
static bool
receiver_reported(const struct snapshot *snapshot, struct plan *plan,
                  enum ocf_code code)
{
    if (!snapshot->settings.check_wal_receiver
        || snapshot->server.answer != ANSWER_OK) {
        return true;
    }
    plan_fallback(plan, code, "%s", "");
    if (!have_facts(snapshot, FACT_ATTRS, plan)) {
        return false;
    }
    want_attr(snapshot, plan, OP_SET_RECEIVER, OP_BEST_EFFORT,
              snapshot->self, receiver_word(snapshot));
    return true;
}

/* What may pass in a moment; a person should not wait a minute for it. */
static bool
may_recover(const struct snapshot *snapshot)
{
    enum answer answer = snapshot->server.answer;

    if (snapshot->elapsed_ms >= PATIENCE_MS
        || snapshot->left_ms <= LAST_CALL_MS) {
        return false;
    }
    if (snapshot->process.state == PROCESS_FROZEN) {
        return answer != ANSWER_OK;
    }
    return snapshot->process.state == PROCESS_RUNNING
           && (answer == ANSWER_ERROR || answer == ANSWER_REFUSED
               || answer == ANSWER_STOPPING);
}

/* A primary that Pacemaker does not know as one is no primary of ours. */
static bool
is_our_primary(const struct snapshot *snapshot)
{
    return promoted_is_expected(snapshot)
           || attr_is(&self_node(snapshot)->record.data_status, DATA_LATEST);
}

static void
replication_duties(const struct snapshot *snapshot, struct plan *plan,
                   enum ocf_code code)
{
    if (code == OCF_SUCCESS) {
        standby_duties(snapshot, plan, code);
        return;
    }
    plan_fallback(plan, code, "%s", "");
    if (!promoted_is_expected(snapshot)
        && !have_facts(snapshot, FACT_RECORD, plan)) {
        return;
    }
    if (is_our_primary(snapshot)) {
        primary_duties(snapshot, plan, code);
        if (plan->verdict == VERDICT_EXIT && plan->code == code) {
            profile_duty(snapshot, plan);
        }
        return;
    }
    plan_log_once(plan, LOG_ERR,
                  "this server left recovery without the cluster's order; it "
                  "is not recorded as the latest and may not be used");
    plan_exit(plan, code);
}

/* A server that does not let the agent in: only its files tell its role. */
static bool
role_is_in_files(const struct snapshot *snapshot)
{
    enum answer answer = snapshot->server.answer;

    return has_roles(snapshot)
           && snapshot->process.state == PROCESS_RUNNING
           && snapshot->process.pidfile == PIDFILE_READY
           && (answer == ANSWER_UNKNOWN || answer == ANSWER_DENIED
               || answer == ANSWER_FULL || answer == ANSWER_STARTING);
}

/* Also after the demotion of a server that was dead, when nobody watches. */
static void
tell_of_death(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->probe == TRI_YES) {
        plan_exit(plan, OCF_NOT_RUNNING);
        return;
    }
    plan_exit_reason(plan, OCF_NOT_RUNNING,
                     "look at the logs of the server and the kernel: the "
                     "server has ended, and not by the cluster. pgdata is "
                     "'%s'", snapshot->pgdata);
}

/* What a server that is well is due. */
static void
duties_of_the_well(const struct snapshot *snapshot, struct plan *plan,
                   enum ocf_code code)
{
    if (!receiver_reported(snapshot, plan, code)) {
        return;
    }
    if (!rep_mode_is_replication(snapshot->settings.rep_mode)) {
        plan_exit(plan, code);
    } else if (snapshot->probe == TRI_YES) {
        probe_duties(snapshot, plan, code);
    } else if (snapshot->server.answer != ANSWER_OK) {
        plan_exit(plan, code);
    } else {
        replication_duties(snapshot, plan, code);
    }
}

static void
look_once_more(const struct snapshot *snapshot, struct plan *plan)
{
    plan_again(plan, PATIENCE_LOOK_MS, FACT_PROCESS | FACT_SQL,
               snapshot->process.state == PROCESS_FROZEN ? 500 : 2000);
    plan_fallback(plan, OCF_ERR_GENERIC,
                  "look at %s: it does not answer (%s): %s",
                  who_is_silent(snapshot),
                  process_state_name(snapshot->process.state),
                  words_of_server(snapshot));
}

void
decide_monitor(const struct snapshot *snapshot, struct plan *plan)
{
    enum ocf_code code;

    if (watch_has_told(snapshot)) {
        /* Pacemaker acts on the report by now; this would count once more */
        plan_log(plan, LOG_INFO, "the postmaster's death has been reported");
        plan_exit(plan, promoted_is_expected(snapshot) ? OCF_RUNNING_PROMOTED
                                                       : OCF_SUCCESS);
        return;
    }
    if (may_recover(snapshot)) {
        look_once_more(snapshot, plan);
        return;
    }
    if (snapshot->disk.writable == TRI_NO
        && snapshot->process.state != PROCESS_GONE) {
        plan_exit_reason(plan, OCF_ERR_GENERIC,
                         "look at the disk of pgdata: %s",
                         snapshot->disk.unwritable);
        return;
    }
    if (role_is_in_files(snapshot)
        && !have_facts(snapshot, FACT_CONTROL, plan)) {
        plan_fallback(plan, code_by_files(snapshot), "%s", "");
        return;
    }
    code = health_code(snapshot, plan);
    if (code == OCF_NOT_RUNNING) {
        tell_of_death(snapshot, plan);
        return;
    }
    if (code != OCF_SUCCESS && code != OCF_RUNNING_PROMOTED) {
        /*
         * Nothing more: an attribute written right before the result makes a
         * controller on this node sleep for a second (tried; it waits so for
         * its own pending updates before it asks the scheduler).
         */
        plan_exit(plan, code);
        return;
    }
    duties_of_the_well(snapshot, plan, code);
    if (plan->verdict == VERDICT_EXIT && plan->code == code) {
        kept_duty(snapshot, plan);
    }
}
