/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pgward validate`: cluster, resource and server against the safe profile. */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "common_options.h"
#include "decide.h"
#include "json.h"
#include "looking.h"
#include "report.h"

#define TIMEOUT_MS 20000u
#define FORMAT_VERSION 1

static int
usage(FILE *where)
{
    (void) fputs("usage: pgward validate [OPTION]...\n"
                 "\n"
                 "Compares the cluster, the resource and this node's server "
                 "with what is safe, and tells of\n"
                 "each difference: the object, what it can cost, and the "
                 "command that changes it. Nothing\n"
                 "is changed. Run it on each node: a server is looked at "
                 "where it runs.\n"
                 "\n" COMMON_OPTION_HELP "\n"
                 "\n"
                 "Exit code: 0 nothing was found; 1 something was; 2 usage; "
                 "3 not all could be looked at.\n", where);
    return where == stdout ? COMMAND_OK : COMMAND_USAGE;
}

/* The agent's own decision, which says what it wants to see. */
static int
look_and_decide(const struct common_options *options, struct look *seen,
                struct plan *plan, bool *ret_whole)
{
    struct look_request request = {
        .resource = options->resource, .limit_ms = options->timeout_ms,
    };

    if (looking_look(&request, seen, ret_whole) != 0) {
        return -1;
    }
    seen->snapshot.action = ACTION_VALIDATE;
    decide(&seen->snapshot, plan);
    if (plan->verdict == VERDICT_AGAIN) {
        request.facts = plan->facts;
        if (looking_look(&request, seen, ret_whole) != 0) {
            return -1;
        }
        seen->snapshot.action = ACTION_VALIDATE;
        decide(&seen->snapshot, plan);
    }
    return 0;
}

/* The next finding of a plan from `*at` on; NULL: there is none. */
static const char *
next_finding(const struct plan *plan, size_t *at)
{
    for (; *at < plan->count; (*at)++) {
        const struct op *op = &plan->op[*at];

        if ((op->kind == OP_LOG || op->kind == OP_LOG_ONCE)
            && op->number <= LOG_WARNING) {
            (*at)++;
            return op->value;
        }
    }
    return NULL;
}

static json_t *
finding_json(const char *severity, const char *text)
{
    return json_pack("{s:s, s:s}", "severity", severity, "text", text);
}

static int
print_json(const struct look *seen, const struct plan *plan, bool whole)
{
    json_t *findings = json_array();
    const char *text;
    size_t at = 0;

    if (plan->reason[0] != '\0') {
        (void) json_array_append_new(findings,
                                     finding_json("error", plan->reason));
    }
    while ((text = next_finding(plan, &at)) != NULL) {
        (void) json_array_append_new(findings,
                                     finding_json("warning", text));
    }
    return json_print("validate", FORMAT_VERSION,
                      json_pack("{s:s, s:s, s:b, s:o}", "resource",
                                seen->resource, "node", seen->self_name,
                                "whole", whole, "findings", findings));
}

static void
print_text(const struct plan *plan)
{
    const char *text;
    size_t at = 0;

    if (plan->reason[0] != '\0') {
        (void) printf("error: %s\n", plan->reason);
    }
    while ((text = next_finding(plan, &at)) != NULL) {
        (void) printf("warning: %s\n", text);
    }
}

static bool
has_findings(const struct plan *plan)
{
    size_t at = 0;

    return plan->reason[0] != '\0' || next_finding(plan, &at) != NULL;
}

static int
validate(const struct common_options *options)
{
    static struct look seen;
    static struct plan plan;
    bool whole = false;

    if (look_and_decide(options, &seen, &plan, &whole) != 0) {
        return COMMAND_FAILED;
    }
    if (whole && plan.reason[0] == '\0'
        && seen.snapshot.server.answer != ANSWER_OK) {
        looking_say_missing("this node's server was not looked at: it does "
                            "not run, or does not answer");
        whole = false;
    }
    if (options->output == OUTPUT_JSON) {
        if (print_json(&seen, &plan, whole) != 0) {
            return COMMAND_FAILED;
        }
    } else {
        print_text(&plan);
        if (fflush(stdout) != 0) {
            return COMMAND_FAILED;
        }
    }
    return !whole ? COMMAND_FAILED
           : has_findings(&plan) ? COMMAND_NO : COMMAND_OK;
}

int
verb_validate(int argc, char **argv)
{
    static const struct option rows[] = {
        COMMON_OPTION_ROWS, { NULL, 0, NULL, 0 },
    };
    struct common_options options = { .timeout_ms = TIMEOUT_MS };
    int option;

    while ((option = getopt_long(argc, argv, COMMON_OPTION_LETTERS, rows,
                                 NULL)) != -1) {
        if (option == 'h') {
            return usage(stdout);
        }
        if (common_option_take(option, optarg, &options) != 0) {
            return usage(stderr);
        }
    }
    return optind < argc ? usage(stderr) : validate(&options);
}
