/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_OVERVIEW_MAKE_H
#define PGWARD_COMMON_OVERVIEW_MAKE_H

#include "overview.h"
#include "snapshot.h"

/*! What this node is to be looked at for. */
#define OVERVIEW_FACTS \
    ((uint32_t) (FACT_PROCESS | FACT_FILES | FACT_CONTROL | FACT_SQL \
                 | FACT_SENDERS | FACT_REPLAY | FACT_UPSTREAM | FACT_REJOIN \
                 | FACT_PROFILE | FACT_ATTRS | FACT_RECORD | FACT_MEMBERS \
                 | FACT_COPIES))

/*! And what from the primary's seat (`look_request.seat`). */
#define OVERVIEW_SEAT_FACTS \
    ((uint32_t) (FACT_SQL | FACT_SENDERS | FACT_PROFILE | FACT_ATTRS \
                 | FACT_RECORD | FACT_MEMBERS))

/*!
 * Whose server has to be asked beside this node's own: the seat of the second
 * look.
 *
 * \return the node's index; NODES_MAX: nobody's.
 */
size_t
overview_seat(const struct snapshot *here);

/*!
 * Judge what was seen.
 *
 * \param[in]  here  this node's look (OVERVIEW_FACTS)
 * \param[in]  seat  the look from overview_seat() (OVERVIEW_SEAT_FACTS); NULL:
 *                   there was none to take, or it failed
 * \param[out] ret_overview  large: not for the stack
 *
 * Units:  bytes; ms.
 * Errors: none; what is UNKNOWN claims no safety: no proof, no spare, no
 *         number.
 * Source: promises P1 to P3.
 */
void
overview_make(const struct snapshot *here, const struct snapshot *seat,
              struct overview *ret_overview);

#endif
