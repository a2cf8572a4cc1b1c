/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The disks of a rewind: each that cannot be synced is named. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "params.h"
#include "rewind.h"

static char folder[] = "/tmp/pgward-rewind-sync.XXXXXX";
static char why_buf[1024];

static const char *
at(const char *name)
{
    static char paths[2][PATH_SIZE];
    static unsigned next;

    next = (next + 1) % 2;
    assert_true(snprintf(paths[next], PATH_SIZE, "%s/%s", folder, name)
                < PATH_SIZE);
    return paths[next];
}

static int
sync_data(void)
{
    const struct params params = { .pgdata = at("data") };
    struct text why;

    text_init(&why, why_buf, sizeof(why_buf));
    return rewind_sync(&params, &why);
}

static void
assert_named(const char *path)
{
    assert_int_equal(sync_data(), -1);
    assert_non_null(strstr(why_buf, path));
    assert_non_null(strstr(why_buf, "No such file"));
}

static void
syncs_data_wal_and_tablespaces_or_names_the_missing_one(void **state)
{
    (void) state;
    assert_non_null(mkdtemp(folder));
    assert_named("data'");
    assert_int_equal(mkdir(at("data"), 0700), 0);
    assert_int_equal(symlink(at("wal"), at("data/pg_wal")), 0);
    assert_named("data/pg_wal");
    assert_int_equal(mkdir(at("wal"), 0700), 0);
    assert_named("data/pg_tblspc");
    assert_int_equal(mkdir(at("data/pg_tblspc"), 0700), 0);
    assert_int_equal(sync_data(), 0);
    assert_int_equal(symlink(at("space"), at("data/pg_tblspc/16384")), 0);
    assert_named("data/pg_tblspc/16384");
    assert_int_equal(mkdir(at("space"), 0700), 0);
    assert_int_equal(sync_data(), 0);

    assert_int_equal(unlink(at("data/pg_tblspc/16384")), 0);
    assert_int_equal(unlink(at("data/pg_wal")), 0);
    assert_int_equal(rmdir(at("data/pg_tblspc")), 0);
    assert_int_equal(rmdir(at("data")), 0);
    assert_int_equal(rmdir(at("space")), 0);
    assert_int_equal(rmdir(at("wal")), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void
knows_a_disk_of_pg_wal_alone(void **state)
{
    char data[] = "/tmp/pgward-rewind-disk.XXXXXX";
    const struct params params = { .pgdata = data };
    char wal[64];

    (void) state;
    assert_non_null(mkdtemp(data));
    assert_true(snprintf(wal, sizeof(wal), "%s/pg_wal", data) < 64);
    assert_false(rewind_wal_is_apart(&params));     /* there is none */
    assert_int_equal(mkdir(wal, 0700), 0);
    assert_false(rewind_wal_is_apart(&params));
    assert_int_equal(rmdir(wal), 0);
    assert_int_equal(symlink("/proc", wal), 0);
    assert_true(rewind_wal_is_apart(&params));
    assert_int_equal(unlink(wal), 0);
    assert_int_equal(rmdir(data), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            syncs_data_wal_and_tablespaces_or_names_the_missing_one),
        cmocka_unit_test(knows_a_disk_of_pg_wal_alone),
    };

    return cmocka_run_group_tests_name("rewind_sync", tests, NULL, NULL);
}
