/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may bring its data back by itself (P9). */

#include "may_rejoin.h"

#include <string.h>

#include "may_lead.h"
#include "peers.h"

/* What lies in the data directory, a rewind takes away. */
static bool
lies_in(const char *path, const char *folder)
{
    size_t len = strlen(folder);

    return len > 0 && strncmp(path, folder, len) == 0
           && (path[len] == '/' || path[len] == '\0');
}

static const char *
why_never(const struct snapshot *snapshot)
{
    if (!snapshot->settings.rewinds) {
        return "rejoin=manual";
    }
    if (snapshot->settings.restart_on_promote
        && !snapshot->settings.rebuilds) {
        return "with restart_on_promote no timeline proves what a rewind may "
               "take away";
    }
    if (lies_in(snapshot->tmpdir, snapshot->pgdata)) {
        return "tmpdir lies in pgdata, which a rewind or a new copy would "
               "take away";
    }
    return NULL;
}

/* Does another come back first? Of those that wait, the first in the list. */
static bool
goes_before(const struct snapshot *snapshot, size_t node)
{
    const struct node *other = &snapshot->node[node];

    return other->member.online == TRI_YES
           && attr_is(&other->attrs.status, STATUS_REJOIN)
           && (node < snapshot->self
               || !attr_is(&other->attrs.rejoin, REJOIN_WAITS));
}

/* Once it has begun there is no way back; and what is whole streams soon. */
static bool
can_wait(enum rejoin_phase phase)
{
    switch (phase) {
        case REJOIN_NONE:
        case REJOIN_UNKNOWN:
        case REJOIN_BEGUN:
        case REJOIN_KEPT:
        case REJOIN_COPYING:
            return true;
        case REJOIN_TORN:
        case REJOIN_STALLED:
        case REJOIN_SPOILT:
        case REJOIN_COPIED:
        case REJOIN_WHOLE:
        case REJOIN_FOLLOWS:
            break;
    }
    return false;
}

/* Two at once would leave the primary alone, where no third one streams. */
static bool
leaves_no_spare(const struct snapshot *snapshot)
{
    bool another = false;
    bool spare = false;

    if (!can_wait(snapshot->rejoin.phase)) {
        return false;
    }
    for (size_t i = 0; i < snapshot->node_count; i++) {
        const struct node *node = &snapshot->node[i];

        if (i != snapshot->self) {
            another |= goes_before(snapshot, i);
            spare |= node->member.online == TRI_YES
                     && has_streamed(&node->record.data_status);
        }
    }
    return another && !spare;
}

static const char *
why_not_now(const struct snapshot *snapshot, size_t primary)
{
    const struct attr *own = &self_node(snapshot)->record.data_status;

    if (primary >= snapshot->node_count
        || !attr_is(&snapshot->node[primary].record.data_status, DATA_LATEST)) {
        return "no node leads that the record calls the latest";
    }
    if (snapshot->cluster.have_quorum != TRI_YES) {
        return "this node has no quorum";
    }
    if (own->known != ATTR_SET || is_eligible(snapshot, snapshot->self)) {
        return "the record does not say that this node's data is out of date";
    }
    return leaves_no_spare(snapshot)
           ? "another node comes back, and there is no third one that streams"
           : NULL;
}

enum rejoin_answer
may_rejoin(const struct snapshot *snapshot, size_t primary,
           const char **ret_why)
{
    const char *never = why_never(snapshot);
    const char *not_now = why_not_now(snapshot, primary);

    *ret_why = never != NULL ? never : not_now;
    return never != NULL ? REJOIN_NEVER
           : not_now != NULL ? REJOIN_NOT_NOW : REJOIN_MAY;
}
