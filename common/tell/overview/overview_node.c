/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What two looks tell of one node. */

#include "overview_node.h"

#include <string.h>

#include "began.h"
#include "history.h"
#include "past.h"
#include "peers.h"
#include "position.h"
#include "senders.h"
#include "takeover.h"

/* --- what it is and does -------------------------------------------------- */

static enum overview_role
role_of(const struct node *node)
{
    if (node->member.online != TRI_YES) {
        return node->member.online == TRI_NO ? OVERVIEW_AWAY
                                             : OVERVIEW_ROLE_UNKNOWN;
    }
    switch (takeover_role(node)) {
        case ROLE_PROMOTED:
            return OVERVIEW_PRIMARY;
        case ROLE_STARTED:
            return OVERVIEW_STANDBY;
        case ROLE_STOPPED:
            return OVERVIEW_STOPPED;
        case ROLE_UNKNOWN:
            break;
    }
    return OVERVIEW_ROLE_UNKNOWN;
}

/* Is there a WAL sender that counts? */
static const struct sender *
sender_of(const struct overview_subject *subject)
{
    const struct sender *sender;

    if (subject->lead == NULL || subject->there == NULL || subject->leads) {
        return NULL;
    }
    sender = &subject->there->senders.own;
    return sender_is_seen(sender) ? sender : NULL;
}

static enum overview_state
by_sender(const struct overview_subject *subject, const struct sender *sender)
{
    if (sender_is_dead(subject->lead,
                       (size_t) (subject->there - subject->lead->node))) {
        return OVERVIEW_ALONE;
    }
    switch (sender->state) {
        case SENDER_STREAMING:
            return OVERVIEW_STREAMING;
        case SENDER_CATCHUP:
            return OVERVIEW_CATCHUP;
        case SENDER_NONE:
            return OVERVIEW_ALONE;
        case SENDER_STARTUP:
        case SENDER_BACKUP:
        case SENDER_STOPPING:
            return OVERVIEW_CONNECTED;
        case SENDER_UNKNOWN:
            break;
    }
    return OVERVIEW_STATE_UNKNOWN;
}

/*
 * Where the primary's server does not tell, its agent's last word has to do: a
 * note says so.
 */
static enum overview_state
by_status(const struct overview_subject *subject)
{
    const struct node *node = &subject->here->node[subject->node];
    const struct attr *status = &node->attrs.status;

    if (attr_is(status, "HS:alone")) {
        return OVERVIEW_ALONE;
    }
    if (takeover_leader(subject->here) == NODES_MAX) {
        return OVERVIEW_STATE_UNKNOWN;
    }
    return attr_is(status, "HS:connected") ? OVERVIEW_CONNECTED
           : attr_is(status, "HS:sync") || attr_is(status, "HS:quorum")
             || attr_is(status, "HS:potential")
             || attr_is(status, "HS:async") ? OVERVIEW_STREAMING
           : OVERVIEW_STATE_UNKNOWN;
}

static enum overview_state
standby_state(const struct overview_subject *subject)
{
    const struct sender *sender = sender_of(subject);

    if (sender != NULL) {
        return by_sender(subject, sender);
    }
    if (subject->node == subject->here->self
        && subject->here->server.receiver_running == TRI_NO) {
        return OVERVIEW_ALONE;
    }
    return subject->lead != NULL ? OVERVIEW_STATE_UNKNOWN
                                 : by_status(subject);
}

static bool
is_rejoining(const struct node *node)
{
    return node->attrs.rejoin.known == ATTR_SET
           || attr_is(&node->attrs.status, STATUS_REJOIN);
}

static enum overview_state
state_of(const struct overview_subject *subject, enum overview_role role)
{
    const struct snapshot *here = subject->here;
    const struct node *node = &here->node[subject->node];

    if (role == OVERVIEW_AWAY) {
        return node_is_out(node) ? OVERVIEW_DOWN : OVERVIEW_LOST;
    }
    if (role != OVERVIEW_PRIMARY && is_rejoining(node)) {
        return OVERVIEW_REJOINING;
    }
    if (node->member.starting == TRI_YES) {
        return OVERVIEW_CHANGING;
    }
    if (subject->node == here->self && here->process.state == PROCESS_GONE) {
        return OVERVIEW_STATE_STOPPED;
    }
    switch (role) {
        case OVERVIEW_PRIMARY:
            return subject->leads && subject->lead != NULL
                   ? OVERVIEW_RUNNING : OVERVIEW_STATE_UNKNOWN;
        case OVERVIEW_STANDBY:
            return standby_state(subject);
        case OVERVIEW_STOPPED:
            return OVERVIEW_STATE_STOPPED;
        case OVERVIEW_ROLE_UNKNOWN:
            return promotion_is_under_way(here, subject->node)
                   ? OVERVIEW_CHANGING : OVERVIEW_STATE_UNKNOWN;
        case OVERVIEW_AWAY:
            break;
    }
    return OVERVIEW_STATE_UNKNOWN;
}

static enum sync_state
sync_of(const struct overview_subject *subject, enum overview_state state)
{
    const struct node *node = &subject->here->node[subject->node];
    const struct attr *status = &node->attrs.status;
    const struct sender *sender = sender_of(subject);

    if (state != OVERVIEW_STREAMING && state != OVERVIEW_CATCHUP) {
        return SYNC_UNKNOWN;
    }
    if (sender != NULL) {
        return sender->sync_state;
    }
    return attr_is(status, "HS:sync") ? SYNC_SYNC
           : attr_is(status, "HS:quorum") ? SYNC_QUORUM
           : attr_is(status, "HS:potential") ? SYNC_POTENTIAL
           : attr_is(status, "HS:async") ? SYNC_ASYNC : SYNC_UNKNOWN;
}

/* --- where it stands ------------------------------------------------------ */

/* The past that a node tells begins with its own timeline. */
static uint32_t
told_timeline(const struct node *node)
{
    struct history history;

    return node->attrs.history.known == ATTR_SET
           && history_read_summary(told_past(&node->attrs.history), &history)
              == 0 ? history.timeline : 0;
}

static uint32_t
timeline_of(const struct overview_subject *subject, enum overview_state state)
{
    const struct snapshot *here = subject->here;
    const struct node *node = &here->node[subject->node];
    uint32_t timeline = 0;

    if (subject->leads && subject->lead != NULL) {
        timeline = subject->lead->server.position.timeline;
    } else if (subject->node == here->self) {
        timeline = here->server.position.timeline;
    } else if (subject->lead != NULL && state == OVERVIEW_STREAMING) {
        timeline = subject->lead->server.position.timeline;
    }
    if (timeline == 0) {
        timeline = published_position(node).timeline;
    }
    return timeline != 0 ? timeline : told_timeline(node);
}

static void
take_positions(const struct overview_subject *subject,
               struct overview_node *node)
{
    const struct server *server = &subject->here->server;
    const struct sender *sender = sender_of(subject);

    if (subject->leads) {
        node->flushed = subject->lead != NULL
                        ? subject->lead->server.position.lsn : 0;
        return;
    }
    if (sender != NULL && sender->state != SENDER_NONE) {
        node->flushed = sender->flush_lsn;
        node->replayed = sender->replay_lsn;
    }
    if (subject->node == subject->here->self) {
        node->flushed = node->flushed != 0 ? node->flushed
                                           : server->position.lsn;
        node->replayed = node->replayed != 0 ? node->replayed
                                             : server->progress.replayed;
    }
    if (node->flushed == 0) {
        node->flushed =
            published_position(&subject->here->node[subject->node]).lsn;
    }
}

/* The server's end was read before its standbys': one may be past it. */
static struct amount
distance(lsn to, lsn from)
{
    return (struct amount) { to != 0 && from != 0, to > from ? to - from : 0 };
}

/* One that has replayed all is not late; else the server may not have said. */
static struct amount
lateness(const struct snapshot *lead, const struct sender *sender)
{
    bool level = sender->replay_lsn != 0
                 && sender->replay_lsn >= lead->server.position.lsn;

    return (struct amount) { level || sender->lag_ms > 0,
                             level ? 0 : sender->lag_ms };
}

static void
take_slot(const struct overview_subject *subject,
          struct overview_slot *ret_slot)
{
    const struct slot *slot;

    if (subject->lead == NULL || subject->there == NULL || subject->leads
        || !subject->lead->settings.use_slots) {
        return;
    }
    slot = &subject->there->senders.slot;
    ret_slot->there = slot->there;
    ret_slot->active = slot->active;
    ret_slot->status = slot->status;
    if (slot->there == TRI_YES) {
        ret_slot->held_bytes = distance(subject->lead->server.position.lsn,
                                        slot->restart_lsn);
        ret_slot->safe_bytes = (struct amount) {
            slot->limited == TRI_YES, slot->left_bytes
        };
    }
}

/* --- the whole ------------------------------------------------------------ */

/* With a primary there its word counts, and without one the rule alone. */
static bool
is_spare(const struct overview_subject *subject,
         const struct overview_node *node)
{
    if (!rep_mode_is_replication(subject->here->settings.rep_mode)
        || node->role != OVERVIEW_STANDBY || !lead_rule_allows(node->takeover)
        || (node->self && subject->here->server.answer != ANSWER_OK)) {
        return false;
    }
    return takeover_leader(subject->here) == NODES_MAX
           || (subject->lead != NULL
               && (node->state == OVERVIEW_STREAMING
                   || node->state == OVERVIEW_CATCHUP));
}

void
overview_judge_node(const struct overview_subject *subject,
                    struct overview_node *ret_node)
{
    const struct snapshot *here = subject->here;
    const struct node *seen = &here->node[subject->node];
    const struct sender *sender = sender_of(subject);
    struct overview_node *node = ret_node;

    memcpy(node->name, seen->name, sizeof(node->name));
    node->self = subject->node == here->self;
    node->listed = subject->node < here->node_count;
    node->role = role_of(seen);
    node->state = state_of(subject, node->role);
    node->sync = sync_of(subject, node->state);
    node->timeline = timeline_of(subject, node->state);
    take_positions(subject, node);
    if (subject->lead != NULL && !subject->leads) {
        node->behind_bytes = distance(subject->lead->server.position.lsn,
                                      node->flushed);
    }
    node->takeover = takeover_rule(here, subject->node);
    take_slot(subject, &node->slot);
    node->changed_s = seen->member.changed_s;
    if (sender != NULL && sender->state != SENDER_NONE) {
        node->connected_ms = (struct amount) { true, sender->age_ms };
        node->behind_ms = lateness(subject->lead, sender);
    }
    if (seen->attrs.rejoin.known == ATTR_SET) {
        memcpy(node->rejoin, seen->attrs.rejoin.value, sizeof(node->rejoin));
        text_clean(node->rejoin);
    }
    node->spare = is_spare(subject, node);
}
