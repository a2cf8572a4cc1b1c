/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pgward status`: the cluster on one screen. */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chronicle_read.h"
#include "cleanup.h"
#include "clock.h"
#include "command.h"
#include "common_options.h"
#include "json.h"
#include "profile.h"
#include "report.h"
#include "status_json.h"
#include "status_text.h"
#include "survey.h"

#define TIMEOUT_MS 10000u
#define WATCH_MS 2000u
#define WATCH_MAX_MS 3600000u

/* To the first place of a screen that is empty then. */
#define CLEAR "\033[H\033[2J"

struct question {
    struct common_options common;       /* timeout_ms 0: the default */
    uint32_t watch_ms;                  /* 0: once */
};

static int
usage(FILE *where)
{
    (void) fputs("usage: pgward status [OPTION]...\n"
                 "\n"
                 "Tells on one screen who leads, how far each standby is and "
                 "whether it could take over,\n"
                 "what would be lost if the primary died now, and what is not "
                 "normal.\n"
                 "Looks at the cluster, at this node's server and at the "
                 "primary's, for 10s at most\n"
                 "where --timeout says nothing else. Nothing is changed.\n"
                 "\n"
                 "  -w, --watch[=TIME]    again and again, every TIME (2s)\n"
                 COMMON_OPTION_HELP "\n"
                 "\n"
                 "Exit code: 0; 1 something needs a person: a note of level "
                 "error; 2 usage;\n"
                 "3 not all could be looked at.\n", where);
    return where == stdout ? COMMAND_OK : COMMAND_USAGE;
}

/* A screen is written at once, so that it does not flicker. */
static int
print_text(const struct survey *survey, bool redraws)
{
    CLEANUP(free_text) char *screen = NULL;
    bool terminal = isatty(STDOUT_FILENO);
    bool colour = terminal && getenv("NO_COLOR") == NULL;
    size_t size = 0;
    FILE *out = open_memstream(&screen, &size);
    int rc;

    if (out == NULL) {
        report_log(LOG_ERR, "could not write: %s", strerror(errno));
        return -1;
    }
    if (redraws) {
        (void) fputs(terminal ? CLEAR : "\n", out);
    }
    rc = status_text(survey, colour, out);
    if (fclose(out) != 0 || rc != 0 || fwrite(screen, 1, size, stdout) != size
        || fflush(stdout) != 0) {
        report_log(LOG_ERR, "could not write: %s", strerror(errno));
        return -1;
    }
    return 0;
}

/* How long the last move took, where this node has recorded it. */
static void
take_last_gap(struct survey *survey)
{
    const struct overview *overview = &survey->overview;
    struct chronicle chronicle;

    survey->last_gap_ms = -1;
    if (overview->primary == NODES_MAX) {
        return;
    }
    chronicle_read(survey->here.resource, NULL, &chronicle);
    survey->last_gap_ms =
        chronicle_last_gap(chronicle.row, chronicle.count,
                           overview->node[overview->primary].name);
    free(chronicle.row);
}

static int
tell_once(const struct question *question)
{
    static struct survey survey;
    uint32_t timeout_ms = question->common.timeout_ms != 0
                          ? question->common.timeout_ms : TIMEOUT_MS;
    int rc;

    if (survey_take(question->common.resource, timeout_ms, &survey) != 0) {
        return COMMAND_FAILED;
    }
    take_last_gap(&survey);
    rc = question->common.output == OUTPUT_JSON
         ? json_print("status", STATUS_JSON_VERSION, status_json(&survey))
         : print_text(&survey, question->watch_ms > 0);
    return rc != 0 || !survey.whole ? COMMAND_FAILED
           : overview_count(&survey.overview, OVERVIEW_ERROR) > 0 ? COMMAND_NO
           : COMMAND_OK;
}

/* Until it is ended, or nobody reads it any more. */
static int
tell_on_and_on(const struct question *question)
{
    for (;;) {
        int64_t next_ms = clock_now_ms() + question->watch_ms;
        int code = tell_once(question);

        if (ferror(stdout)) {
            return code;
        }
        clock_sleep_ms(question->watch_ms, next_ms);
    }
}

static int
take_option(int option, const char *value, struct question *question)
{
    if (option != 'w') {
        return common_option_take(option, value, &question->common);
    }
    question->watch_ms = WATCH_MS;
    if (value != NULL
        && (profile_parse_ms(value, &question->watch_ms) != 0
            || question->watch_ms == 0
            || question->watch_ms > WATCH_MAX_MS)) {
        report_log(LOG_ERR, "'%s' is no time to wait. Write it as 5s or "
                   "500ms, up to an hour", value);
        return -1;
    }
    return 0;
}

int
verb_status(int argc, char **argv)
{
    static const struct option options[] = {
        { "watch", optional_argument, NULL, 'w' },
        COMMON_OPTION_ROWS,
        { NULL, 0, NULL, 0 },
    };
    struct question question = { .watch_ms = 0 };
    int option;

    while ((option = getopt_long(argc, argv, "w::" COMMON_OPTION_LETTERS,
                                 options, NULL)) != -1) {
        if (option == 'h') {
            return usage(stdout);
        }
        if (take_option(option, optarg, &question) != 0) {
            return usage(stderr);
        }
    }
    if (optind < argc) {
        return usage(stderr);
    }
    if (question.watch_ms > 0 && question.common.output == OUTPUT_JSON) {
        report_log(LOG_ERR, "--watch draws a screen: a program asks again "
                   "without it");
        return usage(stderr);
    }
    return question.watch_ms > 0 ? tell_on_and_on(&question)
                                 : tell_once(&question);
}
