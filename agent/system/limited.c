/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls into libraries that have no time-out of their own. */

#include "limited.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"

struct call {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool done;
    bool left;                  /* nobody waits any more */
    void (*work)(void *context);
    void *context;
};

static void
free_call(struct call *call)
{
    (void) pthread_cond_destroy(&call->cond);
    (void) pthread_mutex_destroy(&call->mutex);
    free(call);
}

static void *
run(void *argument)
{
    struct call *call = argument;
    bool left;

    call->work(call->context);
    (void) pthread_mutex_lock(&call->mutex);
    call->done = true;
    left = call->left;
    (void) pthread_cond_signal(&call->cond);
    (void) pthread_mutex_unlock(&call->mutex);
    if (left) {
        free(call->context);
        free_call(call);
    }
    return NULL;
}

static struct call *
new_call(void (*work)(void *context), void *context)
{
    struct call *call = calloc(1, sizeof(*call));
    pthread_condattr_t attributes;

    if (call == NULL) {
        return NULL;
    }
    call->work = work;
    call->context = context;
    (void) pthread_condattr_init(&attributes);
    (void) pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void) pthread_mutex_init(&call->mutex, NULL);
    (void) pthread_cond_init(&call->cond, &attributes);
    (void) pthread_condattr_destroy(&attributes);
    return call;
}

/* False: it hangs; then the thread frees what it works with. */
static bool
await(struct call *call, uint32_t limit_ms)
{
    int64_t end_ms = clock_now_ms() + limit_ms;
    const struct timespec end = { .tv_sec = (time_t) (end_ms / 1000),
                                  .tv_nsec = (long) (end_ms % 1000) * 1000000 };
    int rc = 0;
    bool done;

    (void) pthread_mutex_lock(&call->mutex);
    while (!call->done && rc == 0) {
        rc = pthread_cond_timedwait(&call->cond, &call->mutex, &end);
    }
    done = call->done;
    call->left = !done;
    (void) pthread_mutex_unlock(&call->mutex);
    return done;
}

int
limited_call(void (*work)(void *context), void *context, uint32_t limit_ms)
{
    struct call *call = new_call(work, context);
    pthread_t thread;
    int rc;

    if (call == NULL) {
        free(context);
        return ENOMEM;
    }
    rc = pthread_create(&thread, NULL, run, call);
    if (rc == 0 && !await(call, limit_ms)) {
        (void) pthread_detach(thread);
        return ETIMEDOUT;
    }
    if (rc == 0) {
        (void) pthread_join(thread, NULL);
    } else {
        free(context);
    }
    free_call(call);
    return rc;
}
