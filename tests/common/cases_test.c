/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stored cases: a snapshot and the plan that has to come of it.
 *
 * tests/cases/ACTION/NAME.snapshot is what snapshot_dump() writes, a trace of
 * a user's cluster for instance. Its first line may be `# base: OTHER`: then
 * OTHER.snapshot, of whatever action, is loaded first and the lines that
 * follow change it. Every
 * NAME.snapshot that has a NAME.plan is a test; the others are bases.
 * NAME.1, NAME.2, ... are the cycles of one action.
 *
 * PGWARD_UPDATE_CASES=1 writes the .plan of every case that is not a base
 * (its name says what it does, or it has a plan already). Read each one: does
 * it keep the promises P1 to P8?
 *
 * Each is decided a second time, with long names and paths: what Pacemaker
 * shows of a reason has to tell what to do and why with those too.
 */

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "decide.h"
#include "reason_rules.h"
#include "snapshot.h"

#define FILE_SIZE (64 * 1024)
#define NAMES_MAX 2000
#define BASES_MAX 12
#define BASE_PREFIX "# base: "

/* Of words that are the server's or libpq's own, this many are enough. */
#define WORDS_SHOWN 60

#define NAME_SIZE 256
#define ACTIONS_MAX 20

static char folder[1024];
static char action_folders[ACTIONS_MAX][NAME_SIZE];
static size_t action_count;
static unsigned failures;

static int
compose(const char *action, const char *name, const char *suffix,
        char *ret_path, size_t size)
{
    struct text text;

    text_init(&text, ret_path, size);
    text_add(&text, "%s/%s/%s%s", folder, action, name, suffix);
    return text.overflow ? -1 : 0;
}

/* Where a name's snapshot is: a name is one of all actions' only once. */
static int
path_of(const char *name, const char *suffix, char *ret_path, size_t size)
{
    for (size_t i = 0; i < action_count; i++) {
        if (compose(action_folders[i], name, ".snapshot", ret_path, size) == 0
            && access(ret_path, R_OK) == 0) {
            return compose(action_folders[i], name, suffix, ret_path, size);
        }
    }
    return -1;
}

/* 0, or -1: not there or too long. */
static int
read_file(const char *name, const char *suffix, char *ret_content)
{
    char path[2048];
    FILE *file;
    size_t len;

    if (path_of(name, suffix, path, sizeof(path)) != 0) {
        return -1;
    }
    file = fopen(path, "re");
    if (file == NULL) {
        return -1;
    }
    len = fread(ret_content, 1, FILE_SIZE - 1, file);
    ret_content[len] = '\0';
    (void) fclose(file);
    return len == FILE_SIZE - 1 ? -1 : 0;
}

static int
write_file(const char *name, const char *suffix, const char *content)
{
    char path[2048];
    FILE *file;

    if (path_of(name, suffix, path, sizeof(path)) != 0) {
        return -1;
    }
    file = fopen(path, "we");
    if (file == NULL) {
        return -1;
    }
    (void) fputs(content, file);
    return fclose(file);
}

/* Load a case upon its bases; says what is wrong as a TAP comment. */
static int
load_case(const char *name, int depth, struct snapshot *snapshot)
{
    char content[FILE_SIZE];
    char base[256];
    size_t len;
    int line;

    if (depth > BASES_MAX || read_file(name, ".snapshot", content) != 0) {
        printf("# could not read '%s.snapshot'\n", name);
        return -1;
    }
    if (strncmp(content, BASE_PREFIX, strlen(BASE_PREFIX)) == 0) {
        len = strcspn(content + strlen(BASE_PREFIX), "\n");
        if (len >= sizeof(base)) {
            return -1;
        }
        memcpy(base, content + strlen(BASE_PREFIX), len);
        base[len] = '\0';
        if (load_case(base, depth + 1, snapshot) != 0) {
            return -1;
        }
    }
    line = snapshot_load(content, snapshot);
    if (line != 0) {
        printf("# %s.snapshot: line %d is wrong\n", name, line);
        return -1;
    }
    return 0;
}

/* The length of the line at `text`, its newline included. */
static size_t
line_len(const char *text)
{
    size_t len = strcspn(text, "\n");

    return text[len] == '\n' ? len + 1 : len;
}

static bool
has_line(const char *text, const char *line, size_t len)
{
    while (*text != '\0') {
        size_t this_len = line_len(text);

        if (this_len == len && memcmp(text, line, len) == 0) {
            return true;
        }
        text += this_len;
    }
    return false;
}

static void
show_lines(const char *text, const char *other, char mark)
{
    while (*text != '\0') {
        size_t len = line_len(text);

        printf("# %c %.*s", has_line(other, text, len) ? ' ' : mark,
               (int) len, text);
        text += len;
    }
}

static void
show_difference(const char *expected, const char *plan)
{
    printf("# expected, `-` is missing in the plan:\n");
    show_lines(expected, plan, '-');
    printf("# the plan, `+` was not expected:\n");
    show_lines(plan, expected, '+');
}

static void
lengthen(struct snapshot *snapshot)
{
    static const char path[] =
        "/var/lib/postgresql/clusters/production/15/main_data";
    static const char domain[] = ".department-7.of-the-company.example.com";
    struct text text;

    (void) text_copy(path, snapshot->pgdata, sizeof(snapshot->pgdata));
    (void) text_copy(path, snapshot->tmpdir, sizeof(snapshot->tmpdir));
    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        char *name = snapshot->node[i].name;

        text_init(&text, name + strlen(name), NODE_NAME_SIZE - strlen(name));
        text_add(&text, "%s", domain);
    }
}

/* Do the first of somebody else's words stand in what is shown? */
static bool
shows_words(const char *reason, const char *words)
{
    const char *at = words[0] != '\0' ? strstr(reason, words) : NULL;

    return at != NULL && at - reason <= REASON_SHOWN - WORDS_SHOWN;
}

static bool
tells_enough(const struct snapshot *snapshot, enum ocf_code code,
             const char *reason)
{
    char shown[REASON_TEXT_SIZE];
    const char *fault;

    if (reason[0] == '\0' || code == OCF_SUCCESS
        || strcmp(reason, snapshot->settings.problem_text) == 0) {
        return true;
    }
    fault = reason_fault(reason, shown);
    if (fault == NULL || shows_words(reason, snapshot->failure)
        || shows_words(reason, snapshot->process.unseen)
        || shows_words(reason, snapshot->disk.unwritable)
        || shows_words(reason, snapshot->log_tail)
        || shows_words(reason, snapshot->server.text)) {
        return true;
    }
    printf("# %s: %s\n", fault, reason);
    return false;
}

static bool
has_good_words(struct snapshot *snapshot, struct plan *plan)
{
    lengthen(snapshot);
    decide(snapshot, plan);
    return tells_enough(snapshot, plan->code, plan->reason)
           && tells_enough(snapshot, plan->fallback_code,
                           plan->fallback_reason);
}

static void
test_case(unsigned number, const char *name, bool update)
{
    static struct snapshot snapshot;
    static struct plan plan;
    char expected[FILE_SIZE];
    char dump[FILE_SIZE];
    struct text text;
    bool ok = false;

    memset(&snapshot, 0, sizeof(snapshot));
    text_init(&text, dump, sizeof(dump));
    if (load_case(name, 0, &snapshot) == 0) {
        decide(&snapshot, &plan);
        plan_dump(&plan, &text);
        if (update && write_file(name, ".plan", dump) != 0) {
            printf("# could not write '%s.plan'\n", name);
        }
        if (read_file(name, ".plan", expected) == 0) {
            ok = strcmp(expected, dump) == 0;
            if (!ok) {
                show_difference(expected, dump);
            }
        } else {
            printf("# could not read '%s.plan'\n", name);
        }
        ok = has_good_words(&snapshot, &plan) && ok;
    }
    failures += !ok;
    printf("%s %u - %s\n", ok ? "ok" : "not ok", number, name);
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* A base's name has one hyphen at most; a behaviour takes more words. */
static bool
is_base(const char *name)
{
    const char *hyphen = strchr(name, '-');

    return hyphen == NULL || strchr(hyphen + 1, '-') == NULL;
}

static bool
is_case(const char *name, bool update)
{
    char content[FILE_SIZE];

    return read_file(name, ".plan", content) == 0
           || (update && !is_base(name));
}

/* The names in a folder that end so, without their ends; returns how many. */
static size_t
list_names(const char *path, const char *suffix, char names[][NAME_SIZE],
           size_t max)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    size_t count = 0;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name);
        size_t end = strlen(suffix);

        if (entry->d_name[0] != '.' && len > end && count < max
            && strcmp(entry->d_name + len - end, suffix) == 0) {
            memset(names[count], 0, NAME_SIZE);
            memcpy(names[count++], entry->d_name, len - end);
        }
    }
    if (dir != NULL) {
        (void) closedir(dir);
    }
    return count;
}

static size_t
find_cases(char names[][NAME_SIZE], bool update)
{
    char path[2048];
    size_t total = 0;
    size_t count = 0;

    for (size_t i = 0; i < action_count; i++) {
        if (compose(action_folders[i], "", "", path, sizeof(path)) == 0) {
            total += list_names(path, ".snapshot", names + total,
                                NAMES_MAX - total);
        }
    }
    if (total == NAMES_MAX) {
        printf("Bail out! there are more cases than fit: raise NAMES_MAX\n");
        return 0;
    }
    qsort(names, total, NAME_SIZE, compare_names);
    for (size_t i = 0; i < total; i++) {
        if (i > 0 && strcmp(names[i], names[i - 1]) == 0) {
            printf("Bail out! two cases are called '%s'\n", names[i]);
            return 0;
        }
    }
    for (size_t i = 0; i < total; i++) {
        if (is_case(names[i], update)) {
            memmove(names[count++], names[i], NAME_SIZE);
        }
    }
    return count;
}

int
main(int argc, char **argv)
{
    static char names[NAMES_MAX][NAME_SIZE];
    const char *srcdir = getenv("srcdir");
    bool update = getenv("PGWARD_UPDATE_CASES") != NULL;
    struct text text;
    size_t count;

    text_init(&text, folder, sizeof(folder));
    text_add(&text, "%s/tests/cases", srcdir != NULL ? srcdir : ".");
    action_count = list_names(folder, "", action_folders, ACTIONS_MAX);
    if (argc > 1) {
        test_case(1, argv[1], update);
        return failures > 0;
    }
    count = find_cases(names, update);
    printf("1..%zu\n", count);
    for (size_t i = 0; i < count; i++) {
        test_case((unsigned) i + 1, names[i], update);
    }
    if (count == 0) {
        printf("Bail out! no cases in '%s'\n", folder);
    }
    return failures > 0 || count == 0;
}
