/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths: none is cut, and what is no more is said by the kernel's mark. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "params.h"
#include "paths.h"

static void
joins_what_fits_whole(void **state)
{
    char path[PATH_SIZE];
    char folder[PATH_SIZE];

    (void) state;
    assert_int_equal(path_join("/srv/data", "PG_VERSION", path), 0);
    assert_string_equal(path, "/srv/data/PG_VERSION");
    memset(folder, 'x', sizeof(folder));
    folder[PATH_SIZE - 2] = '\0';       /* with `/a` one byte too many */
    errno = 0;
    assert_int_equal(path_join(folder, "a", path), -1);
    assert_int_equal(errno, ENAMETOOLONG);
    folder[PATH_SIZE - 3] = '\0';
    assert_int_equal(path_join(folder, "a", path), 0);
    assert_int_equal(strlen(path), PATH_SIZE - 1);
}

static void
reads_a_link_whole_or_not_at_all(void **state)
{
    char folder[] = "/tmp/pgward-paths.XXXXXX";
    char link[64];
    char target[16];

    (void) state;
    assert_non_null(mkdtemp(folder));
    assert_true(snprintf(link, sizeof(link), "%s/link", folder) < 64);
    assert_int_equal(symlink("15 bytes long..", link), 0);
    assert_int_equal(path_read_link(link, target, sizeof(target)), 0);
    assert_string_equal(target, "15 bytes long..");
    errno = 0;
    assert_int_equal(path_read_link(link, target, sizeof(target) - 1), -1);
    assert_int_equal(errno, ENAMETOOLONG);
    assert_string_equal(target, "");
    assert_int_equal(path_read_link(folder, target, sizeof(target)), -1);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(path_read_link(link, target, sizeof(target)), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(rmdir(folder), 0);
}

static void
cuts_the_kernels_mark_and_no_name(void **state)
{
    char link[] = "/srv/data (deleted)";
    char name[] = "/srv/data (deleted)x";
    char mark[] = " (deleted)";

    (void) state;
    assert_true(path_cut_deleted(link));
    assert_string_equal(link, "/srv/data");
    assert_false(path_cut_deleted(link));
    assert_false(path_cut_deleted(name));
    assert_string_equal(name, "/srv/data (deleted)x");
    assert_false(path_cut_deleted(mark));       /* nothing would be left */
}

static void
knows_its_own_program(void **state)
{
    char path[PATH_SIZE];

    (void) state;
    assert_int_equal(path_of_program(path), 0);
    assert_int_equal(path[0], '/');
    assert_int_equal(access(path, X_OK), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joins_what_fits_whole),
        cmocka_unit_test(reads_a_link_whole_or_not_at_all),
        cmocka_unit_test(cuts_the_kernels_mark_and_no_name),
        cmocka_unit_test(knows_its_own_program),
    };

    return cmocka_run_group_tests_name("paths", tests, NULL, NULL);
}
