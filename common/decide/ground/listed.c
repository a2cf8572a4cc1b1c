/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The synchronous list that is in force. */

#include "listed.h"

#include "sync_list.h"

struct sync_list
sync_list_now(const struct snapshot *snapshot)
{
    struct sync_list list = { .n = 0 };

    if (snapshot->server.sync_names_known == TRI_YES) {
        (void) sync_list_parse(snapshot, snapshot->server.sync_names, &list);
    }
    return list;
}

bool
is_listed(const struct snapshot *snapshot, size_t node)
{
    struct sync_list list = sync_list_now(snapshot);

    return sync_list_place(&list, node) > 0;
}

bool
quorum_mode(const struct snapshot *snapshot)
{
    return snapshot->settings.rep_mode == REP_MODE_SYNC
           && snapshot->settings.sync_quorum;
}
