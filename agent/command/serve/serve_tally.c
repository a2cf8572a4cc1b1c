/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An overview and what was counted, in Prometheus' words. */

#include "serve_tally.h"

#include <stdlib.h>

#include "chronicle_read.h"
#include "clock.h"
#include "report.h"
#include "survey.h"

/* False: the record could not be read, and what was counted stands. */
static bool
follow_record(const char *resource, struct chronicle_totals *totals)
{
    struct chronicle chronicle;

    chronicle_read(resource, NULL, &chronicle);
    if (chronicle.whole) {
        chronicle_follow(chronicle.row, chronicle.count, totals);
    }
    free(chronicle.row);
    return chronicle.whole;
}

void
serve_tally(const char *resource, struct serve_state *state)
{
    static struct survey survey;
    static struct serve_metrics metrics;
    struct text text;
    bool followed;

    /* what is wrong, the look that serves has said */
    report_init_command("pgward", LOG_CRIT);
    serve_state_get_metrics(state, &metrics);   /* for its totals */
    metrics.made_ms = clock_now_ms();
    metrics.whole = false;
    text_init(&text, metrics.text, sizeof(metrics.text));
    if (survey_take(resource, SERVE_TALLY_MS, &survey) == 0) {
        metrics_add_overview(&survey.overview, &text);
        followed = follow_record(survey.here.resource, &metrics.totals);
        metrics_add_totals(&metrics.totals, survey.here.self_name, &text);
        metrics.whole = survey.whole && followed && !text.overflow;
    }
    metrics.len = text.len;
    serve_state_put_metrics(state, &metrics);
}
