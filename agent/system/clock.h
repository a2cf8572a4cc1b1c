/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_CLOCK_H
#define PGWARD_AGENT_CLOCK_H

#include <stdint.h>

/*! Milliseconds of CLOCK_MONOTONIC: every deadline is a point on it. */
int64_t
clock_now_ms(void);

/*! Milliseconds since 1970, for a person: it may jump (CLOCK_REALTIME). */
int64_t
clock_wall_ms(void);

/*! Milliseconds left until `deadline_ms`, never negative. */
int64_t
clock_left_ms(int64_t deadline_ms);

/*! Sleep, but not past `deadline_ms`. */
void
clock_sleep_ms(int64_t wait_ms, int64_t deadline_ms);

#endif
