/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replication slots. */

#include "slots.h"

void
drop_old_slots(const struct snapshot *snapshot, struct plan *plan)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (i != snapshot->self && snapshot->node[i].senders.slot == TRI_YES
            && snapshot->node[i].senders.slot_active == TRI_NO) {
            plan_add(plan, OP_DROP_SLOT, OP_BEST_EFFORT, i, NULL);
        }
    }
}
