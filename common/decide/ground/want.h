/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_WANT_H
#define PGWARD_COMMON_WANT_H

#include "plan.h"
#include "snapshot.h"

/*!
 * A monitor that knows the server's health gives the cluster's daemons this
 * long; then its verdict stands, and the next one looks again.
 */
#define MONITOR_LOOK_MS 3000u

/*! A verdict is given this long before the action would be killed. */
#define LAST_CALL_MS 1000u

/*! How soon a wait looks again: soon at first, for most waits are short. */
uint32_t
poll_ms(const struct snapshot *snapshot);

/*!
 * Has the cluster said nothing of its attributes, its record or its members?
 * One of its daemons is away for a moment then, and nothing may be concluded.
 * The plan looks again, or ends with the reason when the time is over.
 */
bool
cluster_is_silent(const struct snapshot *snapshot, struct plan *plan);

/*! Were these facts tried in this cycle? If not, the plan asks for them. */
bool
have_facts(const struct snapshot *snapshot, uint32_t facts,
           struct plan *plan);

/*!
 * Plan an attribute's new value; "" deletes it. Nothing when it has that
 * value, and nothing for a node known to be offline.
 */
void
want_attr(const struct snapshot *snapshot, struct plan *plan,
          enum op_kind kind, enum op_need need, size_t node,
          const char *value);

/*! Plan a node's RSC-data-status; nothing when it has that value. */
void
want_data_status(const struct snapshot *snapshot, struct plan *plan,
                 enum op_need need, size_t node, const char *value);

/*! This node's attributes while the server is down. */
void
want_stopped_attrs(const struct snapshot *snapshot, struct plan *plan);

/*! Tell people (RSC-why) in the caller's words, which say first what to do. */
void
want_why(const struct snapshot *snapshot, struct plan *plan, const char *why);

/*! Nothing is left to be told there. */
void
want_no_why(const struct snapshot *snapshot, struct plan *plan);

#endif
