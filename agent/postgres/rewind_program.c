/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running pg_rewind, and what its words mean. */

#include "rewind_program.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "cleanup.h"
#include "major_version.h"
#include "own_list.h"
#include "postgres_tools.h"
#include "redact.h"
#include "source_conninfo.h"
#include "source_login.h"

#define ARGS_MAX 12
#define OUTPUT_SIZE 1024
#define LAST_LINES 4
#define NO_SYNC_VERSION 12
#define CONFIG_FILE_VERSION 15
#define RESTORE_VERSION 13

/* A run of it, as its lines tell it. */
struct running {
    const struct rewind_request *request;
    bool dry;
    struct rewind_progress progress;
    enum rewind_outcome outcome;    /* of the first line that tells one */
    bool not_required;
    char last[LAST_LINES][SPAWN_LINE_SIZE];
    size_t lines;
};

/* Its words (LC_ALL=C), in the order in which they are looked for. */
static const struct {
    const char *words;
    enum rewind_outcome outcome;
} meanings[] = {
    { "No space left on device", REWIND_NO_SPACE },
    { "Disk quota exceeded", REWIND_NO_SPACE },
    { "permission denied", REWIND_DENIED },     /* the server's; not EACCES */
    { "authentication failed", REWIND_DENIED },
    { "no password supplied", REWIND_DENIED },
    { "no pg_hba.conf entry", REWIND_DENIED },
    { "pg_hba.conf rejects", REWIND_DENIED },
    { "is not permitted to log in", REWIND_DENIED },
    { "does not exist", REWIND_DENIED },        /* role, database */
    { "connection to server", REWIND_NO_ANSWER },
    { "could not connect to server", REWIND_NO_ANSWER },
    { "could not translate host name", REWIND_NO_ANSWER },
    { "server closed the connection", REWIND_NO_ANSWER },
    { "terminating connection", REWIND_NO_ANSWER },
    { "could not receive data from server", REWIND_NO_ANSWER },
    { "could not send data to server", REWIND_NO_ANSWER },
    { "timeout expired", REWIND_NO_ANSWER },
    { "could not find previous WAL record", REWIND_NO_WAL },
    { "could not read WAL record", REWIND_NO_WAL },
    { "needs to use either data checksums", REWIND_UNFIT },
    { "are from different systems", REWIND_UNFIT },
    { "must be shut down cleanly", REWIND_UNFIT },
    { "not compatible with this version", REWIND_UNFIT },
    { "must be enabled in the source server", REWIND_UNFIT },
    { "is of different type in source", REWIND_UNFIT },
    { "is not a regular file", REWIND_UNFIT },          /* before 14 */
    { "is not a directory", REWIND_UNFIT },
    { "is not a symbolic link", REWIND_UNFIT },
    { "is not set in the target cluster", REWIND_UNFIT },
    { "Permission denied", REWIND_UNFIT },
    { "/pg_wal/", REWIND_NO_WAL },
};

static enum rewind_outcome
meaning_of(const char *line)
{
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        if (strstr(line, meanings[i].words) != NULL) {
            return meanings[i].outcome;
        }
    }
    return REWIND_FAILED;
}

static void
keep_line(struct running *running, const char *line)
{
    char *slot = running->last[running->lines % LAST_LINES];
    struct text text;

    text_init(&text, slot, SPAWN_LINE_SIZE);
    redact_add(&text, line);
    running->lines++;
}

/*
 * A dry run is ended where it would begin to read the primary's files for
 * nothing: all that can be wrong with this side it has looked at by then.
 */
static bool
take_line(void *context, const char *line)
{
    struct running *running = context;
    const struct rewind_request *request = running->request;

    if (rewind_progress_take(line, &running->progress) == 1) {
        if (running->dry) {
            return running->progress.phase < REWIND_PHASE_COPYING;
        }
        if (request->progress != NULL) {
            request->progress(request->context, &running->progress);
        }
        return true;
    }
    keep_line(running, line);
    if (strstr(line, "no rewind required") != NULL) {
        running->not_required = true;
    }
    if (running->outcome == REWIND_FAILED) {
        running->outcome = meaning_of(line);
    }
    return true;
}

static void
add_last_lines(const struct running *running, struct text *text)
{
    size_t first = running->lines > LAST_LINES ? running->lines - LAST_LINES
                                               : 0;

    for (size_t i = first; i < running->lines; i++) {
        text_add(text, "%s%s", i > first ? " " : "",
                 running->last[i % LAST_LINES]);
    }
    if (running->lines == 0) {
        text_add(text, "nothing");
    }
}

/* What there is to do about it, and its own last words. */
static void
explain(const struct running *running, enum rewind_outcome outcome,
        struct text *why)
{
    char words[LAST_LINES * SPAWN_LINE_SIZE];
    struct text text;

    text_init(&text, words, sizeof(words));
    add_last_lines(running, &text);
    switch (outcome) {
        case REWIND_OK:
            return;
        case REWIND_FAILED:
        case REWIND_UNFIT:
            text_add(why, "look at what pg_rewind says: %s", words);
            return;
        case REWIND_NOT_REQUIRED:
            text_add(why, "look at both histories: pg_rewind says against our "
                     "proof: %s", words);
            return;
        case REWIND_NO_WAL:
            text_add(why, "make a new copy: WAL from before the fork is gone: "
                     "%s", words);
            return;
        case REWIND_NO_SPACE:
            text_add(why, "make room for pgdata: pg_rewind says: %s", words);
            return;
        case REWIND_DENIED:
            text_add(why, "look at rejoin_user's grants: pg_rewind says: %s",
                     words);
            return;
        case REWIND_NO_ANSWER:
            text_add(why, "look at the primary: pg_rewind says: %s", words);
            return;
        case REWIND_TIMEOUT:
            text_add(why, "look at disks and network: pg_rewind did not go on: "
                     "%s", words);
            return;
    }
}

/* How it ended, from what postgres_tools_run() gave. */
static enum rewind_outcome
outcome_of(const struct running *running, int rc, int error)
{
    if (rc == 0) {
        /* against our own proof, and nothing was done */
        return running->not_required ? REWIND_NOT_REQUIRED
               : running->progress.phase == REWIND_PHASE_DONE ? REWIND_OK
                                                              : REWIND_FAILED;
    }
    if (running->dry && error == ECANCELED) {
        return REWIND_OK;
    }
    return error == ETIME || error == ETIMEDOUT ? REWIND_TIMEOUT
                                                : running->outcome;
}

static bool
is_outside(const struct params *params)
{
    return !own_list_is_inside(params->pgdata, params->config);
}

/* Start `program` with its arguments, and wait for its end. */
static enum rewind_outcome
run_program(struct running *running, const char *program,
            const struct source_login *login)
{
    const struct rewind_request *request = running->request;
    uint32_t version = major_version_read_as(request->params->pgdata,
                                             request->identity);
    const char *argv[ARGS_MAX] = {
        program, "--progress", "--target-pgdata", request->params->pgdata,
        "--source-server", login->conninfo,
    };
    size_t count = 6;
    char output[OUTPUT_SIZE];
    char unused_buf[OUTPUT_SIZE];
    struct text unused;
    struct postgres_tools_run run = {
        .params = request->params,
        .user = request->identity,
        .name = program,
        .argv = argv,
        .plain_language = true,
        .deadline_ms = request->deadline_ms,
        .line = take_line,
        .context = running,
        .idle_ms = request->idle_ms,
        .extra_env = source_login_secret(login),
    };
    int rc;

    if (running->dry) {
        argv[count++] = "--dry-run";
    }
    if (version >= NO_SYNC_VERSION) {
        argv[count++] = "--no-sync";
    }
    if (request->restore_wal && version >= RESTORE_VERSION) {
        argv[count++] = "--restore-target-wal";
    }
    if (version >= CONFIG_FILE_VERSION && is_outside(request->params)) {
        argv[count++] = "--config-file";
        argv[count++] = request->params->config;
    }
    text_init(&unused, unused_buf, sizeof(unused_buf));
    rc = postgres_tools_run(&run, output, sizeof(output), &unused);
    return outcome_of(running, rc, errno);
}

enum rewind_outcome
rewind_program_run(const struct rewind_request *request, bool dry,
                   struct rewind_progress *ret_progress,
                   struct text *ret_why)
{
    struct running running = { .request = request, .dry = dry };
    char program[PATH_MAX];
    CLEANUP(source_login_wipe) struct source_login login;
    enum rewind_outcome outcome;

    *ret_progress = running.progress;
    if (source_login_fill(request->params, source_conninfo, &login, ret_why)
        != 0) {
        return REWIND_DENIED;
    }
    if (postgres_tools_find(request->params, "pg_rewind", program, ret_why)
        != 0) {
        return REWIND_UNFIT;
    }
    outcome = run_program(&running, program, &login);
    *ret_progress = running.progress;
    explain(&running, outcome, ret_why);
    return outcome;
}
