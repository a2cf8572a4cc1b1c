/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WAL positions: read exactly, ordered by timeline first. */

#include "cmocka_all.h"
#include "lsn.h"

static void
reads_a_position_as_sql_prints_it(void **state)
{
    lsn value = 0;

    (void) state;
    assert_int_equal(lsn_parse_sql("16/B374D848", &value), 0);
    assert_true(value == UINT64_C(0x16B374D848));
    assert_int_equal(lsn_parse_sql("0/0", &value), 0);
    assert_true(value == 0);
    assert_int_equal(lsn_parse_sql("ffffffff/ffffffff", &value), 0);
    assert_true(value == UINT64_MAX);
}

static void
refuses_what_is_no_position(void **state)
{
    static const char *const wrong[] = {
        "", "/", "16", "16/", "/16", "16/B374D848 ", " 16/1", "16/1/2",
        "123456789/1", "1/123456789", "x/1", "1/-1", "1/g",
    };
    lsn value = 7;

    (void) state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(lsn_parse_sql(wrong[i], &value), -1);
    }
    assert_int_equal(lsn_parse_hex("00000016B374D84", &value), -1);
    assert_int_equal(lsn_parse_hex("00000016B374D8480", &value), -1);
    assert_int_equal(lsn_parse_hex("00000016B374D84x", &value), -1);
    assert_int_equal(lsn_parse_hex("", &value), -1);
    assert_true(value == 7);
}

static void
writes_what_it_reads(void **state)
{
    char text[LSN_TEXT_SIZE];
    lsn value = 0;

    (void) state;
    lsn_format_hex(UINT64_C(0x16B374D848), text);
    assert_string_equal(text, "00000016B374D848");
    assert_int_equal(lsn_parse_hex(text, &value), 0);
    assert_true(value == UINT64_C(0x16B374D848));
    lsn_format_sql(value, text);
    assert_string_equal(text, "16/B374D848");
    lsn_format_sql(UINT64_MAX, text);
    assert_string_equal(text, "FFFFFFFF/FFFFFFFF");
}

static void
reads_and_writes_a_position_on_a_timeline(void **state)
{
    static const char *const wrong[] = {
        "", "3", "/0000000006000098", "3/6000098", "x/0000000006000098",
        "4294967296/0000000006000098", "12345678901/0000000006000098",
        "-1/0000000006000098",
    };
    struct wal_position position = { 0 };
    char text[WAL_POSITION_TEXT_SIZE];

    (void) state;
    assert_int_equal(wal_position_parse("3/0000000006000098", &position), 0);
    assert_int_equal(position.timeline, 3);
    assert_true(position.lsn == 0x6000098);
    wal_position_format(position, text);
    assert_string_equal(text, "3/0000000006000098");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(wal_position_parse(wrong[i], &position), -1);
    }
    assert_int_equal(position.timeline, 3);
}

static void
orders_by_timeline_before_position(void **state)
{
    const struct wal_position old_far = { 1, 900 };
    const struct wal_position new_near = { 2, 100 };
    const struct wal_position new_far = { 2, 200 };

    (void) state;
    assert_true(wal_position_compare(old_far, new_near) < 0);
    assert_true(wal_position_compare(new_near, old_far) > 0);
    assert_true(wal_position_compare(new_near, new_far) < 0);
    assert_true(wal_position_compare(new_far, new_near) > 0);
    assert_int_equal(wal_position_compare(new_far, new_far), 0);
}

static void
knows_a_position_only_when_both_halves_are_known(void **state)
{
    (void) state;
    assert_true(wal_position_is_known((struct wal_position){ 1, 1 }));
    assert_false(wal_position_is_known((struct wal_position){ 0, 1 }));
    assert_false(wal_position_is_known((struct wal_position){ 1, 0 }));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_position_as_sql_prints_it),
        cmocka_unit_test(refuses_what_is_no_position),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(reads_and_writes_a_position_on_a_timeline),
        cmocka_unit_test(orders_by_timeline_before_position),
        cmocka_unit_test(knows_a_position_only_when_both_halves_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
