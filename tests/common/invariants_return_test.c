/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may never happen, over the whole small state space: a node that led
 * comes back (P3), and planned moves (P7).
 */

#include "world.h"

static const char *const data_values[] = {
    NULL, "", "LATEST", "STREAMING|SYNC", "STREAMING|ASYNC", "DISCONNECT",
};

/* Its own past, the primary's, and whether the first is of the second. */
static const struct past {
    struct wal_position end;
    const char *own;
    const char *primary;
    bool shared;
} pasts[] = {
    { { 1, 0x5000000 }, "1", "2 1/0000000005000000", true },
    { { 1, 0x4000000 }, "1", "2 1/0000000005000000", true },
    { { 1, 0x5000001 }, "1", "2 1/0000000005000000", false },
    { { 2, 0x4800000 }, "2 1/0000000004000000",
      "3 2/0000000005000000 1/0000000004000000", true },
    { { 2, 0x4800000 }, "2 1/0000000003000000",
      "3 2/0000000005000000 1/0000000004000000", false },
    { { 1, 0x5000000 }, "1", "1", false },
    { { 2, 0x4000000 }, "2 1/0000000003000000", "1", false },
    { { 1, 0x5000000 }, "1", NULL, false },
    { { 1, 0x5000000 }, "1", "", false },
    { { 1, 0x5000000 }, "", "2 1/0000000005000000", false },
    { { 0, 0 }, "", "2 1/0000000005000000", false },
    { { 0, 0x4000000 }, "", "2 1/0000000005000000", false },
};

static bool
has_streamed(const struct snapshot *world)
{
    return strncmp(world->node[world->self].record.data_status.value,
                   "STREAMING|", 10) == 0;
}

/* The number of the kind of standby that the plan lays out; -1: none. */
static int32_t
standby_in(const struct plan *plan)
{
    size_t found = plan_find(plan, OP_WRITE_STANDBY, 0);

    return found == NO_OP ? -1 : plan->op[found].number;
}

/* A node whose lock is there follows only with proof; returns whether. */
static unsigned
assert_follows_with_proof(const struct snapshot *world,
                          const struct plan *plan, const struct past *past)
{
    if (plan_find(plan, OP_REMOVE_LOCK, 0) != NO_OP
        && standby_in(plan) != STANDBY_FOLLOWS) {
        assert_true(has_streamed(world));
        assert_true(world->server.receiver_running == TRI_YES);
    }
    if (standby_in(plan) != STANDBY_FOLLOWS) {
        return 0;
    }
    assert_true(world->address_here == TRI_NO);
    assert_true(world->node[0].member.role == ROLE_PROMOTED);
    assert_true(has_streamed(world)
                || (past->shared
                    && world->position_advances == TRI_NO));
    assert_true(plan_find(plan, OP_BEGIN_RESTART, 0)
                > plan_find(plan, OP_WRITE_STANDBY, 0));
    assert_true(plan_find(plan, OP_REMOVE_LOCK, 0) == NO_OP
                || plan_find(plan, OP_REMOVE_LOCK, 0)
                   > plan_find(plan, OP_BEGIN_RESTART, 0));
    return 1;
}

static unsigned
try_server(struct snapshot *world, struct plan *plan, const struct past *past)
{
    unsigned follows = 0;

    for (unsigned i = 0; i < 3 * 3 * 3 * 3 * 2; i++) {
        world->server.upstream_set = (enum tri) (i % 3);
        world->server.receiver_running = (enum tri) (i / 3 % 3);
        world->position_advances = (enum tri) (i / 9 % 3);
        world->address_here = (enum tri) (i / 27 % 3);
        world->node[1].attrs.unproved = attr_with(i / 81 == 0 ? "1" : "");
        decide_soundly(world, plan);
        follows += assert_follows_with_proof(world, plan, past);
    }
    return follows;
}

static unsigned
try_pasts(struct snapshot *world, struct plan *plan)
{
    unsigned follows = 0;

    for (size_t i = 0; i < LENGTH(pasts); i++) {
        world->server.position = pasts[i].end;
        assert_int_equal(text_copy(pasts[i].own, world->history,
                                   sizeof(world->history)), 0);
        world->node[0].attrs.history = attr_with(pasts[i].primary);
        for (size_t data = 0; data < LENGTH(data_values); data++) {
            world->node[1].record.data_status = attr_with(data_values[data]);
            for (unsigned role = 0; role <= ROLE_PROMOTED; role++) {
                world->node[0].member.role = (enum role) role;
                follows += try_server(world, plan, &pasts[i]);
            }
        }
    }
    return follows;
}

static void
make_returning(struct snapshot *world, enum action action)
{
    world_init(world, action, 3, 1);
    world->position_looks = 2;
    world->files.lock = TRI_YES;
    world->node[1].attrs.status = attr_with("STOP");
    world->node[1].attrs.score = attr_with("-INFINITY");
}

static void
follows_only_a_primary_whose_past_holds_all_it_has(void **state)
{
    static struct snapshot world;
    static struct plan plan;

    (void) state;
    make_returning(&world, ACTION_MONITOR);
    assert_true(try_pasts(&world, &plan) > 0);
    make_returning(&world, ACTION_NOTIFY);
    world.notify = NOTIFY_POST_PROMOTE;
    assert_int_equal(try_pasts(&world, &plan), 0);
    make_returning(&world, ACTION_START);
    world.done[OP_START_SERVER].times = 1;
    world.process.state = PROCESS_RUNNING;
    assert_true(try_pasts(&world, &plan) > 0);
}

/* The record may answer for it where nobody leads and nobody is ranked. */
static void
starts_to_be_judged_while_another_leads_or_is_ranked(void **state)
{
    static struct snapshot world;
    static struct plan plan;
    unsigned alone = 0;

    (void) state;
    make_returning(&world, ACTION_START);
    world.process.state = PROCESS_GONE;
    for (unsigned i = 0; i < 4 * 3 * 6 * 6 * 2; i++) {
        bool ranked;

        world.node[0].member.role = (enum role) (i % 4);
        world.node[0].member.online = (enum tri) (i / 4 % 3);
        world.node[0].record.data_status = attr_with(data_values[i / 12 % 6]);
        world.node[1].record.data_status = attr_with(data_values[i / 72 % 6]);
        world.node[0].attrs.score = attr_with(i / 432 == 0 ? "100"
                                                           : "-INFINITY");
        world.node[2].member.role = ROLE_STOPPED;
        decide_soundly(&world, &plan);
        ranked = world.node[0].member.role == ROLE_STARTED && i / 432 == 0
                 && (i / 12 % 6 == 2 || i / 12 % 6 == 3);
        if (world.node[0].member.online == TRI_YES
            && (ranked || world.node[0].member.role == ROLE_PROMOTED)) {
            assert_int_not_equal(standby_in(&plan), STANDBY_FOLLOWS);
        }
        if (standby_in(&plan) == STANDBY_QUARANTINED) {
            alone++;
            assert_true(plan_find(&plan, OP_SET_UNPROVED, 1)
                        < plan_find(&plan, OP_START_SERVER, 0));
        }
        assert_true(plan_find(&plan, OP_REMOVE_LOCK, 0) == NO_OP);
    }
    assert_true(alone > 0);
}

/* Nobody waits for it, and it raises itself only where nobody else may. */
static void
never_stands_in_the_way_of_an_eligible_node(void **state)
{
    static struct snapshot world;
    static struct plan plan;
    unsigned raised = 0;

    (void) state;
    make_returning(&world, ACTION_MONITOR);
    world.server.upstream_set = TRI_NO;
    world.server.receiver_running = TRI_NO;
    world.node[1].attrs.unproved = attr_with("1");
    world.node[1].record.data_status = attr_with("LATEST");
    world.node[1].attrs.position = attr_with("1/0000000005000000");
    world.node[2].member.role = ROLE_STOPPED;
    for (unsigned i = 0; i < 4 * 3 * 6 * 2; i++) {
        const struct node *other = &world.node[0];
        bool eligible;

        world.node[0].member.role = (enum role) (i % 4);
        world.node[0].member.online = (enum tri) (i / 4 % 3);
        world.node[0].record.data_status = attr_with(data_values[i / 12 % 6]);
        world.node[0].attrs.position = attr_with(i / 72 == 0
                                                 ? "" : "1/0000000004000000");
        world.node[0].attrs.status = attr_with("HS:alone");
        world.node[0].attrs.score = attr_with("-INFINITY");
        eligible = other->member.online == TRI_YES
                   && other->member.role == ROLE_STARTED
                   && (i / 12 % 6 == 2 || i / 12 % 6 == 3);
        decide_soundly(&world, &plan);
        if (plan_find(&plan, OP_SET_SCORE, 1) != NO_OP) {
            raised++;
            assert_false(eligible);
            assert_true(other->member.role != ROLE_PROMOTED
                        || other->member.online == TRI_NO);
        }
    }
    assert_true(raised > 0);
}

static void
promotes_only_with_the_old_primarys_last_wal(void **state)
{
    static const struct wal_position positions[] = {
        { 0, 0 }, { 1, 0x4000000 }, { 1, 0x5000028 }, { 1, 0x50000a0 },
        { 2, 0x4000000 },
    };
    static struct snapshot world;
    static struct plan plan;
    unsigned promoted = 0;

    (void) state;
    for (unsigned i = 0; i < 5 * 3 * 2 * 2 * 6; i++) {
        struct node *former = &world.node[0];
        bool back;

        world_init(&world, ACTION_PROMOTE, 3, 1);
        world.node[1].record.data_status = attr_with("STREAMING|SYNC");
        world.server.position = positions[i % 5];
        former->member.online = (enum tri) (i / 5 % 3);
        former->member.role = i / 15 % 2 == 0 ? ROLE_STARTED : ROLE_STOPPED;
        former->in_stop_list = i / 30 % 2 == 0 ? TRI_NO : TRI_YES;
        former->record.data_status = attr_with(data_values[i / 60]);
        former->attrs.shutdown = attr_with("1/0000000005000028");
        back = former->member.online == TRI_YES
               && former->member.role == ROLE_STARTED
               && former->in_stop_list == TRI_NO
               && attr_is(&former->record.data_status, "LATEST");
        decide_soundly(&world, &plan);
        if (plan_find(&plan, OP_CREATE_LOCK, 0) != NO_OP) {
            promoted++;     /* the record is written: there is no way back */
            assert_true(!back || i % 5 == 3);
        }
    }
    assert_true(promoted > 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_only_a_primary_whose_past_holds_all_it_has),
        cmocka_unit_test(starts_to_be_judged_while_another_leads_or_is_ranked),
        cmocka_unit_test(never_stands_in_the_way_of_an_eligible_node),
        cmocka_unit_test(promotes_only_with_the_old_primarys_last_wal),
    };

    return cmocka_run_group_tests_name("invariants-return", tests, NULL,
                                       NULL);
}
