/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A server that runs with other options than the parameters ask for. */

#include <string.h>

#include "cmocka_all.h"
#include "options.h"
#include "text.h"

#define PROGRAM "/usr/lib/postgresql/15/bin/postgres"
#define HEAD \
    PROGRAM " \"-D\" \"/srv/pg/data\" \"-c\" \"config_file=/srv/pg.conf\""

static const char *
changed(const char *opts, const char *start_opt)
{
    struct params params = {
        .pgdata = "/srv/pg/data/", .config = "/srv/pg.conf", .pghost = "",
        .start_opt = start_opt,
    };

    return options_changed(opts, &params);
}

static void
finds_no_change_where_there_is_none(void **state)
{
    static const struct {
        const char *opts;
        const char *start_opt;
    } rows[] = {
        { HEAD "\n", "" },
        { HEAD, "  " },
        { HEAD " \"-p\" \"5433\"\n", "-p 5433" },
        { HEAD " \"-p\" \"5433\"\n", " -p\t5433 " },
        { HEAD " \"-c\" \"work_mem=5 MB\"\n", "-c 'work_mem=5 MB'" },
        { HEAD " \"-c\" \"work_mem=5 MB\"\n", "-c work_mem=\"5 MB\"" },
        { HEAD " \"-c\" \"work_mem=5 MB\"\n", "-c work_mem=5\\ MB" },
        { HEAD " \"-c\" \"a=it's\"\n", "-c \"a=it's\"" },
        { HEAD " \"-c\" \"a=\\\"b\"\n", "-c 'a=\\\"b'" },
        { HEAD " \"-h\" \"db1\" \"-p\" \"5433\"\n", "-p 5433" },
        { HEAD " \"-h\" \"db1\"\n", "-h db1" },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_null(changed(rows[i].opts, rows[i].start_opt));
    }
}

static void
names_what_was_changed(void **state)
{
    static const struct {
        const char *opts;
        const char *start_opt;
    } rows[] = {
        { HEAD "\n", "-p 5433" },
        { HEAD " \"-p\" \"5433\"\n", "" },
        { HEAD " \"-p\" \"5433\"\n", "-p 5434" },
        { HEAD " \"-p\" \"5433\"\n", "-p 5433 -B 64MB" },
        { HEAD " \"-p\" \"5433\" \"-B\" \"64MB\"\n", "-p 5433" },
        { HEAD " \"-h\" \"db1\"\n", "-h db2" },
        { HEAD " \"a\"\n", "'a b'" },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(changed(rows[i].opts, rows[i].start_opt),
                            "start_opt");
    }
    assert_string_equal(
        changed(PROGRAM " \"-D\" \"/x\" \"-c\" \"config_file=/other\"\n", ""),
        "config");
}

/* Another hand, or a value that only a shell can read. */
static void
says_nothing_of_what_it_cannot_tell(void **state)
{
    static const struct {
        const char *opts;
        const char *start_opt;
    } rows[] = {
        { "", "-p 5433" },
        { PROGRAM "\n", "-p 5433" },
        { PROGRAM " \"-D\" \"/srv/pg/data\"\n", "-p 5433" },
        { PROGRAM " \"-D\"\n", "-p 5433" },
        { PROGRAM " \"-c\" \"config_file=/x\" \"-D\" \"/y\"\n", "" },
        { PROGRAM " \"-D\" \"/srv/pg/data\" \"-c\" \"port=1\"\n", "-p 5433" },
        { PROGRAM " \"-D\" \"/srv/pg/data\" \"-p\" \"1\"\n", "-p 5433" },
        { HEAD " -p 5433\n", "-p 5433" },
        { HEAD " \"-p\n", "-p 5433" },
        { HEAD " \"-p\" \"5433\"\n", "-p $PORT" },
        { HEAD " \"-p\" \"5433\"\n", "-p \"$PORT\"" },
        { HEAD " \"-p\" \"5433\"\n", "-p `port`" },
        { HEAD " \"-p\" \"5433\"\n", "-p 5433; true" },
        { HEAD " \"-p\" \"5433\"\n", "'-p" },
        { HEAD " \"-p\" \"5433\"\n", "-p 5433\\" },
        { HEAD " \"-p\" \"5433\"\n", "\"-\\p\" 5433" },
        { HEAD " \"-p\" \"5433\"\n", "-c a='\\''b'\\''" },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_null(changed(rows[i].opts, rows[i].start_opt));
    }
}

static void
gives_up_on_a_word_that_is_too_long(void **state)
{
    static char opts[4096];
    static char start_opt[2048];
    struct text text;

    (void) state;
    memset(start_opt, 'a', sizeof(start_opt) - 1);
    text_init(&text, opts, sizeof(opts));
    text_add(&text, HEAD " \"%s\"\n", start_opt);
    assert_null(changed(opts, "-p 5433"));
    assert_null(changed(HEAD " \"-p\"\n", start_opt));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_no_change_where_there_is_none),
        cmocka_unit_test(names_what_was_changed),
        cmocka_unit_test(says_nothing_of_what_it_cannot_tell),
        cmocka_unit_test(gives_up_on_a_word_that_is_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
