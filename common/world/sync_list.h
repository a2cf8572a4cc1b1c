/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_SYNC_LIST_H
#define PGWARD_COMMON_SYNC_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"
#include "text.h"

/*
 * synchronous_standby_names in the forms that pgward writes: "", `"a"`,
 * `FIRST 2 ("a","b")`, `ANY 1 ("a","b")`.
 */

struct sync_list {
    bool any;                   /*!< `n` of them are enough */
    uint32_t n;                 /*!< commits wait for so many */
    size_t count;
    size_t node[NODES_MAX];     /*!< in the list's order */
    char name[NODES_MAX][NODE_NAME_SIZE];       /*!< as each stands there */
    size_t strangers;           /*!< names that are no node of the snapshot */
};

/*!
 * Read a list.
 *
 * \return 0, or -1 with `ret_list` untouched: not of such a form.
 */
int
sync_list_parse(const struct snapshot *snapshot, const char *text,
                struct sync_list *ret_list);

/*!
 * Write a list. One name needs no count; several that all have to answer are
 * `FIRST n` of n.
 *
 * Errors: a text that did not fit has `overflow` set.
 */
void
sync_list_format(const struct sync_list *list, struct text *text);

/*! Put a node at the list's end, under the name that it is to have now. */
void
sync_list_add(const struct snapshot *snapshot, struct sync_list *list,
              size_t node);

/*!
 * Does the node stand there under a name that is not its own (any more)?
 * Whoever has that name satisfies the list, so it has to leave it.
 */
bool
sync_list_misnames(const struct snapshot *snapshot,
                   const struct sync_list *list, size_t node);

/*! The node's place in the list, from 1 on; 0: it is not there. */
uint32_t
sync_list_place(const struct sync_list *list, size_t node);

/*!
 * The sync_priority that a WAL sender which follows this list shows for the
 * node: its place, and 1 for all of a quorum.
 *
 * Source: SyncRepGetStandbyPriority() of PostgreSQL 10 to 17.
 */
uint32_t
sync_list_priority(const struct sync_list *list, size_t node);

#endif
