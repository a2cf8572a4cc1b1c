/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_SOURCE_LOGIN_H
#define PGWARD_AGENT_SOURCE_LOGIN_H

#include "params.h"
#include "text.h"

#define SOURCE_LOGIN_SECRET "PGPASSWORD="

/*!
 * How a program reaches the primary: a connection string for its command line,
 * and a password, where there is one, for its environment.
 */
struct source_login {
    char conninfo[4096];
    char secret[sizeof(SOURCE_LOGIN_SECRET) + 1024];    /*!< PGPASSWORD=... */
};

/*! source_conninfo(), or source_conninfo_of_copy(). */
typedef int (*source_login_fn)(const struct params *params,
                               struct text *ret_conninfo,
                               struct text *ret_password,
                               struct text *ret_why);

/*! Fill it; 0, or -1 with `ret_why`. */
int
source_login_fill(const struct params *params, source_login_fn fill,
                  struct source_login *ret_login, struct text *ret_why);

/*! The variable of the environment; NULL: there is no password. */
const char *
source_login_secret(const struct source_login *login);

/*! Nothing of the password is left; for CLEANUP() too. */
void
source_login_wipe(struct source_login *login);

#endif
