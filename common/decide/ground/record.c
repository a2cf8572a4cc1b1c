/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cluster's record: is there one, and is this node's copy of it new? */

#include "record.h"

#include "peers.h"
#include "want.h"

bool
record_is_virgin(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        if (snapshot->node[i].record.data_status.known != ATTR_UNSET) {
            return false;
        }
    }
    return snapshot->node_count > 0;
}

/* More than half: of two nodes both. */
static bool
majority_is_online(const struct snapshot *snapshot)
{
    return nodes_online(snapshot) * 2 > snapshot->node_count;
}

bool
record_is_trusted(const struct snapshot *snapshot)
{
    return self_node(snapshot)->attrs.trusted.known == ATTR_SET
           || majority_is_online(snapshot);
}

void
want_trust(const struct snapshot *snapshot, struct plan *plan)
{
    if (majority_is_online(snapshot)) {
        want_attr(snapshot, plan, OP_SET_TRUSTED, OP_BEST_EFFORT,
                  snapshot->self, "1");
    }
}
