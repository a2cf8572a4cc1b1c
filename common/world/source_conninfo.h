/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_SOURCE_CONNINFO_H
#define PGWARD_COMMON_SOURCE_CONNINFO_H

#include "params.h"
#include "text.h"

/*!
 * How to reach the primary for its files: a standby's primary_conninfo, with
 * rejoin_user and a database instead of what a WAL receiver has.
 *
 * The database is pgdb, but never template1: nobody can make a database while
 * a session is in there. A password in primary_conninfo_opt is repuser's: with
 * another rejoin_user it is left out, and .pgpass has to have it.
 *
 * \param[out] ret_conninfo  without any password: it may be on a command line
 * \param[out] ret_password  of primary_conninfo_opt, or ""
 * \return 0; -1 with `ret_why`: primary_conninfo_opt is not what libpq takes,
 *         has an sslpassword, or is too long.
 */
int
source_conninfo(const struct params *params, struct text *ret_conninfo,
                struct text *ret_password, struct text *ret_why);

/*!
 * How to reach the primary for a copy of it: a standby's primary_conninfo, as
 * repuser, without a database; the rest as of source_conninfo().
 */
int
source_conninfo_of_copy(const struct params *params,
                        struct text *ret_conninfo, struct text *ret_password,
                        struct text *ret_why);

/*! The role that it logs in as: rejoin_user, or else repuser. */
const char *
source_role(const struct params *params);

#endif
