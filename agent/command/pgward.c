/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command's entrance: from a verb to an exit code. */

#include <stdio.h>
#include <string.h>

#include "command.h"
#include "report.h"

static const struct verb {
    const char *name;
    const char *what;
    verb_fn run;
} verbs[] = {
    { "check", "may clients be sent to a server: for HAProxy, Keepalived, "
               "Nagios", verb_check },
    { "explain", "who may lead and by which rule: now, or by a trace",
      verb_explain },
    { "failover", "go on with a node's data where no node may lead by proof",
      verb_failover },
    { "history", "what happened to the cluster, as this node saw it",
      verb_history },
    { "report", "what a bug report needs, in one file, without passwords",
      verb_report },
    { "salvage", "what a node had and the cluster has not: list it, look at "
                 "it", verb_salvage },
    { "serve", "where clients may go: over HTTP, for load balancers",
      verb_serve },
    { "setup", "the pcs commands that make the recommended cluster",
      verb_setup },
    { "status", "the cluster on one screen: roles, lag, who could take over",
      verb_status },
    { "switchover", "move the lead to another node, proved to lose nothing",
      verb_switchover },
    { "validate", "what differs from the safe profile, what it can cost",
      verb_validate },
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static int
usage(FILE *where)
{
    (void) fputs("usage: pgward VERB [OPTION]...\n\n", where);
    for (size_t i = 0; i < VERBS; i++) {
        (void) fprintf(where, "  %-10s %s\n", verbs[i].name, verbs[i].what);
    }
    (void) fputs("\n'pgward VERB --help' tells more; so does pgward(8).\n",
                 where);
    return where == stdout ? COMMAND_OK : COMMAND_USAGE;
}

int
main(int argc, char **argv)
{
    report_init_command("pgward", LOG_WARNING);
    if (argc < 2) {
        return usage(stderr);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        return usage(stdout);
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void) printf("pgward %s\n", PACKAGE_VERSION);
        return COMMAND_OK;
    }
    for (size_t i = 0; i < VERBS; i++) {
        if (strcmp(argv[1], verbs[i].name) == 0) {
            return verbs[i].run(argc - 1, argv + 1);
        }
    }
    report_log(LOG_ERR, "there is no verb '%s'", argv[1]);
    return usage(stderr);
}
