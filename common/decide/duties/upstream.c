/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom a standby follows, and under which name and parameters (P7). */

#include "upstream.h"

#include <syslog.h>

#include "identifier.h"
#include "own_server.h"
#include "peers.h"
#include "sender_name.h"

void
plan_upstream(const struct snapshot *snapshot, struct plan *plan)
{
    plan_add_number(plan, OP_WRITE_STANDBY, OP_REQUIRED, STANDBY_FOLLOWS);
    plan_add(plan, OP_WRITE_CONFIG, OP_BEST_EFFORT, 0, NULL);
    if (snapshot->server.version >= RELOADABLE_UPSTREAM_VERSION) {
        plan_add(plan, OP_RELOAD, OP_REQUIRED, 0, NULL);
    } else {
        plan_restart(plan);
    }
}

/*
 * P7: no upstream while the replication address is our own; nor for a node
 * that led and has not been judged (P3).
 */
static bool
upstream_is_due(const struct snapshot *snapshot)
{
    return upstream_is_named(snapshot) == TRI_NO
           && snapshot->address_here == TRI_NO
           && snapshot->files.lock == TRI_NO
           && snapshot->done[OP_WRITE_STANDBY].times == 0;
}

void
want_upstream(const struct snapshot *snapshot, struct plan *plan)
{
    if (!upstream_is_due(snapshot)) {
        return;
    }
    plan_upstream(snapshot, plan);
    plan_log(plan, LOG_INFO, "following the primary at master_ip again");
}

bool
has_old_upstream(const struct snapshot *snapshot)
{
    return snapshot->settings.rep_mode != REP_MODE_NONE
           && snapshot->process.state == PROCESS_RUNNING
           && snapshot->server.answer == ANSWER_OK
           && server_role(snapshot) == SERVER_STANDBY
           && snapshot->files.lock == TRI_NO
           && snapshot->files.upstream == TRI_YES
           && snapshot->files.standby_current == TRI_NO
           && (snapshot->address_here == TRI_NO
               || snapshot->settings.rep_mode == REP_MODE_SLAVE);
}

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
 * Commits that wait for its old name would wait in vain, so the primary
 * releases it first. The last one of sync_strict never is.
 */
void
want_sender_name(const struct snapshot *snapshot, struct plan *plan)
{
    const struct attr *data = &self_node(snapshot)->record.data_status;

    if (!is_misnamed(snapshot) || snapshot->files.lock != TRI_NO
        || snapshot->address_here != TRI_NO
        || snapshot->server.upstream_set != TRI_YES
        || snapshot->done[OP_WRITE_STANDBY].times > 0
        || (!snapshot->settings.sync_strict && !is_released(data))) {
        return;
    }
    plan_upstream(snapshot, plan);
    plan_log(plan, LOG_NOTICE, "this standby streams under the name that the "
             "cluster has for it (%s before)", snapshot->files.sender_name);
}
