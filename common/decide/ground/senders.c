/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which WAL senders are dead: they look alive until wal_sender_timeout. */

#include "senders.h"

#include <syslog.h>

#include "listed.h"

/*
 * A WAL sender may be seen before the cluster's history tells of the start that
 * it comes of; one that is older than this began before a stop that it tells.
 */
#define HISTORY_LATE_MS 2000u

/*
 * What a pre-stop notify writes makes Pacemaker plan anew, and monitors run
 * before the stop does. A plan that still has the stop sends that notify again;
 * one that has it no more sends nothing, and is known by the time that went by.
 */
#define LEAVING_MS 10000u

/* What left is that one WAL sender: an instance that comes back has another. */
bool
is_leaving(const struct snapshot *snapshot, size_t node)
{
    const struct node *peer = &snapshot->node[node];
    bool stops = peer->member.role == ROLE_STARTED
                 && peer->member.starting == TRI_YES;

    return (snapshot->notify == NOTIFY_PRE_STOP
            && peer->in_stop_list == TRI_YES)
           || (peer->senders.own.leaving_ms > 0
               && (stops || peer->senders.own.leaving_ms < LEAVING_MS));
}

void
note_leaving(const struct snapshot *snapshot, struct plan *plan)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (i != snapshot->self && snapshot->notify == NOTIFY_PRE_STOP
            && snapshot->node[i].in_stop_list == TRI_YES
            && snapshot->done[OP_NOTE_LEAVING].times == 0) {
            plan_add(plan, OP_NOTE_LEAVING, OP_BEST_EFFORT, i, NULL);
        }
    }
}

/*
 * Its start waits for this notify: until that returns, nothing runs there. A
 * start is planned, and told, of what is not probed yet, too: a refresh takes
 * the history of a server that runs away.
 */
static bool
is_to_start(const struct snapshot *snapshot, size_t node)
{
    const struct node *peer = &snapshot->node[node];

    return snapshot->notify == NOTIFY_PRE_START
           && peer->in_start_list == TRI_YES
           && peer->member.role == ROLE_STOPPED
           && peer->member.starting == TRI_NO;
}

bool
probe_is_awaited(const struct snapshot *snapshot, size_t node)
{
    const struct node *peer = &snapshot->node[node];

    return node != snapshot->self && peer->in_start_list == TRI_YES
           && peer->member.role == ROLE_UNKNOWN
           && peer->senders.own.state != SENDER_NONE
           && sender_is_seen(&peer->senders.own);
}

/*
 * A node that booted and has not been probed: the cluster has no word of it. A
 * clean-up takes the history away, too, and leaves the attributes, which the
 * instance sets as soon as it runs.
 */
static bool
has_just_booted(const struct node *node)
{
    return node->member.probed == TRI_NO
           && node->attrs.status.known == ATTR_UNSET
           && node->attrs.score.known == ATTR_UNSET;
}

/* In maintenance mode a person may have started what the cluster calls so. */
static bool
is_known_stopped(const struct snapshot *snapshot, size_t node)
{
    const struct node *peer = &snapshot->node[node];

    return peer->member.online == TRI_YES
           && snapshot->cluster.maintenance == TRI_NO
           && ((peer->member.role == ROLE_STOPPED
                && peer->member.starting == TRI_NO)
               || has_just_booted(peer))
           && peer->senders.own.age_ms >= HISTORY_LATE_MS;
}

bool
sender_is_dead(const struct snapshot *snapshot, size_t node)
{
    const struct sender *sender = &snapshot->node[node].senders.own;

    return node != snapshot->self && sender->state != SENDER_NONE
           && sender_is_seen(sender)
           && (is_to_start(snapshot, node)
               || is_known_stopped(snapshot, node));
}

/*
 * It would hold its node's slot, and have a say in what commits wait for. One
 * that has no say may be of a server that a person lets catch up.
 */
static bool
has_to_end(const struct snapshot *snapshot, size_t node)
{
    return sender_is_dead(snapshot, node)
           && (is_to_start(snapshot, node) || is_listed(snapshot, node));
}

void
end_dead_senders(const struct snapshot *snapshot, struct plan *plan)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        const struct sender *sender = &snapshot->node[i].senders.own;

        if (!has_to_end(snapshot, i)) {
            continue;
        }
        if (snapshot->done[OP_END_SENDERS].times == 0) {
            plan_log(plan, LOG_NOTICE, "'%s' runs no server: the WAL sender "
                     "of its last one (process %u) is ended",
                     snapshot->node[i].name, sender->pid);
        }
        plan_add_whole(plan, OP_END_SENDERS, OP_BEST_EFFORT, i,
                       (int32_t) sender->pid, sender->began);
    }
}

bool
sender_is_seen(const struct sender *sender)
{
    return sender->state != SENDER_UNKNOWN && sender->visible != TRI_NO;
}
