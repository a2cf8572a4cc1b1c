/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A standby's duties: its attributes and its upstream. */

#include "standby.h"

#include <syslog.h>

#include "elect.h"
#include "identifier.h"
#include "own_server.h"
#include "past.h"
#include "peers.h"
#include "position.h"
#include "record.h"
#include "rejoin.h"
#include "replay.h"
#include "returning.h"
#include "slot_duty.h"
#include "upstream.h"
#include "want.h"
#include "why.h"

/* For so long a standby that streams is only looked at for that. */
#define CALM_MS 10000u

/*
 * A lock left by a crash, or by a promotion that was torn off, is answered:
 * this node streams, and the history of the primary's timelines holds all that
 * it has. Left there, the lock would refuse the next start. The record alone
 * is no proof: it may be of a WAL sender that only looks alive.
 *
 * Returns false when the plan looks at the facts first.
 */
static bool
lock_is_settled(const struct snapshot *snapshot, struct plan *plan)
{
    const uint32_t facts = FACT_RECORD | FACT_MEMBERS | FACT_POSITION
                           | FACT_HISTORY;
    const struct attr *data = &self_node(snapshot)->record.data_status;
    size_t primary = NODES_MAX;

    if (snapshot->files.lock != TRI_YES
        || snapshot->server.receiver_running != TRI_YES) {
        return true;
    }
    if (!have_facts(snapshot, facts, plan)) {
        return false;
    }
    if (has_streamed(data)
        && other_promoted(snapshot, &primary) == TRI_YES
        && past_is_shared(snapshot, primary)) {
        plan_log(plan, LOG_INFO, "this node streams again (%s): the lock of "
                 "its time as a primary goes", data->value);
        plan_add(plan, OP_REMOVE_LOCK, OP_BEST_EFFORT, 0, NULL);
    }
    return true;
}

/*
 * What it needs is in no archive either: its recovery waits, and long. Without
 * a receiver the cluster has been asked, and there is a primary.
 */
static bool
is_made_anew(const struct snapshot *snapshot, struct plan *plan)
{
    size_t primary = NODES_MAX;

    if (!snapshot->settings.rebuilds || !lacks_wal(snapshot)
        || other_promoted(snapshot, &primary) != TRI_YES) {
        return false;
    }
    return position_is_final(snapshot, plan)
           ? begin_rebuild(snapshot, plan, primary)
           : plan->verdict == VERDICT_AGAIN;
}

/*
 * What streams has the record of those who are here: it trusts it from then on.
 * Its server may end together with the primary's node, and it votes alone.
 */
static bool
trust_is_seen(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->server.receiver_running != TRI_YES
        || self_node(snapshot)->attrs.trusted.known == ATTR_SET) {
        return true;
    }
    if (!have_facts(snapshot, FACT_MEMBERS, plan)) {
        return false;
    }
    want_trust(snapshot, plan);
    return true;
}

static void
follow(const struct snapshot *snapshot, struct plan *plan,
       enum ocf_code code)
{
    const struct attr *status = &self_node(snapshot)->attrs.status;

    if (attr_is(&self_node(snapshot)->attrs.unproved, UNPROVED_PARTED)) {
        refuse_to_follow(snapshot, plan, SEEN_PARTED);
        return;
    }
    if (!trust_is_seen(snapshot, plan)
        || !lock_is_settled(snapshot, plan) || !tell_past(snapshot, plan)
        || !why_is_seen(snapshot, plan) || is_made_anew(snapshot, plan)
        || !slots_are_seen(snapshot, plan)
        || (snapshot->server.receiver_running == TRI_YES
            && !rejoin_is_prepared(snapshot, plan))) {
        return;
    }
    if (snapshot->server.receiver_running == TRI_NO
        || status->known == ATTR_UNSET || attr_is(status, "STOP")) {
        /* the primary says the rest, of a node that does not say STOP */
        want_attr(snapshot, plan, OP_SET_STATUS, OP_BEST_EFFORT,
                  snapshot->self, "HS:alone");
    }
    /* An old vote must not be taken for one of the next. */
    want_attr(snapshot, plan, OP_SET_POSITION, OP_BEST_EFFORT,
              snapshot->self, "");
    want_attr(snapshot, plan, OP_SET_XLOG_LOC, OP_BEST_EFFORT,
              snapshot->self, "");
    want_attr(snapshot, plan, OP_SET_BASELINE, OP_BEST_EFFORT,
              snapshot->self, "");
    want_upstream(snapshot, plan);
    want_sender_name(snapshot, plan);
    want_new_parameters(snapshot, plan);
    tell_why(snapshot, plan);
    if (snapshot->action == ACTION_MONITOR && plan->count == 0
        && snapshot->record.name_key.known != ATTR_UNSET
        && !is_misnamed(snapshot)
        && !replay_is_held_up(snapshot, snapshot->self)
        && snapshot->files.lock != TRI_YES && is_in_step(snapshot)
        && snapshot->server.receiver_running == TRI_YES) {
        plan_add(plan, OP_NOTE_CALM, OP_BEST_EFFORT, 0, NULL);
    }
    standby_slots(snapshot, plan);
    plan_exit(plan, code);
}

/* There is a primary, but does this standby stream from it? */
static void
find_out_why(const struct snapshot *snapshot, struct plan *plan,
             size_t primary, enum ocf_code code)
{
    if (is_quarantined(snapshot)) {
        return_duties(snapshot, plan, primary, code);
    } else if (!has_parted(snapshot, plan, primary)) {
        follow(snapshot, plan, code);
    }
}

/*
 * Half of a monitor's time goes into asking the cluster. A standby that streams
 * and had nothing to do lately has nothing to do now: its rank and its state
 * are the primary's to say, and without its stream it asks at once.
 */
static bool
is_calm(const struct snapshot *snapshot)
{
    return snapshot->action == ACTION_MONITOR
           && snapshot->server.receiver_running == TRI_YES
           && snapshot->process.calm_ms > 0
           && snapshot->process.calm_ms < CALM_MS
           && replay_is_calm(snapshot);
}

void
standby_duties(const struct snapshot *snapshot, struct plan *plan,
               enum ocf_code code)
{
    size_t other;

    if (is_calm(snapshot)) {
        plan_exit(plan, code);
        return;
    }
    plan_fallback(plan, code, "%s", "");
    if (!replay_is_seen(snapshot, plan)
        || !have_facts(snapshot, FACT_ATTRS | FACT_ADDRESS | FACT_FILES
                                 | FACT_RECORD, plan)) {
        return;
    }
    want_own_identifier(snapshot, plan);
    want_replay(snapshot, plan);
    /*
     * It says so after its death too: without a receiver, ask the cluster.
     * One that runs tells little: to a standby that can never follow it comes
     * back each time, and gets what both have in common.
     */
    if (snapshot->server.receiver_running == TRI_YES
        && someone_leads(snapshot) && is_in_step(snapshot)) {
        follow(snapshot, plan, code);
        return;
    }
    if (!have_facts(snapshot, FACT_MEMBERS | FACT_RECORD | FACT_POSITION
                              | FACT_HISTORY, plan)) {
        return;
    }
    /* what streams is the primary's: the WAL receiver compares them itself */
    if (snapshot->server.receiver_running != TRI_YES
        && refuse_foreign(snapshot, plan)) {
        return;
    }
    if (other_promoted(snapshot, &other) == TRI_YES) {
        find_out_why(snapshot, plan, other, code);
        return;
    }
    elect(snapshot, plan, code);
}
