/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An instance's role, by histories such as Pacemaker keeps them. */

#include <stddef.h>

#include "cmocka_all.h"
#include "roles.h"

#define PENDING (-1), (-1)      /* op-status and call-id of what is under way */

#define ADD(...) \
    roles_add(&roles, &(const struct roles_entry) { __VA_ARGS__ })

static void
assert_roles(const struct roles *roles, enum role role, enum tri starting)
{
    enum role got_role = ROLE_UNKNOWN;
    enum tri got_starting = TRI_UNKNOWN;

    roles_result(roles, &got_role, &got_starting);
    assert_int_equal(got_role, role);
    assert_int_equal(got_starting, starting);
}

static void
no_history_is_unknown(void **state)
{
    struct roles roles = { 0 };

    (void) state;
    assert_roles(&roles, ROLE_UNKNOWN, TRI_NO);
}

static void
a_probe_tells_the_role(void **state)
{
    static const struct {
        int32_t rc;
        enum role role;
    } rows[] = {
        { 0, ROLE_STARTED }, { 7, ROLE_STOPPED }, { 8, ROLE_PROMOTED },
        { 9, ROLE_PROMOTED }, { 5, ROLE_STOPPED }, { 1, ROLE_UNKNOWN },
        { 6, ROLE_UNKNOWN }, { 193, ROLE_UNKNOWN },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct roles roles = { 0 };

        ADD("monitor", 0, rows[i].rc, 0, 5, 100);
        assert_roles(&roles, rows[i].role, TRI_NO);
    }
}

static void
a_success_tells_the_role(void **state)
{
    struct roles roles = { 0 };

    (void) state;
    ADD("start", 0, 0, 0, 7, 100);
    assert_roles(&roles, ROLE_STARTED, TRI_NO);
    ADD("promote", 0, 0, 0, 10, 101);
    assert_roles(&roles, ROLE_PROMOTED, TRI_NO);
    ADD("demote", 0, 0, 0, 14, 102);
    assert_roles(&roles, ROLE_STARTED, TRI_NO);
    ADD("stop", 0, 0, 0, 16, 103);
    assert_roles(&roles, ROLE_STOPPED, TRI_NO);
}

static void
the_call_id_orders_the_entries(void **state)
{
    struct roles roles = { 0 };

    (void) state;
    ADD("monitor", 1, 8, 0, 12, 100);
    ADD("promote", 0, 0, 0, 10, 300);
    ADD("start", 0, 0, 0, 9, 400);
    assert_roles(&roles, ROLE_PROMOTED, TRI_NO);
    ADD("stop", 0, 0, 0, 16, 50);
    assert_roles(&roles, ROLE_STOPPED, TRI_NO);
}

static void
of_one_call_the_later_result_counts(void **state)
{
    struct roles roles = { 0 };

    (void) state;
    /* a recurring monitor keeps its call-id; the failure is kept beside */
    ADD("monitor", 1, 7, 0, 12, 200);
    ADD("monitor", 1, 8, 0, 12, 300);
    assert_roles(&roles, ROLE_PROMOTED, TRI_NO);
    ADD("monitor", 1, 7, 0, 12, 250);
    assert_roles(&roles, ROLE_PROMOTED, TRI_NO);
}

static void
two_results_of_one_moment_are_unknown(void **state)
{
    struct roles roles = { 0 };

    (void) state;
    ADD("monitor", 1, 7, 0, 12, 200);
    ADD("monitor", 1, 7, 0, 12, 200);
    assert_roles(&roles, ROLE_STOPPED, TRI_NO);
    ADD("monitor", 1, 8, 0, 12, 200);
    assert_roles(&roles, ROLE_UNKNOWN, TRI_NO);
}

static void
a_failed_recurring_monitor_leaves_the_role(void **state)
{
    struct roles roles = { 0 };

    (void) state;
    ADD("promote", 0, 0, 0, 10, 100);
    ADD("monitor", 1, 1, 4, 12, 101);
    ADD("monitor", 1, 0, 2, 13, 102);       /* timed out */
    assert_roles(&roles, ROLE_PROMOTED, TRI_NO);
    ADD("monitor", 1, 7, 0, 12, 103);
    assert_roles(&roles, ROLE_STOPPED, TRI_NO);
}

static void
a_failed_start_may_have_left_something(void **state)
{
    struct roles roles = { 0 };

    (void) state;
    ADD("start", 0, 1, 4, 10, 100);
    assert_roles(&roles, ROLE_STARTED, TRI_NO);
    ADD("stop", 0, 0, 0, 11, 101);
    assert_roles(&roles, ROLE_STOPPED, TRI_NO);
    ADD("start", 0, 5, 4, 12, 102);     /* what a probe's 5 says, it does not */
    assert_roles(&roles, ROLE_STARTED, TRI_NO);
}

static void
a_failed_promote_demote_or_stop_is_unknown(void **state)
{
    static const char *const operations[] = { "promote", "demote", "stop" };

    (void) state;
    for (size_t i = 0; i < 3; i++) {
        struct roles roles = { 0 };

        ADD("start", 0, 0, 0, 9, 100);
        ADD(operations[i], 0, 1, 4, 10, 100);
        assert_roles(&roles, ROLE_UNKNOWN, TRI_NO);
        ADD("stop", 0, 0, 0, 11, 101);
        assert_roles(&roles, ROLE_STOPPED, TRI_NO);
    }
}

static void
what_timed_out_did_not_succeed(void **state)
{
    struct roles roles = { 0 };

    (void) state;
    ADD("promote", 0, 0, 2, 10, 100);
    assert_roles(&roles, ROLE_UNKNOWN, TRI_NO);
    ADD("demote", 0, 0, 4, 11, 100);
    assert_roles(&roles, ROLE_UNKNOWN, TRI_NO);
}

static void
ignores_what_tells_no_role(void **state)
{
    struct roles roles = { 0 };

    (void) state;
    ADD("promote", 0, 0, 0, 10, 100);
    ADD("notify", 0, 0, 0, 20, 100);
    ADD("reload-agent", 0, 0, 0, 21, 100);
    ADD("migrate_to", 0, 0, -1, -1, 100);
    ADD("monitor", 1, 7, 1, 22, 100);       /* cancelled */
    assert_roles(&roles, ROLE_PROMOTED, TRI_NO);
}

static void
a_pending_start_is_stopped_and_starting(void **state)
{
    struct roles roles = { 0 };

    (void) state;
    ADD("start", 0, 193, PENDING, 100);
    assert_roles(&roles, ROLE_STOPPED, TRI_YES);
    ADD("monitor", 1, 1, 4, 5, 100);
    assert_roles(&roles, ROLE_STOPPED, TRI_YES);
}

static void
a_pending_stop_is_at_least_started(void **state)
{
    struct roles roles = { 0 };

    (void) state;
    ADD("stop", 0, 193, PENDING, 100);
    assert_roles(&roles, ROLE_STARTED, TRI_YES);
    ADD("monitor", 0, 7, 0, 5, 100);
    assert_roles(&roles, ROLE_STARTED, TRI_YES);
    ADD("demote", 0, 1, 4, 8, 100);
    assert_roles(&roles, ROLE_UNKNOWN, TRI_YES);
}

static void
a_pending_promote_is_unknown(void **state)
{
    struct roles roles = { 0 };

    (void) state;
    ADD("monitor", 1, 0, 0, 9, 100);
    ADD("promote", 0, 193, PENDING, 100);
    assert_roles(&roles, ROLE_UNKNOWN, TRI_NO);
}

static void
a_pending_demote_is_still_promoted(void **state)
{
    struct roles roles = { 0 };

    (void) state;
    ADD("demote", 0, 193, PENDING, 100);
    assert_roles(&roles, ROLE_PROMOTED, TRI_NO);
}

static void
a_pending_probe_changes_nothing(void **state)
{
    struct roles roles = { 0 };

    (void) state;
    ADD("monitor", 0, 193, PENDING, 100);
    assert_roles(&roles, ROLE_UNKNOWN, TRI_NO);
    ADD("start", 0, 0, 0, 5, 100);
    ADD("monitor", 1, 193, PENDING, 100);
    assert_roles(&roles, ROLE_STARTED, TRI_NO);
}

static void
of_two_pending_the_dangerous_one_counts(void **state)
{
    struct roles roles = { 0 };

    (void) state;
    ADD("promote", 0, 193, PENDING, 100);
    ADD("start", 0, 193, PENDING, 100);
    assert_roles(&roles, ROLE_UNKNOWN, TRI_NO);
}

/* Whatever was, and whatever happens: never less than what may be true. */
static void
what_may_write_is_never_called_harmless(void **state)
{
    static const char *const words[] = {
        "start", "stop", "promote", "demote", "monitor",
    };

    (void) state;
    for (size_t i = 0; i < 5; i++) {
        for (int32_t rc = -2; rc < 200; rc++) {
            struct roles roles = { 0 };
            enum role role = ROLE_STOPPED;
            enum tri starting = TRI_UNKNOWN;

            ADD("monitor", 1, 8, 0, 3, 100);
            ADD(words[i], 1, rc, 2, 4, 100);
            roles_result(&roles, &role, &starting);
            assert_true(role == ROLE_UNKNOWN || role == ROLE_PROMOTED
                        || i == 0);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_history_is_unknown),
        cmocka_unit_test(a_probe_tells_the_role),
        cmocka_unit_test(a_success_tells_the_role),
        cmocka_unit_test(the_call_id_orders_the_entries),
        cmocka_unit_test(of_one_call_the_later_result_counts),
        cmocka_unit_test(two_results_of_one_moment_are_unknown),
        cmocka_unit_test(a_failed_recurring_monitor_leaves_the_role),
        cmocka_unit_test(a_failed_start_may_have_left_something),
        cmocka_unit_test(a_failed_promote_demote_or_stop_is_unknown),
        cmocka_unit_test(what_timed_out_did_not_succeed),
        cmocka_unit_test(ignores_what_tells_no_role),
        cmocka_unit_test(a_pending_start_is_stopped_and_starting),
        cmocka_unit_test(a_pending_stop_is_at_least_started),
        cmocka_unit_test(a_pending_promote_is_unknown),
        cmocka_unit_test(a_pending_demote_is_still_promoted),
        cmocka_unit_test(a_pending_probe_changes_nothing),
        cmocka_unit_test(of_two_pending_the_dangerous_one_counts),
        cmocka_unit_test(what_may_write_is_never_called_harmless),
    };

    return cmocka_run_group_tests_name("roles", tests, NULL, NULL);
}
