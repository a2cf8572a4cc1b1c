/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_PROFILE_H
#define PGWARD_COMMON_PROFILE_H

#include "plan.h"
#include "snapshot.h"

/*!
 * Warn about everything in the configuration of the cluster, of the resource
 * and of the server that weakens a promise: each line names the object, what
 * it can cost and the command that changes it.
 *
 * \param[in]     snapshot  profile, fencing, settings; UNKNOWN never warns
 * \param[in,out] plan      log lines are added
 */
void
profile_warn(const struct snapshot *snapshot, struct plan *plan);

/*!
 * What a primary does once in its promotion: adds the look that is needed, then
 * the warnings, the attribute that remembers them, and a new WAL segment.
 *
 * \param[in,out] plan  of a monitor that has nothing else left to do
 */
void
profile_duty(const struct snapshot *snapshot, struct plan *plan);

/*!
 * Read a time as Pacemaker writes it: `20`, `20s`, `500ms`, `2min`.
 *
 * \return 0, or -1 with `ret_ms` untouched: it is none, or too large.
 */
int
profile_parse_ms(const char *text, uint32_t *ret_ms);

/*!
 * Is `name` a unit or a start script that starts PostgreSQL's server?
 */
bool
profile_is_server_unit(const char *name);

#endif
