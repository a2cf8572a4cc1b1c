/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The status for programs. */

#include "status_json.h"

#include "lead_rule.h"
#include "names.h"
#include "overview_rpo.h"

static json_t *
tri_json(enum tri tri)
{
    return tri == TRI_UNKNOWN ? json_null() : json_boolean(tri == TRI_YES);
}

static json_t *
amount_json(struct amount amount)
{
    return amount.known ? json_integer((json_int_t) amount.value)
                        : json_null();
}

/* As PostgreSQL writes it. */
static json_t *
lsn_json(lsn value)
{
    char text[LSN_TEXT_SIZE];

    lsn_format_sql(value, text);
    return value != 0 ? json_string(text) : json_null();
}

/* "" is none. */
static json_t *
word_json(const char *word)
{
    return word != NULL && word[0] != '\0' ? json_string(word) : json_null();
}

static const char *
node_name(const struct overview *overview, size_t node)
{
    return node < overview->node_count ? overview->node[node].name : NULL;
}

static json_t *
slot_json(const struct overview_slot *slot)
{
    if (slot->there == TRI_UNKNOWN) {
        return json_null();
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o}",
                     "there", tri_json(slot->there),
                     "active", tri_json(slot->active),
                     "status", slot->status == SLOT_STATUS_UNKNOWN
                               ? json_null()
                               : json_string(names_name(names_slot,
                                                        slot->status)),
                     "held_bytes", amount_json(slot->held_bytes),
                     "safe_bytes", amount_json(slot->safe_bytes));
}

static json_t *
takeover_json(const struct overview_node *node)
{
    return json_pack("{s:b, s:s, s:o, s:b}",
                     "allowed", lead_rule_allows(node->takeover),
                     "rule", lead_rule_name(node->takeover),
                     "why_not", word_json(lead_rule_why(node->takeover)),
                     "spare", node->spare);
}

static json_t *
node_json(const struct overview_node *node)
{
    return json_pack("{s:s, s:b, s:b, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, "
                     "s:o, s:o, s:o, s:o, s:o}",
                     "name", node->name,
                     "self", node->self,
                     "in_node_list", node->listed,
                     "role", names_name(overview_role_names, node->role),
                     "state", names_name(overview_state_names, node->state),
                     "timeline", node->timeline != 0
                                 ? json_integer(node->timeline) : json_null(),
                     "flushed", lsn_json(node->flushed),
                     "replayed", lsn_json(node->replayed),
                     "behind_bytes", amount_json(node->behind_bytes),
                     "behind_ms", amount_json(node->behind_ms),
                     "sync", node->sync != SYNC_UNKNOWN
                             ? json_string(sync_state_name(node->sync))
                             : json_null(),
                     "takeover", takeover_json(node),
                     "slot", slot_json(&node->slot),
                     "connected_ms", amount_json(node->connected_ms),
                     "role_since", node->changed_s != 0
                                   ? json_integer(node->changed_s)
                                   : json_null(),
                     "rejoin", word_json(node->rejoin));
}

static json_t *
nodes_json(const struct overview *overview)
{
    json_t *nodes = json_array();

    for (size_t i = 0; i < overview->node_count; i++) {
        if (json_array_append_new(nodes, node_json(&overview->node[i]))
            != 0) {
            json_decref(nodes);
            return NULL;
        }
    }
    return nodes;
}

static json_t *
notes_json(const struct overview *overview)
{
    json_t *notes = json_array();

    for (size_t i = 0; i < overview->note_count; i++) {
        const struct overview_note *note = &overview->note[i];
        json_t *row = json_pack(
            "{s:s, s:s, s:o, s:o}",
            "level", names_name(overview_level_names, note->level),
            "about", names_name(overview_note_names, note->kind),
            "node", word_json(node_name(overview, note->node)),
            "text", json_string(note->text));

        if (json_array_append_new(notes, row) != 0) {
            json_decref(notes);
            return NULL;
        }
    }
    return notes;
}

static json_t *
rpo_json(const struct overview *overview)
{
    char buf[256];
    struct text words;

    text_init(&words, buf, sizeof(buf));
    overview_add_rpo(overview, &words);
    return json_pack("{s:s, s:o, s:o, s:s}",
                     "state", names_name(overview_rpo_names, overview->rpo),
                     "bytes", overview->rpo == OVERVIEW_RPO_BYTES
                              ? json_integer((json_int_t) overview->rpo_bytes)
                              : overview->rpo == OVERVIEW_RPO_NONE
                                ? json_integer(0) : json_null(),
                     "holders", overview->rpo == OVERVIEW_RPO_NONE
                                ? json_integer((json_int_t) overview->holders)
                                : json_null(),
                     "text", buf);
}

json_t *
status_json(const struct survey *survey)
{
    const struct overview *overview = &survey->overview;

    return json_pack(
        "{s:s, s:o, s:s, s:b, s:o, s:o, s:o, s:o, s:s, s:s, s:o, s:o, s:o, "
        "s:o, s:i, s:o, s:o, s:o, s:o, s:i}",
        "resource", survey->here.resource,
        "clone", word_json(survey->here.clone),
        "seen_from", survey->here.self_name,
        "whole", survey->whole,
        "last_gap_ms", survey->last_gap_ms >= 0
                       ? json_integer(survey->last_gap_ms) : json_null(),
        "quorum", tri_json(overview->have_quorum),
        "fencing", tri_json(overview->fencing),
        "maintenance", tri_json(overview->maintenance),
        "mode", rep_mode_words[overview->mode],
        "sync_mode", overview->quorum_mode ? "quorum" : "priority",
        "primary", word_json(node_name(overview, overview->primary)),
        "primary_confirmed", tri_json(overview->confirmed),
        "rpo", rpo_json(overview),
        "sync_standbys", amount_json(overview->sync_standbys),
        "sync_required", (int) overview->sync_required,
        "spares", amount_json(overview->spares),
        "addresses", json_pack("{s:o, s:o}",
                               "replication",
                               word_json(survey->here.master_ip),
                               "clients",
                               word_json(survey->here.client_address)),
        "nodes", nodes_json(overview),
        "notes", notes_json(overview),
        "notes_left_out", (int) overview->notes_left_out);
}
