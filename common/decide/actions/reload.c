/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changed parameters, acted on without a restart (OCF's reload-agent). */

#include "reload.h"

#include <syslog.h>

#include "upstream.h"

/* Before version 14 a restore_command of a server that runs cannot change. */
#define RELOADABLE_RESTORE_VERSION 140000u

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
