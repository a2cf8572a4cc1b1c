/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bounded text never truncates and never forgets that something was lost. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text.h"

static void
adds_formatted_text_and_bytes(void **state)
{
    char buf[32];
    struct text text;

    (void) state;
    text_init(&text, buf, sizeof(buf));
    text_add(&text, "%s=%d", "port", 5432);
    text_add_bytes(&text, ";;;", 2);
    assert_string_equal(buf, "port=5432;;");
    assert_int_equal(text.len, 11);
    assert_false(text.overflow);
}

static void
leaves_out_whole_what_does_not_fit(void **state)
{
    char buf[8];
    struct text text;

    (void) state;
    text_init(&text, buf, sizeof(buf));
    text_add(&text, "1234");
    text_add(&text, "5678");
    assert_string_equal(buf, "1234");
    assert_true(text.overflow);
    text_add(&text, "567");
    assert_string_equal(buf, "1234567");
    text_add_bytes(&text, "8", 1);
    assert_string_equal(buf, "1234567");
}

static void
adds_as_many_words_as_fit(void **state)
{
    char buf[8];
    struct text text;

    (void) state;
    text_init(&text, buf, sizeof(buf));
    text_add_words(&text, "");
    text_add_words(&text, "12 34 567 8");
    assert_string_equal(buf, "12 34");
    assert_false(text.overflow);
    text_add_words(&text, " 7");
    assert_string_equal(buf, "12 34 7");
}

static void
copies_only_what_fits(void **state)
{
    char to[4] = "old";

    (void) state;
    assert_int_equal(text_copy("four", to, sizeof(to)), -1);
    assert_string_equal(to, "old");
    assert_int_equal(text_copy("new", to, sizeof(to)), 0);
    assert_string_equal(to, "new");
}

static void
compares_whole_names_without_case(void **state)
{
    (void) state;
    assert_true(text_same_name("Node1", "node1"));
    assert_false(text_same_name("node1", "node10"));
    assert_false(text_same_name("node.1", "nodex1"));
}

static void
cleans_what_a_terminal_or_json_cannot_take(void **state)
{
    static const struct {
        const char *words;
        const char *clean;
    } cases[] = {
        { "", "" },
        { "a\tb\x1b[2Jc\x7f", "a b [2Jc " },
        { "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\x98",
          "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\x98" },
        { "\xc2\x9b" "2J", "  2J" },
        { "\xfc", "?" },
        { "cut \xe2\x82", "cut ??" },
        { "\xc0\x80", "??" },                 /* overlong */
        { "\xe0\x9f\x80", "???" },
        { "\xed\xa0\x80", "???" },            /* a surrogate */
        { "\xf4\x90\x80\x80", "????" },       /* beyond Unicode */
        { "\xed\x9f\xbf\xf4\x8f\xbf\xbf", "\xed\x9f\xbf\xf4\x8f\xbf\xbf" },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char words[32];

        assert_int_equal(text_copy(cases[i].words, words, sizeof(words)), 0);
        text_clean(words);
        assert_string_equal(words, cases[i].clean);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_formatted_text_and_bytes),
        cmocka_unit_test(leaves_out_whole_what_does_not_fit),
        cmocka_unit_test(adds_as_many_words_as_fit),
        cmocka_unit_test(copies_only_what_fits),
        cmocka_unit_test(compares_whole_names_without_case),
        cmocka_unit_test(cleans_what_a_terminal_or_json_cannot_take),
    };

    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
