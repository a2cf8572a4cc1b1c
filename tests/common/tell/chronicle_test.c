/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of what happened, and how long nobody led. */

#include <string.h>

#include "chronicle.h"
#include "cmocka_all.h"

#define ROWS_MAX 8

static struct chronicle_row rows[ROWS_MAX];
static size_t count;

static int
none(void **state)
{
    (void) state;
    memset(rows, 0, sizeof(rows));
    count = 0;
    return 0;
}

static struct event *
add(int64_t time_ms, enum event_kind kind, const char *node)
{
    struct event *event = &rows[count++].event;

    event->time_ms = time_ms;
    event->kind = kind;
    (void) text_copy(node, event->node, sizeof(event->node));
    return event;
}

static void
is_in_the_order_of_time_and_then_as_it_came(void **state)
{
    (void) state;
    add(3, EVENT_PROMOTED, "c");
    add(2, EVENT_DIED, "b");
    add(2, EVENT_FAILED, "b");
    add(1, EVENT_REFUSED, "a");
    chronicle_arrange(rows, count);
    assert_int_equal(rows[0].event.kind, EVENT_REFUSED);
    assert_int_equal(rows[1].event.kind, EVENT_DIED);
    assert_int_equal(rows[2].event.kind, EVENT_FAILED);
    assert_int_equal(rows[3].event.kind, EVENT_PROMOTED);
    chronicle_arrange(rows, 0);
}

static void
gap_is_from_the_first_sign(void **state)
{
    (void) state;
    add(1000, EVENT_PRIMARY_ENDS, "a");
    add(1500, EVENT_SWITCHOVER, "b");
    add(2250, EVENT_PROMOTED, "b");
    add(9000, EVENT_LEADS, "c");
    chronicle_arrange(rows, count);
    assert_int_equal(chronicle_last_gap(rows, 3, "B"), 1250);
    assert_int_equal(chronicle_last_gap(rows, 2, "b"), -1);
    assert_int_equal(chronicle_last_gap(rows, count, "b"), -1);
    assert_int_equal(chronicle_last_gap(rows, count, "c"), -1);
    assert_int_equal(rows[1].gap_ms, -1);
    assert_int_equal(rows[2].gap_ms, 1250);
    assert_int_equal(rows[3].gap_ms, -1);
}

static void
gap_counts_for_how_long_nothing_streamed(void **state)
{
    (void) state;
    add(5000, EVENT_FAILOVER, "b")->since_ms = 3000;
    add(5500, EVENT_PROMOTED, "b");
    chronicle_arrange(rows, count);
    assert_int_equal(rows[1].gap_ms, 3500);
}

static void
a_death_counts_where_it_was_the_primary(void **state)
{
    (void) state;
    add(1000, EVENT_DIED, "a");         /* nobody is known to lead */
    add(2000, EVENT_PROMOTED, "a");
    add(3000, EVENT_DEMOTED, "b");
    add(4000, EVENT_DIED, "a");
    add(4200, EVENT_DEMOTED, "a");
    add(4700, EVENT_LEADS, "b");
    chronicle_arrange(rows, count);
    assert_int_equal(rows[1].gap_ms, -1);
    assert_int_equal(rows[5].gap_ms, 700);
}

static void
a_timeline_tells_where_it_began(void **state)
{
    const struct wal_position left = { 2, 0x5000098 };
    const struct event event = chronicle_timeline(3, left, 77);

    (void) state;
    assert_int_equal(event.kind, EVENT_TIMELINE);
    assert_int_equal(event.position.timeline, 3);
    assert_true(event.position.lsn == 0x5000098);
    assert_string_equal(event.reason, "it left timeline 2 here");
    assert_string_equal(event.node, "");
}

/* What is cut off at the end of a record, or told again, changes nothing. */
static void
totals_follow_a_record_and_never_fall(void **state)
{
    struct chronicle_totals totals = { .known = false };

    (void) state;
    chronicle_follow(rows, count, &totals);
    assert_true(totals.known);
    assert_int_equal(totals.total[EVENT_PROMOTED], 0);
    add(1000, EVENT_PROMOTED, "a");
    add(2000, EVENT_REJOINED, "a");
    add(3000, EVENT_PROMOTED, "a");
    chronicle_follow(rows, count, &totals);
    chronicle_follow(rows, count, &totals);
    assert_int_equal(totals.total[EVENT_PROMOTED], 2);
    assert_int_equal(totals.total[EVENT_REJOINED], 1);
    chronicle_follow(rows, 0, &totals);
    chronicle_follow(rows, 1, &totals);
    chronicle_follow(rows, count, &totals);
    assert_int_equal(totals.total[EVENT_PROMOTED], 2);
    add(3001, EVENT_PROMOTED, "a");
    chronicle_follow(rows + 2, count - 2, &totals);
    assert_int_equal(totals.total[EVENT_PROMOTED], 3);
    assert_int_equal(totals.total[EVENT_REJOINED], 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(is_in_the_order_of_time_and_then_as_it_came,
                               none),
        cmocka_unit_test_setup(gap_is_from_the_first_sign, none),
        cmocka_unit_test_setup(gap_counts_for_how_long_nothing_streamed, none),
        cmocka_unit_test_setup(a_death_counts_where_it_was_the_primary, none),
        cmocka_unit_test_setup(a_timeline_tells_where_it_began, none),
        cmocka_unit_test_setup(totals_follow_a_record_and_never_fall, none),
    };

    return cmocka_run_group_tests_name("chronicle", tests, NULL, NULL);
}
