/* SPDX-License-Identifier: GPL-2.0-or-later */
/* postmaster.pid is written in steps; any part of it may be there. */

#include <string.h>

#include "cmocka_all.h"
#include "pidfile.h"

static void
reads_a_whole_file(void **state)
{
    struct pidfile pidfile;

    (void) state;
    assert_int_equal(pidfile_parse("4242\n/var/lib/pgsql/data\n1700000000\n"
                                   "5433\n/run/postgresql\n*\n"
                                   "  5433001     98304\nstandby \n",
                                   &pidfile), 0);
    assert_int_equal(pidfile.pid, 4242);
    assert_false(pidfile.standalone);
    assert_string_equal(pidfile.datadir, "/var/lib/pgsql/data");
    assert_true(pidfile.start_time_s == 1700000000);
    assert_int_equal(pidfile.port, 5433);
    assert_string_equal(pidfile.socketdir, "/run/postgresql");
    assert_string_equal(pidfile.listen_addr, "*");
    assert_true(pidfile.shmem_key == 5433001);
    assert_true(pidfile.shmem_id == 98304);
    assert_int_equal(pidfile.status, PIDFILE_STANDBY);
}

static void
reads_every_status(void **state)
{
    static const struct {
        const char *word;
        enum pidfile_status status;
    } known[] = {
        { "starting", PIDFILE_STARTING }, { "ready   ", PIDFILE_READY },
        { "standby ", PIDFILE_STANDBY }, { "stopping", PIDFILE_STOPPING },
        { "other", PIDFILE_UNKNOWN },
    };
    struct pidfile pidfile;

    (void) state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        char text[64];

        assert_true(snprintf(text, sizeof(text), "1\n/d\n1\n1\n\n\n1 2\n%s\n",
                             known[i].word) > 0);
        assert_int_equal(pidfile_parse(text, &pidfile), 0);
        assert_int_equal(pidfile.status, known[i].status);
    }
}

static void
says_starting_while_lines_are_missing(void **state)
{
    struct pidfile pidfile;

    (void) state;
    assert_int_equal(pidfile_parse("4242\n/data\n", &pidfile), 0);
    assert_int_equal(pidfile.status, PIDFILE_STARTING);
    assert_int_equal(pidfile.port, 0);
    assert_string_equal(pidfile.socketdir, "");
    assert_int_equal(pidfile_parse("4242", &pidfile), 0);
    assert_int_equal(pidfile.pid, 4242);
}

static void
knows_a_single_user_server(void **state)
{
    struct pidfile pidfile;

    (void) state;
    assert_int_equal(pidfile_parse("-17\n/data\n", &pidfile), 0);
    assert_int_equal(pidfile.pid, 17);
    assert_true(pidfile.standalone);
}

static void
refuses_a_file_without_a_process_id(void **state)
{
    static const char *const wrong[] = {
        "", "\n", "x\n/data\n", "0\n", "--1\n", "12x\n", "4294967296\n", "-",
    };
    struct pidfile pidfile = { .pid = 7 };

    (void) state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(pidfile_parse(wrong[i], &pidfile), -1);
    }
    assert_int_equal(pidfile.pid, 7);
}

static void
counts_a_line_without_sense_as_missing(void **state)
{
    static char text[PATH_SIZE + 64] = "1\n";
    struct pidfile pidfile;

    (void) state;
    assert_int_equal(pidfile_parse("1\n/d\nsoon\n70000\n\n\n12 x\nready\n",
                                   &pidfile), 0);
    assert_true(pidfile.start_time_s == 0);
    assert_int_equal(pidfile.port, 0);
    assert_true(pidfile.shmem_key == 0);
    assert_int_equal(pidfile.status, PIDFILE_READY);
    assert_int_equal(pidfile_parse("1\n\n\n\n\n\n12\nready\n", &pidfile), 0);
    assert_true(pidfile.shmem_key == 0);
    memset(text + 2, 'd', PATH_SIZE);
    assert_int_equal(pidfile_parse(text, &pidfile), 0);
    assert_string_equal(pidfile.datadir, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_whole_file),
        cmocka_unit_test(reads_every_status),
        cmocka_unit_test(says_starting_while_lines_are_missing),
        cmocka_unit_test(knows_a_single_user_server),
        cmocka_unit_test(refuses_a_file_without_a_process_id),
        cmocka_unit_test(counts_a_line_without_sense_as_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
