/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Before a promotion: does the chosen node hold the most? (P3) */

#include "redirect.h"

#include <syslog.h>

#include "began.h"
#include "elect.h"
#include "lead_rule.h"
#include "lsn.h"
#include "may_lead.h"
#include "peers.h"
#include "position.h"
#include "replay.h"
#include "want.h"

#define REDIRECT_FACTS \
    ((uint32_t) (FACT_PROCESS | FACT_SQL | FACT_POSITION | FACT_HISTORY \
                 | FACT_ATTRS | FACT_RECORD | FACT_MEMBERS))

/*
 * The others have this long to publish, and the CIB to take a new rank. They
 * have published after the demotion; a busy cluster runs its notifies one
 * after the other, and then nobody's notify can wait for another's.
 */
#define REDIRECT_WAIT_MS 1000u

/*
 * The chosen one, unless another holds more, or as much and the chosen one
 * failed before; NODES_MAX: it cannot lead, and no other may.
 */
static size_t
best_node(const struct snapshot *snapshot, size_t chosen)
{
    bool held_up = replay_is_held_up(snapshot, chosen);
    size_t best = held_up || promotion_failed(snapshot, chosen) ? NODES_MAX
                                                          : chosen;

    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (i != chosen && lead_rule_allows(may_lead(snapshot, i))
            && (held_up || !promotion_failed(snapshot, i))
            && (best == NODES_MAX
                || standing_of(snapshot, i, best) == STANDING_AHEAD)) {
            best = i;
        }
    }
    return best == NODES_MAX && !held_up ? chosen : best;
}

/* A node that counts and has not published yet; NODES_MAX: all have. */
static size_t
silent_node(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (takes_part(snapshot, i) && !replay_is_held_up(snapshot, i)
            && !wal_position_is_known(
                   published_position(&snapshot->node[i]))) {
            return i;
        }
    }
    return NODES_MAX;
}

static bool
others_live(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (i != snapshot->self && takes_part(snapshot, i)) {
            return true;
        }
    }
    return false;
}

static void
rank_anew(const struct snapshot *snapshot, struct plan *plan, size_t chosen,
          size_t best)
{
    const char *rank = snapshot->self == best ? SCORE_PROMOTED
                                              : SCORE_CANDIDATE;

    if (attr_is(&snapshot->node[best].member.cib_score, SCORE_PROMOTED)
        && !attr_is(&snapshot->node[chosen].member.cib_score, SCORE_PROMOTED)) {
        return;     /* the scheduler knows */
    }
    if ((snapshot->self == best || snapshot->self == chosen)
        && !attr_is(&self_node(snapshot)->attrs.score, rank)) {
        plan_log(plan, LOG_NOTICE, "'%s' holds more than '%s', which was to "
                 "be promoted: it is ranked instead",
                 snapshot->node[best].name, snapshot->node[chosen].name);
        plan->rule = lead_rule_name(may_lead(snapshot, best));
        want_attr(snapshot, plan, OP_SET_SCORE, OP_BEST_EFFORT,
                  snapshot->self, rank);
    }
    plan_again(plan, poll_ms(snapshot),
               FACT_ATTRS | FACT_RECORD | FACT_MEMBERS, 0);
}

/* Whoever is chosen and cannot lead leaves it to another, or to nobody. */
static void
step_down(const struct snapshot *snapshot, struct plan *plan, size_t chosen)
{
    const struct attr *rank = &self_node(snapshot)->member.cib_score;

    stand_aside(snapshot, plan);
    if (snapshot->self == chosen && !attr_is(rank, SCORE_NEVER)) {
        plan_again(plan, poll_ms(snapshot),
                   FACT_ATTRS | FACT_RECORD | FACT_MEMBERS, 0);
    }
}

void
redirect(const struct snapshot *snapshot, struct plan *plan)
{
    size_t chosen = chosen_node(snapshot);
    size_t best;

    plan_exit(plan, OCF_SUCCESS);
    if (self_node(snapshot)->in_demote_list == TRI_YES) {
        return;         /* the demotion has published where this node ends */
    }
    if (chosen == NODES_MAX || snapshot->self >= snapshot->node_count
        || snapshot->failed != OP_NONE
        || snapshot->elapsed_ms >= REDIRECT_WAIT_MS) {
        return;
    }
    if (snapshot->position_looks == 0
        && (!have_facts(snapshot, FACT_ATTRS | FACT_MEMBERS, plan)
            || !others_live(snapshot)
            || (is_unproved(snapshot, snapshot->self)
                && chosen != snapshot->self)
            || !have_facts(snapshot, REDIRECT_FACTS, plan))) {
        return;
    }
    if (server_role(snapshot) != SERVER_STANDBY
        || !wal_position_is_known(snapshot->server.position)) {
        return;
    }
    if (!replay_is_seen(snapshot, plan)) {
        return;
    }
    want_replay(snapshot, plan);
    if (replay_is_held_up(snapshot, snapshot->self)) {
        step_down(snapshot, plan, chosen);
        return;
    }
    if (!has_published(snapshot)) {
        want_position(snapshot, plan, 0);
        plan_again(plan, poll_ms(snapshot),
                   FACT_ATTRS | FACT_RECORD | FACT_MEMBERS, 0);
        return;
    }
    if (silent_node(snapshot) != NODES_MAX) {
        plan_again(plan, poll_ms(snapshot),
                   FACT_ATTRS | FACT_RECORD | FACT_MEMBERS, 0);
        return;
    }
    best = best_node(snapshot, chosen);
    if (best != chosen && best != NODES_MAX) {
        rank_anew(snapshot, plan, chosen, best);
    }
}
