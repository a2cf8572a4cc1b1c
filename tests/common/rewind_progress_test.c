/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far pg_rewind is, by its lines. */

#include <string.h>

#include "cmocka_all.h"
#include "rewind_progress.h"

static void
follows_a_whole_rewind(void **state)
{
    struct rewind_progress progress = { .phase = REWIND_PHASE_NONE };

    (void) state;
    assert_int_equal(rewind_progress_take("pg_rewind: connected to server",
                                          &progress), 1);
    assert_int_equal(progress.phase, REWIND_PHASE_LOOKING);
    assert_int_equal(rewind_progress_take(
                         "pg_rewind: servers diverged at WAL location "
                         "0/50000A0 on timeline 1", &progress), 1);
    assert_int_equal(progress.fork.lsn, 0x50000A0);
    assert_int_equal(progress.fork.timeline, 1);
    assert_int_equal(rewind_progress_take(
                         "pg_rewind: rewinding from last common checkpoint "
                         "at 1/04000060 on timeline 1", &progress), 1);
    assert_true(progress.from.lsn == 0x104000060ULL);
    assert_int_equal(rewind_progress_take("pg_rewind: reading WAL in target",
                                          &progress), 1);
    assert_int_equal(progress.phase, REWIND_PHASE_LOOKING);
    assert_int_equal(rewind_progress_take(
                         "pg_rewind: need to copy 53 MB (total source "
                         "directory size is 75 MB)", &progress), 1);
    assert_int_equal(progress.phase, REWIND_PHASE_COPYING);
    assert_int_equal(progress.total_kb, 53 * 1024);
    assert_int_equal(rewind_progress_take("  1234/54321 kB (2%) copied",
                                          &progress), 1);
    assert_int_equal(progress.done_kb, 1234);
    assert_int_equal(progress.total_kb, 54321);
    assert_int_equal(rewind_progress_take(
                         "pg_rewind: creating backup label and updating "
                         "control file", &progress), 1);
    assert_int_equal(progress.phase, REWIND_PHASE_SYNCING);
    assert_int_equal(rewind_progress_take("Done!", &progress), 1);
    assert_int_equal(progress.phase, REWIND_PHASE_DONE);
}

static void
leaves_everything_alone_at_another_line(void **state)
{
    static const char *const lines[] = {
        "", "pg_rewind: ", "pg_rewind: error: need to copy 5 MB (",
        "pg_rewind: servers diverged at WAL location 0/0 on timeline 1",
        "pg_rewind: servers diverged at WAL location 0/5 on timeline 0",
        "pg_rewind: servers diverged at WAL location 0/5 on timeline 1x",
        ("pg_rewind: servers diverged at WAL location "
         "000000000000000000000000000000/5 on timeline 1"),
        "pg_rewind: rewinding from last common checkpoint at 5",
        "need to copy many MB (", "need to copy 53 GB (",
        "need to copy 18446744073709551615 MB (",
        "9/5 kB (180%) copied", "5/9 MB (50%) copied", "5-9", "5/x kB (",
    };
    struct rewind_progress before;
    struct rewind_progress progress;

    (void) state;
    memset(&before, 0x5A, sizeof(before));
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        progress = before;
        assert_int_equal(rewind_progress_take(lines[i], &progress), 0);
        assert_memory_equal(&progress, &before, sizeof(before));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_a_whole_rewind),
        cmocka_unit_test(leaves_everything_alone_at_another_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
