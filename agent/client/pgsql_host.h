/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_PGSQL_HOST_H
#define PGWARD_AGENT_PGSQL_HOST_H

#include <stddef.h>
#include <stdint.h>

#include "roads.h"
#include "text.h"

/*
 * A server somewhere, of which nothing is known but how to log in: what a
 * router asks. A session is kept, and made anew where it breaks. Each is used
 * by one thread alone: libpq looks up names without a limit.
 */

struct pgsql_host;

/*!
 * Make one; nothing is connected yet. PG* variables of the environment have
 * their say, as libpq has it.
 *
 * \param[in]  keyword, value  libpq's, `count` of them; they live as long
 * \param[out] ret_unknown     keywords that libpq does not have, with a space
 *                             between; they are left out
 *
 * \return NULL with errno.
 */
struct pgsql_host *
pgsql_host_new(char *const *keyword, char *const *value, size_t count,
               struct text *ret_unknown);

/*! Close and free it. */
void
pgsql_host_free(struct pgsql_host *host);

/*!
 * Ask what it is, by what any log-in may see.
 *
 * \param[in,out] road  role, answers, streams and what is known of its lag are
 *                      as the answer has them, or UNKNOWN without one;
 *                      timeline and system_id stay as they are then. A
 *                      primary's timeline is the one that it writes on, a
 *                      standby's that of its last restartpoint: it may be
 *                      further on.
 *
 * \return 0, or -1 with `ret_why`; then there is no session.
 */
int
pgsql_host_ask(struct pgsql_host *host, int64_t deadline_ms,
               struct road_host *road, struct text *ret_why);

#endif
