/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who holds a fast shutdown up without need, and is ended (P6, P7). */

#include "holders.h"

#include <syslog.h>

#include "peers.h"

/* A shutdown that takes no longer is not looked into. */
#define LOOK_AFTER_MS 1000u
#define LOOK_MS 200u

/* pg_controldata is not waited for longer: the disk may hang. */
#define CONTROL_LOOK_MS 2000u

/* So long a client of replication may take to confirm the last WAL. */
#define SENDER_PATIENCE_MS 1000u

/* So long a command may take to archive one segment. */
#define COMMAND_PATIENCE_MS 5000u

/* Who was told to end is told again so often; a command is killed then. */
#define AGAIN_MS 1000u

/*
 * How far the shutdown is. Its checkpoint begins when all backends have ended,
 * and every WAL sender has either ended (one that decodes) or sent all that was
 * there. Once it is written, the senders send it and the archiver archives what
 * is left, and the server waits for both for ever.
 */
enum stage {
    STAGE_BUSY = 0,             /* not known, or with what it has to do */
    STAGE_BEFORE_CHECKPOINT,    /* only WAL senders are waited for */
    STAGE_AFTER_CHECKPOINT,
};

static enum stage
stage_of(const struct snapshot *snapshot)
{
    switch (snapshot->control.state) {
        case CONTROL_SHUT_DOWN:
        case CONTROL_SHUT_DOWN_IN_RECOVERY:
            return STAGE_AFTER_CHECKPOINT;
        case CONTROL_IN_PRODUCTION:
        case CONTROL_IN_ARCHIVE_RECOVERY:
            return snapshot->holders.backends == 0 ? STAGE_BEFORE_CHECKPOINT
                                                   : STAGE_BUSY;
        case CONTROL_UNKNOWN:
        case CONTROL_STARTING_UP:
        case CONTROL_SHUTTING_DOWN:
        case CONTROL_IN_CRASH_RECOVERY:
            break;
    }
    return STAGE_BUSY;
}

static bool
is_left(const struct snapshot *snapshot, int32_t pid)
{
    for (size_t i = 0; i < HOLDERS_MAX; i++) {
        if (snapshot->holders.holder[i].pid == pid) {
            return true;
        }
    }
    return false;
}

/* Whose WAL sender is it? NODES_MAX: none of the cluster's standbys has it. */
static size_t
node_of_sender(const struct snapshot *snapshot, int32_t pid)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (i != snapshot->self
            && snapshot->node[i].senders.own.pid == (uint32_t) pid) {
            return i;
        }
    }
    return NODES_MAX;
}

/* Its WAL sender ends when it has confirmed all, the checkpoint included. */
static bool
candidate_has_all(const struct snapshot *snapshot, size_t chosen)
{
    const struct sender *sender;

    if (chosen >= snapshot->node_count || chosen == snapshot->self) {
        return false;
    }
    sender = &snapshot->node[chosen].senders.own;
    return sender->state == SENDER_STREAMING && sender->pid != 0
           && !is_left(snapshot, (int32_t) sender->pid);
}

/*
 * Is this sender's client none of the cluster's, or one that the next primary
 * serves as well? Nothing is said about senders that were not looked at.
 */
static bool
is_dispensable(const struct snapshot *snapshot, const struct holder *holder,
               enum stage stage)
{
    size_t chosen = chosen_node(snapshot);
    size_t node;

    if (holder->kind != HOLDER_SENDER
        || snapshot->senders.told != TRI_YES) {
        return false;
    }
    node = node_of_sender(snapshot, holder->pid);
    return node == NODES_MAX
           || (stage == STAGE_AFTER_CHECKPOINT && node != chosen
               && candidate_has_all(snapshot, chosen));
}

static bool
is_due(const struct snapshot *snapshot, enum op_kind kind)
{
    const struct done *done = &snapshot->done[kind];

    return done->times == 0
           || snapshot->elapsed_ms - done->last_ms >= AGAIN_MS;
}

/* They get their time from when nothing else was left to wait for. */
static void
end_senders(const struct snapshot *snapshot, struct plan *plan,
            enum stage stage)
{
    enum op_kind note = stage == STAGE_AFTER_CHECKPOINT ? OP_NOTE_WRITTEN
                                                        : OP_NOTE_ALONE;
    const struct done *noted = &snapshot->done[note];

    if (noted->times == 0) {
        plan_add(plan, note, OP_BEST_EFFORT, 0, NULL);
        return;
    }
    if (snapshot->elapsed_ms - noted->first_ms < SENDER_PATIENCE_MS
        || !is_due(snapshot, OP_END_HOLDER)) {
        return;
    }
    for (size_t i = 0; i < HOLDERS_MAX; i++) {
        const struct holder *holder = &snapshot->holders.holder[i];

        if (is_dispensable(snapshot, holder, stage)) {
            plan_log(plan, LOG_WARNING,
                     "ending process %d (%s): the shutdown waits for its "
                     "client, which does not confirm and is not needed",
                     holder->pid, holder->title);
            plan_add_number(plan, OP_END_HOLDER, OP_BEST_EFFORT,
                            holder->pid);
        }
    }
}

static uint32_t
age_of_commands(const struct snapshot *snapshot)
{
    uint32_t age_ms = 0;

    for (size_t i = 0; i < HOLDERS_MAX; i++) {
        const struct holder *holder = &snapshot->holders.holder[i];

        if (holder->kind == HOLDER_COMMAND && holder->age_ms > age_ms) {
            age_ms = holder->age_ms;
        }
    }
    return age_ms;
}

/*
 * The archiver takes a command that a signal ended for a reason to end itself,
 * and a server that shuts down starts no new one.
 */
static void
end_command(const struct snapshot *snapshot, struct plan *plan)
{
    bool again = snapshot->done[OP_END_COMMAND].times > 0;
    enum op_kind kind = again ? OP_KILL_COMMAND : OP_END_COMMAND;
    uint32_t age_ms = age_of_commands(snapshot);

    if (age_ms < COMMAND_PATIENCE_MS || !is_due(snapshot, OP_END_COMMAND)
        || !is_due(snapshot, OP_KILL_COMMAND)) {
        return;
    }
    if (!again) {
        plan_log(plan, LOG_WARNING,
                 "ending archive_command, which has run for %u ms and holds "
                 "the shutdown up: the archive has a gap now, WAL %s; archive "
                 "it by hand from '%s/pg_wal', or make a new base backup",
                 age_ms, snapshot->holders.unarchived, snapshot->pgdata);
    }
    for (size_t i = 0; i < HOLDERS_MAX; i++) {
        const struct holder *holder = &snapshot->holders.holder[i];

        if (holder->kind == HOLDER_COMMAND) {
            plan_log(plan, LOG_WARNING, "ending process %d of archive_command "
                     "(%s)", holder->pid, holder->title);
            plan_add_number(plan, kind, OP_BEST_EFFORT, holder->pid);
        }
    }
}

void
hurry_holders(const struct snapshot *snapshot, struct plan *plan)
{
    const uint32_t facts = FACT_PROCESS | FACT_CONTROL | FACT_HOLDERS;
    const struct done *stopped = &snapshot->done[OP_STOP_FAST];
    enum stage stage;

    if (stopped->times == 0
        || snapshot->elapsed_ms - stopped->first_ms < LOOK_AFTER_MS) {
        return;
    }
    plan_again(plan, LOOK_MS, facts, CONTROL_LOOK_MS);
    if ((snapshot->facts & facts) != facts
        || snapshot->holders.known != TRI_YES) {
        return;
    }
    stage = stage_of(snapshot);
    if (stage != STAGE_BUSY) {
        end_senders(snapshot, plan, stage);
    }
    if (stage == STAGE_AFTER_CHECKPOINT) {
        end_command(snapshot, plan);
    }
}

void
name_holders(const struct snapshot *snapshot, struct text *text)
{
    if (snapshot->holders.known != TRI_YES) {
        return;
    }
    text_add(text, ". Still there: ");
    for (size_t i = 0; i < HOLDERS_MAX
         && snapshot->holders.holder[i].kind != HOLDER_NONE; i++) {
        text_add(text, "%s, ", snapshot->holders.holder[i].title);
    }
    text_add(text, "%u other processes", snapshot->holders.backends);
}
