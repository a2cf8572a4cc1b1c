/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A backslash is psql's only outside of strings, names and comments. */

#include "cmocka_all.h"
#include "params.h"

static void
finds_commands_of_psql(void **state)
{
    const char *commands[] = {
        "\\d",
        "select 1 \\g",
        "select 'a' \\gexec",
        "select 'it''s' \\x",
        "select e.x, 'a\\' \\g",
        "select somee'a\\' \\g '",
        "select \"a\\\" \\g",
        "-- note\n\\q",
        "/* a /* nested */ note */ \\q",
        "select $$\\d$$ \\g",
        "select $a$ \\d $$ $b$ $a$ \\g",
        "select $1 \\g",
        "select a$b$c \\g d$b$",
    };

    (void) state;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (!params_sql_has_psql_command(commands[i])) {
            fail_msg("took it for SQL: %s", commands[i]);
        }
    }
}

static void
leaves_sql_alone(void **state)
{
    const char *sql[] = {
        "",
        "select now();",
        "select 'C:\\data'",
        "select E'it\\'s \\n', e'\\\\'",
        "select E'\\",
        "select \"a\\b\"",
        "select 1 -- \\d",
        "select 1 /* \\d /* \\d */ \\d */",
        "select 1 /* \\d",
        "select $$\\d$$, $tag_1$ \\d $ $tag$ $tag_1$",
        "select $\xc3\xa9$\\d$\xc3\xa9$",
        "select $a$ \\d",
        "do $do$ begin perform 'a\\b'; end $do$",
    };

    (void) state;
    for (size_t i = 0; i < sizeof(sql) / sizeof(sql[0]); i++) {
        if (params_sql_has_psql_command(sql[i])) {
            fail_msg("took it for psql's: %s", sql[i]);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_commands_of_psql),
        cmocka_unit_test(leaves_sql_alone),
    };

    return cmocka_run_group_tests_name("params_sql", tests, NULL, NULL);
}
