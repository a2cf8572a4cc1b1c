/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The history files of a data directory. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "timelines.h"

static char pgdata[] = "/tmp/pgward-timelines.XXXXXX";

static const struct {
    const char *name;
    const char *bytes;
} files[] = {
    { "00000002.history", "1\t0/3000060\tno recovery target specified\n" },
    { "0000000A.history", "1\t0/3000060\tx\n2\t0/5000098\ty\n" },
    { "00000003.history", "torn" },
    { "00000004.history", "" },
    { "00000002.history.backup", "1\t0/3000060\tx\n" },
    { "000000010000000000000001", "" },
};

#define FILES (sizeof(files) / sizeof(files[0]))

static const char *
path_of(const char *name)
{
    static char path[128];

    (void) snprintf(path, sizeof(path), "%s/pg_wal/%s", pgdata, name);
    return path;
}

static int
begin(void **state)
{
    (void) state;
    if (mkdtemp(pgdata) == NULL || mkdir(path_of(""), 0700) != 0) {
        return -1;
    }
    for (size_t i = 0; i < FILES; i++) {
        FILE *file = fopen(path_of(files[i].name), "we");

        if (file == NULL || fputs(files[i].bytes, file) < 0
            || fclose(file) != 0) {
            return -1;
        }
    }
    return 0;
}

static int
end(void **state)
{
    (void) state;
    for (size_t i = 0; i < FILES; i++) {
        (void) unlink(path_of(files[i].name));
    }
    return rmdir(path_of("")) == 0 ? rmdir(pgdata) : -1;
}

static void
tells_where_each_began_and_when(void **state)
{
    struct timeline found[8];
    struct stat info;
    size_t count;
    size_t unread;
    size_t at;

    (void) state;
    assert_int_equal(timelines_read(pgdata, found, 8, &count, &unread), 0);
    assert_int_equal(count, 2);
    assert_int_equal(unread, 2);
    at = found[0].number == 10 ? 0 : 1;
    assert_int_equal(found[at].number, 10);
    assert_int_equal(found[at].left.timeline, 2);
    assert_true(found[at].left.lsn == 0x5000098);
    assert_int_equal(found[1 - at].number, 2);
    assert_int_equal(stat(path_of("0000000A.history"), &info), 0);
    assert_int_equal(found[at].time_ms / 1000, info.st_mtim.tv_sec);
}

static void
counts_what_has_no_room(void **state)
{
    struct timeline found[1];
    size_t count;
    size_t unread;

    (void) state;
    assert_int_equal(timelines_read(pgdata, found, 1, &count, &unread), 0);
    assert_int_equal(count, 1);
    assert_int_equal(unread, 3);
}

static void
says_that_there_is_no_folder(void **state)
{
    size_t count = 7;
    size_t unread = 7;

    (void) state;
    errno = 0;
    assert_int_equal(timelines_read("/nowhere", NULL, 0, &count, &unread), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(count, 7);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_where_each_began_and_when),
        cmocka_unit_test(counts_what_has_no_room),
        cmocka_unit_test(says_that_there_is_no_folder),
    };

    return cmocka_run_group_tests_name("timelines", tests, begin, end);
}
