/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_SERVE_COUNTS_H
#define PGWARD_AGENT_SERVE_COUNTS_H

#include <stdatomic.h>
#include <stdint.h>

#include "road_ask.h"
#include "text.h"

#define SERVE_STATUSES 11

/*! Answers given, by path and status; zero at first. */
struct serve_counts {
    _Atomic uint64_t count[ROAD_PATH_METRICS + 1][SERVE_STATUSES];
};

/*! One more. */
void
serve_counts_add(struct serve_counts *counts, enum road_path path,
                 unsigned status);

/*! All that are not 0, as Prometheus reads them. */
void
serve_counts_tell(const struct serve_counts *counts, struct text *text);

#endif
