/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_METRICS_H
#define PGWARD_COMMON_METRICS_H

#include "chronicle.h"
#include "overview.h"
#include "roads.h"

/*! Room for all of them, of as many nodes or hosts as there can be. */
#define METRICS_SIZE (96 * 1024)

/*!
 * An overview as Prometheus reads it. What is not known is left out: a number
 * that is not there does not look like one that is 0.
 *
 * Errors: a text that did not fit has `overflow` set.
 * Source: Prometheus, text-based format 0.0.4.
 */
void
metrics_add_overview(const struct overview *overview, struct text *text);

/*! What a node's own record has of it, counted; nothing where none was read. */
void
metrics_add_totals(const struct chronicle_totals *totals, const char *node,
                   struct text *text);

/*! What a router knows of its hosts. */
void
metrics_add_roads(const struct roads *roads, int64_t now_ms,
                  struct text *text);

/*! A metric's name, type and words; its values follow. */
void
metrics_add_family(const char *name, const char *type, const char *help,
                   struct text *text);

#endif
