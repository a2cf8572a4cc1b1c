/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A planned move: does the candidate hold the old primary's last WAL? (P7) */

#include "switchover.h"

#include <syslog.h>

#include "lsn.h"
#include "peers.h"
#include "position.h"
#include "want.h"

void
want_shutdown(const struct snapshot *snapshot, struct plan *plan)
{
    char value[WAL_POSITION_TEXT_SIZE];

    if (snapshot->control.state != CONTROL_SHUT_DOWN
        || !wal_position_is_known(snapshot->control.checkpoint)) {
        return;
    }
    wal_position_format(snapshot->control.checkpoint, value);
    want_attr(snapshot, plan, OP_SET_SHUTDOWN, OP_BEST_EFFORT,
              snapshot->self, value);
}

/*
 * The checkpoint with which a node ended as a primary. A promotion marks that
 * node DISCONNECT, so it counts for the next one only.
 */
static struct wal_position
shutdown_of(const struct snapshot *snapshot, size_t node)
{
    const struct node *former = &snapshot->node[node];
    struct wal_position position = { 0, 0 };

    if (node != snapshot->self && former->attrs.shutdown.known == ATTR_SET
        && attr_is(&former->record.data_status, DATA_LATEST)) {
        (void) wal_position_parse(former->attrs.shutdown.value, &position);
    }
    return position;
}

static size_t
former_primary(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (wal_position_is_known(shutdown_of(snapshot, i))) {
            return i;
        }
    }
    return NODES_MAX;
}

/*
 * The record begins at the position, so who holds it is beyond, on the old
 * primary's own timeline: one of the same number may be another.
 */
static bool
holds(const struct snapshot *snapshot, size_t former,
      struct wal_position checkpoint)
{
    struct wal_position mine = snapshot->server.position;

    return mine.timeline == checkpoint.timeline
           && mine.lsn > checkpoint.lsn
           && standing_of(snapshot, snapshot->self, former)
              != STANDING_APART;
}

/* Can the old primary go back to work? */
static bool
is_back(const struct snapshot *snapshot, size_t former)
{
    return is_live(snapshot, former) && !is_unproved(snapshot, former)
           && snapshot->node[former].in_stop_list != TRI_YES;
}

bool
switchover_is_proved(const struct snapshot *snapshot, struct plan *plan)
{
    size_t former = former_primary(snapshot);
    struct wal_position checkpoint;
    char end[WAL_POSITION_TEXT_SIZE];
    char mine[WAL_POSITION_TEXT_SIZE];

    if (former == NODES_MAX) {
        return true;
    }
    if (!have_facts(snapshot, FACT_POSITION, plan)) {
        return false;
    }
    checkpoint = shutdown_of(snapshot, former);
    if (holds(snapshot, former, checkpoint)) {
        return true;
    }
    wal_position_format(checkpoint, end);
    wal_position_format(snapshot->server.position, mine);
    if (is_back(snapshot, former)) {
        plan_exit_reason(plan, OCF_ERR_GENERIC,
                         "let '%s' lead again (pcs resource clear, if "
                         "banned): this node lacks its last WAL. It shut down "
                         "cleanly at %s, and this node is at %s",
                         snapshot->node[former].name, end, mine);
        return false;
    }
    plan_log(plan, LOG_WARNING, "'%s' shut down cleanly at %s and is not "
             "there; this node (at %s) leads without that last WAL, as the "
             "record lets it", snapshot->node[former].name, end, mine);
    return true;
}
