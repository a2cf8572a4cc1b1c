/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a part of the agent cannot be loaded, each call that needs it fails
 * with that as its cause, and concludes nothing (P5). The loader is played.
 */

#include <string.h>

#include "cluster.h"
#include "cmocka_all.h"
#include "module.h"
#include "pgsql.h"
#include "pgsql_probe.h"
#include "pgsql_source.h"

#define CAUSE "the part is missing"

static char why_buf[SERVER_TEXT_SIZE];
static struct text why;
static unsigned loads;

const void *
module_load(const char *name, const struct module_stamp *expected,
            struct text *ret_why)
{
    assert_true(strcmp(name, "pgsql") == 0 || strcmp(name, "cluster") == 0);
    assert_string_equal(expected->version, PACKAGE_VERSION);
    loads++;
    text_add(ret_why, CAUSE);
    return NULL;
}

static int
begin(void **state)
{
    (void) state;
    loads = 0;
    text_init(&why, why_buf, sizeof(why_buf));
    return 0;
}

/* The call tried to load its part, failed with `result`, and says why. */
#define FAILS(call, result) \
    do { \
        (void) begin(NULL); \
        assert_int_equal((call), (result)); \
        assert_int_equal(loads, 1); \
        assert_string_equal(why_buf, CAUSE); \
    } while (0)

static void
what_is_asked_of_the_cluster_says_why(void **state)
{
    static struct snapshot snapshot;
    static struct cluster_resource resource;
    const struct cluster_record record = { .node = "a", .value = "b" };
    struct cluster *cluster = cluster_new("db", "srv1");
    char name[NODE_NAME_SIZE];
    const struct cluster_move move = { .clone = "", .to = "a" };
    static struct moves moves;
    int64_t count = 7;

    (void) state;
    FAILS(cluster_observe_attrs(cluster, 0, &snapshot, &why), -1);
    FAILS(cluster_observe_cib(cluster, FACT_MEMBERS, 0, &snapshot, &why), -1);
    FAILS(cluster_observe_profile(cluster, 0, &snapshot, &why), -1);
    FAILS(cluster_set_attr(cluster, ATTR_SCORE, "a", "1", 0, &why), -1);
    FAILS(cluster_set_records(cluster, &record, 1, 0, &why), -1);
    FAILS(cluster_record_option(cluster, CLUSTER_OPTION_SYSTEM_ID, "1", 0,
                                &why), -1);
    FAILS(cluster_read_copy(cluster, "a", 0, &snapshot.node[0], &why), -1);
    FAILS(cluster_report_failure(cluster, 0, &count, &why), -1);
    FAILS(cluster_count_once(cluster, 1, 0, &why), -1);
    FAILS(cluster_own_name(cluster, 0, name, &why), -1);
    FAILS(cluster_find_resource(cluster, NULL, 0, &resource, &why), -1);
    FAILS(cluster_read_moves(cluster, "", 0, &moves, &why), -1);
    FAILS(cluster_begin_move(cluster, &move, 0, &why), -1);
    FAILS(cluster_end_move(cluster, 0, &why), -1);
    assert_false(moves.known);
    assert_int_equal(count, 7);
    cluster_close(cluster);
}

static void
what_is_asked_of_the_server_says_why(void **state)
{
    static const struct params params;
    static const struct identity identity;
    static const struct source_claim claim;
    static const struct pgsql_probe probe;
    struct pgsql *pgsql = pgsql_new(&params, &identity);
    struct wal_position position = { 1, 1 };
    char missing_buf[64];
    struct text missing;
    enum source_proof proof;
    static struct tablespaces spaces;
    lsn asked = 0;

    (void) state;
    text_init(&missing, missing_buf, sizeof(missing_buf));
    FAILS(pgsql_observe_position(pgsql, 0, &position, &why), -1);
    FAILS(pgsql_checkpoint(pgsql, 0, &why), -1);
    FAILS(pgsql_ask_checkpoint(pgsql, 0, &asked, &why), -1);
    FAILS(pgsql_end_sessions(pgsql, 0, &why), -1);
    FAILS(pgsql_switch_wal(pgsql, 0, &why), -1);
    FAILS(pgsql_promote(pgsql, 0, &why), -1);
    FAILS(pgsql_create_slot(pgsql, "s", 0, &why), -1);
    FAILS(pgsql_drop_slot(pgsql, "s", 0, &why), -1);
    FAILS(pgsql_end_senders(pgsql, 0, "", 0, &why), -1);
    FAILS(pgsql_run_monitor_sql(pgsql, 0, &why), TRI_UNKNOWN);
    FAILS(pgsql_prove_source(pgsql, &claim, 0, &proof, &why), -1);
    assert_int_equal(proof, SOURCE_UNKNOWN);
    FAILS(pgsql_check_grants(pgsql, 0, &missing, &why), TRI_UNKNOWN);
    FAILS(pgsql_probe(&probe, 0, NULL, &why), -1);
    FAILS(pgsql_list_tablespaces(pgsql, 0, &spaces, &why), -1);
    assert_int_equal(pgsql_listener_pid(pgsql), 0);
    pgsql_close(pgsql);
}

/* A server that was not asked has not answered; the words say why. */
static void
a_look_at_the_server_concludes_nothing(void **state)
{
    static const struct params params;
    static const struct identity identity;
    static struct snapshot snapshot;
    struct pgsql *pgsql = pgsql_new(&params, &identity);
    struct server *server = &snapshot.server;
    int32_t startup = 0;

    (void) state;
#define UNSEEN(call) \
    do { \
        memset(&snapshot, 0, sizeof(snapshot)); \
        server->answer = ANSWER_OK; \
        assert_int_equal((call), -1); \
        assert_int_equal(server->answer, ANSWER_UNKNOWN); \
        assert_string_equal(server->text, CAUSE); \
    } while (0)
    UNSEEN(pgsql_observe(pgsql, 0, server));
    UNSEEN(pgsql_observe_settings(pgsql, 0, server, &snapshot.sources));
    UNSEEN(pgsql_observe_sync(pgsql, 0, server, &snapshot.sync));
    UNSEEN(pgsql_observe_senders(pgsql, 0, &snapshot));
#undef UNSEEN
    assert_int_equal(pgsql_observe_replay(pgsql, 0, &snapshot.replay,
                                          &startup), -1);
    assert_int_equal(pgsql_observe_profile(pgsql, 0, &snapshot.profile), -1);
    assert_int_equal(startup, 0);
    pgsql_close(pgsql);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_asked_of_the_cluster_says_why, begin),
        cmocka_unit_test_setup(what_is_asked_of_the_server_says_why, begin),
        cmocka_unit_test_setup(a_look_at_the_server_concludes_nothing, begin),
    };

    return cmocka_run_group_tests_name("calls", tests, NULL, NULL);
}
