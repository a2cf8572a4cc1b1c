/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who leads and who follows. */

#include "topology.h"

#include "takeover.h"

const char *
topology_role(const struct node *node)
{
    if (node->member.online == TRI_NO) {
        return "offline";
    }
    if (node->member.online == TRI_UNKNOWN) {
        return "unknown";
    }
    switch (takeover_role(node)) {
        case ROLE_STOPPED:
            return "stopped";
        case ROLE_STARTED:
            return "standby";
        case ROLE_PROMOTED:
            return "primary";
        case ROLE_UNKNOWN:
            break;
    }
    return "unknown";
}

void
topology_tell(const struct snapshot *snapshot, const char *title,
              struct text *text)
{
    text_add(text, "%s\n  %-20s %-8s %-12s %s\n", title, "NODE", "ROLE",
             "STATUS", "DATA-STATUS");
    for (size_t i = 0; i < snapshot->node_count; i++) {
        const struct node *node = &snapshot->node[i];
        const struct attr *status = &node->attrs.status;
        const struct attr *data = &node->record.data_status;

        text_add(text, "  %-20s %-8s %-12s %s\n", node->name,
                 topology_role(node),
                 status->known == ATTR_SET ? status->value : "-",
                 data->known == ATTR_SET ? data->value : "-");
    }
}
