/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What starts PostgreSQL at boot, by the links of systemd and of init. */

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "text.h"
#include "units.h"

#define SYSTEM "/etc/systemd/system"

static char root[] = "/tmp/pgward-units.XXXXXX";
static char found[64];

static const char *
path_of(const char *name)
{
    static char path[256];

    assert_true(snprintf(path, sizeof(path), "%s%s", root, name)
                < (int) sizeof(path));
    return path;
}

static void
make_link(const char *target, const char *name)
{
    assert_int_equal(symlink(target, path_of(name)), 0);
}

static void
remove_link(const char *name)
{
    assert_int_equal(unlink(path_of(name)), 0);
}

static const char *
look(void)
{
    units_find(root, found, sizeof(found));
    return found;
}

static const char *const folders[] = {
    "/etc", "/etc/systemd", SYSTEM, SYSTEM "/multi-user.target.wants",
    SYSTEM "/x.requires", "/etc/rc3.d",
};

#define FOLDERS (sizeof(folders) / sizeof(folders[0]))

static int
make_folders(void **state)
{
    (void) state;
    if (mkdtemp(root) == NULL) {
        return -1;
    }
    for (size_t i = 0; i < FOLDERS; i++) {
        if (mkdir(path_of(folders[i]), 0700) != 0) {
            return -1;
        }
    }
    return 0;
}

static int
remove_folders(void **state)
{
    (void) state;
    for (size_t i = FOLDERS; i > 0; i--) {
        (void) rmdir(path_of(folders[i - 1]));
    }
    return rmdir(root);
}

static void
finds_nothing_where_nothing_is(void **state)
{
    (void) state;
    assert_string_equal(look(), "");
    units_find("/nonexistent", found, sizeof(found));
    assert_string_equal(found, "");
    make_link("x", SYSTEM "/multi-user.target.wants/postgresql.timer");
    make_link("x", SYSTEM "/multi-user.target.wants/pgbouncer.service");
    make_link("x", SYSTEM "/postgresql.service");
    make_link("x", "/etc/rc3.d/K01postgresql");
    assert_string_equal(look(), "");
    remove_link(SYSTEM "/multi-user.target.wants/postgresql.timer");
    remove_link(SYSTEM "/multi-user.target.wants/pgbouncer.service");
    remove_link(SYSTEM "/postgresql.service");
    remove_link("/etc/rc3.d/K01postgresql");
}

static void
finds_each_kind_of_unit(void **state)
{
    static const char *const units[][2] = {
        { SYSTEM "/multi-user.target.wants/postgresql.service",
          "postgresql" },
        { SYSTEM "/multi-user.target.wants/postgresql@15-main.service",
          "postgresql@15-main" },
        { SYSTEM "/x.requires/postgresql-15.service", "postgresql-15" },
        { "/etc/rc3.d/S01postgresql", "postgresql" },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        make_link("x", units[i][0]);
        assert_string_equal(look(), units[i][1]);
        remove_link(units[i][0]);
    }
}

static void
a_masked_unit_starts_nothing(void **state)
{
    (void) state;
    make_link("x", SYSTEM "/multi-user.target.wants/postgresql.service");
    make_link("x", "/etc/rc3.d/S01postgresql");
    make_link("/dev/null", SYSTEM "/postgresql.service");
    assert_string_equal(look(), "");
    remove_link(SYSTEM "/postgresql.service");
    make_link("/dev/nullx", SYSTEM "/postgresql.service");
    assert_string_equal(look(), "postgresql");
    remove_link(SYSTEM "/postgresql.service");
    remove_link("/etc/rc3.d/S01postgresql");
    remove_link(SYSTEM "/multi-user.target.wants/postgresql.service");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_nothing_where_nothing_is),
        cmocka_unit_test(finds_each_kind_of_unit),
        cmocka_unit_test(a_masked_unit_starts_nothing),
    };

    return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
