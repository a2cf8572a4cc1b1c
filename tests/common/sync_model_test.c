/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A primary and its standbys in a model of a cluster: connections and nodes
 * come and go, copies of the record lag behind, actions are torn off between
 * any two steps. After each step, whoever could be promoted by any copy of
 * the record holds every acknowledged commit (P1, P2).
 */

#include "may_lead.h"
#include "sync_list.h"
#include "world.h"

#define NODES 4
#define WALKS 800
#define STEPS 60

/* One copy of the CIB's record; updates have an order. */
struct record {
    unsigned version;
    struct attr status[NODES];
    struct attr quorum[NODES];
};

struct model {
    uint64_t seed;
    bool calm;                      /* nothing is torn off, nothing comes */
    struct snapshot world;
    struct record record;           /* as the primary's side has it */
    struct record copy[NODES];
    bool streams[NODES];
    bool online[NODES];             /* with the primary */
    bool down[NODES];               /* fenced: proved down */
    lsn flushed[NODES];
    lsn written;
    lsn acknowledged;
};

static struct model model;
static unsigned promotable;

static unsigned
choose(unsigned count)
{
    model.seed = model.seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned) (model.seed >> 33) % count;
}

/* --- the world as the primary sees it ------------------------------------- */

static void
show_senders(void)
{
    struct sync_list list;

    assert_int_equal(sync_list_parse(&model.world,
                                     model.world.server.sync_names, &list),
                     0);
    for (size_t i = 1; i < NODES; i++) {
        struct node *node = &model.world.node[i];
        uint32_t place = sync_list_priority(&list, i);

        node->senders.own = (struct sender) { .visible = TRI_YES,
                                              .state = SENDER_NONE };
        node->member.online = model.online[i] ? TRI_YES : TRI_NO;
        node->member.role = model.online[i] ? ROLE_STARTED : ROLE_UNKNOWN;
        node->member.controller = node->member.online;
        node->member.expected_down = model.down[i] ? TRI_YES : TRI_NO;
        node->member.erased = node->member.expected_down;
        if (model.streams[i]) {
            node->senders.own.state = SENDER_STREAMING;
            node->senders.own.sync_priority = place;
            node->senders.own.sync_state = place == 0 ? SYNC_ASYNC
                                           : list.any ? SYNC_QUORUM : SYNC_SYNC;
            node->senders.own.flush_lsn = model.flushed[i];
        }
    }
    for (size_t i = 0; i < NODES; i++) {
        model.world.node[i].record.data_status = model.record.status[i];
        model.world.node[i].record.quorum = model.record.quorum[i];
    }
    model.world.server.position.lsn = model.written;
    model.world.sync.waiter = TRI_YES;
}

/* --- what happens --------------------------------------------------------- */

static void
commit(void)
{
    struct sync_list list;
    unsigned answers = 0;

    assert_int_equal(sync_list_parse(&model.world,
                                     model.world.server.sync_names, &list),
                     0);
    model.written++;
    for (size_t i = 1; i < NODES; i++) {
        if (model.streams[i] && choose(2) == 0) {
            model.flushed[i] = model.written;
            answers += sync_list_place(&list, i) != 0;
        }
    }
    if (answers >= list.n) {
        model.acknowledged = model.written;
    }
}

static void
change_node(size_t node)
{
    switch (choose(6)) {
        case 0:
            model.streams[node] = model.online[node] && choose(3) != 0;
            break;
        case 1:
            model.online[node] = false;     /* cut off, or dead */
            model.streams[node] = choose(2) == 0;
            break;
        case 2:
            if (!model.online[node]) {
                model.down[node] = true;
                model.streams[node] = false;
            }
            break;
        case 3:
            model.online[node] = true;
            model.down[node] = false;
            model.copy[node] = model.record;
            break;
        case 4:
            if (model.online[node]) {
                model.copy[node] = model.record;
            }
            break;
        default:
            if (model.streams[node]) {
                model.flushed[node] = model.written;
            }
            break;
    }
}

/* --- who could be promoted now -------------------------------------------- */

static void
assert_candidate_has_all(size_t candidate, unsigned members)
{
    static struct snapshot seen;
    const struct record *newest = &model.copy[candidate];

    world_init(&seen, ACTION_PROMOTE, NODES, candidate);
    for (size_t i = 1; i < NODES; i++) {
        if ((members & 1u << i) != 0
            && model.copy[i].version > newest->version) {
            newest = &model.copy[i];
        }
    }
    for (size_t i = 0; i < NODES; i++) {
        struct node *node = &seen.node[i];
        char position[WAL_POSITION_TEXT_SIZE];
        bool member = i > 0 && (members & 1u << i) != 0;

        node->record.data_status = newest->status[i];
        node->record.quorum = newest->quorum[i];
        node->member.online = member ? TRI_YES : TRI_NO;
        node->member.role = member ? ROLE_STARTED : ROLE_UNKNOWN;
        wal_position_format((struct wal_position) { 1, model.flushed[i] },
                            position);
        node->attrs.position = attr_with(member ? position : "");
    }
    if (is_eligible(&seen, candidate)) {
        promotable++;
        if (model.flushed[candidate] < model.acknowledged) {
            print_error("node %zu with members %x: list %s, record %s %s\n",
                        candidate, members, model.world.server.sync_names,
                        newest->status[candidate].value,
                        newest->quorum[candidate].value);
        }
        assert_true(model.flushed[candidate] >= model.acknowledged);
    }
}

static void
assert_nothing_can_be_lost(void)
{
    for (size_t i = 1; i < NODES; i++) {
        for (unsigned members = 0; members < 1u << NODES; members++) {
            bool possible = (members & 1) == 0 && (members & 1u << i) != 0;

            for (size_t j = 1; j < NODES; j++) {
                possible = possible && ((members & 1u << j) == 0
                                        || !model.down[j]);
            }
            if (possible) {
                assert_candidate_has_all(i, members);
            }
        }
    }
}

/* --- an action ------------------------------------------------------------ */

static void
forget_copy(struct node *node)
{
    node->copy = node->copy_quorum = node->copy_self = attr_with(NULL);
    node->copy_answered = TRI_UNKNOWN;
}

static void
read_copy(size_t i)
{
    struct node *node = &model.world.node[i];

    forget_copy(node);
    node->copy_answered = model.online[i] ? TRI_YES : TRI_NO;
    if (model.online[i]) {
        model.copy[i] = model.record;
        node->copy = model.record.status[i];
        node->copy_quorum = model.record.quorum[i];
        node->copy_self = model.record.status[0];
    }
}

static void
set_record(const struct op *op)
{
    struct attr *attr = op->kind == OP_SET_DATA_STATUS
                        ? &model.record.status[op->node]
                        : &model.record.quorum[op->node];

    *attr = attr_with(op->value);
    model.record.version++;
    forget_copy(&model.world.node[op->node]);
}

static void
run_op(const struct op *op)
{
    struct snapshot *world = &model.world;

    switch ((int) op->kind) {
        case OP_SET_DATA_STATUS:
        case OP_SET_DATA_QUORUM:
            set_record(op);
            break;
        case OP_WRITE_SYNC_NAMES:
            memset(&world->sync.memory, 0, sizeof(world->sync.memory));
            world->sync.memory.proven = op->number == 1;
            assert_int_equal(text_copy(op->value, world->sync.memory.list,
                                       SERVER_TEXT_SIZE), 0);
            assert_int_equal(text_copy(op->value, world->server.sync_names,
                                       SERVER_TEXT_SIZE), 0);
            assert_int_equal(text_copy(world->sync.started,
                                       world->sync.memory.started,
                                       STARTED_SIZE), 0);
            break;
        case OP_TAKE_MARK:
            world->sync.memory.proven = true;
            world->sync.memory.mark = model.written;
            break;
        case OP_READ_COPY:
            read_copy(op->node);
            break;
        default:
            break;
    }
    world->done[op->kind].times++;
}

/* Returns false when the action was torn off. */
static bool
run_plan(const struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (!model.calm && choose(20) == 0) {
            return false;
        }
        run_op(&plan->op[i]);
        assert_nothing_can_be_lost();
        if (!model.calm && choose(6) == 0) {
            commit();
            assert_nothing_can_be_lost();
        }
    }
    return true;
}

static void
monitor(void)
{
    static struct plan plan;
    struct snapshot *world = &model.world;

    memset(world->done, 0, sizeof(world->done));
    for (size_t i = 0; i < NODES; i++) {
        forget_copy(&world->node[i]);
    }
    world->elapsed_ms = 5;
    for (unsigned cycle = 0; cycle < 12; cycle++) {
        show_senders();
        decide_soundly(world, &plan);
        if (!run_plan(&plan) || plan.verdict == VERDICT_EXIT) {
            return;
        }
        world->elapsed_ms += plan.wait_ms;
        if (!model.calm && choose(4) == 0) {
            change_node(1 + choose(NODES - 1));
            assert_nothing_can_be_lost();
        }
    }
}

static void
begin(uint64_t seed, bool quorum, uint32_t number)
{
    memset(&model, 0, sizeof(model));
    model.seed = seed;
    model.written = model.acknowledged = 0x5000000;
    world_init(&model.world, ACTION_MONITOR, NODES, 0);
    model.world.settings.sync_quorum = quorum;
    model.world.settings.sync_num = number;
    assert_int_equal(text_copy("1", model.world.sync.started, STARTED_SIZE),
                     0);
    for (size_t i = 0; i < NODES; i++) {
        model.record.status[i] = attr_with(i == 0 ? "LATEST" : "DISCONNECT");
        model.record.quorum[i] = attr_with("");
        model.online[i] = true;
        model.streams[i] = i > 0;
        model.flushed[i] = model.written - 1;
    }
    for (size_t i = 0; i < NODES; i++) {
        model.copy[i] = model.record;
    }
}

/* Everybody is back: all end up synchronous that should, and on record. */
static void
assert_all_is_well_again(void)
{
    const struct settings *settings = &model.world.settings;
    unsigned eligible = 0;

    model.calm = true;
    for (unsigned i = 0; i < 20; i++) {
        for (size_t node = 1; node < NODES; node++) {
            model.online[node] = model.streams[node] = true;
            model.down[node] = false;
            model.flushed[node] = model.written;
        }
        monitor();
    }
    for (size_t node = 1; node < NODES; node++) {
        const struct attr *quorum = &model.record.quorum[node];

        eligible += attr_is(&model.record.status[node],
                            settings->sync_quorum ? "STREAMING|QUORUM"
                                                  : "STREAMING|SYNC")
                    && (!settings->sync_quorum || attr_is(quorum, "1/3")
                        || attr_is(quorum, "2/3")
                        || attr_is(quorum, "3/3"));
    }
    assert_int_equal(eligible, settings->sync_quorum ? NODES - 1
                                                     : settings->sync_num);
}

static void
walk(bool quorum)
{
    promotable = 0;
    for (unsigned seed = 0; seed < WALKS; seed++) {
        begin(seed, quorum, 1 + seed % 3);
        for (unsigned step = 0; step < STEPS; step++) {
            switch (choose(4)) {
                case 0:
                    change_node(1 + choose(NODES - 1));
                    break;
                case 1:
                    commit();
                    break;
                default:
                    monitor();
                    break;
            }
            if (choose(200) == 0) {
                model.world.settings.sync_quorum ^= true;
            }
            if (choose(200) == 0) {
                model.world.settings.sync_num = 1 + choose(3);
            }
            assert_nothing_can_be_lost();
        }
        assert_all_is_well_again();
    }
    assert_true(promotable > WALKS);    /* safe, but not by refusing all */
}

static void
nothing_is_lost_in_priority_mode(void **state)
{
    (void) state;
    walk(false);
}

static void
nothing_is_lost_in_quorum_mode(void **state)
{
    (void) state;
    walk(true);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_in_priority_mode),
        cmocka_unit_test(nothing_is_lost_in_quorum_mode),
    };

    return cmocka_run_group_tests_name("sync_model", tests, NULL, NULL);
}
