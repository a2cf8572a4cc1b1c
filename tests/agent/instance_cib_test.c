/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CIB fills an instance as an action's environment does. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "instance_cib.h"

static struct cluster_resource configured;
static bool is_found;
static bool has_name;

static struct cluster_resource resource;
static struct instance instance;
static struct snapshot snapshot;
static char why_buf[SERVER_TEXT_SIZE];

int
cluster_find_resource(struct cluster *cluster, const char *wanted,
                      int64_t deadline_ms,
                      struct cluster_resource *ret_resource,
                      struct text *ret_why)
{
    assert_non_null(cluster);
    assert_string_equal(wanted, "db");
    assert_int_equal(deadline_ms, 1234);
    if (!is_found) {
        text_add(ret_why, "none");
        return -1;
    }
    *ret_resource = configured;
    return 0;
}

int
cluster_own_name(struct cluster *cluster, int64_t deadline_ms, char *ret_name,
                 struct text *ret_why)
{
    assert_non_null(cluster);
    assert_int_equal(deadline_ms, 1234);
    if (!has_name) {
        text_add(ret_why, "nameless");
        return -1;
    }
    return text_copy("Node2", ret_name, NODE_NAME_SIZE);
}

static const struct {
    const char *name;
    const char *value;
} pairs[] = {
    { "pgdata", "/srv/pg" }, { "rep_mode", "sync" },
    { "node_list", "node1 node2 node3" }, { "master_ip", "192.0.2.1" },
    { "replication_slot_name", "pgward" }, { "sync_num", "2" },
    { "stop_escalate", "17s" }, { "pgdba", "root" },
};

#define PAIRS (sizeof(pairs) / sizeof(pairs[0]))

static int
start(void **state)
{
    (void) state;
    memset(&configured, 0, sizeof(configured));
    (void) text_copy("db", configured.id, NODE_NAME_SIZE);
    (void) text_copy("ms", configured.clone, NODE_NAME_SIZE);
    configured.promotable = true;
    configured.promoted_max = 1;
    for (size_t i = 0; i < PAIRS; i++) {
        if (cluster_pairs_add(&configured.params, pairs[i].name,
                              pairs[i].value) != 0) {
            return -1;
        }
    }
    is_found = true;
    has_name = true;
    return 0;
}

static int
from_cib(void)
{
    struct text why;
    int rc;

    text_init(&why, why_buf, sizeof(why_buf));
    rc = instance_cib_init("db", 1234, &resource, &instance, &snapshot, &why);
    assert_int_equal(rc != 0, why.len > 0);
    return rc;
}

static void
set(const char *name, const char *value)
{
    char variable[64];

    (void) snprintf(variable, sizeof(variable), "OCF_RESKEY_%s", name);
    assert_int_equal(setenv(variable, value, 1), 0);
}

/* One and the same configuration: what comes of it must not differ. */
static void
fills_what_the_environment_would(void **state)
{
    static struct instance acting;
    static struct snapshot seen;

    (void) state;
    for (size_t i = 0; i < PAIRS; i++) {
        set(pairs[i].name, pairs[i].value);
    }
    set("CRM_meta_promoted_max", "1");
    set("CRM_meta_on_node", "Node2");
    set("CRM_meta_name", "status");
    assert_int_equal(setenv("OCF_RESOURCE_INSTANCE", "db:1", 1), 0);
    instance_init(ACTION_STATUS, &acting, &seen);
    assert_int_equal(from_cib(), 0);
    assert_string_equal(instance.resource, acting.resource);
    assert_string_equal(instance.self_name, acting.self_name);
    assert_int_equal(instance.problem, OCF_SUCCESS);
    assert_int_equal(acting.problem, OCF_SUCCESS);
    assert_memory_equal(&instance.identity, &acting.identity,
                        sizeof(instance.identity));
    assert_int_equal(snapshot.node_count, 3);
    assert_int_equal(snapshot.self, 1);
    assert_int_equal(snapshot.settings.rep_mode, REP_MODE_SYNC);
    assert_string_equal(snapshot.pgdata, "/srv/pg");
    for (size_t i = 0; i < 3; i++) {    /* no list of a notify: unknown */
        assert_int_equal(seen.node[i].in_stop_list, TRI_UNKNOWN);
    }
    assert_memory_equal(&snapshot, &seen, sizeof(snapshot));
    assert_true(instance.only_looks);
    assert_false(acting.only_looks);
}

static void
what_is_wrong_with_a_parameter_is_kept(void **state)
{
    (void) state;
    configured.params.len = 0;
    assert_int_equal(cluster_pairs_add(&configured.params, "rep_mode", "so"),
                     0);
    assert_int_equal(from_cib(), 0);
    assert_int_equal(snapshot.settings.problem, OCF_ERR_CONFIGURED);
    assert_non_null(strstr(snapshot.settings.problem_text, "'so'"));
}

/* Meta attributes are known here, so they are checked. */
static void
a_plain_resource_cannot_replicate(void **state)
{
    (void) state;
    configured.promotable = false;
    configured.promoted_max = 0;
    assert_int_equal(from_cib(), 0);
    assert_int_equal(snapshot.settings.problem, OCF_ERR_CONFIGURED);
    assert_non_null(strstr(snapshot.settings.problem_text,
                           "needs a promotable clone"));
}

static void
says_what_could_not_be_asked(void **state)
{
    (void) state;
    is_found = false;
    assert_int_equal(from_cib(), -1);
    assert_string_equal(why_buf, "none");
    is_found = true;
    has_name = false;
    assert_int_equal(from_cib(), -1);
    assert_string_equal(why_buf, "nameless");
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fills_what_the_environment_would),
        TEST(what_is_wrong_with_a_parameter_is_kept),
        TEST(a_plain_resource_cannot_replicate),
        TEST(says_what_could_not_be_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
