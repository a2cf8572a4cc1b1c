/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_NOTABLE_H
#define PGWARD_COMMON_NOTABLE_H

#include <stddef.h>

#include "event.h"
#include "plan.h"
#include "snapshot.h"

/*
 * Which of an action's looks are worth keeping, and what happened by them.
 * Where all is well a monitor has neither: nothing is written then.
 */

/*!
 * X(symbol, word): the rings that looks are kept in, each so large, so that
 * what comes often does not push out what comes seldom.
 */
#define FLIGHT_RING_LIST(X) \
    X(FLIGHT_NONE, "none")          /* not worth it */ \
    X(FLIGHT_PROMOTE, "promote")    /* every look of a promotion */ \
    X(FLIGHT_DEMOTE, "demote")      /* and of a demotion */ \
    X(FLIGHT_RELEASE, "release")    /* commits stop to wait for a standby */ \
    X(FLIGHT_REJOIN, "rejoin")      /* a node's data comes back */ \
    X(FLIGHT_FAILURE, "failure")    /* a death, or an action's failure */

#define FLIGHT_ENUM_ROW(symbol, word) symbol,
enum flight_ring { FLIGHT_RING_LIST(FLIGHT_ENUM_ROW) FLIGHT_RINGS };
#undef FLIGHT_ENUM_ROW

/*! The word of a ring: its files begin with it. */
const char *
notable_ring_name(enum flight_ring ring);

/*! In which ring is this look to be kept, with what was decided by it? */
enum flight_ring
notable_ring(const struct snapshot *snapshot, const struct plan *plan);

/*! As many events as one look can have: each node's release, and two more. */
#define NOTABLE_EVENTS_MAX (NODES_MAX + 2)

/*!
 * What happens by this look's plan.
 *
 * \param[out] ret_events  without their time
 *
 * \return how many.
 */
size_t
notable_events(const struct snapshot *snapshot, const struct plan *plan,
               struct event ret_events[NOTABLE_EVENTS_MAX]);

#endif
