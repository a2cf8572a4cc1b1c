/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pgward explain`: who may lead and why, now or by a trace. */

#include "explain.h"

#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "look.h"
#include "profile.h"
#include "report.h"
#include "trace_replay.h"

#define ANSWER_SIZE (64 * 1024)
#define TIMEOUT_MS 10000u
#define TIMEOUT_MAX_MS (24u * 60 * 60 * 1000)

/* What the command line says. */
struct question {
    struct changes changes;
    const char *resource;       /* NULL: the one that there is */
    const char *object;         /* a file or a node; NULL: this node */
    uint32_t timeout_ms;        /* 0: the default */
};

static int
usage(FILE *where)
{
    (void) fputs("usage: pgward explain [OPTION]... [NODE]\n"
                 "       pgward explain [--what KEY=VALUE]... FILE\n"
                 "\n"
                 "Looks at the cluster and at this node's server, and tells "
                 "whether this node (or NODE)\n"
                 "may lead, and by which rule. Nothing is changed.\n"
                 "Or replays a trace (the parameter trace_file), or a stored "
                 "case, and prints for each look\n"
                 "who may lead and what is decided. '-' is standard input; "
                 "what has a slash, or is there,\n"
                 "is a file.\n"
                 "\n"
                 "  -r, --resource ID     which resource (or its clone), where "
                 "there are several\n"
                 "  -t, --timeout TIME    look no longer than that, e.g. 5s or "
                 "500ms (10s)\n"
                 "  -w, --what KEY=VALUE  change a fact of each look first, "
                 "e.g. fencing=no\n"
                 "  -h, --help            this text\n"
                 "\n"
                 "Exit code: 0; 1 a decision is another than the recorded "
                 "one; 2 usage;\n"
                 "3 FILE cannot be read, or not all could be looked at.\n",
                 where);
    return where == stdout ? COMMAND_OK : COMMAND_USAGE;
}

static bool
is_file(const char *object)
{
    return strcmp(object, "-") == 0 || strchr(object, '/') != NULL
           || access(object, F_OK) == 0;
}

/* What could not be read is unknown; of two nodes each has all or nothing. */
static bool
saw_all(const struct snapshot *snapshot)
{
    const struct node *node = &snapshot->node[0];

    return snapshot->process.state != PROCESS_UNKNOWN
           && snapshot->cluster.have_quorum != TRI_UNKNOWN
           && (snapshot->node_count == 0
               || (node->attrs.status.known != ATTR_UNKNOWN
                   && node->record.data_status.known != ATTR_UNKNOWN));
}

/* The cluster's daemons and the server's files are not everyone's. */
static void
tell_who_may_look(void)
{
    if (geteuid() != 0) {
        report_log(LOG_ERR, "run it as root: it runs as user id %u",
                   (unsigned) geteuid());
    }
}

static int
print_answer(const struct question *question, struct look *seen)
{
    static char buf[ANSWER_SIZE];
    struct text answer;

    if (trace_replay_change(&question->changes, &seen->snapshot) != 0) {
        return COMMAND_FAILED;
    }
    text_init(&answer, buf, sizeof(buf));
    (void) explain_now(&seen->snapshot, question->object != NULL
                       ? question->object : seen->self_name, &answer);
    (void) fputs(buf, stdout);
    return fflush(stdout) == 0 ? COMMAND_OK : COMMAND_FAILED;
}

static int
explain_live(const struct question *question)
{
    static struct look seen;
    char why_text[SERVER_TEXT_SIZE];
    const struct look_request request = {
        .resource = question->resource,
        .facts = EXPLAIN_FACTS,
        .limit_ms = question->timeout_ms != 0 ? question->timeout_ms
                                              : TIMEOUT_MS,
    };
    struct text why;
    bool whole;
    int code;

    text_init(&why, why_text, sizeof(why_text));
    if (look(&request, &seen, &why) != 0) {
        report_log(LOG_ERR, "%s", why_text);
        tell_who_may_look();
        return COMMAND_FAILED;
    }
    whole = why.len == 0 && saw_all(&seen.snapshot);
    code = print_answer(question, &seen);
    if (!whole) {
        report_log(LOG_ERR, "%s", why.len > 0 ? why_text
                   : "not all could be looked at: it is 'unknown' here");
        tell_who_may_look();
    }
    return whole ? code : COMMAND_FAILED;
}

static int
take_timeout(const char *value, struct question *question)
{
    uint32_t ms = 0;

    if (profile_parse_ms(value, &ms) != 0 || ms == 0 || ms > TIMEOUT_MAX_MS) {
        report_log(LOG_ERR, "'%s' is no time-out. Write it as 5s or 500ms, "
                   "up to a day", value);
        return -1;
    }
    question->timeout_ms = ms;
    return 0;
}

static int
take_option(int option, const char *value, struct question *question)
{
    struct changes *changes = &question->changes;

    switch (option) {
        case 'r':
            question->resource = value;
            return 0;
        case 't':
            return take_timeout(value, question);
        case 'w':
            if (changes->count == CHANGES_MAX) {
                return -1;
            }
            changes->fact[changes->count++] = value;
            return 0;
        default:
            return -1;
    }
}

int
verb_explain(int argc, char **argv)
{
    static const struct option options[] = {
        { "resource", required_argument, NULL, 'r' },
        { "timeout", required_argument, NULL, 't' },
        { "what", required_argument, NULL, 'w' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    static struct question question;
    int option;

    while ((option = getopt_long(argc, argv, "r:t:w:h", options, NULL))
           != -1) {
        if (option == 'h') {
            return usage(stdout);
        }
        if (take_option(option, optarg, &question) != 0) {
            return usage(stderr);
        }
    }
    if (optind + 1 < argc) {
        return usage(stderr);
    }
    question.object = argv[optind];     /* NULL at the end */
    if (question.object == NULL || !is_file(question.object)) {
        return explain_live(&question);
    }
    return question.resource != NULL || question.timeout_ms != 0
           ? usage(stderr)
           : trace_replay_path(question.object, &question.changes);
}
