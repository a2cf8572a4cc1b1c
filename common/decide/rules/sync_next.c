/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The synchronous list that is to come (P2). */

#include "sync_next.h"

#include <string.h>

#include "listed.h"
#include "peers.h"
#include "quorum.h"
#include "senders.h"
#include "sync_list.h"
#include "sync_members.h"

/*
 * A quorum's number only falls, since no WAL sender shows which one it
 * follows; and only where every member is there to be told.
 */
static uint32_t
number_wanted(const struct snapshot *snapshot, const struct sync_list *list,
              const struct sync_list *next)
{
    size_t number = snapshot->settings.sync_num;

    number = number > 1 ? number : 1;
    for (size_t i = 0; i < next->count; i++) {
        if (number < list->n && sync_list_place(list, next->node[i]) != 0
            && !stays_listed(snapshot, next->node[i])) {
            number = list->n;
        }
    }
    number = number < next->count ? number : next->count;
    return list->any && number > list->n ? list->n : (uint32_t) number;
}

/*
 * Should this one leave the list? Then it does once the record says so and
 * nobody can act on the old one any more (P2).
 */
bool
is_to_leave(const struct snapshot *snapshot, size_t node)
{
    return is_listed(snapshot, node) && !stays_listed(snapshot, node)
           && !may_still_act(snapshot, node)
           && !is_last_of_strict(snapshot, node)
           && (sender_is_seen(&snapshot->node[node].senders.own)
               || node >= snapshot->node_count
               || is_leaving(snapshot, node) || is_down(snapshot, node));
}

/* A node that lives has to show the new record in its own copy. */
bool
copy_is_due(const struct snapshot *snapshot, size_t node)
{
    const struct node *peer = &snapshot->node[node];

    return is_to_leave(snapshot, node) && is_released(&peer->record.data_status)
           && !is_down(snapshot, node) && !is_released(&peer->copy);
}

bool
may_leave(const struct snapshot *snapshot, size_t node)
{
    return is_to_leave(snapshot, node)
           && is_released(&snapshot->node[node].record.data_status)
           && !copy_is_due(snapshot, node);
}

/*
 * In the list, but under a name that it does not stream under any more: it
 * leaves that one by the rules, and comes anew in the same step.
 */
static bool
is_new(const struct snapshot *snapshot, const struct sync_list *list,
       size_t node)
{
    return sync_list_place(list, node) == 0
           || (sync_list_misnames(snapshot, list, node)
               && may_leave(snapshot, node));
}

/*
 * New names stand first: where commits will wait for more of them, every WAL
 * sender's sync_priority changes then, and shows that it has taken the list.
 */
struct sync_list
sync_list_next(const struct snapshot *snapshot, const struct sync_list *list)
{
    struct sync_list next = { .n = 0 };
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++) {
        kept += !may_leave(snapshot, list->node[i]);
    }
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (next.count + kept < names_wanted(snapshot)
            && may_join(snapshot, i) && is_new(snapshot, list, i)
            && (!quorum_mode(snapshot) || quorum_may_grow(snapshot))) {
            sync_list_add(snapshot, &next, i);
        }
    }
    for (size_t i = 0; i < list->count; i++) {
        if (!may_leave(snapshot, list->node[i])) {
            memcpy(next.name[next.count], list->name[i], NODE_NAME_SIZE);
            next.node[next.count++] = list->node[i];
        }
    }
    next.n = (uint32_t) next.count;
    if (quorum_mode(snapshot)) {
        next.n = number_wanted(snapshot, list, &next);
        next.any = next.n < next.count;
    }
    return next;
}
