/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may lead, and by which rule (P1, P3). */

#include "may_lead.h"

#include "began.h"
#include "identifier.h"
#include "lead_rule.h"
#include "lsn.h"
#include "peers.h"
#include "position.h"
#include "quorum.h"
#include "record.h"
#include "replay.h"

/* A node other than `node` that the record calls the latest. */
static bool
another_is_latest(const struct snapshot *snapshot, size_t node)
{
    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        if (i != node
            && attr_is(&snapshot->node[i].record.data_status, DATA_LATEST)) {
            return true;
        }
    }
    return false;
}

/* What a data-status that was read says. */
static enum lead_rule
by_data_status(const struct snapshot *snapshot, size_t node)
{
    const struct attr *data = &snapshot->node[node].record.data_status;

    if (attr_is(data, DATA_LATEST)) {
        return LEAD_LATEST;
    }
    if (attr_is(data, DATA_SYNC)) {
        return LEAD_SYNC;
    }
    if (attr_is(data, DATA_QUORUM)
        && snapshot->settings.rep_mode == REP_MODE_SYNC) {
        return lead_by_quorum(snapshot, node);
    }
    if (snapshot->settings.rep_mode == REP_MODE_ASYNC
        && has_streamed(data)) {
        return LEAD_STREAMED;
    }
    return another_is_latest(snapshot, node) ? LEAD_OUT_OF_DATE
                                             : LEAD_INCOMPLETE;
}

enum lead_rule
lead_by_record(const struct snapshot *snapshot, size_t node)
{
    if (node >= snapshot->node_count) {
        return LEAD_NOT_LISTED;
    }
    if (is_foreign(snapshot, node)) {
        return LEAD_FOREIGN;
    }
    switch (snapshot->node[node].record.data_status.known) {
        case ATTR_SET:
            return by_data_status(snapshot, node);
        case ATTR_UNSET:
            return record_is_virgin(snapshot) ? LEAD_FIRST : LEAD_NO_RECORD;
        case ATTR_UNKNOWN:
            break;
    }
    return LEAD_UNREAD;
}

bool
way_back_is_open(const struct snapshot *snapshot, size_t node)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        struct attr end = ended_at(&snapshot->node[i].attrs.began);

        if (i != node && end.known == ATTR_SET
            && snapshot->node[i].member.online == TRI_YES
            && is_eligible(snapshot, i)
            && holds_position(snapshot, node, &end)) {
            return true;
        }
    }
    return false;
}

enum lead_rule
lead_by_data(const struct snapshot *snapshot, size_t node)
{
    enum lead_rule rule = lead_by_record(snapshot, node);

    if (lead_rule_allows(rule) || rule == LEAD_NOT_LISTED
        || rule == LEAD_FOREIGN) {
        return rule;
    }
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (i != node && is_live(snapshot, i) && is_eligible(snapshot, i)
            && holds_all_of(snapshot, node, i)) {
            return LEAD_SAME_DATA;
        }
    }
    return way_back_is_open(snapshot, node) ? LEAD_WAY_BACK : rule;
}

bool
takes_part(const struct snapshot *snapshot, size_t node)
{
    return is_live(snapshot, node) && !is_unproved(snapshot, node)
           && !is_foreign(snapshot, node)
           && !attr_is(&snapshot->node[node].attrs.status, "STOP")
           && snapshot->node[node].in_stop_list != TRI_YES;
}

/* Why a node that does not take part does not. */
static enum lead_rule
why_no_part(const struct snapshot *snapshot, size_t node)
{
    return is_foreign(snapshot, node) ? LEAD_FOREIGN
           : is_unproved(snapshot, node) ? LEAD_UNPROVED
           : snapshot->node[node].in_stop_list == TRI_YES ? LEAD_LEAVING
           : LEAD_NOT_LIVE;
}

enum lead_rule
may_lead(const struct snapshot *snapshot, size_t node)
{
    if (node >= snapshot->node_count) {
        return LEAD_NOT_LISTED;
    }
    if (!takes_part(snapshot, node)) {
        return why_no_part(snapshot, node);
    }
    if (replay_is_held_up(snapshot, node)) {
        return LEAD_HELD_UP;
    }
    if (!wal_position_is_known(published_position(&snapshot->node[node]))) {
        return LEAD_NO_POSITION;
    }
    return lead_by_data(snapshot, node);
}
