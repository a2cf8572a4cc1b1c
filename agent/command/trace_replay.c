/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace, decided once more. */

#include "trace_replay.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "explain.h"
#include "explain_json.h"
#include "report.h"
#include "text.h"

#define SECTION_SIZE (128 * 1024)
#define ANSWER_SIZE (256 * 1024)
#define LINE_SIZE 2048

static const char snapshot_mark[] = "# --- snapshot\n";
static const char base_mark[] = "# base: ";
static const char plan_mark[] = "# --- plan\n";

/* A section of the file as it is being read. */
struct section {
    struct text text;
    char buf[SECTION_SIZE];
    bool there;
};

struct replay_file {
    const char *path;
    const struct changes *changes;
    json_t *json;                       /* NULL: it is printed */
    unsigned long line;                 /* that was read last */
    unsigned long first_line;           /* of the snapshot */
    unsigned long looks;
    unsigned long changed;
    struct section snapshot;
    struct section plan;
};

static void
section_begin(struct section *section)
{
    text_init(&section->text, section->buf, sizeof(section->buf));
    section->there = true;
}

static int
complain(const struct replay_file *file, unsigned long line, const char *what)
{
    report_log(LOG_ERR, "%s:%lu: %s", file->path, line, what);
    return -1;
}

int
trace_replay_change(const struct changes *changes, struct snapshot *snapshot)
{
    for (size_t i = 0; i < changes->count; i++) {
        const char *fact = changes->fact[i];
        size_t key = strcspn(fact, "=");
        char line[LINE_SIZE];
        struct text text;

        text_init(&text, line, sizeof(line));
        text_add(&text, "%.*s = %s\n", (int) key, fact,
                 fact[key] == '=' ? fact + key + 1 : "");
        if (text.overflow || fact[key] != '='
            || snapshot_load(line, snapshot) != 0) {
            report_log(LOG_ERR, "no such fact: '%s'. Take KEY and VALUE as a "
                       "line of the trace has them", fact);
            return -1;
        }
    }
    return 0;
}

static int
print_look(struct replay_file *file, const struct snapshot *snapshot,
           const char *recorded)
{
    static char buf[ANSWER_SIZE];
    struct text answer;

    text_init(&answer, buf, sizeof(buf));
    (void) printf("%s:%lu: ", file->path, file->first_line);
    file->changed += !explain_snapshot(snapshot, recorded, &answer);
    (void) fputs(buf, stdout);
    return 0;
}

static int
add_look(struct replay_file *file, const struct snapshot *snapshot,
         const char *recorded)
{
    bool same = true;
    json_t *told = explain_json_look(snapshot, recorded, &same);

    file->changed += !same;
    if (told == NULL
        || json_object_set_new(told, "file", json_string(file->path)) != 0
        || json_object_set_new(told, "line", json_integer(
                                   (json_int_t) file->first_line)) != 0) {
        json_decref(told);
        return complain(file, file->first_line, "could not be told as JSON");
    }
    return json_array_append_new(file->json, told);
}

/* Decide what has been read, if anything was. */
static int
explain_one(struct replay_file *file)
{
    static struct snapshot snapshot;
    const char *recorded = file->plan.there ? file->plan.buf : NULL;
    int wrong;

    if (!file->snapshot.there) {
        return 0;
    }
    if (file->snapshot.text.overflow || file->plan.text.overflow) {
        return complain(file, file->first_line, "this look is too long");
    }
    memset(&snapshot, 0, sizeof(snapshot));
    wrong = snapshot_load(file->snapshot.buf, &snapshot);
    if (wrong != 0) {
        return complain(file, file->first_line + (unsigned long) wrong - 1,
                        "not a line of a snapshot of this version");
    }
    if (trace_replay_change(file->changes, &snapshot) != 0) {
        return -1;
    }
    file->looks++;
    file->snapshot.there = false;
    file->plan.there = false;
    return file->json != NULL ? add_look(file, &snapshot, recorded)
                              : print_look(file, &snapshot, recorded);
}

static int
take_line(struct replay_file *file, const char *line)
{
    file->line++;
    if (strncmp(line, base_mark, strlen(base_mark)) == 0) {
        return complain(file, file->line, "a case that stands on another one "
                        "says too little by itself");
    }
    if (strcmp(line, snapshot_mark) == 0) {
        if (explain_one(file) != 0) {
            return -1;
        }
        section_begin(&file->snapshot);
        file->first_line = file->line + 1;
    } else if (strcmp(line, plan_mark) == 0) {
        section_begin(&file->plan);
    } else if (file->plan.there) {
        text_add(&file->plan.text, "%s", line);
    } else {
        if (!file->snapshot.there) {    /* a stored case begins without one */
            section_begin(&file->snapshot);
            file->first_line = file->line;
        }
        text_add(&file->snapshot.text, "%s", line);
    }
    return 0;
}

static int
replay(struct replay_file *file, FILE *stream)
{
    char *line = NULL;
    size_t size = 0;
    int rc = 0;

    while (rc == 0 && getline(&line, &size, stream) > 0) {
        rc = take_line(file, line);
    }
    free(line);
    if (rc == 0 && ferror(stream)) {
        return complain(file, file->line, strerror(errno));
    }
    return rc == 0 ? explain_one(file) : rc;
}

int
trace_replay_path(const char *path, const struct changes *changes,
                  json_t *ret_looks)
{
    static struct replay_file file;
    bool standard = strcmp(path, "-") == 0;
    FILE *stream = standard ? stdin : fopen(path, "re");
    int rc;

    if (stream == NULL) {
        report_log(LOG_ERR, "could not read '%s': %s", path, strerror(errno));
        return COMMAND_FAILED;
    }
    file.path = path;
    file.changes = changes;
    file.json = ret_looks;
    file.line = 0;
    file.looks = 0;
    file.changed = 0;
    file.snapshot.there = false;
    file.plan.there = false;
    rc = replay(&file, stream);
    if (!standard) {
        (void) fclose(stream);
    }
    if (rc != 0) {
        return COMMAND_FAILED;
    }
    if (file.looks == 0) {
        report_log(LOG_ERR, "there is no snapshot in '%s'", path);
        return COMMAND_FAILED;
    }
    return file.changed > 0 ? COMMAND_NO : COMMAND_OK;
}
