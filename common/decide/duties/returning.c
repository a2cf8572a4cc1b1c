/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A node that led and went down: may it follow the primary? (P3) */

#include "returning.h"

#include <syslog.h>

#include "history.h"
#include "lsn.h"
#include "own_server.h"
#include "past.h"
#include "peers.h"
#include "position.h"
#include "rejoin.h"
#include "want.h"
#include "why.h"

#define RETURN_FACTS \
    ((uint32_t) (FACT_RECORD | FACT_POSITION | FACT_HISTORY))

/* What a history says about this node's data. */
struct finding {
    enum history_match match;
    bool same_number;           /* both are on a timeline of that number */
    lsn left;                   /* where the primary left the timeline */
    struct wal_position fork;   /* where this node's past left the primary's */
    uint32_t timeline;          /* the primary's */
};

static struct finding
compare_with(const struct snapshot *snapshot, size_t primary)
{
    const struct attr *told = &snapshot->node[primary].attrs.history;
    struct finding finding = { .match = HISTORY_UNKNOWN };
    struct history own;
    struct history past;

    if (told->known == ATTR_SET
        && history_read_summary(snapshot->history, &own) == 0
        && history_read_summary(told->value, &past) == 0) {
        finding.match = history_compare(&own, snapshot->server.position,
                                        &past, &finding.left);
        finding.same_number = own.timeline == past.timeline;
        finding.fork = history_fork(&own, snapshot->server.position, &past);
        finding.timeline = past.timeline;
    }
    return finding;
}

/* Why its data is not the primary's past, in the words of the history. */
static void
explain(const struct snapshot *snapshot, size_t primary,
        struct finding finding, struct text *why)
{
    const char *name = snapshot->node[primary].name;
    uint32_t timeline = snapshot->server.position.timeline;
    char end[LSN_TEXT_SIZE];
    char left[LSN_TEXT_SIZE];

    lsn_format_sql(snapshot->server.position.lsn, end);
    lsn_format_sql(finding.left, left);
    if (finding.match == HISTORY_BEYOND) {
        text_add(why, "it has WAL of its own. It goes on to %s, but '%s' "
                 "left timeline %u at %s", end, name, timeline, left);
    } else if (finding.match == HISTORY_OLDER) {
        text_add(why, "nothing proves its data. It is of timeline %u; '%s' "
                 "tells of its newest timelines only", timeline, name);
    } else if (finding.match == HISTORY_OTHER) {
        text_add(why, "it has WAL of its own. Its timeline %u (at %s) is not "
                 "of the past of '%s'", timeline, end, name);
    } else {
        text_add(why, "nothing proves its data. '%s' leads on the same "
                 "timeline %u (restart_on_promote?)", name, timeline);
    }
}

void
refuse_to_follow(const struct snapshot *snapshot, struct plan *plan,
                 const char *why)
{
    plan_exit_reason(plan, OCF_ERR_GENERIC,
                     "pg_rewind or pg_basebackup this node, pcs resource "
                     "cleanup: %s. So it cannot follow; its data is in '%s'",
                     why, snapshot->pgdata);
}

static void
refuse(const struct snapshot *snapshot, struct plan *plan, size_t primary,
       struct finding finding)
{
    char buf[SERVER_TEXT_SIZE];
    struct text why;

    if (finding.match != HISTORY_BEYOND && finding.match != HISTORY_OTHER) {
        finding.fork = (struct wal_position) { 0, 0 };
    }
    if (begin_rejoin(snapshot, plan, primary, finding.fork,
                     finding.timeline)) {
        return;
    }
    text_init(&why, buf, sizeof(buf));
    explain(snapshot, primary, finding, &why);
    if (snapshot->files.lock == TRI_YES) {
        plan_exit_reason(plan, OCF_ERR_GENERIC,
                         "pg_rewind or pg_basebackup this node, rm "
                         "PGSQL.lock, pcs resource cleanup: it led last and "
                         "%s. Its data is in '%s', the lock is "
                         "'%s/PGSQL.lock'", buf, snapshot->pgdata,
                         snapshot->tmpdir);
        return;
    }
    refuse_to_follow(snapshot, plan, buf);
}

/*
 * On the primary's own timeline nobody but the primary writes, unless a
 * promotion begins none; and the primary saw this node stream there. Alone, its
 * word proves nothing: a WAL sender may only look alive.
 */
static bool
has_followed(const struct snapshot *snapshot)
{
    return has_streamed(&self_node(snapshot)->record.data_status)
           && !snapshot->settings.restart_on_promote;
}

enum return_verdict
judge_return(const struct snapshot *snapshot, struct plan *plan,
             size_t primary)
{
    struct finding finding;

    if (!have_facts(snapshot, RETURN_FACTS, plan)) {
        return RETURN_LOOK_AGAIN;
    }
    finding = compare_with(snapshot, primary);
    switch (finding.match) {
        case HISTORY_UNKNOWN:
            plan_log_once(plan, LOG_NOTICE, "this node led last and waits: "
                          "its own timeline, or those of '%s', are not known "
                          "yet", snapshot->node[primary].name);
            return RETURN_UNKNOWN;
        case HISTORY_SHARED:
            break;
        case HISTORY_SAME_TIMELINE:
            if (has_followed(snapshot)) {
                break;
            }
            refuse(snapshot, plan, primary, finding);
            return RETURN_REFUTED;
        case HISTORY_OLDER:
        case HISTORY_BEYOND:
        case HISTORY_OTHER:
            refuse(snapshot, plan, primary, finding);
            return RETURN_REFUTED;
    }
    /* its recovery may still come to WAL that the primary does not have */
    if (!position_is_final(snapshot, plan)) {
        return plan->verdict == VERDICT_AGAIN ? RETURN_LOOK_AGAIN
                                              : RETURN_UNKNOWN;
    }
    return RETURN_PROVED;
}

bool
admit(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->address_here != TRI_NO) {
        plan_log_once(plan, LOG_NOTICE, "this node's data is proved, but %s",
                      snapshot->address_here == TRI_YES
                      ? "the replication address is still here"
                      : "it is not known whether master_ip is here");
        return false;
    }
    plan_log(plan, LOG_NOTICE, "this node led last; the history of the "
             "primary's timelines holds all that it has: it follows");
    plan_add_number(plan, OP_WRITE_STANDBY, OP_REQUIRED, STANDBY_FOLLOWS);
    plan_add(plan, OP_WRITE_CONFIG, OP_BEST_EFFORT, 0, NULL);
    plan_restart(plan);
    /*
     * The lock's question is answered. Left there while this node catches up,
     * it would be asked again after a crash, on the primary's own timeline,
     * where no history proves anything.
     */
    if (snapshot->files.lock == TRI_YES) {
        plan_add(plan, OP_REMOVE_LOCK, OP_BEST_EFFORT, 0, NULL);
    }
    want_attr(snapshot, plan, OP_SET_UNPROVED, OP_BEST_EFFORT,
              snapshot->self, "");
    return true;
}

void
return_duties(const struct snapshot *snapshot, struct plan *plan,
              size_t primary, enum ocf_code code)
{
    switch (judge_return(snapshot, plan, primary)) {
        case RETURN_LOOK_AGAIN:
        case RETURN_REFUTED:
            return;
        case RETURN_UNKNOWN:
            if (!why_is_seen(snapshot, plan)) {
                return;
            }
            want_attr(snapshot, plan, OP_SET_STATUS, OP_BEST_EFFORT,
                      snapshot->self, "HS:alone");
            tell_why(snapshot, plan);
            break;
        case RETURN_PROVED:
            /* no status yet: the new primary's addresses may be starting */
            (void) admit(snapshot, plan);
            break;
    }
    plan_exit(plan, code);
}

bool
past_is_shared(const struct snapshot *snapshot, size_t primary)
{
    switch (compare_with(snapshot, primary).match) {
        case HISTORY_SHARED:
            return true;
        case HISTORY_SAME_TIMELINE:
            return has_followed(snapshot);
        case HISTORY_UNKNOWN:
        case HISTORY_OLDER:
        case HISTORY_BEYOND:
        case HISTORY_OTHER:
            break;
    }
    return false;
}

/*
 * From the timeline of its own that has the primary's number it gets the
 * primary's WAL all the time; from another one, what both have in common.
 */
static bool
is_seen_twice(const struct snapshot *snapshot, struct plan *plan,
              struct finding finding)
{
    return (finding.same_number && snapshot->position_looks > 1)
           || position_is_final(snapshot, plan);
}

bool
has_parted(const struct snapshot *snapshot, struct plan *plan, size_t primary)
{
    struct finding finding = compare_with(snapshot, primary);

    if (finding.match != HISTORY_BEYOND && finding.match != HISTORY_OTHER) {
        return false;
    }
    /* between two timelines a receiver may be seen half-way: look twice */
    if (snapshot->server.receiver_running != TRI_NO
        && !is_seen_twice(snapshot, plan, finding)) {
        return plan->verdict == VERDICT_AGAIN;
    }
    /* started again it may not even get to where it answers */
    want_attr(snapshot, plan, OP_SET_UNPROVED, OP_BEST_EFFORT,
              snapshot->self, UNPROVED_PARTED);
    refuse(snapshot, plan, primary, finding);
    return true;
}

bool
want_history(const struct snapshot *snapshot, struct plan *plan)
{
    const struct attr *told = &self_node(snapshot)->attrs.history;
    uint32_t timeline = snapshot->server.position.timeline;
    struct history history;

    if (timeline == 0
        || (told->known == ATTR_SET
            && history_read_summary(told->value, &history) == 0
            && history.timeline == timeline)) {
        return true;
    }
    if (!have_facts(snapshot, FACT_HISTORY, plan)) {
        return false;
    }
    if (snapshot->history[0] != '\0') {
        want_attr(snapshot, plan, OP_SET_HISTORY, OP_BEST_EFFORT,
                  snapshot->self, snapshot->history);
    }
    return true;
}
