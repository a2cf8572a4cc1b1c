/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `pgward report`: what a bug report needs, without passwords. */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "command.h"
#include "flight.h"
#include "helper.h"
#include "redact.h"
#include "report.h"

/* A longer line is cut there: what it hides might be in two halves. */
#define LINE_SIZE (256 * 1024)
#define MASKS_SIZE (LINE_SIZE * 2)

/* The script's filter: a line with its secrets made `***`. */
static int
redact_input(void)
{
    static char safe[MASKS_SIZE];
    CLEANUP(free_text) char *line = NULL;
    size_t size = 0;
    ssize_t len;

    while ((len = getline(&line, &size, stdin)) >= 0) {
        struct text text;

        if (len >= LINE_SIZE) {
            (void) puts("[a line of this length is left out]");
            continue;
        }
        text_init(&text, safe, sizeof(safe));
        redact_add(&text, line);
        (void) fputs(text.overflow ? "[left out: it did not fit]\n" : safe,
                     stdout);
    }
    if (ferror(stdin) != 0 || fflush(stdout) != 0) {
        report_log(LOG_ERR, "could not redact: %s", strerror(errno));
        return COMMAND_FAILED;
    }
    return COMMAND_OK;
}

int
verb_report(int argc, char **argv)
{
    char own[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", own, sizeof(own) - 1);

    if (argc == 2 && strcmp(argv[1], "--redact") == 0) {
        return redact_input();
    }
    own[len > 0 ? len : 0] = '\0';
    if (len <= 0 || setenv("PGWARD_COMMAND", own, 1) != 0
        || setenv("PGWARD_STATE", STATE_FOLDER, 1) != 0) {
        report_log(LOG_ERR, "could not find this program: %s",
                   strerror(errno));
        return COMMAND_FAILED;
    }
    return helper_exec("report-bundle", argv);
}
