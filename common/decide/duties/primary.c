/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The primary's duties: its standbys' record and scores (P1, P2). */

#include "primary.h"

#include <string.h>
#include <syslog.h>

#include "identifier.h"
#include "listed.h"
#include "lsn.h"
#include "past.h"
#include "peers.h"
#include "quorum.h"
#include "quorum_record.h"
#include "record.h"
#include "replay.h"
#include "returning.h"
#include "senders.h"
#include "slot_duty.h"
#include "sync.h"
#include "sync_members.h"
#include "view.h"
#include "want.h"
#include "why.h"

/* An async standby keeps its rank unless another is this far ahead. */
#define RANK_SLACK_BYTES (16u * 1024 * 1024)

/* After such a silence a standby that says it is alone knows better. */
#define DEAF_MS 3000u

/* What the primary says of one standby. */
struct judgement {
    bool known;                 /* false: nothing may be concluded */
    bool held;                  /* lost, but commits go on waiting for it */
    char data[ATTR_VALUE_SIZE];
    char quorum[ATTR_VALUE_SIZE];       /* "": none */
    const char *score;
    const char *status;         /* NULL: not the primary's to say */
};

/* Commits wait for any n of them: the record says which n of how many. */
static void
judge_member(const struct snapshot *snapshot, size_t node,
             struct judgement *ret_judgement)
{
    enum sync_state state = snapshot->node[node].senders.own.sync_state;
    bool waited_for = stays_listed(snapshot, node)
                      && (state == SYNC_SYNC || state == SYNC_QUORUM);

    ret_judgement->score = waited_for && quorum_is_live(snapshot)
                           ? SCORE_CANDIDATE : SCORE_NEVER;
    ret_judgement->status = waited_for ? "HS:quorum" : "HS:async";
    quorum_text(snapshot, ret_judgement->quorum);
    (void) text_copy(DATA_QUORUM, ret_judgement->data, ATTR_VALUE_SIZE);
}

/*
 * Is this standby too far behind to take over? One whose replay is held up is;
 * of async ones, who is behind by more than the limit. Once it is, it stays so
 * until it is within half of the limit: the record is not written all the time.
 */
static bool
lags_too_far(const struct snapshot *snapshot, size_t node)
{
    uint64_t limit = snapshot->settings.max_lag_bytes;
    lsn flushed = snapshot->node[node].senders.own.flush_lsn;

    if (replay_is_held_up(snapshot, node)) {
        return true;
    }
    if (limit == 0 || snapshot->settings.rep_mode != REP_MODE_ASYNC) {
        return false;
    }
    if (attr_is(&snapshot->node[node].record.data_status, DATA_LAGS)) {
        limit /= 2;
    }
    return snapshot->server.position.lsn > flushed
           && snapshot->server.position.lsn - flushed > limit;
}

static void
judge_streaming(const struct snapshot *snapshot, size_t node,
                struct judgement *ret_judgement)
{
    const struct sender *sender = &snapshot->node[node].senders.own;
    bool sync_mode = snapshot->settings.rep_mode == REP_MODE_SYNC;

    ret_judgement->score = sync_mode ? SCORE_NEVER : SCORE_CANDIDATE;
    if (lags_too_far(snapshot, node)) {
        ret_judgement->score = SCORE_NEVER;
        ret_judgement->status = "HS:connected";
        (void) text_copy(DATA_LAGS, ret_judgement->data, ATTR_VALUE_SIZE);
        return;
    }
    ret_judgement->status = "HS:async";
    (void) text_copy("STREAMING|ASYNC", ret_judgement->data,
                     ATTR_VALUE_SIZE);
    switch (sender->sync_state) {
        case SYNC_SYNC:
        case SYNC_QUORUM:
            if (sync_mode
                && (!has_proof(snapshot, node)
                    || (is_listed(snapshot, node)
                        && !stays_listed(snapshot, node)))) {
                break;
            }
            ret_judgement->score = SCORE_CANDIDATE;
            ret_judgement->status = "HS:sync";
            (void) text_copy(DATA_SYNC, ret_judgement->data,
                             ATTR_VALUE_SIZE);
            break;
        case SYNC_POTENTIAL:
            ret_judgement->status = "HS:potential";
            (void) text_copy("STREAMING|POTENTIAL", ret_judgement->data,
                             ATTR_VALUE_SIZE);
            break;
        case SYNC_ASYNC:
        case SYNC_UNKNOWN:
            break;
    }
}

static void
add_upper(struct text *text, const char *word)
{
    for (; *word != '\0'; word++) {
        char c = *word;

        if (c >= 'a' && c <= 'z') {
            c = (char) (c - 'a' + 'A');
        }
        text_add_bytes(text, &c, 1);
    }
}

static void
judge(const struct snapshot *snapshot, size_t node,
      struct judgement *ret_judgement)
{
    const struct sender *sender = &snapshot->node[node].senders.own;
    bool out = is_leaving(snapshot, node) || is_down(snapshot, node)
               || sender_is_dead(snapshot, node);
    struct text data;

    memset(ret_judgement, 0, sizeof(*ret_judgement));
    ret_judgement->known = sender_is_seen(sender) || out;
    ret_judgement->held = is_held(snapshot, node);
    ret_judgement->score = SCORE_NEVER;
    if (sender->state == SENDER_NONE || out) {
        (void) text_copy(DATA_DISCONNECT, ret_judgement->data,
                         ATTR_VALUE_SIZE);
    } else if (is_stranger_by_past(snapshot, node)) {
        ret_judgement->status = "HS:connected";
        (void) text_copy(DATA_DISCONNECT, ret_judgement->data,
                         ATTR_VALUE_SIZE);
    } else if (is_quorum_member(snapshot, node)) {
        judge_member(snapshot, node, ret_judgement);
    } else if (sender->state == SENDER_STREAMING) {
        judge_streaming(snapshot, node, ret_judgement);
    } else {
        ret_judgement->status = "HS:connected";
        text_init(&data, ret_judgement->data, ATTR_VALUE_SIZE);
        add_upper(&data, sender_state_name(sender->state));
        text_add(&data, "|");
        add_upper(&data, sync_state_name(sender->sync_state));
    }
}

/* In async mode one standby is ranked: the holder, unless it fell behind. */
static size_t
ranked_async_node(const struct snapshot *snapshot)
{
    size_t best = NODES_MAX;

    for (size_t i = 0; i < snapshot->node_count; i++) {
        const struct sender *sender = &snapshot->node[i].senders.own;

        if (i == snapshot->self || sender->state != SENDER_STREAMING
            || sender->visible == TRI_NO || is_leaving(snapshot, i)
            || sender_is_dead(snapshot, i) || is_stranger_by_past(snapshot, i)
            || lags_too_far(snapshot, i)) {
            continue;
        }
        if (best == NODES_MAX
            || sender->flush_lsn > snapshot->node[best].senders.own.flush_lsn) {
            best = i;
        }
    }
    for (size_t i = 0; best != NODES_MAX && i < snapshot->node_count; i++) {
        const struct node *node = &snapshot->node[i];

        if (i != snapshot->self
            && node->senders.own.state == SENDER_STREAMING
            && !is_leaving(snapshot, i) && !sender_is_dead(snapshot, i)
            && !lags_too_far(snapshot, i) && !is_stranger_by_past(snapshot, i)
            && attr_is(&node->attrs.score, SCORE_CANDIDATE)
            && node->senders.own.flush_lsn + RANK_SLACK_BYTES
               >= snapshot->node[best].senders.own.flush_lsn) {
            return i;
        }
    }
    return best;
}

/* Only a node that runs an instance has a status and a score to set. */
static bool
runs_instance(const struct node *node)
{
    return node->member.online == TRI_YES
           && (node->member.role == ROLE_STARTED
               || node->member.role == ROLE_PROMOTED);
}

/*
 * A node without a record may not lead, so that of an absent one can wait:
 * the cluster may not know it yet, and then every write of it fails.
 */
static void
want_judged_data(const struct snapshot *snapshot, struct plan *plan,
                 size_t node, const char *data)
{
    const struct node *peer = &snapshot->node[node];
    bool can_wait = peer->record.data_status.known == ATTR_UNSET
                    && strcmp(data, DATA_DISCONNECT) == 0
                    && !is_listed(snapshot, node);

    if (!can_wait || peer->member.online != TRI_NO) {
        want_data_status(snapshot, plan,
                         can_wait ? OP_BEST_EFFORT : OP_REQUIRED, node, data);
    }
}

/* A rank may be taken from any node, and given to one that runs. */
static void
want_judgement(const struct snapshot *snapshot, struct plan *plan,
               size_t node, const struct judgement *judgement)
{
    const struct node *peer = &snapshot->node[node];
    bool runs = runs_instance(peer);
    bool stopped = attr_is(&peer->attrs.status, "STOP")
                   || attr_is(&peer->attrs.status, "UNKNOWN")
                   || (attr_is(&peer->attrs.status, "HS:alone")
                       && peer->senders.own.silent_ms >= DEAF_MS);

    if (judgement->quorum[0] != '\0'
        && !attr_is(&peer->record.quorum, judgement->quorum)) {
        plan_add(plan, OP_SET_DATA_QUORUM, OP_REQUIRED, node,
                 judgement->quorum);
    }
    want_judged_data(snapshot, plan, node, judgement->data);
    if (runs || (peer->attrs.score.known == ATTR_SET
                 && strcmp(judgement->score, SCORE_NEVER) == 0)) {
        want_attr(snapshot, plan, OP_SET_SCORE, OP_BEST_EFFORT, node,
                  judgement->score);
    }
    if (runs && judgement->status != NULL && !stopped) {
        want_attr(snapshot, plan, OP_SET_STATUS, OP_BEST_EFFORT, node,
                  judgement->status);
    }
}

static void
tell_of_replay(const struct snapshot *snapshot, struct plan *plan,
               size_t node)
{
    const char *why = replay_obstacle(snapshot, node);

    if (why != NULL
        && snapshot->node[node].senders.own.state == SENDER_STREAMING) {
        plan_log_once(plan, LOG_WARNING, "'%s' streams and may not lead: %s",
                      snapshot->node[node].name, why);
    }
}

/* Why a lost standby is not released. */
static const char *
reason_to_hold(const struct snapshot *snapshot, size_t node)
{
    if (is_last_of_strict(snapshot, node)) {
        return "sync_strict is set and no other standby streams";
    }
    if (snapshot->cluster.maintenance == TRI_YES) {
        return "in maintenance mode nobody is released";
    }
    if (!half_is_online(snapshot)) {
        return "fewer than half of node_list are online, and the others may "
               "come up with the old record";
    }
    return snapshot->cluster.have_quorum == TRI_NO
           ? "this node has no quorum, so another may take over"
           : "it may still take over until it has been fenced or is back";
}

/*
 * It left the cluster and may lead elsewhere by now. What is written here alone
 * makes this copy of the CIB the newer one, and with it the record the wrong
 * one when both sides meet again: the record waits until the node is back or
 * proved down (P2).
 */
static bool
is_beyond_judgement(const struct snapshot *snapshot, size_t node)
{
    return snapshot->node[node].member.online == TRI_NO
           && may_still_act(snapshot, node) && !is_held(snapshot, node);
}

/*
 * It says so itself, if its agent knows how to. By its position alone it cannot
 * know, and the primary only until it has got as far: so it is told.
 */
static void
tell_parted(const struct snapshot *snapshot, struct plan *plan, size_t node)
{
    const struct node *peer = &snapshot->node[node];
    const struct sender *sender = &peer->senders.own;
    char flushed[LSN_TEXT_SIZE];

    if (sender->state == SENDER_NONE || !sender_is_seen(sender)
        || !is_known_parted(snapshot, node)) {
        return;
    }
    if (past_of(snapshot, node) == PAST_OTHER) {
        plan_log_once(plan, LOG_ERR, "pg_rewind or pg_basebackup the data of "
                      "'%s': it streams and does not count, for its timelines "
                      "(%s) are not of this primary's past", peer->name,
                      told_past(&peer->attrs.history));
        return;
    }
    if (!attr_is(&peer->attrs.unproved, UNPROVED_PARTED)) {
        lsn_format_sql(sender->flush_lsn, flushed);
        plan_log(plan, LOG_ERR, "pg_rewind or pg_basebackup the data of '%s': "
                 "it claims WAL up to %s, which is past this primary's own "
                 "end, so it has WAL of its own and does not count",
                 peer->name, flushed);
    }
    want_attr(snapshot, plan, OP_SET_UNPROVED, OP_BEST_EFFORT, node,
              UNPROVED_PARTED);
}

static void
judge_standbys(const struct snapshot *snapshot, struct plan *plan)
{
    size_t ranked = NODES_MAX;

    if (quorum_mode(snapshot)
        && snapshot->server.sync_names_known != TRI_YES) {
        return;     /* who is a member cannot be told */
    }
    if (snapshot->settings.rep_mode == REP_MODE_ASYNC) {
        ranked = ranked_async_node(snapshot);
    }
    for (size_t i = 0; i < snapshot->node_count; i++) {
        struct judgement judgement;

        if (i == snapshot->self || is_beyond_judgement(snapshot, i)) {
            continue;
        }
        judge(snapshot, i, &judgement);
        if (judgement.held) {
            plan_log_once(plan, LOG_WARNING, quorum_mode(snapshot)
                          ? "'%s' is lost and stays in the quorum: %s"
                          : "commits wait for '%s', which is lost: %s",
                          snapshot->node[i].name,
                          reason_to_hold(snapshot, i));
            continue;
        }
        if (!judgement.known) {
            plan_log_once(plan, LOG_ERR,
                          "could not see the replication state of '%s': "
                          "grant pg_monitor to the monitor_user",
                          snapshot->node[i].name);
            continue;
        }
        tell_parted(snapshot, plan, i);
        if ((snapshot->settings.rep_mode == REP_MODE_ASYNC && i != ranked)
            || snapshot->settings.promoted_max > 1) {
            /* ranked, it would be promoted beside this one, refuse and be
             * restarted; without a rank it is elected when this one ends */
            judgement.score = SCORE_NEVER;
        }
        tell_of_replay(snapshot, plan, i);
        want_judgement(snapshot, plan, i, &judgement);
    }
}

/*
 * Whoever left node_list is released by the same rules as a standby that is
 * lost: put back later, it must not lead by the record of its time before.
 */
static void
judge_outsiders(const struct snapshot *snapshot, struct plan *plan)
{
    for (size_t i = snapshot->node_count; i < snapshot_total(snapshot); i++) {
        const struct node *node = &snapshot->node[i];

        if (is_beyond_judgement(snapshot, i)) {
            continue;
        }
        if (is_held(snapshot, i)) {
            plan_log_once(plan, LOG_WARNING, "commits wait for '%s', which is "
                          "not in node_list any more: %s", node->name,
                          reason_to_hold(snapshot, i));
            continue;
        }
        want_data_status(snapshot, plan, OP_REQUIRED, i, DATA_DISCONNECT);
        if (node->attrs.score.known == ATTR_SET) {
            want_attr(snapshot, plan, OP_SET_SCORE, OP_BEST_EFFORT, i,
                      SCORE_NEVER);
        }
    }
}

static void
want_own_attrs(const struct snapshot *snapshot, struct plan *plan)
{
    size_t self = snapshot->self;

    want_data_status(snapshot, plan, OP_BEST_EFFORT, self, DATA_LATEST);
    want_attr(snapshot, plan, OP_SET_STATUS, OP_BEST_EFFORT, self, "PRI");
    want_attr(snapshot, plan, OP_SET_SCORE, OP_BEST_EFFORT, self,
              SCORE_PROMOTED);
    want_attr(snapshot, plan, OP_SET_XLOG_LOC, OP_BEST_EFFORT, self, "");
    want_attr(snapshot, plan, OP_SET_POSITION, OP_BEST_EFFORT, self, "");
    want_attr(snapshot, plan, OP_SET_UNPROVED, OP_BEST_EFFORT, self, "");
    want_attr(snapshot, plan, OP_SET_REPLAY, OP_BEST_EFFORT, self, "");
    for (size_t i = 0; i < snapshot->node_count; i++) {
        /* left for this promotion, it says nothing about the next */
        if (snapshot->node[i].attrs.shutdown.known == ATTR_SET) {
            want_attr(snapshot, plan, OP_SET_SHUTDOWN, OP_BEST_EFFORT, i, "");
        }
        if (snapshot->node[i].attrs.began.known == ATTR_SET) {
            want_attr(snapshot, plan, OP_SET_BEGAN, OP_BEST_EFFORT, i, "");
        }
    }
}

/*
 * With sync_strict, clients are let in once a standby is synchronous: until
 * then they would see, and make, commits that nobody else holds. What an
 * earlier primary said of itself is history.
 */
static void
want_admission(const struct snapshot *snapshot, struct plan *plan)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (i != snapshot->self
            && snapshot->node[i].attrs.admit.known == ATTR_SET) {
            want_attr(snapshot, plan, OP_SET_ADMIT, OP_BEST_EFFORT, i, "");
        }
        if (stays_listed(snapshot, i)
            && (quorum_mode(snapshot) ? quorum_is_live(snapshot)
                                      : has_proof(snapshot, i))) {
            want_attr(snapshot, plan, OP_SET_ADMIT, OP_BEST_EFFORT,
                      snapshot->self, "yes");
            return;
        }
    }
    if (!attr_is(&self_node(snapshot)->attrs.admit, "yes")) {
        plan_log_once(plan, LOG_NOTICE, "sync_strict: clients are let in "
                      "once a standby is synchronous");
    }
}

/*
 * Is this primary still the cluster's own? It may have slept, or been cut
 * off, while another was promoted, which recorded it as DISCONNECT (P3).
 */
static bool
leads_by_record(const struct snapshot *snapshot, struct plan *plan,
                enum ocf_code code)
{
    const struct attr *data = &self_node(snapshot)->record.data_status;
    size_t other = NODES_MAX;

    if (attr_is(data, DATA_DISCONNECT)) {
        plan_exit_reason(plan, OCF_FAILED_PROMOTED,
                         "wait for its restart, which compares its data: the "
                         "record calls this primary %s, for another was "
                         "promoted since", DATA_DISCONNECT);
        return false;
    }
    if (data->known == ATTR_UNKNOWN) {
        plan_log_once(plan, LOG_WARNING,
                      "the standbys were left as they are until the next "
                      "monitor: this node's own data-status could not be "
                      "read");
        plan_exit(plan, code);
        return false;
    }
    if (attr_is(data, DATA_LATEST)
        || other_promoted(snapshot, &other) != TRI_YES) {
        return true;
    }
    plan_log_once(plan, LOG_ERR, "'%s' is promoted too and this node is not "
                  "recorded as the latest: the standbys were left as they "
                  "are", snapshot->node[other].name);
    plan_exit(plan, code);
    return false;
}

static void
leave_standbys(const struct snapshot *snapshot, struct plan *plan)
{
    plan_log_once(plan, LOG_WARNING,
                  "the standbys were left as they are until the next "
                  "monitor: %s", snapshot->failed != OP_NONE
                                 ? snapshot->failure
                                 : snapshot->server.text);
}

void
primary_duties(const struct snapshot *snapshot, struct plan *plan,
               enum ocf_code code)
{
    uint32_t facts = FACT_SQL | FACT_SENDERS | FACT_ATTRS | FACT_RECORD
                     | FACT_MEMBERS;
    bool settled = true;
    size_t before;

    plan_fallback(plan, code, "%s", "");
    if (!have_facts(snapshot, facts, plan)) {
        return;
    }
    if (snapshot->failed != OP_NONE || snapshot->server.answer != ANSWER_OK) {
        leave_standbys(snapshot, plan);
        plan_exit(plan, code);
        return;
    }
    if (!leads_by_record(snapshot, plan, code)
        || !want_history(snapshot, plan)
        || !want_cluster_identifier(snapshot, plan)
        || !want_name_key(snapshot, plan)) {
        return;
    }
    note_leaving(snapshot, plan);
    tell_of_strangers(snapshot, plan);
    before = plan->count;
    want_trust(snapshot, plan);
    want_own_attrs(snapshot, plan);
    judge_standbys(snapshot, plan);
    judge_outsiders(snapshot, plan);
    if (!view_is_shared(snapshot, plan, before, code)) {
        plan->facts |= facts | FACT_PROCESS;
        return;
    }
    end_dead_senders(snapshot, plan);
    primary_slots(snapshot, plan);
    if (snapshot->settings.rep_mode == REP_MODE_SYNC) {
        if (snapshot->settings.sync_strict) {
            want_admission(snapshot, plan);
        }
        settled = sync_list_is_settled(snapshot, plan);
    }
    if (settled || snapshot->left_ms <= LAST_CALL_MS) {
        tell_why_of_primary(snapshot, plan);
        plan_exit(plan, code);
        return;
    }
    plan_again(plan, poll_ms(snapshot), facts | FACT_PROCESS | plan->facts,
               0);
}
