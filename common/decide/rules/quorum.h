/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_QUORUM_H
#define PGWARD_COMMON_QUORUM_H

#include "lead_rule.h"
#include "snapshot.h"
#include "sync_list.h"

/*! May the list grow, once the old members' records ask for more? */
bool
quorum_may_grow(const struct snapshot *snapshot);

/*! Is it in the list that is in force, to stay? */
bool
is_quorum_member(const struct snapshot *snapshot, size_t node);

/*! Has this member on record what the list in force asks for, proved? */
bool
quorum_is_final(const struct snapshot *snapshot, size_t node);

/*!
 * Does this member hold all that was acknowledged: have so many members shown
 * their positions that one of them does, and none holds more?
 */
enum lead_rule
lead_by_quorum(const struct snapshot *snapshot, size_t node);

/* `0/N` allows nobody: commits are not known to wait yet. */
struct quorum {
    uint32_t n;
    uint32_t of;
};

/*! 0, or -1: it is no record of a quorum. */
int
read_quorum(const struct attr *attr, struct quorum *ret_quorum);

/*!
 * All that count as members by one of the lists or by their record: one that
 * left the cluster may keep the name of a member for a while.
 */
uint32_t
count_members(const struct snapshot *snapshot, const struct sync_list *list,
              const struct sync_list *next);

#endif
