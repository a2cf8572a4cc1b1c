/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The marker beside data that comes back, as a file's text and back. */

#include <string.h>

#include "cmocka_all.h"
#include "rejoin_marker.h"

#define REST "kept \nboot \nwhy \n"
#define GOOD \
    "pgward-rejoin 1\nphase torn\nend given-up\nattempts 2\ninode 77\n" \
    "system-id 7000000000000000001\nfork 1/0000000005000000\ntimeline 2\n" \
    "kept /srv/data.pgward-diverged-3\nboot 6f1a\nwhy permission denied\n"

static void
reads_back_what_it_writes(void **state)
{
    struct rejoin_marker marker = {
        .phase = REJOIN_KEPT, .end = REJOIN_TOLD, .attempts = UINT32_MAX,
        .inode = UINT64_MAX, .system_id = "7", .fork = { 3, 0x1234 },
        .timeline = 4, .kept = "/srv/a\nb", .boot = "6f1a-2",
        .why = "two\nlines",
    };
    struct rejoin_marker back;
    char buf[REJOIN_MARKER_SIZE];
    struct text text;

    (void) state;
    text_init(&text, buf, sizeof(buf));
    rejoin_marker_format(&marker, &text);
    assert_false(text.overflow);
    assert_int_equal(rejoin_marker_parse(buf, &back), 0);
    assert_int_equal(back.phase, marker.phase);
    assert_int_equal(back.end, marker.end);
    assert_true(back.attempts == marker.attempts);
    assert_true(back.inode == marker.inode);
    assert_string_equal(back.system_id, "7");
    assert_int_equal(wal_position_compare(back.fork, marker.fork), 0);
    assert_int_equal(back.timeline, 4);
    assert_string_equal(back.kept, "/srv/a b");
    assert_string_equal(back.boot, "6f1a-2");
    assert_string_equal(back.why, "two lines");
}

static void
the_longest_fits(void **state)
{
    struct rejoin_marker marker = { .phase = REJOIN_FOLLOWS,
                                    .end = REJOIN_GIVEN_UP };
    char buf[REJOIN_MARKER_SIZE];
    struct text text;

    (void) state;
    memset(marker.why, 'w', sizeof(marker.why) - 1);
    memset(marker.kept, 'k', sizeof(marker.kept) - 1);
    memset(marker.boot, 'b', sizeof(marker.boot) - 1);
    memset(marker.system_id, '9', sizeof(marker.system_id) - 1);
    text_init(&text, buf, sizeof(buf));
    rejoin_marker_format(&marker, &text);
    assert_false(text.overflow);
    assert_int_equal(rejoin_marker_parse(buf, &marker), 0);
}

static void
refuses_what_is_garbled(void **state)
{
    static const char *const bad[] = {
        "", GOOD "\n", GOOD "x",
        "pgward-rejoin 2\nphase torn\nend told\nattempts 2\ninode 77\n"
        "system-id 7\nfork 1/0000000005000000\ntimeline 2\n" REST,
        "pgward-rejoin 1\nphase none\nend told\nattempts 2\ninode 77\n"
        "system-id 7\nfork 1/0000000005000000\ntimeline 2\n" REST,
        "pgward-rejoin 1\nphase unknown\nend told\nattempts 2\ninode 77\n"
        "system-id 7\nfork 1/0000000005000000\ntimeline 2\n" REST,
        "pgward-rejoin 1\nphase moon\nend told\nattempts 2\ninode 77\n"
        "system-id 7\nfork 1/0000000005000000\ntimeline 2\n" REST,
        "pgward-rejoin 1\nphase torn\nend moon\nattempts 2\ninode 77\n"
        "system-id 7\nfork 1/0000000005000000\ntimeline 2\n" REST,
        "pgward-rejoin 1\nphase torn\nend told\nattempts -2\ninode 77\n"
        "system-id 7\nfork 1/0000000005000000\ntimeline 2\n" REST,
        "pgward-rejoin 1\nphase torn\nend told\nattempts 2\ninode 7x\n"
        "system-id 7\nfork 1/0000000005000000\ntimeline 2\n" REST,
        "pgward-rejoin 1\nphase torn\nend told\nattempts 2\ninode 7\n"
        "system-id 70000000000000000000000001\n"
        "fork 1/0000000005000000\ntimeline 2\n" REST,
        "pgward-rejoin 1\nphase torn\nend told\nattempts 2\ninode 7\n"
        "system-id 7\nfork 5000000\ntimeline 2\n" REST,
        "pgward-rejoin 1\nphase torn\nend told\nattempts 2\ninode 7\n"
        "system-id 7\nfork 1/0000000005000000\ntimeline 4294967296\n" REST,
        "pgward-rejoin 1\nphase torn\nend told\nattempts 2\ninode 7\n"
        "system-id 7\nfork 1/0000000005000000\ntimeline 2\nwhy \n",
        "pgward-rejoin 1\nphase torn\nend told\nattempts 2\ninode 7\n"
        "system-id 7\nfork 1/0000000005000000\ntimeline 2\nkept \n"
        "boot 0123456789012345678901234567890123456789\nwhy \n",
        "pgward-rejoin 1 \nphase torn\nend told\nattempts 2\ninode 7\n"
        "system-id 7\nfork 1/0000000005000000\ntimeline 2\n" REST,
    };
    struct rejoin_marker marker = { .attempts = 42 };
    char buf[sizeof(GOOD)];

    (void) state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(rejoin_marker_parse(bad[i], &marker), -1);
    }
    for (size_t len = 0; len < strlen(GOOD); len++) {
        memcpy(buf, GOOD, len);
        buf[len] = '\0';
        assert_int_equal(rejoin_marker_parse(buf, &marker), -1);
    }
    assert_int_equal(marker.attempts, 42);
    assert_int_equal(rejoin_marker_parse(GOOD, &marker), 0);
    assert_int_equal(marker.phase, REJOIN_TORN);
    assert_string_equal(marker.kept, "/srv/data.pgward-diverged-3");
    assert_string_equal(marker.boot, "6f1a");
    assert_string_equal(marker.why, "permission denied");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_back_what_it_writes),
        cmocka_unit_test(the_longest_fits),
        cmocka_unit_test(refuses_what_is_garbled),
    };

    return cmocka_run_group_tests_name("rejoin_marker", tests, NULL, NULL);
}
