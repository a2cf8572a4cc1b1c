/* SPDX-License-Identifier: GPL-2.0-or-later */
/* limits.conf, as pam_limits reads it. */

#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "files.h"
#include "userlimits.h"

/* Group 0 is called root everywhere. */
static const struct identity user = {
    .name = "postgres", .uid = 26, .gid = 26, .known = 1,
    .group_count = 2, .groups = { 26, 0 },
};
static const struct identity root = {
    .name = "root", .uid = 0, .gid = 0, .known = 1,
};

static void
reads_users_groups_and_everybody(void **state)
{
    struct userlimits limits = { 0 };

    (void) state;
    assert_int_equal(userlimits_parse(
        "# comment\n"
        "* soft nofile 1024\n"
        "@root hard nproc 50 # trailing\n"
        "postgres - memlock unlimited\n"
        "other - core 1\n"
        "@nosuchgroup - stack 1\n"
        "postgres\tHARD\tcpu\t2\n"
        "postgres - core 8\n", &user, &limits), 0);
    assert_int_equal(limits.soft[RLIMIT_NOFILE], 1024);
    assert_int_equal(limits.hard_source[RLIMIT_NOFILE], USERLIMITS_NONE);
    assert_int_equal(limits.hard[RLIMIT_NPROC], 50);
    assert_true(limits.soft[RLIMIT_MEMLOCK] == RLIM_INFINITY);
    assert_true(limits.hard[RLIMIT_MEMLOCK] == RLIM_INFINITY);
    assert_int_equal(limits.hard[RLIMIT_CPU], 120);
    assert_int_equal(limits.soft[RLIMIT_CORE], 8192);
    assert_int_equal(limits.soft_source[RLIMIT_STACK], USERLIMITS_NONE);
}

static void
lets_the_nearest_rule_win(void **state)
{
    struct userlimits limits = { 0 };

    (void) state;
    assert_int_equal(userlimits_parse(
        "postgres soft nofile 10\n"
        "@root soft nofile 20\n"
        "* soft nofile 30\n"
        "* soft nproc 1\n"
        "* soft nproc 2\n", &user, &limits), 0);
    assert_int_equal(limits.soft[RLIMIT_NOFILE], 10);
    assert_int_equal(limits.soft[RLIMIT_NPROC], 2);
}

static void
binds_root_only_by_name(void **state)
{
    struct userlimits limits = { 0 };

    (void) state;
    assert_int_equal(userlimits_parse("* - nofile 10\n@root - nofile 20\n",
                                      &root, &limits), 0);
    assert_int_equal(limits.soft_source[RLIMIT_NOFILE], USERLIMITS_NONE);
    assert_int_equal(userlimits_parse("root - nofile 30\n", &root, &limits),
                     0);
    assert_int_equal(limits.soft[RLIMIT_NOFILE], 30);
}

static void
passes_over_what_makes_no_sense(void **state)
{
    struct userlimits limits = { 0 };
    static const struct userlimits none;

    (void) state;
    assert_int_equal(userlimits_parse(
        "postgres\n* soft\n* soft nofile\n* soft nofile many\n"
        "* soft maxlogins 1\n* firm nofile 1\n* soft nofile 1x\n",
        &user, &limits), 0);
    assert_memory_equal(&limits, &none, sizeof(limits));
}

static void
forgets_all_for_a_user_without_limits(void **state)
{
    struct userlimits limits = { 0 };
    static const struct userlimits none;

    (void) state;
    assert_int_equal(userlimits_parse("* soft nofile 1\npostgres -\n"
                                      "* soft nproc 1\n", &user, &limits), 1);
    assert_memory_equal(&limits, &none, sizeof(limits));
}

static void
write_in(const char *folder, const char *name, const char *content)
{
    char path[256];

    assert_true(snprintf(path, sizeof(path), "%s/%s", folder, name) > 0);
    assert_int_equal(files_write(path, content, strlen(content), 0644), 0);
}

static void
reads_the_folder_in_order(void **state)
{
    char folder[] = "/tmp/pgward-limits.XXXXXX";
    char path[128];
    struct userlimits limits;

    (void) state;
    assert_non_null(mkdtemp(folder));
    assert_true(snprintf(path, sizeof(path), "%s/limits.d", folder) > 0);
    assert_int_equal(mkdir(path, 0755), 0);
    write_in(folder, "limits.conf", "* - nofile 1\n");
    write_in(path, "20.conf", "* - nofile 20\n");
    write_in(path, "10.conf", "* - nofile 10\n* - nproc 10\n");
    write_in(path, "99.off", "* - nofile 99\n");
    userlimits_read(folder, &user, &limits);
    assert_int_equal(limits.soft[RLIMIT_NOFILE], 20);
    assert_int_equal(limits.hard[RLIMIT_NPROC], 10);
    userlimits_read("/nonexistent", &user, &limits);
    assert_int_equal(limits.soft_source[RLIMIT_NOFILE], USERLIMITS_NONE);
    for (int i = 0; i < 3; i++) {
        static const char *const names[] = { "20.conf", "10.conf", "99.off" };
        char file[256];

        assert_true(snprintf(file, sizeof(file), "%s/%s", path, names[i])
                    > 0);
        assert_int_equal(unlink(file), 0);
    }
    assert_int_equal(rmdir(path), 0);
    assert_true(snprintf(path, sizeof(path), "%s/limits.conf", folder) > 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static int
apply_in_a_child(const struct userlimits *limits)
{
    struct rlimit got;
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        userlimits_apply(limits);
        _exit(getrlimit(RLIMIT_CORE, &got) == 0 ? (int) got.rlim_cur : 255);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WEXITSTATUS(status);
}

static void
keeps_the_soft_limit_within_the_hard_one(void **state)
{
    struct userlimits limits = { 0 };

    (void) state;
    limits.soft_source[RLIMIT_CORE] = USERLIMITS_USER;
    limits.hard_source[RLIMIT_CORE] = USERLIMITS_USER;
    limits.soft[RLIMIT_CORE] = 9;
    limits.hard[RLIMIT_CORE] = 7;
    assert_int_equal(apply_in_a_child(&limits), 7);
    limits.soft_source[RLIMIT_CORE] = USERLIMITS_NONE;
    limits.hard[RLIMIT_CORE] = 0;
    assert_int_equal(apply_in_a_child(&limits), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_users_groups_and_everybody),
        cmocka_unit_test(lets_the_nearest_rule_win),
        cmocka_unit_test(binds_root_only_by_name),
        cmocka_unit_test(passes_over_what_makes_no_sense),
        cmocka_unit_test(forgets_all_for_a_user_without_limits),
        cmocka_unit_test(reads_the_folder_in_order),
        cmocka_unit_test(keeps_the_soft_limit_within_the_hard_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
