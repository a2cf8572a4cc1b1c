/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server without a postmaster, for its recovery alone. */

#include "single_user.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "major_version.h"
#include "postgres_tools.h"
#include "redact.h"
#include "spawn.h"

#define OUTPUT_SIZE 1024
#define KEEP_SIZE_VERSION 13

/* Its last words say why it ended. */
static bool
take_line(void *context, const char *line)
{
    struct text text;

    if (line[0] != '\0') {
        text_init(&text, context, SPAWN_LINE_SIZE);
        redact_add(&text, line);
    }
    return true;
}

/* All of it: its checkpoints would recycle what a rewind reads. */
static const char *
keep_wal(const struct params *params, const struct identity *identity)
{
    return major_version_read_as(params->pgdata, identity) >= KEEP_SIZE_VERSION
           ? "wal_keep_size=1TB" : "wal_keep_segments=1000000";
}

int
single_user_end_recovery(const struct params *params,
                         const struct identity *identity, int64_t deadline_ms,
                         int64_t idle_ms, struct text *why)
{
    char program[PATH_MAX];
    char config[PATH_SIZE + 16];
    char output[OUTPUT_SIZE];
    char cause[OUTPUT_SIZE];
    char last[SPAWN_LINE_SIZE] = "";
    char words[SPAWN_LINE_SIZE + OUTPUT_SIZE];
    struct text text;
    const char *argv[] = {
        program, "--single", "-D", params->pgdata, "-c", config,
        "-c", "archive_mode=off", "-c", "logging_collector=off",
        "-c", "log_destination=stderr", "-c", "log_line_prefix=", "-c",
        keep_wal(params, identity), "template1", NULL,
    };
    const struct postgres_tools_run run = {
        .params = params,
        .user = identity,
        .name = "postgres --single",
        .argv = argv,
        .plain_language = true,
        .deadline_ms = deadline_ms,
        .line = take_line,
        .context = last,
        .idle_ms = idle_ms,
    };

    if (postgres_tools_find(params, "postgres", program, why) != 0) {
        return -1;
    }
    text_init(&text, config, sizeof(config));
    text_add(&text, "config_file=%s", params->config);
    text_init(&text, cause, sizeof(cause));
    if (postgres_tools_run(&run, output, sizeof(output), &text) == 0) {
        return 0;
    }
    text_init(&text, words, sizeof(words));
    text_add(&text, "%s%s%s", last, last[0] != '\0' ? ": " : "", cause);
    text_add(why, "look at the data's recovery: %s", words);
    return -1;
}
