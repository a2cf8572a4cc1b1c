/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines and numbers of other programs' texts. */

#include "cmocka_all.h"
#include "line.h"

static void
takes_lines_one_by_one_without_space_around(void **state)
{
    const char *text = "one\n\t two \r\n\nlast";
    char line[8];

    (void) state;
    assert_int_equal(line_next(&text, line, sizeof(line)), 0);
    assert_string_equal(line, "one");
    assert_int_equal(line_next(&text, line, sizeof(line)), 0);
    assert_string_equal(line, "two");
    assert_int_equal(line_next(&text, line, sizeof(line)), 0);
    assert_string_equal(line, "");
    assert_int_equal(line_next(&text, line, sizeof(line)), 0);
    assert_string_equal(line, "last");
    assert_string_equal(text, "");
    assert_int_equal(line_next(&text, line, sizeof(line)), 0);
    assert_string_equal(line, "");
}

static void
passes_over_a_line_that_does_not_fit(void **state)
{
    const char *text = "12345678\nnext\n";
    char line[8] = "old";

    (void) state;
    assert_int_equal(line_next(&text, line, sizeof(line)), -1);
    assert_string_equal(line, "old");
    assert_int_equal(line_next(&text, line, sizeof(line)), 0);
    assert_string_equal(line, "next");
}

static void
passes_over_words_that_a_text_begins_with(void **state)
{
    const char *text = "base/5";

    (void) state;
    assert_ptr_equal(line_after(text, "base/"), text + 5);
    assert_ptr_equal(line_after(text, "base/5"), text + 6);
    assert_ptr_equal(line_after(text, ""), text);
    assert_null(line_after(text, "base/5/1"));
    assert_null(line_after(text, "ase/"));
    assert_null(line_after("", "base/"));
}

static void
reads_numbers_up_to_a_bound(void **state)
{
    uint64_t value = 7;
    const char *text = "5432 x";

    (void) state;
    assert_null(line_read_number("", 10, &value));
    assert_null(line_read_number("-1", 10, &value));
    assert_null(line_read_number(" 1", 10, &value));
    assert_null(line_read_number("11", 10, &value));
    assert_null(line_read_number("18446744073709551616", UINT64_MAX, &value));
    assert_true(value == 7);
    assert_ptr_equal(line_read_number(text, 65535, &value), text + 4);
    assert_true(value == 5432);
    assert_non_null(line_read_number("18446744073709551615", UINT64_MAX,
                                     &value));
    assert_true(value == UINT64_MAX);
    assert_null(line_read_number("7", 5, &value));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_lines_one_by_one_without_space_around),
        cmocka_unit_test(passes_over_a_line_that_does_not_fit),
        cmocka_unit_test(passes_over_words_that_a_text_begins_with),
        cmocka_unit_test(reads_numbers_up_to_a_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
