/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may never happen, over the whole small state space: promotions and
 * elections (P1, P2, P3).
 */

#include "world.h"

static const char *const data_values[] = {
    NULL, "", "LATEST", "STREAMING|SYNC", "STREAMING|ASYNC",
    "STREAMING|POTENTIAL", "DISCONNECT",
};

static bool
may_lead(const struct snapshot *world, size_t node)
{
    const struct attr *data = &world->node[node].record.data_status;
    bool virgin = true;

    for (size_t i = 0; i < world->node_count; i++) {
        virgin = virgin
                 && world->node[i].record.data_status.known == ATTR_UNSET;
    }
    return virgin || attr_is(data, "LATEST")
           || attr_is(data, "STREAMING|SYNC")
           || (world->settings.rep_mode == REP_MODE_ASYNC
               && strncmp(data->value, "STREAMING|", 10) == 0);
}

/* The plan takes the server out of recovery, or is about to. */
static size_t
promotion_in(const struct plan *plan)
{
    size_t found = plan_find(plan, OP_PROMOTE_SERVER, 0);

    return found != NO_OP ? found : plan_find(plan, OP_REMOVE_STANDBY, 0);
}

static bool
is_eligible(const struct attr *data)
{
    return data->known == ATTR_UNKNOWN || attr_is(data, "LATEST")
           || attr_is(data, "STREAMING|SYNC");
}

/* A node whose state the cluster does not have was not seen since it began. */
static bool
is_proved_down(const struct node *node)
{
    return node->member.online == TRI_NO
           && (node->member.expected_down == TRI_UNKNOWN
               || (node->member.expected_down == TRI_YES
                   && node->member.role != ROLE_STARTED
                   && node->member.role != ROLE_PROMOTED));
}

static void
assert_promotion_is_proved(const struct snapshot *world,
                           const struct plan *plan, size_t promotion)
{
    assert_true(may_lead(world, world->self));
    assert_true(plan->op[promotion].need == OP_REQUIRED);
    assert_true(world->server.in_recovery == TRI_YES);
    assert_true(world->server.answer == ANSWER_OK);
    assert_true(world->done[OP_CREATE_LOCK].times > 0);
    for (size_t i = 0; i < world->node_count; i++) {
        const struct node *node = &world->node[i];

        if (i == world->self) {
            continue;
        }
        assert_true(node->member.online == TRI_NO
                    || (node->member.online == TRI_YES
                        && (node->member.role == ROLE_STOPPED
                            || node->member.role == ROLE_STARTED)));
        assert_false(is_eligible(&node->record.data_status));
        assert_true(is_proved_down(node) || !is_eligible(&node->copy));
    }
}

/* Without the record nothing happens but that it is written, and in order. */
static void
assert_record_comes_first(const struct snapshot *world,
                          const struct plan *plan)
{
    size_t lock = plan_find(plan, OP_CREATE_LOCK, 0);

    for (size_t i = 0; lock != NO_OP && i < world->node_count; i++) {
        const struct node *node = &world->node[i];
        size_t record = plan_find(plan, OP_SET_DATA_STATUS, i);

        if (i != world->self && node->record.data_status.known != ATTR_UNSET
            && !attr_is(&node->record.data_status, "DISCONNECT")) {
            assert_true(record < lock);
            assert_true(plan->op[record].need == OP_REQUIRED);
            assert_string_equal(plan->op[record].value, "DISCONNECT");
        }
    }
}

static unsigned
try_proof(struct snapshot *world, struct plan *plan)
{
    static const char *const copies[] = { NULL, "LATEST", "DISCONNECT" };
    bool answers = world->server.answer == ANSWER_OK
                   && world->server.in_recovery == TRI_YES;
    unsigned promotions = 0;

    for (unsigned i = 0; i < (answers ? 18 : 1); i++) {
        size_t promotion;

        world->done[OP_CREATE_LOCK].times = i % 2;
        world->node[0].copy = attr_with(copies[i / 2 % 3]);
        world->node[2].copy = attr_with(copies[(i + 1) / 2 % 3]);
        world->node[0].member.expected_down = (enum tri) (i / 6);
        world->node[2].member.expected_down = (enum tri) (i / 6);
        world_leaves(world, 0);
        world_leaves(world, 2);
        decide_soundly(world, plan);
        assert_record_comes_first(world, plan);
        promotion = promotion_in(plan);
        if (promotion != NO_OP) {
            promotions++;
            assert_promotion_is_proved(world, plan, promotion);
        }
    }
    return promotions;
}

static unsigned
try_members(struct snapshot *world, struct plan *plan)
{
    static const enum tri third_online[] = { TRI_YES, TRI_YES, TRI_YES,
                                             TRI_NO, TRI_UNKNOWN };
    static const enum role third_role[] = { ROLE_STARTED, ROLE_PROMOTED,
                                            ROLE_UNKNOWN, ROLE_PROMOTED,
                                            ROLE_STARTED };
    unsigned promotions = 0;

    for (unsigned first = 0; first < 12; first++) {
        world->node[0].member.online = (enum tri) (first % 3);
        world->node[0].member.role = (enum role) (first / 3);
        for (size_t third = 0; third < LENGTH(third_role); third++) {
            world->node[2].member.online = third_online[third];
            world->node[2].member.role = third_role[third];
            promotions += try_proof(world, plan);
        }
    }
    return promotions;
}

static unsigned
try_records(struct snapshot *world, struct plan *plan)
{
    unsigned promotions = 0;

    for (size_t own = 0; own < LENGTH(data_values); own++) {
        world->node[1].record.data_status = attr_with(data_values[own]);
        for (size_t first = 0; first < LENGTH(data_values); first++) {
            world->node[0].record.data_status = attr_with(data_values[first]);
            for (size_t third = 0; third < 4; third++) {
                world->node[2].record.data_status =
                    attr_with(data_values[third]);
                promotions += try_members(world, plan);
            }
        }
    }
    return promotions;
}

static void
promotes_only_with_proof(void **state)
{
    static struct snapshot world;
    static struct plan plan;
    unsigned promotions = 0;

    (void) state;
    world_init(&world, ACTION_PROMOTE, 3, 1);
    world.cluster.have_quorum = TRI_YES;
    world.cluster.maintenance = TRI_NO;
    world.cluster.fencing = TRI_YES;
    for (unsigned answer = 0; answer <= ANSWER_ERROR; answer++) {
        for (unsigned recovery = 0; recovery < 3; recovery++) {
            world.server.answer = (enum answer) answer;
            world.server.in_recovery = (enum tri) recovery;
            world.settings.rep_mode = REP_MODE_SYNC;
            promotions += try_records(&world, &plan);
            world.settings.rep_mode = REP_MODE_ASYNC;
            promotions += try_records(&world, &plan);
        }
    }
    assert_true(promotions > 0);
}

static void
promotes_only_after_looking(void **state)
{
    static struct snapshot world;
    static struct plan plan;
    const uint32_t needed = FACT_PROCESS | FACT_SQL | FACT_ATTRS | FACT_RECORD
                            | FACT_MEMBERS;

    (void) state;
    world_init(&world, ACTION_PROMOTE, 3, 1);
    world.node[0].member.role = ROLE_STOPPED;
    world.node[0].record.data_status = attr_with("DISCONNECT");
    world.node[0].copy = attr_with("DISCONNECT");
    world.node[1].record.data_status = attr_with("STREAMING|SYNC");
    world.node[2].copy = attr_with("DISCONNECT");
    world.done[OP_CREATE_LOCK].times = 1;
    for (uint32_t facts = 0; facts <= ALL_FACTS; facts++) {
        world.facts = facts;
        decide_soundly(&world, &plan);
        assert_int_equal(promotion_in(&plan) != NO_OP,
                         (facts & needed) == needed);
    }
}

/* By restart: the premise is read again when the server is down. */
static void
promotes_by_restart_only_with_proof(void **state)
{
    static struct snapshot world;
    static struct plan plan;
    unsigned promotions = 0;

    (void) state;
    world_init(&world, ACTION_PROMOTE, 3, 1);
    world.settings.restart_on_promote = true;
    world.done[OP_CREATE_LOCK].times = 1;
    world.node[0].copy = attr_with("DISCONNECT");
    world.node[2].copy = attr_with("DISCONNECT");
    world.process.state = PROCESS_GONE;
    world.server.answer = ANSWER_UNKNOWN;
    for (size_t own = 0; own < LENGTH(data_values); own++) {
        world.node[1].record.data_status = attr_with(data_values[own]);
        for (unsigned first = 0; first < 12; first++) {
            world.node[0].member.online = (enum tri) (first % 3);
            world.node[0].member.role = (enum role) (first / 3);
            decide_soundly(&world, &plan);
            if (promotion_in(&plan) != NO_OP) {
                promotions++;
                assert_true(may_lead(&world, 1));
                assert_true(world.node[0].member.online == TRI_NO
                            || (world.node[0].member.online == TRI_YES
                                && (first / 3 == ROLE_STOPPED
                                    || first / 3 == ROLE_STARTED)));
            }
        }
    }
    assert_true(promotions > 0);
}

/* --- elections: every live node decides on the same facts ---------------- */

enum life { LIFE_UP, LIFE_STARTING, LIFE_OFFLINE, LIFE_STOPPED, LIVES };

static const char *const vote_data[] = {
    "LATEST", "STREAMING|SYNC", "STREAMING|ASYNC", "DISCONNECT", "",
};

static const char *const vote_position[] = {
    "", "1/0000000004000000", "1/0000000005000000", "2/0000000003000000",
};

struct voter {
    enum life life;
    size_t data;
    size_t position;
};

static void
set_voter(struct snapshot *world, size_t node, struct voter voter,
          bool patient)
{
    struct node *peer = &world->node[node];
    char value[ATTR_VALUE_SIZE];

    peer->member.online = voter.life == LIFE_OFFLINE ? TRI_NO : TRI_YES;
    peer->member.role = voter.life == LIFE_UP ? ROLE_STARTED : ROLE_STOPPED;
    peer->member.starting = voter.life == LIFE_STARTING ? TRI_YES : TRI_NO;
    peer->attrs.status = attr_with("HS:alone");
    peer->attrs.score = attr_with("-INFINITY");
    peer->record.data_status = attr_with(vote_data[voter.data]);
    (void) snprintf(value, sizeof(value), "%s%s",
                    vote_position[voter.position],
                    patient || voter.position == 0 ? "" : " 3");
    peer->attrs.position = attr_with(value);
}

static struct wal_position
position_of(const struct voter *voter)
{
    struct wal_position position = { 0, 0 };

    (void) wal_position_parse(vote_position[voter->position], &position);
    return position;
}

static void
assert_winner_is_right(const struct snapshot *world, const struct voter *voter,
                       size_t winner)
{
    assert_true(may_lead(world, winner));
    assert_false(attr_is(&world->node[winner].record.data_status,
                         "DISCONNECT"));
    for (size_t i = 0; i < world->node_count; i++) {
        if (i == winner || !may_lead(world, i)) {
            continue;
        }
        /* the one that starts may be the newest: it is waited for */
        assert_false(voter[i].life == LIFE_STARTING
                     && voter[i].position == 0);
        if (voter[i].life == LIFE_UP) {
            assert_true(wal_position_compare(position_of(&voter[winner]),
                                             position_of(&voter[i])) >= 0);
        }
    }
}

/* What only this node knows does not count: it publishes it first. */
static void
assert_votes_on_what_is_published(struct snapshot *world)
{
    static struct plan plan;

    world->server.position = (struct wal_position) { 3, 0x9000000 };
    decide_soundly(world, &plan);
    assert_true(plan_find(&plan, OP_SET_SCORE, world->self) == NO_OP);
}

/* Returns how many nodes raise themselves: none or one. */
static unsigned
hold_election(struct snapshot *world, const struct voter *voter)
{
    static struct plan plan;
    unsigned raised = 0;

    for (size_t i = 0; i < world->node_count; i++) {
        size_t score;

        if (voter[i].life != LIFE_UP) {
            continue;
        }
        world->self = i;
        world->server.position = position_of(&voter[i]);
        decide_soundly(world, &plan);
        score = plan_find(&plan, OP_SET_SCORE, i);
        if (score != NO_OP) {
            raised++;
            assert_string_equal(plan.op[score].value, "1000");
            assert_winner_is_right(world, voter, i);
        }
        for (size_t other = 0; other < world->node_count; other++) {
            assert_true(other == i
                        || plan_find(&plan, OP_SET_SCORE, other) == NO_OP);
        }
        assert_votes_on_what_is_published(world);
    }
    assert_between(raised, 0, 1);
    return raised;
}

static struct voter
voter_number(size_t number, size_t lives, size_t positions)
{
    struct voter voter = {
        .life = (enum life) (number % lives),
        .data = number / lives % LENGTH(vote_data),
        .position = number / lives / LENGTH(vote_data) % positions,
    };

    return voter;
}

static void
try_elections(size_t count, size_t lives, size_t positions)
{
    static struct snapshot world;
    const size_t kinds = lives * LENGTH(vote_data) * positions;
    size_t total = count == 2 ? kinds * kinds : kinds * kinds * kinds;
    unsigned raised = 0;

    for (size_t number = 0; number < total * 4; number++) {
        struct voter voter[3];
        bool patient = (number & 1) != 0;
        size_t rest = number / 4;

        world_init(&world, ACTION_MONITOR, count, 0);
        world.process.pidfile = PIDFILE_STANDBY;
        world.server.in_recovery = TRI_YES;
        world.server.receiver_running = TRI_NO;
        world.expected_role = ROLE_STARTED;
        world.settings.rep_mode = (number & 2) != 0 ? REP_MODE_SYNC
                                                    : REP_MODE_ASYNC;
        for (size_t i = 0; i < count; i++) {
            voter[i] = voter_number(rest % kinds, lives, positions);
            rest /= kinds;
            set_voter(&world, i, voter[i], patient);
        }
        raised += hold_election(&world, voter);
    }
    assert_true(raised > 0);
}

static void
elects_at_most_one_of_two_and_never_one_behind(void **state)
{
    (void) state;
    try_elections(2, LIVES, LENGTH(vote_position));
}

static void
elects_at_most_one_of_three_and_never_one_behind(void **state)
{
    (void) state;
    try_elections(3, LIFE_STOPPED, 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(promotes_only_with_proof),
        cmocka_unit_test(promotes_only_after_looking),
        cmocka_unit_test(promotes_by_restart_only_with_proof),
        cmocka_unit_test(elects_at_most_one_of_two_and_never_one_behind),
        cmocka_unit_test(elects_at_most_one_of_three_and_never_one_behind),
    };

    return cmocka_run_group_tests_name("invariants", tests, NULL, NULL);
}
