/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers as JSON. */

#include "json.h"

#include <stdio.h>

#include "report.h"

int
json_print(const char *verb, int version, json_t *answer)
{
    json_t *whole = json_pack("{s:s+, s:i, s:s}", "format", "pgward-", verb,
                              "version", version, "pgward", PACKAGE_VERSION);
    int rc = -1;

    if (whole != NULL && answer != NULL
        && json_object_update(whole, answer) == 0
        && json_dumpf(whole, stdout, JSON_INDENT(2)) == 0
        && putchar('\n') != EOF && fflush(stdout) == 0) {
        rc = 0;
    }
    if (rc != 0) {
        report_log(LOG_ERR, "could not write the answer as JSON");
    }
    json_decref(whole);
    json_decref(answer);
    return rc;
}
