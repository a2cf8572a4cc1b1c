/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the others do when the cluster changes. Exit codes mean nothing here. */

#include "notify.h"

#include "lsn.h"
#include "peers.h"
#include "position.h"
#include "primary.h"
#include "redirect.h"
#include "senders.h"
#include "standby.h"
#include "upstream.h"
#include "want.h"

#define NOTIFY_FACTS ((uint32_t) (FACT_PROCESS | FACT_SQL))

static bool
someone_stops(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (i != snapshot->self
            && snapshot->node[i].in_stop_list == TRI_YES) {
            return true;
        }
    }
    return false;
}

/* A probe that runs beside this notify has its result in so long. */
#define PROBE_WAIT_MS 2000u

static bool
any_node(const struct snapshot *snapshot,
         bool (*question)(const struct snapshot *, size_t))
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (question(snapshot, i)) {
            return true;
        }
    }
    return false;
}

static bool
is_running_primary(const struct snapshot *snapshot)
{
    return snapshot->server.answer == ANSWER_OK
           && server_role(snapshot) == SERVER_PRIMARY;
}

static bool
is_running_standby(const struct snapshot *snapshot)
{
    return snapshot->server.answer == ANSWER_OK
           && server_role(snapshot) == SERVER_STANDBY;
}

/*
 * Instances come or go: the primary's record follows, or a vote is held; not
 * where the cluster has its candidate and waits for this notify to go on.
 */
static void
look_around(const struct snapshot *snapshot, struct plan *plan)
{
    if (self_node(snapshot)->in_promoted_list != TRI_YES
        && chosen_node(snapshot) != NODES_MAX) {
        plan_exit(plan, OCF_SUCCESS);
        return;
    }
    if (!have_facts(snapshot, NOTIFY_FACTS, plan)) {
        return;
    }
    if (is_running_primary(snapshot)
        && self_node(snapshot)->in_promoted_list == TRI_YES) {
        primary_duties(snapshot, plan, OCF_SUCCESS);
    } else if (is_running_standby(snapshot)) {
        standby_duties(snapshot, plan, OCF_SUCCESS);
    } else {
        plan_exit(plan, OCF_SUCCESS);
    }
}

/* A standby is about to be stopped: release it before, not after (P2). */
static void
before_stop(const struct snapshot *snapshot, struct plan *plan)
{
    if (self_node(snapshot)->in_promoted_list == TRI_YES
        && self_node(snapshot)->in_demote_list != TRI_YES
        && someone_stops(snapshot)) {
        look_around(snapshot, plan);
    } else {
        plan_exit(plan, OCF_SUCCESS);
    }
}

/* The shutdown's checkpoint writes what the last one left: more than so much
 * WAL since it began is worth another one before. */
#define DIRTY_BYTES ((lsn) 4 << 20)

/* The clients are served meanwhile, but whoever demotes waits. */
#define CHECKPOINT_WAIT_MS 5000u

/* The second one writes what was changed during the first. */
#define CHECKPOINTS_MAX 2u

/* A server that is demoted because it does not answer is not waited for. */
#define DEMOTED_LOOK_MS 500u

static bool
is_dirty(const struct snapshot *snapshot)
{
    lsn redo = snapshot->sync.redo_lsn;
    lsn end = snapshot->server.position.lsn;

    return redo > 0 && end > redo && end - redo >= DIRTY_BYTES;
}

/* How long a checkpoint may be waited for; 0: it is not to be asked for. */
static uint32_t
checkpoint_ms(const struct snapshot *snapshot)
{
    const struct done *asked = &snapshot->done[OP_CHECKPOINT];
    uint32_t half_ms = snapshot->left_ms / 2;
    uint32_t wait_ms = snapshot->elapsed_ms < CHECKPOINT_WAIT_MS
                       ? CHECKPOINT_WAIT_MS - snapshot->elapsed_ms : 0;

    if (!is_running_primary(snapshot) || !is_dirty(snapshot)
        || asked->times >= CHECKPOINTS_MAX || asked->rc != OP_RC_OK) {
        return 0;
    }
    return wait_ms < half_ms ? wait_ms : half_ms;
}

/*
 * This primary is to shut down, and its clients wait for the end of that: what
 * the shutdown would write is written now, while they are served.
 */
static void
before_demote(const struct snapshot *snapshot, struct plan *plan)
{
    const uint32_t facts = NOTIFY_FACTS | FACT_SYNC;
    uint32_t wait_ms;

    plan_exit(plan, OCF_SUCCESS);
    if (self_node(snapshot)->in_demote_list != TRI_YES
        || !have_facts(snapshot, FACT_PROCESS, plan)
        || snapshot->process.state != PROCESS_RUNNING
        || snapshot->process.pidfile != PIDFILE_READY) {
        return;
    }
    if (!have_facts(snapshot, facts, plan)) {
        plan->limit_ms = DEMOTED_LOOK_MS;
        return;
    }
    wait_ms = checkpoint_ms(snapshot);
    if (wait_ms > 0) {
        plan_add_number(plan, OP_CHECKPOINT, OP_BEST_EFFORT,
                        (int32_t) wait_ms);
        plan_again(plan, 0, facts, DEMOTED_LOOK_MS);
    }
}

/*
 * A standby that was fenced and is back within seconds left a WAL sender that
 * looks alive: commits would wait for it while another standby is there.
 */
static void
before_start(const struct snapshot *snapshot, struct plan *plan)
{
    const uint32_t facts = NOTIFY_FACTS | FACT_SENDERS | FACT_MEMBERS;

    if (self_node(snapshot)->in_promoted_list != TRI_YES
        || self_node(snapshot)->in_demote_list == TRI_YES) {
        plan_exit(plan, OCF_SUCCESS);
        return;
    }
    if (!have_facts(snapshot, facts, plan)) {
        return;
    }
    if (!is_running_primary(snapshot)) {
        plan_exit(plan, OCF_SUCCESS);
    } else if (any_node(snapshot, sender_is_dead)) {
        primary_duties(snapshot, plan, OCF_SUCCESS);
    } else if (any_node(snapshot, probe_is_awaited)
               && snapshot->elapsed_ms < PROBE_WAIT_MS) {
        plan_again(plan, poll_ms(snapshot), facts, 0);
    } else {
        plan_exit(plan, OCF_SUCCESS);
    }
}

/*
 * There is a new primary: follow it (P7). The addresses wait for this, so a
 * standby that has its upstream is not asked, and its monitor forgets the vote.
 */
static void
after_promote(const struct snapshot *snapshot, struct plan *plan)
{
    const uint32_t facts = FACT_PROCESS | FACT_ADDRESS | FACT_FILES;

    if (self_node(snapshot)->in_promote_list == TRI_YES) {
        plan_exit(plan, OCF_SUCCESS);
        return;
    }
    if (!have_facts(snapshot, facts, plan)
        || (snapshot->files.upstream != TRI_YES
            && !have_facts(snapshot, FACT_SQL, plan))) {
        return;
    }
    if (is_running_standby(snapshot)) {
        want_upstream(snapshot, plan);
    }
    if (snapshot->process.state == PROCESS_RUNNING) {
        /*
         * It may hang on a connection to a primary that is no more; or in
         * connect(), which waits up to two minutes and which the server
         * does not show as a receiver: so it is ended unseen.
         */
        plan_add(plan, OP_END_RECEIVER, OP_BEST_EFFORT, 0, NULL);
    }
    plan_exit(plan, OCF_SUCCESS);
}

/* The old primary is gone: publish where this standby stands. */
static void
after_demote(const struct snapshot *snapshot, struct plan *plan)
{
    if (self_node(snapshot)->in_demote_list == TRI_YES) {
        plan_exit(plan, OCF_SUCCESS);
        return;
    }
    if (!have_facts(snapshot, NOTIFY_FACTS | FACT_ATTRS | FACT_POSITION
                              | FACT_HISTORY, plan)) {
        return;
    }
    if (is_running_standby(snapshot) && !someone_leads(snapshot)
        && wal_position_is_known(snapshot->server.position)) {
        want_position(snapshot, plan, 0);       /* for the pre-promote */
    }
    plan_exit(plan, OCF_SUCCESS);
}

void
decide_notify(const struct snapshot *snapshot, struct plan *plan)
{
    plan_fallback(plan, OCF_SUCCESS, "%s", "");
    if (!rep_mode_is_replication(snapshot->settings.rep_mode)) {
        plan_exit(plan, OCF_SUCCESS);
        return;
    }
    switch (snapshot->notify) {
        case NOTIFY_PRE_STOP:
            before_stop(snapshot, plan);
            break;
        case NOTIFY_POST_START:
        case NOTIFY_POST_STOP:
            look_around(snapshot, plan);
            break;
        case NOTIFY_POST_PROMOTE:
            after_promote(snapshot, plan);
            break;
        case NOTIFY_POST_DEMOTE:
            after_demote(snapshot, plan);
            break;
        case NOTIFY_PRE_PROMOTE:
            redirect(snapshot, plan);
            break;
        case NOTIFY_PRE_START:
            before_start(snapshot, plan);
            break;
        case NOTIFY_NONE:
            plan_exit(plan, OCF_SUCCESS);
            break;
        case NOTIFY_PRE_DEMOTE:
            before_demote(snapshot, plan);
            break;
    }
}
