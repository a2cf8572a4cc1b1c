/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The election, where there is no primary. */

#include "elect.h"

#include <syslog.h>

#include "began.h"
#include "identifier.h"
#include "lead_rule.h"
#include "lsn.h"
#include "may_lead.h"
#include "peers.h"
#include "position.h"
#include "record.h"
#include "replay.h"
#include "want.h"

/* What stands between the cluster and a winner. */
struct ballot {
    size_t winner;          /* NODES_MAX: nobody may lead */
    const char *parted;     /* its WAL is not the winner's, nor the winner's
                               its; NULL: nobody's */
    const char *awaited;    /* a live node that has not published, or NULL */
    bool awaited_starts;    /* it is still starting: waited for without limit */
    const struct node *missing; /* recorded as LATEST and not live, or NULL */
    bool missing_may_act;   /* it is not proved down */
    const char *held_up;    /* a live node whose replay is, or NULL */
};

static void
note_missing(const struct snapshot *snapshot, size_t node,
             struct ballot *ballot)
{
    const struct node *voter = &snapshot->node[node];

    /* the data that was recorded so is not there any more */
    if (!is_live(snapshot, node) && !is_foreign(snapshot, node)
        && attr_is(&voter->record.data_status, DATA_LATEST)
        && !promotion_failed(snapshot, node)) {
        ballot->missing = voter;
        ballot->missing_may_act |= snapshot->cluster.fencing != TRI_YES
                                   || !counts_as_down(snapshot, node);
    }
}

static void
count_vote(const struct snapshot *snapshot, size_t node,
           struct ballot *ballot)
{
    const struct node *candidate = &snapshot->node[node];
    struct wal_position position = published_position(candidate);
    enum standing standing;

    if (is_live(snapshot, node) && replay_is_held_up(snapshot, node)
        && is_eligible(snapshot, node)) {
        ballot->held_up = candidate->name;
    }
    if (!is_live(snapshot, node) || is_foreign(snapshot, node)
        || replay_is_held_up(snapshot, node)
        || (!is_eligible(snapshot, node)
            && (!attr_is(&candidate->record.data_status, DATA_QUORUM)
                || wal_position_is_known(position)))) {
        return;     /* never wins, so it is not waited for either */
    }
    if (!wal_position_is_known(position)) {
        ballot->awaited = candidate->name;
        ballot->awaited_starts |= candidate->member.starting == TRI_YES;
        return;
    }
    standing = ballot->winner == NODES_MAX
               ? STANDING_AHEAD : standing_of(snapshot, node, ballot->winner);
    if (standing == STANDING_APART) {
        ballot->parted = candidate->name;
    } else if (standing == STANDING_AHEAD) {
        ballot->winner = node;
    }
}

/* Whoever leads by the record, those who cannot be proved or failed last. */
enum round {
    ROUND_RECORD = 0,
    ROUND_UNPROVED,         /* who is still to be judged */
    ROUND_WAY_BACK,         /* who holds what a failed promotion began with */
    ROUND_FAILED,           /* whose promotion failed tries again */
    ROUNDS,
};

static enum round
round_of(const struct snapshot *snapshot, size_t node)
{
    if (promotion_failed(snapshot, node)) {
        return ROUND_FAILED;
    }
    return is_unproved(snapshot, node) ? ROUND_UNPROVED : ROUND_RECORD;
}

/* Did a promotion fail after the record had moved? */
static bool
record_moved_in_vain(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (promotion_failed(snapshot, i)
            && is_eligible(snapshot, i)) {
            return true;
        }
    }
    return false;
}

static void
count_way_back(const struct snapshot *snapshot, size_t node,
               struct ballot *ballot)
{
    struct wal_position position = published_position(&snapshot->node[node]);
    unsigned checks = published_checks(self_node(snapshot));
    bool patient = checks == 0
                   || checks < snapshot->settings.xlog_check_count;

    if (!is_live(snapshot, node) || is_foreign(snapshot, node)
        || replay_is_held_up(snapshot, node)
        || !record_moved_in_vain(snapshot)
        || round_of(snapshot, node) == ROUND_FAILED) {
        return;
    }
    if (!wal_position_is_known(position)) {
        ballot->awaited = patient ? snapshot->node[node].name
                                  : ballot->awaited;
    } else if (way_back_is_open(snapshot, node)
               && (ballot->winner == NODES_MAX
                   || standing_of(snapshot, node, ballot->winner)
                      == STANDING_AHEAD)) {
        ballot->winner = node;
    }
}

static struct ballot
count_votes(const struct snapshot *snapshot)
{
    struct ballot ballot = { .winner = NODES_MAX };

    for (size_t i = 0; i < snapshot->node_count; i++) {
        note_missing(snapshot, i, &ballot);
    }
    for (unsigned round = ROUND_RECORD;
         round < ROUNDS && ballot.winner == NODES_MAX
         && ballot.awaited == NULL; round++) {
        for (size_t i = 0; i < snapshot->node_count; i++) {
            if (round == ROUND_WAY_BACK) {
                count_way_back(snapshot, i, &ballot);
            } else if (round_of(snapshot, i) == round) {
                count_vote(snapshot, i, &ballot);
            }
        }
    }
    return ballot;
}

static void
publish(const struct snapshot *snapshot, struct plan *plan, unsigned checks)
{
    char location[LSN_TEXT_SIZE];

    want_position(snapshot, plan, checks);
    lsn_format_hex(snapshot->server.position.lsn, location);
    want_attr(snapshot, plan, OP_SET_XLOG_LOC, OP_BEST_EFFORT,
              snapshot->self, location);
    want_attr(snapshot, plan, OP_SET_STATUS, OP_BEST_EFFORT, snapshot->self,
              "HS:alone");
}

/*
 * Why nobody may be raised yet, or NULL; and whom that is about. Who is awaited
 * may win: where he is all that there is, nobody has been refused.
 */
static const char *
reason_to_wait(const struct snapshot *snapshot, const struct ballot *ballot,
               unsigned checks, const char **ret_name)
{
    bool patient = checks < snapshot->settings.xlog_check_count;
    bool sync_mode = snapshot->settings.rep_mode == REP_MODE_SYNC;
    bool nobody = ballot->winner == NODES_MAX;

    *ret_name = ballot->awaited;
    if (ballot->awaited != NULL
        && (ballot->awaited_starts || patient || nobody)) {
        return "a live node has not published its position yet";
    }
    *ret_name = NULL;
    if (ballot->parted != NULL) {
        return "two nodes recorded as complete have parted";
    }
    if (nobody && ballot->held_up != NULL) {
        *ret_name = ballot->held_up;
        return "the node that is recorded as complete cannot replay all "
               "that it holds";
    }
    *ret_name = ballot->missing != NULL ? ballot->missing->name : NULL;
    if (nobody && ballot->missing == NULL) {
        return "no live node is recorded as complete";
    }
    if (record_is_virgin(snapshot)) {
        return NULL;
    }
    /* proved down, it was followed to its end by whom the record allows */
    if (ballot->missing != NULL
        && (nobody || patient || (sync_mode && ballot->missing_may_act))) {
        return ballot->missing->member.online == TRI_YES
               ? "the server of the node recorded as LATEST does not run"
               : "the node recorded as LATEST is not there yet";
    }
    *ret_name = NULL;
    if (!record_is_trusted(snapshot)) {
        return "too few nodes of node_list are online to trust the record";
    }
    return NULL;
}

/* What a person can do where the cluster would wait for ever. */
static void
tell_override(const struct snapshot *snapshot, const struct ballot *ballot,
              struct text *text)
{
    if (ballot->parted != NULL) {
        text_add(text, ". '%s' and '%s' each hold WAL that the other has not: "
                 "set the data-status of the one whose data is to go to "
                 "DISCONNECT with crm_attribute -l forever",
                 snapshot->node[ballot->winner].name, ballot->parted);
        return;
    }
    if (ballot->missing != NULL && ballot->missing->member.online == TRI_YES) {
        text_add(text, ". Look at what failed on '%s' (pcs status; pcs "
                 "resource cleanup)", ballot->missing->name);
        return;     /* it is there: nobody gives up what it holds */
    }
    if (ballot->missing != NULL) {
        text_add(text, ". %sIf '%s' never comes back, set its data-status to "
                 "DISCONNECT with crm_attribute -l forever",
                 lacks_pacemaker(ballot->missing)
                 ? "Corosync runs there: start Pacemaker. " : "",
                 ballot->missing->name);
    }
    if (ballot->winner == NODES_MAX && ballot->awaited == NULL) {
        text_add(text, "%s data-status of the node whose data you want to go "
                 "on with, even if commits are lost, to LATEST%s",
                 ballot->missing != NULL ? "; and the" : ". Set the",
                 ballot->missing != NULL ? ""
                                         : " with crm_attribute -l forever");
    } else if (ballot->missing == NULL && ballot->awaited == NULL
               && !record_is_trusted(snapshot)) {
        text_add(text, ". If the others never come back, take them out of "
                 "node_list");
    }
}

static void
announce_wait(const struct snapshot *snapshot, struct plan *plan,
              const struct ballot *ballot, const char *why, const char *name)
{
    char buf[OP_VALUE_SIZE];
    struct text text;

    text_init(&text, buf, sizeof(buf));
    text_add(&text, "no primary is elected: %s%s%s%s (%zu of %zu nodes "
             "online)", why, name != NULL ? " ('" : "",
             name != NULL ? name : "", name != NULL ? "')" : "",
             nodes_online(snapshot), snapshot->node_count);
    tell_override(snapshot, ballot, &text);
    plan_log_once(plan, LOG_NOTICE, "%s", buf);
}

bool
someone_is_ranked(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        const struct node *node = &snapshot->node[i];

        if (is_live(snapshot, i) && is_eligible(snapshot, i)
            && !replay_is_held_up(snapshot, i) && is_ranked(node)) {
            return true;
        }
    }
    return false;
}

static void
vote(const struct snapshot *snapshot, struct plan *plan)
{
    struct ballot ballot = count_votes(snapshot);
    unsigned checks = published_checks(self_node(snapshot));
    const char *name;
    const char *why = reason_to_wait(snapshot, &ballot, checks, &name);

    if (why != NULL) {
        announce_wait(snapshot, plan, &ballot, why, name);
        checks += snapshot->action == ACTION_MONITOR
                  && (checks == 0
                      || checks < snapshot->settings.xlog_check_count);
    }
    want_trust(snapshot, plan);
    publish(snapshot, plan, checks);
    if (why == NULL && ballot.winner == snapshot->self) {
        plan->rule = lead_rule_name(lead_by_data(snapshot, snapshot->self));
        plan_log(plan, LOG_NOTICE,
                 "elected: this node's data is the newest of the live nodes");
        want_attr(snapshot, plan, OP_SET_SCORE, OP_REQUIRED, snapshot->self,
                  SCORE_PROMOTED);
    }
}

/* A ban that a moved resource left behind is easily forgotten. */
static void
tell_of_own_rank(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->action == ACTION_MONITOR
        && is_ranked(self_node(snapshot))) {
        plan_log_once(plan, LOG_NOTICE, "there is no primary and this node is "
                      "ranked to lead: should Pacemaker not promote it, look "
                      "for a constraint (pcs constraint; pcs resource clear)");
    }
}

/* What it holds is complete by the record. */
static bool
led_last(const struct snapshot *snapshot)
{
    return attr_is(&self_node(snapshot)->record.data_status, DATA_LATEST);
}

/*
 * A constraint may keep the ranked node from leading: a move leaves a ban, and
 * whom it was to lead to may have failed at once. Rather than nobody, the node
 * that led last leads again; where that one may not either, one that holds
 * all that a ranked one does. Each counts how often it has waited, and all
 * show where they stand.
 */
static void
insist(const struct snapshot *snapshot, struct plan *plan)
{
    const struct node *self = self_node(snapshot);
    unsigned checks = published_checks(self);
    unsigned patience = snapshot->settings.xlog_check_count
                        * (led_last(snapshot) ? 1 : 2);

    if (is_ranked(self)) {
        want_position(snapshot, plan, checks);
    } else if (checks <= patience) {
        want_position(snapshot, plan, checks + 1);
    } else if (record_is_trusted(snapshot)
               && (led_last(snapshot)
                   || lead_rule_allows(may_lead(snapshot,
                                                snapshot->self)))) {
        plan->rule = lead_rule_name(lead_by_data(snapshot, snapshot->self));
        plan_log(plan, LOG_NOTICE, "the node that is ranked to lead is not "
                 "promoted (pcs constraint; pcs resource clear): this node "
                 "%s", led_last(snapshot) ? "led last and leads again"
                                          : "holds as much and leads instead");
        want_attr(snapshot, plan, OP_SET_SCORE, OP_REQUIRED, snapshot->self,
                  SCORE_PROMOTED);
    }
}

void
stand_aside(const struct snapshot *snapshot, struct plan *plan)
{
    const struct server *server = &snapshot->server;

    if (server->progress.received != 0 && server->position.timeline != 0
        && server->position.lsn >= server->progress.received) {
        publish(snapshot, plan, 0);
    } else {
        want_attr(snapshot, plan, OP_SET_POSITION, OP_BEST_EFFORT,
                  snapshot->self, "");
    }
    want_attr(snapshot, plan, OP_SET_SCORE, OP_BEST_EFFORT, snapshot->self,
              SCORE_NEVER);
}

void
elect(const struct snapshot *snapshot, struct plan *plan, enum ocf_code code)
{
    bool ranked = someone_is_ranked(snapshot);
    size_t other = NODES_MAX;

    plan_exit(plan, code);
    if (snapshot->self >= snapshot->node_count
        || snapshot->failed != OP_NONE) {
        return;     /* no vote, or the next monitor's */
    }
    if (replay_is_held_up(snapshot, snapshot->self)) {
        stand_aside(snapshot, plan);
        return;
    }
    if (ranked) {
        tell_of_own_rank(snapshot, plan);
    }
    if (ranked && snapshot->action != ACTION_MONITOR) {
        return;     /* Pacemaker's turn */
    }
    if (other_promoted(snapshot, &other) != TRI_NO) {
        plan_log_once(plan, LOG_NOTICE, "no primary is elected: the role of "
                      "'%s' is not known%s", snapshot->node[other].name,
                      lacks_pacemaker(&snapshot->node[other])
                      ? ". Corosync runs there: start Pacemaker" : "");
        return;
    }
    if (!position_is_final(snapshot, plan)) {
        return;
    }
    if (ranked) {
        if (old_primary_is_over(snapshot)) {
            insist(snapshot, plan);
        }
        return;
    }
    if (has_published(snapshot)) {
        vote(snapshot, plan);
        return;
    }
    publish(snapshot, plan, published_checks(self_node(snapshot)));
    (void) look_again(snapshot, plan, poll_ms(snapshot));
}
