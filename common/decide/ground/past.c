/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A standby tells the past of its timeline from its start on, and the primary
 * counts on it only when that is of its own past: PostgreSQL compares numbers
 * of timelines, and streams to whoever has the same one.
 */

#include "past.h"

#include <string.h>

#include "history.h"
#include "line.h"
#include "listed.h"
#include "lsn.h"
#include "peers.h"
#include "want.h"

/* Before a standby's summary: a primary's timelines are another thing. */
#define OF_A_STANDBY HISTORY_OF_STANDBY " "

const char *
told_past(const struct attr *told)
{
    const char *past = told->known == ATTR_SET
                       ? line_after(told->value, OF_A_STANDBY) : "";

    return past != NULL ? past
           : strcmp(told->value, HISTORY_OF_STANDBY) == 0 ? "" : told->value;
}

static bool
tells_as_standby(const struct attr *told)
{
    return told->known == ATTR_SET
           && line_after(told->value, HISTORY_OF_STANDBY) != NULL;
}

/* Does a node whose past this is go the way of that other one? */
static enum tri
goes_with(const char *past, const char *other)
{
    struct history own;
    struct history its;
    lsn left;

    if (history_read_summary(past, &own) != 0
        || history_read_summary(other, &its) != 0) {
        return TRI_UNKNOWN;
    }
    switch (history_compare(&own, (struct wal_position) { own.timeline, 1 },
                            &its, &left)) {
        case HISTORY_SAME_TIMELINE:
        case HISTORY_SHARED:
            return TRI_YES;
        case HISTORY_BEYOND:
        case HISTORY_OTHER:
            return TRI_NO;
        case HISTORY_UNKNOWN:
        case HISTORY_OLDER:
            break;
    }
    return TRI_UNKNOWN;
}

enum past
past_of(const struct snapshot *snapshot, size_t node)
{
    const struct attr *told = &snapshot->node[node].attrs.history;
    const char *ours = snapshot->history[0] != '\0'
                       ? snapshot->history
                       : told_past(&self_node(snapshot)->attrs.history);

    if (told->known == ATTR_UNKNOWN) {
        return PAST_UNKNOWN;
    }
    if (told->known == ATTR_UNSET || ours[0] == '\0') {
        return PAST_OURS;   /* of an agent before, which knew no better */
    }
    switch (tells_as_standby(told) ? goes_with(told_past(told), ours)
                                   : TRI_UNKNOWN) {
        case TRI_YES:
            return PAST_OURS;
        case TRI_NO:
            return PAST_OTHER;
        case TRI_UNKNOWN:
            break;
    }
    return PAST_AWAITED;
}

bool
is_known_parted(const struct snapshot *snapshot, size_t node)
{
    return snapshot->node[node].senders.own.beyond == TRI_YES
           || attr_is(&snapshot->node[node].attrs.unproved, UNPROVED_PARTED)
           || past_of(snapshot, node) == PAST_OTHER;
}

bool
is_stranger_by_past(const struct snapshot *snapshot, size_t node)
{
    return is_known_parted(snapshot, node)
           || (past_of(snapshot, node) == PAST_AWAITED
               && !is_listed(snapshot, node));
}

void
want_past(const struct snapshot *snapshot, struct plan *plan,
          const char *past)
{
    char value[ATTR_VALUE_SIZE];
    struct text text;

    text_init(&text, value, sizeof(value));
    text_add(&text, "%s", past[0] == '\0' ? HISTORY_OF_STANDBY : OF_A_STANDBY);
    text_add_words(&text, past);
    want_attr(snapshot, plan, OP_SET_HISTORY, OP_BEST_EFFORT, snapshot->self,
              value);
}

/* Of the timeline that the WAL receiver is on; 0: it does not say. */
static bool
past_is_told(const struct snapshot *snapshot)
{
    const struct attr *told = &self_node(snapshot)->attrs.history;
    uint32_t timeline = snapshot->server.position.timeline;
    struct history history;

    return timeline == 0
           || (tells_as_standby(told)
               && history_read_summary(told_past(told), &history) == 0
               && history.timeline == timeline);
}

bool
tell_past(const struct snapshot *snapshot, struct plan *plan)
{
    if (past_is_told(snapshot) && (snapshot->facts & FACT_HISTORY) == 0) {
        return true;
    }
    if (!have_facts(snapshot, FACT_HISTORY, plan)) {
        return false;
    }
    if (snapshot->history[0] != '\0') {
        want_past(snapshot, plan, snapshot->history);
    }
    return true;
}

bool
is_in_step(const struct snapshot *snapshot)
{
    uint32_t timeline = snapshot->server.position.timeline;

    for (size_t i = 0; i < snapshot->node_count; i++) {
        const struct node *node = &snapshot->node[i];
        struct history history;

        if (i == snapshot->self || !attr_is(&node->attrs.status, "PRI")
            || tells_as_standby(&node->attrs.history)
            || history_read_summary(told_past(&node->attrs.history), &history)
               != 0) {
            continue;
        }
        return (timeline == 0 || timeline == history.timeline)
               && goes_with(told_past(&self_node(snapshot)->attrs.history),
                            node->attrs.history.value) != TRI_NO;
    }
    return true;        /* nothing is known against it */
}
