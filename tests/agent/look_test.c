/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A look ends in time and says what it has not seen. What is found and seen is
 * scripted here: instance_cib_init() and observe() are ours.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "cmocka_all.h"
#include "instance_cib.h"
#include "look.h"
#include "observe.h"

#define SLACK_MS 3000       /* a busy machine */

/* What the child meets. */
static struct {
    bool not_found;
    bool find_hangs;
    uint32_t hangs_at;          /* facts */
    uint32_t dies_at;
    bool leaves_a_child;        /* that keeps our files open */
} world;

static struct look seen;
static char why_buf[SERVER_TEXT_SIZE];
static struct text why;

static void
hang(void)
{
    for (;;) {
        (void) pause();
    }
}

int
instance_cib_init(const char *wanted, int64_t deadline_ms,
                  struct cluster_resource *ret_resource,
                  struct instance *ret_instance,
                  struct snapshot *ret_snapshot, struct text *ret_why)
{
    if (world.find_hangs) {
        hang();
    }
    if (world.not_found) {
        text_add(ret_why, "there is no '%s'", wanted);
        return -1;
    }
    memset(ret_instance, 0, sizeof(*ret_instance));
    (void) text_copy("db", ret_instance->resource, NODE_NAME_SIZE);
    (void) text_copy("node1", ret_instance->self_name, NODE_NAME_SIZE);
    (void) text_copy("ms", ret_resource->clone, NODE_NAME_SIZE);
    ret_instance->deadline_ms = deadline_ms;
    ret_snapshot->node_count = 2;
    (void) text_copy("node1", ret_snapshot->node[0].name, NODE_NAME_SIZE);
    (void) text_copy("node2", ret_snapshot->node[1].name, NODE_NAME_SIZE);
    return 0;
}

void
observe(struct instance *instance, uint32_t facts, uint32_t limit_ms,
        struct snapshot *snapshot)
{
    int64_t left_ms = clock_left_ms(instance->deadline_ms);

    if ((facts & world.hangs_at) != 0) {
        snapshot->node_count = 7;       /* half a look is not shown */
        if (world.leaves_a_child && fork() == 0) {
            hang();
        }
        hang();
    }
    if ((facts & world.dies_at) != 0) {
        (void) raise(SIGTERM);
    }
    if (limit_ms > 0 && limit_ms > left_ms / 2 + 1) {
        abort();
    }
    snapshot->node_count++;
}

int
pgsql_turn_to(struct pgsql *pgsql, const char *host)
{
    (void) pgsql;
    return strcmp(host, "node2") == 0 ? 0 : -1;
}

void
pgsql_close(struct pgsql *pgsql)
{
    (void) pgsql;
}

void
cluster_close(struct cluster *cluster)
{
    (void) cluster;
}

static int
start(void **state)
{
    (void) state;
    memset(&world, 0, sizeof(world));
    memset(&seen, 0, sizeof(seen));
    return 0;
}

static int
look_from(const char *seat, uint32_t facts, uint32_t limit_ms)
{
    const struct look_request request = {
        .resource = "db", .seat = seat, .facts = facts, .limit_ms = limit_ms,
    };
    int64_t begin_ms = clock_now_ms();
    int rc;

    text_init(&why, why_buf, sizeof(why_buf));
    rc = look(&request, &seen, &why);
    assert_false(why.overflow);
    assert_true(clock_now_ms() - begin_ms < limit_ms + SLACK_MS);
    return rc;
}

static int
look_for(uint32_t facts, uint32_t limit_ms)
{
    return look_from(NULL, facts, limit_ms);
}

static void
sees_all_that_is_asked_for(void **state)
{
    const uint32_t facts = FACT_PROCESS | FACT_SQL | FACT_ATTRS | FACT_SENDERS;

    (void) state;
    assert_int_equal(look_for(facts, 20000), 0);
    assert_string_equal(why_buf, "");
    assert_int_equal(seen.snapshot.facts, facts);
    assert_int_equal(seen.snapshot.node_count, 5);  /* in three parts */
    assert_string_equal(seen.resource, "db");
    assert_string_equal(seen.clone, "ms");
    assert_string_equal(seen.self_name, "node1");
    assert_int_equal(look_for(FACT_RECORD, 20000), 0);
    assert_int_equal(seen.snapshot.node_count, 3);
}

/* This node's files and processes say nothing of another's. */
static void
looks_from_another_nodes_seat(void **state)
{
    (void) state;
    assert_int_equal(look_from("NODE2", FACT_PROCESS | FACT_SQL | FACT_RECORD,
                               20000), 0);
    assert_int_equal(seen.snapshot.facts, FACT_SQL | FACT_RECORD);
    assert_int_equal(seen.snapshot.self, 1);
    assert_int_equal(look_from("node3", FACT_SQL, 20000), -1);
    assert_string_equal(why_buf, "could not look from 'node3': it is not in "
                                 "node_list");
}

static void
what_hangs_is_left_and_named(void **state)
{
    (void) state;
    world.hangs_at = FACT_ATTRS;
    assert_int_equal(look_for(FACT_SQL | FACT_ATTRS | FACT_SENDERS, 300), 0);
    assert_int_equal(seen.snapshot.facts, FACT_SQL);
    assert_int_equal(seen.snapshot.node_count, 3);
    assert_non_null(strstr(why_buf, "could not look in time: the cluster's "
                                    "members, record and attributes. "));
    world.hangs_at = FACT_SQL;
    assert_int_equal(look_for(FACT_SQL | FACT_ATTRS, 300), 0);
    assert_int_equal(seen.snapshot.facts, 0);
    assert_non_null(strstr(why_buf, "in time: the server and its files"));
}

/* A program that it runs may hang, and outlive it. */
static void
what_it_leaves_behind_is_ended_too(void **state)
{
    int ends[2];
    char byte;

    (void) state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    world.hangs_at = FACT_SQL;
    world.leaves_a_child = true;
    assert_int_equal(look_for(FACT_SQL, 300), 0);
    (void) close(ends[1]);
    for (int i = 0; i < 100 && read(ends[0], &byte, 1) < 0; i++) {
        assert_int_equal(errno, EAGAIN);
        clock_sleep_ms(20, INT64_MAX);
    }
    assert_int_equal(read(ends[0], &byte, 1), 0);
    (void) close(ends[0]);
}

static void
a_resource_that_is_not_found_is_said(void **state)
{
    (void) state;
    world.not_found = true;
    assert_int_equal(look_for(FACT_SQL, 20000), -1);
    assert_string_equal(why_buf, "there is no 'db'");
    world.not_found = false;
    world.find_hangs = true;
    assert_int_equal(look_for(FACT_SQL, 300), -1);
    assert_non_null(strstr(why_buf, "in time: the resource and this node's"));
    assert_string_equal(seen.resource, "");
}

static void
a_look_that_dies_is_said(void **state)
{
    (void) state;
    world.dies_at = FACT_ATTRS;
    assert_int_equal(look_for(FACT_SQL | FACT_ATTRS, 20000), 0);
    assert_int_equal(seen.snapshot.facts, FACT_SQL);
    assert_non_null(strstr(why_buf, "was ended by signal 15"));
}

static void
says_once_what_was_said_before(void **state)
{
    char path[] = "/tmp/pgward-look.XXXXXX";
    char text[64] = "";
    int fd = mkstemp(path);
    int old = dup(STDOUT_FILENO);

    (void) state;
    assert_true(fd >= 0 && old >= 0);
    assert_int_equal(fflush(stdout), 0);
    assert_true(dup2(fd, STDOUT_FILENO) >= 0);
    (void) printf("before\n");
    assert_int_equal(look_for(FACT_SQL, 20000), 0);
    (void) printf("after\n");
    assert_int_equal(fflush(stdout), 0);
    assert_true(dup2(old, STDOUT_FILENO) >= 0);
    assert_true(pread(fd, text, sizeof(text) - 1, 0) > 0);
    assert_string_equal(text, "before\nafter\n");
    (void) close(old);
    (void) close(fd);
    assert_int_equal(unlink(path), 0);
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sees_all_that_is_asked_for),
        TEST(looks_from_another_nodes_seat),
        TEST(what_hangs_is_left_and_named),
        TEST(what_it_leaves_behind_is_ended_too),
        TEST(a_resource_that_is_not_found_is_said),
        TEST(a_look_that_dies_is_said),
        TEST(says_once_what_was_said_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
