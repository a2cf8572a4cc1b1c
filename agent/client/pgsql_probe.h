/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_PGSQL_PROBE_H
#define PGWARD_AGENT_PGSQL_PROBE_H

#include <stdint.h>

#include "snapshot.h"
#include "text.h"

/*
 * Servers asked from outside, by whoever runs the program: no resource, no
 * owner, no kept session. The log-in is what the connection string says, else
 * libpq's own defaults, PG* variables and .pgpass included.
 */

/*! Whom to ask, and how. */
struct pgsql_probe {
    const char *conninfo;       /*!< `KEY=VALUE ...` or a URI; "": nothing */
    const char *port;           /*!< of all; NULL: as conninfo says */
    size_t count;               /*!< up to NODES_MAX */
    const char *host[NODES_MAX];    /*!< [0] is the one in question; NULL: as
                                         conninfo says. The others are peers */
};

/*!
 * Ask all of them at once what pgsql_observe() asks, each in a session of its
 * own. Once the first has answered, its peers have a quarter more of the time:
 * a dead one must not cost the answer.
 *
 * A host that is a name is looked up by libpq without a deadline: the caller's
 * alarm ends it.
 *
 * \param[out] ret_servers  `count` of them; each one's `answer` and `text` say
 *                          how it went
 *
 * \return 0, or -1 with `ret_why` and nobody asked: conninfo is none, or names
 *         several hosts, of which nobody would know which one has answered.
 */
int
pgsql_probe(const struct pgsql_probe *probe, int64_t deadline_ms,
            struct server *ret_servers, struct text *ret_why);

#endif
