/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the members' records are to say of the quorum (P2). */

#include "quorum_record.h"

#include <string.h>

#include "listed.h"
#include "peers.h"
#include "quorum.h"
#include "sync_list.h"
#include "sync_members.h"
#include "sync_next.h"

/*
 * What the members of the list that is in force have on record; a new one has
 * nothing yet. A synchronous standby of priority mode has every commit.
 */
static struct quorum
recorded_quorum(const struct snapshot *snapshot,
                const struct sync_list *list)
{
    struct quorum all = { 0, 0 };
    bool first = true;

    for (size_t i = 0; i < list->count; i++) {
        const struct node *member = &snapshot->node[list->node[i]];
        struct quorum one = { 1, (uint32_t) list->count };

        if (!stays_listed(snapshot, list->node[i])
            || (!attr_is(&member->record.data_status, DATA_SYNC)
                && !attr_is(&member->record.data_status, DATA_QUORUM))) {
            continue;
        }
        if (!attr_is(&member->record.data_status, DATA_SYNC)
            && read_quorum(&member->record.quorum, &one) != 0) {
            one.n = 0;
        }
        all.n = first || one.n < all.n ? one.n : all.n;
        all.of = one.of > all.of ? one.of : all.of;
        first = false;
    }
    return all;
}

static bool
is_same_list(const struct sync_list *list, const struct sync_list *next)
{
    bool same = list->count == next->count && list->n == next->n
                && list->any == next->any && list->strangers == 0;

    for (size_t i = 0; same && i < list->count; i++) {
        same = list->node[i] == next->node[i]
               && strcmp(list->name[i], next->name[i]) == 0;
    }
    return same;
}

static bool
all_have_flushed(const struct snapshot *snapshot,
                 const struct sync_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!stays_listed(snapshot, list->node[i])
            || !has_flushed_mark(snapshot, list->node[i])) {
            return false;
        }
    }
    return true;
}

static struct quorum
wanted_quorum(const struct snapshot *snapshot)
{
    struct sync_list list = sync_list_now(snapshot);
    struct sync_list next = sync_list_next(snapshot, &list);
    struct quorum quorum = recorded_quorum(snapshot, &list);
    uint32_t members = count_members(snapshot, &list, &next);

    if (is_same_list(&list, &next) && all_have_flushed(snapshot, &list)) {
        return (struct quorum) { next.n, members };
    }
    quorum.n = next.n < quorum.n ? next.n : quorum.n;
    quorum.of = members > quorum.of ? members : quorum.of;
    return quorum;
}

void
quorum_text(const struct snapshot *snapshot, char *ret_value)
{
    struct quorum quorum = wanted_quorum(snapshot);
    struct text text;

    text_init(&text, ret_value, ATTR_VALUE_SIZE);
    text_add(&text, "%u/%u", quorum.n, quorum.of);
}

bool
quorum_is_live(const struct snapshot *snapshot)
{
    return wanted_quorum(snapshot).n > 0;
}

bool
quorum_change_is_due(const struct snapshot *snapshot)
{
    struct sync_list list = sync_list_now(snapshot);
    struct sync_list next = sync_list_next(snapshot, &list);

    return quorum_mode(snapshot) && !is_same_list(&list, &next);
}

bool
quorum_is_recorded(const struct snapshot *snapshot, size_t node)
{
    char wanted[ATTR_VALUE_SIZE];

    quorum_text(snapshot, wanted);
    return attr_is(&snapshot->node[node].record.data_status, DATA_QUORUM)
           && attr_is(&snapshot->node[node].record.quorum, wanted);
}

bool
quorum_is_in_copy(const struct snapshot *snapshot, size_t node)
{
    char wanted[ATTR_VALUE_SIZE];

    quorum_text(snapshot, wanted);
    return attr_is(&snapshot->node[node].copy, DATA_QUORUM)
           && attr_is(&snapshot->node[node].copy_quorum, wanted);
}
