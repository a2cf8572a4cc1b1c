/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_TESTS_LIVE_SERVER_H
#define PGWARD_TESTS_LIVE_SERVER_H

#include <stdbool.h>

#include "identity.h"

/*
 * Real servers for a test: they live in one temporary folder, listen only on
 * sockets there, and are gone when the test is.
 */

#define LIVE_PATH_SIZE 256

/*! One of the servers. */
struct live_server {
    char pgdata[LIVE_PATH_SIZE];
    char port[8];   /* no other test's, and below those that connect() takes */
};

/*! The folder, and who owns the servers. */
struct live_site {
    char folder[LIVE_PATH_SIZE];
    char bindir[LIVE_PATH_SIZE];
    struct identity owner;
};

/*!
 * Find the server's programs and make the folder; the owner is `postgres`
 * where we are root, else we ourselves.
 *
 * \return NULL, or why there can be no servers here.
 */
const char *
live_site_make(struct live_site *ret_site);

/*! Kill the servers that still run there and remove the folder. */
void
live_site_remove(struct live_site *site);

/*! initdb, configuration and start of a primary. */
bool
live_primary_make(const struct live_site *site, const char *port,
                  struct live_server *ret_server);

/*! pg_basebackup of a primary and start of its standby `name`. */
bool
live_standby_make(const struct live_site *site,
                  const struct live_server *primary, const char *name,
                  const char *port, struct live_server *ret_server);

/*! `pg_ctl start -w` with options for the server, or "". */
bool
live_start(const struct live_site *site, const struct live_server *server,
           const char *options);

/*! `pg_ctl stop -m MODE`, waiting or not. */
bool
live_stop(const struct live_site *site, const struct live_server *server,
          const char *mode, bool wait);

/*! Send the postmaster a signal. */
bool
live_signal(const struct live_server *server, int signal_number);

/*! Add a line to a file of the data directory. */
bool
live_add_line(const struct live_server *server, const char *file,
              const char *line);

/*!
 * Make the German locale inside the folder; servers started afterwards find
 * it by LOCPATH.
 */
bool
live_make_german(const struct live_site *site);

#endif
