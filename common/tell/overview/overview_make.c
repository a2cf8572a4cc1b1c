/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cluster on one screen, out of two looks. */

#include "overview_make.h"

#include <string.h>

#include "listed.h"
#include "overview_node.h"
#include "overview_notes.h"
#include "overview_rpo.h"
#include "sync_list.h"
#include "takeover.h"

size_t
overview_seat(const struct snapshot *here)
{
    size_t leader = takeover_leader(here);

    return leader == here->self ? NODES_MAX : leader;
}

/* Does the server from whose place this was seen say that it leads? */
static enum tri
says_it_leads(const struct snapshot *seen)
{
    return seen == NULL || seen->server.answer != ANSWER_OK
           || seen->server.in_recovery == TRI_UNKNOWN ? TRI_UNKNOWN
           : seen->server.in_recovery == TRI_NO ? TRI_YES : TRI_NO;
}

static void
judge_nodes(const struct snapshot *here, const struct snapshot *lead,
            struct overview *overview)
{
    overview->node_count = snapshot_total(here);
    overview->spares.known = lead != NULL || overview->primary == NODES_MAX;
    for (size_t i = 0; i < overview->node_count; i++) {
        struct overview_subject subject = {
            .here = here, .node = i, .lead = lead,
            .leads = i == overview->primary,
        };
        size_t place = lead != NULL
                       ? snapshot_find_node(lead, here->node[i].name)
                       : NODES_MAX;

        subject.there = place != NODES_MAX ? &lead->node[place] : NULL;
        overview_judge_node(&subject, &overview->node[i]);
        overview->spares.value += overview->node[i].spare;
    }
}

static void
judge_commits(const struct snapshot *here, const struct snapshot *lead,
              struct overview *overview)
{
    size_t wanted = here->settings.sync_num > 1 ? here->settings.sync_num : 1;
    size_t others = here->node_count > 0 ? here->node_count - 1 : 0;

    if (overview->mode == REP_MODE_SYNC) {
        overview->sync_required = wanted < others ? wanted : others;
    }
    if (lead != NULL && lead->server.sync_names_known == TRI_YES) {
        overview->sync_standbys = (struct amount) { true,
                                                    sync_list_now(lead).n };
    }
}

void
overview_make(const struct snapshot *here, const struct snapshot *seat,
              struct overview *ret_overview)
{
    struct overview *overview = ret_overview;
    const struct snapshot *lead;

    memset(overview, 0, sizeof(*overview));
    overview->mode = here->settings.rep_mode;
    overview->quorum_mode = quorum_mode(here);
    overview->have_quorum = here->cluster.have_quorum;
    overview->fencing = here->cluster.fencing;
    overview->maintenance = here->cluster.maintenance;
    overview->primary = takeover_leader(here);
    lead = overview->primary == NODES_MAX ? NULL
           : overview->primary == here->self ? here : seat;
    overview->confirmed = says_it_leads(lead);
    if (overview->confirmed != TRI_YES || lead->senders.told != TRI_YES) {
        lead = NULL;
    }
    judge_nodes(here, lead, overview);
    judge_commits(here, lead, overview);
    overview_judge_rpo(lead, overview);
    overview_note_all(here, seat, lead, overview);
}
