/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happened, out of the files that this node has. */

#include "chronicle_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "files.h"
#include "flight.h"
#include "looking.h"
#include "paths.h"
#include "report.h"
#include "timelines.h"

/* A line more than the limit may be in it. */
#define EVENTS_SIZE (FLIGHT_EVENTS_MAX + EVENT_LINE_SIZE)

#define TIMELINES_MAX 512

static int
add(const struct event *event, const char *source,
    struct chronicle *chronicle)
{
    const size_t step = 256;
    struct chronicle_row *row = chronicle->row;

    if (chronicle->count % step == 0) {
        row = reallocarray(row, chronicle->count + step, sizeof(*row));
    }
    if (row == NULL) {
        report_log(LOG_ERR, "could not read more events: %s", strerror(errno));
        chronicle->whole = false;
        return -1;
    }
    chronicle->row = row;
    row[chronicle->count].event = *event;
    row[chronicle->count].source = source;
    chronicle->count++;
    return 0;
}

static void
say_unread(const char *path, const char *why, struct chronicle *chronicle)
{
    char words[PATH_SIZE + 256];
    struct text text;

    text_init(&text, words, sizeof(words));
    text_add(&text, "could not read '%s': %s", path, why);
    looking_say_missing(words);
    chronicle->whole = false;
}

/* A file that is not there has nothing to tell. */
static void
read_events(const char *folder, const char *name, struct chronicle *chronicle)
{
    CLEANUP(free_text) char *file = malloc(EVENTS_SIZE);
    char path[PATH_SIZE];
    const char *at = file;
    struct event event;
    size_t bad = 0;
    size_t left;
    int rc;

    if (file == NULL || path_join(folder, name, path) != 0
        || files_read(path, file, EVENTS_SIZE, &left) != 0) {
        if (errno != ENOENT) {
            say_unread(name, strerror(errno), chronicle);
        }
        return;
    }
    while ((rc = event_next(&at, &left, &event)) != 0) {
        if (rc < 0) {
            bad++;
        } else if (add(&event, "events", chronicle) != 0) {
            return;
        }
    }
    if (bad > 0) {
        report_log(LOG_WARNING, "passed over what is no line of an event in "
                   "'%s': %zu. A crash may have torn one off", path, bad);
    }
}

static void
read_timelines(const char *pgdata, struct chronicle *chronicle)
{
    static struct timeline timelines[TIMELINES_MAX];
    size_t count;
    size_t unread;

    if (timelines_read(pgdata, timelines, TIMELINES_MAX, &count, &unread)
        != 0) {
        say_unread(pgdata, strerror(errno), chronicle);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct event event = chronicle_timeline(
            timelines[i].number, timelines[i].left, timelines[i].time_ms);

        if (add(&event, "pg_wal", chronicle) != 0) {
            return;
        }
    }
    if (unread > 0) {
        report_log(LOG_WARNING, "%zu history files in pg_wal of '%s' are "
                   "garbled, could not be read, or are too many", unread,
                   pgdata);
    }
}

void
chronicle_read(const char *resource, const char *pgdata,
               struct chronicle *ret_chronicle)
{
    char folder[PATH_SIZE];

    ret_chronicle->row = NULL;
    ret_chronicle->count = 0;
    ret_chronicle->whole = true;
    if (flight_folder(resource, folder) != 0) {
        say_unread(resource, strerror(errno), ret_chronicle);
    } else {
        read_events(folder, FLIGHT_EVENTS ".old", ret_chronicle);
        read_events(folder, FLIGHT_EVENTS, ret_chronicle);
    }
    if (pgdata != NULL) {
        read_timelines(pgdata, ret_chronicle);
    }
    chronicle_arrange(ret_chronicle->row, ret_chronicle->count);
}
