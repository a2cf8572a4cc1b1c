/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a host is this machine, by address and by name. */

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "address.h"
#include "clock.h"

#define ELSEWHERE "192.0.2.77"  /* for documentation: nobody's (RFC 5737) */

static char words[512];

static enum tri
where(const char *host)
{
    struct text why;

    text_init(&why, words, sizeof(words));
    return address_is_here(host, &why);
}

static void
knows_addresses_without_a_look_up(void **state)
{
    (void) state;
    assert_int_equal(where("127.0.0.1"), TRI_YES);
    assert_int_equal(where("127.3.2.1"), TRI_YES);
    assert_int_equal(where("::1"), TRI_YES);
    assert_int_equal(where(ELSEWHERE), TRI_NO);
    assert_int_equal(where("2001:db8::77"), TRI_NO);
    assert_int_equal(where(""), TRI_NO);
    assert_string_equal(words, "");
}

static void
takes_the_folder_of_a_socket_for_here(void **state)
{
    (void) state;
    assert_int_equal(where("/run/postgresql"), TRI_YES);
    assert_int_equal(where("@abstract"), TRI_YES);
}

static void
looks_at_every_host_of_a_list(void **state)
{
    (void) state;
    assert_int_equal(where(ELSEWHERE ",127.0.0.1"), TRI_YES);
    assert_int_equal(where(ELSEWHERE ",2001:db8::77"), TRI_NO);
}

static void
looks_a_name_up(void **state)
{
    (void) state;
    assert_int_equal(where("localhost"), TRI_YES);
    assert_int_equal(where(ELSEWHERE ",localhost"), TRI_YES);
}

/* P7: a name that fails says nothing of where it is. */
static void
does_not_know_where_a_name_is_that_fails(void **state)
{
    char host[400];

    (void) state;
    assert_int_equal(where("pgward.invalid"), TRI_UNKNOWN);
    assert_non_null(strstr(words, "could not look up 'pgward.invalid': "));
    assert_int_equal(where(ELSEWHERE ",pgward.invalid"), TRI_UNKNOWN);
    memset(host, 'h', sizeof(host) - 1);
    host[sizeof(host) - 1] = '\0';
    assert_int_equal(where(host), TRI_UNKNOWN);
    assert_non_null(strstr(words, "is too long for a host"));
}

static void
finds_the_name_in_a_host(void **state)
{
    char name[64];

    (void) state;
    assert_false(address_find_name("", name, sizeof(name)));
    assert_false(address_find_name(ELSEWHERE ",::1,/run", name, sizeof(name)));
    assert_string_equal(name, "");
    assert_true(address_find_name("::1,pg.example,b", name, sizeof(name)));
    assert_string_equal(name, "pg.example");
}

/* /etc/hosts as a pipe that nobody writes to: as good as a dead name server. */
static void
does_not_wait_for_a_name_server_that_hangs(void **state)
{
    char folder[] = "/tmp/pgward-address-XXXXXX";
    char pipe_path[64];
    int64_t begin_ms;
    int writer;

    (void) state;
    assert_non_null(mkdtemp(folder));
    (void) snprintf(pipe_path, sizeof(pipe_path), "%s/hosts", folder);
    assert_int_equal(mkfifo(pipe_path, 0644), 0);
    if (unshare(CLONE_NEWNS) != 0
        || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0
        || mount(pipe_path, "/etc/hosts", "none", MS_BIND, NULL) != 0) {
        (void) unlink(pipe_path);
        (void) rmdir(folder);
        print_message("# may not mount\n");
        skip();
    }
    begin_ms = clock_now_ms();
    assert_int_equal(where("localhost"), TRI_UNKNOWN);
    assert_true(clock_now_ms() - begin_ms < 10000);
    assert_string_equal(words, "could not look up 'localhost': Connection "
                               "timed out");
    assert_int_equal(where("127.0.0.1"), TRI_YES);
    assert_int_equal(umount2("/etc/hosts", MNT_DETACH), 0);
    writer = open(pipe_path, O_WRONLY | O_NONBLOCK);
    assert_true(writer >= 0);       /* the look-up waits there, and ends now */
    (void) close(writer);
    assert_int_equal(where("localhost"), TRI_YES);
    (void) unlink(pipe_path);
    (void) rmdir(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_addresses_without_a_look_up),
        cmocka_unit_test(takes_the_folder_of_a_socket_for_here),
        cmocka_unit_test(looks_at_every_host_of_a_list),
        cmocka_unit_test(looks_a_name_up),
        cmocka_unit_test(does_not_know_where_a_name_is_that_fails),
        cmocka_unit_test(finds_the_name_in_a_host),
        cmocka_unit_test(does_not_wait_for_a_name_server_that_hangs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
