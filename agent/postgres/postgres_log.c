/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a start failed, in the server's own words. */

#include "postgres.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "files.h"
#include "line.h"
#include "postgres_tools.h"
#include "redact.h"

#define TAIL_SIZE 16384
#define LINE_SIZE 1024
#define LINES_MAX 4             /* a reason is read in one look */
#define ASK_MS 3000

/* The last lines of a kind, oldest first. */
struct last_lines {
    size_t count;
    char line[LINES_MAX][LINE_SIZE];
};

/* Add to `text` what a log's tail tells; returns of how many lines. */
typedef size_t (*add_fn)(const char *bytes, bool any, struct text *text);

static void
remember(struct last_lines *lines, const char *line)
{
    if (lines->count == LINES_MAX) {
        memmove(lines->line[0], lines->line[1],
                (LINES_MAX - 1) * sizeof(lines->line[0]));
        lines->count--;
    }
    memcpy(lines->line[lines->count], line, strlen(line) + 1);
    lines->count++;
}

/* What a client is told, or the WAL receiver, is not why no server starts. */
static bool
is_for_a_client(const char *line)
{
    static const char *const words[] = {
        "FATAL:  the database system is ", "FATAL:  sorry, too many clients",
        "FATAL:  remaining connection slots",
        "FATAL:  terminating connection", "FATAL:  terminating walreceiver",
        "FATAL:  could not connect to the primary server",
        "FATAL:  streaming replication receiver ",      /* so from 18 on */
        "FATAL:  could not receive data from WAL stream",
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strstr(line, words[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* What is wrong with a configuration comes as LOG, before a bare FATAL. */
static bool
is_telling(const char *line)
{
    static const char *const words[] = {
        "FATAL:", "PANIC:", "ERROR:", "LOG:  invalid value for",
        "LOG:  unrecognized configuration", "LOG:  syntax error in file",
        "LOG:  could not",
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strstr(line, words[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* It ends the server, and what follows comes of it. */
static bool
is_the_end(const char *line)
{
    return strstr(line, "FATAL:  ") != NULL || strstr(line, "PANIC:  ") != NULL;
}

/* It says less than what came as LOG before it. */
static bool
is_bare(const char *line)
{
    return strstr(line, " contains errors") != NULL
           || strstr(line, "FATAL:  could not create any ") != NULL
           || strstr(line, "FATAL:  could not load ") != NULL;
}

/* It says less than its own DETAIL. */
static bool
is_told_in_detail(const char *line)
{
    return strstr(line, "because of insufficient parameter settings") != NULL;
}

/* The others belong to the one before them. */
static bool
is_message(const char *line)
{
    static const char *const words[] = {
        "LOG:  ", "FATAL:  ", "PANIC:  ", "ERROR:  ", "WARNING:  ",
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strstr(line, words[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* What came before the last start, or end, is another story. */
static bool
is_new_story(const char *line)
{
    return strstr(line, "LOG:  starting PostgreSQL ") != NULL;
}

/* What comes after it is another story. */
static bool
is_end_of_story(const char *line)
{
    return strstr(line, "LOG:  database system is shut down") != NULL;
}

/* Pacemaker shows 127 bytes of a reason: none for log_line_prefix. */
static const char *
without_prefix(const char *line)
{
    static const char *const words[] = {
        "FATAL:  ", "PANIC:  ", "ERROR:  ", "HINT:  ", "DETAIL:  ", "LOG:  ",
        "WARNING:  ",
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const char *word = strstr(line, words[i]);

        if (word != NULL) {
            return word;
        }
    }
    return line;
}

/* A reload may have complained of the same before. */
static bool
is_told_before(const struct last_lines *lines, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(without_prefix(lines->line[i]),
                   without_prefix(lines->line[index])) == 0) {
            return true;
        }
    }
    return false;
}

/* The collector's farewell: what matters is in its own files. */
static bool
is_redirection(const char *line)
{
    return strstr(line, "Future log output will appear in") != NULL
           || strstr(line, "redirecting log output to logging collector")
                  != NULL;
}

static void
add_lines(const struct last_lines *lines, struct text *text)
{
    for (size_t i = 0; i < lines->count; i++) {
        char line[LINE_SIZE];
        struct text safe;

        if (is_told_before(lines, i)) {
            continue;
        }
        text_init(&safe, line, sizeof(line));
        redact_add(&safe, without_prefix(lines->line[i]));
        text_add(text, "%s%s", text->len > 0 ? " | " : "", line);
    }
}

/*
 * Add the last lines that tell something, or else the last ones of all when
 * `any`.
 *
 * Returns how many there were.
 */
static size_t
add_tail(const char *bytes, bool any, struct text *text)
{
    struct last_lines telling = { 0 };
    struct last_lines all = { 0 };
    char line[LINE_SIZE];
    bool ended = false;
    bool tells = false;
    bool by_detail = false;
    bool fatal = false;

    while (*bytes != '\0') {
        if (line_next(&bytes, line, sizeof(line)) != 0 || line[0] == '\0'
            || is_redirection(line)) {
            continue;
        }
        if (ended || is_new_story(line)) {
            telling.count = 0;
            all.count = 0;
            fatal = false;
        }
        ended = is_end_of_story(line);
        remember(&all, line);
        if (is_message(line)) {
            tells = is_telling(line) && !is_for_a_client(line)
                    && (is_the_end(line) || !fatal);
            by_detail = is_told_in_detail(line);
            if (tells && is_the_end(line)) {
                telling.count = is_bare(line) ? telling.count : 0;
                fatal = true;
            }
        }
        if (tells && ((by_detail && strstr(line, "DETAIL:") != NULL)
                      || (!by_detail && is_telling(line))
                      || strstr(line, "HINT:") != NULL)) {
            remember(&telling, line);
        }
    }
    if (telling.count > 0) {
        add_lines(&telling, text);
        return telling.count;
    }
    if (any) {
        add_lines(&all, text);
    }
    return any ? all.count : 0;
}

static bool
is_about_upstream(const char *line)
{
    static const char *const words[] = {
        "WAL stream", "could not connect to the primary server",
        "started streaming WAL", "identifier differs between the primary",
        "forked off current database system timeline",
        "is not a child of database system timeline", "highest timeline ",
        "replication slot ",
        "file \"pg_wal/",        /* which the WAL receiver writes */
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strstr(line, words[i]) != NULL && is_message(line)) {
            return true;
        }
    }
    return false;
}

/* The last line about the upstream; `any` is not asked for. */
static size_t
add_upstream(const char *bytes, bool any, struct text *text)
{
    struct last_lines last = { 0 };
    char line[LINE_SIZE];

    (void) any;
    while (*bytes != '\0') {
        if (line_next(&bytes, line, sizeof(line)) != 0) {
            continue;
        }
        if (is_new_story(line)) {
            last.count = 0;
        } else if (is_about_upstream(line)) {
            last.count = 0;
            remember(&last, line);
        }
    }
    if (last.count > 0
        && strstr(last.line[0], "started streaming WAL") == NULL) {
        add_lines(&last, text);
    }
    return last.count;
}

/* The logging collector's file of this moment, from current_logfiles. */
static int
collector_path(const char *pgdata, char *ret_path)
{
    char list[PATH_SIZE];
    char line[LINE_SIZE];
    struct text text;
    const char *at = list;
    const char *file;
    size_t len;

    text_init(&text, ret_path, PATH_SIZE);
    text_add(&text, "%s/current_logfiles", pgdata);
    if (text.overflow
        || files_read(ret_path, list, sizeof(list), &len) != 0
        || line_next(&at, line, sizeof(line)) != 0
        || strncmp(line, "stderr ", 7) != 0) {
        return -1;
    }
    file = line + 7;
    text_init(&text, ret_path, PATH_SIZE);
    text_add(&text, "%s%s%s", file[0] == '/' ? "" : pgdata,
             file[0] == '/' ? "" : "/", file);
    return text.overflow ? -1 : 0;
}

static size_t
tail_file(const char *path, add_fn add, bool any, struct text *text)
{
    CLEANUP(free_text) char *bytes = malloc(TAIL_SIZE);
    size_t len;
    const char *at = bytes;

    if (bytes == NULL
        || files_read_tail(path, bytes, TAIL_SIZE, &len) != 0) {
        return 0;
    }
    if (len == TAIL_SIZE - 1) {
        at = strchr(bytes, '\n');   /* the first line is half a line */
    }
    return at != NULL ? add(at, any, text) : 0;
}

/* `postgres -C` reads the whole configuration and says what it minds. */
static void
ask_server(const struct params *params, const struct identity *identity,
           struct text *text)
{
    char program[PATH_MAX];
    char config[PATH_SIZE];
    char output[TAIL_SIZE];
    char unused[LINE_SIZE];
    const char *argv[] = {
        program, "-D", params->pgdata, "-c", config, "-C", "data_directory",
        NULL,
    };
    const struct postgres_tools_run run = {
        .params = params,
        .user = identity,
        .name = program,
        .argv = argv,
        .folder = params->pgdata,
        .plain_language = true,
        .deadline_ms = clock_now_ms() + ASK_MS,
    };
    struct text entry;
    struct text why;

    text_init(&entry, config, sizeof(config));
    text_add(&entry, "config_file=%s", params->config);
    text_init(&why, unused, sizeof(unused));
    output[0] = '\0';
    if (!entry.overflow
        && postgres_tools_path(params, "postgres", program) == 0
        && postgres_tools_run(&run, output, sizeof(output), &why) != 0) {
        (void) add_tail(output, true, text);
    }
}

int
postgres_tail_log(const struct params *params,
                  const struct identity *identity, struct text *ret_lines)
{
    bool discarded = strcmp(params->logfile, "/dev/null") == 0;
    char collector[PATH_SIZE];
    size_t found = 0;

    if (identity->known != 1 || identity_become(identity) != 0) {
        return -1;
    }
    if (!discarded) {
        found = tail_file(params->logfile, add_tail, false, ret_lines);
    }
    if (found == 0 && collector_path(params->pgdata, collector) == 0) {
        found = tail_file(collector, add_tail, true, ret_lines);
    }
    if (found == 0 && !discarded) {
        found = tail_file(params->logfile, add_tail, true, ret_lines);
    }
    identity_return();
    if (found == 0) {
        ask_server(params, identity, ret_lines);
    }
    if (found == 0 && discarded) {
        text_add(ret_lines,
                 "%sthe server's log goes to /dev/null: set logfile to a "
                 "file to see more", ret_lines->len > 0 ? " | " : "");
    }
    return ret_lines->len > 0 ? 0 : -1;
}

int
postgres_tail_upstream(const struct params *params,
                       const struct identity *identity, struct text *ret_line)
{
    char collector[PATH_SIZE];
    size_t found = 0;

    if (identity->known != 1 || identity_become(identity) != 0) {
        return -1;
    }
    if (strcmp(params->logfile, "/dev/null") != 0) {
        found = tail_file(params->logfile, add_upstream, false, ret_line);
    }
    if (found == 0 && collector_path(params->pgdata, collector) == 0) {
        found = tail_file(collector, add_upstream, false, ret_line);
    }
    identity_return();
    return found > 0 ? 0 : -1;
}
