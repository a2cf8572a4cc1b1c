/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who counts in the synchronous list, and who has caught up (P1, P2). */

#include "sync_members.h"

#include <string.h>

#include "listed.h"
#include "lsn.h"
#include "past.h"
#include "peers.h"
#include "replay.h"
#include "senders.h"
#include "sync_list.h"

struct sync_memory
memory_of(const struct snapshot *snapshot)
{
    const struct sync_memory *memory = &snapshot->sync.memory;
    struct sync_memory none = { .asked = 0 };

    return snapshot->server.sync_names_known == TRI_YES
           && memory->started[0] != '\0'
           && strcmp(memory->started, snapshot->sync.started) == 0
           && strcmp(memory->list, snapshot->server.sync_names) == 0
           ? *memory : none;
}

static bool
is_connected(const struct snapshot *snapshot, size_t node)
{
    const struct sender *sender = &snapshot->node[node].senders.own;

    return node < snapshot->node_count
           && sender->state == SENDER_STREAMING && sender->visible != TRI_NO
           && !is_leaving(snapshot, node) && !is_down(snapshot, node)
           && !sender_is_dead(snapshot, node)
           && !is_known_parted(snapshot, node);
}

/* And could it lead with what it flushes? */
static bool
is_streaming(const struct snapshot *snapshot, size_t node)
{
    return is_connected(snapshot, node)
           && !replay_is_held_up(snapshot, node);
}

size_t
names_wanted(const struct snapshot *snapshot)
{
    size_t wanted = snapshot->settings.sync_num;

    if (quorum_mode(snapshot)) {
        return NODES_MAX;
    }
    return wanted > 1 ? wanted : 1;
}

bool
has_flushed_mark(const struct snapshot *snapshot, size_t node)
{
    lsn mark = memory_of(snapshot).mark;

    return is_listed(snapshot, node) && mark != 0
           && snapshot->node[node].senders.own.flush_lsn >= mark;
}

bool
may_join(const struct snapshot *snapshot, size_t node)
{
    const struct node *peer = &snapshot->node[node];

    return node != snapshot->self && is_streaming(snapshot, node)
           && past_of(snapshot, node) == PAST_OURS
           && peer->member.online == TRI_YES
           && peer->member.role == ROLE_STARTED
           && peer->member.starting != TRI_YES;
}

/* One more than sync_num: whoever is recorded stays before who is not. */
static bool
is_surplus(const struct snapshot *snapshot, const struct sync_list *list,
           size_t node)
{
    bool recorded = attr_is(&snapshot->node[node].record.data_status,
                            DATA_SYNC);
    size_t before = 0;

    for (size_t i = 0; i < list->count; i++) {
        size_t other = list->node[i];
        bool other_recorded = attr_is(&snapshot->node[other].record.data_status,
                                      DATA_SYNC);

        if (other != node && is_streaming(snapshot, other)) {
            before += other_recorded && !recorded;
            before += other_recorded == recorded
                      && i + 1 < sync_list_place(list, node);
        }
    }
    return before >= names_wanted(snapshot);
}

bool
has_proof(const struct snapshot *snapshot, size_t node)
{
    struct sync_list list = sync_list_now(snapshot);

    if (list.any) {
        return false;   /* commits wait for any of them */
    }
    if (attr_is(&snapshot->node[node].record.data_status, DATA_SYNC)
        && (is_listed(snapshot, node)
            || snapshot->server.sync_names_known != TRI_YES)) {
        return true;    /* never released since, so commits waited for it */
    }
    return has_flushed_mark(snapshot, node)
           && replay_is_proved(snapshot, node, memory_of(snapshot).mark);
}

bool
stays_listed(const struct snapshot *snapshot, size_t node)
{
    struct sync_list list = sync_list_now(snapshot);

    return sync_list_place(&list, node) > 0 && is_streaming(snapshot, node)
           && !sync_list_misnames(snapshot, &list, node)
           && !is_surplus(snapshot, &list, node);
}

/* Nobody could take the place of who is lost. */
static bool
nobody_streams(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (may_join(snapshot, i)
            || (is_listed(snapshot, i) && is_streaming(snapshot, i))) {
            return false;
        }
    }
    return true;
}

bool
is_last_of_strict(const struct snapshot *snapshot, size_t node)
{
    return snapshot->settings.sync_strict && is_listed(snapshot, node)
           && nobody_streams(snapshot);
}

bool
is_held(const struct snapshot *snapshot, size_t node)
{
    /* of a node that left, the WAL sender is only not yet timed out */
    bool streams = is_connected(snapshot, node)
                   && snapshot->node[node].member.online != TRI_NO;

    return is_listed(snapshot, node) && !streams
           && (may_still_act(snapshot, node)
               || is_last_of_strict(snapshot, node));
}
