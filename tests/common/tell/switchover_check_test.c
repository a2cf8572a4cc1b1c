/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A planned move is refused unless all that it needs is known to be there. */

#include <string.h>

#include "switchover_check.h"
#include "takeover.h"
#include "topology.h"
#include "world.h"

#define TARGET 1u

static struct snapshot world;
static struct moves moves;
static struct findings findings;

/* Node 0 leads, 1 is synchronous and ranked, 2 is neither. */
static int
begin(void **state)
{
    (void) state;
    world_init(&world, ACTION_STATUS, 3, 0);
    world.senders.told = TRI_YES;
    for (size_t i = 0; i < 3; i++) {
        struct node *node = &world.node[i];

        node->member.cib_score = attr_with(i == 0 ? "1000" : i == 1 ? "100"
                                           : "-INFINITY");
        node->attrs.rejoin = attr_with("");
        node->senders.own.state = i == 0 ? SENDER_NONE : SENDER_STREAMING;
        node->senders.own.sync_state = i == 1 ? SYNC_SYNC : SYNC_ASYNC;
        node->senders.own.flush_lsn = 0x5000000;
    }
    world.node[0].attrs.status = attr_with("PRI");
    world.node[0].record.data_status = attr_with("LATEST");
    world.node[1].record.data_status = attr_with("STREAMING|SYNC");
    world.node[2].record.data_status = attr_with("STREAMING|ASYNC");
    memset(&moves, 0, sizeof(moves));
    moves.known = true;
    for (size_t i = 0; i < 3; i++) {
        memcpy(moves.node[i].name, world.node[i].name, NODE_NAME_SIZE);
        moves.node[i].maintenance = TRI_NO;
    }
    moves.node_count = 3;
    return 0;
}

static void
check(size_t target)
{
    memset(&findings, 0, sizeof(findings));
    switchover_check(&world, &moves, target, &findings);
    assert_false(findings.cut);
}

static void
is_met(void)
{
    check(TARGET);
    for (size_t i = 0; i < findings.count; i++) {
        if (findings.finding[i].kind == FINDING_UNMET) {
            fail_msg("%s", findings.finding[i].text);
        }
    }
    assert_true(findings_are_met(&findings));
}

/* It is refused, and says so. */
static void
refuses(size_t target, const char *words)
{
    check(target);
    assert_false(findings_are_met(&findings));
    for (size_t i = 0; i < findings.count; i++) {
        if (findings.finding[i].kind == FINDING_UNMET
            && strstr(findings.finding[i].text, words) != NULL) {
            return;
        }
    }
    fail_msg("nothing says '%s'", words);
}

static void
add_move(enum move_kind kind, const char *node)
{
    struct move *move = &moves.move[moves.count++];

    move->kind = kind;
    assert_int_equal(text_copy("cli-x", move->id, sizeof(move->id)), 0);
    assert_int_equal(text_copy(node, move->node, sizeof(move->node)), 0);
    assert_int_equal(text_copy(world.node[0].name, move->from,
                               sizeof(move->from)), 0);
}

static void
a_healthy_cluster_may_move(void **state)
{
    (void) state;
    is_met();
    assert_int_equal(takeover_leader(&world), 0);
    assert_int_equal(switchover_choose(&world), TARGET);
}

static void
what_is_not_known_is_not_met(void **state)
{
    (void) begin(state);
    world.cluster.have_quorum = TRI_UNKNOWN;
    refuses(TARGET, "quorum");
    (void) begin(state);
    world.cluster.maintenance = TRI_UNKNOWN;
    refuses(TARGET, "maintenance");
    (void) begin(state);
    world.node[1].attrs.rejoin.known = ATTR_UNKNOWN;
    refuses(TARGET, "could not be asked");
    (void) begin(state);
    moves.known = false;
    refuses(TARGET, "could not be read");
    (void) begin(state);
    moves.too_many = true;
    refuses(TARGET, "too many");
    (void) begin(state);
    moves.node[1].maintenance = TRI_UNKNOWN;
    refuses(TARGET, "maintenance");
    (void) begin(state);
    world.node[1].record.data_status.known = ATTR_UNKNOWN;
    refuses(TARGET, "could not be read");
    memset(&findings, 0, sizeof(findings));
    assert_false(findings_are_met(&findings));
}

static void
there_has_to_be_one_primary(void **state)
{
    (void) begin(state);
    world.node[0].attrs.status = attr_with("HS:alone");
    refuses(TARGET, "does not say that it leads");
    world.node[0].member.role = ROLE_STARTED;
    refuses(TARGET, "not one primary");
    (void) begin(state);
    world.node[2].member.role = ROLE_PROMOTED;
    refuses(TARGET, "not one primary");
    (void) begin(state);
    refuses(0, "leads already");
    world.settings.rep_mode = REP_MODE_SLAVE;
    refuses(TARGET, "rep_mode");
}

static void
the_target_has_to_be_a_whole_standby(void **state)
{
    (void) begin(state);
    refuses(NODES_MAX, "no standby may take over");
    world.node[1].member.role = ROLE_STOPPED;
    refuses(TARGET, "does not run a standby");
    assert_int_equal(switchover_choose(&world), NODES_MAX);
    (void) begin(state);
    world.node[1].attrs.unproved = attr_with("1");
    refuses(TARGET, "not been judged");
    (void) begin(state);
    world.node[1].attrs.rejoin = attr_with("waits");
    refuses(TARGET, "brings its data back");
    (void) begin(state);
    world.node[1].attrs.replay = attr_with("no: it is paused");
    refuses(TARGET, "cannot replay");
}

static void
the_record_and_pacemaker_have_to_rank_it(void **state)
{
    (void) begin(state);
    refuses(2, "may: --to");
    (void) begin(state);
    world.node[1].member.cib_score = attr_with("-INFINITY");
    refuses(TARGET, "not ranked");
    (void) begin(state);
    world.node[1].record.data_status = attr_with("STREAMING|QUORUM");
    refuses(TARGET, "may not lead");
    world.node[1].record.quorum = attr_with("0/2");
    refuses(TARGET, "may not lead");
    world.node[1].record.quorum = attr_with("1/2");
    is_met();
}

static void
it_streams_and_is_not_far_behind(void **state)
{
    (void) begin(state);
    world.server.position.lsn = 0x5000000 + 16 * 1024 * 1024;
    is_met();
    world.server.position.lsn++;
    refuses(TARGET, "bytes behind");
    (void) begin(state);
    world.node[1].senders.own.state = SENDER_CATCHUP;
    refuses(TARGET, "does not stream");
    (void) begin(state);
    world.node[1].senders.own.flush_lsn = 0;
    refuses(TARGET, "is not known");
}

static void
without_the_primarys_word_the_record_has_to_do(void **state)
{
    (void) begin(state);
    world.server.answer = ANSWER_DENIED;
    is_met();
    assert_int_equal(findings_count(&findings, FINDING_NOTE), 1);
    world.settings.rep_mode = REP_MODE_ASYNC;
    refuses(TARGET, "Run this on the primary's node");
    (void) begin(state);
    world.settings.rep_mode = REP_MODE_ASYNC;
    is_met();
}

static void
nothing_stands_in_the_way(void **state)
{
    (void) begin(state);
    add_move(MOVE_BAN, world.node[2].name);
    add_move(MOVE_PREFER, world.node[1].name);
    add_move(MOVE_RULED, "");
    add_move(MOVE_NONE, "");
    is_met();
    (void) begin(state);
    add_move(MOVE_BAN, world.node[1].name);
    refuses(TARGET, "pcs constraint delete cli-x");
    (void) begin(state);
    add_move(MOVE_PREFER, world.node[0].name);
    refuses(TARGET, "take the lead back");
    (void) begin(state);
    add_move(MOVE_OURS, world.node[1].name);
    refuses(TARGET, "goes on, or was cut off");
    (void) begin(state);
    moves.node[1].failures = 2;
    refuses(TARGET, "2 failures");
    (void) begin(state);
    moves.node[0].failures = 2;
    is_met();
}

static void
of_several_who_has_most_is_chosen(void **state)
{
    (void) begin(state);
    world.node[2].record.data_status = attr_with("STREAMING|SYNC");
    world.node[2].member.cib_score = attr_with("100");
    assert_int_equal(switchover_choose(&world), 1);
    world.node[2].senders.own.flush_lsn++;
    assert_int_equal(switchover_choose(&world), 2);
}

static void
tells_the_topology(void **state)
{
    char buf[1024];
    struct text text;

    (void) begin(state);
    world.node[1].member.role = ROLE_STOPPED;
    world.node[2].member.online = TRI_NO;
    text_init(&text, buf, sizeof(buf));
    topology_tell(&world, "Now:", &text);
    assert_false(text.overflow);
    assert_ptr_equal(strstr(buf, "Now:\n"), buf);
    assert_non_null(strstr(buf, "primary  PRI          LATEST\n"));
    assert_non_null(strstr(buf, "stopped"));
    assert_non_null(strstr(buf, "offline"));
    world.node[0].member.role = ROLE_UNKNOWN;
    assert_string_equal(topology_role(&world.node[0]), "unknown");
    world.node[0].member.online = TRI_UNKNOWN;
    assert_string_equal(topology_role(&world.node[0]), "unknown");
}

static void
too_many_findings_are_never_met(void **state)
{
    (void) state;
    memset(&findings, 0, sizeof(findings));
    for (size_t i = 0; i < FINDINGS_MAX; i++) {
        findings_add(&findings, FINDING_MET, "%zu", i);
    }
    assert_true(findings_are_met(&findings));
    findings_add(&findings, FINDING_MET, "one more");
    assert_false(findings_are_met(&findings));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_healthy_cluster_may_move, begin),
        cmocka_unit_test(what_is_not_known_is_not_met),
        cmocka_unit_test(there_has_to_be_one_primary),
        cmocka_unit_test(the_target_has_to_be_a_whole_standby),
        cmocka_unit_test(the_record_and_pacemaker_have_to_rank_it),
        cmocka_unit_test(it_streams_and_is_not_far_behind),
        cmocka_unit_test(without_the_primarys_word_the_record_has_to_do),
        cmocka_unit_test(nothing_stands_in_the_way),
        cmocka_unit_test(of_several_who_has_most_is_chosen),
        cmocka_unit_test(tells_the_topology),
        cmocka_unit_test(too_many_findings_are_never_met),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
