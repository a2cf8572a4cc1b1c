/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Promotion: proof first, then the record, then the server (P1, P2, P3). */

#include "promote.h"

#include "began.h"
#include "identifier.h"
#include "lead_rule.h"
#include "lsn.h"
#include "may_lead.h"
#include "own_server.h"
#include "peers.h"
#include "position.h"
#include "replay.h"
#include "restore.h"
#include "slot_duty.h"
#include "start.h"
#include "stop.h"
#include "switchover.h"
#include "want.h"

#define PROMOTE_FACTS \
    ((uint32_t) (FACT_PROCESS | FACT_SQL | FACT_ATTRS | FACT_RECORD \
                 | FACT_MEMBERS))

/*
 * The pre-promote notify ranks the best node; this is the last look. Only who
 * is eligible by the record overtakes: nobody would raise another. What this
 * node has not published, it did not have to: nobody else was there.
 */
static size_t
overtaken_by(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (i != snapshot->self && is_eligible(snapshot, i)
            && lead_rule_allows(may_lead(snapshot, i))
            && standing_of(snapshot, i, snapshot->self) == STANDING_AHEAD) {
            return i;
        }
    }
    return NODES_MAX;
}

static void
refuse_second(const struct snapshot *snapshot, struct plan *plan,
              size_t first)
{
    if (snapshot->settings.promoted_max > 1) {
        plan_exit_reason(plan, OCF_ERR_GENERIC,
                         "pcs resource meta CLONE promoted-max=1: '%s' is "
                         "promoted, and two primaries would lose data. "
                         "promoted-max=%u asks for another",
                         snapshot->node[first].name,
                         snapshot->settings.promoted_max);
        return;
    }
    plan_exit_reason(plan, OCF_ERR_GENERIC,
                     "look at '%s': it is still promoted, and two primaries "
                     "would lose data",
                     snapshot->node[first].name);
}

/* Why this node is not proved down, and what a person can do. */
static void
refuse_for(const struct snapshot *snapshot, struct plan *plan,
           const struct node *holder)
{
    if (lacks_pacemaker(holder) && holder->member.expected_down == TRI_YES
        && half_is_online(snapshot)) {
        plan_exit_reason(plan, OCF_ERR_GENERIC,
                         "start Pacemaker on '%s': it was stopped there and "
                         "left the server running, which may lead",
                         holder->name);
    } else if (lacks_pacemaker(holder)) {
        plan_exit_reason(plan, OCF_ERR_GENERIC,
                         "start Pacemaker on '%s': Corosync runs there and it "
                         "does not. %s", holder->name,
                         half_is_online(snapshot)
                         ? "Its controller died, so its server may lead"
                         : "Too few nodes of node_list are online to do "
                           "without it");
    } else {
        plan_exit_reason(plan, OCF_ERR_GENERIC,
                         "look at the cluster LAN and at fencing: '%s' is "
                         "not proved down, so it may lead as well. Its copy "
                         "of the CIB does not show its new data-status",
                         holder->name);
    }
}

/*
 * A node that is lost before a promotion has been fenced by then. For one that
 * is lost during it, or joins, that has to end: Pacemaker orders neither
 * fencing nor a probe meanwhile.
 */
#define FENCING_WAIT_MS 3000u

/*
 * Wait until that node is proved not to lead. A copy that is asked for in this
 * plan is looked at at once.
 */
static void
await_proof(const struct snapshot *snapshot, struct plan *plan,
            const struct node *holder)
{
    bool asks = plan->count > 0 && snapshot->done[OP_READ_COPY].times == 0;
    bool long_enough = snapshot->elapsed_ms >= FENCING_WAIT_MS
                       && !lacks_pacemaker(holder);

    if (long_enough && is_joining(holder)) {
        plan_exit_reason(plan, OCF_ERR_GENERIC,
                         "wait for '%s' to join: until it has, nobody knows "
                         "whether its server leads. Pacemaker promotes then",
                         holder->name);
    } else if (long_enough && holder->member.online == TRI_NO
               && snapshot->cluster.fencing == TRI_YES) {
        plan_exit_reason(plan, OCF_ERR_GENERIC,
                         "wait for the fencing of '%s': it was lost while "
                         "this node was to be promoted. Pacemaker fences it "
                         "once this action is over, and promotes again",
                         holder->name);
    } else if (snapshot->left_ms <= LAST_CALL_MS) {
        refuse_for(snapshot, plan, holder);
    } else {
        plan_again(plan, asks ? 0 : poll_ms(snapshot), PROMOTE_FACTS, 0);
    }
}

static void
refuse_unknown(const struct snapshot *snapshot, struct plan *plan,
               const struct node *other)
{
    if (is_joining(other)) {
        await_proof(snapshot, plan, other);
        return;
    }
    if (other->member.online == TRI_YES && other->member.probed == TRI_NO) {
        plan_exit_reason(plan, OCF_ERR_GENERIC,
                         "wait for the probe of '%s': it is back, and its "
                         "server may be promoted. Pacemaker promotes then",
                         other->name);
        return;
    }
    plan_exit_reason(plan, OCF_ERR_GENERIC,
                     "clean up what failed on '%s' (see crm_mon): the "
                     "cluster does not know whether it is promoted, so it may "
                     "be", other->name);
}

/* By which rule this node may lead; where it may not, the plan says why. */
static enum lead_rule
rule_of_promotion(const struct snapshot *snapshot, struct plan *plan)
{
    enum lead_rule rule = lead_by_data(snapshot, snapshot->self);
    size_t other;

    if (!lead_rule_allows(rule)) {
        plan_exit_reason(plan, OCF_ERR_GENERIC,
                         "let another node lead: this one may not, %s",
                         lead_rule_why(rule));
        return rule;
    }
    if (!switchover_is_proved(snapshot, plan)) {
        return LEAD_LAST_WAL;
    }
    other = overtaken_by(snapshot);
    if (other != NODES_MAX) {
        plan_exit_reason(plan, OCF_ERR_GENERIC,
                         "let '%s' lead: it holds more WAL than this node",
                         snapshot->node[other].name);
        return LEAD_BEHIND;
    }
    return rule;
}

static bool
promotion_is_safe(const struct snapshot *snapshot, struct plan *plan)
{
    size_t other = NODES_MAX;
    enum lead_rule rule;

    switch (other_promoted(snapshot, &other)) {
        case TRI_YES:
            plan->rule = lead_rule_name(LEAD_SECOND);
            refuse_second(snapshot, plan, other);
            return false;
        case TRI_UNKNOWN:
            plan->rule = lead_rule_name(LEAD_ROLE_UNKNOWN);
            refuse_unknown(snapshot, plan, &snapshot->node[other]);
            return false;
        case TRI_NO:
            break;
    }
    if (!identifier_is_known(snapshot, plan)
        || refuse_foreign(snapshot, plan)) {
        return false;
    }
    rule = rule_of_promotion(snapshot, plan);
    plan->rule = lead_rule_name(rule);
    return lead_rule_allows(rule);
}

/*
 * From here on nobody else's data counts as complete (P2). This node's own
 * record comes first: torn off in the middle, the others' alone would allow
 * nobody to lead. And it stands before the server is promoted: should this
 * node die right after, its copy of the CIB is the newer one.
 */
static void
want_record(const struct snapshot *snapshot, struct plan *plan)
{
    want_data_status(snapshot, plan, OP_REQUIRED, snapshot->self, DATA_LATEST);
    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        const struct node *node = &snapshot->node[i];

        if (i == snapshot->self) {
            continue;
        }
        want_data_status(snapshot, plan,
                         node->record.data_status.known == ATTR_UNSET
                         ? OP_BEST_EFFORT : OP_REQUIRED, i, DATA_DISCONNECT);
        if (node->member.online == TRI_YES
            && node->attrs.score.known == ATTR_SET) {
            want_attr(snapshot, plan, OP_SET_SCORE, OP_BEST_EFFORT, i,
                      SCORE_NEVER);
        }
    }
}

/* Steps up to the point of no return; all may be done twice. */
static void
prepare_promotion(const struct snapshot *snapshot, struct plan *plan)
{
    char baseline[LSN_TEXT_SIZE];

    if (snapshot->done[OP_CREATE_LOCK].times == 0) {
        want_began(snapshot, plan);
    }
    want_record(snapshot, plan);
    for (size_t i = 0; i < snapshot->node_count; i++) {
        /* a vote of before says nothing of what this primary will hold */
        want_attr(snapshot, plan, OP_SET_POSITION, OP_REQUIRED, i, "");
        if (i != snapshot->self) {
            want_attr(snapshot, plan, OP_SET_BEGAN, OP_BEST_EFFORT, i, "");
        }
    }
    if (snapshot->settings.sync_strict) {
        want_attr(snapshot, plan, OP_SET_ADMIT, OP_REQUIRED, snapshot->self,
                  "no");
    }
    plan_add(plan, OP_CREATE_LOCK, OP_REQUIRED, 0, NULL);
    plan_add(plan, OP_WRITE_SYNC_NAMES, OP_REQUIRED, 0, "");
    lsn_format_hex(snapshot->server.position.lsn, baseline);
    want_attr(snapshot, plan, OP_SET_BASELINE, OP_BEST_EFFORT,
              snapshot->self, baseline);
}

/* Nobody else's data counts as complete, in this node's copy of the record. */
static bool
record_is_ours(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        if (i != snapshot->self
            && !is_released(&snapshot->node[i].record.data_status)) {
            return false;
        }
    }
    return snapshot->done[OP_CREATE_LOCK].times > 0;
}

static void
write_record(const struct snapshot *snapshot, struct plan *plan)
{
    bool again = snapshot->done[OP_CREATE_LOCK].times > 0;

    if (again && snapshot->left_ms <= LAST_CALL_MS) {
        plan_exit_reason(plan, OCF_ERR_GENERIC,
                         "look at the cluster's CIB (cibadmin --query): the "
                         "data-status that was written of the other nodes "
                         "does not show");
        return;
    }
    prepare_promotion(snapshot, plan);
    plan_again(plan, again ? poll_ms(snapshot) : 0, PROMOTE_FACTS, 0);
}

/* A node without a state was not seen since the cluster started. */
static bool
may_have_old_record(const struct snapshot *snapshot, size_t index)
{
    const struct node *node = &snapshot->node[index];
    bool seen = node->member.online != TRI_NO
                || node->member.expected_down != TRI_UNKNOWN;

    return index != snapshot->self && seen && !counts_as_down(snapshot, index)
           && !is_released(&node->copy);
}

/*
 * A new primary waits for nobody: that is a release of all others, and takes
 * the same proof that nobody can still act on the old record (P2). A node that
 * was cut off a moment ago may have it, win the fencing race with it, and lead
 * without what is acknowledged here meanwhile.
 *
 * Returns false when the plan has its verdict.
 */
static bool
old_record_is_gone(const struct snapshot *snapshot, struct plan *plan)
{
    const struct node *holder = NULL;

    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        if (may_have_old_record(snapshot, i)) {
            holder = &snapshot->node[i];
            if (holder->member.online == TRI_YES) {
                plan_add(plan, OP_READ_COPY, OP_BEST_EFFORT, i, NULL);
            }
        }
    }
    if (holder == NULL) {
        return true;
    }
    await_proof(snapshot, plan, holder);
    return false;
}

/* Read anew after each step that takes time (P3). */
static bool
premise_holds(const struct snapshot *snapshot, struct plan *plan)
{
    return have_facts(snapshot, PROMOTE_FACTS, plan)
           && !cluster_is_silent(snapshot, plan)
           && promotion_is_safe(snapshot, plan)
           && old_record_is_gone(snapshot, plan);
}

static bool
stop_began(const struct snapshot *snapshot)
{
    return snapshot->done[OP_STOP_FAST].times > 0
           || snapshot->done[OP_STOP_IMMEDIATE].times > 0
           || snapshot->done[OP_KILL_ALL].times > 0;
}

static void
promote_by_restart(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->done[OP_START_SERVER].times > 0) {
        if (server_answers(snapshot, plan)) {
            plan_exit_reason(plan, OCF_ERR_GENERIC,
                             "look for what makes standby.signal: it was "
                             "removed, and the server came back as a standby");
        }
        return;
    }
    if ((!stop_began(snapshot) && !premise_holds(snapshot, plan))
        || !end_server(snapshot, plan,
                       snapshot->settings.stop_escalate_in_slave_ms)) {
        return;
    }
    if (premise_holds(snapshot, plan)) {
        plan_add(plan, OP_PREPARE, OP_REQUIRED, 0, NULL);
        plan_add(plan, OP_REMOVE_STANDBY, OP_REQUIRED, 0, NULL);
        plan_add(plan, OP_START_SERVER, OP_REQUIRED, 0, NULL);
        plan_again(plan, poll_ms(snapshot), FACT_PROCESS | FACT_SQL, 2000);
    }
}

/* For so long replay may wait for a query, which it does for ever with
 * max_standby_streaming_delay = -1. */
#define HELD_UP_MS 500u

static void
let_replay_end(const struct snapshot *snapshot, struct plan *plan)
{
    const struct done *asked = &snapshot->done[OP_PROMOTE_SERVER];
    const struct done *ended = &snapshot->done[OP_END_SESSIONS];
    uint32_t since_ms = ended->times > 0 ? ended->last_ms : asked->last_ms;

    if (server_role(snapshot) == SERVER_STANDBY
        && snapshot->elapsed_ms >= since_ms + HELD_UP_MS) {
        plan_add(plan, OP_END_SESSIONS, OP_BEST_EFFORT, 0, NULL);
    }
}

static void
wait_for_promotion(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->settings.restart_on_promote) {
        promote_by_restart(snapshot, plan);
        return;
    }
    if (snapshot->process.state == PROCESS_GONE
        || snapshot->process.state == PROCESS_ORPHANS) {
        if (snapshot->done[OP_TAIL_SERVER_LOG].times == 0) {
            plan_add(plan, OP_TAIL_SERVER_LOG, OP_BEST_EFFORT, 0, NULL);
            plan_again(plan, 0, FACT_PROCESS, 0);
            return;
        }
        plan_exit_reason(plan, OCF_ERR_GENERIC,
                         "look at the server's log: it ended while it was "
                         "promoted: %s", snapshot->log_tail);
        return;
    }
    if (snapshot->left_ms <= LAST_CALL_MS) {
        plan_exit_reason(plan, OCF_ERR_GENERIC,
                         "look at the server's log, or raise the timeout: "
                         "it did not leave recovery in time%s%s",
                         snapshot->server.text[0] != '\0' ? ". It says: " : "",
                         snapshot->server.text);
        return;
    }
    let_replay_end(snapshot, plan);
    plan_again(plan, poll_ms(snapshot), FACT_PROCESS | FACT_SQL, 2000);
    hurry_restore(snapshot, plan);
}

/*
 * The addresses wait for this action, and nothing more has to be known for
 * them: the rest is the first monitor's. Slots are for the standbys, which
 * come as soon as the address does.
 */
static void
finish_promotion(const struct snapshot *snapshot, struct plan *plan)
{
    plan_fallback(plan, OCF_SUCCESS, "the server is promoted; its slots could "
                  "not be looked at in time");
    if (snapshot->settings.use_slots) {
        if (!have_facts(snapshot, FACT_SENDERS, plan)) {
            return;
        }
        promoted_slots(snapshot, plan);
    }
    plan_exit(plan, OCF_SUCCESS);
}

/* A step of ours was under way in an earlier cycle of this action. */
static bool
promotion_began(const struct snapshot *snapshot)
{
    return snapshot->done[OP_PROMOTE_SERVER].times > 0
           || (snapshot->settings.restart_on_promote
               && snapshot->done[OP_CREATE_LOCK].times > 0);
}

static bool
is_known_standby(const struct snapshot *snapshot, struct plan *plan)
{
    if (server_role(snapshot) == SERVER_STANDBY) {
        return true;
    }
    plan_exit_reason(plan, OCF_ERR_GENERIC,
                     "look at the server's log: it tells no role: %s",
                     words_of_server(snapshot));
    return false;
}

/* Is there a server to be promoted? Else the plan has its verdict. */
static bool
server_is_there(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->process.state == PROCESS_GONE) {
        plan_exit_reason(plan, OCF_NOT_RUNNING,
                         "wait for its start: there is no server here to "
                         "promote");
        return false;
    }
    if (snapshot->process.state == PROCESS_ORPHANS) {
        plan_exit_reason(plan, OCF_ERR_GENERIC,
                         "stop the resource: the postmaster is gone, so "
                         "nothing is here to promote, and %u processes of it "
                         "live on", snapshot->process.others);
        return false;
    }
    return true;
}

void
decide_promote(const struct snapshot *snapshot, struct plan *plan)
{
    if (!rep_mode_is_replication(snapshot->settings.rep_mode)) {
        /* Not OCF_ERR_CONFIGURED: ocf-tester asks for this code. */
        plan_exit_reason(plan, OCF_ERR_UNIMPLEMENTED,
                         "set rep_mode to async or sync: promote needs one");
        return;
    }
    if (snapshot->server.answer == ANSWER_OK
        && server_role(snapshot) == SERVER_PRIMARY
        && snapshot->process.state != PROCESS_GONE) {
        if (promotion_began(snapshot)) {
            finish_promotion(snapshot, plan);
        } else {
            plan_exit(plan, OCF_SUCCESS);
        }
        return;
    }
    if (promotion_began(snapshot)) {
        wait_for_promotion(snapshot, plan);
        return;
    }
    if (!server_is_there(snapshot, plan)) {
        return;
    }
    plan_fallback(plan, OCF_ERR_GENERIC,
                  "look at pacemaker-attrd and pacemaker-based on this node: "
                  "one did not answer in time to be promoted. See the system "
                  "log as well");
    if (!server_answers(snapshot, plan)
        || !is_known_standby(snapshot, plan)
        || (!record_is_ours(snapshot) && !replay_allows(snapshot, plan))
        || !have_facts(snapshot, PROMOTE_FACTS, plan)
        || cluster_is_silent(snapshot, plan)
        || !promotion_is_safe(snapshot, plan)) {
        return;
    }
    if (!record_is_ours(snapshot)) {
        write_record(snapshot, plan);
        return;
    }
    if (old_record_is_gone(snapshot, plan)) {
        /* those of a standby that once held the address look alive for long */
        plan_add(plan, OP_END_SENDERS, OP_BEST_EFFORT, 0, NULL);
        plan_add(plan, OP_PROMOTE_SERVER, OP_REQUIRED, 0, NULL);
        plan_again(plan, poll_ms(snapshot), FACT_PROCESS | FACT_SQL, 2000);
    }
}
