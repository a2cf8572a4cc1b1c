/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record as the other nodes have it. */

#include "copies.h"

#include "clock.h"

/* A copy comes at once, or its node is stuck. */
#define LIMIT_MS 1000

int
copies_observe(const struct instance *instance, int64_t deadline_ms,
               struct snapshot *snapshot, struct text *ret_why)
{
    int rc = 0;

    for (size_t i = 0; i < snapshot->node_count; i++) {
        struct node *node = &snapshot->node[i];
        int64_t end_ms = clock_now_ms() + LIMIT_MS;

        if (i == snapshot->self || node->member.online != TRI_YES) {
            continue;
        }
        end_ms = end_ms < deadline_ms ? end_ms : deadline_ms;
        text_init(ret_why, ret_why->buf, ret_why->size);
        if (cluster_read_copy(instance->cluster, node->name, end_ms, node,
                              ret_why) == 0) {
            node->copy_answered = TRI_YES;
        } else {
            node->copy_answered = TRI_NO;
            rc = -1;
        }
    }
    return rc;
}
