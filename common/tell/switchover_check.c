/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is a planned move proved to lose nothing? */

#include "switchover_check.h"

#include "identifier.h"
#include "may_lead.h"
#include "peers.h"
#include "quorum.h"
#include "ready.h"
#include "takeover.h"

/* A shutdown waits until so much is sent: about a second's worth at most. */
#define BEHIND_MAX_BYTES (16u * 1024 * 1024)

/*
 * While a primary is there no member of a quorum shows its position; when it
 * has shut down in good order all that stream hold its last WAL.
 */
static bool
is_allowed(const struct snapshot *snapshot, size_t node)
{
    const struct node_record *record = &snapshot->node[node].record;
    struct quorum quorum;

    return is_eligible(snapshot, node)
           || (snapshot->settings.rep_mode == REP_MODE_SYNC
               && !is_foreign(snapshot, node)
               && attr_is(&record->data_status, DATA_QUORUM)
               && read_quorum(&record->quorum, &quorum) == 0
               && quorum.n > 0);
}

/* By the copy that Pacemaker decides by. */
static bool
has_rank(const struct snapshot *snapshot, size_t node)
{
    return attr_is(&snapshot->node[node].member.cib_score, SCORE_CANDIDATE);
}

size_t
switchover_choose(const struct snapshot *snapshot)
{
    size_t best = NODES_MAX;

    for (size_t i = 0; i < snapshot->node_count; i++) {
        const struct sender *sender = &snapshot->node[i].senders.own;

        if (ready_is_standby(snapshot, i) && has_rank(snapshot, i)
            && is_allowed(snapshot, i)
            && (best == NODES_MAX
                || sender->flush_lsn
                   > snapshot->node[best].senders.own.flush_lsn)) {
            best = i;
        }
    }
    return best;
}

static void
check_source(const struct snapshot *snapshot, struct findings *findings)
{
    size_t source = takeover_leader(snapshot);

    if (source == NODES_MAX) {
        findings_add(findings, FINDING_UNMET, "there is not one primary to "
                     "move from: look at pcs status; where nobody may lead "
                     "by proof there is pgward failover");
    } else if (!attr_is(&snapshot->node[source].attrs.status, "PRI")) {
        findings_add(findings, FINDING_UNMET, "'%s' is promoted and its agent "
                     "does not say that it leads: look at pcs status",
                     snapshot->node[source].name);
    } else {
        findings_add(findings, FINDING_MET, "'%s' leads",
                     snapshot->node[source].name);
    }
}

/* Who else may, for the hint. */
static void
tell_other(const struct snapshot *snapshot, size_t target,
           struct text *text)
{
    size_t other = switchover_choose(snapshot);

    if (other != NODES_MAX && other != target) {
        text_add(text, ". '%s' may: --to %s", snapshot->node[other].name,
                 snapshot->node[other].name);
    }
}

static void
check_rank(const struct snapshot *snapshot, size_t target,
           struct findings *findings)
{
    const char *name = snapshot->node[target].name;
    enum lead_rule rule = lead_by_record(snapshot, target);
    char hint[2 * NODE_NAME_SIZE + 32];
    struct text text;

    text_init(&text, hint, sizeof(hint));
    tell_other(snapshot, target, &text);
    if (!is_allowed(snapshot, target)) {
        findings_add(findings, FINDING_UNMET, "'%s' may not lead: %s%s", name,
                     lead_rule_why(rule) != NULL ? lead_rule_why(rule)
                     : "commits do not wait for it", hint);
    } else if (!has_rank(snapshot, target)) {
        findings_add(findings, FINDING_UNMET, "'%s' is not ranked to take "
                     "over%s", name, hint);
    } else {
        findings_add(findings, FINDING_MET, "'%s' may lead by the record, and "
                     "is ranked to take over", name);
    }
}

static bool
primary_answered(const struct snapshot *snapshot)
{
    return snapshot->self == takeover_leader(snapshot)
           && snapshot->server.answer == ANSWER_OK
           && snapshot->server.in_recovery == TRI_NO
           && snapshot->senders.told == TRI_YES;
}

static void
check_stream(const struct snapshot *snapshot, size_t target,
             struct findings *findings)
{
    const struct sender *sender = &snapshot->node[target].senders.own;
    const char *name = snapshot->node[target].name;
    lsn end = snapshot->server.position.lsn;
    uint64_t behind = end > sender->flush_lsn ? end - sender->flush_lsn : 0;

    if (sender->state != SENDER_STREAMING) {
        findings_add(findings, FINDING_UNMET, "'%s' does not stream: it is "
                     "'%s' by the primary. Look at the attribute "
                     "RESOURCE-why", name,
                     sender_state_name(sender->state));
    } else if (sender->flush_lsn == 0 || end == 0) {
        findings_add(findings, FINDING_UNMET, "how far '%s' is behind is not "
                     "known: monitor_user needs pg_monitor", name);
    } else if (behind > BEHIND_MAX_BYTES) {
        findings_add(findings, FINDING_UNMET, "'%s' is %llu bytes behind: "
                     "wait until it is at most %u", name,
                     (unsigned long long) behind, BEHIND_MAX_BYTES);
    } else {
        findings_add(findings, FINDING_MET, "'%s' streams (%s) and is %llu "
                     "bytes behind", name,
                     sync_state_name(sender->sync_state),
                     (unsigned long long) behind);
    }
}

/* In sync mode commits wait for it; in async mode nothing else tells. */
static void
check_by_record(const struct snapshot *snapshot, size_t target,
                struct findings *findings)
{
    const struct node *node = &snapshot->node[target];

    if (snapshot->settings.rep_mode == REP_MODE_SYNC
        && (attr_is(&node->record.data_status, DATA_SYNC)
            || attr_is(&node->record.data_status, DATA_QUORUM))) {
        findings_add(findings, FINDING_NOTE, "the primary's server could not "
                     "be asked from here (monitor_user and its password): "
                     "by the record commits wait for '%s'", node->name);
        return;
    }
    findings_add(findings, FINDING_UNMET, "how far '%s' is behind is not "
                 "known: the primary's server could not be asked from here. "
                 "Run this on the primary's node", node->name);
}

void
switchover_check(const struct snapshot *snapshot, const struct moves *moves,
                 size_t target, struct findings *findings)
{
    ready_cluster(snapshot, findings);
    check_source(snapshot, findings);
    if (target >= snapshot->node_count) {
        findings_add(findings, FINDING_UNMET, "no standby may take over: "
                     "pgward explain NODE says why not");
        return;
    }
    if (target == takeover_leader(snapshot)) {
        findings_add(findings, FINDING_UNMET, "'%s' leads already",
                     snapshot->node[target].name);
        return;
    }
    ready_standby(snapshot, target, findings);
    check_rank(snapshot, target, findings);
    if (primary_answered(snapshot)) {
        check_stream(snapshot, target, findings);
    } else {
        check_by_record(snapshot, target, findings);
    }
    ready_moves(moves, snapshot->node[target].name, findings);
}
