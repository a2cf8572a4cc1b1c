/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An overview, in Prometheus' words. */

#include "serve_tally.h"

#include "clock.h"
#include "report.h"
#include "survey.h"

void
serve_tally(const char *resource, struct serve_state *state)
{
    static struct survey survey;
    static struct serve_metrics metrics;
    struct text text;

    /* what is wrong, the look that serves has said */
    report_init_command("pgward", LOG_CRIT);
    metrics.made_ms = clock_now_ms();
    text_init(&text, metrics.text, sizeof(metrics.text));
    if (survey_take(resource, SERVE_TALLY_MS, &survey) == 0) {
        metrics_add_overview(&survey.overview, &text);
        metrics.whole = survey.whole && !text.overflow;
    }
    metrics.len = text.len;
    serve_state_put_metrics(state, &metrics);
}
