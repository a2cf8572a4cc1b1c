/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which point of a timeline belongs to whose past. */

#include <string.h>

#include "cmocka_all.h"
#include "history.h"

static struct history history;

static void
reads_a_history_file(void **state)
{
    (void) state;
    assert_int_equal(history_parse(4,
        "1\t0/3000060\tno recovery target specified\n"
        "\n# comment\n"
        "3\t16/B374D848\tbefore 2026-11-20 22:36:00+00\n", &history), 0);
    assert_int_equal(history.timeline, 4);
    assert_int_equal(history.count, 2);
    assert_int_equal(history.left[0].timeline, 1);
    assert_true(history.left[0].lsn == 0x3000060);
    assert_int_equal(history.left[1].timeline, 3);
    assert_true(history.left[1].lsn == UINT64_C(0x16B374D848));
}

static void
knows_a_history_file_by_its_name(void **state)
{
    static const char *const others[] = {
        "", "0000000A", "0000000a.history", "000000A.history",
        "00000000A.history", "0000000A.history.done", "0000000A.backup",
        "00000000.history",
    };

    (void) state;
    assert_int_equal(history_timeline_of("0000000A.history"), 10);
    assert_int_equal(history_timeline_of("FFFFFFFF.history"), UINT32_MAX);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_int_equal(history_timeline_of(others[i]), 0);
    }
}

static struct history
read_text(uint32_t timeline, const char *text)
{
    assert_int_equal(history_parse(timeline, text, &history), 0);
    return history;
}

static enum history_match
compare(const struct history *own, lsn end, const struct history *primary)
{
    const struct wal_position position = { own->timeline, end };
    lsn left = 0;
    enum history_match match = history_compare(own, position, primary, &left);

    assert_true((left != 0) == (match == HISTORY_SHARED
                                || match == HISTORY_BEYOND));
    return match;
}

static void
shares_a_past_up_to_where_it_was_left(void **state)
{
    static struct history first;
    static struct history second;
    static struct history third;

    (void) state;
    first = read_text(1, "");
    second = read_text(2, "1\t0/3000\tx\n");
    third = read_text(3, "1\t0/3000\tx\n2\t0/5000\tx\n");
    assert_int_equal(compare(&first, 1, &third), HISTORY_SHARED);
    assert_int_equal(compare(&first, 0x3000, &third), HISTORY_SHARED);
    assert_int_equal(compare(&first, 0x3001, &third), HISTORY_BEYOND);
    assert_int_equal(compare(&second, 0x5000, &third), HISTORY_SHARED);
    assert_int_equal(compare(&second, 0x5001, &third), HISTORY_BEYOND);
    assert_int_equal(compare(&third, 0x4000, &third), HISTORY_SAME_TIMELINE);
    assert_int_equal(compare(&third, 0x4000, &second), HISTORY_OTHER);
    assert_int_equal(compare(&second, 0x4000, &first), HISTORY_OTHER);
}

/* Both were promoted and called theirs 2. */
static void
tells_timelines_of_one_number_apart(void **state)
{
    static struct history own;
    static struct history primary;

    (void) state;
    own = read_text(2, "1\t0/2800\tx\n");
    primary = read_text(3, "1\t0/3000\tx\n2\t0/5000\tx\n");
    assert_int_equal(compare(&own, 0x2900, &primary), HISTORY_OTHER);
    own = read_text(3, "1\t0/3000\tx\n");
    primary = read_text(4, "1\t0/3000\tx\n2\t0/4000\tx\n3\t0/5000\tx\n");
    assert_int_equal(compare(&own, 0x4800, &primary), HISTORY_OTHER);
}

/* Both were promoted, went on, and still have the same number. */
static void
tells_a_timeline_of_the_same_number_apart(void **state)
{
    static struct history own;
    static struct history primary;

    (void) state;
    primary = read_text(3, "1\t0/3000\tx\n2\t0/5000\tx\n");
    own = read_text(3, "1\t0/3000\tx\n2\t0/4800\tx\n");
    assert_int_equal(compare(&own, 0x4900, &primary), HISTORY_OTHER);
    own = read_text(3, "1\t0/3000\tx\n");
    assert_int_equal(compare(&own, 0x4900, &primary), HISTORY_OTHER);
    own = read_text(3, "1\t0/2800\tx\n2\t0/5000\tx\n");
    assert_int_equal(compare(&own, 0x4900, &primary), HISTORY_OTHER);
    own = read_text(3, "2\t0/5000\tx\n");     /* a summary */
    assert_int_equal(compare(&own, 0x4900, &primary), HISTORY_SAME_TIMELINE);
    primary = read_text(3, "");
    assert_int_equal(compare(&own, 0x4900, &primary), HISTORY_UNKNOWN);
    own = read_text(1, "");
    assert_int_equal(compare(&own, 0x4900, &own), HISTORY_SAME_TIMELINE);
}

/* The oldest did not fit into one of the two: what both tell decides. */
static void
compares_what_both_tell(void **state)
{
    static struct history own;
    static struct history primary;

    (void) state;
    own = read_text(3, "1\t0/3000\tx\n2\t0/4000\tx\n");
    primary = read_text(4, "2\t0/4000\tx\n3\t0/5000\tx\n");
    assert_int_equal(compare(&own, 0x4800, &primary), HISTORY_SHARED);
    own = read_text(3, "2\t0/4000\tx\n");
    primary = read_text(4, "1\t0/3000\tx\n2\t0/4000\tx\n3\t0/5000\tx\n");
    assert_int_equal(compare(&own, 0x4800, &primary), HISTORY_SHARED);
    own = read_text(2, "1\t0/3000\tx\n");
    primary = read_text(9, "5\t0/4000\tx\n8\t0/5000\tx\n");
    assert_int_equal(compare(&own, 0x3800, &primary), HISTORY_OLDER);
    own = read_text(6, "5\t0/4000\tx\n");
    assert_int_equal(compare(&own, 0x4800, &primary), HISTORY_OTHER);
}

static void
fork_is(const struct history *own, lsn end, const struct history *primary,
        uint32_t timeline, lsn at)
{
    const struct wal_position position = { own->timeline, end };
    struct wal_position fork = history_fork(own, position, primary);

    assert_int_equal(fork.timeline, timeline);
    assert_true(fork.lsn == at);
}

static void
finds_where_a_past_left_the_primarys(void **state)
{
    static struct history first;
    static struct history second;
    static struct history third;
    static struct history other;
    static struct history late;

    (void) state;
    first = read_text(1, "");
    second = read_text(2, "1\t0/3000\tx\n");
    third = read_text(3, "1\t0/3000\tx\n2\t0/5000\tx\n");
    other = read_text(2, "1\t0/2000\tx\n");
    late = read_text(3, "1\t0/4000\tx\n");
    /* it went on where the primary had left, and where it had not yet */
    fork_is(&first, 0x3800, &third, 1, 0x3000);
    fork_is(&second, 0x5800, &third, 2, 0x5000);
    fork_is(&first, 0x2800, &third, 1, 0x2800);
    /* two that were promoted without knowing of each other */
    fork_is(&other, 0x9000, &second, 1, 0x2000);
    fork_is(&second, 0x9000, &other, 1, 0x2000);
    fork_is(&late, 0x9000, &third, 1, 0x3000);
    fork_is(&third, 0x9000, &late, 1, 0x3000);
    /* the same timeline: its end is what both have */
    fork_is(&third, 0x9000, &third, 3, 0x9000);
    /* what is not known proves nothing */
    fork_is(&first, 0, &third, 0, 0);
    second.count = 0;
    fork_is(&second, 0x5800, &third, 0, 0);
    assert_int_equal(history_read_summary("3 2/0000000000005000", &third), 0);
    fork_is(&first, 0x2800, &third, 0, 0);
}

static void
knows_nothing_of_an_unknown_past(void **state)
{
    static const struct history none;
    static struct history own;
    static struct history primary;
    lsn left = 7;

    (void) state;
    own = read_text(1, "");
    primary = read_text(2, "1\t0/3000\tx\n");
    assert_int_equal(compare(&own, 0, &primary), HISTORY_UNKNOWN);
    assert_int_equal(compare(&own, 1, &none), HISTORY_UNKNOWN);
    assert_int_equal(compare(&none, 1, &primary), HISTORY_UNKNOWN);
    assert_int_equal(
        history_compare(&own, (struct wal_position) { 2, 1 }, &primary,
                        &left), HISTORY_UNKNOWN);
    own = read_text(2, "");     /* a second timeline has left the first */
    assert_int_equal(compare(&own, 1, &primary), HISTORY_UNKNOWN);
    assert_true(left == 7);
}

static void
reads_a_summary_back(void **state)
{
    static struct history back;
    char buf[256];
    struct text text;

    (void) state;
    (void) read_text(12, "1\t0/3000\tx\n11\tAB/5000\tx\n");
    text_init(&text, buf, sizeof(buf));
    history_summary(&history, &text);
    assert_string_equal(buf, "12 11/000000AB00005000 1/0000000000003000");
    assert_int_equal(history_read_summary(buf, &back), 0);
    assert_int_equal(back.timeline, 12);
    assert_int_equal(back.count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(wal_position_compare(back.left[i], history.left[i]),
                         0);
    }
    text_init(&text, buf, sizeof("12 11/000000AB00005000"));
    history_summary(&history, &text);
    assert_string_equal(buf, "12 11/000000AB00005000");
    assert_false(text.overflow);
    assert_int_equal(history_read_summary("1", &back), 0);
    assert_int_equal(back.count, 0);
}

static void
refuses_what_is_no_summary(void **state)
{
    static const char *const wrong[] = {
        "", "x", "0", "2 ", "2x", "2 1", "2 2/0000000000003000",
        "3 1/0000000000003000 2/0000000000003000", "2 1/0000000000000000",
        "2 0/0000000000003000", "2  1/0000000000003000",
        "2 1/0000000000003000 ",
        "9 1/00000000000030001/00000000000030001/0000000000003000",
    };

    (void) state;
    (void) read_text(1, "");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(history_read_summary(wrong[i], &history), -1);
    }
    assert_int_equal(history.timeline, 1);
}

static void
refuses_what_is_no_history(void **state)
{
    static char long_line[2048];
    static const char *const wrong[] = {
        "x\n", "1\n", "1\t\n", "1\tx\treason\n", "0\t0/1\tx\n",
        "10/1\tx\n", "2\t0/1\tx\n1\t0/2\tx\n", "1\t0/1\tx\n1\t0/2\tx\n",
        "3\t0/1\tx\n", "1\t0/123456789012345678901234567890\tx\n",
    };

    (void) state;
    assert_int_equal(history_parse(2, "1 0/1", &history), 0);
    assert_int_equal(history_parse(1, "", &history), 0);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(history_parse(3, wrong[i], &history), -1);
    }
    memset(long_line, '1', sizeof(long_line) - 1);
    assert_int_equal(history_parse(3, long_line, &history), -1);
    assert_int_equal(history.timeline, 1);
}

static void
refuses_more_timelines_than_it_can_hold(void **state)
{
    static char text[(HISTORY_MAX + 1) * 16];
    size_t len = 0;

    (void) state;
    for (int i = 1; i <= HISTORY_MAX + 1; i++) {
        len += (size_t) snprintf(text + len, sizeof(text) - len,
                                 "%d\t0/%X\t\n", i, i);
    }
    assert_int_equal(history_parse(9999, text, &history), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_history_file),
        cmocka_unit_test(knows_a_history_file_by_its_name),
        cmocka_unit_test(shares_a_past_up_to_where_it_was_left),
        cmocka_unit_test(tells_timelines_of_one_number_apart),
        cmocka_unit_test(tells_a_timeline_of_the_same_number_apart),
        cmocka_unit_test(compares_what_both_tell),
        cmocka_unit_test(finds_where_a_past_left_the_primarys),
        cmocka_unit_test(knows_nothing_of_an_unknown_past),
        cmocka_unit_test(reads_a_summary_back),
        cmocka_unit_test(refuses_what_is_no_summary),
        cmocka_unit_test(refuses_what_is_no_history),
        cmocka_unit_test(refuses_more_timelines_than_it_can_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
