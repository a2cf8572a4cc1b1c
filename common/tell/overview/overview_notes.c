/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is not normal, in words. */

#include "overview_notes.h"

#include <string.h>

#include "began.h"
#include "listed.h"
#include "overview_node_notes.h"
#include "own_server.h"
#include "plan.h"
#include "profile.h"
#include "sync_list.h"

/* --- the cluster ---------------------------------------------------------- */

/* What could not be looked at says nothing of anybody. */
static void
note_unseen(const struct snapshot *here, struct overview *overview)
{
    const struct node *node = &here->node[0];

    if (overview->have_quorum == TRI_UNKNOWN) {
        overview_note(overview, OVERVIEW_ERROR, NOTE_UNSEEN, NODES_MAX,
                      "the cluster's members could not be looked at: nothing "
                      "is known of the other nodes");
    } else if (here->node_count > 0
               && (node->attrs.status.known == ATTR_UNKNOWN
                   || node->record.data_status.known == ATTR_UNKNOWN)) {
        overview_note(overview, OVERVIEW_ERROR, NOTE_UNSEEN, NODES_MAX,
                      "the nodes' attributes or their record could not be "
                      "read: what they say of themselves is not known");
    }
}

static void
note_cluster(const struct snapshot *here, struct overview *overview)
{
    if (here->settings.problem != OCF_SUCCESS) {
        overview_note(overview, OVERVIEW_ERROR, NOTE_PARAMETERS, NODES_MAX,
                      "%s", here->settings.problem_text);
    }
    note_unseen(here, overview);
    if (overview->have_quorum == TRI_NO) {
        overview_note(overview, OVERVIEW_ERROR, NOTE_QUORUM, NODES_MAX,
                      "the cluster has no quorum: it starts and promotes "
                      "nothing until more nodes are back");
    }
    if (overview->maintenance == TRI_YES) {
        overview_note(overview, OVERVIEW_WARNING, NOTE_MAINTENANCE, NODES_MAX,
                      "maintenance mode is on: the cluster leaves all as it "
                      "is, whatever fails");
    }
}

static void
note_no_primary(const struct snapshot *here, struct overview *overview)
{
    size_t promoted = 0;

    for (size_t i = 0; i < overview->node_count; i++) {
        promoted += overview->node[i].role == OVERVIEW_PRIMARY;
        if (overview->node[i].role == OVERVIEW_ROLE_UNKNOWN
            && overview->node[i].state == OVERVIEW_CHANGING
            && promotion_is_under_way(here, i)) {
            overview_note(overview, OVERVIEW_INFO, NOTE_PRIMARY, i,
                          "'%s' is being promoted", overview->node[i].name);
        }
    }
    if (promoted > 1) {
        overview_note(overview, OVERVIEW_ERROR, NOTE_PRIMARY, NODES_MAX,
                      "%zu nodes are promoted: only one may be", promoted);
    } else {
        overview_note(overview, OVERVIEW_ERROR, NOTE_PRIMARY, NODES_MAX,
                      "nobody leads: TAKEOVER tells who may, and why others "
                      "may not");
    }
}

/* Its server has to say so, too, and of whom it serves. */
static void
note_leader(const struct snapshot *here, const struct snapshot *asked,
            struct overview *overview)
{
    size_t primary = overview->primary;
    const char *name = overview->node[primary].name;

    if (overview->confirmed == TRI_NO) {
        overview_note(overview, OVERVIEW_ERROR, NOTE_PRIMARY, primary,
                      "'%s' is promoted in the cluster, and its server is a "
                      "standby", name);
    } else if (overview->confirmed != TRI_YES && asked == here) {
        overview_note(overview, OVERVIEW_ERROR, NOTE_PRIMARY, primary,
                      "the server of '%s', the primary, does not answer: %s",
                      name, words_of_server(here));
    } else if (overview->confirmed != TRI_YES
               || asked->senders.told != TRI_YES) {
        overview_note(overview, OVERVIEW_WARNING, NOTE_UNSEEN, primary,
                      "the server of '%s', the primary, did not tell of its "
                      "standbys, so STATE and SYNC are its agent's last "
                      "words: %s", name,
                      asked != NULL ? words_of_server(asked)
                                    : "it was not asked");
    }
}

static void
note_primary(const struct snapshot *here, const struct snapshot *seat,
             struct overview *overview)
{
    if (!rep_mode_is_replication(overview->mode)
        || overview->have_quorum == TRI_UNKNOWN) {
        return;
    }
    if (overview->primary == NODES_MAX) {
        note_no_primary(here, overview);
    } else {
        note_leader(here, overview->primary == here->self ? here : seat,
                    overview);
    }
}

/* Of a quorum only so many have to stream. */
static void
note_stall(const struct snapshot *lead, struct overview *overview)
{
    struct sync_list list = sync_list_now(lead);
    uint32_t there = 0;
    size_t missing = NODES_MAX;

    for (size_t i = 0; i < overview->node_count; i++) {
        const struct overview_node *node = &overview->node[i];
        size_t place = snapshot_find_node(lead, node->name);

        if (place == NODES_MAX || sync_list_place(&list, place) == 0) {
            continue;
        }
        if (node->state == OVERVIEW_STREAMING
            || node->state == OVERVIEW_CATCHUP) {
            there++;
        } else {
            missing = i;
        }
    }
    if (there < list.n && missing != NODES_MAX) {
        overview_note(overview, OVERVIEW_ERROR, NOTE_COMMITS, missing,
                      "commits wait for '%s', which does not stream",
                      overview->node[missing].name);
    }
}

static void
note_commits(const struct snapshot *lead, struct overview *overview)
{
    const struct amount *now = &overview->sync_standbys;

    if (lead == NULL) {
        return;
    }
    note_stall(lead, overview);
    if (now->known && now->value < overview->sync_required) {
        overview_note(overview, OVERVIEW_WARNING, NOTE_COMMITS, NODES_MAX,
                      "commits wait for %u standbys, and sync_num asks for "
                      "%zu", (unsigned) now->value, overview->sync_required);
    }
    if (overview->spares.known && overview->spares.value == 0
        && overview->node_count > 1) {
        overview_note(overview, OVERVIEW_ERROR, NOTE_NO_SPARE, NODES_MAX,
                      "no node could take over from '%s'",
                      overview->node[overview->primary].name);
    }
}

/* --- what weakens a promise ----------------------------------------------- */

static bool
is_noted(const struct overview *overview, const char *text)
{
    for (size_t i = 0; i < overview->note_count; i++) {
        if (strcmp(overview->note[i].text, text) == 0) {
            return true;
        }
    }
    return false;
}

/* The primary's server and this node's may differ; most they have in common. */
static void
note_profile(const struct snapshot *seen, struct overview *overview)
{
    static struct plan plan;

    if (seen == NULL || (seen->facts & FACT_PROFILE) == 0) {
        return;
    }
    plan_init(&plan);
    profile_warn(seen, &plan);
    for (size_t i = 0; i < plan.count; i++) {
        if (!is_noted(overview, plan.op[i].value)) {
            overview_note(overview, OVERVIEW_WARNING, NOTE_PROFILE, NODES_MAX,
                          "%s", plan.op[i].value);
        }
    }
}

/* A switchover of pgward's needs its own for as long as it lasts. */
static void
note_moves(const struct snapshot *here, struct overview *overview)
{
    const char *id = here->profile.moves;

    while (*id != '\0') {
        int len = (int) strcspn(id, " ");

        overview_note(overview, OVERVIEW_WARNING, NOTE_CONSTRAINT, NODES_MAX,
                      "the constraint '%.*s' of a move is still there: if no "
                      "move is under way, pcs constraint delete %.*s",
                      len, id, len, id);
        id += len;
        id += *id == ' ' ? 1 : 0;
    }
}

void
overview_note_all(const struct snapshot *here, const struct snapshot *seat,
                  const struct snapshot *lead, struct overview *overview)
{
    note_cluster(here, overview);
    note_primary(here, seat, overview);
    note_commits(lead, overview);
    for (size_t i = 0; i < overview->node_count; i++) {
        const struct overview_matter matter = {
            .here = here, .lead = lead, .node = i,
            .place = lead != NULL
                     ? snapshot_find_node(lead, overview->node[i].name)
                     : NODES_MAX,
        };

        overview_note_node(&matter, overview);
    }
    note_moves(here, overview);
    note_profile(lead, overview);
    note_profile(here, overview);
}
