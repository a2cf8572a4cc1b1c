/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every interleaving of two or three nodes' actions, within bounds, checked
 * for the promises P1, P2 and P3: breadth first, so that the first
 * counter-example is a shortest one. What is modelled: see explorer.h.
 *
 * I1 a primary holds every commit that was acknowledged; I2 one writer at most;
 * I3 nobody is released whom the record calls eligible; I4 what is not known
 * promotes and releases nobody; I5 from every quiet state of a whole cluster a
 * friendly Pacemaker gets a primary, and with rejoin=rewind all stream from it;
 * R1 to R4 see explorer_rejoin.c; I6 with sync_strict an acknowledged commit
 * is on two nodes.
 *
 * explorer_test           small bounds, for `make check`
 * explorer_test --long    larger ones
 * explorer_test --longest those that take the longest
 * explorer_test NAME      one configuration, with what it took
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "explorer.h"

#define TABLE_BITS_MAX 26

/* One state that was seen: how it came about. */
struct seen {
    uint32_t parent;
    uint16_t step;
};

struct search {
    const struct e_config *config;
    uint64_t *table;            /* fingerprints; 0: free */
    uint32_t mask;
    struct seen *seen;
    uint32_t count;
    struct e_state *level, *next;       /* the states of two depths */
    uint32_t level_count, next_count, next_size;
    uint32_t level_first;       /* number of the first state of the level */
    uint64_t transitions;
    uint32_t quiescent;
    unsigned depth;
    const char *broken;
    bool in_friendly;           /* after that state, on the way to peace */
    uint32_t broken_state;
    bool complete;
};

static uint64_t
mix(uint64_t hash)
{
    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93u;
    hash ^= hash >> 32;
    return hash;
}

/* 64 bits: two of some million states alike are as good as impossible. */
static uint64_t
fingerprint(const struct e_state *state)
{
    uint64_t hash = 0x9e3779b97f4a7c15u;
    uint64_t word;

    for (size_t i = 0; i + sizeof(word) <= sizeof(*state);
         i += sizeof(word)) {
        memcpy(&word, (const char *) state + i, sizeof(word));
        hash = mix(hash ^ word) * 0x9fb21c651e98df25u;
    }
    return hash == 0 ? 1 : hash;
}

_Static_assert(sizeof(struct e_state) % sizeof(uint64_t) == 0,
               "the fingerprint takes whole words");

static void *
allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);

    if (memory == NULL) {
        printf("Bail out! out of memory\n");
        exit(1);
    }
    return memory;
}

static void
search_init(struct search *search, const struct e_config *config)
{
    uint32_t size = 1024;

    memset(search, 0, sizeof(*search));
    search->config = config;
    while (size < config->states_max * 2) {
        size *= 2;
    }
    search->mask = size - 1;
    search->table = allocate(size, sizeof(*search->table));
    search->seen = allocate(config->states_max + 1, sizeof(*search->seen));
}

static void
search_free(struct search *search)
{
    free(search->table);
    free(search->seen);
    free(search->level);
    free(search->next);
}

static bool
is_new(struct search *search, const struct e_state *state)
{
    uint64_t print = fingerprint(state);
    uint32_t slot = (uint32_t) print & search->mask;

    while (search->table[slot] != 0) {
        if (search->table[slot] == print) {
            return false;
        }
        slot = (slot + 1) & search->mask;
    }
    search->table[slot] = print;
    return true;
}

static void
keep(struct search *search, const struct e_state *state)
{
    if (search->next_count == search->next_size) {
        struct e_state *more;

        search->next_size = search->next_size * 2 + 1024;
        more = realloc(search->next, search->next_size * sizeof(*more));
        if (more == NULL) {
            printf("Bail out! out of memory\n");
            exit(1);
        }
        search->next = more;
    }
    search->next[search->next_count++] = *state;
}

static void
visit(struct search *search, const struct e_state *state, uint32_t parent,
      uint16_t step)
{
    const char *broken;

    search->transitions++;
    if (!is_new(search, state)) {
        return;
    }
    search->seen[search->count] = (struct seen) { parent, step };
    broken = e_check(search->config, state);
    if (broken == NULL && !search->config->lag
        && e_is_quiescent(search->config, state)) {
        search->quiescent++;
        if (!e_progress(search->config, state, false)) {
            broken = "I5: no primary comes of a healthy cluster, or a "
                     "standby is left out";
        }
        search->in_friendly = broken != NULL || e_step_blame() != NULL;
        broken = broken != NULL ? broken : e_step_blame();
    }
    if (broken != NULL && search->broken == NULL) {
        search->broken = broken;
        search->broken_state = search->count;
    }
    search->count++;
    keep(search, state);
}

static void
expand(struct search *search, const struct e_state *state, uint32_t number)
{
    uint8_t nodes = search->config->nodes;
    struct e_state next = *state;

    for (unsigned kind = 0; kind < E_STEPS; kind++) {
        bool two = e_step_is_about_two((enum e_step_kind) kind);

        for (unsigned i = 0; i < nodes; i++) {
            for (unsigned j = 0; j < (two ? nodes : 1u); j++) {
                struct e_step step = { (uint8_t) kind, (uint8_t) i,
                                       (uint8_t) j };

                if (!e_step(search->config, &next, step)) {
                    continue;
                }
                visit(search, &next, number,
                      (uint16_t) (kind << 4 | i << 2 | j));
                if (search->broken != NULL
                    || search->count >= search->config->states_max) {
                    return;
                }
                next = *state;
            }
        }
    }
}

static void
search_run(struct search *search)
{
    struct e_state first;

    e_state_init(search->config, &first);
    visit(search, &first, 0, 0);
    while (search->next_count > 0 && search->broken == NULL) {
        struct e_state *spare = search->level;

        search->level = search->next;
        search->level_count = search->next_count;
        search->level_first = search->count - search->level_count;
        free(spare);
        search->next = NULL;
        search->next_count = search->next_size = 0;
        search->depth++;
        for (uint32_t k = 0; k < search->level_count; k++) {
            expand(search, &search->level[k], search->level_first + k);
            if (search->broken != NULL
                || search->count >= search->config->states_max) {
                return;
            }
        }
    }
    search->complete = true;
}

/* --- a counter-example ---------------------------------------------------- */

#define STEPS_MAX 500

static void
print_path(const struct search *search)
{
    static uint16_t steps[STEPS_MAX];
    struct e_state state;
    uint32_t number = search->broken_state;
    size_t count = 0;

    while (number != 0 && count < STEPS_MAX) {
        steps[count++] = search->seen[number].step;
        number = search->seen[number].parent;
    }
    e_state_init(search->config, &state);
    e_state_print(search->config, &state);
    while (count > 0) {
        uint16_t code = steps[--count];
        struct e_step step = { (uint8_t) (code >> 4),
                               (uint8_t) (code >> 2 & 3),
                               (uint8_t) (code & 3) };

        e_step_print(step);
        e_view_trace(true);
        (void) e_step(search->config, &state, step);
        e_view_trace(false);
        e_state_print(search->config, &state);
    }
    if (search->in_friendly) {
        printf("# from here on Pacemaker is friendly:\n");
        (void) e_progress(search->config, &state, true);
    }
}

/* --- what is explored ----------------------------------------------------- */

#define TWO .nodes = 2, .fencing = true, .partitions = true
#define THREE .nodes = 3, .fencing = true, .partitions = true

/* Of three nodes one goes for good; commits may wait for two. */
#define LEFT_BEHIND .nodes = 3, .fencing = true, .no_boot = true

/* Of two, the standby is taken out of node_list and put back. */
#define RELISTED .nodes = 2, .fencing = true, .relists = 2, .commits = 1, \
    .faults = 1, .only = E_FAULT_NODE, .actions = 1

/* A move left a ban, and whom it went to may not lead either. */
#define BANNED .nodes = 3, .fencing = true, .commits = 1, .actions = 1, \
    .banned = 3

/* Data that has left the primary's history is brought back by a worker. */
#define PARTED .fencing = true, .commits = 1, .actions = 1, .rewinds = true, \
    .begin = E_BEGIN_PARTED

/* No rewind brings it back: none can be, or it has begun and cannot end. */
#define UNFIT PARTED, .rebuilds = true, .no_way = OP_CHECK_REWIND
#define SPOILT PARTED, .rebuilds = true, .no_way = OP_REWIND

/* Of three one comes back, and another leads next. */
#define SPARE .nodes = 3, .fencing = true, .commits = 1, .actions = 1, \
    .rewinds = true, .begin = E_BEGIN_SPARE
#define SPARE_UNFIT SPARE, .rebuilds = true, .no_way = OP_CHECK_REWIND
#define SPARE_SPOILT SPARE, .rebuilds = true, .no_way = OP_REWIND

#define SIZE_SMALL 2000000
#define SIZE_MIDDLE 4000000
#define SIZE_LARGE 25000000

static const struct e_config small_configs[] = {
    { .name = "two-nodes-fault", TWO, .commits = 1, .faults = 1,
      .actions = 2, .states_max = SIZE_SMALL },
    { .name = "two-nodes-move", TWO, .commits = 1, .moves = 1, .actions = 2,
      .states_max = SIZE_SMALL },
    { .name = "two-nodes-first", TWO, .commits = 1, .faults = 1,
      .actions = 2, .begin = E_BEGIN_ALONE, .states_max = SIZE_SMALL },
    { .name = "three-nodes-crash", .nodes = 3, .fencing = true, .commits = 1,
      .faults = 1, .actions = 1, .states_max = SIZE_MIDDLE },
    { .name = "first-two-grows", LEFT_BEHIND, .commits = 1, .faults = 1,
      .only = E_FAULT_NODE, .actions = 1, .sync_num = 2,
      .begin = E_BEGIN_ONE, .states_max = SIZE_SMALL },
    { .name = "any-one", LEFT_BEHIND, .commits = 1, .faults = 1,
      .only = E_FAULT_NODE, .actions = 2, .any = true,
      .states_max = SIZE_SMALL },
    { .name = "any-one-grows", LEFT_BEHIND, .commits = 1, .faults = 1,
      .only = E_FAULT_NODE, .actions = 1, .any = true, .begin = E_BEGIN_ONE,
      .states_max = SIZE_SMALL },
    { .name = "any-one-of-priority", LEFT_BEHIND, .commits = 1, .faults = 1,
      .only = E_FAULT_NODE, .actions = 1, .any = true,
      .begin = E_BEGIN_PRIORITY, .states_max = SIZE_SMALL },
    { .name = "any-two", LEFT_BEHIND, .commits = 1, .faults = 1,
      .only = E_FAULT_NODE, .actions = 2, .any = true, .sync_num = 2,
      .states_max = SIZE_SMALL },
    { .name = "two-nodes-stale", TWO, .commits = 1, .faults = 1,
      .only = E_FAULT_NODE, .actions = 2, .stale = true,
      .states_max = SIZE_SMALL },
    { .name = "two-nodes-relisted", RELISTED, .states_max = SIZE_SMALL },
    { .name = "two-nodes-held-up", TWO, .commits = 1, .faults = 2,
      .only = E_FAULT_HOLD | E_FAULT_SERVER, .actions = 1,
      .states_max = SIZE_SMALL },
    { .name = "two-nodes-held-up-move", TWO, .commits = 1, .faults = 1,
      .only = E_FAULT_HOLD, .moves = 1, .actions = 1,
      .states_max = SIZE_SMALL },
    { .name = "two-nodes-way-back", TWO, .commits = 1, .faults = 2,
      .only = E_FAULT_HANG | E_FAULT_LATE, .moves = 1, .actions = 1,
      .states_max = SIZE_SMALL },
    { .name = "way-back-and-crash", TWO, .commits = 1, .faults = 2,
      .only = E_FAULT_HANG | E_FAULT_SERVER, .actions = 1,
      .states_max = SIZE_SMALL },
    { .name = "one-left-of-two", TWO, .commits = 1, .faults = 1,
      .only = E_FAULT_CUT, .moves = 1, .actions = 1, .leaves = true,
      .no_boot = true, .begin = E_BEGIN_LEFT, .states_max = SIZE_SMALL },
    { .name = "one-left-of-three", .nodes = 3, .fencing = true,
      .commits = 1, .faults = 1, .only = E_FAULT_NODE, .actions = 1,
      .leaves = true, .begin = E_BEGIN_LEFT, .states_max = SIZE_SMALL },
    { .name = "pacemaker-dies-no-fencing", .nodes = 2, .commits = 1,
      .faults = 1, .only = E_FAULT_PACEMAKER, .moves = 1, .actions = 1,
      .leaves = true, .states_max = SIZE_SMALL },
    { .name = "strict-fault", TWO, .commits = 1, .faults = 1, .actions = 2,
      .strict = true, .states_max = SIZE_SMALL },
    { .name = "strict-move", TWO, .commits = 1, .moves = 1, .actions = 2,
      .strict = true, .states_max = SIZE_SMALL },
    { .name = "strict-first", TWO, .commits = 1, .faults = 1, .actions = 2,
      .strict = true, .begin = E_BEGIN_ALONE, .states_max = SIZE_SMALL },
    { .name = "banned-move", BANNED, .moves = 1, .states_max = SIZE_SMALL },
    { .name = "stranger-first", TWO, .commits = 1, .faults = 1, .actions = 2,
      .stranger = true, .begin = E_BEGIN_ALONE, .states_max = SIZE_SMALL },
    { .name = "rejoin", .nodes = 2, PARTED, .faults = 1,
      .states_max = SIZE_SMALL },
    { .name = "rejoin-unreleased", .nodes = 2, PARTED, .unreleased = true,
      .states_max = SIZE_SMALL },
    { .name = "rejoin-move", .nodes = 2, PARTED, .moves = 1,
      .states_max = SIZE_SMALL },
    { .name = "rejoin-three", .nodes = 3, PARTED, .states_max = SIZE_SMALL },
    { .name = "rebuild", .nodes = 2, UNFIT, .faults = 1,
      .states_max = SIZE_SMALL },
    { .name = "rebuild-spoilt", .nodes = 2, SPOILT, .faults = 1,
      .states_max = SIZE_SMALL },
    { .name = "rebuild-unreleased", .nodes = 2, UNFIT, .unreleased = true,
      .states_max = SIZE_SMALL },
    { .name = "rebuild-move", .nodes = 2, UNFIT, .moves = 1,
      .states_max = SIZE_SMALL },
    { .name = "rejoin-spare", SPARE, .states_max = SIZE_SMALL },
    { .name = "rebuild-spare", SPARE_UNFIT, .states_max = SIZE_SMALL },
    { .name = "rebuild-three", .nodes = 3, UNFIT, .states_max = SIZE_SMALL },
};

static const struct e_config defects[] = {
    { .name = "defect-word", .nodes = 2, PARTED, .unreleased = true,
      .states_max = SIZE_SMALL,
      .defect = E_DEFECT_WORD, .expected = "R2" },
    { .name = "defect-torn", .nodes = 2, PARTED, .faults = 1,
      .only = E_FAULT_NODE, .states_max = SIZE_SMALL,
      .defect = E_DEFECT_TORN, .expected = "R1" },
    { .name = "defect-two", .nodes = 3, PARTED, .states_max = SIZE_SMALL,
      .defect = E_DEFECT_TWO, .expected = "R4" },
    { .name = "defect-source", .nodes = 2, PARTED, .states_max = SIZE_SMALL,
      .defect = E_DEFECT_SOURCE, .expected = "R3" },
    { .name = "defect-word-copy", .nodes = 2, UNFIT, .unreleased = true,
      .states_max = SIZE_SMALL,
      .defect = E_DEFECT_WORD, .expected = "R2" },
    { .name = "defect-torn-copy", .nodes = 2, SPOILT, .faults = 1,
      .only = E_FAULT_NODE, .states_max = SIZE_SMALL,
      .defect = E_DEFECT_TORN, .expected = "R1" },
    { .name = "defect-two-copy", .nodes = 3, UNFIT, .states_max = SIZE_SMALL,
      .defect = E_DEFECT_TWO, .expected = "R4" },
    { .name = "defect-source-copy", .nodes = 2, UNFIT,
      .states_max = SIZE_SMALL, .defect = E_DEFECT_SOURCE,
      .expected = "R3" },
    { .name = "defect-half", .nodes = 2, UNFIT, .faults = 1,
      .only = E_FAULT_SIGKILL, .states_max = SIZE_SMALL,
      .defect = E_DEFECT_HALF, .expected = "R5" },
    { .name = "defect-fork", .nodes = 2, UNFIT, .faults = 1,
      .only = E_FAULT_SERVER, .states_max = SIZE_SMALL,
      .defect = E_DEFECT_FORK, .expected = "R5" },
    { .name = "defect-proof", TWO, .commits = 1, .faults = 1, .actions = 2,
      .begin = E_BEGIN_ALONE, .states_max = SIZE_SMALL,
      .defect = E_DEFECT_PROOF, .expected = "I1" },
    { .name = "defect-belief", TWO, .commits = 1, .faults = 1, .actions = 2,
      .states_max = SIZE_SMALL, .defect = E_DEFECT_BELIEF,
      .expected = "I3" },
    { .name = "defect-fencing", TWO, .commits = 1, .faults = 1, .actions = 2,
      .states_max = SIZE_SMALL, .defect = E_DEFECT_FENCING,
      .expected = "I1" },
    { .name = "defect-copy", TWO, .commits = 1, .faults = 1, .moves = 1,
      .actions = 2, .states_max = SIZE_SMALL, .defect = E_DEFECT_COPY,
      .expected = "I1" },
    { .name = "defect-effect", LEFT_BEHIND, .commits = 1, .faults = 1,
      .only = E_FAULT_NODE, .actions = 1, .sync_num = 2,
      .begin = E_BEGIN_ONE, .states_max = SIZE_SMALL,
      .defect = E_DEFECT_EFFECT, .expected = "I1" },
    { .name = "defect-positions", LEFT_BEHIND, .commits = 1, .faults = 1,
      .only = E_FAULT_NODE, .actions = 1, .any = true,
      .states_max = SIZE_SMALL, .defect = E_DEFECT_POSITIONS,
      .expected = "I1" },
    { .name = "defect-replay", TWO, .commits = 1, .faults = 2,
      .only = E_FAULT_HOLD | E_FAULT_SERVER, .actions = 1,
      .states_max = SIZE_SMALL, .defect = E_DEFECT_REPLAY,
      .expected = "I1" },
    { .name = "defect-began", TWO, .commits = 1, .faults = 1, .moves = 1,
      .only = E_FAULT_SERVER, .actions = 1, .lag = true,
      .states_max = SIZE_SMALL, .defect = E_DEFECT_BEGAN, .expected = "I1" },
    { .name = "defect-member", .nodes = 3, .fencing = true, .commits = 1,
      .faults = 1, .only = E_FAULT_NODE, .actions = 1, .leaves = true,
      .begin = E_BEGIN_LEFT, .states_max = SIZE_SMALL,
      .defect = E_DEFECT_MEMBER, .expected = "I5" },
    { .name = "defect-probe", TWO, .commits = 1, .faults = 1,
      .only = E_FAULT_PACEMAKER, .moves = 1, .actions = 1, .leaves = true,
      .states_max = SIZE_SMALL, .defect = E_DEFECT_PROBE, .expected = "I2" },
    { .name = "defect-joining", .nodes = 2, .commits = 1, .faults = 1,
      .only = E_FAULT_PACEMAKER, .moves = 1, .actions = 1, .leaves = true,
      .states_max = SIZE_SMALL, .defect = E_DEFECT_JOINING,
      .expected = "I2" },
    { .name = "defect-trust", TWO, .commits = 1, .faults = 1,
      .only = E_FAULT_CUT, .moves = 1, .actions = 1, .leaves = true,
      .begin = E_BEGIN_LEFT, .states_max = SIZE_SMALL,
      .defect = E_DEFECT_TRUST, .expected = "I1" },
    { .name = "defect-last", TWO, .commits = 1, .faults = 1, .actions = 2,
      .strict = true, .states_max = SIZE_SMALL, .defect = E_DEFECT_LAST,
      .expected = "I6" },
    { .name = "defect-stale", TWO, .commits = 1, .faults = 1,
      .only = E_FAULT_NODE, .actions = 1, .stale = true,
      .states_max = SIZE_SMALL, .defect = E_DEFECT_STALE,
      .expected = "I7" },
    { .name = "defect-leaving", TWO, .commits = 1, .moves = 1, .actions = 2,
      .states_max = SIZE_SMALL, .defect = E_DEFECT_LEAVING,
      .expected = "I8" },
    { .name = "defect-before", TWO, .commits = 1, .faults = 1,
      .only = E_FAULT_NODE, .actions = 1, .stale = true,
      .states_max = SIZE_SMALL, .defect = E_DEFECT_BEFORE,
      .expected = "I7" },
    { .name = "defect-outsider", RELISTED, .states_max = SIZE_SMALL,
      .defect = E_DEFECT_OUTSIDER, .expected = "I3" },
    { .name = "defect-banned", BANNED, .moves = 1, .states_max = SIZE_SMALL,
      .defect = E_DEFECT_BANNED, .expected = "I5" },
    { .name = "defect-name", TWO, .commits = 1, .faults = 1, .actions = 2,
      .stranger = true, .begin = E_BEGIN_ALONE, .states_max = SIZE_SMALL,
      .defect = E_DEFECT_NAME, .expected = "I1" },
};

/*
 * Each takes minutes by itself: more than continuous integration has. With
 * three nodes all places of one fault at once are more states than fit into
 * memory. But a run has one fault at most there: it is a SIGKILL
 * (rejoin-three-kill) or the crash of one node, so nothing is left out where
 * each node's crash is explored by itself.
 */
static const struct e_config longest_configs[] = {
    { .name = "rejoin-two-faults", .nodes = 2, PARTED, .faults = 2,
      .only = E_FAULT_NODE | E_FAULT_SERVER | E_FAULT_SIGKILL | E_FAULT_LATE,
      .states_max = SIZE_LARGE },
    { .name = "rebuild-two-faults", .nodes = 2, SPOILT, .faults = 2,
      .only = E_FAULT_NODE | E_FAULT_SERVER | E_FAULT_SIGKILL | E_FAULT_LATE,
      .states_max = SIZE_LARGE },
    { .name = "rejoin-primary-changes", SPARE, .faults = 1,
      .only = E_FAULT_SERVER, .states_max = SIZE_LARGE },
    { .name = "rebuild-primary-changes", SPARE_UNFIT, .faults = 1,
      .only = E_FAULT_SERVER, .states_max = SIZE_LARGE },
    { .name = "rebuild-spoilt-primary-changes", SPARE_SPOILT, .faults = 1,
      .only = E_FAULT_SERVER, .states_max = SIZE_LARGE },
    { .name = "rebuild-three-kill", .nodes = 3, UNFIT, .faults = 1,
      .only = E_FAULT_SIGKILL, .states_max = SIZE_LARGE },
    { .name = "rejoin-three-first-crashes", .nodes = 3, PARTED, .faults = 1,
      .only = E_FAULT_NODE, .spared = 6, .states_max = SIZE_LARGE },
    { .name = "rejoin-three-second-crashes", .nodes = 3, PARTED, .faults = 1,
      .only = E_FAULT_NODE, .spared = 5, .states_max = SIZE_LARGE },
    { .name = "rejoin-three-primary-crashes", .nodes = 3, PARTED, .faults = 1,
      .only = E_FAULT_NODE, .spared = 3, .states_max = SIZE_LARGE },
};

static const struct e_config long_configs[] = {
    { .name = "rejoin-cut", .nodes = 2, PARTED, .faults = 1,
      .only = E_FAULT_CUT, .partitions = true, .states_max = SIZE_LARGE },
    { .name = "rejoin-three-kill", .nodes = 3, PARTED, .faults = 1,
      .only = E_FAULT_SIGKILL, .states_max = SIZE_LARGE },
    { .name = "rebuild-cut", .nodes = 2, UNFIT, .faults = 1,
      .only = E_FAULT_CUT, .partitions = true, .states_max = SIZE_LARGE },
    { .name = "rebuild-three-spoilt", .nodes = 3, SPOILT,
      .states_max = SIZE_LARGE },
    { .name = "rejoin-after-crash", TWO, .commits = 1, .faults = 1,
      .only = E_FAULT_SERVER, .actions = 1, .rewinds = true,
      .states_max = SIZE_LARGE },
    { .name = "three-nodes-fault", THREE, .commits = 1, .faults = 1,
      .actions = 1, .states_max = SIZE_LARGE },
    { .name = "two-nodes-move-and-fault", TWO, .commits = 1, .faults = 1,
      .moves = 1, .actions = 1, .states_max = SIZE_LARGE },
    { .name = "two-nodes-two-commits", TWO, .commits = 2, .faults = 1,
      .actions = 2, .states_max = SIZE_LARGE },
    { .name = "three-nodes-stale", .nodes = 3, .fencing = true,
      .commits = 1, .faults = 1, .only = E_FAULT_NODE, .actions = 1,
      .stale = true, .states_max = SIZE_LARGE },
    { .name = "two-nodes-old-copies", TWO, .commits = 1, .faults = 1,
      .actions = 2, .lag = true, .states_max = SIZE_LARGE },
    { .name = "two-nodes-no-fencing", .nodes = 2, .commits = 1, .faults = 1,
      .actions = 2, .states_max = SIZE_LARGE },
    { .name = "three-nodes-no-fencing", .nodes = 3, .commits = 1,
      .faults = 1, .actions = 1, .states_max = SIZE_LARGE },
    { .name = "first-two-fault", LEFT_BEHIND, .commits = 1, .faults = 1,
      .actions = 1, .sync_num = 2, .begin = E_BEGIN_ONE,
      .states_max = SIZE_LARGE },
    { .name = "any-one-fault", LEFT_BEHIND, .commits = 1, .faults = 1,
      .actions = 1, .any = true, .states_max = SIZE_LARGE },
    { .name = "any-one-cut", LEFT_BEHIND, .commits = 1, .faults = 1,
      .only = E_FAULT_CUT, .partitions = true, .actions = 1, .any = true,
      .states_max = SIZE_LARGE },
    { .name = "any-one-grows-together", LEFT_BEHIND, .commits = 1,
      .faults = 1, .only = E_FAULT_NODE, .actions = 2, .any = true,
      .begin = E_BEGIN_ONE, .states_max = SIZE_LARGE },
    { .name = "defect-quorum", LEFT_BEHIND, .commits = 1, .faults = 1,
      .only = E_FAULT_CUT, .partitions = true, .actions = 1, .any = true,
      .begin = E_BEGIN_PRIORITY, .states_max = SIZE_LARGE,
      .defect = E_DEFECT_COPY, .expected = "I1" },
    { .name = "way-back-move-and-crash", TWO, .commits = 1, .faults = 2,
      .only = E_FAULT_HANG | E_FAULT_SERVER, .moves = 1, .actions = 1,
      .states_max = SIZE_LARGE },
    { .name = "three-nodes-held-up", LEFT_BEHIND, .commits = 1, .faults = 2,
      .only = E_FAULT_HOLD | E_FAULT_NODE, .actions = 1,
      .states_max = SIZE_LARGE },
    { .name = "strict-held-up", TWO, .commits = 1, .faults = 2,
      .only = E_FAULT_HOLD | E_FAULT_SERVER, .actions = 1, .strict = true,
      .states_max = SIZE_LARGE },
    { .name = "any-one-held-up", LEFT_BEHIND, .commits = 1, .faults = 2,
      .only = E_FAULT_HOLD | E_FAULT_NODE, .actions = 1, .any = true,
      .states_max = SIZE_LARGE },
    { .name = "banned-server-dies", BANNED, .faults = 1,
      .only = E_FAULT_SERVER, .states_max = SIZE_LARGE },
    { .name = "pacemaker-dies", TWO, .commits = 1, .faults = 1,
      .only = E_FAULT_PACEMAKER, .moves = 1, .actions = 1, .leaves = true,
      .states_max = SIZE_LARGE },
    { .name = "strict-two-commits", TWO, .commits = 2, .faults = 1,
      .actions = 2, .strict = true, .states_max = SIZE_LARGE },
};

static double
now_s(void)
{
    struct timespec now;

    (void) clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static unsigned number;
static unsigned failures;

/* Explore; a seeded defect has to be found by the invariant it breaks. */
static void
explore(const struct e_config *config)
{
    bool seeded = config->defect != E_NO_DEFECT;
    struct search search;
    double begin = now_s();
    bool ok;

    e_blame_nobody();
    search_init(&search, config);
    search_run(&search);
    ok = seeded ? search.broken != NULL
                  && strncmp(search.broken, config->expected, 2) == 0
                : search.broken == NULL && search.complete;
    failures += !ok;
    printf("# %s: %u states, %llu transitions, depth %u, %u quiescent, %zu "
           "views, %.1f s%s\n", config->name, search.count,
           (unsigned long long) search.transitions, search.depth,
           search.quiescent, e_view_count(), now_s() - begin,
           search.complete || search.broken != NULL ? ""
           : ", NOT COMPLETE");
    if (search.broken != NULL) {
        printf("# %s: %s\n", config->name, search.broken);
        if (!ok) {
            print_path(&search);
        }
    }
    printf("%s %u - %s\n", ok ? "ok" : "not ok", ++number, config->name);
    (void) fflush(stdout);
    search_free(&search);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool
explore_named(const struct e_config *configs, size_t count,
              const char *name)
{
    bool found = false;

    for (size_t i = 0; i < count; i++) {
        if (name == NULL || strcmp(name, configs[i].name) == 0) {
            explore(&configs[i]);
            found = true;
        }
    }
    return found;
}

int
main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;
    bool deep = name != NULL && strcmp(name, "--long") == 0;

    if (e_op_without_model() != OP_COUNT) {
        printf("Bail out! the model says nothing of '%s'\n",
               op_name(e_op_without_model()));
        return 1;
    }

    if (name == NULL) {
        printf("1..%zu\n", COUNT(small_configs) + COUNT(defects));
        (void) explore_named(defects, COUNT(defects), NULL);
        (void) explore_named(small_configs, COUNT(small_configs), NULL);
        return failures > 0;
    }
    if (strcmp(name, "--longest") == 0) {
        printf("1..%zu\n", COUNT(longest_configs));
        (void) explore_named(longest_configs, COUNT(longest_configs), NULL);
        return failures > 0;
    }
    printf("1..%zu\n", deep ? COUNT(long_configs) : 1);
    if (!explore_named(long_configs, COUNT(long_configs),
                       deep ? NULL : name)
        && !explore_named(longest_configs, COUNT(longest_configs), name)
        && !explore_named(small_configs, COUNT(small_configs), name)
        && !explore_named(defects, COUNT(defects), name)) {
        printf("Bail out! no configuration '%s'\n", name);
        return 1;
    }
    return failures > 0;
}
