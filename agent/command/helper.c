/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verbs that are scripts. */

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
    static char script[PATH_SIZE];
    char buf[1024];
    struct text why;

    text_init(&why, buf, sizeof(buf));
    if (module_find(name, script, &why) != 0) {
        report_log(LOG_ERR, "%s", buf);
        return COMMAND_FAILED;
    }
    argv[0] = script;
    (void) execv(script, argv);
    report_log(LOG_ERR, "could not run '%s': %s", script, strerror(errno));
    return COMMAND_FAILED;
}
