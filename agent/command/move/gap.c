/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For how long nobody took writes: two servers are asked all the time. */

#include "gap.h"

#include <stdatomic.h>
#include <string.h>

#include "bounded.h"
#include "clock.h"
#include "instance_cib.h"

/* Between two questions, each of which costs a server next to nothing. */
#define ASK_MS 10

/* A server that ends, or begins, may keep one question waiting. */
#define ANSWER_MS 500

/* So long the old primary's first answer is waited for, before it moves. */
#define READY_MS 1000
#define READY_LOOK_MS 5

/* The new primary leads by then: its first answer comes at once. */
#define LAST_MS 3000

/* One server is asked by a process of its own. */
struct asker {
    const char *node;
    bool first;                 /* until it takes writes; else when it last
                                   did is wanted */
    int64_t deadline_ms;
    _Atomic int64_t at_ms;      /* 0: it was not seen to take any */
    struct bounded_child child;
    const struct look *seen;
};

struct gap {
    struct asker old_one;
    struct asker new_one;
};

static bool
takes_writes(struct instance *instance)
{
    struct server server;

    memset(&server, 0, sizeof(server));
    return pgsql_observe(instance->pgsql, clock_now_ms() + ANSWER_MS, &server)
           == 0 && server.in_recovery == TRI_NO;
}

static int
ask_in_child(void *context)
{
    static struct cluster_resource resource;
    static struct instance instance;
    static struct snapshot snapshot;
    struct asker *asker = context;
    char why_text[SERVER_TEXT_SIZE];
    struct text why;

    text_init(&why, why_text, sizeof(why_text));
    if (instance_cib_init(asker->seen->resource, asker->deadline_ms, &resource,
                          &instance, &snapshot, &why) != 0
        || (!text_same_name(asker->node, instance.self_name)
            && pgsql_turn_to(instance.pgsql, asker->node) != 0)) {
        return 1;
    }
    cluster_close(instance.cluster);
    while (clock_left_ms(asker->deadline_ms) > 0) {
        if (takes_writes(&instance)) {
            atomic_store(&asker->at_ms, clock_now_ms());
            if (asker->first) {
                break;
            }
        }
        clock_sleep_ms(ASK_MS, asker->deadline_ms);
    }
    pgsql_close(instance.pgsql);
    return 0;
}

static int
begin(const struct step *step, const char *node, bool first,
      struct asker *asker)
{
    const struct bounded_work work = { .run = ask_in_child, .context = asker,
                                       .limit_ms = step->limit_ms };

    asker->seen = step->seen;
    asker->node = node;
    asker->first = first;
    asker->deadline_ms = clock_now_ms() + step->limit_ms;
    return bounded_begin(&work, &asker->child);
}

/* On a busy machine the lead would have moved before anybody asked. */
static void
await_first_answer(struct asker *asker)
{
    int64_t deadline_ms = clock_now_ms() + READY_MS;

    while (atomic_load(&asker->at_ms) == 0 && clock_left_ms(deadline_ms) > 0) {
        clock_sleep_ms(READY_LOOK_MS, deadline_ms);
    }
}

struct gap *
gap_begin(const struct step *step, const char *from, const char *to)
{
    struct gap *gap = bounded_share(sizeof(*gap));
    int status;

    if (gap == NULL) {
        return NULL;
    }
    if (begin(step, from, false, &gap->old_one) != 0) {
        bounded_unshare(gap, sizeof(*gap));
        return NULL;
    }
    if (begin(step, to, true, &gap->new_one) != 0) {
        (void) bounded_end(&gap->old_one.child, 0, &status);
        bounded_unshare(gap, sizeof(*gap));
        return NULL;
    }
    await_first_answer(&gap->old_one);
    return gap;
}

int64_t
gap_end(struct gap *gap)
{
    int64_t gap_ms = -1;
    int64_t last_ms;
    int64_t first_ms;
    int status;

    if (gap == NULL) {
        return -1;
    }
    /* the old one's is ended: it asks on */
    (void) bounded_end(&gap->new_one.child, clock_now_ms() + LAST_MS,
                       &status);
    (void) bounded_end(&gap->old_one.child, 0, &status);
    last_ms = atomic_load(&gap->old_one.at_ms);
    first_ms = atomic_load(&gap->new_one.at_ms);
    if (last_ms > 0 && first_ms > last_ms) {
        gap_ms = first_ms - last_ms;
    }
    bounded_unshare(gap, sizeof(*gap));
    return gap_ms;
}
