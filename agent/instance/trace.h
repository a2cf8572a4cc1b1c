/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_TRACE_H
#define PGWARD_AGENT_TRACE_H

#include "instance.h"
#include "plan.h"
#include "snapshot.h"

/*!
 * Append a look and what was decided by it to the trace, where one is asked
 * for: trace_file, or the environment's PGWARD_TRACE. Passwords and connection
 * strings are hidden (P8). It never stands in the way of an action.
 *
 * A trace that has become too large (TRACE_FILE_MAX) makes room: it becomes
 * FILE.old, and what was that is gone.
 */
void
trace_add(const struct instance *instance, const struct snapshot *snapshot,
          const struct plan *plan);

#define TRACE_FILE_MAX (64 * 1024 * 1024)

/*! Bytes of a look and its plan as text. */
#define TRACE_LOOK_SIZE (128 * 1024)

/*!
 * Write a look and what was decided by it as a trace has them, without secrets
 * (P8).
 *
 * \param[in]  comment   `#` lines that stand above the look, or ""
 * \param[out] ret_text  of TRACE_LOOK_SIZE, empty; `overflow`: not all of it
 */
void
trace_render(const struct snapshot *snapshot, const struct plan *plan,
             const char *comment, struct text *ret_text);

#endif
