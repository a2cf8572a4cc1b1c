/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changed parameters, acted on without a restart (OCF's reload-agent). */

#include <syslog.h>

#include "decide_parts.h"

/* Before version 14 a restore_command of a server that runs cannot change. */
#define RELOADABLE_RESTORE_VERSION 140000u

/*
 * A standby that is to follow and does: its file may name another address,
 * role or command now. One that has no upstream yet gets it by the same
 * parameters when its time has come.
 */
static bool
has_old_upstream(const struct snapshot *snapshot)
{
    return snapshot->settings.rep_mode != REP_MODE_NONE
           && snapshot->process.state == PROCESS_RUNNING
           && snapshot->server.answer == ANSWER_OK
           && snapshot->server.in_recovery == TRI_YES
           && snapshot->files.lock == TRI_NO
           && snapshot->files.upstream == TRI_YES
           && snapshot->files.standby_current == TRI_NO
           && (snapshot->address_here == TRI_NO
               || snapshot->settings.rep_mode == REP_MODE_SLAVE);
}

#define NOT_ACTED_ON \
    "the changed parameters were not acted on, and the server goes on as it " \
    "is: %s"

/* No monitor fails for it, none restarts a server, nor acts on a typo (P5). */
void
want_new_parameters(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->settings.problem != OCF_SUCCESS) {
        plan_log_once(plan, LOG_ERR, NOT_ACTED_ON,
                      snapshot->settings.problem_text);
        return;
    }
    if (!has_old_upstream(snapshot) || is_misnamed(snapshot)
        || snapshot->server.version < RELOADABLE_UPSTREAM_VERSION
        || snapshot->done[OP_WRITE_STANDBY].times > 0) {
        return;
    }
    plan_add_number(plan, OP_WRITE_STANDBY, OP_BEST_EFFORT, STANDBY_FOLLOWS);
    plan_add(plan, OP_RELOAD, OP_BEST_EFFORT, 0, NULL);
    plan_log(plan, LOG_NOTICE, "this standby takes its changed parameters, "
             "though no reload was asked for");
}

/*
 * The agent reads its parameters anew with each action, and the next monitor
 * steers slots, ranks and the synchronous list by them: what is left is the
 * standby's file, and the watcher, which keeps what it began with. A failed
 * reload would stop a server for a typo (P5): it never fails.
 */
void
decide_reload(const struct snapshot *snapshot, struct plan *plan)
{
    plan_fallback(plan, OCF_SUCCESS, "%s", "");
    if (snapshot->settings.problem != OCF_SUCCESS) {
        plan_log(plan, LOG_ERR, NOT_ACTED_ON,
                 snapshot->settings.problem_text);
        plan_exit(plan, OCF_SUCCESS);
        return;
    }
    if (has_old_upstream(snapshot)
        && snapshot->done[OP_WRITE_STANDBY].times == 0) {
        plan_upstream(snapshot, plan);
        plan_log(plan, LOG_NOTICE, "the changed parameters of this standby "
                 "are in effect%s",
                 snapshot->server.version < RELOADABLE_RESTORE_VERSION
                 ? "; restore_command takes its next start" : "");
    }
    plan_exit(plan, OCF_SUCCESS);
}
