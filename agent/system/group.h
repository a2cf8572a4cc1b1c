/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_GROUP_H
#define PGWARD_AGENT_GROUP_H

#include <stdint.h>
#include <sys/types.h>

/*!
 * The CPU time that a process group has used, in clock ticks, with that of
 * children that were waited for: while it grows the group works. It falls when
 * a process ends that nobody waits for.
 *
 * \return 0 where there is no such group, or /proc cannot be read.
 */
uint64_t
group_cpu_ticks(pid_t group);

#endif
