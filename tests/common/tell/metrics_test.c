/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prometheus reads what is known, and nothing that is not. */

#include <string.h>

#include "cmocka_all.h"
#include "metrics.h"

static struct overview overview;
static char buf[METRICS_SIZE];

static struct overview_node *
add_node(const char *name, enum overview_role role)
{
    struct overview_node *node = &overview.node[overview.node_count++];

    (void) text_copy(name, node->name, sizeof(node->name));
    node->role = role;
    return node;
}

static void
tell(void)
{
    struct text text;

    text_init(&text, buf, sizeof(buf));
    metrics_add_overview(&overview, &text);
    assert_false(text.overflow);
}

static void
expect(const char *line)
{
    const char *at = strstr(buf, line);

    if (at == NULL || at[strlen(line)] != '\n'
        || (at != buf && at[-1] != '\n')) {
        fail_msg("no line '%s' in\n%s", line, buf);
    }
}

static void
expect_none(const char *name)
{
    if (strstr(buf, name) != NULL) {
        fail_msg("'%s' in\n%s", name, buf);
    }
}

static void
tells_what_is_known(void **state)
{
    struct overview_node *node;

    (void) state;
    memset(&overview, 0, sizeof(overview));
    node = add_node("srv1", OVERVIEW_PRIMARY);
    node->timeline = 3;
    node->flushed = 4096;
    node->changed_s = 1700000000;
    node = add_node("srv2", OVERVIEW_STANDBY);
    node->spare = true;
    node->takeover = LEAD_SYNC;
    node->behind_bytes = (struct amount) { true, 0 };
    node->behind_ms = (struct amount) { true, 1500 };
    node->replayed = 4000;
    node->slot = (struct overview_slot) {
        .there = TRI_YES, .status = SLOT_LOST, .held_bytes = { true, 7 },
        .safe_bytes = { true, 9 },
    };
    node = add_node("srv3", OVERVIEW_STOPPED);
    node->takeover = LEAD_NOT_LIVE;
    (void) text_copy("rewinding, 42 % of 900 MB", node->rejoin,
                     sizeof(node->rejoin));
    overview.rpo = OVERVIEW_RPO_BYTES;
    overview.rpo_bytes = 5;
    overview.spares = (struct amount) { true, 1 };
    overview.sync_standbys = (struct amount) { true, 1 };
    overview.sync_required = 2;
    overview.have_quorum = TRI_YES;
    overview.fencing = TRI_NO;
    overview.note_count = 2;
    overview.note[0].kind = NOTE_PROFILE;
    overview.note[0].level = OVERVIEW_WARNING;
    overview.note[1].kind = NOTE_NODE;
    tell();
    expect("# TYPE pgward_role gauge");
    expect("pgward_role{node=\"srv1\",role=\"primary\"} 1");
    expect("pgward_role{node=\"srv2\",role=\"primary\"} 0");
    expect("pgward_role{node=\"srv3\",role=\"stopped\"} 1");
    expect("pgward_takeover_eligible{node=\"srv2\"} 1");
    expect("pgward_takeover_eligible{node=\"srv3\"} 0");
    expect_none("pgward_takeover_eligible{node=\"srv1\"}");
    expect_none("pgward_takeover_refused_info{node=\"srv2\"");
    expect("pgward_timeline{node=\"srv1\"} 3");
    expect_none("pgward_timeline{node=\"srv2\"}");
    expect("pgward_wal_position_bytes{node=\"srv1\",kind=\"flushed\"} 4096");
    expect("pgward_wal_position_bytes{node=\"srv2\",kind=\"replayed\"} 4000");
    expect("pgward_replication_lag_bytes{node=\"srv2\"} 0");
    expect("pgward_replication_lag_seconds{node=\"srv2\"} 1.5");
    expect_none("pgward_replication_lag_bytes{node=\"srv3\"}");
    expect("pgward_slot_retained_bytes{node=\"srv2\"} 7");
    expect("pgward_slot_safe_bytes{node=\"srv2\"} 9");
    expect("pgward_slot_lost{node=\"srv2\"} 1");
    expect("pgward_rejoin_state{node=\"srv3\",state=\"rewinding\"} 1");
    expect("pgward_rejoin_progress_ratio{node=\"srv3\"} 0.42");
    expect_none("pgward_rejoin_progress_ratio{node=\"srv2\"}");
    expect("pgward_rpo_proved 0");
    expect("pgward_rpo_bytes 5");
    expect("pgward_spares 1");
    expect("pgward_sync_standbys 1");
    expect("pgward_sync_standbys_required 2");
    expect("pgward_last_promotion_timestamp_seconds 1700000000");
    expect("pgward_quorate 1");
    expect("pgward_fencing_enabled 0");
    expect("pgward_profile_findings{severity=\"warning\"} 1");
    expect("pgward_profile_findings{severity=\"error\"} 0");
    overview.rpo = OVERVIEW_RPO_NONE;
    tell();
    expect("pgward_rpo_proved 1");
    expect("pgward_rpo_bytes 0");
}

static void
leaves_out_what_is_not_known(void **state)
{
    (void) state;
    memset(&overview, 0, sizeof(overview));
    overview.primary = NODES_MAX;
    tell();
    expect_none("pgward_rpo");
    expect_none("pgward_spares");
    expect_none("pgward_sync_standbys ");
    expect_none("pgward_quorate");
    expect_none("pgward_fencing");
    expect_none("pgward_last_promotion");
}

/* Each name is told once, before its values, which stand together. */
static void
has_each_family_once(void **state)
{
    char seen[64][64];
    size_t count = 0;

    (void) state;
    tells_what_is_known(state);
    for (const char *at = buf; (at = strstr(at, "# TYPE ")) != NULL; at++) {
        size_t len = strcspn(at + 7, " ");

        assert_true(count < 64 && len < 64);
        memcpy(seen[count], at + 7, len);
        seen[count][len] = '\0';
        for (size_t i = 0; i < count; i++) {
            assert_string_not_equal(seen[i], seen[count]);
        }
        count++;
    }
    assert_true(count > 15);
}

static void
escapes_labels_and_has_room_for_all(void **state)
{
    (void) state;
    memset(&overview, 0, sizeof(overview));
    (void) add_node("a\"b\\c\ne", OVERVIEW_PRIMARY);
    tell();
    expect("pgward_role{node=\"a\\\"b\\\\c\\ne\",role=\"primary\"} 1");
    memset(&overview, 0, sizeof(overview));
    for (size_t i = 0; i < NODES_MAX; i++) {
        struct overview_node *node = add_node("", OVERVIEW_STANDBY);

        memset(node->name, '"', sizeof(node->name) - 1);
        node->takeover = LEAD_NOT_LIVE;
        node->timeline = 1;
        node->flushed = 1;
        node->replayed = 1;
        node->behind_bytes.known = true;
        node->behind_ms.known = true;
        node->slot.held_bytes.known = true;
        node->slot.safe_bytes.known = true;
        (void) text_copy("copying, 7 % of 9 MB", node->rejoin,
                         sizeof(node->rejoin));
    }
    tell();
}

static void
counts_what_a_nodes_record_has(void **state)
{
    struct chronicle_totals totals = { .known = true };
    struct text text;

    (void) state;
    totals.total[EVENT_PROMOTED] = 3;
    totals.total[EVENT_REJOINED] = 2;
    totals.total[EVENT_GIVEN_UP] = 1;
    text_init(&text, buf, sizeof(buf));
    metrics_add_totals(&totals, "srv1", &text);
    expect("# TYPE pgward_promotions_total counter");
    expect("pgward_promotions_total{node=\"srv1\"} 3");
    expect("# TYPE pgward_rejoins_total counter");
    expect("pgward_rejoins_total{node=\"srv1\",result=\"done\"} 2");
    expect("pgward_rejoins_total{node=\"srv1\",result=\"given-up\"} 1");
    memset(&totals, 0, sizeof(totals));
    text_init(&text, buf, sizeof(buf));
    metrics_add_totals(&totals, "srv1", &text);
    assert_string_equal(buf, "");
    totals.known = true;
    metrics_add_totals(&totals, "srv1", &text);
    expect("pgward_promotions_total{node=\"srv1\"} 0");
}

static void
tells_of_a_routers_hosts(void **state)
{
    static struct roads roads;
    struct text text;

    (void) state;
    roads.count = 2;
    roads.host[0] = (struct road_host) {
        .name = "host1", .role = ROAD_PRIMARY, .answers = TRI_YES,
        .timeline = 4, .seen_ms = 10,
    };
    roads.host[1].name[0] = 'x';
    roads.host[1].seen_ms = 10;
    text_init(&text, buf, sizeof(buf));
    metrics_add_roads(&roads, 20, &text);
    expect("pgward_role{node=\"host1\",role=\"primary\"} 1");
    expect("pgward_role{node=\"host1\",role=\"standby\"} 0");
    expect("pgward_role{node=\"x\",role=\"unknown\"} 1");
    expect("pgward_timeline{node=\"host1\"} 4");
    expect_none("pgward_timeline{node=\"x\"}");
    roads.count = ROADS_HOSTS_MAX;
    for (size_t i = 0; i < ROADS_HOSTS_MAX; i++) {
        memset(roads.host[i].name, '"', NODE_NAME_SIZE - 1);
        roads.host[i].timeline = 1;
    }
    text_init(&text, buf, sizeof(buf));
    metrics_add_roads(&roads, 20, &text);
    assert_false(text.overflow);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_is_known),
        cmocka_unit_test(leaves_out_what_is_not_known),
        cmocka_unit_test(has_each_family_once),
        cmocka_unit_test(escapes_labels_and_has_room_for_all),
        cmocka_unit_test(counts_what_a_nodes_record_has),
        cmocka_unit_test(tells_of_a_routers_hosts),
    };

    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
