/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_LIMITED_H
#define PGWARD_AGENT_LIMITED_H

#include <stdint.h>

/*!
 * Call a function that knows no time-out, and wait for it only so long: a
 * directory or name server that hangs must not hang every action. It runs in
 * another thread, which goes on by itself when nobody waits any more.
 *
 * \param[in] work      touches nothing but its context, and always fills that
 * \param[in] context   from malloc(); the caller's again on success, else it
 *                      is freed here or at the end of the work
 * \param[in] limit_ms  at most so long
 *
 * \return 0, or an errno: ETIMEDOUT when the work has not ended in time.
 */
int
limited_call(void (*work)(void *context), void *context, uint32_t limit_ms);

#endif
