/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "reason.h"

#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN

static const char *
shortened(const char *reason)
{
    static char text[1024];

    (void) snprintf(text, sizeof(text), "%s", reason);
    reason_shorten(text);
    return text;
}

static void
leaves_what_fits_as_it_is(void **state)
{
    static const char fits[] =
        "look at '/a/" FIFTY "': short. Details of '/b/" FIFTY "' and '/c/"
        FIFTY "'";

    (void) state;
    assert_string_equal(shortened(fits), fits);
    assert_string_equal(shortened(""), "");
}

static void
keeps_the_end_of_a_path_and_the_beginning_of_a_name(void **state)
{
    (void) state;
    assert_string_equal(
        shortened("look at '/srv/" FIFTY "/last_part' of 'server-" FIFTY
                  FIFTY "': cause"),
        "look at '/srv/" FIFTY "/last_part' of 'server-"
        TEN TEN "012345678...': cause");
    assert_string_equal(
        shortened("look at '/srv/" FIFTY FIFTY FIFTY "/last_part': cause"),
        "look at '...3456789" FIFTY TEN TEN TEN TEN "/last_part': cause");
}

static void
shortens_one_after_the_other(void **state)
{
    const char *shown =
        shortened("read '/a/" FIFTY FIFTY "' and \"/b/" FIFTY FIFTY
                  "\" and 'c" FIFTY FIFTY "': the server's cause");

    (void) state;
    assert_true(reason_head(shown) <= REASON_SHOWN);
    assert_non_null(strstr(shown, ": the server's cause"));
}

static void
gives_up_where_nothing_is_quoted(void **state)
{
    static const char bare[] =
        "look at the server's log: " FIFTY FIFTY FIFTY " isn't 'short' \"x";

    (void) state;
    assert_string_equal(shortened(bare), bare);
}

static void
cuts_no_character_in_two(void **state)
{
    static const char umlauts[] =
        "\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4"
        "\u00e4\u00e4";

    (void) state;
    for (int more = 0; more < 2; more++) {
        char reason[512];

        (void) snprintf(reason, sizeof(reason), "a '/" FIFTY FIFTY "%s%.*s' b"
                        FIFTY FIFTY, umlauts, more, "x");
        assert_non_null(strstr(shortened(reason), "a '...\u00e4"));
    }
    assert_non_null(strstr(shortened("a '\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4"
                                     "\u00e4\u00e4\u00e4e\u00e4\u00e4\u00e4"
                                     "\u00e4" FIFTY "' b" FIFTY FIFTY),
                           "\u00e4e...' b"));
}

static void
finds_the_cause_in_the_words_of_libpq(void **state)
{
    static const struct {
        const char *words;
        const char *cause;
    } table[] = {
        { "connection to server on socket \"/run/pg/.s.PGSQL.5433\" failed: "
          "No such file or directory", "No such file or directory" },
        { "connection to server at \"192.0.2.1\", port 5432 failed: FATAL:  "
          "28P01: password authentication failed for user \"watcher\"",
          "password authentication failed for user \"watcher\"" },
        { "could not connect to server: Connection refused",
          "Connection refused" },
        { "FATAL:  sorry, too many clients already",
          "sorry, too many clients already" },
        { "connection to server was lost", "connection to server was lost" },
        { "FATAL:  TIMELINE is wrong", "TIMELINE is wrong" },
        { "no answer", "no answer" },
        { "", "" },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        assert_string_equal(reason_cause(table[i].words), table[i].cause);
    }
}

static void
puts_a_step_before_words_that_name_none(void **state)
{
    char buf[64];
    struct text text;

    (void) state;
    text_init(&text, buf, sizeof(buf));
    reason_add(&text, "look at that path", "could not read '/x': cause");
    assert_string_equal(buf, "look at that path: could not read '/x': cause");
    text_init(&text, buf, sizeof(buf));
    reason_add(&text, "look at that path", "make room in '/x': cause");
    assert_string_equal(buf, "make room in '/x': cause");
    text_init(&text, buf, 30);
    reason_add(&text, "look at that path", "maker: no more room");
    assert_string_equal(buf, "look at that path: maker: no");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_what_fits_as_it_is),
        cmocka_unit_test(keeps_the_end_of_a_path_and_the_beginning_of_a_name),
        cmocka_unit_test(shortens_one_after_the_other),
        cmocka_unit_test(gives_up_where_nothing_is_quoted),
        cmocka_unit_test(cuts_no_character_in_two),
        cmocka_unit_test(finds_the_cause_in_the_words_of_libpq),
        cmocka_unit_test(puts_a_step_before_words_that_name_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
