/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way back from a promotion that failed. The record has moved to its node
 * by then, and every other one is DISCONNECT; but a node that holds what that
 * one held when its promotion began may lead as well, once it is proved that
 * the promoted server never led (P2, P3).
 */

#include "began.h"

#include <string.h>
#include <syslog.h>

#include "lsn.h"
#include "peers.h"
#include "position.h"
#include "want.h"

#define ENDED "ended "

struct attr
ended_at(const struct attr *began)
{
    struct attr position = { ATTR_UNSET, "" };
    size_t len = strlen(ENDED);

    if (began->known == ATTR_SET && strncmp(began->value, ENDED, len) == 0
        && text_copy(began->value + len, position.value,
                     sizeof(position.value)) == 0) {
        position.known = ATTR_SET;
    }
    return position;
}

bool
promotion_failed(const struct snapshot *snapshot, size_t node)
{
    return node < snapshot->node_count
           && ended_at(&snapshot->node[node].attrs.began).known == ATTR_SET;
}

bool
promotion_is_under_way(const struct snapshot *snapshot, size_t node)
{
    return node < snapshot->node_count
           && snapshot->node[node].attrs.began.known == ATTR_SET
           && !promotion_failed(snapshot, node);
}

void
want_began(const struct snapshot *snapshot, struct plan *plan)
{
    const struct attr *position = &self_node(snapshot)->attrs.position;
    bool known = wal_position_is_known(
                     published_position(self_node(snapshot)));

    /* without a new timeline nothing would tell that the server led */
    want_attr(snapshot, plan, OP_SET_BEGAN, OP_REQUIRED, snapshot->self,
              known && !snapshot->settings.restart_on_promote
              ? position->value : "");
}

bool
want_ended(const struct snapshot *snapshot, struct plan *plan)
{
    const struct attr *began = &self_node(snapshot)->attrs.began;
    char value[ATTR_VALUE_SIZE];
    struct text text;

    if (began->known != ATTR_SET || promotion_failed(snapshot, snapshot->self)
        || snapshot->process.state != PROCESS_GONE) {
        return true;
    }
    if (!have_facts(snapshot, FACT_NEWEST, plan)) {
        return false;
    }
    text_init(&text, value, sizeof(value));
    text_add(&text, ENDED "%s", began->value);
    /* a new timeline's history is on disk before anything else of it is */
    if (snapshot->newest_timeline
        == position_in(began).timeline
        && !text.overflow) {
        plan_log(plan, LOG_NOTICE, "this node's promotion at %s failed and "
                 "its server never led: a node that holds as much may lead",
                 began->value);
        want_attr(snapshot, plan, OP_SET_BEGAN, OP_BEST_EFFORT,
                  snapshot->self, value);
    }
    return true;
}
