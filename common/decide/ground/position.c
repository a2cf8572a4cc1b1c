/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where nodes say that they stand, and which of two holds more (P3). */

#include "position.h"

#include <string.h>
#include <syslog.h>

#include "history.h"
#include "lsn.h"
#include "peers.h"
#include "want.h"

/*
 * What a node published: `TIMELINE/LSN`, how often it looked in vain, and its
 * timeline's past as history_summary() has it. Of the last two either may be
 * missing: agents before told no past.
 */
struct published {
    struct wal_position position;
    unsigned checks;
    const char *past;           /* "": not told */
};

static struct published
published_by(const struct attr *attr)
{
    struct published published = { { 0, 0 }, 0, "" };
    char text[WAL_POSITION_TEXT_SIZE];
    const char *value = attr->value;
    size_t len = strcspn(value, " ");
    char *end;

    if (attr->known != ATTR_SET || len >= sizeof(text)) {
        return published;
    }
    memcpy(text, value, len);
    text[len] = '\0';
    (void) wal_position_parse(text, &published.position);
    if (value[len] == ' ') {
        published.checks = (unsigned) strtoul(value + len + 1, &end, 10);
        published.past = *end == ' ' ? end + 1 : "";
    }
    return published;
}

struct wal_position
position_in(const struct attr *position)
{
    return published_by(position).position;
}

struct wal_position
published_position(const struct node *node)
{
    return published_by(&node->attrs.position).position;
}

unsigned
published_checks(const struct node *node)
{
    return published_by(&node->attrs.position).checks;
}

bool
has_published(const struct snapshot *snapshot)
{
    struct wal_position published = published_position(self_node(snapshot));

    return wal_position_is_known(published)
           && wal_position_compare(published, snapshot->server.position) == 0;
}

void
position_text(struct wal_position position, unsigned checks,
              const char *past, char *ret_value)
{
    char start[WAL_POSITION_TEXT_SIZE];
    struct text text;

    wal_position_format(position, start);
    text_init(&text, ret_value, ATTR_VALUE_SIZE);
    text_add(&text, "%s", start);
    if (checks > 0 || past[0] != '\0') {
        text_add(&text, " %u", checks);
    }
    if (past[0] != '\0') {
        text_add(&text, " ");
        text_add_words(&text, past);
    }
}

/* How the end of `node`'s WAL stands to the past of `other`. */
static enum history_match
match(const struct published *node, const struct published *other)
{
    struct history own;
    struct history past;
    lsn left;

    if (history_read_summary(node->past, &own) != 0
        || history_read_summary(other->past, &past) != 0
        || past.timeline != other->position.timeline) {
        return HISTORY_UNKNOWN;
    }
    return history_compare(&own, node->position, &past, &left);
}

static enum standing
by_numbers(const struct published *node, const struct published *other)
{
    int order = wal_position_compare(node->position, other->position);

    return order < 0 ? STANDING_BEHIND : order > 0 ? STANDING_AHEAD
                                                   : STANDING_LEVEL;
}

/* UNKNOWN: a past is not told, or not as far back. */
static enum standing
by_pasts(const struct published *node, const struct published *other)
{
    enum history_match there = match(node, other);
    enum history_match back = match(other, node);

    if (there == HISTORY_SHARED) {
        return STANDING_BEHIND;
    }
    if (back == HISTORY_SHARED) {
        return STANDING_AHEAD;
    }
    if (there == HISTORY_SAME_TIMELINE) {
        return by_numbers(node, other);
    }
    return there == HISTORY_UNKNOWN || there == HISTORY_OLDER
           || back == HISTORY_UNKNOWN || back == HISTORY_OLDER
           ? STANDING_UNKNOWN : STANDING_APART;
}

enum standing
standing_of(const struct snapshot *snapshot, size_t node, size_t other)
{
    struct published one = published_by(&snapshot->node[node].attrs.position);
    struct published two = published_by(&snapshot->node[other].attrs.position);
    enum standing standing;

    if (!wal_position_is_known(one.position)
        || !wal_position_is_known(two.position)) {
        return STANDING_UNKNOWN;
    }
    standing = by_pasts(&one, &two);
    return standing == STANDING_UNKNOWN ? by_numbers(&one, &two) : standing;
}

bool
can_be_compared(const struct snapshot *snapshot, size_t node, size_t other)
{
    struct published one = published_by(&snapshot->node[node].attrs.position);
    struct published two = published_by(&snapshot->node[other].attrs.position);

    return one.position.timeline == two.position.timeline
           || by_pasts(&one, &two) != STANDING_UNKNOWN;
}

bool
holds_position(const struct snapshot *snapshot, size_t node,
               const struct attr *position)
{
    struct published one = published_by(&snapshot->node[node].attrs.position);
    struct published two = published_by(position);

    return match(&two, &one) == HISTORY_SAME_TIMELINE
           && one.position.lsn >= two.position.lsn;
}

bool
holds_all_of(const struct snapshot *snapshot, size_t node, size_t other)
{
    return holds_position(snapshot, node,
                          &snapshot->node[other].attrs.position);
}

/* Two looks at the position this far apart tell whether replay goes on. */
#define ADVANCE_LOOK_MS 100u

/* One monitor looks at most this often before it leaves it to the next. */
#define LOOKS_MAX 8u

void
want_position(const struct snapshot *snapshot, struct plan *plan,
              unsigned checks)
{
    char value[ATTR_VALUE_SIZE];

    position_text(snapshot->server.position, checks,
                  snapshot->history, value);
    if (attr_is(&self_node(snapshot)->record.data_status, DATA_QUORUM)
        && !old_primary_is_over(snapshot)) {
        value[0] = '\0';
    }
    want_attr(snapshot, plan, OP_SET_POSITION, OP_REQUIRED, snapshot->self,
              value);
}

bool
look_again(const struct snapshot *snapshot, struct plan *plan,
           uint32_t wait_ms)
{
    if (snapshot->position_looks >= LOOKS_MAX
        || snapshot->left_ms <= LAST_CALL_MS) {
        return false;
    }
    plan_again(plan, wait_ms, snapshot->facts, 0);
    return true;
}

bool
position_is_final(const struct snapshot *snapshot, struct plan *plan)
{
    if (!wal_position_is_known(snapshot->server.position)) {
        plan_log(plan, LOG_NOTICE,
                 "the server's WAL position is not known yet");
        return false;
    }
    switch (snapshot->position_advances) {
        case TRI_NO:
            return true;
        case TRI_UNKNOWN:
            (void) look_again(snapshot, plan, ADVANCE_LOOK_MS);
            return false;
        case TRI_YES:
            break;
    }
    want_attr(snapshot, plan, OP_SET_POSITION, OP_BEST_EFFORT,
              snapshot->self, "");
    plan_log(plan, LOG_INFO, "recovery still replays WAL");
    return false;
}
