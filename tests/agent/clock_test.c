/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Deadlines. */

#include "clock.h"
#include "cmocka_all.h"

static void
goes_forward_and_never_owes_time(void **state)
{
    int64_t now_ms = clock_now_ms();

    (void) state;
    assert_true(clock_now_ms() >= now_ms);
    assert_true(clock_left_ms(now_ms - 1000) == 0);
    assert_true(clock_left_ms(now_ms + 10000) > 5000);
}

static void
sleeps_but_not_past_the_deadline(void **state)
{
    int64_t now_ms = clock_now_ms();

    (void) state;
    clock_sleep_ms(20, now_ms + 10000);
    assert_true(clock_now_ms() - now_ms >= 19);
    now_ms = clock_now_ms();
    clock_sleep_ms(60000, now_ms + 10);
    clock_sleep_ms(60000, now_ms - 10);
    clock_sleep_ms(-1, now_ms + 60000);
    assert_true(clock_now_ms() - now_ms < 5000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_forward_and_never_owes_time),
        cmocka_unit_test(sleeps_but_not_past_the_deadline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
