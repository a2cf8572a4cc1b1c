/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ending a server for good: stop, demote, and a restart on promote (P4). */

#include "stop.h"

#include <syslog.h>

#include "began.h"
#include "holders.h"
#include "want.h"

/* What is kept for the rougher ways when the polite one takes too long. */
#define RESERVE_MAX_MS 10000u

/* SIGQUIT is given this long before SIGKILL. */
#define IMMEDIATE_MAX_MS 5000u

/* A stop is held up so long before newcomers are ended, and again. */
#define NEWCOMERS_MS 2000u

/* The postmaster's end is waited for, so one looks seldom. */
#define END_LOOK_MS 60u

/* The server says before its end who its WAL senders serve; it may hang. */
#define SENDERS_LOOK_MS 500u

/* SIGKILL is sent again this often: a process may have been forked since. */
#define KILL_AGAIN_MS 500u

static uint32_t
smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Time of the action as a whole, as its deadline allows. */
static uint32_t
total_ms(const struct snapshot *snapshot)
{
    return snapshot->elapsed_ms + snapshot->left_ms;
}

/* A verdict is due: a tenth of a short action, LAST_CALL_MS of a long one. */
static bool
is_last_call(const struct snapshot *snapshot)
{
    return snapshot->left_ms
           <= smaller(LAST_CALL_MS, total_ms(snapshot) / 10);
}

/* The wait ends with the postmaster; what else is left has to be looked for. */
static void
wait_for_end(const struct snapshot *snapshot, struct plan *plan)
{
    plan_again(plan, postmaster_lives(snapshot) ? END_LOOK_MS
                                                : poll_ms(snapshot),
               FACT_PROCESS, 0);
}

static bool
time_for_immediate(const struct snapshot *snapshot, uint32_t escalate_ms)
{
    uint32_t reserve = smaller(RESERVE_MAX_MS, total_ms(snapshot) / 4);
    uint32_t begun = snapshot->done[OP_STOP_FAST].first_ms;

    return snapshot->elapsed_ms - begun >= escalate_ms
           || snapshot->left_ms <= reserve;
}

static bool
time_for_kill(const struct snapshot *snapshot)
{
    const struct done *immediate = &snapshot->done[OP_STOP_IMMEDIATE];
    uint32_t patience = smaller(IMMEDIATE_MAX_MS, total_ms(snapshot) / 8);

    return immediate->times > 0
           && snapshot->elapsed_ms - immediate->first_ms >= patience;
}

static void
kill_what_is_left(const struct snapshot *snapshot, struct plan *plan)
{
    const struct done *killed = &snapshot->done[OP_KILL_ALL];

    if (killed->times == 0
        || snapshot->elapsed_ms - killed->last_ms >= KILL_AGAIN_MS) {
        plan_add(plan, OP_KILL_ALL, OP_BEST_EFFORT, 0, NULL);
    }
    if (killed->times == 0) {
        plan_log(plan, LOG_WARNING,
                 "ending what is left of the server with SIGKILL: the "
                 "postmaster is %s, %u other processes",
                 process_state_name(snapshot->process.state),
                 snapshot->process.others);
    }
    wait_for_end(snapshot, plan);
}

static void
cannot_look(const struct snapshot *snapshot, struct plan *plan)
{
    plan_exit_reason(plan, OCF_ERR_GENERIC,
                     "run pgward as root: no look at the server's processes: "
                     "%s. Nobody knows whether it runs",
                     snapshot->process.unseen);
}

/* A client that connected and says nothing is not waited for. */
static void
hurry_newcomers(const struct snapshot *snapshot, struct plan *plan)
{
    const struct done *stopped = &snapshot->done[OP_STOP_FAST];
    const struct done *hurried = &snapshot->done[OP_END_NEWCOMERS];
    uint32_t since_ms = hurried->times > 0 ? hurried->last_ms
                                           : stopped->first_ms;

    if (stopped->times > 0
        && snapshot->elapsed_ms >= since_ms + NEWCOMERS_MS) {
        plan_add(plan, OP_END_NEWCOMERS, OP_BEST_EFFORT, 0, NULL);
    }
}

/* Nobody can ask a server that shuts down any more. */
static bool
senders_are_asked(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->process.senders == 0
        || snapshot->process.pidfile != PIDFILE_READY
        || (snapshot->facts & FACT_SENDERS) != 0) {
        return true;
    }
    plan_again(plan, 0, snapshot->facts | FACT_SENDERS, SENDERS_LOOK_MS);
    return false;
}

static void
stop_immediately(const struct snapshot *snapshot, struct plan *plan)
{
    char left[OP_VALUE_SIZE - 128] = "";
    struct text text;

    text_init(&text, left, sizeof(left));
    name_holders(snapshot, &text);
    plan_log(plan, LOG_WARNING,
             "the server did not stop in %u ms of fast shutdown: immediate "
             "shutdown%s", snapshot->elapsed_ms, left);
    plan_add(plan, OP_STOP_IMMEDIATE, OP_BEST_EFFORT, 0, NULL);
    wait_for_end(snapshot, plan);
}

bool
end_server(const struct snapshot *snapshot, struct plan *plan,
           uint32_t escalate_ms)
{
    const struct process *process = &snapshot->process;

    if (process->state == PROCESS_GONE) {
        return true;
    }
    if (is_last_call(snapshot) && process->state == PROCESS_UNKNOWN) {
        cannot_look(snapshot, plan);
        return false;
    }
    if (is_last_call(snapshot)) {
        plan_exit_reason(
            plan, OCF_ERR_GENERIC,
            "look at ps and pgdata's storage: the server did not end, its "
            "postmaster %d is %s, %u others, %u in D state",
            process->postmaster_pid, process_state_name(process->state),
            process->others, process->uninterruptible);
        return false;
    }
    if (process->state == PROCESS_UNKNOWN) {
        wait_for_end(snapshot, plan);
    } else if (process->state != PROCESS_RUNNING || time_for_kill(snapshot)) {
        kill_what_is_left(snapshot, plan);
    } else if (snapshot->done[OP_STOP_IMMEDIATE].times > 0) {
        wait_for_end(snapshot, plan);
    } else if (escalate_ms == 0
               || (snapshot->done[OP_STOP_FAST].times > 0
                   && time_for_immediate(snapshot, escalate_ms))) {
        stop_immediately(snapshot, plan);
    } else if (snapshot->done[OP_STOP_FAST].times > 0) {
        hurry_newcomers(snapshot, plan);
        wait_for_end(snapshot, plan);
        hurry_holders(snapshot, plan);
    } else if (senders_are_asked(snapshot, plan)) {
        plan_add(plan, OP_STOP_FAST, OP_BEST_EFFORT, 0, NULL);
        wait_for_end(snapshot, plan);
    }
    return false;
}

bool
restart_is_over(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->done[OP_BEGIN_RESTART].times
        == snapshot->done[OP_END_RESTART].times) {
        return true;
    }
    if (end_server(snapshot, plan,
                   snapshot->settings.stop_escalate_in_slave_ms)) {
        plan_add(plan, OP_START_SERVER, OP_REQUIRED, 0, NULL);
        plan_add(plan, OP_END_RESTART, OP_REQUIRED, 0, NULL);
        plan_again(plan, poll_ms(snapshot), FACT_PROCESS | FACT_SQL, 2000);
    }
    return false;
}

void
await_restart(const struct snapshot *snapshot, struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->op[i].kind == OP_BEGIN_RESTART) {
            wait_for_end(snapshot, plan);
        }
    }
}

/* Stopped means gone; attributes are for people and never fail a stop. */
void
decide_stop(const struct snapshot *snapshot, struct plan *plan)
{
    const struct settings *settings = &snapshot->settings;

    if (!end_server(snapshot, plan,
                    rep_mode_is_replication(settings->rep_mode)
                    ? settings->stop_escalate_in_slave_ms
                    : settings->stop_escalate_ms)) {
        return;
    }
    if (!rep_mode_is_replication(settings->rep_mode)
        && !settings->check_wal_receiver) {
        plan_exit(plan, OCF_SUCCESS);
        return;
    }
    plan_fallback(plan, OCF_SUCCESS,
                  "the server is stopped; the cluster's attribute daemon did "
                  "not answer in time");
    if ((snapshot->facts & FACT_ATTRS) == 0) {
        plan_again(plan, 0, FACT_ATTRS, 2000);
        return;
    }
    if (!want_ended(snapshot, plan)) {
        return;
    }
    want_stopped_attrs(snapshot, plan);
    plan_exit(plan, OCF_SUCCESS);
}

void
decide_status(const struct snapshot *snapshot, struct plan *plan)
{
    switch (snapshot->process.state) {
        case PROCESS_RUNNING:
        case PROCESS_FROZEN:
            plan_exit(plan, OCF_SUCCESS);
            break;
        case PROCESS_GONE:
            plan_exit(plan, OCF_NOT_RUNNING);
            break;
        case PROCESS_UNKNOWN:
            cannot_look(snapshot, plan);
            break;
        case PROCESS_ORPHANS:
            plan_exit_reason(plan, OCF_ERR_GENERIC,
                             "stop the resource: the postmaster is gone, and "
                             "%u processes of it live on",
                             snapshot->process.others);
            break;
    }
}
