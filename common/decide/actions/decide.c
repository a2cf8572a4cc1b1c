/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what was observed to what is to be done: the entrance. */

#include "decide.h"

#include <syslog.h>

#include "demote.h"
#include "monitor.h"
#include "notify.h"
#include "profile.h"
#include "promote.h"
#include "reason.h"
#include "refusal_duty.h"
#include "rejoin.h"
#include "rejoin_worker.h"
#include "reload.h"
#include "start.h"
#include "stop.h"
#include "want.h"
#include "watch_duty.h"

/* Cluster and server may be down when validate-all asks about them. */
#define VALIDATE_LOOK_MS 2000u

uint32_t
decide_first_facts(const struct snapshot *snapshot)
{
    switch (snapshot->action) {
        case ACTION_STOP:
            return FACT_PROCESS | FACT_REFUSAL | FACT_REJOIN;
        case ACTION_STATUS:
        case ACTION_DEMOTE:
        case ACTION_REPORT:
        case ACTION_REJOIN:
            return FACT_PROCESS | FACT_REJOIN;
        case ACTION_MONITOR:
            return FACT_PROCESS | FACT_SQL | FACT_REFUSAL | FACT_REJOIN
                   | (snapshot->check_level >= 10 ? (uint32_t) FACT_DISK : 0);
        case ACTION_START:
            return FACT_PROCESS | FACT_FILES | FACT_ADDRESS | FACT_REFUSAL
                   | FACT_REJOIN;
        case ACTION_PROMOTE:
            return FACT_PROCESS | FACT_SQL | FACT_REJOIN;
        case ACTION_RELOAD:
            return FACT_PROCESS | FACT_SQL | FACT_FILES | FACT_ADDRESS
                   | FACT_REJOIN;
        case ACTION_NOTIFY:
            return FACT_REJOIN;
        case ACTION_NONE:
        case ACTION_VALIDATE:
        case ACTION_METADATA:
        case ACTION_METHODS:
            break;
    }
    return 0;
}

static void
decide_validate(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->settings.problem != OCF_SUCCESS) {
        plan_exit_reason(plan, snapshot->settings.problem, "%s",
                         snapshot->settings.problem_text);
        return;
    }
    plan_fallback(plan, OCF_SUCCESS, "%s", "");
    if ((snapshot->facts & FACT_PROFILE) == 0) {
        plan_again(plan, 0, FACT_PROCESS | FACT_SQL | FACT_PROFILE
                            | FACT_REFUSAL
                            | (snapshot->settings.rewinds
                               ? (uint32_t) FACT_GRANTS : 0),
                   VALIDATE_LOOK_MS);
        return;
    }
    profile_warn(snapshot, plan);
    if (snapshot->refusal.possible == TRI_NO) {
        plan_log(plan, LOG_WARNING, "client_address does nothing here: %s",
                 snapshot->refusal.why);
    }
    plan_exit(plan, OCF_SUCCESS);
}

/* A required step failed: again if that may help, else the action fails. */
static bool
failure_ends_action(const struct snapshot *snapshot, struct plan *plan)
{
    char buf[PLAN_REASON_SIZE];
    struct text why;

    if (snapshot->failed == OP_NONE) {
        return false;
    }
    if (snapshot->action != ACTION_START && snapshot->action != ACTION_PROMOTE
        && snapshot->action != ACTION_DEMOTE) {
        return false;
    }
    /* a daemon is slow for a moment in a failover, or was restarted */
    if (op_room(snapshot->failed) == OP_IN_CLUSTER
        && snapshot->left_ms > LAST_CALL_MS) {
        return false;
    }
    text_init(&why, buf, sizeof(buf));
    reason_add(&why, op_step(snapshot->failed), snapshot->failure);
    plan_exit_reason(plan, OCF_ERR_GENERIC, "%s. The step that failed is %s",
                     buf, op_name(snapshot->failed));
    return true;
}

/* The owner asks where monitor_user may not: all goes on, but a person acts. */
static void
tell_of_refusal(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->server.answer == ANSWER_OK
        && snapshot->server.refused[0] != '\0') {
        plan_log_once(plan, LOG_WARNING,
                      "the server does not let monitor_user in, so its owner "
                      "asks: look at the password, its end (VALID UNTIL) and "
                      "pg_hba.conf: %s", snapshot->server.refused);
    }
}

static void
decide_action(const struct snapshot *snapshot, struct plan *plan)
{
    switch (snapshot->action) {
        case ACTION_START:
            decide_start(snapshot, plan);
            break;
        case ACTION_STOP:
            decide_stop(snapshot, plan);
            break;
        case ACTION_STATUS:
            decide_status(snapshot, plan);
            break;
        case ACTION_MONITOR:
            decide_monitor(snapshot, plan);
            break;
        case ACTION_PROMOTE:
            decide_promote(snapshot, plan);
            break;
        case ACTION_DEMOTE:
            decide_demote(snapshot, plan);
            break;
        case ACTION_NOTIFY:
            decide_notify(snapshot, plan);
            break;
        case ACTION_VALIDATE:
            decide_validate(snapshot, plan);
            break;
        case ACTION_REPORT:
            decide_report(snapshot, plan);
            break;
        case ACTION_RELOAD:
            decide_reload(snapshot, plan);
            break;
        case ACTION_REJOIN:
            decide_rejoin(snapshot, plan);
            break;
        case ACTION_NONE:
        case ACTION_METADATA:
        case ACTION_METHODS:
            plan_exit(plan, OCF_ERR_UNIMPLEMENTED);
            break;
    }
}

void
decide(const struct snapshot *snapshot, struct plan *ret_plan)
{
    plan_init(ret_plan);
    if (failure_ends_action(snapshot, ret_plan)) {
        watch_duty(snapshot, ret_plan);
        return;
    }
    if (rejoin_has_say(snapshot, ret_plan)) {
        refusal_duty(snapshot, ret_plan);
        return;
    }
    if (restart_is_over(snapshot, ret_plan)) {
        decide_action(snapshot, ret_plan);
        await_restart(snapshot, ret_plan);
    }
    tell_of_refusal(snapshot, ret_plan);
    watch_duty(snapshot, ret_plan);
    refusal_duty(snapshot, ret_plan);
}
