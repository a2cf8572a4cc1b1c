/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quorum mode: commits wait for any n of N standbys, so a node may lead only
 * where so many of the N show their positions that one of them has every
 * acknowledged commit: N - n + 1. Each member's own record says `n/N` (P2).
 *
 * The record covers every list that commits may have waited by: it asks for
 * more before the list changes, confirmed in each member's own copy, and for
 * less after the new list's mark was flushed.
 */

#include <string.h>

#include "decide_parts.h"
#include "line.h"

/* `0/N` allows nobody: commits are not known to wait yet. */
struct quorum {
    uint32_t n;
    uint32_t of;
};

bool
quorum_mode(const struct snapshot *snapshot)
{
    return snapshot->settings.rep_mode == REP_MODE_SYNC
           && snapshot->settings.sync_quorum;
}

static int
read_quorum(const struct attr *attr, struct quorum *ret_quorum)
{
    uint64_t n;
    uint64_t of;
    const char *rest;

    if (attr->known != ATTR_SET) {
        return -1;
    }
    rest = line_read_number(attr->value, NODES_MAX, &n);
    if (rest == NULL || *rest != '/') {
        return -1;
    }
    rest = line_read_number(rest + 1, NODES_MAX, &of);
    if (rest == NULL || *rest != '\0' || n > of || of == 0) {
        return -1;
    }
    *ret_quorum = (struct quorum) { (uint32_t) n, (uint32_t) of };
    return 0;
}

/* --- who may lead --------------------------------------------------------- */

enum lead_rule
lead_by_quorum(const struct snapshot *snapshot, size_t node)
{
    const struct node *candidate = &snapshot->node[node];
    struct wal_position mine = published_position(candidate);
    struct quorum quorum;
    uint32_t seen = 1;

    if (read_quorum(&candidate->quorum, &quorum) != 0) {
        return LEAD_QUORUM_UNREAD;
    }
    for (size_t i = 0; i < snapshot->node_count; i++) {
        const struct node *other = &snapshot->node[i];
        if (i == node || !is_live(snapshot, i)
            || !attr_is(&other->data_status, DATA_QUORUM)
            || !wal_position_is_known(published_position(other))) {
            continue;
        }
        if (!wal_position_is_known(mine)
            || standing_of(snapshot, i, node) == STANDING_AHEAD) {
            return LEAD_QUORUM_BEHIND;
        }
        if (standing_of(snapshot, i, node) == STANDING_APART) {
            return LEAD_QUORUM_PARTED;
        }
        seen++;
    }
    return quorum.n == 0 || seen + quorum.n <= quorum.of
           ? LEAD_QUORUM_TOO_FEW : LEAD_QUORUM;
}

/* --- the primary's record ------------------------------------------------- */

/*
 * A new member comes only where every old one is there to be told of it, and
 * when who has the commits of lists before no longer matters.
 */
bool
quorum_may_grow(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        if (is_listed(snapshot, i)
            && (!stays_listed(snapshot, i)
                || (!quorum_is_final(snapshot, i)
                    && !has_flushed_mark(snapshot, i)))) {
            return false;
        }
    }
    return true;
}

/* A record calls nobody a member who is not in the list that is in force. */
bool
is_quorum_member(const struct snapshot *snapshot, size_t node)
{
    return quorum_mode(snapshot) && stays_listed(snapshot, node);
}

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
            || (!attr_is(&member->data_status, DATA_SYNC)
                && !attr_is(&member->data_status, DATA_QUORUM))) {
            continue;
        }
        if (!attr_is(&member->data_status, DATA_SYNC)
            && read_quorum(&member->quorum, &one) != 0) {
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

/*
 * All that count as members by one of the lists or by their record: one that
 * left the cluster may keep the name of a member for a while.
 */
static uint32_t
count_members(const struct snapshot *snapshot, const struct sync_list *list,
              const struct sync_list *next)
{
    uint32_t count = 0;

    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        count += sync_list_place(list, i) > 0 || sync_list_place(next, i) > 0
                 || attr_is(&snapshot->node[i].data_status, DATA_QUORUM);
    }
    return count;
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

/* Is this member's record the one that the list in force asks for? */
bool
quorum_is_final(const struct snapshot *snapshot, size_t node)
{
    struct sync_list list = sync_list_now(snapshot);
    struct quorum quorum;

    return attr_is(&snapshot->node[node].data_status, DATA_QUORUM)
           && read_quorum(&snapshot->node[node].quorum, &quorum) == 0
           && quorum.n == list.n
           && quorum.of == count_members(snapshot, &list, &list);
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
    return attr_is(&snapshot->node[node].data_status, DATA_QUORUM)
           && attr_is(&snapshot->node[node].quorum, wanted);
}

bool
quorum_is_in_copy(const struct snapshot *snapshot, size_t node)
{
    char wanted[ATTR_VALUE_SIZE];

    quorum_text(snapshot, wanted);
    return attr_is(&snapshot->node[node].copy, DATA_QUORUM)
           && attr_is(&snapshot->node[node].copy_quorum, wanted);
}
