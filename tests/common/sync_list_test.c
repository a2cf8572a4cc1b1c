/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of standbys, as text and back. */

#include <string.h>

#include "cmocka_all.h"
#include "sync_list.h"
#include "world.h"

static struct snapshot world;
static struct sync_list list;

static void
read_list(const char *text)
{
    world_init(&world, ACTION_MONITOR, 4, 0);
    assert_int_equal(sync_list_parse(&world, text, &list), 0);
}

static void
assert_written(const char *expected)
{
    char buf[256];
    struct text text;

    text_init(&text, buf, sizeof(buf));
    sync_list_format(&list, &text);
    assert_string_equal(buf, expected);
}

static void
reads_back_what_it_writes(void **state)
{
    static const char *const texts[] = {
        "", "\"srv2\"", "FIRST 2 (\"srv3\",\"srv2\")",
        "ANY 1 (\"srv2\",\"srv4\")", "FIRST 3 (\"srv4\",\"srv2\",\"srv3\")",
    };

    (void) state;
    for (size_t i = 0; i < LENGTH(texts); i++) {
        read_list(texts[i]);
        assert_int_equal(list.count, i < 2 ? i : i < 4 ? 2 : 3);
        assert_int_equal(list.strangers, 0);
        assert_written(texts[i]);
    }
}

static void
misnames_nobody_who_is_not_there(void **state)
{
    (void) state;
    read_list("\"srv2\"");
    assert_false(sync_list_misnames(&world, &list, 1));
    assert_false(sync_list_misnames(&world, &list, 2));
}

static void
doubles_quotes_in_names(void **state)
{
    (void) state;
    world_init(&world, ACTION_MONITOR, 2, 0);
    assert_int_equal(text_copy("a\"b", world.node[1].name, NODE_NAME_SIZE),
                     0);
    assert_int_equal(sync_list_parse(&world, "\"a\"\"b\"", &list), 0);
    assert_int_equal(list.count, 1);
    assert_written("\"a\"\"b\"");
}

static void
compares_names_whole_and_without_case(void **state)
{
    (void) state;
    read_list("\"SRV2\"");
    assert_int_equal(list.node[0], 1);
    read_list("\"srv22\"");
    assert_int_equal(list.count, 0);
    assert_int_equal(list.strangers, 1);
}

static void
refuses_what_it_would_not_write(void **state)
{
    static const char *const texts[] = {
        "*", "srv2", "\"srv2\",\"srv3\"", "2 (\"srv2\")", "FIRST 2 (srv2)",
        "FIRST 2 (\"srv2\"", "FIRST (\"srv2\")", "FIRST 2 (\"srv2\") ",
        "ANY 1 \"srv2\"", "\"\"", "\"srv2", "\"srv2\" ", "FIRST 2 ()",
        "ANY 0 (\"srv2\")", "ANY -1 (\"srv2\")", "ANY 17 (\"srv2\")",
        "ANY 4294967297 (\"srv2\",\"srv3\")",
    };
    char longer[NODE_NAME_SIZE + 8];
    char many[NODES_MAX * 8 + 32] = "FIRST 2 (\"srv2\"";

    (void) state;
    world_init(&world, ACTION_MONITOR, 4, 0);
    list.n = 77;
    for (size_t i = 0; i < LENGTH(texts); i++) {
        assert_int_equal(sync_list_parse(&world, texts[i], &list), -1);
    }
    memset(longer, 'x', sizeof(longer));
    longer[0] = '"';
    longer[sizeof(longer) - 2] = '"';
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(sync_list_parse(&world, longer, &list), -1);
    for (size_t i = 0; i < NODES_MAX; i++) {
        memcpy(many + strlen(many), ",\"srv2\"", sizeof(",\"srv2\""));
    }
    memcpy(many + strlen(many), ")", sizeof(")"));
    assert_int_equal(sync_list_parse(&world, many, &list), -1);
    assert_int_equal(list.n, 77);
}

static void
tells_the_priority_that_a_wal_sender_shows(void **state)
{
    (void) state;
    read_list("FIRST 2 (\"srv3\",\"srv2\")");
    assert_int_equal(sync_list_priority(&list, 2), 1);
    assert_int_equal(sync_list_priority(&list, 1), 2);
    assert_int_equal(sync_list_priority(&list, 3), 0);
    read_list("ANY 1 (\"srv3\",\"srv2\")");
    assert_int_equal(sync_list_priority(&list, 2), 1);
    assert_int_equal(sync_list_priority(&list, 1), 1);
    assert_int_equal(sync_list_priority(&list, 3), 0);
}

static void
says_when_it_does_not_fit(void **state)
{
    char buf[12];
    struct text text;

    (void) state;
    read_list("FIRST 2 (\"srv3\",\"srv2\")");
    text_init(&text, buf, sizeof(buf));
    sync_list_format(&list, &text);
    assert_true(text.overflow);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_back_what_it_writes),
        cmocka_unit_test(misnames_nobody_who_is_not_there),
        cmocka_unit_test(doubles_quotes_in_names),
        cmocka_unit_test(compares_names_whole_and_without_case),
        cmocka_unit_test(refuses_what_it_would_not_write),
        cmocka_unit_test(tells_the_priority_that_a_wal_sender_shows),
        cmocka_unit_test(says_when_it_does_not_fit),
    };

    return cmocka_run_group_tests_name("sync_list", tests, NULL, NULL);
}
