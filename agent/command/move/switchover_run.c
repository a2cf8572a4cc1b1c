/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A planned move: the constraint, the wait, and the constraint's end. */

#include "switchover_parts.h"

#include <signal.h>
#include <time.h>

#include "began.h"
#include "clock.h"
#include "gap.h"
#include "peers.h"
#include "report.h"
#include "takeover.h"

#define LOOK_AGAIN_MS 100

/* Why nothing is seen is said each time. */
#define BLIND_MS 1000

/* A checkpoint takes as long as it takes: Ctrl-C ends the wait. */
#define CHECKPOINT_MS (30 * 60 * 1000u)

/*
 * With the constraint's end Pacemaker decides anew what it was just doing: the
 * addresses, by which the old primary follows, come first.
 */
#define HOLD_MS 3000

/* The old primary follows within this, or it is not waited for. */
#define FOLLOW_MS 15000

/*
 * Nobody leads and nobody is being promoted: something keeps who is to lead
 * from it, a rule of the user's say. A notification before it may take a while.
 */
#define IDLE_MS 15000

#define TRIES 3

static struct step
step_of(const struct switchover *move)
{
    return (struct step) { &move->before, MOVING_STEP_MS };
}

/* Take the constraint away, with as many tries as a busy cluster needs. */
int
switchover_end(const struct switchover *move)
{
    const struct step step = step_of(move);
    char why_text[SERVER_TEXT_SIZE];
    struct text why;

    for (int i = 0; i < TRIES; i++) {
        text_init(&why, why_text, sizeof(why_text));
        if (step_end_move(&step, &why) == 0) {
            return 0;
        }
    }
    report_log(LOG_ERR, "the constraint 'pgward-switchover-%s' stays until "
               "its time is over: %s. Then: pgward switchover --clear",
               move->before.resource, why_text);
    return -1;
}

/* A long one would be made by the shutdown, while nobody takes writes. */
void
switchover_checkpoint(const struct switchover *move)
{
    const struct step step = { &move->before, CHECKPOINT_MS };
    int64_t begin_ms = clock_now_ms();
    char why_text[SERVER_TEXT_SIZE];
    struct text why;

    text_init(&why, why_text, sizeof(why_text));
    if (step_checkpoint(&step, move->from, &why) != 0) {
        report_log(LOG_WARNING, "no checkpoint was made on '%s', so its "
                   "shutdown may take longer: %s", move->from, why_text);
        return;
    }
    moving_tell(&move->options, "checkpoint on '%s': %.1f s\n", move->from,
                (double) (clock_now_ms() - begin_ms) / 1000);
}

/*
 * Has who is to lead failed since? There was no failure when it began; while
 * nobody else may be promoted, nobody is.
 */
static bool
has_failed(const struct switchover *move)
{
    static struct moves moves;

    moving_read_moves(&move->before, &moves);
    for (size_t i = 0; i < moves.node_count; i++) {
        if (text_same_name(moves.node[i].name, move->to)) {
            return moves.node[i].failures > 0;
        }
    }
    return false;
}

/*
 * Is who is to lead away, or stopped? Of a node that died nothing is counted as
 * a failure, and while the constraint is there nobody else may lead.
 */
static bool
is_gone(const struct switchover *move)
{
    const struct snapshot *snapshot = &move->now.snapshot;
    size_t node = snapshot_find_node(snapshot, move->to);

    return node < snapshot->node_count
           && (snapshot->node[node].member.online == TRI_NO
               || snapshot->node[node].member.role == ROLE_STOPPED);
}

/* Does nobody lead, and is nobody being promoted? */
static bool
is_idle(const struct switchover *move)
{
    const struct snapshot *snapshot = &move->now.snapshot;
    size_t node = snapshot_find_node(snapshot, move->to);

    return takeover_leader(snapshot) == NODES_MAX
           && node < snapshot->node_count
           && snapshot->node[node].member.role == ROLE_STARTED
           && !promotion_is_under_way(snapshot, node);
}

static enum outcome
await_move(struct switchover *move, const sigset_t *signals)
{
    const struct moving_options *options = &move->options;
    int64_t end_ms = clock_now_ms() + options->common.timeout_ms;
    int64_t busy_ms = clock_now_ms();
    bool left = false;

    while (clock_left_ms(end_ms) > 0) {
        const struct snapshot *snapshot = &move->now.snapshot;
        bool seen = moving_look(options, MOVING_FACTS, &move->now) == 0;

        if (seen && moving_leads(snapshot, move->to)) {
            return OUTCOME_MOVED;
        }
        if (!seen || !is_idle(move)) {
            busy_ms = clock_now_ms();
        }
        if (has_failed(move) || (seen && is_gone(move))
            || clock_now_ms() - busy_ms > IDLE_MS
            || (seen && left && moving_leads(snapshot, move->from))) {
            return OUTCOME_BACK;
        }
        left |= seen && takeover_leader(snapshot) == NODES_MAX;
        if (moving_pause(signals, seen ? LOOK_AGAIN_MS : BLIND_MS) != 0) {
            return OUTCOME_CUT;
        }
    }
    return OUTCOME_LATE;
}

static bool
follows(const struct switchover *move)
{
    const struct snapshot *snapshot = &move->now.snapshot;
    size_t node = snapshot_find_node(snapshot, move->from);

    return node < snapshot->node_count
           && has_streamed(&snapshot->node[node].record.data_status);
}

/* Wait until the old primary streams from the new one; a signal ends that. */
static bool
await_follow(struct switchover *move, int64_t limit_ms,
             const sigset_t *signals)
{
    int64_t end_ms = clock_now_ms() + limit_ms;

    while (!follows(move)) {
        if (clock_left_ms(end_ms) == 0
            || moving_pause(signals, LOOK_AGAIN_MS) != 0
            || moving_look(&move->options, MOVING_FACTS, &move->now) != 0
            || !moving_leads(&move->now.snapshot, move->to)) {
            return false;
        }
    }
    return true;
}

/* With a constraint whose end is certain, whatever comes of this program. */
static enum outcome
order(struct switchover *move, const sigset_t *signals)
{
    const struct step step = step_of(move);
    const struct cluster_move wanted = {
        .clone = move->before.clone, .to = move->to,
        .end_s = (int64_t) time(NULL) + SWITCHOVER_GRACE_S
                 + move->options.common.timeout_ms / 1000,
    };
    char why_text[SERVER_TEXT_SIZE];
    struct text why;
    int64_t begin_ms = clock_now_ms();
    enum outcome outcome;
    int rc;

    text_init(&why, why_text, sizeof(why_text));
    rc = step_begin_move(&step, &wanted, &why);
    if (rc == CLUSTER_MOVE_EXISTS) {
        report_log(LOG_ERR, "another switchover of '%s' has just begun: wait "
                   "for its end", move->before.resource);
        return OUTCOME_FAILED;
    }
    if (rc != 0) {
        report_log(LOG_ERR, "%s", why_text);
        outcome = OUTCOME_FAILED;
    } else {
        outcome = await_move(move, signals);
    }
    if (outcome == OUTCOME_MOVED) {
        move->took_ms = clock_now_ms() - begin_ms;
        (void) await_follow(move, HOLD_MS, signals);
    }
    move->constraint_left = switchover_end(move) != 0;
    return outcome;
}

void
switchover_run(struct switchover *move)
{
    struct step step = step_of(move);
    char who[2 * NODE_NAME_SIZE];
    sigset_t signals;
    struct gap *gap;

    moving_who(&move->before, who, sizeof(who));
    moving_block(&signals);
    step.limit_ms = move->options.common.timeout_ms + MOVING_STEP_MS;
    gap = gap_begin(&step, move->from, move->to);
    moving_log(LOG_NOTICE, "switchover of '%s' from '%s' to '%s', by %s",
               move->before.resource, move->from, move->to, who);
    move->outcome = order(move, &signals);
    move->gap_ms = gap_end(gap);
    if (move->outcome != OUTCOME_MOVED) {
        move->gap_ms = -1;
    }
    moving_log(LOG_NOTICE, "switchover of '%s' to '%s' %s",
               move->before.resource, move->to,
               move->outcome == OUTCOME_MOVED ? "done" : "not done");
}

void
switchover_follow(struct switchover *move)
{
    sigset_t signals;

    moving_block(&signals);
    if (!await_follow(move, FOLLOW_MS, &signals)) {
        report_log(LOG_WARNING, "'%s' does not stream yet: its attribute "
                   "RESOURCE-why, or pcs status, says why", move->from);
    }
}
