/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table in the kernel, in a network of this test's own. */

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "cmocka_all.h"
#include "nftables.h"
#include "spawn.h"

static char folder[] = "/tmp/pgward-nftables.XXXXXX";
static struct instance instance;
static struct refusal refusal;
static char said[4096];

/* Run nft; its words are in `said`. */
static int
nft(const char *command)
{
    const char *argv[] = { "/usr/sbin/nft", command, NULL };
    struct spawn_request request = { .argv = argv,
                                     .deadline_ms = clock_now_ms() + 5000,
                                     .ret_output = said,
                                     .output_size = sizeof(said) };
    int status = -1;

    return spawn_run(&request, &status) == 0 ? status : -1;
}

static bool
can_run(void)
{
    return geteuid() == 0 && unshare(CLONE_NEWNET) == 0
           && nft("add table inet probe; delete table inet probe") == 0;
}

static enum refusal_state
look(void)
{
    nftables_observe(&instance, &refusal);
    return refusal.state;
}

static void
create(unsigned expire_s)
{
    struct text why;
    char buf[1024];

    text_init(&why, buf, sizeof(buf));
    if (nftables_create(&instance, expire_s, &why) != 0) {
        fail_msg("%s", buf);
    }
}

static void
drop(void)
{
    struct text why;
    char buf[1024];

    text_init(&why, buf, sizeof(buf));
    if (nftables_drop(&instance, &why) != 0) {
        fail_msg("%s", buf);
    }
}

static int
begin(void **state)
{
    (void) state;
    memset(&instance, 0, sizeof(instance));
    (void) text_copy("pgsql", instance.resource, sizeof(instance.resource));
    instance.params.client_address = "192.0.2.1 fd00::1";
    instance.params.pgport = 5432;
    instance.deadline_ms = clock_now_ms() + 20000;
    return nft("flush ruleset; add table inet theirs");
}

static void
table_is_made_seen_and_taken_away(void **state)
{
    (void) state;
    assert_int_equal(look(), REFUSAL_GONE);
    create(0);
    assert_int_equal(look(), REFUSAL_SET);
    create(0);
    assert_int_equal(look(), REFUSAL_SET);
    drop();
    assert_int_equal(look(), REFUSAL_GONE);
    drop();
}

static void
other_tables_stay(void **state)
{
    (void) state;
    create(0);
    drop();
    assert_int_equal(nft("list tables"), 0);
    assert_string_equal(said, "table inet theirs\n");
}

static void
what_a_firewall_flushed_is_missed(void **state)
{
    (void) state;
    create(0);
    assert_int_equal(nft("flush ruleset"), 0);
    assert_int_equal(look(), REFUSAL_GONE);
    create(0);
    assert_int_equal(nft("flush table inet pgward-pgsql"), 0);
    assert_int_equal(look(), REFUSAL_OTHER);
}

static void
table_of_another_address_is_not_the_wanted_one(void **state)
{
    (void) state;
    create(0);
    instance.params.client_address = "192.0.2.2";
    assert_int_equal(look(), REFUSAL_OTHER);
    create(0);
    assert_int_equal(look(), REFUSAL_SET);
    create(60);
    assert_int_equal(look(), REFUSAL_OTHER);
    instance.params.client_address = "";
    assert_int_equal(look(), REFUSAL_OTHER);
    drop();
    assert_int_equal(look(), REFUSAL_GONE);
}

static void
failure_is_remembered_until_another_table_is_wanted(void **state)
{
    struct text why;
    char buf[1024];

    (void) state;
    text_init(&why, buf, sizeof(buf));
    instance.params.pgport = 70000;     /* what no parameter can be */
    assert_int_equal(nftables_create(&instance, 0, &why), -1);
    assert_non_null(strstr(buf, "nft says 'Error: "));
    assert_int_equal(look(), REFUSAL_GONE);
    assert_between(refusal.failed_ms, 1, 5000);
    nftables_try(&instance, &refusal);
    assert_int_equal(refusal.possible, TRI_NO);
    instance.params.pgport = 5432;
    (void) look();
    assert_int_equal(refusal.failed_ms, 0);
    nftables_try(&instance, &refusal);
    assert_int_equal(refusal.possible, TRI_YES);
    assert_int_equal(look(), REFUSAL_GONE);
    drop();
}

static void
without_the_parameter_the_kernel_is_not_asked(void **state)
{
    (void) state;
    create(0);
    drop();
    instance.params.client_address = "";
    assert_int_equal(nft("add table inet pgward-pgsql"), 0);
    assert_int_equal(look(), REFUSAL_GONE);
    nftables_try(&instance, &refusal);
    assert_int_equal(refusal.possible, TRI_UNKNOWN);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(table_is_made_seen_and_taken_away, begin),
        cmocka_unit_test_setup(other_tables_stay, begin),
        cmocka_unit_test_setup(what_a_firewall_flushed_is_missed, begin),
        cmocka_unit_test_setup(table_of_another_address_is_not_the_wanted_one,
                               begin),
        cmocka_unit_test_setup(
            failure_is_remembered_until_another_table_is_wanted, begin),
        cmocka_unit_test_setup(without_the_parameter_the_kernel_is_not_asked,
                               begin),
    };
    char path[PATH_SIZE];
    int rc;

    if (!can_run()) {
        printf("1..0 # SKIP needs root, nft and a network namespace\n");
        return 0;
    }
    if (mkdtemp(folder) == NULL || setenv("HA_RSCTMP", folder, 1) != 0) {
        printf("Bail out! could not make '%s'\n", folder);
        return 1;
    }
    rc = cmocka_run_group_tests_name("nftables", tests, NULL, NULL);
    (void) unlink(instance_run_path(&instance, "refusal", path));
    (void) rmdir(folder);
    return rc;
}
