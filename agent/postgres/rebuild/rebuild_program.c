/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running what makes and proves a copy, and what its words mean. */

#include "rebuild_program.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include "postgres_tools.h"
#include "redact.h"
#include "rewind_progress.h"
#include "source_conninfo.h"
#include "spawn.h"

#define CONNINFO_SIZE 4096
#define PASSWORD_SIZE 1024
#define SECRET_NAME "PGPASSWORD="
#define ARGS_MAX 24
#define OUTPUT_SIZE 1024
#define RATE_SIZE 40
#define LEAST_RATE_KB 32
#define VARIABLE_SIZE (PATH_SIZE + 32)

/* What stays free: the server writes, too, when it replays. */
#define SPARE_KB (64 * 1024)

/* A run of one, as its lines tell it. */
struct running {
    const struct rebuild_request *request;
    const char *tool;
    const char *folder;
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

/* The size is known before anything is copied: is there room? */
static bool
there_is_room(struct running *running)
{
    const struct rewind_progress *progress = &running->progress;
    struct statvfs space;
    uint64_t free_kb;

    if (statvfs(running->folder, &space) != 0) {
        return true;        /* it says so itself, where there is none */
    }
    free_kb = (uint64_t) space.f_bavail * (space.f_frsize / 1024);
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

static enum rebuild_outcome
copy(const struct rebuild_request *request, const struct rebuild_place *place,
     const char *conninfo, const char *secret, struct text *why)
{
    struct running running = { .request = request, .tool = "pg_basebackup",
                               .folder = place->fresh };
    char program[PATH_MAX];
    char rate[RATE_SIZE];
    long rate_kb = request->params->rejoin_rate / 1024;
    const char *argv[ARGS_MAX] = {
        program, "--pgdata", place->fresh, "--dbname", conninfo,
        "--wal-method=stream", "--checkpoint=fast", "--no-password",
        "--progress", "--label=pgward", "--no-sync",
    };
    size_t count = 11;

    if (postgres_tools_path(request->params, "pg_basebackup", program) != 0) {
        text_add(why, "look at pgctl: there is no pg_basebackup beside '%s'",
                 request->params->pgctl);
        return REBUILD_REFUSED;
    }
    if (request->params->rejoin_rate > 0) {
        (void) snprintf(rate, sizeof(rate), "%ldk",
                        rate_kb < LEAST_RATE_KB ? LEAST_RATE_KB : rate_kb);
        argv[count++] = "--max-rate";
        argv[count++] = rate;
    }
    if (place->waldir[0] != '\0') {
        argv[count++] = "--waldir";
        argv[count++] = place->waldir;
    }
    return run_program(&running, argv, secret, why);
}

enum rebuild_outcome
rebuild_program_copy(const struct rebuild_request *request,
                     const struct rebuild_place *place, struct text *ret_why)
{
    char conninfo_buf[CONNINFO_SIZE];
    char secret[sizeof(SECRET_NAME) + PASSWORD_SIZE] = SECRET_NAME;
    struct text conninfo;
    struct text password;
    enum rebuild_outcome outcome;

    text_init(&conninfo, conninfo_buf, sizeof(conninfo_buf));
    text_init(&password, secret + strlen(SECRET_NAME), PASSWORD_SIZE);
    if (source_conninfo_of_copy(request->params, &conninfo, &password,
                                ret_why) != 0) {
        return REBUILD_REFUSED;
    }
    outcome = copy(request, place, conninfo_buf,
                   password.len > 0 ? secret : NULL, ret_why);
    explicit_bzero(secret, sizeof(secret));
    return outcome;
}

enum rebuild_outcome
rebuild_program_verify(const struct rebuild_request *request,
                       const struct rebuild_place *place,
                       struct text *ret_why)
{
    struct running running = { .request = request, .tool = "pg_verifybackup",
                               .folder = place->fresh };
    char program[PATH_MAX];
    const char *const argv[] = { program, "--quiet", place->fresh, NULL };

    if (postgres_tools_path(request->params, "pg_verifybackup", program)
        != 0) {
        return REBUILD_OK;
    }
    return run_program(&running, argv, NULL, ret_why) == REBUILD_OK
           ? REBUILD_OK : REBUILD_FAILED;
}

/* --- rebuild_command ------------------------------------------------------ */

struct environment {
    char text[5][VARIABLE_SIZE];
    const char *variable[6];
};

static void
fill_environment(const struct rebuild_request *request,
                 const struct rebuild_place *place, struct environment *env)
{
    const struct params *params = request->params;

    (void) snprintf(env->text[0], VARIABLE_SIZE, "PGWARD_FOLDER=%s",
                    place->fresh);
    (void) snprintf(env->text[1], VARIABLE_SIZE, "PGWARD_PRIMARY=%s",
                    params->master_ip);
    (void) snprintf(env->text[2], VARIABLE_SIZE, "PGWARD_PORT=%d",
                    params->pgport);
    (void) snprintf(env->text[3], VARIABLE_SIZE, "PGWARD_SYSTEM_ID=%s",
                    request->system_id);
    (void) snprintf(env->text[4], VARIABLE_SIZE, "PGWARD_TIMELINE=%u",
                    request->timeline);
    for (size_t i = 0; i < 5; i++) {
        env->variable[i] = env->text[i];
    }
    env->variable[5] = NULL;
}

enum rebuild_outcome
rebuild_program_hook(const struct rebuild_request *request,
                     const struct rebuild_place *place, struct text *ret_why)
{
    struct running running = { .request = request, .tool = "rebuild_command",
                               .folder = place->fresh };
    const char *const argv[] = { "/bin/sh", "-c",
                                 request->params->rebuild_command, NULL };
    struct environment env;
    char output[OUTPUT_SIZE];
    const struct spawn_request command = {
        .argv = argv,
        .user = request->identity->known == 1 ? request->identity : NULL,
        .folder = place->fresh,
        .extra_env = env.variable,
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

    fill_environment(request, place, &env);
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
