/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers for Prometheus. */

#include "metrics.h"

#include <inttypes.h>
#include <string.h>

#include "names.h"
#include "percent.h"

#define GAUGE "gauge"
#define COUNTER "counter"

/* A value of a node; false: it is not known. */
typedef bool (*value_fn)(const struct overview_node *node, double *ret_value);

/* A label's value: with its quotes. */
static void
add_label(const char *name, const char *value, struct text *text)
{
    text_add(text, "%s=\"", name);
    for (; *value != '\0'; value++) {
        if (*value == '\n') {
            text_add(text, "\\n");
        } else {
            text_add(text, *value == '"' || *value == '\\' ? "\\%c" : "%c",
                     *value);
        }
    }
    text_add(text, "\"");
}

void
metrics_add_family(const char *name, const char *type, const char *help,
                   struct text *text)
{
    text_add(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
add_one(const char *name, const char *help, double value, struct text *text)
{
    metrics_add_family(name, GAUGE, help, text);
    text_add(text, "%s %.15g\n", name, value);
}

static void
add_tri(const char *name, const char *help, enum tri value, struct text *text)
{
    if (value != TRI_UNKNOWN) {
        add_one(name, help, value == TRI_YES ? 1 : 0, text);
    }
}

static void
add_amount(const char *name, const char *help, const struct amount *amount,
           struct text *text)
{
    if (amount->known) {
        add_one(name, help, (double) amount->value, text);
    }
}

/* One line for each node of which it is known. */
static void
add_nodes(const struct overview *overview, const char *name, const char *help,
          value_fn value_of, struct text *text)
{
    metrics_add_family(name, GAUGE, help, text);
    for (size_t i = 0; i < overview->node_count; i++) {
        double value;

        if (value_of(&overview->node[i], &value)) {
            text_add(text, "%s{", name);
            add_label("node", overview->node[i].name, text);
            text_add(text, "} %.15g\n", value);
        }
    }
}

/* Two labels and a value. */
static void
add_pair(const char *name, const char *node, const char *label,
         const char *word, double value, struct text *text)
{
    text_add(text, "%s{", name);
    add_label("node", node, text);
    text_add(text, ",");
    add_label(label, word, text);
    text_add(text, "} %.15g\n", value);
}

/* --- what there is of a node --------------------------------------------- */

static bool
known_amount(const struct amount *amount, double scale, double *ret_value)
{
    *ret_value = (double) amount->value * scale;
    return amount->known;
}

static bool
eligible(const struct overview_node *node, double *ret_value)
{
    *ret_value = node->spare ? 1 : 0;
    return node->role != OVERVIEW_PRIMARY;
}

static bool
timeline(const struct overview_node *node, double *ret_value)
{
    *ret_value = node->timeline;
    return node->timeline != 0;
}

static bool
behind_bytes(const struct overview_node *node, double *ret_value)
{
    return known_amount(&node->behind_bytes, 1, ret_value);
}

static bool
behind_seconds(const struct overview_node *node, double *ret_value)
{
    return known_amount(&node->behind_ms, 0.001, ret_value);
}

static bool
slot_retained(const struct overview_node *node, double *ret_value)
{
    return known_amount(&node->slot.held_bytes, 1, ret_value);
}

static bool
slot_safe(const struct overview_node *node, double *ret_value)
{
    return known_amount(&node->slot.safe_bytes, 1, ret_value);
}

static bool
slot_lost(const struct overview_node *node, double *ret_value)
{
    *ret_value = node->slot.status == SLOT_LOST ? 1 : 0;
    return node->slot.there == TRI_YES
           && node->slot.status != SLOT_STATUS_UNKNOWN;
}

static bool
rejoin_done(const struct overview_node *node, double *ret_value)
{
    uint32_t percent = 0;
    bool told = percent_read(node->rejoin, &percent);

    *ret_value = percent / 100.0;
    return told;
}

/* --- families of a node -------------------------------------------------- */

/* Each role that there is, 1 for the one that it has. */
static void
add_roles(const struct overview *overview, struct text *text)
{
    metrics_add_family("pgward_role", GAUGE, "What a node is by the cluster, "
                       "1 for the role that it has.", text);
    for (size_t i = 0; i < overview->node_count; i++) {
        const struct overview_node *node = &overview->node[i];

        for (unsigned role = 0; overview_role_names[role] != NULL; role++) {
            add_pair("pgward_role", node->name, "role",
                     overview_role_names[role], role == node->role ? 1 : 0,
                     text);
        }
    }
}

static void
add_refusals(const struct overview *overview, struct text *text)
{
    metrics_add_family("pgward_takeover_refused_info", GAUGE, "The rule by "
                       "which a node may not lead.", text);
    for (size_t i = 0; i < overview->node_count; i++) {
        const struct overview_node *node = &overview->node[i];

        if (node->role != OVERVIEW_PRIMARY
            && lead_rule_why(node->takeover) != NULL) {
            add_pair("pgward_takeover_refused_info", node->name, "rule",
                     lead_rule_name(node->takeover), 1, text);
        }
    }
}

static void
add_positions(const struct overview *overview, struct text *text)
{
    metrics_add_family("pgward_wal_position_bytes", GAUGE, "How far a node's "
                       "WAL is.", text);
    for (size_t i = 0; i < overview->node_count; i++) {
        const struct overview_node *node = &overview->node[i];

        if (node->flushed != 0) {
            add_pair("pgward_wal_position_bytes", node->name, "kind",
                     "flushed", (double) node->flushed, text);
        }
        if (node->replayed != 0) {
            add_pair("pgward_wal_position_bytes", node->name, "kind",
                     "replayed", (double) node->replayed, text);
        }
    }
}

static void
add_rejoins(const struct overview *overview, struct text *text)
{
    metrics_add_family("pgward_rejoin_state", GAUGE, "How far a node's data "
                       "is that is brought back.", text);
    for (size_t i = 0; i < overview->node_count; i++) {
        const struct overview_node *node = &overview->node[i];
        char state[ATTR_VALUE_SIZE];
        size_t len = strcspn(node->rejoin, " ,");

        if (len > 0) {
            memcpy(state, node->rejoin, len);
            state[len] = '\0';
            add_pair("pgward_rejoin_state", node->name, "state", state, 1,
                     text);
        }
    }
}

static void
add_of_nodes(const struct overview *overview, struct text *text)
{
    add_roles(overview, text);
    add_nodes(overview, "pgward_takeover_eligible", "Could the node take over "
              "now?", eligible, text);
    add_refusals(overview, text);
    add_nodes(overview, "pgward_timeline", "The timeline of a node's WAL.",
              timeline, text);
    add_positions(overview, text);
    add_nodes(overview, "pgward_replication_lag_bytes", "WAL that a node has "
              "not flushed and the primary has.", behind_bytes, text);
    add_nodes(overview, "pgward_replication_lag_seconds", "How late a node "
              "replays.", behind_seconds, text);
    add_nodes(overview, "pgward_slot_retained_bytes", "WAL that the primary "
              "keeps in the slot of a node.", slot_retained, text);
    add_nodes(overview, "pgward_slot_safe_bytes", "WAL until the slot of a "
              "node is lost.", slot_safe, text);
    add_nodes(overview, "pgward_slot_lost", "Has the slot of a node lost "
              "WAL?", slot_lost, text);
    add_rejoins(overview, text);
    add_nodes(overview, "pgward_rejoin_progress_ratio", "How much is done of "
              "the step at which a node is that is brought back.", rejoin_done,
              text);
}

/* --- families of the cluster --------------------------------------------- */

static void
add_rpo(const struct overview *overview, struct text *text)
{
    if (overview->rpo != OVERVIEW_RPO_UNKNOWN) {
        add_one("pgward_rpo_proved", "Is it proved that no acknowledged commit "
                "is lost with the primary?",
                overview->rpo == OVERVIEW_RPO_NONE ? 1 : 0, text);
    }
    if (overview->rpo == OVERVIEW_RPO_BYTES
        || overview->rpo == OVERVIEW_RPO_NONE) {
        add_one("pgward_rpo_bytes", "WAL that would be lost with the primary.",
                overview->rpo == OVERVIEW_RPO_NONE
                ? 0 : (double) overview->rpo_bytes, text);
    }
}

static void
add_findings(const struct overview *overview, struct text *text)
{
    metrics_add_family("pgward_profile_findings", GAUGE, "What is not set up "
                       "as it should be.", text);
    for (unsigned level = 0; overview_level_names[level] != NULL; level++) {
        unsigned count = 0;

        for (size_t i = 0; i < overview->note_count; i++) {
            count += overview->note[i].kind == NOTE_PROFILE
                     && overview->note[i].level == level ? 1 : 0;
        }
        text_add(text, "pgward_profile_findings{");
        add_label("severity", overview_level_names[level], text);
        text_add(text, "} %u\n", count);
    }
}

static void
add_promotion(const struct overview *overview, struct text *text)
{
    uint32_t changed_s = overview->primary < overview->node_count
                         ? overview->node[overview->primary].changed_s : 0;

    if (changed_s != 0) {
        add_one("pgward_last_promotion_timestamp_seconds", "Since when the "
                "primary leads, by its own clock.", changed_s, text);
    }
}

void
metrics_add_overview(const struct overview *overview, struct text *text)
{
    add_of_nodes(overview, text);
    add_amount("pgward_sync_standbys", "Commits wait for so many standbys.",
               &overview->sync_standbys, text);
    add_one("pgward_sync_standbys_required", "And should wait for so many.",
            (double) overview->sync_required, text);
    add_rpo(overview, text);
    add_amount("pgward_spares", "Nodes that could take over now.",
               &overview->spares, text);
    add_promotion(overview, text);
    add_tri("pgward_quorate", "Has the cluster a quorum?",
            overview->have_quorum, text);
    add_tri("pgward_fencing_enabled", "Are nodes fenced?", overview->fencing,
            text);
    add_findings(overview, text);
}

/* --- a node's own record ------------------------------------------------- */

void
metrics_add_totals(const struct chronicle_totals *totals, const char *node,
                   struct text *text)
{
    if (!totals->known) {
        return;
    }
    metrics_add_family("pgward_promotions_total", COUNTER, "How often this "
                       "node became the primary, as far back as its record "
                       "went at the start.", text);
    text_add(text, "pgward_promotions_total{");
    add_label("node", node, text);
    text_add(text, "} %" PRIu64 "\n", totals->total[EVENT_PROMOTED]);
    metrics_add_family("pgward_rejoins_total", COUNTER, "How often this node "
                       "was brought back, or given up, as far back as its "
                       "record went at the start.", text);
    add_pair("pgward_rejoins_total", node, "result", "done",
             (double) totals->total[EVENT_REJOINED], text);
    add_pair("pgward_rejoins_total", node, "result", "given-up",
             (double) totals->total[EVENT_GIVEN_UP], text);
}

/* --- a router's ---------------------------------------------------------- */

static void
add_road_roles(const struct roads *roads, int64_t now_ms, struct text *text)
{
    static const char *const words[] = {
        [ROAD_UNKNOWN] = "unknown",
        [ROAD_PRIMARY] = "primary",
        [ROAD_STANDBY] = "standby",
    };

    metrics_add_family("pgward_role", GAUGE, "What a host is, 1 for the role "
                       "that it has.", text);
    for (size_t i = 0; i < roads->count; i++) {
        unsigned has = roads_role(roads, i, now_ms);

        for (unsigned role = 0; role < 3; role++) {
            add_pair("pgward_role", roads->host[i].name, "role", words[role],
                     role == has ? 1 : 0, text);
        }
    }
}

void
metrics_add_roads(const struct roads *roads, int64_t now_ms,
                  struct text *text)
{
    add_road_roles(roads, now_ms, text);
    metrics_add_family("pgward_timeline", GAUGE, "The timeline of a host's "
                       "WAL, as it last said.", text);
    for (size_t i = 0; i < roads->count; i++) {
        if (roads->host[i].timeline != 0) {
            text_add(text, "pgward_timeline{");
            add_label("node", roads->host[i].name, text);
            text_add(text, "} %" PRIu32 "\n", roads->host[i].timeline);
        }
    }
}
