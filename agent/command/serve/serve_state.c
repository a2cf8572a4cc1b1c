/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The roads in memory that two processes share. */

#include "serve_state.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

/* A reader is overtaken by two looks, which come 50 ms apart, but once. */
#define READS_MAX 3

struct serve_state {
    _Atomic int64_t beat_ms;
    _Atomic int64_t wanted_ms;  /* metrics were */
    _Atomic uint32_t turn;      /* of `roads`; see put() */
    _Atomic uint32_t metrics_turn;
    struct roads roads[2];
    struct serve_metrics metrics[2];
};

struct serve_state *
serve_state_new(void)
{
    void *state = mmap(NULL, sizeof(struct serve_state),
                       PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                       0);

    return state == MAP_FAILED ? NULL : state;
}

/* Of two places the one whose number is the turn's is whole; 0: none is. */
static void
put(_Atomic uint32_t *turn, void *places, size_t size, const void *value)
{
    uint32_t next = atomic_load(turn) + 1;

    next = next == 0 ? 2 : next;
    memcpy((char *) places + next % 2 * size, value, size);
    atomic_store(turn, next);
}

static bool
get(const _Atomic uint32_t *turn, const void *places, size_t size,
    void *ret_value)
{
    for (int i = 0; i < READS_MAX; i++) {
        uint32_t before = atomic_load(turn);

        if (before == 0) {
            return false;
        }
        memcpy(ret_value, (const char *) places + before % 2 * size, size);
        /* what is read may not be read later than this */
        atomic_thread_fence(memory_order_seq_cst);
        if (atomic_load(turn) == before) {
            return true;
        }
    }
    return false;
}

void
serve_state_put(struct serve_state *state, const struct roads *roads)
{
    put(&state->turn, state->roads, sizeof(*roads), roads);
}

void
serve_state_get(const struct serve_state *state, struct roads *ret_roads)
{
    if (!get(&state->turn, state->roads, sizeof(*ret_roads), ret_roads)) {
        memset(ret_roads, 0, sizeof(*ret_roads));
        ret_roads->self = ROADS_HOSTS_MAX;
    }
}

void
serve_state_put_metrics(struct serve_state *state,
                        const struct serve_metrics *metrics)
{
    put(&state->metrics_turn, state->metrics, sizeof(*metrics), metrics);
}

void
serve_state_get_metrics(const struct serve_state *state,
                        struct serve_metrics *ret_metrics)
{
    if (!get(&state->metrics_turn, state->metrics, sizeof(*ret_metrics),
             ret_metrics)) {
        memset(ret_metrics, 0, sizeof(*ret_metrics));
    }
}

void
serve_state_want_metrics(struct serve_state *state, int64_t now_ms)
{
    atomic_store(&state->wanted_ms, now_ms);
}

int64_t
serve_state_wanted_metrics(const struct serve_state *state)
{
    return atomic_load(&state->wanted_ms);
}

void
serve_state_beat(struct serve_state *state, int64_t now_ms)
{
    atomic_store(&state->beat_ms, now_ms);
}

int64_t
serve_state_last_beat(const struct serve_state *state)
{
    return atomic_load(&state->beat_ms);
}
