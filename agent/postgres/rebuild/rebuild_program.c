/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running what makes and proves a copy, and what its words mean. */

#include "rebuild_program.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include "cleanup.h"
#include "postgres_tools.h"
#include "redact.h"
#include "rewind_progress.h"
#include "source_conninfo.h"
#include "source_login.h"
#include "spawn.h"

#define ARGS_MAX (24 + TABLESPACES_MAX)
#define MAPPING_SIZE (3 * PATH_SIZE)
#define OUTPUT_SIZE 1024
#define RATE_SIZE 40
#define LEAST_RATE_KB 32
#define VARIABLE_SIZE (PATH_SIZE + 32)

/* What stays free: the server writes, too, when it replays. */
#define SPARE_KB (64 * 1024)

struct mappings {
    char text[TABLESPACES_MAX][MAPPING_SIZE];
};

/* A run of one, as its lines tell it. */
struct running {
    const struct rebuild_request *request;
    const char *tool;
    const struct rebuild_place *place;
    struct rewind_progress progress;    /* pg_basebackup's lines are alike */
    bool refused;                       /* a line tells of what stays so */
    uint64_t free_kb;                   /* not enough; 0: it is */
    char last[SPAWN_LINE_SIZE];
};

/* Words of the server and of libc (LC_ALL=C) that no second try changes. */
static const char *const lasting[] = {
    "No space left on device", "Disk quota exceeded", "permission denied",
    "Permission denied", "authentication failed", "no password supplied",
    "no pg_hba.conf entry", "pg_hba.conf rejects",
    "is not permitted to log in", "must be superuser or replication role",
    "does not exist", "incompatible server version",
};

static void
keep_line(struct running *running, const char *line)
{
    struct text text;

    if (line[strspn(line, " \t")] == '\0') {
        return;
    }
    text_init(&text, running->last, sizeof(running->last));
    redact_add(&text, line);
    for (size_t i = 0; i < sizeof(lasting) / sizeof(lasting[0]); i++) {
        running->refused |= strstr(line, lasting[i]) != NULL;
    }
}

/* What is free where it goes, each disk once. */
static uint64_t
find_free_kb(const struct rebuild_place *place)
{
    dev_t seen[TABLESPACES_MAX + 2];
    const struct rebuild_folder *folder;
    uint64_t free_kb = 0;
    size_t count = 0;

    for (size_t i = 0; (folder = rebuild_place_folder(place, i)) != NULL; i++) {
        struct statvfs space;
        struct stat info;
        size_t j = 0;

        if (stat(folder->fresh, &info) != 0
            || statvfs(folder->fresh, &space) != 0) {
            return UINT64_MAX / 2;  /* it says so itself, where there is none */
        }
        while (j < count && seen[j] != info.st_dev) {
            j++;
        }
        if (j == count) {
            seen[count++] = info.st_dev;
            free_kb += (uint64_t) space.f_bavail * (space.f_frsize / 1024);
        }
    }
    return free_kb;
}

/* The size is known before anything is copied: is there room? */
static bool
there_is_room(struct running *running)
{
    const struct rewind_progress *progress = &running->progress;
    uint64_t free_kb = find_free_kb(running->place);

    if (free_kb + progress->done_kb >= progress->total_kb + SPARE_KB) {
        return true;
    }
    running->free_kb = free_kb > 0 ? free_kb : 1;
    return false;
}

static bool
take_line(void *context, const char *line)
{
    struct running *running = context;
    const struct rebuild_request *request = running->request;
    bool first = running->progress.total_kb == 0;

    if (rewind_progress_take(line, &running->progress) == 0) {
        keep_line(running, line);
        return true;
    }
    if (first && running->progress.total_kb > 0 && !there_is_room(running)) {
        return false;
    }
    if (request->progress != NULL) {
        request->progress(request->context, NULL, running->progress.done_kb,
                          running->progress.total_kb);
    }
    return true;
}

static bool
take_hook_line(void *context, const char *line)
{
    struct running *running = context;
    const struct rebuild_request *request = running->request;

    keep_line(running, line);
    if (request->progress != NULL) {
        request->progress(request->context, running->last, 0, 0);
    }
    return true;
}

static enum rebuild_outcome
explain(const struct running *running, int error, struct text *why)
{
    const char *words = running->last[0] != '\0' ? running->last : "nothing";
    uint64_t wanted_kb;

    if (running->free_kb > 0) {
        wanted_kb = running->progress.total_kb + SPARE_KB;
        text_add(why, "make room beside pgdata (.pgward-* may go): the copy "
                 "takes %llu MB, %llu are free",
                 (unsigned long long) wanted_kb / 1024,
                 (unsigned long long) running->free_kb / 1024);
        return REBUILD_REFUSED;
    }
    if (error == ETIME || error == ETIMEDOUT) {
        text_add(why, "look at disks, network: %s stood still: %s",
                 running->tool, words);
        return REBUILD_FAILED;
    }
    if (error != 0) {
        text_add(why, "look at what %s is: it could not be run: %s",
                 running->tool, strerror(error));
        return REBUILD_REFUSED;
    }
    text_add(why, "look at what %s says: %s", running->tool, words);
    return running->refused ? REBUILD_REFUSED : REBUILD_FAILED;
}

static enum rebuild_outcome
run_program(struct running *running, const char *const *argv,
            const char *secret, struct text *why)
{
    const struct rebuild_request *request = running->request;
    char output[OUTPUT_SIZE];
    char unused_buf[OUTPUT_SIZE];
    struct text unused;
    const struct postgres_tools_run run = {
        .params = request->params,
        .user = request->identity,
        .name = running->tool,
        .argv = argv,
        .plain_language = true,
        .deadline_ms = request->deadline_ms,
        .line = take_line,
        .context = running,
        .idle_ms = request->idle_ms,
        .extra_env = secret,
    };

    text_init(&unused, unused_buf, sizeof(unused_buf));
    if (postgres_tools_run(&run, output, sizeof(output), &unused) == 0) {
        return REBUILD_OK;
    }
    return explain(running, errno, why);
}

/* --- pg_basebackup -------------------------------------------------------- */

/* `OLD=NEW`, an equals sign in a name behind a backslash. */
static int
add_mapping(const char *from, const char *to, struct text *text)
{
    const char *const part[] = { from, "=", to };

    text_add(text, "--tablespace-mapping=");
    for (size_t i = 0; i < 3; i++) {
        for (const char *c = part[i]; *c != '\0'; c++) {
            text_add(text, *c == '=' && i != 1 ? "\\%c" : "%c", *c);
        }
    }
    return text->overflow ? -1 : 0;
}

static void
free_mappings(struct mappings **mappings)
{
    free(*mappings);
}

static enum rebuild_outcome
copy_mapped(struct running *running, const char **argv, size_t count,
            const char *secret, struct text *why)
{
    const struct rebuild_place *place = running->place;
    CLEANUP(free_mappings)
    struct mappings *mappings = calloc(1, sizeof(*mappings));

    for (size_t i = 0; i < place->spaces->count; i++) {
        const char *path = place->spaces->at[i].path;
        struct text text;

        if (mappings == NULL) {
            return REBUILD_FAILED;
        }
        text_init(&text, mappings->text[i], MAPPING_SIZE);
        if (add_mapping(path, place->space[i].fresh, &text) != 0) {
            text_add(why, "make a copy by hand: the path of the tablespace "
                     "'%s' is too long", path);
            return REBUILD_REFUSED;
        }
        argv[count++] = mappings->text[i];
    }
    return run_program(running, argv, secret, why);
}

static enum rebuild_outcome
copy(const struct rebuild_request *request, const struct rebuild_place *place,
     const struct source_login *login, struct text *why)
{
    struct running running = { .request = request, .tool = "pg_basebackup",
                               .place = place };
    char program[PATH_MAX];
    char rate[RATE_SIZE];
    long rate_kb = request->params->rejoin_rate / 1024;
    const char *argv[ARGS_MAX] = {
        program, "--pgdata", place->data.fresh, "--dbname", login->conninfo,
        "--wal-method=stream", "--checkpoint=fast", "--no-password",
        "--progress", "--label=pgward", "--no-sync",
    };
    size_t count = 11;

    if (postgres_tools_find(request->params, "pg_basebackup", program, why)
        != 0) {
        return REBUILD_REFUSED;
    }
    if (request->params->rejoin_rate > 0) {
        (void) snprintf(rate, sizeof(rate), "%ldk",
                        rate_kb < LEAST_RATE_KB ? LEAST_RATE_KB : rate_kb);
        argv[count++] = "--max-rate";
        argv[count++] = rate;
    }
    if (place->wal.path[0] != '\0') {
        argv[count++] = "--waldir";
        argv[count++] = place->wal.fresh;
    }
    return copy_mapped(&running, argv, count, source_login_secret(login), why);
}

enum rebuild_outcome
rebuild_program_copy(const struct rebuild_request *request,
                     const struct rebuild_place *place, struct text *ret_why)
{
    CLEANUP(source_login_wipe) struct source_login login;

    if (source_login_fill(request->params, source_conninfo_of_copy, &login,
                          ret_why) != 0) {
        return REBUILD_REFUSED;
    }
    return copy(request, place, &login, ret_why);
}

enum rebuild_outcome
rebuild_program_verify(const struct rebuild_request *request,
                       const struct rebuild_place *place,
                       struct text *ret_why)
{
    struct running running = { .request = request, .tool = "pg_verifybackup",
                               .place = place };
    char program[PATH_MAX];
    const char *const argv[] = { program, "--quiet", place->data.fresh, NULL };

    if (postgres_tools_path(request->params, "pg_verifybackup", program)
        != 0) {
        return REBUILD_OK;
    }
    return run_program(&running, argv, NULL, ret_why) == REBUILD_OK
           ? REBUILD_OK : REBUILD_FAILED;
}

/* --- rebuild_command ------------------------------------------------------ */

#define VARIABLES 7
#define SPACES_SIZE (TABLESPACES_MAX * (2 * PATH_SIZE + 2) + 32)

struct environment {
    char text[VARIABLES - 1][VARIABLE_SIZE];
    char spaces[SPACES_SIZE];
    const char *variable[VARIABLES + 1];
};

/* `OLD=NEW`, a line for each. */
static void
fill_spaces(const struct rebuild_place *place, struct text *text)
{
    text_add(text, "PGWARD_TABLESPACES=");
    for (size_t i = 0; i < place->spaces->count; i++) {
        text_add(text, "%s=%s\n", place->spaces->at[i].path,
                 place->space[i].fresh);
    }
}

static void
fill_environment(const struct rebuild_request *request,
                 const struct rebuild_place *place, struct environment *env)
{
    const struct params *params = request->params;
    const bool has_wal = place->wal.path[0] != '\0';
    struct text spaces;

    (void) snprintf(env->text[0], VARIABLE_SIZE, "PGWARD_FOLDER=%s",
                    place->data.fresh);
    (void) snprintf(env->text[1], VARIABLE_SIZE, "PGWARD_PRIMARY=%s",
                    params->master_ip);
    (void) snprintf(env->text[2], VARIABLE_SIZE, "PGWARD_PORT=%d",
                    params->pgport);
    (void) snprintf(env->text[3], VARIABLE_SIZE, "PGWARD_SYSTEM_ID=%s",
                    request->system_id);
    (void) snprintf(env->text[4], VARIABLE_SIZE, "PGWARD_TIMELINE=%u",
                    request->timeline);
    (void) snprintf(env->text[5], VARIABLE_SIZE, "PGWARD_WALDIR=%s",
                    has_wal ? place->wal.fresh : "");
    text_init(&spaces, env->spaces, sizeof(env->spaces));
    fill_spaces(place, &spaces);        /* as large */
    for (size_t i = 0; i < VARIABLES - 1; i++) {
        env->variable[i] = env->text[i];
    }
    env->variable[VARIABLES - 1] = env->spaces;
    env->variable[VARIABLES] = NULL;
}

static void
free_environment(struct environment **env)
{
    free(*env);
}

enum rebuild_outcome
rebuild_program_hook(const struct rebuild_request *request,
                     const struct rebuild_place *place, struct text *ret_why)
{
    struct running running = { .request = request, .tool = "rebuild_command",
                               .place = place };
    const char *const argv[] = { "/bin/sh", "-c",
                                 request->params->rebuild_command, NULL };
    CLEANUP(free_environment)
    struct environment *env = calloc(1, sizeof(*env));
    char output[OUTPUT_SIZE];
    const struct spawn_request command = {
        .argv = argv,
        .user = request->identity->known == 1 ? request->identity : NULL,
        .folder = place->data.fresh,
        .extra_env = env != NULL ? env->variable : NULL,
        .deadline_ms = request->deadline_ms,
        .ret_output = output,
        .output_size = sizeof(output),
        .line = take_hook_line,
        .context = &running,
        .idle_ms = request->idle_ms,
    };
    const char *words;
    const char *what;
    int number;
    int status;

    if (env == NULL) {
        return explain(&running, ENOMEM, ret_why);
    }
    fill_environment(request, place, env);
    if (spawn_run(&command, &status) != 0) {
        return explain(&running, errno, ret_why);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return REBUILD_OK;
    }
    what = WIFEXITED(status) ? "code" : "signal";
    number = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
    words = running.last[0] != '\0' ? running.last : "nothing";
    text_add(ret_why, "look at rebuild_command: %s %d: %s",
             what, number, words);
    return REBUILD_FAILED;
}
