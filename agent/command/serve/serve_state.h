/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_SERVE_STATE_H
#define PGWARD_AGENT_SERVE_STATE_H

#include <stdint.h>

#include "metrics.h"
#include "roads.h"

/*
 * What the process that looks and the one that answers share: the roads, as
 * they were last seen. One writes, many read, nobody waits for another; half
 * of a look is never read, wherever the one that looks is ended.
 */

struct serve_state;

/*! What an overview said, for Prometheus. */
struct serve_metrics {
    int64_t made_ms;            /*!< when its look began; 0: there was none */
    bool whole;                 /*!< all was looked at */
    struct chronicle_totals totals;     /*!< followed since the start */
    size_t len;
    char text[METRICS_SIZE];
};

/*! Make one, shared with every process forked later; NULL with errno. */
struct serve_state *
serve_state_new(void);

/*! Show what was seen. */
void
serve_state_put(struct serve_state *state, const struct roads *roads);

/*! What was last shown; nothing was seen before the first time. */
void
serve_state_get(const struct serve_state *state, struct roads *ret_roads);

/*! Show an overview's metrics, and take them. */
void
serve_state_put_metrics(struct serve_state *state,
                        const struct serve_metrics *metrics);
void
serve_state_get_metrics(const struct serve_state *state,
                        struct serve_metrics *ret_metrics);

/*! Somebody wants metrics; when that was last said; 0: never. */
void
serve_state_want_metrics(struct serve_state *state, int64_t now_ms);
int64_t
serve_state_wanted_metrics(const struct serve_state *state);

/*! The one that looks is at work. */
void
serve_state_beat(struct serve_state *state, int64_t now_ms);

/*! When that was last said; 0: never. */
int64_t
serve_state_last_beat(const struct serve_state *state);

#endif
