/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A look whose gaps are told. */

#include "looking.h"

#include <unistd.h>

#include "report.h"

void
looking_say_missing(const char *what)
{
    report_log(LOG_ERR, "%s", what);
    /* the cluster's daemons and the server's files are not everyone's */
    if (geteuid() != 0) {
        report_log(LOG_ERR, "run it as root: it runs as user id %u",
                   (unsigned) geteuid());
    }
}

int
looking_look(const struct look_request *request, struct look *ret_look,
             bool *ret_whole)
{
    char why_text[SERVER_TEXT_SIZE];
    struct text why;
    int rc;

    text_init(&why, why_text, sizeof(why_text));
    rc = look(request, ret_look, &why);
    if (why.len > 0) {
        looking_say_missing(why_text);
    }
    if (rc == 0) {
        *ret_whole = why.len == 0;
    }
    return rc;
}
