/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_TOPOLOGY_H
#define PGWARD_COMMON_TOPOLOGY_H

#include "snapshot.h"
#include "text.h"

/*!
 * Tell who leads and who follows, a line a node.
 *
 * \param[in]  title  of the table
 * \param[out] text   what a person reads
 *
 * Errors: a text that did not fit has `overflow` set.
 */
void
topology_tell(const struct snapshot *snapshot, const char *title,
              struct text *text);

/*! What a node is, in a word: `primary`, `standby`, `stopped`, `offline`. */
const char *
topology_role(const struct node *node);

#endif
