/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From parameters that are right, change one, and read the complaint. */

#include <string.h>

#include "cmocka_all.h"
#include "params.h"
#include "reason_rules.h"

static struct params
good(void)
{
    struct params p;

    memset(&p, 0, sizeof(p));
    p.pgctl = "/usr/bin/pg_ctl";
    p.pgdata = "/data";
    p.config = "/data/postgresql.conf";
    p.logfile = "/dev/null";
    p.tmpdir = "/tmp";
    p.socketdir = "";
    p.start_opt = "";
    p.ctl_opt = "";
    p.trace_file = "";
    p.monitor_user = "";
    p.monitor_password = "";
    p.monitor_sql = "select now();";
    p.master_ip = "192.0.2.1";
    p.replication_slot_name = "";
    p.client_address = "";
    p.rep_mode = REP_MODE_SYNC;
    p.node_list.count = 2;
    assert_int_equal(
        text_copy("srv1", p.node_list.name[0], NODE_NAME_SIZE), 0);
    assert_int_equal(
        text_copy("srv2", p.node_list.name[1], NODE_NAME_SIZE), 0);
    return p;
}

static void
add_external(struct params *p, const char *name)
{
    struct name_list *list = &p->external_standby_node_list;

    assert_int_equal(text_copy(name, list->name[list->count], NODE_NAME_SIZE),
                     0);
    list->count++;
}

static void
accepts(const struct params *p, bool promotable, bool has_meta)
{
    struct text problem;
    char buf[1024];

    text_init(&problem, buf, sizeof(buf));
    if (params_check(p, promotable, has_meta, &problem) != OCF_SUCCESS) {
        fail_msg("%s", buf);
    }
    assert_string_equal(buf, "");
}

static void
refuses(const struct params *p, bool promotable, const char *complaint)
{
    char shown[REASON_TEXT_SIZE];
    const char *fault;
    struct text problem;
    char buf[1024];

    text_init(&problem, buf, sizeof(buf));
    assert_int_equal(params_check(p, promotable, true, &problem),
                     OCF_ERR_CONFIGURED);
    assert_false(problem.overflow);
    if (strstr(buf, complaint) == NULL) {
        fail_msg("'%s' is not in '%s'", complaint, buf);
    }
    fault = reason_fault(buf, shown);
    if (fault != NULL) {
        fail_msg("%s: %s", fault, buf);
    }
}

static void
accepts_what_is_right(void **state)
{
    struct params p = good();

    (void) state;
    accepts(&p, true, true);
    p.replication_slot_name = "slot_1";
    add_external(&p, "far-away");
    accepts(&p, true, true);
}

static void
refuses_a_relative_path(void **state)
{
    struct params p = good();

    (void) state;
    p.pgdata = "data";
    refuses(&p, true, "parameter pgdata: 'data' is not an absolute path");
    p = good();
    p.tmpdir = "";
    refuses(&p, true, "parameter tmpdir");
    p = good();
    p.trace_file = "trace";
    refuses(&p, true, "parameter trace_file");
}

static void
refuses_a_password_of_nobody(void **state)
{
    struct params p = good();

    (void) state;
    p.monitor_user = "watch";
    accepts(&p, true, true);        /* .pgpass may have the password */
    p.monitor_password = "secret";
    accepts(&p, true, true);
    p.monitor_user = "";
    refuses(&p, true, "parameter monitor_user is missing");
}

static void
refuses_psql_commands_in_monitor_sql(void **state)
{
    struct params p = good();

    (void) state;
    p.monitor_sql = "\\dt";
    refuses(&p, true, "which only psql understands");
}

static void
refuses_a_node_that_is_named_twice(void **state)
{
    struct params p = good();

    (void) state;
    assert_int_equal(
        text_copy("SRV1", p.node_list.name[1], NODE_NAME_SIZE), 0);
    refuses(&p, true, "node_list names 'srv1' twice");
    p = good();
    add_external(&p, "Srv2");
    refuses(&p, true, "external_standby_node_list: 'srv2'");
    p = good();
    add_external(&p, "x");
    add_external(&p, "X");
    refuses(&p, true, "external_standby_node_list: 'x'");
}

static void
replication_needs_nodes_and_an_address(void **state)
{
    struct params p = good();

    (void) state;
    p.node_list.count = 0;
    refuses(&p, true, "node_list is missing: rep_mode=sync");
    p = good();
    p.master_ip = "";
    refuses(&p, true, "master_ip is missing: rep_mode=sync");
    p.rep_mode = REP_MODE_SLAVE;
    refuses(&p, false, "master_ip is missing: rep_mode=slave");
    p.rep_mode = REP_MODE_NONE;
    accepts(&p, false, true);
}

static void
the_mode_has_to_fit_the_kind_of_resource(void **state)
{
    struct params p = good();

    (void) state;
    refuses(&p, false, "rep_mode=sync needs a promotable clone");
    p.rep_mode = REP_MODE_ASYNC;
    refuses(&p, false, "rep_mode=async needs a promotable clone");
    p.rep_mode = REP_MODE_SLAVE;
    refuses(&p, true, "rep_mode=slave cannot be a promotable clone");
    accepts(&p, false, true);
}

static void
without_meta_attributes_the_kind_is_not_judged(void **state)
{
    struct params p = good();

    (void) state;
    accepts(&p, false, false);
}

static void
refuses_slots_that_cannot_be(void **state)
{
    struct params p = good();

    (void) state;
    p.replication_slot_name = "Slot";
    refuses(&p, true, "could not use 'Slot'");
    p.replication_slot_name =
        "s23456789012345678901234567890123456789012345678901234567890";
    refuses(&p, true, "is longer than PostgreSQL's 63 bytes");
    p.replication_slot_name = "slot";
    add_external(&p, "caf\xc3\xa9");
    refuses(&p, true, "cannot be a slot");
}

static void
refuses_two_nodes_that_would_share_a_slot(void **state)
{
    struct params p = good();

    (void) state;
    p.replication_slot_name = "slot";
    add_external(&p, "a-b");
    add_external(&p, "A.B");
    refuses(&p, true, "'a-b' and 'A.B' would share a slot");
}

static void
refuses_a_client_address_that_is_none(void **state)
{
    struct params p = good();

    (void) state;
    p.client_address = "192.0.2.1 [fd00::1]:6432";
    accepts(&p, true, true);
    p.client_address = "192.0.2.1 db.example.com";
    refuses(&p, true, "write 192.0.2.1");
}

static void
options_may_be_quoted_as_in_the_shell(void **state)
{
    static const char *const values[] = {
        "-p 5433", "-c a='b c'", "-c \"a='\"", "-c a=\\'", "-c \"a\\\"b\"",
        "-c 'a\\'", "-c a='\\''b c'\\''", "-c a='\\''b'\"\\\\x\\y\"'c'\\''",
        "-c a='\"'\"'b c'\"'\"'",
    };
    struct params p = good();

    (void) state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        p.start_opt = values[i];
        accepts(&p, true, true);
    }
    for (size_t i = 0; i < 6; i++) {
        p.ctl_opt = values[i];
        accepts(&p, true, true);
    }
}

static void
refuses_options_whose_quotes_do_not_end(void **state)
{
    static const char *const values[] = {
        "-c a='b", "-c \"a", "a\\", "\"a\\", "-c \"a\\\"", "it's",
    };
    struct params p = good();

    (void) state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        p.start_opt = values[i];
        p.ctl_opt = "";
        refuses(&p, true, "parameter start_opt: close its quotes");
        p.start_opt = "";
        p.ctl_opt = values[i];
        refuses(&p, true, "parameter ctl_opt: close its quotes");
    }
    p.ctl_opt = "";
    p.start_opt = "-c a='\\''b c";         /* the second shell's is open */
    refuses(&p, true, "parameter start_opt: close its quotes");
    p.start_opt = "-c a='\\''b c'";
    refuses(&p, true, "parameter start_opt: close its quotes");
    p.start_opt = "-c a='\\''b' \"c";
    refuses(&p, true, "parameter start_opt: close its quotes");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_may_be_quoted_as_in_the_shell),
        cmocka_unit_test(refuses_options_whose_quotes_do_not_end),
        cmocka_unit_test(accepts_what_is_right),
        cmocka_unit_test(refuses_a_relative_path),
        cmocka_unit_test(refuses_a_password_of_nobody),
        cmocka_unit_test(refuses_psql_commands_in_monitor_sql),
        cmocka_unit_test(refuses_a_node_that_is_named_twice),
        cmocka_unit_test(replication_needs_nodes_and_an_address),
        cmocka_unit_test(the_mode_has_to_fit_the_kind_of_resource),
        cmocka_unit_test(without_meta_attributes_the_kind_is_not_judged),
        cmocka_unit_test(refuses_slots_that_cannot_be),
        cmocka_unit_test(refuses_two_nodes_that_would_share_a_slot),
        cmocka_unit_test(refuses_a_client_address_that_is_none),
    };

    return cmocka_run_group_tests_name("params_check", tests, NULL, NULL);
}
