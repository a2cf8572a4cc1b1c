/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The watcher: who has one, and what the report of a death may say. */

#include "watch_duty.h"

#include <syslog.h>

#include "began.h"
#include "may_lead.h"
#include "peers.h"
#include "want.h"

/*
 * So long Pacemaker has to act on a report. Another failure from a monitor
 * would count as a second one; from then on monitors tell what they see.
 */
#define REPORT_GRACE_MS 3000u

/* The watcher's report holds the instance's lock while it looks. */
#define REPORT_LOOK_MS 1000u

static bool
is_dead(const struct snapshot *snapshot)
{
    return snapshot->process.state == PROCESS_GONE
           || snapshot->process.state == PROCESS_ORPHANS;
}

bool
watch_has_told(const struct snapshot *snapshot)
{
    const struct watch *watch = &snapshot->process.watch;

    return is_dead(snapshot) && snapshot->probe != TRI_YES
           && watch->postmaster_pid != 0 && watch->reported_ms > 0
           && watch->reported_ms < REPORT_GRACE_MS;
}

/*
 * So long another node has to take over before the death is reported: what is
 * under way then is over, and if nobody did, the report has Pacemaker act.
 */
#define HAND_OVER_MS 2000u

/*
 * The report takes the place of the demotion in the cluster's history, and a
 * promotion under way would not know this node's role any more: it is waited
 * for, and so is one that is about to begin.
 */
#define HAND_OVER_DEMOTED_MS 4000u
#define HAND_OVER_PROMOTING_MS 30000u

/* Seldom, since each look takes time from the others; a successor may die. */
#define HAND_OVER_LOOK_MS 500u

/* So soon a probe follows a cleanup, also where the DC changes meanwhile. */
#define PROBE_MS 10000u
#define PROBE_LOOK_MS 100u

/* Actions that leave a server running, and those that look at it. */
static bool
keeps_watch(const struct snapshot *snapshot)
{
    switch (snapshot->action) {
        case ACTION_START:
        case ACTION_PROMOTE:
        case ACTION_DEMOTE:
        case ACTION_RELOAD:
            return true;
        case ACTION_MONITOR:
            return snapshot->probe != TRI_YES;
        case ACTION_NONE:
        case ACTION_STOP:
        case ACTION_STATUS:
        case ACTION_NOTIFY:
        case ACTION_VALIDATE:
        case ACTION_METADATA:
        case ACTION_METHODS:
        case ACTION_REPORT:
        case ACTION_REJOIN:
            break;
    }
    return false;
}

/* A watcher keeps the parameters that it began with. */
static bool
is_watched(const struct snapshot *snapshot)
{
    return snapshot->action != ACTION_RELOAD
           && snapshot->process.watch.alive == TRI_YES
           && snapshot->process.watch.postmaster_pid
              == snapshot->process.postmaster_pid;
}

void
watch_duty(const struct snapshot *snapshot, struct plan *plan)
{
    bool well = plan->code == OCF_SUCCESS
                || plan->code == OCF_RUNNING_PROMOTED;

    if (plan->verdict != VERDICT_EXIT) {
        return;
    }
    if (snapshot->action == ACTION_STOP) {
        if (snapshot->process.watch.postmaster_pid != 0) {
            plan_add(plan, OP_UNWATCH, OP_BEST_EFFORT, 0, NULL);
        }
        return;
    }
    if (!keeps_watch(snapshot)) {
        return;
    }
    if (well && snapshot->settings.watch
        && snapshot->process.postmaster_pid != 0 && !is_watched(snapshot)) {
        plan_add(plan, OP_WATCH, OP_BEST_EFFORT, 0, NULL);
    } else if (!snapshot->settings.watch
               && snapshot->process.watch.postmaster_pid != 0) {
        plan_add(plan, OP_UNWATCH, OP_BEST_EFFORT, 0, NULL);
    } else if (!well && is_dead(snapshot)
               && snapshot->process.watch.postmaster_pid != 0) {
        /* this action tells of the death: it must not count twice */
        plan_add(plan, OP_UNWATCH, OP_BEST_EFFORT, 0, NULL);
    }
}

static void
stay_silent(struct plan *plan, int priority, const char *why)
{
    plan_log(plan, priority, "%s", why);
    plan_exit(plan, OCF_SUCCESS);
}

/* Who ended it? 0: nobody of ours, and not in good order. */
static const char *
why_no_failure(const struct snapshot *snapshot)
{
    const struct watch *watch = &snapshot->process.watch;

    if (watch->postmaster_pid == 0 || watch->ours != TRI_YES) {
        return "an action ended the server, or has told of its end";
    }
    if (watch->reported_ms > 0 && snapshot->done[OP_HAND_OVER].times == 0) {
        return "the postmaster's end has been reported already";
    }
    if (!is_dead(snapshot)) {
        return "no postmaster is known to be dead: nothing to report";
    }
    return NULL;
}

static bool
ended_in_good_order(const struct snapshot *snapshot)
{
    return snapshot->control.state == CONTROL_SHUT_DOWN
           || snapshot->control.state == CONTROL_SHUT_DOWN_IN_RECOVERY
           || snapshot->control.state == CONTROL_UNKNOWN;
}

/* A report that is stored would punish a healthy server later. */
static bool
cluster_wants_it(const struct snapshot *snapshot)
{
    const struct node *self = self_node(snapshot);

    return snapshot->cluster.maintenance == TRI_NO
           && self->member.probed != TRI_NO
           && self->member.role != ROLE_STOPPED
           && self->member.starting != TRI_YES;
}

/*
 * After a cleanup the controller has no history of the resource. A failure that
 * it is told of then stands above all that follows, and has the resource
 * restarted again and again; the probe that is due finds the death, or leaves
 * a history for the report to end.
 */
static bool
is_being_probed(const struct snapshot *snapshot)
{
    return self_node(snapshot)->member.probed == TRI_NO
           && snapshot->elapsed_ms < PROBE_MS;
}

/* Another node that is to lead once this one does not. */
static bool
has_successor(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (i != snapshot->self && is_live(snapshot, i)
            && attr_is(&snapshot->node[i].attrs.score, SCORE_CANDIDATE)
            && is_eligible(snapshot, i)) {
            return true;
        }
    }
    return false;
}

/*
 * A ranked node of whose role nothing is known, or that says so itself: its
 * promotion is under way. A new DC knows nothing of what its predecessor asked
 * for.
 */
static bool
someone_is_promoted_now(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        const struct node *node = &snapshot->node[i];

        if (i != snapshot->self && node->member.online == TRI_YES
            && is_ranked(node)
            && (node->member.role == ROLE_UNKNOWN
                || promotion_is_under_way(snapshot, i))) {
            return true;
        }
    }
    return false;
}

/* How long another node has, by how far it is. */
static uint32_t
hand_over_ms(const struct snapshot *snapshot)
{
    size_t other = NODES_MAX;

    if (self_node(snapshot)->member.role == ROLE_PROMOTED
        || other_promoted(snapshot, &other) == TRI_YES) {
        return HAND_OVER_MS;
    }
    return someone_is_promoted_now(snapshot) ? HAND_OVER_PROMOTING_MS
                                             : HAND_OVER_DEMOTED_MS;
}

/*
 * A failed resource is stopped and started again before another is promoted,
 * in one transition: a report makes everybody wait for the dead server. So a
 * primary that has a successor gives up its rank first, which moves the role
 * and nothing else, and reports its death when that is over.
 *
 * Returns false while it waits.
 */
static bool
has_handed_over(const struct snapshot *snapshot, struct plan *plan)
{
    const uint32_t facts = FACT_PROCESS | FACT_ATTRS | FACT_RECORD
                           | FACT_MEMBERS;
    const struct done *handed = &snapshot->done[OP_HAND_OVER];
    size_t other = NODES_MAX;

    if (handed->times > 0) {
        if (snapshot->elapsed_ms
                   >= handed->first_ms + hand_over_ms(snapshot)
            || snapshot->done[OP_SET_SCORE].rc == OP_RC_FAILED
            || (!has_successor(snapshot)
                && other_promoted(snapshot, &other) == TRI_NO)) {
            return true;
        }
        plan_again(plan, HAND_OVER_LOOK_MS, facts, REPORT_LOOK_MS);
        return false;
    }
    if (self_node(snapshot)->member.role != ROLE_PROMOTED) {
        return true;
    }
    if ((snapshot->facts & facts) != facts) {
        plan_again(plan, 0, snapshot->facts | facts, REPORT_LOOK_MS);
        return false;
    }
    if (!has_successor(snapshot)) {
        return true;
    }
    plan_log(plan, LOG_ERR, "the postmaster died: another node is to lead");
    plan_add(plan, OP_HAND_OVER, OP_BEST_EFFORT, 0, NULL);
    want_attr(snapshot, plan, OP_SET_SCORE, OP_BEST_EFFORT, snapshot->self,
              SCORE_NEVER);
    plan_again(plan, 0, snapshot->facts, REPORT_LOOK_MS);
    return false;
}

void
decide_report(const struct snapshot *snapshot, struct plan *plan)
{
    const char *why = why_no_failure(snapshot);

    plan_fallback(plan, OCF_ERR_GENERIC, "wait for the next monitor: the "
                  "postmaster's end could not be reported in time");
    if (why != NULL) {
        stay_silent(plan, LOG_INFO, why);
        return;
    }
    /* a postmaster that ends by itself takes its file along */
    if (snapshot->process.pidfile == PIDFILE_MISSING) {
        if ((snapshot->facts & FACT_CONTROL) == 0) {
            plan_again(plan, 0, snapshot->facts | FACT_CONTROL,
                       REPORT_LOOK_MS);
            return;
        }
        if (ended_in_good_order(snapshot)) {
            stay_silent(plan, LOG_WARNING, "the server ended in good order "
                        "(shut down by hand, or it could not start): that is "
                        "left to the monitor");
            return;
        }
    }
    if ((snapshot->facts & FACT_MEMBERS) == 0) {
        plan_again(plan, 0, snapshot->facts | FACT_MEMBERS, REPORT_LOOK_MS);
        return;
    }
    if (is_being_probed(snapshot)) {
        plan_again(plan, PROBE_LOOK_MS, snapshot->facts, REPORT_LOOK_MS);
        return;
    }
    if (!cluster_wants_it(snapshot)) {
        stay_silent(plan, LOG_NOTICE, "the postmaster died; the resource is "
                    "not managed now, so that is not reported");
        return;
    }
    if (!has_handed_over(snapshot, plan)) {
        return;
    }
    plan_log(plan, LOG_ERR, "the postmaster died: reporting the failure");
    plan_add(plan, OP_REPORT, OP_BEST_EFFORT, 0, NULL);
    plan_exit(plan, OCF_SUCCESS);
}
