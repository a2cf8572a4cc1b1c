/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_PGCONF_H
#define PGWARD_COMMON_PGCONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "params.h"
#include "plan.h"
#include "text.h"

/*
 * Settings as configuration text that PostgreSQL reads back unchanged,
 * whatever the value holds. Every writer returns 0, or -1: a value has a
 * control character (a line break could become a second setting), or the
 * text did not fit (`overflow`).
 *
 * Source: PostgreSQL documentation 20.1.2 (files), 34.1.1.1 (connection
 * strings), 20.6.2 (synchronous_standby_names).
 */

/*! Names of the managed files in tmpdir. */
#define PGCONF_REP_MODE "rep_mode.conf"
#define PGCONF_RECOVERY "recovery.conf"

/*! Append `name = 'value'` and a line end. */
int
pgconf_add_setting(struct text *text, const char *name, const char *value);

/*! Append `keyword=value` of a connection string, quoted where it must be. */
void
pgconf_add_keyword(struct text *text, const char *keyword, const char *value);

/*!
 * Append the value that begins at `at` in a configuration file, in quotes or
 * plain; gives what follows it.
 */
const char *
pgconf_read_value(const char *at, struct text *value);

/*!
 * What a restore_command begins with in recovery.conf of ours.
 *
 * The server ends where a signal ends restore_command, or what that runs; a
 * status of 1 says that the archive has no such file. SIGUSR1, and then the
 * end of what the shell runs, become that.
 */
#define PGCONF_ENDABLE "trap \"exit 1\" USR1; "

/*! What a standby's settings are made from. */
struct pgconf_standby {
    const struct params *params;
    const char *node;           /*!< this node's name, */
    const char *sender_name;    /*!< and the one that it streams under */
    uint32_t major_version;     /*!< 10 and later; before 12, recovery.conf */
    enum standby kind;
};

/*!
 * The whole of recovery.conf (from 12 on an included file of that name).
 *
 * In quarantine the server stays on its own timeline and takes nothing from
 * the archive: another timeline's copy of its last segment would hide the end
 * of its own WAL, which is what it is judged by (P3).
 */
int
pgconf_recovery(const struct pgconf_standby *standby, struct text *text);

/*!
 * The connection string of a standby, as it stands in primary_conninfo.
 *
 * The dbname is for the synchronisation of slots from version 17 on, which
 * does nothing without. It is not pgdb: that session stays, and while one is
 * in template1 no database can be made from it. For a WAL receiver it says
 * nothing: each version's libpqwalreceiver.c puts `replication` in its place.
 *
 * A WAL receiver that connects while the LAN is cut would ask again after
 * twice the time each time, and hang for as long again as the cut lasted:
 * libpq's connect_timeout says nothing to it, tcp_user_timeout (version 12
 * on; Linux counts it from the first SYN) ends such a try.
 *
 * primary_conninfo_opt is libpq's own syntax and goes in as it is; of a
 * keyword that is there twice the last one counts.
 */
int
pgconf_conninfo(const struct pgconf_standby *standby, struct text *text);

/*!
 * The application_name in a connection string that pgconf_conninfo() wrote:
 * the first one, for primary_conninfo_opt comes after it.
 *
 * \param[out] ret_name  of NODE_NAME_SIZE; "": none, or too long
 */
void
pgconf_sender_name(const char *conninfo, char *ret_name);

/*!
 * The include line for a managed file, without a line end: byte for byte the
 * shell agent's, so that each agent finds the other's.
 */
int
pgconf_include(const char *tmpdir, const char *file, struct text *text);

/*!
 * Find a setting in the text of one configuration file; the last one counts,
 * as for the server. Included files are not looked at.
 *
 * \return 1 found; 0 not there; -1 with `ret_value` untouched: too long.
 */
int
pgconf_find(const char *text, const char *name, char *ret_value, size_t size);

#endif
