/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_TESTS_SERVER_H
#define PGWARD_TESTS_SERVER_H

#include <stdbool.h>

#include "identity.h"
#include "params.h"

/*
 * A real PostgreSQL server in a temporary folder, for tests that need one.
 * Needs root and the server's programs; without them tests are skipped.
 */

struct server_dir {
    char folder[PATH_SIZE];     /*!< removed by server_remove() */
    char pgdata[PATH_SIZE];
    char logfile[PATH_SIZE];
    char tmpdir[PATH_SIZE];
    char pgctl[PATH_SIZE];
    char start_opt[PATH_SIZE];
    struct identity identity;
    struct params params;
};

/*! Why there can be no server here, or NULL: there can. */
const char *
server_why_not(void);

/*! Make a data directory with initdb; fails the test if it cannot. */
void
server_create(struct server_dir *server);

/*! Start it and wait until it takes connections. */
void
server_start(struct server_dir *server);

/*! Run SQL with psql as the owner; true if it succeeded. */
bool
server_sql(struct server_dir *server, const char *sql);

/*! Run SQL with psql in the background; gives psql's process id. */
int
server_sql_background(struct server_dir *server, const char *sql);

/*! Kill what is left and remove the folder. */
void
server_remove(struct server_dir *server);

/*! Process id of the postmaster by postmaster.pid. */
int
server_postmaster(const struct server_dir *server);

#endif
