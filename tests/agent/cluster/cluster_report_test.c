/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A death is reported under the resource's whole name, and counted once. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "cluster_two_nodes.h"
#include "cmocka_all.h"
#include "controld.h"

#define COUNT "fail-count-pgsql:1#asyncmon_0"
#define CONNECT { .kind = SCRIPT_CONNECT }
#define NOT_CONNECT { .kind = SCRIPT_CONNECT, .rc = 1 }
#define ASK(text, ms) \
    { .kind = SCRIPT_SEND, .expect = "task=\"query\" attr_name=\"" COUNT \
      "\"/>", .reply = (text), .takes_ms = (ms) }
#define NEVER "<r t=\"attrd\" subt=\"query\" attr_version=\"4\"/>"
#define IS(value) \
    "<r t=\"attrd\" subt=\"query\" attr_version=\"4\" attr_name=\"" \
    COUNT "\"><node attr_host=\"node1\" attr_value=\"" value "\"/></r>"
#define SET(value) \
    { .kind = SCRIPT_SEND, .expect = "attr_value=\"" value "\"", \
      .reply = "<ack function=\"attrd_client_update\" status=\"112\"/>" }
#define END { .kind = SCRIPT_END }

static int
set_up(void **state)
{
    (void) state;
    controld_reset();
    the_controld.name = "node1";
    return setenv("OCF_RESOURCE_INSTANCE", "pgsql:1", 1);
}

static int
report(const struct script_step *steps, int64_t *ret_count)
{
    struct cluster *cluster = begin(steps);
    int rc = cluster_report_failure(cluster, 3000, ret_count, &why);

    assert_int_equal(the_controld.open, 0);
    end(cluster);
    return rc;
}

static int
count_once(const struct script_step *steps, int64_t count)
{
    struct cluster *cluster = begin(steps);
    int rc = cluster_count_once(cluster, count, 3000, &why);

    end(cluster);
    return rc;
}

static void
reports_under_the_name_that_the_action_has(void **state)
{
    static const struct script_step first[] = {
        CONNECT, ASK(NEVER, 0), END
    };
    static const struct script_step again[] = {
        CONNECT, ASK(IS("7"), 0), END
    };
    int64_t count = 99;

    (void) state;
    assert_int_equal(report(first, &count), 0);
    assert_int_equal(count, 0);
    assert_string_equal(the_controld.failed,
                        "node1 by node1: pgsql:1, ocf:pgward:pgsql");
    assert_int_equal(setenv("OCF_RESOURCE_TYPE", "other", 1), 0);
    assert_int_equal(report(again, &count), 0);
    assert_int_equal(unsetenv("OCF_RESOURCE_TYPE"), 0);
    assert_int_equal(count, 7);
    assert_string_equal(the_controld.failed,
                        "node1 by node1: pgsql:1, ocf:pgward:other");
}

/* The report is what matters. */
static void
reports_though_the_count_is_not_known(void **state)
{
    static const struct script_step forever[] = {
        CONNECT, ASK(IS("INFINITY"), 0), END
    };
    static const struct script_step unread[] = {
        NOT_CONNECT, NOT_CONNECT, END
    };
    int64_t count = 99;

    (void) state;
    assert_int_equal(report(forever, &count), 0);
    assert_int_equal(count, -1);
    count = 99;
    assert_int_equal(report(unread, &count), 0);
    assert_int_equal(count, -1);
}

/* And not what the count's daemon said before. */
static void
a_report_that_fails_names_its_own_cause(void **state)
{
    static const struct script_step unread[] = {
        NOT_CONNECT, NOT_CONNECT, END
    };
    static const struct script_step slow[] = {
        CONNECT, ASK(NEVER, 3000), END
    };
    int64_t count = 99;

    (void) state;
    the_controld.status = CRM_EX_ERROR;
    assert_int_equal(report(unread, &count), -1);
    assert_memory_equal(why_buf, "could not report the failure of 'pgsql'",
                        39);
    assert_says("pacemaker-controld");
    assert_null(strstr(why_buf, "attrd"));
    assert_int_equal(report(slow, &count), -1);
    assert_says("could not report the failure of");
    assert_int_equal(count, 99);
}

/* The controller counts, and the scheduler's view of it counts again. */
static void
one_death_that_was_counted_twice_counts_once(void **state)
{
    static const struct script_step steps[] = {
        CONNECT, ASK(IS("7"), 0), ASK(IS("8"), 0), ASK(IS("9"), 0), SET("8"),
        ASK(IS("8"), 0), END
    };

    (void) state;
    assert_int_equal(count_once(steps, 7), 0);
}

static void
a_second_count_is_waited_for_half_a_second(void **state)
{
    static const struct script_step steps[] = {
        CONNECT, ASK(IS("8"), 0), ASK(IS("8"), 480), ASK(IS("8"), 10), END
    };

    (void) state;
    assert_int_equal(count_once(steps, 7), 0);
}

static void
a_count_that_was_not_known_is_left_alone(void **state)
{
    static const struct script_step none[] = { END };

    (void) state;
    assert_int_equal(count_once(none, -1), 0);
}

static void
a_count_that_cannot_be_read_is_an_error(void **state)
{
    static const struct script_step steps[] = {
        NOT_CONNECT, NOT_CONNECT, END
    };

    (void) state;
    assert_int_equal(count_once(steps, 7), -1);
    assert_says("attr");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(reports_under_the_name_that_the_action_has,
                               set_up),
        cmocka_unit_test_setup(reports_though_the_count_is_not_known,
                               set_up),
        cmocka_unit_test_setup(a_report_that_fails_names_its_own_cause,
                               set_up),
        cmocka_unit_test_setup(one_death_that_was_counted_twice_counts_once,
                               set_up),
        cmocka_unit_test_setup(a_second_count_is_waited_for_half_a_second,
                               set_up),
        cmocka_unit_test_setup(a_count_that_was_not_known_is_left_alone,
                               set_up),
        cmocka_unit_test_setup(a_count_that_cannot_be_read_is_an_error,
                               set_up),
    };

    return cmocka_run_group_tests_name("cluster_report", tests, NULL, NULL);
}
