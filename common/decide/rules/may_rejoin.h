/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_MAY_REJOIN_H
#define PGWARD_COMMON_MAY_REJOIN_H

#include <stdbool.h>
#include <stddef.h>

#include "snapshot.h"

/*! May this node's data be brought back to a primary's history? */
enum rejoin_answer {
    REJOIN_NEVER = 0,           /*!< a person has to act first */
    REJOIN_NOT_NOW,
    REJOIN_MAY,
};

/*!
 * The other side has won by the record, it leads, and this node may not lead
 * by anything that is known. That the histories have parted is the caller's to
 * prove. UNKNOWN is not now.
 *
 * \param[in]  primary  who leads; NODES_MAX: nobody is known to
 * \param[out] ret_why  set unless it may: what is in the way
 *
 * Source: promise P9.
 */
enum rejoin_answer
may_rejoin(const struct snapshot *snapshot, size_t primary,
           const char **ret_why);

#endif
