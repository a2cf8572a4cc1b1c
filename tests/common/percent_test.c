/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much is done, to words and back. */

#include "cmocka_all.h"
#include "percent.h"

static void
expect(uint64_t done_kb, uint64_t total_kb, const char *words)
{
    char buf[64];
    struct text text;

    text_init(&text, buf, sizeof(buf));
    percent_add("keeping its own WAL", done_kb, total_kb, &text);
    assert_string_equal(buf, words);
}

static void
tells_a_share_as_soon_as_the_whole_is_known(void **state)
{
    uint32_t percent = 7;

    (void) state;
    expect(0, 0, "keeping its own WAL");
    expect(0, 2048, "keeping its own WAL, 0 % of 2 MB");
    expect(2047, 2048, "keeping its own WAL, 99 % of 2 MB");
    expect(2048, 2048, "keeping its own WAL, 100 % of 2 MB");
    assert_true(percent_read("copying, 0 % of 2 MB", &percent));
    assert_int_equal(percent, 0);
    assert_true(percent_read("keeping its own WAL, 100 % of 2 MB", &percent));
    assert_int_equal(percent, 100);
}

static void
reads_no_share_out_of_other_words(void **state)
{
    static const char *const others[] = {
        "", "waits", "copying", "copying, ", "copying, 101 % of 2 MB",
        "copying, 42", "copying, 42 %", "copying, -1 % of 2 MB",
        "copying,42 % of 2 MB", "42 % of 2 MB",
        "copying, 99999999999999999999 % of 2 MB",
    };
    uint32_t percent = 7;

    (void) state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_false(percent_read(others[i], &percent));
        assert_int_equal(percent, 7);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_a_share_as_soon_as_the_whole_is_known),
        cmocka_unit_test(reads_no_share_out_of_other_words),
    };

    return cmocka_run_group_tests_name("percent", tests, NULL, NULL);
}
