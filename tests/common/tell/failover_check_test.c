/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a person may decide where nobody may lead by proof, and what is told. */

#include <string.h>

#include "failover_check.h"
#include "world.h"

#define TARGET 2u

static struct snapshot world;
static struct moves moves;
static struct findings findings;
static bool give_up[NODES_MAX];

/*
 * Node 0 led and was fenced; 1 was synchronous and its server is gone; 2 was
 * neither, and runs.
 */
static int
begin(void **state)
{
    (void) state;
    world_init(&world, ACTION_STATUS, 3, TARGET);
    for (size_t i = 0; i < 3; i++) {
        struct node *node = &world.node[i];

        node->attrs.rejoin = attr_with("");
        node->attrs.trusted = attr_with("");
        node->attrs.position = attr_with("");
        memcpy(moves.node[i].name, node->name, NODE_NAME_SIZE);
        moves.node[i].maintenance = TRI_NO;
        moves.node[i].failures = 0;
    }
    moves.known = true;
    moves.node_count = 3;
    world.node[0].member = (struct node_member) {
        .online = TRI_NO, .role = ROLE_STOPPED, .corosync = TRI_NO,
        .controller = TRI_NO, .expected_down = TRI_YES, .erased = TRI_YES,
        .starting = TRI_NO,
    };
    world.node[0].attrs.status = attr_with("");
    world.node[0].record.data_status = attr_with("LATEST");
    world.node[1].member.role = ROLE_STOPPED;
    world.node[1].record.data_status = attr_with("STREAMING|SYNC");
    world.node[2].record.data_status = attr_with("STREAMING|ASYNC");
    world.node[2].attrs.position = attr_with("1/0000000005000000 0 1");
    return 0;
}

static void
check(size_t target)
{
    memset(&findings, 0, sizeof(findings));
    failover_check(&world, &moves, target, give_up, &findings);
    assert_false(findings.cut);
}

static bool
says(enum finding_kind kind, const char *words)
{
    for (size_t i = 0; i < findings.count; i++) {
        if (findings.finding[i].kind == kind
            && strstr(findings.finding[i].text, words) != NULL) {
            return true;
        }
    }
    return false;
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

static void
refuses(size_t target, const char *words)
{
    check(target);
    assert_false(findings_are_met(&findings));
    if (!says(FINDING_UNMET, words)) {
        fail_msg("nothing says '%s'", words);
    }
}

static void
tells_what_is_lost_and_who_is_given_up(void **state)
{
    (void) begin(state);
    is_met();
    assert_true(give_up[0]);
    assert_false(give_up[1]);
    assert_false(give_up[TARGET]);
    assert_true(says(FINDING_LOSS, "every commit past timeline 1, 0/5000000"));
    assert_true(says(FINDING_LOSS, "its record 'LATEST' becomes DISCONNECT"));
    assert_int_equal(failover_choose(&world), TARGET);
}

static void
never_while_another_may_write(void **state)
{
    (void) begin(state);
    world.node[1].member.role = ROLE_PROMOTED;
    refuses(TARGET, "pgward switchover");
    world.node[1].member.role = ROLE_UNKNOWN;
    refuses(TARGET, "role of");
    (void) begin(state);
    world.node[1].member.online = TRI_UNKNOWN;
    refuses(TARGET, "role of");
    (void) begin(state);
    world.node[0].member.expected_down = TRI_NO;
    world.node[0].member.erased = TRI_NO;
    refuses(TARGET, "nothing proves");
    (void) begin(state);
    world.node[0].member.corosync = TRI_YES;
    world.node[0].member.expected_down = TRI_NO;
    refuses(TARGET, "start Pacemaker there");
}

static void
without_fencing_that_is_told(void **state)
{
    (void) begin(state);
    world.cluster.fencing = TRI_NO;
    is_met();
    assert_true(says(FINDING_LOSS, "fencing is off"));
}

static void
the_record_has_to_be_trusted(void **state)
{
    (void) begin(state);
    world.node[1].member = world.node[0].member;
    refuses(TARGET, "too few nodes");
    (void) begin(state);
    world.cluster.have_quorum = TRI_NO;
    refuses(TARGET, "quorum");
}

static void
whoever_may_lead_by_proof_is_the_one(void **state)
{
    (void) begin(state);
    world.node[1].member.role = ROLE_STARTED;
    world.node[1].attrs.position = attr_with("1/0000000006000000 0 1");
    refuses(TARGET, "may lead, by the rule 'synchronous', so nothing need");
    check(1);
    assert_true(findings_are_met(&findings));
    assert_true(says(FINDING_MET, "by the rule 'synchronous'"));
    assert_int_equal(failover_choose(&world), 1);
}

/* That it followed proves nothing where commits wait for nobody. */
static void
in_async_mode_who_streamed_is_not_said_to_hold_all(void **state)
{
    (void) begin(state);
    world.settings.rep_mode = REP_MODE_ASYNC;
    is_met();
    assert_true(says(FINDING_LOSS, "in async mode commits wait for no"));
    assert_false(says(FINDING_MET, "holds all that was acknowledged"));
    world.node[TARGET].record.data_status = attr_with("LATEST");
    is_met();
    assert_true(says(FINDING_MET, "holds all that was acknowledged"));
}

static void
a_node_behind_another_is_told_so(void **state)
{
    (void) begin(state);
    world.node[1].member.role = ROLE_STARTED;
    world.node[1].record.data_status = attr_with("STREAMING|ASYNC");
    world.node[1].attrs.position = attr_with("1/0000000006000000 0 1");
    is_met();
    assert_true(says(FINDING_LOSS, "holds beyond"));
    assert_true(says(FINDING_LOSS, "up to timeline 1, 0/6000000"));
}

static void
of_two_that_have_parted_one_is_named(void **state)
{
    (void) begin(state);
    world.node[1].member.role = ROLE_STARTED;
    world.node[1].attrs.position =
        attr_with("3/0000000006000000 0 3 1/0000000004000000");
    world.node[TARGET].attrs.position =
        attr_with("2/0000000006000000 0 2 1/0000000005000000");
    world.node[TARGET].record.data_status = attr_with("STREAMING|SYNC");
    assert_int_equal(failover_choose(&world), NODES_MAX);
    is_met();
    assert_true(give_up[1]);
    assert_true(says(FINDING_LOSS, "the two have parted"));
    assert_true(says(FINDING_LOSS, "WAL that it has not"));
    assert_false(says(FINDING_MET, "holds all that was acknowledged"));
    refuses(NODES_MAX, "name one with --to");
}

static void
findings_agree_word_by_word(void **state)
{
    static struct findings a;
    static struct findings b;

    (void) state;
    memset(&a, 0, sizeof(a));
    memset(&b, 0, sizeof(b));
    findings_add(&a, FINDING_LOSS, "all of %s", "srv1");
    assert_false(findings_agree(&a, &b, FINDING_LOSS));
    assert_false(findings_agree(&b, &a, FINDING_LOSS));
    assert_true(findings_agree(&a, &b, FINDING_MET));
    findings_add(&b, FINDING_NOTE, "in nobody's way");
    findings_add(&b, FINDING_LOSS, "all of %s", "srv1");
    assert_true(findings_agree(&a, &b, FINDING_LOSS));
    findings_add(&b, FINDING_LOSS, "all of %s", "srv2");
    assert_false(findings_agree(&a, &b, FINDING_LOSS));
    findings_add(&a, FINDING_LOSS, "all of %s", "srv3");
    assert_false(findings_agree(&a, &b, FINDING_LOSS));
}

static void
the_target_has_to_run(void **state)
{
    (void) begin(state);
    refuses(1, "does not run a standby");
    world.node[TARGET].attrs.position = attr_with("");
    refuses(TARGET, "has not shown where it stands");
    assert_int_equal(failover_choose(&world), NODES_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_is_lost_and_who_is_given_up),
        cmocka_unit_test(never_while_another_may_write),
        cmocka_unit_test(without_fencing_that_is_told),
        cmocka_unit_test(the_record_has_to_be_trusted),
        cmocka_unit_test(whoever_may_lead_by_proof_is_the_one),
        cmocka_unit_test(in_async_mode_who_streamed_is_not_said_to_hold_all),
        cmocka_unit_test(a_node_behind_another_is_told_so),
        cmocka_unit_test(of_two_that_have_parted_one_is_named),
        cmocka_unit_test(findings_agree_word_by_word),
        cmocka_unit_test(the_target_has_to_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
