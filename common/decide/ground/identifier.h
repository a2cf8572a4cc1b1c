/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_IDENTIFIER_H
#define PGWARD_COMMON_IDENTIFIER_H

#include "plan.h"
#include "snapshot.h"

/*!
 * Does a node hold another database than the cluster's, by its system
 * identifier? Such a node never votes, leads or is ranked (P3). UNKNOWN is no:
 * who asks for this node asks identifier_is_known() before.
 */
bool
is_foreign(const struct snapshot *snapshot, size_t node);

/*!
 * End with both identifiers where this node's data is of another database.
 *
 * \return true: the plan has its verdict.
 */
bool
refuse_foreign(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Is this node's identifier known, where the cluster has one on record?
 *
 * \return false: the plan looks for it, or has its verdict.
 */
bool
identifier_is_known(const struct snapshot *snapshot, struct plan *plan);

/*! Tell the others this node's identifier, as its file has it. */
void
want_own_identifier(const struct snapshot *snapshot, struct plan *plan);

/*!
 * What a primary does about it: the cluster's identifier is recorded once.
 *
 * \return false: the plan looks at its own first.
 */
bool
want_cluster_identifier(const struct snapshot *snapshot, struct plan *plan);

/*!
 * What a primary does about the names that standbys stream under: the
 * cluster's key is made once, when every agent knows what it is.
 *
 * \return false: the plan looks at the standbys anew.
 */
bool
want_name_key(const struct snapshot *snapshot, struct plan *plan);

/*! Say who has the name of a node and is none of its standbys. */
void
tell_of_strangers(const struct snapshot *snapshot, struct plan *plan);

/*! Is this standby's name in its file another than the cluster's key makes? */
bool
is_misnamed(const struct snapshot *snapshot);

#endif
