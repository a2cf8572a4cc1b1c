/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data that has left the primary's history comes back (P9): a worker beside
 * the cluster's actions does it, and this says when it begins, what the
 * actions answer meanwhile, and when it is given up.
 */

#include "rejoin.h"

#include <syslog.h>

#include "may_lead.h"
#include "may_rejoin.h"
#include "past.h"
#include "peers.h"
#include "reason.h"
#include "want.h"

/* Longer than any of its steps is silent. */
#define STILL_MS 300000u

/* What a rewind needs is tried so often. */
#define TRY_AGAIN_MS 86400000u

/* What is kept is looked through so often. */
#define LOOK_THROUGH_MS 3600000u

bool
rejoin_is_prepared(const struct snapshot *snapshot, struct plan *plan)
{
    uint32_t since_ms = snapshot->process.grants_ms;

    if (!snapshot->settings.rewinds || snapshot->action != ACTION_MONITOR
        || (since_ms > 0 && since_ms < TRY_AGAIN_MS
            && (snapshot->facts & FACT_GRANTS) == 0)) {
        return true;
    }
    if (!have_facts(snapshot, FACT_GRANTS, plan)) {
        return false;
    }
    if (snapshot->grants.ready == TRI_NO) {
        plan_log(plan, LOG_WARNING, "rejoin=rewind cannot bring this node "
                 "back as it is: rejoin_user lacks rights. Run on the "
                 "primary: %s", snapshot->grants.missing);
    }
    return true;
}

void
kept_duty(const struct snapshot *snapshot, struct plan *plan)
{
    uint32_t since_ms = snapshot->process.kept_ms;

    if (snapshot->settings.keeps_for_a_time
        && snapshot->action == ACTION_MONITOR && snapshot->probe != TRI_YES
        && (since_ms == 0 || since_ms >= LOOK_THROUGH_MS)) {
        plan_add(plan, OP_PRUNE_KEPT, OP_BEST_EFFORT, 0, NULL);
    }
}

void
want_rejoin_attrs(const struct snapshot *snapshot, struct plan *plan,
                  const char *words)
{
    size_t self = snapshot->self;

    want_attr(snapshot, plan, OP_SET_SCORE, OP_REQUIRED, self, SCORE_NEVER);
    want_attr(snapshot, plan, OP_SET_STATUS, OP_BEST_EFFORT, self,
              STATUS_REJOIN);
    want_attr(snapshot, plan, OP_SET_POSITION, OP_BEST_EFFORT, self, "");
    want_attr(snapshot, plan, OP_SET_REPLAY, OP_BEST_EFFORT, self, "");
    want_attr(snapshot, plan, OP_SET_REJOIN, OP_BEST_EFFORT, self, words);
}

static void
begin_worker(const struct snapshot *snapshot, struct plan *plan,
             enum rejoin_phase phase, const char *value)
{
    plan_add(plan, OP_SET_UNPROVED, OP_REQUIRED, snapshot->self,
             UNPROVED_PARTED);
    plan_add_whole(plan, OP_MARK_REJOIN, OP_REQUIRED, 0, (int32_t) phase,
                   value);
    want_rejoin_attrs(snapshot, plan, REJOIN_WAITS);
    want_no_why(snapshot, plan);
    plan_add(plan, OP_BEGIN_REJOIN, OP_REQUIRED, 0, NULL);
    plan_exit(plan, OCF_SUCCESS);
}

bool
begin_rebuild(const struct snapshot *snapshot, struct plan *plan,
              size_t primary)
{
    const char *why = NULL;

    if (!snapshot->settings.rebuilds
        || may_rejoin(snapshot, primary, &why) != REJOIN_MAY) {
        return false;
    }
    plan_log(plan, LOG_NOTICE, "the WAL that this node needs is gone: it is "
             "made anew from '%s'", snapshot->node[primary].name);
    begin_worker(snapshot, plan, REJOIN_COPYING, NULL);
    return true;
}

/* With what does it begin? A timeline may prove nothing. */
static void
begin_rung(const struct snapshot *snapshot, struct plan *plan,
           size_t primary, struct wal_position fork, uint32_t timeline)
{
    const char *name = snapshot->node[primary].name;
    char start[WAL_POSITION_TEXT_SIZE];
    char value[REJOIN_FORK_SIZE];
    struct text text;

    if (fork.timeline == 0 || snapshot->settings.restart_on_promote) {
        plan_log(plan, LOG_NOTICE, "no history proves this node's data: it "
                 "is made anew from '%s'", name);
        begin_worker(snapshot, plan, REJOIN_COPYING, NULL);
        return;
    }
    wal_position_format(fork, start);
    text_init(&text, value, sizeof(value));
    text_add(&text, "%s %u", start, timeline);
    plan_log(plan, LOG_NOTICE, "this node has WAL of its own from %s on: it "
             "is kept, and the data goes back to the history of '%s'", start,
             name);
    begin_worker(snapshot, plan, REJOIN_BEGUN, value);
}

bool
begin_rejoin(const struct snapshot *snapshot, struct plan *plan,
             size_t primary, struct wal_position fork, uint32_t timeline)
{
    const char *why = NULL;

    if (!snapshot->settings.rewinds
        || (fork.timeline == 0 && !snapshot->settings.rebuilds)) {
        return false;
    }
    switch (may_rejoin(snapshot, primary, &why)) {
        case REJOIN_NEVER:
            plan_log_once(plan, LOG_WARNING, "this node does not come back "
                          "by itself: %s", why);
            return false;
        case REJOIN_NOT_NOW:
            plan_log_once(plan, LOG_NOTICE, "this node has WAL of its own, "
                          "and waits with coming back: %s", why);
            plan_exit(plan, OCF_SUCCESS);
            return true;
        case REJOIN_MAY:
            break;
    }
    begin_rung(snapshot, plan, primary, fork, timeline);
    return true;
}

/* A rewind that failed so often is followed by copies, as many. */
static uint32_t
attempts_allowed(const struct snapshot *snapshot)
{
    return snapshot->settings.rejoin_attempts
           * (snapshot->settings.rebuilds ? 2 : 1);
}

/* What becomes of the data is known: a rewind goes on, or begins again. */
static void
begin_again(const struct snapshot *snapshot, struct plan *plan)
{
    const struct rejoin *rejoin = &snapshot->rejoin;
    const struct attr *own = &self_node(snapshot)->record.data_status;

    if (!have_facts(snapshot, FACT_ATTRS | FACT_RECORD, plan)) {
        return;
    }
    if (rejoin->why[0] != '\0') {
        plan_log(plan, LOG_WARNING, "coming back failed (attempt %u): %s",
                 rejoin->attempts, rejoin->why);
    }
    plan_log(plan, LOG_NOTICE, "this node comes back: it goes on where it "
             "was");
    /* a reboot has taken its attributes away; none of it counts by then */
    if (own->known != ATTR_UNKNOWN && !is_eligible(snapshot, snapshot->self)) {
        want_attr(snapshot, plan, OP_SET_UNPROVED, OP_REQUIRED,
                  snapshot->self, UNPROVED_PARTED);
    }
    want_rejoin_attrs(snapshot, plan, rejoin_is_torn(rejoin->phase)
                                      ? "begins again" : REJOIN_WAITS);
    plan_add(plan, OP_BEGIN_REJOIN, OP_REQUIRED, 0, NULL);
    plan_exit(plan, OCF_SUCCESS);
}

static void
refuse_half_way(const struct snapshot *snapshot, struct plan *plan,
                enum ocf_code code)
{
    const char *why = snapshot->rejoin.why[0] != '\0'
                      ? snapshot->rejoin.why
                      : "the worker that brings it back ended without a word";
    char buf[PLAN_REASON_SIZE];
    struct text reason;

    text_init(&reason, buf, sizeof(buf));
    reason_add(&reason, "look at this node's log", why);
    plan_exit_reason(plan, code,
                     "%s. Rejoin gave up: pcs resource cleanup once mended, or "
                     "pg_basebackup this node and rm '%s/PGWARD.rejoin'",
                     buf, snapshot->tmpdir);
}

/* The start's, the monitor's and the rest's say while no worker lives. */
static void
without_worker(const struct snapshot *snapshot, struct plan *plan)
{
    const struct rejoin *rejoin = &snapshot->rejoin;

    if (rejoin->phase == REJOIN_UNKNOWN) {
        plan_exit_reason(plan, OCF_ERR_GENERIC,
                         "look at PGWARD.rejoin in tmpdir: it cannot be read: "
                         "%s. It tells whether the data is whole. It is in "
                         "'%s'", rejoin->why, snapshot->tmpdir);
        return;
    }
    if (!snapshot->settings.rewinds) {
        plan_exit_reason(plan, OCF_ERR_GENERIC,
                         "set rejoin as it was, or pg_basebackup this node and "
                         "rm PGWARD.rejoin: it was half-way back, and the "
                         "parameter says manual now. The file is in '%s'",
                         snapshot->tmpdir);
        return;
    }
    /* stopped by hand, or with the node: that was no failure */
    if (rejoin->end == REJOIN_GOES_ON
        && (snapshot->action == ACTION_START
            || rejoin->attempts < attempts_allowed(snapshot))) {
        begin_again(snapshot, plan);
        return;
    }
    if (snapshot->action == ACTION_START && rejoin->end == REJOIN_TOLD) {
        begin_again(snapshot, plan);    /* somebody cleaned up */
        return;
    }
    if (snapshot->action == ACTION_START) {
        plan_add_number(plan, OP_GIVE_UP_REJOIN, OP_BEST_EFFORT, REJOIN_TOLD);
        refuse_half_way(snapshot, plan, OCF_ERR_INSTALLED);
        return;
    }
    if (rejoin->end == REJOIN_GOES_ON) {
        plan_add_number(plan, OP_GIVE_UP_REJOIN, OP_BEST_EFFORT,
                        REJOIN_GIVEN_UP);
    }
    refuse_half_way(snapshot, plan, OCF_ERR_GENERIC);
}

/* It works: is there anything to say? */
static void
with_worker(const struct snapshot *snapshot, struct plan *plan)
{
    if (!snapshot->settings.rewinds) {
        plan_log(plan, LOG_NOTICE, "rejoin=manual now: the worker ends");
        plan_add(plan, OP_END_REJOIN, OP_REQUIRED, 0, NULL);
        plan_again(plan, 0, snapshot->facts | FACT_REJOIN, 0);
        return;
    }
    if (snapshot->rejoin.still_ms > STILL_MS) {
        plan_log_once(plan, LOG_WARNING, "what brings this node back has not "
                      "got on for %u s",
                      snapshot->rejoin.still_ms / 1000);
    }
    plan_exit(plan, OCF_SUCCESS);
}

static void
monitor_says(const struct snapshot *snapshot, struct plan *plan)
{
    plan_fallback(plan, OCF_SUCCESS, "%s", "");
    if (snapshot->rejoin.alive == TRI_YES) {
        with_worker(snapshot, plan);
    } else if (snapshot->probe == TRI_YES) {
        plan_exit(plan, OCF_NOT_RUNNING);
    } else {
        without_worker(snapshot, plan);
    }
}

/* P4: with the worker goes all that it runs, before the server is looked at. */
static bool
end_worker(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->rejoin.alive == TRI_NO) {
        return false;
    }
    plan_add(plan, OP_END_REJOIN, OP_REQUIRED, 0, NULL);
    plan_again(plan, 0, FACT_PROCESS | FACT_REJOIN, 0);
    return true;
}

bool
rejoin_has_say(const struct snapshot *snapshot, struct plan *plan)
{
    const struct rejoin *rejoin = &snapshot->rejoin;

    if (rejoin->phase == REJOIN_NONE && rejoin->alive != TRI_YES) {
        return false;
    }
    switch (snapshot->action) {
        case ACTION_MONITOR:
            if (snapshot->process.state != PROCESS_GONE
                && rejoin->alive == TRI_NO
                && snapshot->probe == TRI_YES) {
                return false;   /* somebody's server: what is it? */
            }
            monitor_says(snapshot, plan);
            return true;
        case ACTION_START:
            if (rejoin->alive == TRI_YES) {
                with_worker(snapshot, plan);
            } else {
                without_worker(snapshot, plan);
            }
            return true;
        case ACTION_STOP:
            return end_worker(snapshot, plan);
        case ACTION_PROMOTE:
            plan_exit_reason(plan, OCF_ERR_GENERIC,
                             "let another node lead: this one's data is on "
                             "its way back (rejoin)");
            return true;
        case ACTION_STATUS:
        case ACTION_DEMOTE:
        case ACTION_NOTIFY:
        case ACTION_RELOAD:
        case ACTION_REPORT:
            plan_exit(plan, OCF_SUCCESS);
            return true;
        case ACTION_NONE:
        case ACTION_VALIDATE:
        case ACTION_METADATA:
        case ACTION_METHODS:
        case ACTION_REJOIN:
            break;
    }
    return false;
}
