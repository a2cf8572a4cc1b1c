/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What would be lost if the primary died now. */

#include "overview_rpo.h"

#include "listed.h"
#include "peers.h"
#include "quorum.h"

/* Weaker settings acknowledge a commit that no disk has. */
static enum tri
commits_are_strict(const struct snapshot *lead)
{
    const struct profile *profile = &lead->profile;

    if ((lead->facts & FACT_PROFILE) == 0 || profile->fsync == TRI_UNKNOWN) {
        return TRI_UNKNOWN;
    }
    return profile->fsync == TRI_YES && profile->weak_commit[0] == '\0'
           && profile->weak_commit_reset[0] == '\0' ? TRI_YES : TRI_NO;
}

/* Does it have, by list and record, whatever was acknowledged? */
static bool
holds_all(const struct snapshot *lead, size_t node)
{
    struct sync_list list = sync_list_now(lead);

    if (sync_list_place(&list, node) == 0 || list.strangers > 0
        || sync_list_misnames(lead, &list, node)) {
        return false;
    }
    if (quorum_mode(lead)) {
        return quorum_is_final(lead, node);
    }
    return !list.any
           && attr_is(&lead->node[node].record.data_status, DATA_SYNC);
}

/* Of a quorum each commit is on so many, and never on the same ones. */
static size_t
count_holders(const struct snapshot *lead, const struct overview *overview)
{
    size_t holders = 0;

    for (size_t i = 0; i < overview->node_count; i++) {
        size_t node = snapshot_find_node(lead, overview->node[i].name);

        holders += node != NODES_MAX && overview->node[i].spare
                   && holds_all(lead, node);
    }
    if (holders > 0 && quorum_mode(lead)) {
        holders = sync_list_now(lead).n;
    }
    return holders > 0 ? holders + 1 : 0;
}

static void
judge_bytes(struct overview *overview)
{
    struct amount least = { false, 0 };

    for (size_t i = 0; i < overview->node_count; i++) {
        struct amount behind = overview->node[i].behind_bytes;

        if (overview->node[i].spare && behind.known
            && (!least.known || behind.value < least.value)) {
            least = behind;
        }
    }
    overview->rpo = least.known ? OVERVIEW_RPO_BYTES : OVERVIEW_RPO_UNKNOWN;
    overview->rpo_bytes = least.value;
    overview->rpo_why = !least.known ? "no node that could take over streams"
                        : overview->sync_standbys.known
                          && overview->sync_standbys.value == 0
                          ? "commits wait for no standby"
                          : "it is not proved that commits wait for a node "
                            "that could take over";
}

void
overview_judge_rpo(const struct snapshot *lead, struct overview *overview)
{
    overview->rpo = OVERVIEW_RPO_UNKNOWN;
    overview->holders = 0;
    overview->rpo_bytes = 0;
    if (overview->primary == NODES_MAX) {
        overview->rpo_why = "nobody is known to lead";
        return;
    }
    if (lead == NULL) {
        overview->rpo_why = "the primary's server did not tell";
        return;
    }
    if (overview->spares.value == 0) {
        overview->rpo = OVERVIEW_RPO_ALL;
        overview->rpo_why = "no other node could take over";
        return;
    }
    if (overview->mode == REP_MODE_SYNC
        && commits_are_strict(lead) != TRI_YES) {
        overview->rpo_why = commits_are_strict(lead) == TRI_NO
                            ? "the server's settings acknowledge commits that "
                              "no standby has on disk"
                            : "the server's settings could not be read";
        return;
    }
    overview->holders = overview->mode == REP_MODE_SYNC
                        ? count_holders(lead, overview) : 0;
    if (overview->holders > 0) {
        overview->rpo = OVERVIEW_RPO_NONE;
        overview->rpo_why = NULL;
        return;
    }
    judge_bytes(overview);
}

void
overview_add_bytes(uint64_t bytes, struct text *text)
{
    static const char *const units[] = { "kB", "MB", "GB", "TB", "PB" };
    size_t unit = 0;
    uint64_t size = 1024;
    uint64_t tenths;

    if (bytes < size) {
        text_add(text, "%u B", (unsigned) bytes);
        return;
    }
    while (unit + 1 < sizeof(units) / sizeof(units[0])
           && bytes / 1024 >= size) {
        size *= 1024;
        unit++;
    }
    tenths = bytes / size * 10 + (bytes % size * 10 + size - 1) / size;
    text_add(text, "%llu.%u %s", (unsigned long long) (tenths / 10),
             (unsigned) (tenths % 10), units[unit]);
}

void
overview_add_rpo(const struct overview *overview, struct text *text)
{
    switch (overview->rpo) {
        case OVERVIEW_RPO_NONE:
            text_add(text, overview->quorum_mode
                     ? "none: each acknowledged commit is on %zu nodes"
                     : "none: %zu nodes hold every acknowledged commit",
                     overview->holders);
            return;
        case OVERVIEW_RPO_BYTES:
            text_add(text, "up to ");
            overview_add_bytes(overview->rpo_bytes, text);
            text_add(text, " now: %s", overview->rpo_why);
            return;
        case OVERVIEW_RPO_ALL:
            text_add(text, "all: %s", overview->rpo_why);
            return;
        case OVERVIEW_RPO_UNKNOWN:
            break;
    }
    text_add(text, "not known: %s", overview->rpo_why);
}
