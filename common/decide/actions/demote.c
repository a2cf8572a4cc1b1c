/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Demotion: a clean stop, then back as a standby (P3, P4, P7). */

#include "demote.h"

#include <syslog.h>

#include "began.h"
#include "lsn.h"
#include "own_server.h"
#include "past.h"
#include "peers.h"
#include "position.h"
#include "start.h"
#include "stop.h"
#include "switchover.h"
#include "want.h"

/* The record is asked for again this soon. */
#define RECORD_LOOK_MS 200u

/* pg_controldata is not waited for longer: the disk may hang. */
#define CONTROL_LOOK_MS 2000u

/*
 * A promotion that did not end holds its own demotion up, where what recovery
 * waits for does not come, and nobody leads meanwhile.
 */
#define NEVER_LED_MS 10000u

/* Dead before, or about to be stopped anyway: it stays down. */
static void
stay_down(const struct snapshot *snapshot, struct plan *plan)
{
    plan_fallback(plan, OCF_SUCCESS,
                  "the server is stopped; the cluster's attribute daemon did "
                  "not answer in time");
    if (!have_facts(snapshot, FACT_ATTRS, plan)) {
        plan->limit_ms = 2000;
        return;
    }
    if (!want_ended(snapshot, plan)) {
        return;
    }
    want_stopped_attrs(snapshot, plan);
    want_shutdown(snapshot, plan);
    plan_exit(plan, OCF_SUCCESS);
}

/*
 * Nothing comes after the shutdown checkpoint before this node has an upstream:
 * it holds that record, so it is past the record's begin, and nobody has to
 * wait for it to say so.
 */
static void
publish_end(const struct snapshot *snapshot, struct plan *plan)
{
    struct wal_position end = snapshot->control.checkpoint;
    char value[ATTR_VALUE_SIZE];

    if (snapshot->control.state == CONTROL_SHUT_DOWN
        && wal_position_is_known(end)) {
        end.lsn++;
        position_text(end, 0, told_past(&self_node(snapshot)->attrs.history),
                      value);
        want_attr(snapshot, plan, OP_SET_POSITION, OP_BEST_EFFORT,
                  snapshot->self, value);
    }
}

static void
finish_demotion(const struct snapshot *snapshot, struct plan *plan)
{
    size_t self = snapshot->self;
    size_t chosen = chosen_node(snapshot);

    plan_fallback(plan, OCF_SUCCESS, "the server is a standby; the cluster "
                  "did not take its attributes in time");
    if (!have_facts(snapshot, FACT_ATTRS, plan)) {
        return;
    }
    /* in a planned move the one who takes over takes this rank away */
    if (chosen == NODES_MAX || chosen == self) {
        want_attr(snapshot, plan, OP_SET_SCORE, OP_BEST_EFFORT, self,
                  SCORE_NEVER);
    }
    want_attr(snapshot, plan, OP_SET_STATUS, OP_BEST_EFFORT, self,
              "HS:alone");
    want_past(snapshot, plan, told_past(&self_node(snapshot)->attrs.history));
    want_shutdown(snapshot, plan);
    publish_end(snapshot, plan);
    plan_exit(plan, OCF_SUCCESS);
}

/*
 * The postmaster is up again; as what? While it starts, the files in its data
 * directory have made it a standby: who takes over does not wait until it
 * answers, and the monitor watches it come up.
 */
static void
look_at_restarted(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->process.state == PROCESS_RUNNING
        && snapshot->process.pidfile != PIDFILE_READY
        && snapshot->server.answer != ANSWER_OK) {
        finish_demotion(snapshot, plan);
        return;
    }
    if (!server_answers(snapshot, plan)) {
        return;
    }
    if (server_role(snapshot) == SERVER_STANDBY) {
        finish_demotion(snapshot, plan);
        return;
    }
    plan_exit_reason(plan, OCF_ERR_GENERIC,
                     "look for data_directory or config_file in the files of "
                     "tmpdir: the server came up as a primary, not as a "
                     "standby. tmpdir is '%s'", snapshot->tmpdir);
}

/*
 * The files say 'standby' until a promotion is over, and a promotion may be
 * on its way from an action that was killed: the lock file, made before it,
 * tells. Where it is there, the server is ended like a primary.
 *
 * Returns true when the plan has its verdict.
 */
static bool
is_standby_already(const struct snapshot *snapshot, struct plan *plan)
{
    bool ready = snapshot->process.pidfile == PIDFILE_READY;
    uint32_t more = !ready ? 0
                    : snapshot->process.senders == 0
                    ? FACT_CONTROL : FACT_CONTROL | FACT_SENDERS;

    if (snapshot->done[OP_STOP_FAST].times > 0
        || (!ready && snapshot->process.pidfile != PIDFILE_STANDBY)
        || snapshot->process.state != PROCESS_RUNNING) {
        return false;
    }
    if (!have_facts(snapshot, FACT_PROCESS | FACT_FILES | more, plan)) {
        plan->limit_ms = CONTROL_LOOK_MS;
        return true;
    }
    if (snapshot->files.lock != TRI_NO
        || server_role_by_files(snapshot) != SERVER_STANDBY) {
        return false;
    }
    finish_demotion(snapshot, plan);
    return true;
}

/* A promotion that failed before the server left recovery changed nothing. */
static bool
was_standby(const struct snapshot *snapshot)
{
    return snapshot->control.state == CONTROL_SHUT_DOWN_IN_RECOVERY;
}

/*
 * A clean shutdown proves this node's data, unless another was promoted in the
 * meantime: then they have parted, and the lock stays to say so. A standby goes
 * on as one, unless it is still to be judged: the start does that.
 *
 * Returns TRI_UNKNOWN when the plan looks again, soon.
 */
static enum tri
is_proved(const struct snapshot *snapshot, struct plan *plan)
{
    const struct attr *data = &self_node(snapshot)->record.data_status;
    uint32_t total_ms = snapshot->elapsed_ms + snapshot->left_ms;
    /* staying down takes another look, at the attributes */
    bool said = (snapshot->facts & FACT_ATTRS) != 0 && !was_standby(snapshot);

    if (was_standby(snapshot)) {
        if (!have_facts(snapshot, FACT_ATTRS, plan)) {
            plan->limit_ms = CONTROL_LOOK_MS;
            return TRI_UNKNOWN;
        }
        if (self_node(snapshot)->attrs.unproved.known != ATTR_UNSET) {
            return TRI_NO;
        }
    } else if (snapshot->control.state != CONTROL_SHUT_DOWN) {
        if (!said) {
            plan_log(plan, LOG_WARNING,
                     "the server did not shut down cleanly (pg_control says "
                     "'%s'): it stays down",
                     control_state_name(snapshot->control.state));
        }
        return TRI_NO;
    }
    if (snapshot->self >= snapshot->node_count) {
        if (!said) {
            plan_log(plan, LOG_WARNING,
                     "node_list does not have this node, so nobody knows its "
                     "record: it stays down");
        }
        return TRI_NO;
    }
    if (data->known == ATTR_UNKNOWN && snapshot->left_ms > total_ms / 2) {
        plan_again(plan, RECORD_LOOK_MS, snapshot->facts, LAST_CALL_MS);
        return TRI_UNKNOWN;
    }
    if (data->known == ATTR_UNKNOWN || attr_is(data, DATA_DISCONNECT)) {
        if (!said) {
            plan_log(plan, LOG_WARNING,
                     "the cluster's record of this node is %s: another node "
                     "may have been promoted since; it stays down",
                     data->known == ATTR_UNKNOWN ? "not known" : data->value);
        }
        return TRI_NO;
    }
    return TRI_YES;
}

/*
 * A restart for a changed parameter may end here: where its transition is cut
 * short, Pacemaker (2.1.5) takes this demotion's parameters for the server's,
 * orders no stop any more, and expects a standby that runs.
 */
static bool
is_to_stay_stopped(const struct node *self)
{
    return self->in_stop_list == TRI_YES && self->in_start_list != TRI_YES;
}

static void
come_back(const struct snapshot *snapshot, struct plan *plan)
{
    const uint32_t facts = FACT_PROCESS | FACT_CONTROL | FACT_ADDRESS
                           | FACT_RECORD;
    enum tri proved;
    bool ended_here = snapshot->done[OP_STOP_FAST].times > 0
                      || snapshot->done[OP_STOP_IMMEDIATE].times > 0;

    if (!ended_here) {
        stay_down(snapshot, plan);
        return;
    }
    plan_fallback(plan, OCF_SUCCESS, "the server is stopped and stays down: "
                  "the cluster's configuration daemon did not answer in time");
    if (!have_facts(snapshot, facts, plan)) {
        return;
    }
    proved = is_proved(snapshot, plan);
    if (proved == TRI_UNKNOWN) {
        return;
    }
    if (proved == TRI_NO) {
        stay_down(snapshot, plan);
        return;
    }
    if (!was_standby(snapshot)) {
        plan_add(plan, OP_REMOVE_LOCK, OP_BEST_EFFORT, 0, NULL);
    }
    if (is_to_stay_stopped(self_node(snapshot))) {
        stay_down(snapshot, plan);
        return;
    }
    plan_fallback(plan, OCF_ERR_GENERIC, "look at the server's log, or raise "
                  "the timeout: it was stopped cleanly, and its start as a "
                  "standby did not end in time");
    plan_standby_start(plan, standby_by_address(snapshot));
}

/* Nobody was told of a commit by a server that has not left recovery. */
static uint32_t
patience_ms(const struct snapshot *snapshot)
{
    uint32_t escalate_ms = snapshot->settings.stop_escalate_ms;

    return (snapshot->facts & FACT_CONTROL) != 0
           && snapshot->control.state == CONTROL_IN_ARCHIVE_RECOVERY
           && escalate_ms > NEVER_LED_MS ? NEVER_LED_MS : escalate_ms;
}

void
decide_demote(const struct snapshot *snapshot, struct plan *plan)
{
    if (!rep_mode_is_replication(snapshot->settings.rep_mode)) {
        plan_exit_reason(plan, OCF_ERR_UNIMPLEMENTED,
                         "set rep_mode to async or sync: demote needs one");
        return;
    }
    if (snapshot->done[OP_START_SERVER].times > 0) {
        look_at_restarted(snapshot, plan);
        return;
    }
    if (!is_standby_already(snapshot, plan)
        && end_server(snapshot, plan, patience_ms(snapshot))) {
        come_back(snapshot, plan);
    }
}
