/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handle alone: making it does not take libpq. */

#include <stdlib.h>
#include <string.h>

#include "pgsql_internal.h"

extern char **environ;

/*
 * libpq takes an empty value for none and then looks into the environment, so
 * giving every keyword is not enough.
 */
static void
clear_environment(void)
{
    char name[NODE_NAME_SIZE];
    size_t i = 0;

    while (environ != NULL && environ[i] != NULL) {
        size_t len = strcspn(environ[i], "=");

        /* what unsetenv() would not find is passed over, not tried for ever */
        if (strncmp(environ[i], "PG", 2) != 0
            || strncmp(environ[i], "PGWARD_", 7) == 0
            || environ[i][len] != '=' || len >= sizeof(name)) {
            i++;
            continue;
        }
        memcpy(name, environ[i], len);
        name[len] = '\0';
        (void) unsetenv(name);      /* fails for no name of this form */
    }
}

struct pgsql *
pgsql_new(const struct params *params, const struct identity *identity)
{
    static struct pgsql pgsql;

    clear_environment();
    memset(&pgsql, 0, sizeof(pgsql));
    pgsql.params = params;
    pgsql.identity = identity;
    return &pgsql;
}

int
pgsql_turn_to(struct pgsql *pgsql, const char *host)
{
    return text_copy(host, pgsql->peer, sizeof(pgsql->peer));
}
