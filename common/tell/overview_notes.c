/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is not normal, in words. */

#include "overview_notes.h"

#include <string.h>

#include "began.h"
#include "identifier.h"
#include "lead_rule.h"
#include "listed.h"
#include "names.h"
#include "own_server.h"
#include "past.h"
#include "profile.h"
#include "replay.h"
#include "sync_list.h"

/* What the notes on one node are made of. */
struct matter {
    const struct snapshot *here;
    const struct snapshot *lead;        /* NULL: the primary does not tell */
    size_t node;                        /* in `here` and in the overview */
    size_t place;                       /* in `lead`; NODES_MAX: not there */
};

static void
__attribute__((format(printf, 5, 6)))
note(struct overview *overview, enum overview_level level,
     enum overview_note_kind kind, size_t node, const char *format, ...)
{
    struct overview_note *next = &overview->note[overview->note_count];
    struct text text;
    va_list args;

    if (overview->note_count == OVERVIEW_NOTES_MAX) {
        overview->notes_left_out++;
        return;
    }
    text_init(&text, next->text, sizeof(next->text));
    va_start(args, format);
    text_add_v(&text, format, args);
    va_end(args);
    if (text.overflow) {
        overview->notes_left_out++;
        return;
    }
    text_clean(next->text);     /* a server's words may be anything */
    next->level = level;
    next->kind = kind;
    next->node = node;
    overview->note_count++;
}

/* --- the cluster ---------------------------------------------------------- */

static void
note_cluster(const struct snapshot *here, struct overview *overview)
{
    if (here->settings.problem != OCF_SUCCESS) {
        note(overview, OVERVIEW_ERROR, NOTE_PARAMETERS, NODES_MAX, "%s",
             here->settings.problem_text);
    }
    if (overview->have_quorum == TRI_UNKNOWN) {
        note(overview, OVERVIEW_ERROR, NOTE_UNSEEN, NODES_MAX, "the cluster's "
             "members could not be looked at: nothing is known of the other "
             "nodes");
    } else if (here->node_count > 0
               && (here->node[0].attrs.status.known == ATTR_UNKNOWN
                   || here->node[0].record.data_status.known
                      == ATTR_UNKNOWN)) {
        note(overview, OVERVIEW_ERROR, NOTE_UNSEEN, NODES_MAX, "the nodes' "
             "attributes or their record could not be read: what nodes say of "
             "themselves is not known");
    }
    if (overview->have_quorum == TRI_NO) {
        note(overview, OVERVIEW_ERROR, NOTE_QUORUM, NODES_MAX, "the cluster "
             "has no quorum: it starts and promotes nothing until more nodes "
             "are back");
    }
    if (overview->maintenance == TRI_YES) {
        note(overview, OVERVIEW_WARNING, NOTE_MAINTENANCE, NODES_MAX,
             "maintenance mode is on: the cluster leaves all as it is, whatever "
             "fails");
    }
}

static void
note_no_primary(const struct snapshot *here, struct overview *overview)
{
    size_t promoted = 0;

    for (size_t i = 0; i < snapshot_total(here); i++) {
        promoted += overview->node[i].role == OVERVIEW_PRIMARY;
        if (promotion_is_under_way(here, i)
            && overview->node[i].role != OVERVIEW_PRIMARY
            && here->node[i].member.online == TRI_YES) {
            note(overview, OVERVIEW_INFO, NOTE_PRIMARY, i, "'%s' is being "
                 "promoted", here->node[i].name);
        }
    }
    if (promoted > 1) {
        note(overview, OVERVIEW_ERROR, NOTE_PRIMARY, NODES_MAX, "%zu nodes are "
             "promoted: only one may be", promoted);
    } else {
        note(overview, OVERVIEW_ERROR, NOTE_PRIMARY, NODES_MAX, "nobody leads: "
             "TAKEOVER tells of each node why not");
    }
}

static void
note_primary(const struct snapshot *here, const struct snapshot *seat,
             struct overview *overview)
{
    size_t primary = overview->primary;
    const struct snapshot *asked = primary == here->self ? here : seat;

    if (!rep_mode_is_replication(overview->mode)
        || here->cluster.have_quorum == TRI_UNKNOWN) {
        return;
    }
    if (primary == NODES_MAX) {
        note_no_primary(here, overview);
    } else if (overview->confirmed == TRI_NO) {
        note(overview, OVERVIEW_ERROR, NOTE_PRIMARY, primary, "'%s' is promoted "
             "in the cluster, and its server is a standby",
             here->node[primary].name);
    } else if (primary == here->self && overview->confirmed != TRI_YES) {
        note(overview, OVERVIEW_ERROR, NOTE_PRIMARY, primary, "the server of "
             "'%s', the primary, does not answer: %s",
             here->node[primary].name, words_of_server(here));
    } else if (asked == NULL || overview->confirmed != TRI_YES
               || asked->senders.told != TRI_YES) {
        note(overview, OVERVIEW_WARNING, NOTE_UNSEEN, primary, "the server of "
             "'%s', the primary, did not tell of its standbys, so STATE and "
             "SYNC are its agent's last words: %s", here->node[primary].name,
             asked != NULL ? words_of_server(asked) : "it was not asked");
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
        size_t place = snapshot_find_node(lead, overview->node[i].name);

        if (place == NODES_MAX || sync_list_place(&list, place) == 0) {
            continue;
        }
        if (overview->node[i].state == OVERVIEW_STREAMING
            || overview->node[i].state == OVERVIEW_CATCHUP) {
            there++;
        } else {
            missing = i;
        }
    }
    if (there < list.n && missing != NODES_MAX) {
        note(overview, OVERVIEW_ERROR, NOTE_COMMITS, missing, "commits wait "
             "for '%s', which does not stream", overview->node[missing].name);
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
        note(overview, OVERVIEW_WARNING, NOTE_COMMITS, NODES_MAX, "commits "
             "wait for %u standbys, and sync_num asks for %zu",
             (unsigned) now->value, overview->sync_required);
    }
    if (overview->spares.known && overview->spares.value == 0
        && overview->node_count > 1) {
        note(overview, OVERVIEW_ERROR, NOTE_NO_SPARE, NODES_MAX, "no node could "
             "take over from '%s'", overview->node[overview->primary].name);
    }
}

/* --- a node --------------------------------------------------------------- */

static const char *
why_of(const struct matter *matter)
{
    const struct attr *why = &matter->here->node[matter->node].attrs.why;

    return why->known == ATTR_SET ? why->value : NULL;
}

/* Is it there at all? */
static void
note_presence(const struct matter *matter, struct overview *overview)
{
    const struct overview_node *node = &overview->node[matter->node];
    const struct snapshot *here = matter->here;
    const char *failed = why_of(matter);

    if (node->state == OVERVIEW_LOST) {
        note(overview, OVERVIEW_WARNING, NOTE_NODE, matter->node, "'%s' is not "
             "in the cluster, and nothing proves that it is down",
             node->name);
    } else if (node->state == OVERVIEW_DOWN) {
        note(overview, OVERVIEW_WARNING, NOTE_NODE, matter->node, "'%s' is "
             "down: start the cluster there", node->name);
    } else if (node->role == OVERVIEW_STOPPED
               && node->state == OVERVIEW_STATE_STOPPED) {
        note(overview, OVERVIEW_WARNING, NOTE_NODE, matter->node, "'%s' runs "
             "no server%s%s", node->name, failed != NULL ? ": " : "",
             failed != NULL ? failed : "");
    } else if (matter->node == here->self
               && here->process.state == PROCESS_GONE
               && node->state == OVERVIEW_STATE_STOPPED) {
        note(overview, OVERVIEW_WARNING, NOTE_NODE, matter->node, "no server "
             "runs on '%s', and the cluster has it for a %s", node->name,
             names_name(overview_role_names, node->role));
    }
}

/* Its own log's words are known where it is the one that looks. */
static void
note_stream(const struct matter *matter, struct overview *overview)
{
    const struct overview_node *node = &overview->node[matter->node];
    const char *why = why_of(matter);
    const char *words = node->self ? matter->here->upstream_words : "";

    if (node->state == OVERVIEW_ALONE && overview->primary != NODES_MAX) {
        note(overview, OVERVIEW_WARNING, NOTE_NOT_STREAMING, matter->node,
             "nothing streams to '%s'%s%s%s%.250s", node->name,
             why != NULL ? ": " : "", why != NULL ? why : "",
             words[0] != '\0' ? ". Its log: " : "", words);
    } else if (node->state == OVERVIEW_STATE_UNKNOWN && matter->lead != NULL
               && node->role == OVERVIEW_STANDBY) {
        note(overview, OVERVIEW_WARNING, NOTE_UNSEEN, matter->node, "the "
             "primary's server does not tell how '%s' streams: the log-in "
             "needs pg_monitor", node->name);
    }
}

static void
note_work(const struct matter *matter, struct overview *overview)
{
    const struct overview_node *node = &overview->node[matter->node];
    const struct snapshot *here = matter->here;
    const char *obstacle = replay_obstacle(here, matter->node);

    if (node->state == OVERVIEW_REJOINING) {
        bool ended = node->self && here->rejoin.end != REJOIN_GOES_ON;

        note(overview, ended ? OVERVIEW_WARNING : OVERVIEW_INFO, NOTE_REJOIN,
             matter->node, "'%s' brings its data back: %s", node->name,
             ended ? here->rejoin.why : node->rejoin[0] != '\0' ? node->rejoin
             : "it does not say how far it is");
    } else if (node->role == OVERVIEW_STANDBY
               && replay_is_held_up(here, matter->node)) {
        note(overview, OVERVIEW_WARNING, NOTE_REPLAY, matter->node, "replay of "
             "'%s' is held up%s%s", node->name, obstacle != NULL ? ": " : "",
             obstacle != NULL ? obstacle : "");
    } else if (why_of(matter) != NULL && node->state != OVERVIEW_ALONE
               && node->state != OVERVIEW_STATE_STOPPED
               && node->role != OVERVIEW_AWAY) {
        note(overview, OVERVIEW_WARNING, NOTE_WHY, matter->node, "'%s': %s",
             node->name, why_of(matter));
    }
}

static void
note_data(const struct matter *matter, struct overview *overview)
{
    const char *name = overview->node[matter->node].name;
    const struct node_senders *senders;

    if (is_foreign(matter->here, matter->node)) {
        note(overview, OVERVIEW_WARNING, NOTE_DATA, matter->node, "'%s' %s",
             name, lead_rule_why(LEAD_FOREIGN) + strlen("it "));
    }
    if (matter->lead == NULL || matter->place == NODES_MAX
        || matter->node == overview->primary) {
        return;
    }
    senders = &matter->lead->node[matter->place].senders;
    if (is_known_parted(matter->lead, matter->place)) {
        note(overview, OVERVIEW_WARNING, NOTE_DATA, matter->node, "'%s' has "
             "WAL that is not the primary's", name);
    }
    if (senders->stranger[0] != '\0' || senders->twin[0] != '\0') {
        note(overview, OVERVIEW_WARNING, NOTE_DATA, matter->node, "%s streams "
             "under the name of '%s', and is not it",
             senders->stranger[0] != '\0' ? senders->stranger : senders->twin,
             name);
    }
}

static void
note_slot(const struct matter *matter, struct overview *overview)
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
        note(overview, OVERVIEW_WARNING, NOTE_SLOT, matter->node, "the "
             "primary's slot of '%s' %s", node->name, what);
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
            note(overview, OVERVIEW_WARNING, NOTE_PROFILE, NODES_MAX, "%s",
                 plan.op[i].value);
        }
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
        struct matter matter = {
            .here = here, .lead = lead, .node = i,
            .place = lead != NULL
                     ? snapshot_find_node(lead, overview->node[i].name)
                     : NODES_MAX,
        };

        note_presence(&matter, overview);
        note_stream(&matter, overview);
        note_work(&matter, overview);
        note_data(&matter, overview);
        note_slot(&matter, overview);
    }
    note_profile(lead, overview);
    note_profile(here, overview);
}
