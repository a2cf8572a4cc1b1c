/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `pgward serve`: a program of its own, since the libraries that it takes cost
 * every other verb more to load than what they do.
 */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "module.h"
#include "report.h"

int
verb_serve(int argc, char **argv)
{
    static char program[PATH_SIZE];
    char why_text[SERVER_TEXT_SIZE];
    struct text why;

    (void) argc;
    text_init(&why, why_text, sizeof(why_text));
    if (module_find("serve", program, &why) != 0) {
        report_log(LOG_ERR, "%s", why_text);
        return COMMAND_FAILED;
    }
    argv[0] = program;
    (void) execv(program, argv);
    report_log(LOG_ERR, "could not run '%s': %s", program, strerror(errno));
    return COMMAND_FAILED;
}
