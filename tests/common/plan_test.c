/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan forgets nothing silently, and its text shows it whole. */

#include <syslog.h>

#include "world.h"

static struct plan plan;

static void
assert_dump(const char *expected)
{
    static char buf[64 * 1024];
    struct text text;

    text_init(&text, buf, sizeof(buf));
    plan_dump(&plan, &text);
    assert_false(text.overflow);
    assert_string_equal(buf, expected);
}

static void
shows_operations_and_the_verdict(void **state)
{
    (void) state;
    plan_init(&plan);
    plan_add(&plan, OP_SET_STATUS, OP_REQUIRED, 2, "HS:sync");
    plan_add(&plan, OP_RELOAD, OP_BEST_EFFORT, 0, NULL);
    plan_add_number(&plan, OP_WRITE_STANDBY, OP_REQUIRED, 1);
    plan_add_whole(&plan, OP_PROVE_SOURCE, OP_REQUIRED, 0, 7, "copy");
    plan_log(&plan, LOG_NOTICE, "%s %d%%", "done", 100);
    plan_fallback(&plan, OCF_SUCCESS, "%s", "it runs");
    plan_exit_reason(&plan, OCF_ERR_GENERIC, "because of %s", "that");
    assert_dump("required set-status node.2 HS:sync\n"
                "try reload node.0\n"
                "required write-standby 1\n"
                "required prove-source 7 copy\n"
                "try log 5 done 100%\n"
                "exit 1 because of that\n"
                "fallback 0 it runs\n");
}

static void
shows_what_is_looked_at_again(void **state)
{
    (void) state;
    plan_init(&plan);
    plan_exit_reason(&plan, OCF_ERR_GENERIC, "overwritten");
    plan_again(&plan, 20, FACT_PROCESS | FACT_SETTINGS, 500);
    plan_fallback(&plan, OCF_RUNNING_PROMOTED, "%s", "");
    assert_dump("again after 20 ms: process settings\nfallback 8 \n");
    assert_int_equal(plan.limit_ms, 500);
}

static void
begins_with_a_fallback_that_says_where_to_look(void **state)
{
    (void) state;
    plan_add(&plan, OP_RELOAD, OP_REQUIRED, 0, NULL);
    plan_exit(&plan, OCF_NOT_RUNNING);
    plan_init(&plan);
    assert_int_equal(plan.count, 0);
    assert_int_equal(plan.verdict, VERDICT_NONE);
    assert_int_equal(plan.fallback_code, OCF_ERR_GENERIC);
    assert_non_null(strstr(plan.fallback_reason, "log"));
    assert_dump("fallback 1 look at pgward's log on this node for the "
                "step it was in: the action did not end in time\n");
}

static void
an_operation_begins_empty(void **state)
{
    (void) state;
    plan_init(&plan);
    plan_add(&plan, OP_SET_STATUS, OP_REQUIRED, 5, "HS:sync");
    plan_add_number(&plan, OP_WRITE_STANDBY, OP_REQUIRED, 1);
    plan_init(&plan);
    plan_add(&plan, OP_RELOAD, OP_BEST_EFFORT, 0, NULL);
    plan_add(&plan, OP_RELOAD, OP_BEST_EFFORT, 0, NULL);
    assert_string_equal(plan.op[0].value, "");
    assert_int_equal(plan.op[0].node, 0);
    assert_int_equal(plan.op[1].number, 0);
}

static void
remembers_what_did_not_fit(void **state)
{
    char value[OP_VALUE_SIZE + 1];

    (void) state;
    plan_init(&plan);
    for (unsigned i = 0; i < PLAN_OPS_MAX; i++) {
        plan_add(&plan, OP_RELOAD, OP_REQUIRED, 0, NULL);
    }
    assert_false(plan.overflow);
    plan_add(&plan, OP_RELOAD, OP_REQUIRED, 0, NULL);
    assert_true(plan.overflow);
    plan_init(&plan);
    assert_false(plan.overflow);
    memset(value, 'a', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    plan_add(&plan, OP_WRITE_SYNC_NAMES, OP_REQUIRED, 0, value);
    assert_true(plan.overflow);
    plan.count = PLAN_OPS_MAX;
    plan_add_number(&plan, OP_WRITE_STANDBY, OP_REQUIRED, 1);
    plan_add_whole(&plan, OP_PROVE_SOURCE, OP_REQUIRED, 3, 7, "copy");
    plan_log(&plan, LOG_ERR, "too much");
    assert_int_equal(plan.count, PLAN_OPS_MAX);
    assert_int_equal(plan.op[PLAN_OPS_MAX - 1].number, 0);
}

static void
says_that_an_overflow_is_there(void **state)
{
    (void) state;
    plan_init(&plan);
    plan.overflow = true;
    plan_fallback(&plan, OCF_SUCCESS, "%s", "");
    assert_dump("overflow\nfallback 0 \n");
}

static void
a_text_that_is_too_long_says_so(void **state)
{
    char longer[PLAN_REASON_SIZE + 1];

    (void) state;
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    plan_init(&plan);
    plan_exit_reason(&plan, OCF_ERR_GENERIC, "%s", longer);
    assert_non_null(strstr(plan.reason, "too long"));
    plan_log(&plan, LOG_ERR, "%s", longer);
    assert_non_null(strstr(plan.op[0].value, "too long"));
    assert_false(plan.overflow);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_operations_and_the_verdict),
        cmocka_unit_test(shows_what_is_looked_at_again),
        cmocka_unit_test(begins_with_a_fallback_that_says_where_to_look),
        cmocka_unit_test(an_operation_begins_empty),
        cmocka_unit_test(remembers_what_did_not_fit),
        cmocka_unit_test(says_that_an_overflow_is_there),
        cmocka_unit_test(a_text_that_is_too_long_says_so),
    };

    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
