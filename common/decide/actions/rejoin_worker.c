/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The worker that brings a node's data back, step by step (P9). The marker
 * says how far it is, so that the next worker goes on where this one ended.
 */

#include "rejoin_worker.h"

#include <string.h>
#include <syslog.h>

#include "history.h"
#include "may_lead.h"
#include "may_rejoin.h"
#include "own_server.h"
#include "peers.h"
#include "reason.h"
#include "rejoin.h"
#include "stop.h"
#include "want.h"

#define CLUSTER_FACTS \
    ((uint32_t) (FACT_ATTRS | FACT_RECORD | FACT_MEMBERS | FACT_ADDRESS))

/* The primary may be in the middle of its own promotion, or not there. */
#define TURN_LOOK_MS 500u
#define TURN_WAIT_MS 600000u

/* A new primary's checkpoint takes as long as its dirty pages do. */
#define SOURCE_LOOK_MS 500u
#define SOURCE_WAIT_MS 120000u

/* From there on pg_rewind goes by how far recovery has come, too. */
#define REWIND_KNOWS_VERSION 16

/* The server has so long to stream once it runs. */
#define STREAM_LOOK_MS 100u
#define STREAM_WAIT_MS 300000u

/*
 * This attempt is over; whether there is another is the monitor's to say, by
 * whose failure people are told why: as a reason, with what they look at.
 */
static void
end_attempt(struct plan *plan, enum rejoin_end end, const char *step,
            const char *why)
{
    char reason[OP_VALUE_SIZE];
    struct text text;

    text_init(&text, reason, sizeof(reason));
    reason_add(&text, step, why);
    plan_log(plan, LOG_ERR, "coming back failed: %s", reason);
    plan_add_whole(plan, OP_GIVE_UP_REJOIN, OP_BEST_EFFORT, 0, (int32_t) end,
                   reason);
    plan_exit(plan, OCF_ERR_GENERIC);
}

static void
mark(struct plan *plan, enum rejoin_phase phase)
{
    plan_add_number(plan, OP_MARK_REJOIN, OP_REQUIRED, (int32_t) phase);
}

/* The data is whole: a start finds out again what it is to the primary. */
static void
judge_anew(struct plan *plan, const char *why)
{
    plan_log(plan, LOG_NOTICE, "this node's data is judged again: %s", why);
    plan_add(plan, OP_UNMARK_REJOIN, OP_REQUIRED, 0, NULL);
    plan_exit(plan, OCF_ERR_GENERIC);
}

/* Until the other side leads, by the record; not for ever. */
static bool
has_its_turn(const struct snapshot *snapshot, struct plan *plan)
{
    size_t primary = NODES_MAX;
    const char *why = NULL;

    if (!have_facts(snapshot, CLUSTER_FACTS, plan)) {
        return false;
    }
    (void) other_promoted(snapshot, &primary);
    switch (may_rejoin(snapshot, primary, &why)) {
        case REJOIN_MAY:
            return true;
        case REJOIN_NEVER:
            end_attempt(plan, REJOIN_GIVEN_UP, "look at the parameters", why);
            return false;
        case REJOIN_NOT_NOW:
            break;
    }
    if (snapshot->elapsed_ms > TURN_WAIT_MS) {
        end_attempt(plan, REJOIN_GOES_ON, "look at the cluster", why);
        return false;
    }
    plan_log_once(plan, LOG_NOTICE, "coming back waits: %s", why);
    /* as may_rejoin() has it: torn data goes before all others */
    want_rejoin_attrs(snapshot, plan, rejoin_is_torn(snapshot->rejoin.phase)
                                      ? "nobody leads" : REJOIN_WAITS);
    plan_again(plan, TURN_LOOK_MS, snapshot->facts, 0);
    return false;
}

/* Nothing may write to the data, and it has to have ended in good order. */
static bool
server_is_down(const struct snapshot *snapshot, struct plan *plan)
{
    return end_server(snapshot, plan, snapshot->settings.stop_escalate_ms);
}

/* The timeline that the primary says it leads on; 0: it does not say. */
static uint32_t
source_timeline(const struct snapshot *snapshot)
{
    size_t primary = NODES_MAX;
    const struct attr *told;
    struct history history;

    if (other_promoted(snapshot, &primary) != TRI_YES) {
        return 0;
    }
    told = &snapshot->node[primary].attrs.history;
    return told->known == ATTR_SET
           && history_read_summary(told->value, &history) == 0
           ? history.timeline : 0;
}

/* Another than the one that the data was held against, or rewound to. */
static bool
is_other_history(const struct snapshot *snapshot)
{
    uint32_t timeline = source_timeline(snapshot);

    return timeline != 0 && timeline != snapshot->rejoin.timeline;
}

/* The data is a new copy, of which no WAL of its own was kept. */
static bool
is_copy(const struct snapshot *snapshot)
{
    return snapshot->rejoin.fork.timeline == 0;
}

static bool
is_clean(const struct snapshot *snapshot)
{
    return snapshot->control.state == CONTROL_SHUT_DOWN
           || snapshot->control.state == CONTROL_SHUT_DOWN_IN_RECOVERY;
}

/* Before anything is changed. */
static void
keep(const struct snapshot *snapshot, struct plan *plan)
{
    if (!server_is_down(snapshot, plan)
        || !have_facts(snapshot, FACT_FILES | FACT_CONTROL | FACT_NEWEST,
                       plan)) {
        return;
    }
    if (is_other_history(snapshot)) {
        judge_anew(plan, "another primary leads now");
        return;
    }
    if (!is_clean(snapshot)) {
        judge_anew(plan, "its server did not end in good order");
        return;
    }
    want_rejoin_attrs(snapshot, plan, "keeping its own WAL");
    plan_add(plan, OP_KEEP_WAL, OP_REQUIRED, 0, NULL);
    mark(plan, REJOIN_KEPT);
    plan_again(plan, 0, snapshot->facts, 0);
}

/* Is there one to ask, and is it time to? */
static bool
source_is_named(const struct snapshot *snapshot, struct plan *plan,
                uint32_t *ret_timeline)
{
    const struct done *asked = &snapshot->done[OP_PROVE_SOURCE];
    uint32_t timeline = source_timeline(snapshot);

    if (timeline == 0
        || (asked->times > 0
            && snapshot->elapsed_ms < asked->last_ms + SOURCE_LOOK_MS)) {
        plan_again(plan, SOURCE_LOOK_MS, snapshot->facts, 0);
        return false;
    }
    *ret_timeline = timeline;
    return true;
}

/* The last rung. */
static void
copy_instead(const struct snapshot *snapshot, struct plan *plan,
             const char *why)
{
    plan_log(plan, LOG_WARNING, "no rewind brings this node back, a new copy "
             "is made: %s", why);
    mark(plan, rejoin_is_torn(snapshot->rejoin.phase) ? REJOIN_SPOILT
                                                      : REJOIN_COPYING);
    plan_again(plan, 0, snapshot->facts, 0);
}

/* Is what was kept all that this node has, and the other side the same? */
static bool
is_still_so(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->rejoin.phase == REJOIN_KEPT) {
        if (snapshot->process.state == PROCESS_RUNNING) {
            judge_anew(plan, "somebody started its server");
            return false;
        }
        if (is_other_history(snapshot)) {
            judge_anew(plan, "another primary leads now");
            return false;
        }
    }
    /* its server has replayed what the primary before this one wrote, and a
       rewind may be half-way */
    if (snapshot->rejoin.phase == REJOIN_STALLED
        && is_other_history(snapshot)) {
        if (snapshot->settings.rebuilds) {
            copy_instead(snapshot, plan, "the data has followed a primary "
                         "before this one");
            return false;
        }
        end_attempt(plan, REJOIN_GIVEN_UP, "make a new copy", "the data has "
                    "followed a primary before this one");
        return false;
    }
    return true;
}

/*
 * Whoever looks for its turn sees this one. A word written after the look that
 * gave the turn would be too late: another has it by then as well.
 */
static bool
is_announced(const struct snapshot *snapshot, struct plan *plan)
{
    const struct node_attrs *own = &self_node(snapshot)->attrs;

    if (rejoin_is_torn(snapshot->rejoin.phase)
        || (attr_is(&own->status, STATUS_REJOIN)
            && own->rejoin.known == ATTR_SET
            && !attr_is(&own->rejoin, REJOIN_WAITS))) {
        return true;
    }
    want_rejoin_attrs(snapshot, plan, "asking the primary");
    plan_again(plan, 0, snapshot->facts, 0);
    return false;
}

/*
 * A person may have started the server between two workers: what it wrote was
 * not kept, and a rewind that is run again would not know of it.
 */
static bool
is_kept(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->rejoin.phase == REJOIN_KEPT
        && snapshot->done[OP_KEEP_WAL].times == 0) {
        keep(snapshot, plan);
        return false;
    }
    return true;
}

/*
 * Without a checkpoint since its last promotion pg_control is of the timeline
 * before: pg_rewind before 16 looks for all that came after it there, in
 * segments that are no more. Who never led has none to end: it would write on
 * another's timeline.
 */
static bool
lacks_checkpoint(const struct snapshot *snapshot)
{
    const struct control *control = &snapshot->control;

    return snapshot->rejoin.phase == REJOIN_KEPT
           && snapshot->files.lock == TRI_YES
           && snapshot->files.major_version < REWIND_KNOWS_VERSION
           && control->checkpoint.timeline != 0
           && control->recovery_timeline > control->checkpoint.timeline
           && snapshot->done[OP_END_RECOVERY].times == 0;
}

/* What it recycles was kept. */
static void
end_recovery(const struct snapshot *snapshot, struct plan *plan)
{
    plan_log(plan, LOG_INFO, "pg_control knows timeline %u, and this data is "
             "on timeline %u: its recovery is ended first",
             snapshot->control.checkpoint.timeline,
             snapshot->control.recovery_timeline);
    want_rejoin_attrs(snapshot, plan, "ending its recovery");
    plan_add(plan, OP_REMOVE_STANDBY, OP_REQUIRED, 0, NULL);
    plan_add(plan, OP_END_RECOVERY, OP_REQUIRED, 0, NULL);
    plan_again(plan, 0, snapshot->facts, 0);
}

/* What is proved is rewound from, and not who leads by the next look. */
static void
go_back(const struct snapshot *snapshot, struct plan *plan)
{
    uint32_t timeline;

    if (!is_still_so(snapshot, plan) || !is_kept(snapshot, plan)
        || !server_is_down(snapshot, plan)
        || !is_announced(snapshot, plan)
        || !source_is_named(snapshot, plan, &timeline)) {
        return;
    }
    if (lacks_checkpoint(snapshot)) {
        end_recovery(snapshot, plan);
        return;
    }
    want_rejoin_attrs(snapshot, plan, "asking the primary");
    plan_add_number(plan, OP_PROVE_SOURCE, OP_REQUIRED, (int32_t) timeline);
    plan_add(plan, OP_SET_REJOIN, OP_BEST_EFFORT, snapshot->self,
             "rewinding");
    if (snapshot->rejoin.phase == REJOIN_KEPT) {
        plan_add_number(plan, OP_CHECK_REWIND, OP_REQUIRED,
                        (int32_t) timeline);
        mark(plan, REJOIN_TORN);
    }
    plan_add_number(plan, OP_REWIND, OP_REQUIRED, (int32_t) timeline);
    mark(plan, REJOIN_WHOLE);
    plan_again(plan, 0, snapshot->facts, 0);
}

/* Was rejoin=rebuild taken back? */
static bool
may_rebuild(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->settings.rebuilds) {
        return true;
    }
    end_attempt(plan, REJOIN_GIVEN_UP, "set rejoin=rebuild again", "nothing "
                "but a new copy helps, and it had begun");
    return false;
}

/* Beside the data, which stays as it is. */
static void
make_anew(const struct snapshot *snapshot, struct plan *plan)
{
    uint32_t timeline;

    if (!may_rebuild(snapshot, plan) || !server_is_down(snapshot, plan)
        || !is_announced(snapshot, plan)
        || !source_is_named(snapshot, plan, &timeline)) {
        return;
    }
    if (snapshot->done[OP_REBUILD].times
        >= snapshot->settings.rejoin_attempts) {
        end_attempt(plan, REJOIN_GOES_ON, "wait for a primary that stays",
                    "its timeline changes while it is copied");
        return;
    }
    want_rejoin_attrs(snapshot, plan, "asking the primary");
    plan_add_whole(plan, OP_PROVE_SOURCE, OP_REQUIRED, 0, (int32_t) timeline,
                   "copy");
    plan_add(plan, OP_SET_REJOIN, OP_BEST_EFFORT, snapshot->self, "copying");
    plan_add_number(plan, OP_REBUILD, OP_REQUIRED, (int32_t) timeline);
    mark(plan, REJOIN_COPIED);
    plan_again(plan, 0, snapshot->facts, 0);
}

static void
take_copy(const struct snapshot *snapshot, struct plan *plan)
{
    if (!server_is_down(snapshot, plan)) {
        return;
    }
    plan_add(plan, OP_SWAP_DATA, OP_REQUIRED, 0, NULL);
    mark(plan, REJOIN_WHOLE);
    plan_again(plan, 0, snapshot->facts, 0);
}

/* P7: it must not stream from itself. */
static void
start_standby(const struct snapshot *snapshot, struct plan *plan)
{
    if (!server_is_down(snapshot, plan)) {
        return;
    }
    if (snapshot->address_here != TRI_NO) {
        plan_log_once(plan, LOG_NOTICE, "this node's data is back, but the "
                      "replication address is still here");
        plan_again(plan, TURN_LOOK_MS, snapshot->facts, 0);
        return;
    }
    want_rejoin_attrs(snapshot, plan, "starting");
    plan_add(plan, OP_PREPARE, OP_REQUIRED, 0, NULL);
    mark(plan, REJOIN_FOLLOWS);     /* first: no rewind is run again then */
    plan_standby_start(plan, STANDBY_FOLLOWS);
    plan_again(plan, STREAM_LOOK_MS, FACT_PROCESS | FACT_SQL, 2000);
}

static void
follow_primary(const struct snapshot *snapshot, struct plan *plan)
{
    if (source_timeline(snapshot) == 0) {
        plan_again(plan, SOURCE_LOOK_MS, snapshot->facts, 0);
        return;
    }
    if (is_other_history(snapshot)) {
        plan_log(plan, LOG_NOTICE, "another primary leads now: the data is "
                 "%s", is_copy(snapshot) ? "copied from it"
                                         : "rewound to its history");
        mark(plan, is_copy(snapshot) ? REJOIN_COPYING : REJOIN_TORN);
        plan_again(plan, 0, snapshot->facts, 0);
        return;
    }
    start_standby(snapshot, plan);
}

/* What told of another past is no more. */
static void
finish(const struct snapshot *snapshot, struct plan *plan, const char *why)
{
    plan_log(plan, LOG_NOTICE, "this node is back: %s", why);
    if (snapshot->files.lock == TRI_YES) {
        plan_add(plan, OP_REMOVE_LOCK, OP_REQUIRED, 0, NULL);
    }
    want_attr(snapshot, plan, OP_SET_UNPROVED, OP_REQUIRED, snapshot->self,
              "");
    want_attr(snapshot, plan, OP_SET_STATUS, OP_BEST_EFFORT, snapshot->self,
              "HS:alone");
    want_attr(snapshot, plan, OP_SET_REJOIN, OP_BEST_EFFORT, snapshot->self,
              "");
    want_no_why(snapshot, plan);
    plan_add(plan, OP_UNMARK_REJOIN, OP_REQUIRED, 0, NULL);
    plan_exit(plan, OCF_SUCCESS);
}

static bool
streams(const struct snapshot *snapshot)
{
    return snapshot->process.state == PROCESS_RUNNING
           && snapshot->server.answer == ANSWER_OK
           && snapshot->server.in_recovery == TRI_YES
           && snapshot->server.receiver_running == TRI_YES;
}

/* It has had its time since this worker started it. */
static bool
is_late(const struct snapshot *snapshot)
{
    const struct done *started = &snapshot->done[OP_START_SERVER];

    return started->times > 0
           && snapshot->elapsed_ms > started->last_ms + STREAM_WAIT_MS;
}

/* No fault of the data, where the primary is another one. */
static void
stream_failed(const struct snapshot *snapshot, struct plan *plan)
{
    if (!server_is_down(snapshot, plan)) {
        return;
    }
    if (is_other_history(snapshot)) {
        judge_anew(plan, "another primary leads now");
        return;
    }
    if (!is_late(snapshot) && snapshot->done[OP_TAIL_SERVER_LOG].times == 0) {
        plan_add(plan, OP_TAIL_SERVER_LOG, OP_BEST_EFFORT, 0, NULL);
        plan_again(plan, 0, snapshot->facts, 0);
        return;
    }
    if (snapshot->settings.rebuilds
        && strstr(snapshot->log_tail, "requested timeline ") != NULL) {
        mark(plan, REJOIN_COPYING);     /* its WAL goes on elsewhere */
    } else {
        mark(plan, is_copy(snapshot) ? REJOIN_WHOLE : REJOIN_STALLED);
    }
    end_attempt(plan, REJOIN_GOES_ON, "look at the server's log",
                is_late(snapshot) ? "it does not stream"
                                  : reason_cause(snapshot->log_tail));
}

/*
 * It does not stream, or a worker before this one was to start it. Where the
 * primary has recorded it since, it counts as any other's: commits may have
 * waited for it, and nobody else may have them.
 */
static void
judge_follower(const struct snapshot *snapshot, struct plan *plan)
{
    if (!have_facts(snapshot, CLUSTER_FACTS | FACT_FILES, plan)) {
        return;
    }
    if (self_node(snapshot)->record.data_status.known == ATTR_UNKNOWN) {
        plan_again(plan, TURN_LOOK_MS, snapshot->facts, 0);
    } else if (is_eligible(snapshot, snapshot->self)) {
        finish(snapshot, plan, "the record counts on its data");
    } else if (snapshot->done[OP_START_SERVER].times > 0) {
        stream_failed(snapshot, plan);
    } else if (has_its_turn(snapshot, plan)) {
        start_standby(snapshot, plan);
    }
}

static void
await_stream(const struct snapshot *snapshot, struct plan *plan)
{
    const uint32_t facts = FACT_PROCESS | FACT_SQL;

    if (snapshot->process.state == PROCESS_RUNNING
        && snapshot->server.answer == ANSWER_UNKNOWN
        && (snapshot->facts & FACT_SQL) == 0) {
        plan_again(plan, 0, facts, 2000);
    } else if (streams(snapshot)) {
        if (have_facts(snapshot, CLUSTER_FACTS | FACT_FILES, plan)) {
            finish(snapshot, plan, "it streams from the primary");
        }
    } else if (snapshot->done[OP_START_SERVER].times == 0
               || snapshot->process.state == PROCESS_GONE
               || is_late(snapshot)) {
        judge_follower(snapshot, plan);
    } else {
        plan_again(plan, STREAM_LOOK_MS, facts, 2000);
    }
}

/* What may go better in a moment: the cluster's daemons, the primary. */
static bool
is_tried_again(const struct snapshot *snapshot)
{
    const struct done *done = &snapshot->done[snapshot->failed];

    return op_room(snapshot->failed) == OP_IN_CLUSTER
           || (snapshot->failed == OP_PROVE_SOURCE
               && done->rc != OP_RC_FINAL
               && snapshot->elapsed_ms < done->first_ms + SOURCE_WAIT_MS);
}

/* A rewind cannot be, or has failed often enough: the next rung. */
static bool
goes_on_with_a_copy(const struct snapshot *snapshot)
{
    const struct rejoin *rejoin = &snapshot->rejoin;

    if (!snapshot->settings.rebuilds
        || (snapshot->failed != OP_END_RECOVERY
            && snapshot->failed != OP_CHECK_REWIND
            && snapshot->failed != OP_REWIND)) {
        return false;
    }
    switch (snapshot->done[snapshot->failed].rc) {
        case OP_RC_NO_WAY:
            return true;
        case OP_RC_FAILED:
            return rejoin->attempts >= snapshot->settings.rejoin_attempts;
        case OP_RC_OK:
        case OP_RC_FINAL:
            break;
    }
    return false;
}

/* A required step failed: is this attempt over? */
static bool
a_step_failed(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->failed == OP_NONE || is_tried_again(snapshot)) {
        return false;
    }
    if (goes_on_with_a_copy(snapshot)) {
        copy_instead(snapshot, plan, snapshot->failure);
        return true;
    }
    end_attempt(plan, snapshot->done[snapshot->failed].rc == OP_RC_FAILED
                ? REJOIN_GOES_ON : REJOIN_GIVEN_UP,
                op_step(snapshot->failed), snapshot->failure);
    return true;
}

void
decide_rejoin(const struct snapshot *snapshot, struct plan *plan)
{
    plan_fallback(plan, OCF_ERR_GENERIC, "%s", "");
    if (snapshot->rejoin.ours != TRI_YES
        || snapshot->rejoin.phase == REJOIN_NONE
        || snapshot->rejoin.phase == REJOIN_UNKNOWN) {
        plan_log(plan, LOG_INFO, "nobody asks this process to bring the data "
                 "back");
        plan_exit(plan, OCF_SUCCESS);
        return;
    }
    if (a_step_failed(snapshot, plan)
        || (snapshot->rejoin.phase != REJOIN_FOLLOWS
            && !has_its_turn(snapshot, plan))) {
        return;
    }
    switch (snapshot->rejoin.phase) {
        case REJOIN_BEGUN:
            keep(snapshot, plan);
            break;
        case REJOIN_KEPT:
        case REJOIN_TORN:
        case REJOIN_STALLED:
            go_back(snapshot, plan);
            break;
        case REJOIN_SPOILT:
        case REJOIN_COPYING:
            make_anew(snapshot, plan);
            break;
        case REJOIN_COPIED:
            take_copy(snapshot, plan);
            break;
        case REJOIN_WHOLE:
            follow_primary(snapshot, plan);
            break;
        case REJOIN_FOLLOWS:
            await_stream(snapshot, plan);
            break;
        case REJOIN_NONE:       /* LCOV_EXCL_LINE: asked for above */
        case REJOIN_UNKNOWN:
            break;              /* LCOV_EXCL_LINE */
    }
}
