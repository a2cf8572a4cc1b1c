/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent's entrance: from an action word to an exit code. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cycle.h"
#include "instance.h"
#include "metadata.h"
#include "report.h"

static int
print(const struct text *text)
{
    if (text->overflow || fwrite(text->buf, 1, text->len, stdout) != text->len
        || fflush(stdout) != 0) {
        (void) fprintf(stderr, "could not write to standard output\n");
        return OCF_ERR_GENERIC;
    }
    return OCF_SUCCESS;
}

static int
show_usage(FILE *where)
{
    char buf[METADATA_SIZE];
    struct text text;

    text_init(&text, buf, sizeof(buf));
    metadata_write_usage(&text, "pgsql");
    (void) fputs(buf, where);
    return where == stdout ? OCF_SUCCESS : OCF_ERR_ARGS;
}

static int
show_metadata(void)
{
    char buf[METADATA_SIZE];
    struct text text;

    text_init(&text, buf, sizeof(buf));
    metadata_write(&text, PACKAGE_VERSION, OCF_1_1);
    return print(&text);
}

static int
show_methods(void)
{
    char buf[METADATA_SIZE];
    struct text text;

    text_init(&text, buf, sizeof(buf));
    metadata_write_methods(&text);
    return print(&text);
}

static int
run_action(enum action action, const char *word)
{
    static struct instance instance;
    static struct snapshot snapshot;
    enum ocf_code code;

    report_init(getenv("OCF_RESOURCE_INSTANCE"), word);
    instance_init(action, &instance, &snapshot);
    if (action == ACTION_START || action == ACTION_VALIDATE
        || action == ACTION_RELOAD) {
        instance_check_setup(&instance, &snapshot);
    }
    code = cycle_run(&instance, &snapshot);
    pgsql_close(instance.pgsql);
    cluster_close(instance.cluster);
    return (int) code;
}

int
main(int argc, char **argv)
{
    enum action action;

    if (argc != 2) {
        return show_usage(stderr);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0
        || strcmp(argv[1], "usage") == 0 || strcmp(argv[1], "help") == 0) {
        return show_usage(stdout);
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void) printf("pgward %s\n", PACKAGE_VERSION);
        return OCF_SUCCESS;
    }
    action = action_parse(argv[1]);
    switch (action) {
        case ACTION_METADATA:
            return show_metadata();
        case ACTION_METHODS:
            return show_methods();
        case ACTION_START:
        case ACTION_STOP:
        case ACTION_STATUS:
        case ACTION_MONITOR:
        case ACTION_PROMOTE:
        case ACTION_DEMOTE:
        case ACTION_NOTIFY:
        case ACTION_VALIDATE:
        case ACTION_REPORT:
        case ACTION_RELOAD:
        case ACTION_REJOIN:
            return run_action(action, argv[1]);
        case ACTION_NONE:
            break;
    }
    (void) show_usage(stderr);
    return OCF_ERR_UNIMPLEMENTED;
}
