/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who waits for a postmaster's death, as a file's text and back. */

#include <string.h>

#include "cmocka_all.h"
#include "watch_record.h"

#define GOOD "pgward-watch 1 1234 567890 1240 567900 0\n"

static void
reads_back_what_it_writes(void **state)
{
    const struct watch_record record = {
        .postmaster_pid = INT32_MAX, .postmaster_start = UINT64_MAX,
        .watcher_pid = 7, .watcher_start = 8, .reported_ms = 9,
    };
    struct watch_record loaded;
    char buf[256];
    struct text text;

    (void) state;
    text_init(&text, buf, sizeof(buf));
    watch_record_format(&record, &text);
    assert_false(text.overflow);
    assert_int_equal(watch_record_parse(buf, &loaded), 0);
    assert_int_equal(loaded.postmaster_pid, record.postmaster_pid);
    assert_true(loaded.postmaster_start == record.postmaster_start);
    assert_int_equal(loaded.watcher_pid, record.watcher_pid);
    assert_true(loaded.watcher_start == record.watcher_start);
    assert_true(loaded.reported_ms == record.reported_ms);
}

static void
refuses_what_is_garbled_or_of_another_version(void **state)
{
    static const char *const bad[] = {
        "", "pgward-watch 2 1 2 3 4 5\n", GOOD "\n", GOOD "6",
        "pgward-watch 1 1 2 3 4\n", "pgward-watch 1 1 2 3 4 5",
        "pgward-watch 1 1 2 3 4 5 6\n", "pgward-watch 1 2147483648 2 3 4 5\n",
        "pgward-watch 1 1 2 -3 4 5\n", "pgward-watch 1 1 2\n3 4 5\n",
        "pgward-watch 1 1 18446744073709551616 3 4 5\n",
    };
    struct watch_record record = { .watcher_pid = 7 };
    char buf[sizeof(GOOD)];

    (void) state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(watch_record_parse(bad[i], &record), -1);
    }
    for (size_t len = 0; len < strlen(GOOD); len++) {
        memcpy(buf, GOOD, len);
        buf[len] = '\0';
        assert_int_equal(watch_record_parse(buf, &record), -1);
    }
    assert_int_equal(record.watcher_pid, 7);
    assert_int_equal(watch_record_parse(GOOD, &record), 0);
    assert_int_equal(record.postmaster_pid, 1234);
    assert_true(record.watcher_start == 567900);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_back_what_it_writes),
        cmocka_unit_test(refuses_what_is_garbled_or_of_another_version),
    };

    return cmocka_run_group_tests_name("watch_record", tests, NULL, NULL);
}
