/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A worker beside the cluster's actions, as a file's text and back. */

#include <string.h>

#include "cmocka_all.h"
#include "worker_record.h"

#define GOOD "pgward-worker 1 watch 1240 567900 1234 567890 1 99 0 0\n"

static void
reads_back_what_it_writes(void **state)
{
    (void) state;
    for (unsigned kind = 0; kind < WORKER_KINDS; kind++) {
        const struct worker_record record = {
            .kind = (enum worker_kind) kind, .pid = INT32_MAX,
            .start = UINT64_MAX, .subject_pid = 7, .subject_start = 8,
            .phase = UINT32_MAX, .since_ms = 9, .done = 10, .total = 11,
        };
        struct worker_record back;
        char buf[256];
        struct text text;

        memset(&back, 0, sizeof(back));
        text_init(&text, buf, sizeof(buf));
        worker_record_format(&record, &text);
        assert_false(text.overflow);
        assert_int_equal(worker_record_parse(buf, record.kind, &back), 0);
        assert_int_equal(back.kind, record.kind);
        assert_int_equal(back.pid, record.pid);
        assert_true(back.start == record.start);
        assert_int_equal(back.subject_pid, record.subject_pid);
        assert_true(back.subject_start == record.subject_start);
        assert_int_equal(back.phase, record.phase);
        assert_true(back.since_ms == record.since_ms);
        assert_true(back.done == record.done);
        assert_true(back.total == record.total);
    }
}

static void
refuses_what_is_garbled_or_of_another_kind_or_version(void **state)
{
    static const char *const bad[] = {
        "", "pgward-worker 2 watch 1 2 3 4 5 6 7 8\n", GOOD "\n", GOOD "6",
        "pgward-worker 1 rejoin 1 2 3 4 5 6 7 8\n",
        "pgward-worker 1 watch 1 2 3 4 5 6 7\n",
        "pgward-worker 1 watch 1 2 3 4 5 6 7 8",
        "pgward-worker 1 watch 1 2 3 4 5 6 7 8 9\n",
        "pgward-worker 1 watch 2147483648 2 3 4 5 6 7 8\n",
        "pgward-worker 1 watch 1 2 -3 4 5 6 7 8\n",
        "pgward-worker 1 watch 1 2 3\n4 5 6 7 8\n",
        "pgward-worker 1 watch 1 18446744073709551616 3 4 5 6 7 8\n",
        "pgward-worker 1 watch 1 2 3 4 4294967296 6 7 8\n",
    };
    struct worker_record record = { .pid = 7 };
    char buf[sizeof(GOOD)];

    (void) state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(worker_record_parse(bad[i], WORKER_WATCH, &record),
                         -1);
    }
    for (size_t len = 0; len < strlen(GOOD); len++) {
        memcpy(buf, GOOD, len);
        buf[len] = '\0';
        assert_int_equal(worker_record_parse(buf, WORKER_WATCH, &record), -1);
    }
    assert_int_equal(record.pid, 7);
    assert_int_equal(worker_record_parse(GOOD, WORKER_WATCH, &record), 0);
    assert_int_equal(record.subject_pid, 1234);
    assert_true(record.start == 567900);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_back_what_it_writes),
        cmocka_unit_test(refuses_what_is_garbled_or_of_another_kind_or_version),
    };

    return cmocka_run_group_tests_name("worker_record", tests, NULL, NULL);
}
