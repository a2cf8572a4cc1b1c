/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monotonic clock: the only time that deadlines know; and the other one. */

#include "clock.h"

#include <errno.h>
#include <time.h>

static int64_t
read_ms(clockid_t clock)
{
    struct timespec now = { 0, 0 };

    /* cannot fail: the clock and the pointer are valid (clock_gettime(2)) */
    (void) clock_gettime(clock, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
clock_now_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

int64_t
clock_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

int64_t
clock_left_ms(int64_t deadline_ms)
{
    int64_t left_ms = deadline_ms - clock_now_ms();

    return left_ms > 0 ? left_ms : 0;
}

void
clock_sleep_ms(int64_t wait_ms, int64_t deadline_ms)
{
    int64_t left_ms = clock_left_ms(deadline_ms);
    struct timespec wait;

    if (wait_ms > left_ms) {
        wait_ms = left_ms;
    }
    if (wait_ms <= 0) {
        return;
    }
    wait.tv_sec = (time_t) (wait_ms / 1000);
    wait.tv_nsec = (long) (wait_ms % 1000) * 1000000;
    while (nanosleep(&wait, &wait) != 0 && errno == EINTR) {
        /* a signal came: sleep what remains */
    }
}
