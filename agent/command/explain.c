/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pgward explain`: who may lead and why, now or by a trace. */

#include "explain.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "common_options.h"
#include "explain_json.h"
#include "flight.h"
#include "json.h"
#include "look.h"
#include "looking.h"
#include "report.h"
#include "trace_replay.h"

#define ANSWER_SIZE (64 * 1024)
#define TIMEOUT_MS 10000u
#define FORMAT_VERSION 1

/* What the command line says. */
struct question {
    struct common_options common;   /* timeout_ms 0: the default */
    struct changes changes;
    const char *object;         /* a file or a node; NULL: this node */
};

static int
usage(FILE *where)
{
    (void) fputs("usage: pgward explain [OPTION]... [NODE]\n"
                 "       pgward explain [--what KEY=VALUE]... FILE...\n"
                 "\n"
                 "Looks at the cluster and at this node's server, and tells "
                 "whether this node (or NODE)\n"
                 "may lead, and by which rule. Nothing is changed.\n"
                 "Or replays what was recorded (" STATE_FOLDER "/RESOURCE), "
                 "a trace (the parameter\n"
                 "trace_file) or a stored case, and prints for each look who "
                 "may lead and what is decided.\n"
                 "'-' is standard input; what has a slash, or is there, is a "
                 "file.\n"
                 "\n"
                 "  -w, --what KEY=VALUE  change a fact of each look first, "
                 "e.g. fencing=no\n"
                 COMMON_OPTION_HELP "\n"
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

static int
print_answer(const struct question *question, bool whole, struct look *seen)
{
    const char *name = question->object != NULL ? question->object
                                                : seen->self_name;
    static char buf[ANSWER_SIZE];
    struct text answer;

    if (question->common.output == OUTPUT_JSON) {
        return json_print("explain", FORMAT_VERSION,
                          explain_json_now(seen, name, whole)) == 0
               ? COMMAND_OK : COMMAND_FAILED;
    }
    text_init(&answer, buf, sizeof(buf));
    (void) explain_now(&seen->snapshot, name, &answer);
    (void) fputs(buf, stdout);
    return fflush(stdout) == 0 ? COMMAND_OK : COMMAND_FAILED;
}

static int
explain_live(const struct question *question)
{
    static struct look seen;
    const struct look_request request = {
        .resource = question->common.resource,
        .facts = EXPLAIN_FACTS,
        .limit_ms = question->common.timeout_ms != 0
                    ? question->common.timeout_ms : TIMEOUT_MS,
    };
    bool whole;
    int code;

    if (looking_look(&request, &seen, &whole) != 0) {
        return COMMAND_FAILED;
    }
    if (whole && !saw_all(&seen.snapshot)) {
        looking_say_missing("not all could be looked at: it is 'unknown' "
                            "here");
        whole = false;
    }
    if (trace_replay_change(&question->changes, &seen.snapshot) != 0) {
        return COMMAND_FAILED;
    }
    code = print_answer(question, whole, &seen);
    return whole ? code : COMMAND_FAILED;
}

static int
take_option(int option, const char *value, struct question *question)
{
    struct changes *changes = &question->changes;

    if (option == 'w') {
        if (changes->count == CHANGES_MAX) {
            return -1;
        }
        changes->fact[changes->count++] = value;
        return 0;
    }
    return common_option_take(option, value, &question->common);
}

/* The worst of them: what could not be read, then what was decided anew. */
static int
explain_files(char **files, const struct question *question)
{
    bool as_json = question->common.output == OUTPUT_JSON;
    json_t *looks = as_json ? json_array() : NULL;
    int worst = as_json && looks == NULL ? COMMAND_FAILED : COMMAND_OK;

    for (; *files != NULL && worst != COMMAND_FAILED; files++) {
        int code = trace_replay_path(*files, &question->changes, looks);

        worst = code > worst ? code : worst;
    }
    if (as_json && json_print("explain", FORMAT_VERSION,
                              json_pack("{s:o}", "looks", looks)) != 0) {
        worst = COMMAND_FAILED;
    }
    return worst;
}

int
verb_explain(int argc, char **argv)
{
    static const struct option options[] = {
        { "what", required_argument, NULL, 'w' },
        COMMON_OPTION_ROWS,
        { NULL, 0, NULL, 0 },
    };
    static struct question question;
    int option;

    while ((option = getopt_long(argc, argv, "w:" COMMON_OPTION_LETTERS,
                                 options, NULL)) != -1) {
        if (option == 'h') {
            return usage(stdout);
        }
        if (take_option(option, optarg, &question) != 0) {
            return usage(stderr);
        }
    }
    question.object = argv[optind];     /* NULL at the end */
    if (question.object != NULL && is_file(question.object)) {
        return question.common.resource != NULL
               || question.common.timeout_ms != 0
               ? usage(stderr) : explain_files(&argv[optind], &question);
    }
    return optind + 1 < argc ? usage(stderr) : explain_live(&question);
}
