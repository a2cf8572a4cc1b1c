/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pg_controldata's output, as version 15 prints it. */

#include <string.h>

#include "cmocka_all.h"
#include "controldata.h"

#define HEAD \
    "pg_control version number:            1300\n" \
    "Catalog version number:               202209061\n" \
    "Database system identifier:           7301234567890123456\n"
#define BODY \
    "pg_control last modified:             Fri 20 Nov 2026 10:00:00 PM UTC\n" \
    "Latest checkpoint location:           0/3000060\n" \
    "Latest checkpoint's REDO location:    0/3000028\n" \
    "Latest checkpoint's REDO WAL file:    000000020000000000000003\n" \
    "Latest checkpoint's TimeLineID:       2\n" \
    "Latest checkpoint's PrevTimeLineID:   1\n" \
    "Minimum recovery ending location:     0/4000000\n" \
    "Min recovery ending loc's timeline:   3\n"

static void
reads_every_fact(void **state)
{
    struct controldata data;

    (void) state;
    assert_int_equal(controldata_parse(HEAD
        "Database cluster state:               in archive recovery\n" BODY
        "wal_log_hints setting:                on\n"
        "Data page checksum version:           1\n", &data), 0);
    assert_int_equal(data.version, 1300);
    assert_int_equal(data.catalog_version, 202209061);
    assert_true(data.system_identifier == UINT64_C(7301234567890123456));
    assert_int_equal(data.state, CONTROL_IN_ARCHIVE_RECOVERY);
    assert_int_equal(data.checkpoint.timeline, 2);
    assert_true(data.checkpoint.lsn == 0x3000060);
    assert_true(data.redo.lsn == 0x3000028);
    assert_int_equal(data.redo.timeline, 2);
    assert_true(data.min_recovery_end.lsn == 0x4000000);
    assert_int_equal(data.min_recovery_end.timeline, 3);
    assert_int_equal(data.wal_log_hints, TRI_YES);
    assert_int_equal(data.checksums, TRI_YES);
}

static void
tells_off_from_not_said(void **state)
{
    struct controldata data;

    (void) state;
    assert_int_equal(controldata_parse(
        "Database cluster state:               shut down\n" BODY
        "wal_log_hints setting:                off\n"
        "Data page checksum version:           0\n", &data), 0);
    assert_int_equal(data.wal_log_hints, TRI_NO);
    assert_int_equal(data.checksums, TRI_NO);
    /* being switched on: pg_rewind takes 1 and nothing else */
    assert_int_equal(controldata_parse(
        "Database cluster state:               shut down\n" BODY
        "Data page checksum version:           2\n", &data), 0);
    assert_int_equal(data.checksums, TRI_NO);
    assert_int_equal(controldata_parse(
        "Database cluster state:               shut down\n" BODY, &data), 0);
    assert_int_equal(data.wal_log_hints, TRI_UNKNOWN);
    assert_int_equal(data.checksums, TRI_UNKNOWN);
}

static void
refuses_output_without_state_or_checkpoint(void **state)
{
    struct controldata data = { .version = 7 };

    (void) state;
    assert_int_equal(controldata_parse("", &data), -1);
    assert_int_equal(controldata_parse(HEAD BODY, &data), -1);
    assert_int_equal(controldata_parse(
        "Database cluster state:               unrecognized status code\n"
        BODY, &data), -1);
    assert_int_equal(controldata_parse(HEAD
        "Database cluster state:               shut down\n", &data), -1);
    assert_int_equal(controldata_parse(
        "Database cluster state:               shut down\n"
        "Latest checkpoint location:           nonsense\n"
        "Latest checkpoint's TimeLineID:       2x\n", &data), -1);
    assert_int_equal(data.version, 7);
}

static void
passes_over_a_line_that_is_too_long(void **state)
{
    char text[4096];
    struct controldata data;

    (void) state;
    memset(text, 'x', 1000);
    assert_true(snprintf(text + 1000, sizeof(text) - 1000, "%s",
        "\nDatabase cluster state:               in production\n" BODY) > 0);
    assert_int_equal(controldata_parse(text, &data), 0);
    assert_int_equal(data.state, CONTROL_IN_PRODUCTION);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_fact),
        cmocka_unit_test(tells_off_from_not_said),
        cmocka_unit_test(refuses_output_without_state_or_checkpoint),
        cmocka_unit_test(passes_over_a_line_that_is_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
