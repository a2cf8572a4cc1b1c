/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_TESTS_REASON_RULES_H
#define PGWARD_TESTS_REASON_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "reason.h"

/* What Pacemaker shows of a reason has to say what to do, and why. */

#define REASON_TEXT_SIZE 4096

/* `parameter NAME ...` names the object first, and the step after that. */
static inline bool
has_step(const char *head)
{
    if (strncmp(head, "parameter ", strlen("parameter ")) != 0) {
        return reason_names_step(head) && strstr(head, ": ") != NULL;
    }
    for (const char *at = head; *at != '\0'; at++) {
        if ((at[0] == ';' || at[0] == ':') && at[1] == ' '
            && (reason_names_step(at + 2)
                || strncmp(at + 2, "it has to be ",
                           strlen("it has to be ")) == 0)) {
            return true;
        }
    }
    return false;
}

/*
 * What is wrong with the words of a reason; NULL: nothing. `ret_shown` is what
 * Pacemaker shows of it; of REASON_TEXT_SIZE.
 */
static inline const char *
reason_fault(const char *reason, char *ret_shown)
{
    char head[REASON_TEXT_SIZE];
    bool cut;

    (void) snprintf(head, sizeof(head), "%s", reason);
    reason_shorten(head);
    cut = reason_head(head) > REASON_SHOWN;
    (void) snprintf(ret_shown, REASON_TEXT_SIZE, "%.*s", REASON_SHOWN, head);
    head[reason_head(head)] = '\0';
    if (!has_step(head)) {
        return "it does not begin with what to do, and `: ` and why";
    }
    return cut ? "its cause or its step is cut off" : NULL;
}

#endif
