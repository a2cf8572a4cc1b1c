/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Being another user for a while. */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "clock.h"
#include "identity.h"

static void
finds_a_user(void **state)
{
    struct identity user;

    (void) state;
    assert_int_equal(identity_find("root", &user), 0);
    assert_int_equal(user.known, 1);
    assert_int_equal(user.uid, 0);
    assert_string_equal(user.name, "root");
    assert_true(user.home[0] == '/');
    assert_true(user.group_count >= 1);
}

static void
tells_an_unknown_user_from_a_failed_look_up(void **state)
{
    struct identity user = { .known = 1, .uid = 42 };

    (void) state;
    assert_int_equal(identity_find("no-such-user-here", &user), -1);
    assert_int_equal(user.known, 0);
    assert_int_equal(user.uid, 42);
    assert_int_equal(identity_become(&user), -1);
    assert_int_equal(errno, EINVAL);
}

static void
becomes_a_user_and_returns(void **state)
{
    struct identity user = { 0 };
    gid_t before[64];
    gid_t after[64];
    int count = getgroups(64, before);
    uid_t self = geteuid();

    (void) state;
    assert_true(count >= 0);
    if (self != 0 || identity_find("nobody", &user) != 0) {
        print_message("# not root, or no user nobody\n");
        skip();
    }
    assert_int_equal(identity_become(&user), 0);
    assert_int_equal(geteuid(), user.uid);
    assert_int_equal(getegid(), user.gid);
    assert_int_equal(getgroups(64, after), user.group_count);
    assert_int_equal(identity_become(&user), 0);    /* it is us already */
    errno = 99;
    identity_return();
    assert_int_equal(errno, 99);
    assert_int_equal(geteuid(), self);
    assert_int_equal(getegid(), getgid());
    assert_int_equal(getgroups(64, after), count);
    identity_return();
    assert_int_equal(geteuid(), self);
}

/* Or a child would outlive a parent that was killed. */
static void
stays_tied_to_its_parent(void **state)
{
    struct identity user = { 0 };
    int tie = 0;

    (void) state;
    if (geteuid() != 0 || identity_find("nobody", &user) != 0) {
        print_message("# not root, or no user nobody\n");
        skip();
    }
    assert_int_equal(prctl(PR_SET_PDEATHSIG, SIGKILL), 0);
    assert_int_equal(identity_become(&user), 0);
    assert_int_equal(prctl(PR_GET_PDEATHSIG, &tie), 0);
    assert_int_equal(tie, SIGKILL);
    identity_return();
    assert_int_equal(prctl(PR_GET_PDEATHSIG, &tie), 0);
    assert_int_equal(tie, SIGKILL);
    assert_int_equal(prctl(PR_SET_PDEATHSIG, 0), 0);
}

static void
falls_back_where_the_groups_did_not_fit(void **state)
{
    struct identity user = { 0 };

    (void) state;
    if (geteuid() != 0 || identity_find("nobody", &user) != 0) {
        print_message("# not root, or no user nobody\n");
        skip();
    }
    user.group_count = -1;
    assert_int_equal(identity_become(&user), 0);
    assert_int_equal(geteuid(), user.uid);
    identity_return();
    assert_int_equal(geteuid(), 0);
}

/* Root may do everything, and who acts as another may not. */
static void
tells_what_another_user_may(void **state)
{
    char folder[] = "/tmp/pgward-identity-XXXXXX";
    struct identity user = { 0 };

    (void) state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(identity_may(folder, W_OK | X_OK), 0);
    if (geteuid() == 0 && identity_find("nobody", &user) == 0) {
        assert_int_equal(identity_become(&user), 0);
        assert_int_equal(identity_may(folder, W_OK | X_OK), -1);
        assert_int_equal(errno, EACCES);
        assert_int_equal(identity_may("/", X_OK), 0);
        assert_int_equal(identity_may("/none", F_OK), -1);
        assert_int_equal(errno, ENOENT);
        assert_int_equal(geteuid(), user.uid);
        identity_return();
        assert_int_equal(identity_may(folder, W_OK | X_OK), 0);
    }
    assert_int_equal(getuid(), geteuid());
    assert_int_equal(getgid(), getegid());
    assert_int_equal(rmdir(folder), 0);
}

/* /etc/group as a pipe that nobody writes to: as good as a dead directory. */
static void
does_not_wait_for_a_name_service_that_hangs(void **state)
{
    struct identity user = { .known = 1 };
    char folder[] = "/tmp/pgward-identity-XXXXXX";
    char pipe_path[64];
    int64_t begin_ms;
    int writer;

    (void) state;
    assert_non_null(mkdtemp(folder));
    (void) snprintf(pipe_path, sizeof(pipe_path), "%s/group", folder);
    assert_int_equal(mkfifo(pipe_path, 0644), 0);
    if (unshare(CLONE_NEWNS) != 0
        || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0
        || mount(pipe_path, "/etc/group", "none", MS_BIND, NULL) != 0) {
        (void) unlink(pipe_path);
        (void) rmdir(folder);
        print_message("# may not mount\n");
        skip();
    }
    begin_ms = clock_now_ms();
    assert_int_equal(identity_find("root", &user), -1);
    assert_int_equal(errno, ETIMEDOUT);
    assert_int_equal(user.known, -1);
    assert_true(clock_now_ms() - begin_ms < 10000);
    assert_int_equal(umount2("/etc/group", MNT_DETACH), 0);
    writer = open(pipe_path, O_WRONLY | O_NONBLOCK);
    assert_true(writer >= 0);       /* the look-up waits there, and ends now */
    (void) close(writer);
    assert_int_equal(identity_find("root", &user), 0);
    (void) unlink(pipe_path);
    (void) rmdir(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_a_user),
        cmocka_unit_test(tells_an_unknown_user_from_a_failed_look_up),
        cmocka_unit_test(becomes_a_user_and_returns),
        cmocka_unit_test(stays_tied_to_its_parent),
        cmocka_unit_test(falls_back_where_the_groups_did_not_fit),
        cmocka_unit_test(tells_what_another_user_may),
        cmocka_unit_test(does_not_wait_for_a_name_service_that_hangs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
