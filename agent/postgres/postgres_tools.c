/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running PostgreSQL's own programs. */

#include "postgres_tools.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "redact.h"
#include "spawn.h"

#define LIBRARY_PATH_SIZE 4096

static int
path_beside(const char *pgctl, const char *program, char *ret_path)
{
    const char *slash = strrchr(pgctl, '/');
    struct text text;

    if (slash == NULL) {
        return -1;
    }
    text_init(&text, ret_path, PATH_MAX);
    text_add_bytes(&text, pgctl, (size_t) (slash - pgctl) + 1);
    text_add(&text, "%s", program);
    return !text.overflow && access(ret_path, X_OK) == 0 ? 0 : -1;
}

int
postgres_tools_path(const struct params *params, const char *program,
                    char *ret_path)
{
    char target[PATH_MAX];

    if (path_beside(params->pgctl, program, ret_path) == 0) {
        return 0;
    }
    return realpath(params->pgctl, target) != NULL
           ? path_beside(target, program, ret_path) : -1;
}

int
postgres_tools_find(const struct params *params, const char *program,
                    char *ret_path, struct text *why)
{
    if (postgres_tools_path(params, program, ret_path) == 0) {
        return 0;
    }
    text_add(why, "look at pgctl: there is no %s beside '%s'", program,
             params->pgctl);
    return -1;
}

void
postgres_tools_quote(struct text *text, const char *value)
{
    text_add(text, "'");
    for (; *value != '\0'; value++) {
        if (*value == '\'') {
            text_add(text, "'\\''");
        } else {
            text_add_bytes(text, value, 1);
        }
    }
    text_add(text, "'");
}

/* The output as one line, for a reason. */
static void
add_output(struct text *why, const char *output)
{
    char line[1024];
    struct text text;

    text_init(&text, line, sizeof(line));
    redact_add(&text, output);
    for (size_t i = 0; i < text.len; i++) {
        if (line[i] == '\n') {
            line[i] = i + 1 < text.len ? ' ' : '\0';
        }
    }
    text_add(why, "%s", line);
}

static void
explain(const struct postgres_tools_run *run, int status, const char *output,
        struct text *why)
{
    if (WIFSIGNALED(status)) {
        text_add(why, "could not run '%s': it was ended by signal %d",
                 run->name, WTERMSIG(status));
        return;
    }
    text_add(why, "could not run '%s': it ended with code %d", run->name,
             WEXITSTATUS(status));
    if (output[0] != '\0') {
        text_add(why, ": ");
        add_output(why, output);
    }
}

static void
make_library_path(const struct params *params, char *ret_entry)
{
    const char *old = getenv("LD_LIBRARY_PATH");
    struct text text;

    text_init(&text, ret_entry, LIBRARY_PATH_SIZE);
    text_add(&text, "LD_LIBRARY_PATH=%s%s%s", old != NULL ? old : "",
             old != NULL && old[0] != '\0' && params->pglibs[0] != '\0'
                 ? ":" : "",
             params->pglibs);
}

int
postgres_tools_run(const struct postgres_tools_run *run, char *ret_output,
                   size_t size, struct text *ret_why)
{
    char library_path[LIBRARY_PATH_SIZE];
    const char *env[] = { NULL, NULL, NULL, NULL, NULL };
    int cause;
    struct spawn_request request = {
        .argv = run->argv,
        .user = run->user->known == 1 ? run->user : NULL,
        .folder = run->folder,
        .extra_env = env,
        .new_session = run->new_session,
        .deadline_ms = run->deadline_ms,
        .take = run->take,
        .line = run->line,
        .context = run->context,
        .idle_ms = run->idle_ms,
        .ret_output = ret_output,
        .output_size = size,
    };
    size_t count = 0;
    int status;

    if (run->params->pglibs[0] != '\0') {
        make_library_path(run->params, library_path);
        if (library_path[0] != '\0') {
            env[count++] = library_path;
        }
    }
    if (run->plain_language) {
        env[count++] = "LC_ALL=C";
        env[count++] = "TZ=UTC";
    }
    if (run->extra_env != NULL) {
        env[count++] = run->extra_env;
    }
    if (spawn_run(&request, &status) != 0) {
        cause = errno;
        text_add(ret_why, "could not run '%s': %s", run->name,
                 errno == ETIMEDOUT ? "it did not end in time"
                                    : strerror(errno));
        errno = cause;
        return -1;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        explain(run, status, ret_output, ret_why);
        errno = 0;
        return -1;
    }
    return 0;
}
