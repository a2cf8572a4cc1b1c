/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was answered, counted. */

#include "serve_counts.h"

#include <inttypes.h>

#include "metrics.h"

/* The last one is for every other. */
static const unsigned statuses[SERVE_STATUSES] = {
    200, 400, 404, 405, 408, 409, 417, 422, 500, 503, 0,
};

void
serve_counts_add(struct serve_counts *counts, enum road_path path,
                 unsigned status)
{
    size_t i = 0;

    while (i < SERVE_STATUSES - 1 && statuses[i] != status) {
        i++;
    }
    (void) atomic_fetch_add_explicit(&counts->count[path][i], 1,
                                     memory_order_relaxed);
}

void
serve_counts_tell(const struct serve_counts *counts, struct text *text)
{
    metrics_add_family("pgward_http_requests_total", "counter",
                       "Answers by path and status.", text);
    for (int path = 0; path <= ROAD_PATH_METRICS; path++) {
        for (size_t i = 0; i < SERVE_STATUSES; i++) {
            uint64_t count = atomic_load_explicit(&counts->count[path][i],
                                                  memory_order_relaxed);

            if (count > 0) {
                text_add(text, "pgward_http_requests_total{path=\"%s\","
                         "code=\"%u\"} %" PRIu64 "\n",
                         road_path_name((enum road_path) path), statuses[i],
                         count);
            }
        }
    }
}
