/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verbs that are programs of their own. */

#include "helper.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "module.h"
#include "report.h"

int
helper_exec(const char *name, char **argv)
{
    static char program[PATH_SIZE];
    char why_text[1024];
    struct text why;

    text_init(&why, why_text, sizeof(why_text));
    if (module_find(name, program, &why) != 0) {
        report_log(LOG_ERR, "%s", why_text);
        return COMMAND_FAILED;
    }
    argv[0] = program;
    (void) execv(program, argv);
    report_log(LOG_ERR, "could not run '%s': %s", program, strerror(errno));
    return COMMAND_FAILED;
}
