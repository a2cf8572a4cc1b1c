/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is remembered of a synchronous list, as a file's text and back. */

#include <string.h>

#include "cmocka_all.h"
#include "sync_memory.h"

#define GOOD \
    "pgward-sync 1\n1795200000.5\n0000000003000000\n0000000005000000\n" \
    "proven\n\"srv2\"\n"

static void
reads_back_what_it_writes(void **state)
{
    struct sync_memory memory = {
        .list = "FIRST 2 (\"a\",\"b\")", .started = "1795200000.123456",
        .asked = 0x3000000, .proven = true, .mark = 0x5000000,
    };
    struct sync_memory loaded;
    char buf[1024];
    struct text text;

    (void) state;
    for (unsigned i = 0; i < 2; i++) {
        memory.proven = i == 1;
        text_init(&text, buf, sizeof(buf));
        sync_memory_format(&memory, &text);
        assert_false(text.overflow);
        assert_int_equal(sync_memory_parse(buf, &loaded), 0);
        assert_string_equal(loaded.list, memory.list);
        assert_string_equal(loaded.started, memory.started);
        assert_true(loaded.asked == memory.asked);
        assert_true(loaded.mark == memory.mark);
        assert_int_equal(loaded.proven, memory.proven);
    }
}

static void
refuses_what_is_garbled_or_of_another_version(void **state)
{
    struct sync_memory memory = { .mark = 7 };
    char buf[1024];

    (void) state;
    assert_int_equal(sync_memory_parse("", &memory), -1);
    for (size_t len = 0; len < strlen(GOOD); len++) {
        memcpy(buf, GOOD, len);
        buf[len] = '\0';
        assert_int_equal(sync_memory_parse(buf, &memory), -1);
    }
    assert_int_equal(sync_memory_parse(GOOD "more\n", &memory), -1);
    memcpy(buf, GOOD, sizeof(GOOD));
    buf[12] = '2';
    assert_int_equal(sync_memory_parse(buf, &memory), -1);
    memset(buf, 'x', sizeof(buf) - 2);
    buf[sizeof(buf) - 2] = '\n';
    buf[sizeof(buf) - 1] = '\0';
    assert_int_equal(sync_memory_parse(buf, &memory), -1);
    assert_true(memory.mark == 7);
    assert_int_equal(sync_memory_parse(GOOD, &memory), 0);
    assert_true(memory.mark == 0x5000000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_back_what_it_writes),
        cmocka_unit_test(refuses_what_is_garbled_or_of_another_version),
    };

    return cmocka_run_group_tests_name("sync_memory", tests, NULL, NULL);
}
