/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_COPIES_H
#define PGWARD_AGENT_COPIES_H

#include "instance.h"

/*!
 * Read the record out of the copy that each other node has which is online:
 * copy, copy_quorum, copy_self and copy_answered. For one that is stuck the
 * others do not wait.
 *
 * \return 0, or -1 with `ret_why`: one did not answer.
 */
int
copies_observe(const struct instance *instance, int64_t deadline_ms,
               struct snapshot *snapshot, struct text *ret_why);

#endif
