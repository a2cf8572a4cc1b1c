/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happened, in order, and how long nobody led. */

#include "chronicle.h"

#include <stdlib.h>
#include <string.h>

/* qsort() keeps no order of what is equal: gap_ms has the place meanwhile. */
static int
compare(const void *a, const void *b)
{
    const struct chronicle_row *one = a;
    const struct chronicle_row *other = b;

    if (one->event.time_ms != other->event.time_ms) {
        return one->event.time_ms < other->event.time_ms ? -1 : 1;
    }
    return one->gap_ms < other->gap_ms ? -1 : 1;
}

/* Who leads, as far as the rows have told, and since when nobody does. */
struct lead {
    const char *node;           /* "": not known */
    int64_t gone_ms;            /* 0: somebody may lead */
};

static void
gone_at(int64_t time_ms, struct lead *lead)
{
    if (lead->gone_ms == 0 || time_ms < lead->gone_ms) {
        lead->gone_ms = time_ms;
    }
}

static void
follow(const struct event *event, struct lead *lead)
{
    switch (event->kind) {
        case EVENT_SWITCHOVER:
        case EVENT_FAILOVER:
            gone_at(event->time_ms - event->since_ms, lead);
            break;
        case EVENT_DIED:        /* a standby's death ends no lead */
        case EVENT_DEMOTED:
            if (strcmp(event->node, lead->node) == 0) {
                gone_at(event->time_ms, lead);
            }
            break;
        case EVENT_PRIMARY_ENDS:
            gone_at(event->time_ms, lead);
            break;
        case EVENT_PROMOTED:
        case EVENT_LEADS:
            lead->node = event->node;
            lead->gone_ms = 0;
            break;
        case EVENT_NONE:
        case EVENT_TAKES_LEAD:
        case EVENT_REFUSED:
        case EVENT_FAILED:
        case EVENT_RELEASED:
        case EVENT_REJOIN:
        case EVENT_REJOINED:
        case EVENT_GIVEN_UP:
        case EVENT_TIMELINE:
        case EVENT_KINDS:
            break;
    }
}

static bool
comes_to_lead(const struct event *event)
{
    return event->kind == EVENT_PROMOTED || event->kind == EVENT_LEADS;
}

void
chronicle_arrange(struct chronicle_row *rows, size_t count)
{
    struct lead lead = { .node = "" };

    for (size_t i = 0; i < count; i++) {
        rows[i].gap_ms = (int64_t) i;
    }
    if (count > 0) {
        qsort(rows, count, sizeof(rows[0]), compare);
    }
    for (size_t i = 0; i < count; i++) {
        const struct event *event = &rows[i].event;

        rows[i].gap_ms = comes_to_lead(event) && lead.gone_ms != 0
                         ? event->time_ms - lead.gone_ms : -1;
        follow(event, &lead);
    }
}

int64_t
chronicle_last_gap(const struct chronicle_row *rows, size_t count,
                   const char *node)
{
    while (count > 0 && !comes_to_lead(&rows[count - 1].event)) {
        count--;
    }
    return count > 0 && text_same_name(rows[count - 1].event.node, node)
           ? rows[count - 1].gap_ms : -1;
}

void
chronicle_follow(const struct chronicle_row *rows, size_t count,
                 struct chronicle_totals *totals)
{
    totals->known = true;
    for (size_t i = count; i > 0; i--) {
        const struct event *event = &rows[i - 1].event;

        if (event->time_ms <= totals->until_ms) {
            break;
        }
        totals->total[event->kind]++;
    }
    if (count > 0 && rows[count - 1].event.time_ms > totals->until_ms) {
        totals->until_ms = rows[count - 1].event.time_ms;
    }
}

struct event
chronicle_timeline(uint32_t timeline, struct wal_position left,
                   int64_t time_ms)
{
    struct event event;
    struct text text;

    memset(&event, 0, sizeof(event));
    event.kind = EVENT_TIMELINE;
    event.time_ms = time_ms;
    event.position.timeline = timeline;
    event.position.lsn = left.lsn;
    text_init(&text, event.reason, sizeof(event.reason));
    text_add(&text, "it left timeline %u here", left.timeline);
    return event;
}
