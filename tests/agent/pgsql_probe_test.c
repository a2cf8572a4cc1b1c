/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several real servers, asked at the same time, by their owner. */

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "cmocka_all.h"
#include "identity.h"
#include "live_server.h"
#include "pgsql_probe.h"

#define LIMIT_MS 30000
#define PRIMARY_PORT "25991"
#define STANDBY_PORT "25992"

static struct live_site site;
static struct live_server primary;
static struct live_server standby;
static const char *cannot;
static struct server seen[NODES_MAX];
static char why_buf[1024];

#define SKIP_WITHOUT_SERVERS() \
    do { \
        if (cannot != NULL) { \
            print_message("skipped: %s\n", cannot); \
            skip(); \
        } \
    } while (0)

static int
make_servers(void **state)
{
    (void) state;
    cannot = live_site_make(&site);
    return cannot != NULL
           || (live_primary_make(&site, PRIMARY_PORT, &primary)
               && live_standby_make(&site, &primary, "srv2", STANDBY_PORT,
                                    &standby)) ? 0 : -1;
}

static int
remove_servers(void **state)
{
    (void) state;
    live_site_remove(&site);
    return 0;
}

static const char *
as_owner(void)
{
    static char conninfo[LIVE_PATH_SIZE];
    struct text text;

    text_init(&text, conninfo, sizeof(conninfo));
    text_add(&text, "user=%s", site.owner.name);
    return conninfo;
}

static int
ask(const char *conninfo, const char *port, size_t count, int64_t limit_ms)
{
    struct pgsql_probe probe = {
        .conninfo = conninfo, .port = port, .count = count,
    };
    bool other = cannot == NULL && identity_become(&site.owner) == 0;
    struct text why;
    int rc;

    text_init(&why, why_buf, sizeof(why_buf));
    for (size_t i = 0; i < count; i++) {
        probe.host[i] = site.folder;
    }
    rc = pgsql_probe(&probe, clock_now_ms() + limit_ms, seen, &why);
    if (other) {
        identity_return();
    }
    return rc;
}

static void
tells_a_primary_from_a_standby(void **state)
{
    (void) state;
    SKIP_WITHOUT_SERVERS();
    assert_int_equal(ask(as_owner(), PRIMARY_PORT, 3, LIMIT_MS), 0);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(seen[i].answer, ANSWER_OK);
        assert_int_equal(seen[i].in_recovery, TRI_NO);
        assert_int_equal(seen[i].position.timeline, 1);
    }
    assert_int_equal(ask(as_owner(), STANDBY_PORT, 1, LIMIT_MS), 0);
    assert_int_equal(seen[0].answer, ANSWER_OK);
    assert_int_equal(seen[0].in_recovery, TRI_YES);
    assert_int_equal(seen[0].receiver_running, TRI_YES);
    assert_true(seen[0].progress.replayed != 0);
}

static void
says_why_there_is_no_answer(void **state)
{
    (void) state;
    SKIP_WITHOUT_SERVERS();
    assert_int_equal(ask("user=nobody_here", PRIMARY_PORT, 1, LIMIT_MS), 0);
    assert_int_equal(seen[0].answer, ANSWER_DENIED);
    assert_int_equal(ask("dbname=none", PRIMARY_PORT, 1, LIMIT_MS), 0);
    assert_int_equal(seen[0].answer, ANSWER_DENIED);
    assert_int_equal(ask(as_owner(), "25993", 1, LIMIT_MS), 0);
    assert_int_equal(seen[0].answer, ANSWER_REFUSED);
    assert_true(seen[0].text[0] != '\0');
}

/* libpq would ask whom the environment names, and the answer be another's. */
static void
asks_whom_it_was_told_or_nobody(void **state)
{
    (void) state;
    SKIP_WITHOUT_SERVERS();
    assert_int_equal(setenv("PGHOSTADDR", "127.0.0.1", 1), 0);
    assert_int_equal(ask(as_owner(), PRIMARY_PORT, 1, LIMIT_MS), 0);
    assert_int_equal(unsetenv("PGHOSTADDR"), 0);
    assert_int_equal(seen[0].answer, ANSWER_ERROR);
    assert_non_null(strstr(seen[0].text, "PGHOSTADDR"));
    assert_int_equal(ask(as_owner(), PRIMARY_PORT, 1, LIMIT_MS), 0);
    assert_int_equal(seen[0].answer, ANSWER_OK);
}

static void
gives_up_a_frozen_server_at_its_limit(void **state)
{
    int64_t began = clock_now_ms();

    (void) state;
    SKIP_WITHOUT_SERVERS();
    assert_true(live_signal(&primary, SIGSTOP));
    assert_int_equal(ask(as_owner(), PRIMARY_PORT, 2, 300), 0);
    assert_true(live_signal(&primary, SIGCONT));
    assert_int_equal(seen[0].answer, ANSWER_TIMEOUT);
    assert_int_equal(seen[1].answer, ANSWER_TIMEOUT);
    assert_true(clock_now_ms() - began < LIMIT_MS);
}

static void
asks_nobody_by_a_string_that_is_none(void **state)
{
    (void) state;
    assert_int_equal(ask("password hidden", NULL, 1, LIMIT_MS), -1);
    assert_null(strstr(why_buf, "hidden"));
    assert_int_equal(ask("host=a,b", NULL, 1, LIMIT_MS), -1);
    assert_int_equal(ask("hostaddr=127.0.0.1,127.0.0.2", NULL, 1, LIMIT_MS),
                     -1);
    assert_non_null(strstr(why_buf, "Name one"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_a_primary_from_a_standby),
        cmocka_unit_test(says_why_there_is_no_answer),
        cmocka_unit_test(asks_whom_it_was_told_or_nobody),
        cmocka_unit_test(gives_up_a_frozen_server_at_its_limit),
        cmocka_unit_test(asks_nobody_by_a_string_that_is_none),
    };

    return cmocka_run_group_tests(tests, make_servers, remove_servers);
}
