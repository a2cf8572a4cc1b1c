/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steering the synchronous list, and the proof that it needs (P1, P2). */

#include "sync.h"

#include <string.h>
#include <syslog.h>

#include "listed.h"
#include "lsn.h"
#include "peers.h"
#include "quorum.h"
#include "quorum_record.h"
#include "senders.h"
#include "sync_list.h"
#include "sync_members.h"
#include "sync_next.h"
#include "want.h"

/* A step of a monitor's own is waited for so long; then the next one looks. */
#define PROOF_WAIT_MS 1500u

/* A backend that waits is the cheapest proof: looked for so long. */
#define WAITER_WAIT_MS 200u

/* A list that is written so often in one action is somebody else's too. */
#define WRITES_MAX 4u

/* A standby that is silent so long while commits wait is worth a word. */
#define SILENT_MS 3000u

/* --- steering ------------------------------------------------------------ */

/* Another line sets the list, and wins: commits do not wait as they should. */
static void
tell_of_override(const struct snapshot *snapshot, struct plan *plan)
{
    static const char why[] =
        "remove synchronous_standby_names from where it is set, and reload: "
        "that wins over pgward, and commits wait by it";

    plan_log_once(plan, LOG_ERR, "%s, for '%.100s'. It is set at %.200s", why,
                  snapshot->server.sync_names,
                  snapshot->sources.override[0] != '\0'
                  ? snapshot->sources.override
                  : "a place that could not be learnt");
    want_why(snapshot, plan, why);
}

/* May the list be touched at all? A stranger's is not ours to change. */
static bool
may_steer(const struct snapshot *snapshot, struct plan *plan)
{
    const struct server *server = &snapshot->server;
    struct sync_list list;

    if (server->sync_names_known != TRI_YES
        || snapshot->self >= snapshot->node_count) {
        return false;
    }
    if ((sync_list_parse(snapshot, server->sync_names, &list) == 0
         && list.strangers == 0)
        || snapshot->sources.sync_names_ours == TRI_YES) {
        return true;
    }
    if (have_facts(snapshot, FACT_SETTINGS, plan)) {
        tell_of_override(snapshot, plan);
    }
    return false;
}

/* A written list that the server does not show yet. */
static bool
is_settling(const struct snapshot *snapshot, struct plan *plan)
{
    const struct done *written = &snapshot->done[OP_WRITE_SYNC_NAMES];

    if (snapshot->elapsed_ms < written->first_ms + PROOF_WAIT_MS
        || !have_facts(snapshot, FACT_SETTINGS, plan)) {
        return true;
    }
    if (snapshot->sources.sync_names_ours == TRI_NO) {
        tell_of_override(snapshot, plan);
        return false;
    }
    plan_log_once(plan, LOG_WARNING,
                  "synchronous_standby_names (now '%s') did not take effect "
                  "in time; the next monitor looks again",
                  snapshot->server.sync_names);
    return false;
}

static void
announce(const struct snapshot *snapshot, const struct sync_list *list,
         const struct sync_list *next, struct plan *plan)
{
    for (size_t i = 0; i < list->count; i++) {
        size_t node = list->node[i];

        if (may_leave(snapshot, node) && snapshot->cluster.fencing == TRI_NO
            && snapshot->node[node].member.online == TRI_NO) {
            plan_log(plan, LOG_WARNING,
                     "'%s' counts as down because fencing is off: if it "
                     "still runs and leads elsewhere, commits get lost",
                     snapshot->node[node].name);
        }
    }
    for (size_t i = 0; i < next->count; i++) {
        if (sync_list_place(list, next->node[i]) == 0) {
            /* once: each monitor tries what another line overrides */
            plan_log_once(plan, LOG_INFO, "commits are to wait for the "
                          "standby '%s'", snapshot->node[next->node[i]].name);
        }
    }
    if (next->count == 0) {
        plan_log(plan, LOG_WARNING,
                 "commits no longer wait for a standby: %s is released",
                 snapshot->server.sync_names);
    }
}

/* The include lines too: whoever lays out postgresql.conf takes them away. */
static void
write_list(const struct snapshot *snapshot, struct plan *plan,
           const char *names)
{
    plan_add_whole(plan, OP_WRITE_SYNC_NAMES, OP_REQUIRED, 0,
                   memory_of(snapshot).proven, names);
    plan_add(plan, OP_WRITE_CONFIG, OP_BEST_EFFORT, 0, NULL);
    plan_add(plan, OP_RELOAD, OP_REQUIRED, 0, NULL);
}

/*
 * Logical clients wait for the same standbys (17). What differs beside the
 * right list, after a renamed prefix or an update of the agent, is mended now
 * and then: a server that refuses it is not asked each second.
 */
static void
want_waited_slots(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->senders.slots_waited == TRI_NO
        && snapshot->senders.slots_due == TRI_YES
        && snapshot->done[OP_WRITE_SYNC_SLOTS].times == 0) {
        plan_add(plan, OP_WRITE_SYNC_SLOTS, OP_BEST_EFFORT, 0, NULL);
        plan_add(plan, OP_RELOAD, OP_BEST_EFFORT, 0, NULL);
    }
}

/* Returns true when the list is the wanted one, or cannot be changed now. */
static bool
list_is_right(const struct snapshot *snapshot, struct plan *plan)
{
    struct sync_list list = sync_list_now(snapshot);
    struct sync_list next = sync_list_next(snapshot, &list);
    const struct done *written = &snapshot->done[OP_WRITE_SYNC_NAMES];
    char names[OP_VALUE_SIZE];
    struct text text;

    text_init(&text, names, sizeof(names));
    sync_list_format(&next, &text);
    if (text.overflow) {
        plan_log_once(plan, LOG_ERR, "the nodes' names are too long for "
                      "synchronous_standby_names: lower sync_num");
        return true;
    }
    if (strcmp(names, snapshot->server.sync_names) == 0) {
        want_waited_slots(snapshot, plan);
        return true;
    }
    if (written->times > 0 && strcmp(names, snapshot->sync.memory.list) == 0) {
        return !is_settling(snapshot, plan);
    }
    if (written->times >= WRITES_MAX) {
        return true;
    }
    if (have_facts(snapshot, FACT_SYNC, plan)) {
        announce(snapshot, &list, &next, plan);
        write_list(snapshot, plan, names);
    }
    return false;
}

/* Whoever is to leave loses its record first; judged in this same plan. */
static bool
records_are_written(const struct snapshot *snapshot)
{
    const struct done *written = &snapshot->done[OP_SET_DATA_STATUS];

    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        if (is_to_leave(snapshot, i)
            && !is_released(&snapshot->node[i].record.data_status)) {
            return written->times > 0
                   && snapshot->elapsed_ms >= written->first_ms
                                              + PROOF_WAIT_MS;
        }
    }
    return true;
}

/* Whoever is to leave and lives: is the new record in its own copy? */
static bool
copies_are_read(const struct snapshot *snapshot, struct plan *plan)
{
    const struct done *read = &snapshot->done[OP_READ_COPY];
    bool all = true;

    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        if (!copy_is_due(snapshot, i)) {
            continue;
        }
        if (read->times > 0
            && snapshot->elapsed_ms >= read->first_ms + PROOF_WAIT_MS) {
            plan_log_once(plan, LOG_WARNING, "commits wait for '%s' until "
                          "its own copy of the CIB shows its new "
                          "data-status", snapshot->node[i].name);
            continue;
        }
        plan_add(plan, OP_READ_COPY, OP_BEST_EFFORT, i, NULL);
        all = false;
    }
    return all;
}

/* Does every member of the quorum know what the list to come asks for? */
static bool
quorum_is_confirmed(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (is_quorum_member(snapshot, i)
            && (!quorum_is_recorded(snapshot, i)
                || !quorum_is_in_copy(snapshot, i))) {
            return false;
        }
    }
    return true;
}

/* What is recorded in this plan is read back in the next ones; not for ever. */
static bool
quorum_is_awaited(const struct snapshot *snapshot, struct plan *plan)
{
    const struct done *read = &snapshot->done[OP_READ_COPY];
    const struct done *written = &snapshot->done[OP_SET_DATA_QUORUM];
    const struct done *first = read->times > 0 ? read : written;

    if (!records_are_written(snapshot) || !copies_are_read(snapshot, plan)) {
        return true;
    }
    if (first->times > 0
        && snapshot->elapsed_ms >= first->first_ms + PROOF_WAIT_MS) {
        return false;
    }
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (is_quorum_member(snapshot, i) && quorum_is_recorded(snapshot, i)
            && !quorum_is_in_copy(snapshot, i)) {
            plan_add(plan, OP_READ_COPY, OP_BEST_EFFORT, i, NULL);
        }
    }
    return true;
}

/* --- proof --------------------------------------------------------------- */

/* Every WAL sender that has a say shows its place in the new list (P1). */
static bool
list_is_in_effect(const struct snapshot *snapshot,
                  const struct sync_list *list)
{
    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        const struct sender *sender = &snapshot->node[i].senders.own;

        if (i != snapshot->self && sender->state != SENDER_NONE
            && (!sender_is_seen(sender)
                || sender->sync_priority != sync_list_priority(list, i))) {
            return false;
        }
    }
    return true;
}

static bool
proof_is_missing(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (stays_listed(snapshot, i)
            && (quorum_mode(snapshot) ? !quorum_is_final(snapshot, i)
                                      : !has_proof(snapshot, i))) {
            return true;
        }
    }
    return false;
}

/* Did this action begin something that may end in a moment? */
static bool
step_is_fresh(const struct snapshot *snapshot)
{
    static const enum op_kind kinds[] = {
        OP_WRITE_SYNC_NAMES, OP_ASK_CHECKPOINT, OP_TAKE_MARK,
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const struct done *done = &snapshot->done[kinds[i]];

        if (done->times > 0
            && snapshot->elapsed_ms < done->first_ms + PROOF_WAIT_MS) {
            return true;
        }
    }
    return false;
}

/*
 * Backends begin to wait when the checkpointer has set their shared flag. It
 * has where one is seen to wait, and where a checkpoint began after the list
 * was in effect: the checkpointer reloads before it begins one.
 */
static bool
commits_are_known_to_wait(const struct snapshot *snapshot,
                          const struct sync_memory *memory)
{
    return memory->proven || snapshot->sync.waiter == TRI_YES
           || (memory->asked != 0
               && snapshot->sync.redo_lsn > memory->asked);
}

/* A listed standby without its proof: the next step. True: look again. */
static bool
proof_is_due(const struct snapshot *snapshot, struct plan *plan)
{
    const struct done *written = &snapshot->done[OP_WRITE_SYNC_NAMES];
    struct sync_list list = sync_list_now(snapshot);
    struct sync_memory memory;

    if (!proof_is_missing(snapshot)) {
        return false;
    }
    if (!have_facts(snapshot, FACT_SYNC, plan)) {
        return true;
    }
    memory = memory_of(snapshot);
    if (snapshot->sync.started[0] == '\0' || memory.mark != 0
        || !list_is_in_effect(snapshot, &list)) {
        return step_is_fresh(snapshot);
    }
    if (commits_are_known_to_wait(snapshot, &memory)) {
        plan_add(plan, OP_TAKE_MARK, OP_REQUIRED, 0, NULL);
        return true;
    }
    if (memory.asked != 0) {
        return step_is_fresh(snapshot);
    }
    if (written->times == 0
        || snapshot->elapsed_ms >= written->first_ms + WAITER_WAIT_MS) {
        plan_add(plan, OP_ASK_CHECKPOINT, OP_REQUIRED, 0, NULL);
    }
    return true;
}

/* --- what a person should know ------------------------------------------- */

/* A dead connection looks alive until wal_sender_timeout. */
static bool
silence_is_told(const struct snapshot *snapshot, struct plan *plan)
{
    uint32_t timeout_ms = snapshot->sync.sender_timeout_ms;

    for (size_t i = 0; i < snapshot->node_count; i++) {
        const struct sender *sender = &snapshot->node[i].senders.own;

        if (!stays_listed(snapshot, i) || sender->silent_ms < SILENT_MS
            || sender->flush_lsn >= snapshot->server.position.lsn) {
            continue;
        }
        if (!have_facts(snapshot, FACT_SYNC, plan)) {
            return false;
        }
        if (snapshot->sync.waiter != TRI_YES) {
            continue;
        }
        plan_log_once(plan, LOG_WARNING,
                      "commits wait for '%s', which has not answered for a "
                      "while: look at the replication LAN. The server gives "
                      "it up after wal_sender_timeout (%u s%s)",
                      snapshot->node[i].name, timeout_ms / 1000,
                      timeout_ms == 0 ? ": never" : "");
    }
    return true;
}

bool
sync_list_is_settled(const struct snapshot *snapshot, struct plan *plan)
{
    if (!may_steer(snapshot, plan)) {
        return plan->verdict != VERDICT_AGAIN;
    }
    if (quorum_change_is_due(snapshot)
        && !quorum_is_confirmed(snapshot)) {
        if (!quorum_is_awaited(snapshot, plan)) {
            return true;
        }
    } else if (records_are_written(snapshot)
        && copies_are_read(snapshot, plan) && list_is_right(snapshot, plan)
        && !proof_is_due(snapshot, plan)
        && silence_is_told(snapshot, plan)) {
        return true;
    }
    plan->facts |= snapshot->facts & FACT_SYNC;
    return false;
}
