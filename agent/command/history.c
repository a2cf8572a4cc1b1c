/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pgward history`: what happened to the cluster, as this node saw it. */

#include <inttypes.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chronicle_read.h"
#include "command.h"
#include "common_options.h"
#include "json.h"
#include "looking.h"
#include "report.h"

#define TIMEOUT_MS 5000u
#define TIME_SIZE 40
#define GAP_SIZE 32
#define FORMAT_VERSION 1

static int
usage(FILE *where)
{
    (void) fputs("usage: pgward history [OPTION]...\n"
                 "\n"
                 "Tells what happened to the cluster as this node saw it, the "
                 "oldest first: what its\n"
                 "agent did and was told, and the timelines in pg_wal. What "
                 "other nodes did they tell.\n"
                 "Where the cluster is down name the resource: the timelines "
                 "are not known then.\n"
                 "\n" COMMON_OPTION_HELP "\n"
                 "\n"
                 "Exit code: 0; 2 usage; 3 not all of it could be read.\n",
                 where);
    return where == stdout ? COMMAND_OK : COMMAND_USAGE;
}

/* In this machine's time for a person, else in UTC. */
static const char *
time_words(int64_t time_ms, bool person, char ret_words[TIME_SIZE])
{
    time_t seconds = (time_t) (time_ms / 1000);
    struct tm parts;
    struct text text;
    size_t len;

    memset(&parts, 0, sizeof(parts));
    (void) (person ? localtime_r(&seconds, &parts)
                   : gmtime_r(&seconds, &parts));
    len = strftime(ret_words, TIME_SIZE, person ? "%Y-%m-%d %H:%M:%S"
                                                : "%Y-%m-%dT%H:%M:%S", &parts);
    text_init(&text, ret_words + len, TIME_SIZE - len);
    text_add(&text, ".%03d%s", (int) (time_ms % 1000), person ? "" : "Z");
    return ret_words;
}

/* --- a table -------------------------------------------------------------- */

static const struct column {
    const char *title;
    int flags;
} columns[] = {
    { "TIME", 0 }, { "EVENT", 0 }, { "NODE", 0 },
    { "TL", SCOLS_FL_RIGHT }, { "POSITION", 0 },
    { "GAP", SCOLS_FL_RIGHT }, { "RULE", 0 }, { "FROM", 0 },
    { "WHY", SCOLS_FL_WRAP },
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static int
add_line(const struct chronicle_row *row, struct libscols_table *table)
{
    struct libscols_line *line = scols_table_new_line(table, NULL);
    const struct event *event = &row->event;
    char when[TIME_SIZE];
    char timeline[16] = "";
    char position[LSN_TEXT_SIZE] = "";
    char gap[GAP_SIZE] = "";
    const char *cells[COLUMNS] = {
        time_words(event->time_ms, true, when), event_name(event->kind),
        event->node, timeline, position, gap, event->rule, row->source,
        event->reason,
    };

    if (wal_position_is_known(event->position)) {
        (void) snprintf(timeline, sizeof(timeline), "%" PRIu32,
                        event->position.timeline);
        lsn_format_sql(event->position.lsn, position);
    }
    if (row->gap_ms >= 0) {
        (void) snprintf(gap, sizeof(gap), "%" PRId64 ".%03d s",
                        row->gap_ms / 1000, (int) (row->gap_ms % 1000));
    }
    for (size_t i = 0; i < COLUMNS; i++) {
        if (line == NULL || scols_line_set_data(line, i, cells[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

static int
fill_table(const struct chronicle *chronicle, struct libscols_table *table)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        if (scols_table_new_column(table, columns[i].title, 0,
                                   columns[i].flags) == NULL) {
            return -1;
        }
    }
    for (size_t i = 0; i < chronicle->count; i++) {
        if (add_line(&chronicle->row[i], table) != 0) {
            return -1;
        }
    }
    return 0;
}

static int
print_table(const struct look *seen, const struct chronicle *chronicle)
{
    struct libscols_table *table = scols_new_table();
    int rc = -1;

    (void) printf("%s%s%s, as this node saw it:\n", seen->resource,
                  seen->self_name[0] != '\0' ? " on " : "", seen->self_name);
    if (chronicle->count == 0) {
        (void) puts("  nothing has been recorded");
    }
    if (table != NULL && fill_table(chronicle, table) == 0
        && scols_print_table(table) == 0 && fflush(stdout) == 0) {
        rc = 0;
    } else {
        report_log(LOG_ERR, "could not write the table");
    }
    scols_unref_table(table);
    return rc;
}

/* --- JSON ----------------------------------------------------------------- */

/* Members that are not known are left out. */
static json_t *
json_of(const struct chronicle_row *row)
{
    const struct event *event = &row->event;
    char position[LSN_TEXT_SIZE];
    char when[TIME_SIZE];
    json_t *object = json_pack(
        "{s:s, s:I, s:s, s:s}", "time", time_words(event->time_ms, false, when),
        "time_ms", (json_int_t) event->time_ms, "event",
        event_name(event->kind), "from", row->source);
    int rc = object == NULL;

    if (event->node[0] != '\0') {
        rc |= json_object_set_new(object, "node", json_string(event->node));
    }
    if (wal_position_is_known(event->position)) {
        lsn_format_sql(event->position.lsn, position);
        rc |= json_object_set_new(
            object, "timeline", json_integer(event->position.timeline));
        rc |= json_object_set_new(object, "lsn", json_string(position));
    }
    if (row->gap_ms >= 0) {
        rc |= json_object_set_new(object, "gap_ms", json_integer(row->gap_ms));
    }
    if (event->rule[0] != '\0') {
        rc |= json_object_set_new(object, "rule", json_string(event->rule));
    }
    if (event->reason[0] != '\0') {
        rc |= json_object_set_new(object, "why", json_string(event->reason));
    }
    if (rc != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static int
print_json(const struct look *seen, const struct chronicle *chronicle)
{
    json_t *events = json_array();
    int rc = events == NULL;

    for (size_t i = 0; rc == 0 && i < chronicle->count; i++) {
        rc = json_array_append_new(events, json_of(&chronicle->row[i]));
    }
    if (rc != 0) {
        json_decref(events);
        events = NULL;
    }
    /* without the events it is none, which json_print() says */
    return json_print("history", FORMAT_VERSION,
                      json_pack("{s:s, s:s, s:b, s:o}", "resource",
                                seen->resource, "seen_by", seen->self_name,
                                "complete", chronicle->whole, "events",
                                events));
}

/* --- the verb ------------------------------------------------------------- */

/* Without a cluster to be asked the resource that was named has its record. */
static int
find_resource(const struct common_options *common, struct look *ret_seen,
              bool *ret_found)
{
    const struct look_request request = {
        .resource = common->resource,
        .limit_ms = common->timeout_ms,
    };
    bool whole;

    *ret_found = looking_look(&request, ret_seen, &whole) == 0;
    if (*ret_found) {
        return 0;
    }
    memset(ret_seen, 0, sizeof(*ret_seen));
    if (common->resource == NULL || strchr(common->resource, '/') != NULL) {
        return -1;
    }
    return text_copy(common->resource, ret_seen->resource,
                     sizeof(ret_seen->resource));
}

static int
tell(const struct common_options *common)
{
    static struct look seen;
    struct chronicle chronicle;
    bool found;
    int rc;

    if (find_resource(common, &seen, &found) != 0) {
        return COMMAND_FAILED;
    }
    chronicle_read(seen.resource, found ? seen.snapshot.pgdata : NULL,
                   &chronicle);
    chronicle.whole = chronicle.whole && found;
    rc = common->output == OUTPUT_JSON ? print_json(&seen, &chronicle)
                                       : print_table(&seen, &chronicle);
    free(chronicle.row);
    return rc == 0 && chronicle.whole ? COMMAND_OK : COMMAND_FAILED;
}

int
verb_history(int argc, char **argv)
{
    static const struct option options[] = {
        COMMON_OPTION_ROWS,
        { NULL, 0, NULL, 0 },
    };
    struct common_options common = { .timeout_ms = TIMEOUT_MS };
    int option;

    while ((option = getopt_long(argc, argv, COMMON_OPTION_LETTERS, options,
                                 NULL)) != -1) {
        if (option == 'h') {
            return usage(stdout);
        }
        if (common_option_take(option, optarg, &common) != 0) {
            return usage(stderr);
        }
    }
    return optind < argc ? usage(stderr) : tell(&common);
}
