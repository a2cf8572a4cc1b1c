/* SPDX-License-Identifier: GPL-2.0-or-later */
/* With whose data to go on where nobody may lead by proof. */

#include "failover_check.h"

#include "identifier.h"
#include "lsn.h"
#include "may_lead.h"
#include "peers.h"
#include "position.h"
#include "ready.h"

size_t
failover_choose(const struct snapshot *snapshot)
{
    size_t best = NODES_MAX;

    for (size_t i = 0; i < snapshot->node_count; i++) {
        enum standing standing;

        if (!ready_is_standby(snapshot, i) || is_foreign(snapshot, i)
            || !wal_position_is_known(published_position(
                    &snapshot->node[i]))) {
            continue;
        }
        standing = best == NODES_MAX ? STANDING_AHEAD
                   : standing_of(snapshot, i, best);
        if (standing == STANDING_APART) {
            return NODES_MAX;
        }
        best = standing == STANDING_AHEAD ? i : best;
    }
    return best;
}

/* Does it lead, or may it be leading? */
static void
check_no_primary(const struct snapshot *snapshot, struct findings *findings)
{
    bool free = true;

    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        const struct node *node = &snapshot->node[i];

        if (node->member.online == TRI_YES
            && node->member.role == ROLE_PROMOTED) {
            findings_add(findings, FINDING_UNMET, "'%s' is promoted: pgward "
                         "switchover moves the lead and loses nothing",
                         node->name);
            free = false;
        } else if (node->member.online == TRI_UNKNOWN || is_joining(node)
                   || (node->member.online == TRI_YES
                       && node->member.role == ROLE_UNKNOWN)) {
            findings_add(findings, FINDING_UNMET, "the role of '%s' is not "
                         "known: wait until the cluster has probed it, or "
                         "start Pacemaker there", node->name);
            free = false;
        }
    }
    if (free) {
        findings_add(findings, FINDING_MET, "nobody that is online leads");
    }
}

/* Whoever may still act on its record may be leading where nobody sees it. */
static void
check_lost(const struct snapshot *snapshot, struct findings *findings)
{
    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        const struct node *node = &snapshot->node[i];

        if (node->member.online != TRI_NO
            || is_released(&node->record.data_status) || is_joining(node)) {
            continue;
        }
        if (!counts_as_down(snapshot, i)) {
            findings_add(findings, FINDING_UNMET, "nothing proves that '%s' "
                         "is down: pcs stonith fence %s; or, when you have "
                         "seen that it is off, pcs stonith confirm %s",
                         node->name, node->name, node->name);
        } else if (snapshot->cluster.fencing != TRI_YES) {
            findings_add(findings, FINDING_LOSS, "whatever '%s' takes from "
                         "now on, should it run: fencing is off, so nothing "
                         "proves that it is down", node->name);
        } else {
            findings_add(findings, FINDING_MET, "'%s' is proved to be down",
                         node->name);
        }
    }
}

/* As the elections have it: a majority now, or once since its boot. */
static void
check_trust(const struct snapshot *snapshot, size_t target,
            struct findings *findings)
{
    size_t online = nodes_online(snapshot);

    if (half_is_online(snapshot)
        && (online * 2 > snapshot->node_count
            || snapshot->node[target].attrs.trusted.known == ATTR_SET)) {
        findings_add(findings, FINDING_MET, "%zu of %zu nodes are online, "
                     "and the record is trusted", online,
                     snapshot->node_count);
    } else {
        findings_add(findings, FINDING_UNMET, "too few nodes of node_list "
                     "are online to trust the record (%zu of %zu): start "
                     "them, or take those that never come back out of "
                     "node_list", online, snapshot->node_count);
    }
}

static bool
may_lead_now(const struct snapshot *snapshot, size_t node)
{
    return ready_is_standby(snapshot, node)
           && lead_rule_allows(may_lead(snapshot, node));
}

/* Two that may lead, each with WAL that the other has not: which is right? */
static bool
has_parted(const struct snapshot *snapshot, size_t node)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (i != node && may_lead_now(snapshot, i)
            && standing_of(snapshot, i, node) == STANDING_APART) {
            return true;
        }
    }
    return false;
}

/*
 * NULL: it holds all that was acknowledged. Where commits wait for nobody only
 * who led last is sure to.
 */
static const char *
why_not_all(const struct snapshot *snapshot, size_t node)
{
    enum lead_rule rule = lead_by_data(snapshot, node);

    return !lead_rule_allows(rule) ? lead_rule_why(rule)
           : has_parted(snapshot, node) ? "another that may lead has WAL that "
                                          "it has not"
           : snapshot->settings.rep_mode != REP_MODE_SYNC
             && rule != LEAD_LATEST && rule != LEAD_FIRST
           ? "in async mode commits wait for no standby" : NULL;
}

/*
 * Another that may lead by proof holds what was acknowledged: it is the one to
 * go on with, unless each of the two has WAL that the other has not.
 */
static void
check_others(const struct snapshot *snapshot, size_t target,
             bool *ret_give_up, struct findings *findings)
{
    bool allowed = may_lead_now(snapshot, target);

    for (size_t i = 0; i < snapshot->node_count; i++) {
        const char *name = snapshot->node[i].name;

        if (i == target || !may_lead_now(snapshot, i)) {
            continue;
        }
        if (allowed
            && standing_of(snapshot, i, target) == STANDING_APART) {
            ret_give_up[i] = true;
        } else if (!allowed) {
            findings_add(findings, FINDING_UNMET, "'%s' may lead, by the rule "
                         "'%s'%s: wait for its election, or --to %s", name,
                         lead_rule_name(may_lead(snapshot, i)),
                         why_not_all(snapshot, i) == NULL
                         ? ", so nothing need be lost" : "", name);
        }
    }
}

/* Whoever is recorded as the latest is waited for (elections). */
static void
give_up_latest(const struct snapshot *snapshot, size_t target,
               bool *ret_give_up)
{
    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        if (i != target
            && attr_is(&snapshot->node[i].record.data_status, DATA_LATEST)) {
            ret_give_up[i] = true;
        }
    }
}

static void
tell_own_loss(const struct snapshot *snapshot, size_t target,
              struct findings *findings)
{
    const struct node *node = &snapshot->node[target];
    struct wal_position mine = published_position(node);
    const char *why = why_not_all(snapshot, target);
    char end[LSN_TEXT_SIZE];

    lsn_format_sql(mine.lsn, end);
    if (why == NULL) {
        findings_add(findings, FINDING_MET, "'%s' (timeline %u, %s) holds all "
                     "that was acknowledged, by the rule '%s'", node->name,
                     mine.timeline, end,
                     lead_rule_name(lead_by_data(snapshot, target)));
    } else {
        findings_add(findings, FINDING_LOSS, "every commit past timeline %u, "
                     "%s, where '%s' ends: %s", mine.timeline, end,
                     node->name, why);
    }
}

static void
tell_losses(const struct snapshot *snapshot, size_t target,
            const bool *give_up, struct findings *findings)
{
    struct wal_position mine =
        published_position(&snapshot->node[target]);

    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        const struct node *node = &snapshot->node[i];
        struct wal_position its = published_position(node);
        char end[LSN_TEXT_SIZE];
        enum standing standing;

        if (i == target) {
            continue;
        }
        if (give_up[i]) {
            findings_add(findings, FINDING_LOSS, "what '%s' alone holds: its "
                         "record '%s' becomes DISCONNECT", node->name,
                         node->record.data_status.value);
        }
        if (!ready_is_standby(snapshot, i) || !wal_position_is_known(its)) {
            continue;
        }
        standing = standing_of(snapshot, i, target);
        lsn_format_sql(its.lsn, end);
        if (standing == STANDING_APART) {
            findings_add(findings, FINDING_LOSS, "what '%s' (timeline %u, %s) "
                         "has and '%s' has not: the two have parted",
                         node->name, its.timeline, end,
                         snapshot->node[target].name);
        } else if (standing == STANDING_AHEAD
                   && wal_position_compare(its, mine) > 0) {
            findings_add(findings, FINDING_LOSS, "what '%s' holds beyond "
                         "'%s': up to timeline %u, %s", node->name,
                         snapshot->node[target].name, its.timeline, end);
        }
    }
}

void
failover_check(const struct snapshot *snapshot, const struct moves *moves,
               size_t target, bool *ret_give_up, struct findings *findings)
{
    for (size_t i = 0; i < NODES_MAX; i++) {
        ret_give_up[i] = false;
    }
    ready_cluster(snapshot, findings);
    check_no_primary(snapshot, findings);
    check_lost(snapshot, findings);
    if (target >= snapshot->node_count) {
        findings_add(findings, FINDING_UNMET, "no standby that runs has shown "
                     "where it stands, or they have parted: name one with "
                     "--to");
        return;
    }
    ready_standby(snapshot, target, findings);
    if (!wal_position_is_known(
            published_position(&snapshot->node[target]))) {
        findings_add(findings, FINDING_UNMET, "'%s' has not shown where it "
                     "stands: wait for a monitor",
                     snapshot->node[target].name);
        return;
    }
    check_trust(snapshot, target, findings);
    ready_moves(moves, snapshot->node[target].name, findings);
    check_others(snapshot, target, ret_give_up, findings);
    give_up_latest(snapshot, target, ret_give_up);
    tell_own_loss(snapshot, target, findings);
    tell_losses(snapshot, target, ret_give_up, findings);
}
