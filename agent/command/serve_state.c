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
    _Atomic uint32_t turn;      /* slot[turn % 2] is whole; 0: none is */
    struct roads slot[2];
};

struct serve_state *
serve_state_new(void)
{
    void *state = mmap(NULL, sizeof(struct serve_state),
                       PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                       0);

    return state == MAP_FAILED ? NULL : state;
}

void
serve_state_put(struct serve_state *state, const struct roads *roads)
{
    uint32_t next = atomic_load(&state->turn) + 1;

    next = next == 0 ? 2 : next;        /* 0 is for nothing seen */
    memcpy(&state->slot[next % 2], roads, sizeof(*roads));
    atomic_store(&state->turn, next);
}

void
serve_state_get(const struct serve_state *state, struct roads *ret_roads)
{
    for (int i = 0; i < READS_MAX; i++) {
        uint32_t turn = atomic_load(&state->turn);

        if (turn == 0) {
            break;
        }
        memcpy(ret_roads, &state->slot[turn % 2], sizeof(*ret_roads));
        /* what is read may not be read later than this */
        atomic_thread_fence(memory_order_seq_cst);
        if (atomic_load(&state->turn) == turn) {
            return;
        }
    }
    memset(ret_roads, 0, sizeof(*ret_roads));
    ret_roads->self = ROADS_HOSTS_MAX;
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
