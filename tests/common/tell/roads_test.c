/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which server may be taken for what: by a look, and as time goes by. */

#include <string.h>

#include "cmocka_all.h"
#include "peers.h"
#include "roads.h"

#define NOW 5000

static struct snapshot snapshot;
static struct roads roads;
static const struct road_groups on_node = { .on_node = true };

static void
set(struct attr *attr, const char *value)
{
    attr->known = ATTR_SET;
    (void) text_copy(value, attr->value, sizeof(attr->value));
}

static void
add_node(const char *name, enum role role, const char *data_status)
{
    struct node *node = &snapshot.node[snapshot.node_count++];

    (void) text_copy(name, node->name, sizeof(node->name));
    node->member.online = TRI_YES;
    node->member.role = role;
    set(&node->record.data_status, data_status);
}

/* This node leads, the other follows. */
static void
make_world(void)
{
    memset(&snapshot, 0, sizeof(snapshot));
    snapshot.settings.rep_mode = REP_MODE_SYNC;
    snapshot.cluster.have_quorum = TRI_YES;
    add_node("srv1", ROLE_PROMOTED, DATA_LATEST);
    add_node("srv2", ROLE_STARTED, DATA_SYNC);
    snapshot.server.answer = ANSWER_OK;
    snapshot.server.in_recovery = TRI_NO;
    snapshot.server.position.timeline = 3;
}

/* The same, seen from the one that follows. */
static void
sit_on_standby(void)
{
    make_world();
    snapshot.self = 1;
    snapshot.server.in_recovery = TRI_YES;
    snapshot.server.receiver_running = TRI_YES;
    snapshot.server.position.lsn = 1000;
    snapshot.server.progress.known = TRI_YES;
    snapshot.server.progress.replayed = 900;
}

static enum road_role
role_seen(size_t host)
{
    roads_take_look(&snapshot, NOW, &roads);
    return roads_role(&roads, host, NOW);
}

static void
takes_what_record_and_server_both_say(void **state)
{
    (void) state;
    make_world();
    assert_int_equal(role_seen(0), ROAD_PRIMARY);
    assert_int_equal(role_seen(1), ROAD_STANDBY);
    assert_int_equal(roads.host[0].timeline, 3);
    assert_int_equal(roads.host[1].sync, SYNC_SYNC);
    sit_on_standby();
    assert_int_equal(role_seen(0), ROAD_PRIMARY);
    assert_int_equal(role_seen(1), ROAD_STANDBY);
    assert_int_equal(roads.host[1].streams, TRI_YES);
    assert_int_equal(roads.host[1].lag_known, TRI_YES);
    assert_int_equal(roads.host[1].lag_bytes, 100);
}

static void
does_not_know_a_lag_that_the_server_does_not_tell(void **state)
{
    (void) state;
    sit_on_standby();
    snapshot.server.progress.known = TRI_NO;
    (void) role_seen(1);
    assert_int_equal(roads.host[1].lag_known, TRI_UNKNOWN);
    sit_on_standby();
    snapshot.server.progress.replayed = 1001;
    (void) role_seen(1);
    assert_int_equal(roads.host[1].lag_known, TRI_UNKNOWN);
}

static void
is_no_primary_with_two_promoted(void **state)
{
    (void) state;
    make_world();
    snapshot.node[1].member.role = ROLE_PROMOTED;
    assert_int_equal(role_seen(0), ROAD_UNKNOWN);
}

static void
asks_the_server_alone_outside_of_replication(void **state)
{
    (void) state;
    make_world();
    snapshot.settings.rep_mode = REP_MODE_NONE;
    memset(&snapshot.node[0].member, 0, sizeof(snapshot.node[0].member));
    assert_int_equal(role_seen(0), ROAD_PRIMARY);
    snapshot.server.in_recovery = TRI_YES;
    assert_int_equal(role_seen(0), ROAD_STANDBY);
    snapshot.server.answer = ANSWER_TIMEOUT;
    assert_int_equal(role_seen(0), ROAD_UNKNOWN);
}

static void
takes_no_writes_outside_of_replication_in_doubt(void **state)
{
    (void) state;
    make_world();
    snapshot.settings.rep_mode = REP_MODE_NONE;
    snapshot.cluster.have_quorum = TRI_NO;
    assert_int_equal(role_seen(0), ROAD_UNKNOWN);
    snapshot.cluster.have_quorum = TRI_YES;
    snapshot.settings.rep_mode = REP_MODE_SLAVE;
    assert_int_equal(role_seen(0), ROAD_UNKNOWN);
    snapshot.server.in_recovery = TRI_YES;
    assert_int_equal(role_seen(0), ROAD_STANDBY);
}

/* What must be so for this node's server to be taken for the primary. */
static bool
all_say_primary(void)
{
    return snapshot.cluster.have_quorum == TRI_YES
           && snapshot.node[0].member.online == TRI_YES
           && snapshot.node[0].member.role == ROLE_PROMOTED
           && attr_is(&snapshot.node[0].record.data_status, DATA_LATEST)
           && snapshot.server.answer == ANSWER_OK
           && snapshot.server.in_recovery == TRI_NO;
}

static void
check_one_world(void)
{
    enum road_role role = role_seen(0);

    assert_true((role == ROAD_PRIMARY) == all_say_primary());
    if (role == ROAD_STANDBY) {
        assert_int_equal(snapshot.server.answer, ANSWER_OK);
        assert_int_equal(snapshot.server.in_recovery, TRI_YES);
        assert_int_equal(snapshot.node[0].member.role, ROLE_STARTED);
    }
}

/* Every state of what is asked, UNKNOWN among them. */
static void
is_closed_in_doubt(void **state)
{
    static const char *const records[] = { DATA_LATEST, DATA_SYNC,
                                           DATA_DISCONNECT, "" };

    (void) state;
    make_world();
    for (unsigned i = 0; i < 3 * 3 * 3 * 4 * 4 * 9; i++) {
        unsigned rest = i;

        snapshot.cluster.have_quorum = (enum tri) (rest % 3);
        rest /= 3;
        snapshot.node[0].member.online = (enum tri) (rest % 3);
        rest /= 3;
        snapshot.server.in_recovery = (enum tri) (rest % 3);
        rest /= 3;
        snapshot.node[0].member.role = (enum role) (rest % 4);
        rest /= 4;
        set(&snapshot.node[0].record.data_status, records[rest % 4]);
        rest /= 4;
        snapshot.server.answer = (enum answer) rest;
        check_one_world();
    }
    snapshot.node[0].record.data_status.known = ATTR_UNKNOWN;
    check_one_world();
}

static void
knows_no_other_node_without_a_quorum(void **state)
{
    (void) state;
    sit_on_standby();
    snapshot.cluster.have_quorum = TRI_NO;
    assert_int_equal(role_seen(0), ROAD_UNKNOWN);
    assert_int_equal(role_seen(1), ROAD_STANDBY);
    /* whether commits still wait for it the others may have decided */
    assert_int_equal(roads.host[1].sync, SYNC_UNKNOWN);
    make_world();
    snapshot.cluster.have_quorum = TRI_UNKNOWN;
    assert_int_equal(role_seen(1), ROAD_UNKNOWN);
    make_world();
    set(&snapshot.node[1].record.data_status, DATA_DISCONNECT);
    assert_int_equal(role_seen(1), ROAD_UNKNOWN);
}

static void
forgets_after_a_second(void **state)
{
    (void) state;
    make_world();
    (void) role_seen(0);
    assert_int_equal(roads_role(&roads, 0, NOW + 1000), ROAD_PRIMARY);
    assert_int_equal(roads_role(&roads, 0, NOW + 1001), ROAD_UNKNOWN);
    assert_int_equal(roads_role(&roads, 0, NOW - 1), ROAD_UNKNOWN);
    assert_int_equal(roads_role(&roads, 2, NOW), ROAD_UNKNOWN);
}

static void
add_host(const char *name, enum road_role role, uint32_t timeline)
{
    struct road_host *host = &roads.host[roads.count++];

    memset(host, 0, sizeof(*host));
    (void) text_copy(name, host->name, sizeof(host->name));
    (void) text_copy("7001", host->system_id, sizeof(host->system_id));
    host->role = role;
    host->timeline = timeline;
    host->answers = TRI_YES;
    host->seen_ms = NOW;
}

static void
prefers_the_newer_timeline(void **state)
{
    (void) state;
    memset(&roads, 0, sizeof(roads));
    add_host("old", ROAD_PRIMARY, 4);
    add_host("new", ROAD_PRIMARY, 5);
    assert_int_equal(roads_role(&roads, 0, NOW), ROAD_UNKNOWN);
    assert_int_equal(roads_role(&roads, 1, NOW), ROAD_PRIMARY);
    /* and remembers it while the newer one does not answer */
    roads.host[1].answers = TRI_NO;
    roads.host[1].role = ROAD_UNKNOWN;
    assert_int_equal(roads_role(&roads, 0, NOW), ROAD_UNKNOWN);
    /* a standby of that timeline knows as well */
    roads.host[1].answers = TRI_YES;
    roads.host[1].role = ROAD_STANDBY;
    assert_int_equal(roads_role(&roads, 0, NOW), ROAD_UNKNOWN);
    assert_int_equal(roads_role(&roads, 1, NOW), ROAD_STANDBY);
    roads.host[1].timeline = 4;
    assert_int_equal(roads_role(&roads, 0, NOW), ROAD_PRIMARY);
}

static void
compares_with_its_rivals_alone_and_with_each(void **state)
{
    (void) state;
    memset(&roads, 0, sizeof(roads));
    add_host("ours", ROAD_PRIMARY, 4);
    add_host("copy", ROAD_PRIMARY, 5);
    add_host("peer", ROAD_STANDBY, 4);
    roads.host[0].rivals = 1 | 4;
    assert_int_equal(roads_role(&roads, 0, NOW), ROAD_PRIMARY);
    roads.host[2].timeline = 5;
    assert_int_equal(roads_role(&roads, 0, NOW), ROAD_UNKNOWN);
    /* one that was not asked yet may be the one that leads */
    roads.host[2].timeline = 4;
    roads.host[2].seen_ms = 0;
    assert_int_equal(roads_role(&roads, 0, NOW), ROAD_UNKNOWN);
    roads.host[0].rivals = 1;
    assert_int_equal(roads_role(&roads, 0, NOW), ROAD_PRIMARY);
    roads.host[0].role = ROAD_STANDBY;
    roads.host[0].rivals = 0;
    assert_int_equal(roads_role(&roads, 0, NOW), ROAD_STANDBY);
}

static void
compares_no_timelines_of_other_databases(void **state)
{
    (void) state;
    memset(&roads, 0, sizeof(roads));
    add_host("old", ROAD_PRIMARY, 4);
    add_host("new", ROAD_PRIMARY, 5);
    roads.host[1].system_id[0] = '8';
    assert_int_equal(roads_role(&roads, 0, NOW), ROAD_PRIMARY);
    roads.host[1].system_id[0] = '\0';
    assert_int_equal(roads_role(&roads, 0, NOW), ROAD_PRIMARY);
}

static void
knows_its_groups(void **state)
{
    static const struct road_groups groups = {
        .count = 1, .group = { { .name = "rw", .hosts = 6 } },
    };

    (void) state;
    memset(&roads, 0, sizeof(roads));
    assert_int_equal(roads_of_group(&roads, &groups, "all"), 0);
    add_host("a", ROAD_PRIMARY, 1);
    add_host("b", ROAD_PRIMARY, 1);
    assert_int_equal(roads_of_group(&roads, &groups, "all"), 3);
    assert_int_equal(roads_of_group(&roads, &groups, "rw"), 2);
    assert_int_equal(roads_of_group(&roads, &groups, "RW"), 0);
    assert_int_equal(roads_of_group(&roads, &on_node, "whatever"), 3);
    roads.count = ROADS_HOSTS_MAX;
    assert_true(roads_of_group(&roads, &groups, "all") == ~(uint64_t) 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_record_and_server_both_say),
        cmocka_unit_test(does_not_know_a_lag_that_the_server_does_not_tell),
        cmocka_unit_test(is_no_primary_with_two_promoted),
        cmocka_unit_test(asks_the_server_alone_outside_of_replication),
        cmocka_unit_test(takes_no_writes_outside_of_replication_in_doubt),
        cmocka_unit_test(is_closed_in_doubt),
        cmocka_unit_test(knows_no_other_node_without_a_quorum),
        cmocka_unit_test(forgets_after_a_second),
        cmocka_unit_test(prefers_the_newer_timeline),
        cmocka_unit_test(compares_with_its_rivals_alone_and_with_each),
        cmocka_unit_test(compares_no_timelines_of_other_databases),
        cmocka_unit_test(knows_its_groups),
    };

    return cmocka_run_group_tests_name("roads", tests, NULL, NULL);
}
