/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The status for people: a few lines, a table, and what is not normal. */

#include "status_text.h"

#include <time.h>

#include <libsmartcols.h>

#include "cleanup.h"
#include "lead_rule.h"
#include "names.h"
#include "overview_rpo.h"

#define CELL_SIZE 160
#define NOTHING "-"

#define RED "\033[31m"
#define YELLOW "\033[33m"
#define GREEN "\033[32m"
#define PLAIN "\033[0m"

enum column {
    COL_NODE = 0, COL_ROLE, COL_STATE, COL_TIMELINE, COL_FLUSHED, COL_BEHIND,
    COL_SYNC, COL_TAKEOVER, COL_SLOT, COL_SINCE, COLUMNS
};

static const struct {
    const char *name;
    int flags;
} columns[COLUMNS] = {
    { "NODE", 0 }, { "ROLE", 0 }, { "STATE", 0 }, { "TL", SCOLS_FL_RIGHT },
    { "FLUSHED", SCOLS_FL_RIGHT }, { "BEHIND", SCOLS_FL_RIGHT },
    { "SYNC", 0 }, { "TAKEOVER", 0 }, { "SLOT", 0 },
    { "SINCE", SCOLS_FL_RIGHT },
};

static void
unref_table(struct libscols_table **table)
{
    scols_unref_table(*table);
}

/* --- cells ---------------------------------------------------------------- */

static void
add_duration(uint64_t ms, struct text *text)
{
    unsigned long long s = ms / 1000;

    if (s < 60) {
        text_add(text, "%llus", s);
    } else if (s < 3600) {
        text_add(text, "%llum %llus", s / 60, s % 60);
    } else if (s < 86400) {
        text_add(text, "%lluh %llum", s / 3600, s % 3600 / 60);
    } else {
        text_add(text, "%llud %lluh", s / 86400, s % 86400 / 3600);
    }
}

static void
add_behind(const struct overview_node *node, struct text *text)
{
    if (node->behind_bytes.known) {
        overview_add_bytes(node->behind_bytes.value, text);
    }
    if (node->behind_ms.known) {
        text_add(text, "%s%llu.%u s", text->len > 0 ? ", " : "",
                 (unsigned long long) (node->behind_ms.value / 1000),
                 (unsigned) (node->behind_ms.value % 1000 / 100));
    }
}

/* What it keeps, and how much more it may. */
static void
add_slot(const struct overview_slot *slot, struct text *text)
{
    if (slot->there == TRI_NO) {
        text_add(text, "none");
    } else if (slot->status == SLOT_LOST) {
        text_add(text, "lost");
    } else if (slot->held_bytes.known) {
        overview_add_bytes(slot->held_bytes.value, text);
        text_add(text, "/");
        if (slot->safe_bytes.known) {
            overview_add_bytes(slot->safe_bytes.value, text);
        } else {
            text_add(text, "no limit");
        }
    }
}

/* A node's clock may be ahead of this one's. */
static void
add_since(const struct overview_node *node, struct text *text)
{
    int64_t now_s = (int64_t) time(NULL);

    if (node->connected_ms.known) {
        add_duration(node->connected_ms.value, text);
    } else if (node->changed_s != 0 && now_s >= (int64_t) node->changed_s) {
        add_duration((uint64_t) (now_s - (int64_t) node->changed_s) * 1000,
                     text);
    }
}

static void
add_takeover(const struct overview *overview, size_t node, struct text *text)
{
    enum lead_rule rule = overview->node[node].takeover;

    if (rep_mode_is_replication(overview->mode)
        && node != overview->primary) {
        text_add(text, "%s", lead_rule_allows(rule) ? "yes"
                                                    : lead_rule_name(rule));
    }
}

static void
add_cell(const struct overview *overview, size_t index, enum column column,
         struct text *text)
{
    const struct overview_node *node = &overview->node[index];
    char position[LSN_TEXT_SIZE];

    switch (column) {
        case COL_NODE:
            text_add(text, "%s%s", node->name, node->self ? "*" : "");
            break;
        case COL_ROLE:
            text_add(text, "%s", names_name(overview_role_names, node->role));
            break;
        case COL_STATE:
            text_add(text, "%s", names_name(overview_state_names,
                                            node->state));
            break;
        case COL_TIMELINE:
            if (node->timeline != 0) {
                text_add(text, "%u", node->timeline);
            }
            break;
        case COL_FLUSHED:
            lsn_format_sql(node->flushed, position);
            text_add(text, "%s", node->flushed != 0 ? position : "");
            break;
        case COL_BEHIND:
            add_behind(node, text);
            break;
        case COL_SYNC:
            text_add(text, "%s", node->sync != SYNC_UNKNOWN
                                 ? sync_state_name(node->sync) : "");
            break;
        case COL_TAKEOVER:
            add_takeover(overview, index, text);
            break;
        case COL_SLOT:
            add_slot(&node->slot, text);
            break;
        case COL_SINCE:
            add_since(node, text);
            break;
        case COLUMNS:
            break;
    }
}

static const char *
colour_of(const struct overview_node *node)
{
    switch (node->state) {
        case OVERVIEW_RUNNING:
            return GREEN;
        case OVERVIEW_ALONE:
        case OVERVIEW_STATE_STOPPED:
        case OVERVIEW_DOWN:
        case OVERVIEW_LOST:
        case OVERVIEW_STATE_UNKNOWN:
            return RED;
        case OVERVIEW_CATCHUP:
        case OVERVIEW_CONNECTED:
        case OVERVIEW_REJOINING:
        case OVERVIEW_CHANGING:
            return YELLOW;
        case OVERVIEW_STREAMING:
            break;
    }
    return NULL;
}

/* --- the table ------------------------------------------------------------ */

static int
add_row(struct libscols_table *table, const struct overview *overview,
        size_t node)
{
    struct libscols_line *line = scols_table_new_line(table, NULL);
    const char *colour = colour_of(&overview->node[node]);

    for (unsigned i = 0; line != NULL && i < COLUMNS; i++) {
        char buf[CELL_SIZE];
        struct text text;

        text_init(&text, buf, sizeof(buf));
        add_cell(overview, node, (enum column) i, &text);
        if (scols_line_set_data(line, i, text.len > 0 ? buf : NOTHING) != 0) {
            return -1;
        }
    }
    return line != NULL
           && (colour == NULL
               || scols_cell_set_color(scols_line_get_cell(line, COL_STATE),
                                       colour) == 0) ? 0 : -1;
}

static int
write_table(const struct overview *overview, bool colour, FILE *out)
{
    CLEANUP(unref_table) struct libscols_table *table = scols_new_table();

    if (table == NULL || scols_table_set_stream(table, out) != 0
        || scols_table_enable_colors(table, colour) != 0
        /* a wide line is wrapped by the terminal, and never cut */
        || scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER) != 0) {
        return -1;
    }
    for (unsigned i = 0; i < COLUMNS; i++) {
        if (scols_table_new_column(table, columns[i].name, 0,
                                   columns[i].flags) == NULL) {
            return -1;
        }
    }
    for (size_t i = 0; i < overview->node_count; i++) {
        if (add_row(table, overview, i) != 0) {
            return -1;
        }
    }
    return scols_print_table(table) == 0 ? 0 : -1;
}

/* --- above and below it --------------------------------------------------- */

static const char *
tri_word(enum tri tri)
{
    return names_name(names_tri, tri);
}

static void
write_commits(const struct overview *overview, FILE *out)
{
    (void) fprintf(out, "Commits:   ");
    if (overview->sync_standbys.known && overview->sync_standbys.value == 0
        && overview->sync_required == 0) {
        (void) fprintf(out, "wait for no standby");
    } else if (overview->sync_standbys.known) {
        (void) fprintf(out, "wait for %llu of %zu standbys",
                       (unsigned long long) overview->sync_standbys.value,
                       overview->sync_required);
    } else {
        (void) fprintf(out, "not known how many standbys they wait for (of "
                       "%zu)", overview->sync_required);
    }
    if (overview->spares.known) {
        (void) fprintf(out, "; %llu could take over",
                       (unsigned long long) overview->spares.value);
    }
    (void) fputc('\n', out);
}

/* In this machine's time zone, as the system's log has it. */
static void
write_last_move(const struct survey *survey, FILE *out)
{
    const struct overview *overview = &survey->overview;
    const struct overview_node *primary = &overview->node[overview->primary];
    time_t when = (time_t) primary->changed_s;
    char buf[32];
    struct tm local;

    if (when == 0 || localtime_r(&when, &local) == NULL
        || strftime(buf, sizeof(buf), "%Y-%m-%d %H:%M:%S", &local) == 0) {
        return;
    }
    (void) fprintf(out, "Last move: %s leads since %s", primary->name, buf);
    if (primary->timeline != 0) {
        (void) fprintf(out, ", on timeline %u", primary->timeline);
    }
    if (survey->last_gap_ms >= 0) {
        (void) fprintf(out, ", after %.2f s without a primary",
                       (double) survey->last_gap_ms / 1000);
    }
    (void) fputc('\n', out);
}

static void
write_head(const struct survey *survey, FILE *out)
{
    const struct overview *overview = &survey->overview;
    const struct look *here = &survey->here;
    char buf[256];
    struct text words;

    (void) fprintf(out, "Resource:  %s%s%s%s, seen from %s\n", here->resource,
                   here->clone[0] != '\0' ? " (" : "", here->clone,
                   here->clone[0] != '\0' ? ")" : "", here->self_name);
    (void) fprintf(out, "Cluster:   quorum %s, fencing %s, maintenance %s, "
                   "mode %s%s\n", tri_word(overview->have_quorum),
                   tri_word(overview->fencing),
                   tri_word(overview->maintenance),
                   rep_mode_words[overview->mode],
                   overview->quorum_mode ? " (quorum)" : "");
    if (!rep_mode_is_replication(overview->mode)) {
        return;
    }
    text_init(&words, buf, sizeof(buf));
    overview_add_rpo(overview, &words);
    (void) fprintf(out, "Loss:      %s\n", buf);
    write_commits(overview, out);
    (void) fprintf(out, "Addresses: standbys follow %s%s%s\n",
                   here->master_ip,
                   here->client_address[0] != '\0' ? ", clients use " : "",
                   here->client_address);
    if (overview->primary != NODES_MAX) {
        write_last_move(survey, out);
    }
}

static void
write_notes(const struct overview *overview, bool colour, FILE *out)
{
    static const char *const colours[] = {
        [OVERVIEW_INFO] = "", [OVERVIEW_WARNING] = YELLOW,
        [OVERVIEW_ERROR] = RED,
    };

    if (overview->note_count > 0) {
        (void) fputc('\n', out);
    }
    for (size_t i = 0; i < overview->note_count; i++) {
        const struct overview_note *note = &overview->note[i];

        (void) fprintf(out, "%s%s%s: %s\n", colour ? colours[note->level] : "",
                       names_name(overview_level_names, note->level),
                       colour && colours[note->level][0] != '\0' ? PLAIN : "",
                       note->text);
    }
    if (overview->notes_left_out > 0) {
        (void) fprintf(out, "... and %zu more\n", overview->notes_left_out);
    }
}

int
status_text(const struct survey *survey, bool colour, FILE *out)
{
    const struct overview *overview = &survey->overview;

    write_head(survey, out);
    if (overview->node_count > 0) {
        (void) fputc('\n', out);
        if (write_table(overview, colour, out) != 0) {
            return -1;
        }
    }
    write_notes(overview, colour, out);
    if (!survey->whole) {
        (void) fputs("Not all could be looked at: what was not is unknown "
                     "here.\n", out);
    }
    return ferror(out) ? -1 : 0;
}
