/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is not normal with one node, in words. */

#include "overview_node_notes.h"

#include <string.h>

#include "identifier.h"
#include "names.h"
#include "past.h"
#include "replay.h"

static const char *
why_of(const struct overview_matter *matter)
{
    const struct attr *why = &matter->here->node[matter->node].attrs.why;

    return why->known == ATTR_SET ? why->value : NULL;
}

/* Is it there at all? */
static void
note_presence(const struct overview_matter *matter, struct overview *overview)
{
    const struct overview_node *node = &overview->node[matter->node];
    const char *why = why_of(matter);

    if (node->state == OVERVIEW_LOST) {
        overview_note(overview, OVERVIEW_WARNING, NOTE_NODE, matter->node,
                      "'%s' is not in the cluster, and nothing proves that it "
                      "is down", node->name);
    } else if (node->state == OVERVIEW_DOWN) {
        overview_note(overview, OVERVIEW_WARNING, NOTE_NODE, matter->node,
                      "'%s' is down: start the cluster there", node->name);
    } else if (node->state == OVERVIEW_STATE_STOPPED
               && node->role == OVERVIEW_STOPPED) {
        overview_note(overview, OVERVIEW_WARNING, NOTE_NODE, matter->node,
                      "'%s' runs no server%s%s", node->name,
                      why != NULL ? ": " : "", why != NULL ? why : "");
    } else if (node->state == OVERVIEW_STATE_STOPPED) {
        overview_note(overview, OVERVIEW_WARNING, NOTE_NODE, matter->node,
                      "'%s' runs no server, and the cluster has it for a %s",
                      node->name, names_name(overview_role_names, node->role));
    }
}

/* Its own log's words are known where it is the one that looks. */
static void
note_stream(const struct overview_matter *matter, struct overview *overview)
{
    const struct overview_node *node = &overview->node[matter->node];
    const char *why = why_of(matter);
    const char *words = node->self ? matter->here->upstream_words : "";

    if (node->state == OVERVIEW_ALONE && overview->primary != NODES_MAX) {
        overview_note(overview, OVERVIEW_WARNING, NOTE_NOT_STREAMING,
                      matter->node, "nothing streams to '%s'%s%s%s%.250s",
                      node->name, why != NULL ? ": " : "",
                      why != NULL ? why : "",
                      words[0] != '\0' ? ". Its log: " : "", words);
    } else if (node->state == OVERVIEW_STATE_UNKNOWN
               && node->role == OVERVIEW_STANDBY && matter->lead != NULL) {
        overview_note(overview, OVERVIEW_WARNING, NOTE_UNSEEN, matter->node,
                      "the primary's server does not tell how '%s' streams: "
                      "the log-in needs pg_monitor", node->name);
    }
}

static void
note_rejoin(const struct overview_matter *matter, struct overview *overview)
{
    const struct overview_node *node = &overview->node[matter->node];
    const struct rejoin *rejoin = &matter->here->rejoin;

    if (node->state != OVERVIEW_REJOINING) {
        return;
    }
    if (node->self && rejoin->end != REJOIN_GOES_ON) {
        overview_note(overview, OVERVIEW_WARNING, NOTE_REJOIN, matter->node,
                      "'%s' does not go on bringing its data back: %s",
                      node->name, rejoin->why);
    } else {
        overview_note(overview, OVERVIEW_INFO, NOTE_REJOIN, matter->node,
                      "'%s' brings its data back: %s", node->name,
                      node->rejoin[0] != '\0' ? node->rejoin
                      : "it does not say how far it is");
    }
}

static void
note_replay(const struct overview_matter *matter, struct overview *overview)
{
    const struct overview_node *node = &overview->node[matter->node];
    const char *why = replay_obstacle(matter->here, matter->node);

    if (node->role == OVERVIEW_STANDBY && node->state != OVERVIEW_REJOINING
        && replay_is_held_up(matter->here, matter->node)) {
        overview_note(overview, OVERVIEW_WARNING, NOTE_REPLAY, matter->node,
                      "replay of '%s' is held up%s%s", node->name,
                      why != NULL ? ": " : "", why != NULL ? why : "");
    } else if (why_of(matter) != NULL
               && (node->role == OVERVIEW_STANDBY
                   || node->role == OVERVIEW_PRIMARY)
               && node->state != OVERVIEW_ALONE) {
        overview_note(overview, OVERVIEW_WARNING, NOTE_WHY, matter->node,
                      "'%s': %s", node->name, why_of(matter));
    }
}

static void
note_data(const struct overview_matter *matter, struct overview *overview)
{
    const char *name = overview->node[matter->node].name;
    const struct node_senders *senders;

    if (is_foreign(matter->here, matter->node)) {
        overview_note(overview, OVERVIEW_WARNING, NOTE_DATA, matter->node,
                      "'%s' holds another database than the cluster's, by its "
                      "system identifier", name);
    }
    if (matter->lead == NULL || matter->place == NODES_MAX
        || matter->node == overview->primary) {
        return;
    }
    senders = &matter->lead->node[matter->place].senders;
    if (is_known_parted(matter->lead, matter->place)) {
        overview_note(overview, OVERVIEW_WARNING, NOTE_DATA, matter->node,
                      "'%s' has WAL that is not the primary's", name);
    }
    if (senders->stranger[0] != '\0' || senders->twin[0] != '\0') {
        overview_note(overview, OVERVIEW_WARNING, NOTE_DATA, matter->node,
                      "%s streams under the name of '%s', and is not it",
                      senders->stranger[0] != '\0' ? senders->stranger
                                                   : senders->twin, name);
    }
}

static void
note_slot(const struct overview_matter *matter, struct overview *overview)
{
    const struct overview_node *node = &overview->node[matter->node];
    const char *what = NULL;

    if (matter->lead == NULL || !matter->lead->settings.use_slots
        || matter->node == overview->primary || !node->listed) {
        return;
    }
    if (node->slot.there == TRI_NO) {
        what = "is not there: it was given up, or is still to be made";
    } else if (node->slot.status == SLOT_LOST) {
        what = "has lost WAL: what is away cannot catch up through it";
    } else if (node->slot.status == SLOT_UNRESERVED) {
        what = "loses WAL at the next checkpoint";
    }
    if (what != NULL) {
        overview_note(overview, OVERVIEW_WARNING, NOTE_SLOT, matter->node,
                      "the primary's slot of '%s' %s", node->name, what);
    }
}

/* Pacemaker keeps copies alike; where one is not, its node would act by it. */
static void
note_copy(const struct overview_matter *matter, struct overview *overview)
{
    const struct snapshot *here = matter->here;
    const struct node *node = &here->node[matter->node];

    if (node->copy_answered == TRI_NO) {
        overview_note(overview, OVERVIEW_WARNING, NOTE_UNSEEN, matter->node,
                      "'%s' does not tell its copy of the record", node->name);
    } else if (node->copy_answered == TRI_YES
               && node->record.data_status.known != ATTR_UNKNOWN
               && (node->copy.known != node->record.data_status.known
                   || strcmp(node->copy.value, node->record.data_status.value)
                      != 0)) {
        overview_note(overview, OVERVIEW_WARNING, NOTE_COPY, matter->node,
                      "the record of '%s' is '%s' in its own copy, and '%s' "
                      "here", node->name, node->copy.value,
                      node->record.data_status.value);
    }
}

void
overview_note_node(const struct overview_matter *matter,
                   struct overview *overview)
{
    note_presence(matter, overview);
    note_stream(matter, overview);
    note_rejoin(matter, overview);
    note_replay(matter, overview);
    note_data(matter, overview);
    note_slot(matter, overview);
    note_copy(matter, overview);
}
