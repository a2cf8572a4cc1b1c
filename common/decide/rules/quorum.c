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

#include "quorum.h"

#include "lead_rule.h"
#include "line.h"
#include "listed.h"
#include "lsn.h"
#include "peers.h"
#include "position.h"
#include "sync_list.h"
#include "sync_members.h"

int
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

enum lead_rule
lead_by_quorum(const struct snapshot *snapshot, size_t node)
{
    const struct node *candidate = &snapshot->node[node];
    struct wal_position mine = published_position(candidate);
    struct quorum quorum;
    uint32_t seen = 1;

    if (read_quorum(&candidate->record.quorum, &quorum) != 0) {
        return LEAD_QUORUM_UNREAD;
    }
    for (size_t i = 0; i < snapshot->node_count; i++) {
        const struct node *other = &snapshot->node[i];
        if (i == node || !is_live(snapshot, i)
            || !attr_is(&other->record.data_status, DATA_QUORUM)
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
        seen += can_be_compared(snapshot, i, node);
    }
    return quorum.n == 0 || seen + quorum.n <= quorum.of
           ? LEAD_QUORUM_TOO_FEW : LEAD_QUORUM;
}

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

uint32_t
count_members(const struct snapshot *snapshot, const struct sync_list *list,
              const struct sync_list *next)
{
    uint32_t count = 0;

    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        count += sync_list_place(list, i) > 0 || sync_list_place(next, i) > 0
                 || attr_is(&snapshot->node[i].record.data_status, DATA_QUORUM);
    }
    return count;
}

/* Is this member's record the one that the list in force asks for? */
bool
quorum_is_final(const struct snapshot *snapshot, size_t node)
{
    struct sync_list list = sync_list_now(snapshot);
    struct quorum quorum;

    return attr_is(&snapshot->node[node].record.data_status, DATA_QUORUM)
           && read_quorum(&snapshot->node[node].record.quorum, &quorum) == 0
           && quorum.n == list.n
           && quorum.of == count_members(snapshot, &list, &list);
}
