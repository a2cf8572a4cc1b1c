/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_PARAMS_H
#define PGWARD_COMMON_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ocf.h"
#include "text.h"

#define NODES_MAX 16
#define NODE_NAME_SIZE 128
#define PATH_SIZE 1024

enum rep_mode {
    REP_MODE_NONE = 0,
    REP_MODE_ASYNC,
    REP_MODE_SYNC,
    REP_MODE_SLAVE,
};

enum sync_mode {
    SYNC_MODE_PRIORITY = 0,
    SYNC_MODE_QUORUM,
};

enum rejoin_way {
    REJOIN_BY_HAND = 0,
    REJOIN_BY_REWIND,
    REJOIN_BY_REBUILD,
};

/*! Node names, as the user wrote them; compare with text_same_name(). */
struct name_list {
    size_t count;
    char name[NODES_MAX][NODE_NAME_SIZE];
};

/*!
 * Every parameter of the resource, under its own name.
 *
 * Strings point into the caller's memory (the environment) or to constants
 * and are never NULL; an unset parameter has its default.
 */
struct params {
    const char *pgctl;
    const char *psql;
    const char *pgdata;
    const char *pgdba;
    const char *pghost;
    int pgport;
    const char *pglibs;
    const char *start_opt;
    const char *ctl_opt;
    const char *config;
    char config_default[PATH_SIZE];  /*!< `pgdata/postgresql.conf` */
    const char *pgdb;
    const char *logfile;
    const char *socketdir;
    long stop_escalate_s;
    const char *monitor_user;
    const char *monitor_password;
    const char *monitor_sql;
    bool check_wal_receiver;
    enum rep_mode rep_mode;
    struct name_list node_list;
    const char *restore_command;
    const char *archive_cleanup_command;
    const char *recovery_end_command;
    const char *master_ip;
    const char *repuser;
    const char *primary_conninfo_opt;
    bool restart_on_promote;
    const char *replication_slot_name;
    const char *tmpdir;
    long xlog_check_count;
    long crm_attr_timeout_s;
    long stop_escalate_in_slave_s;
    struct name_list external_standby_node_list;
    /* only pgward has what follows */
    const char *trace_file;
    enum sync_mode sync_mode;
    bool watch;
    long sync_num;
    bool sync_strict;
    long max_lag_on_promote;
    const char *client_address;
    const char *rejoin_user;
    enum rejoin_way rejoin;
    long rejoin_keep;
    long rejoin_keep_age_s;
    long rejoin_attempts;
    long slot_keep_s;
    long slot_max_wal;
    long rejoin_rate;
    const char *rebuild_command;
};

enum param_type {
    PARAM_STRING = 0,
    PARAM_PORT,         /*!< an int */
    PARAM_INTEGER,      /*!< a long */
    PARAM_SECONDS,      /*!< a long; the user may write `90s` */
    PARAM_SIZE,         /*!< a long, bytes; the user may write `16MB` */
    PARAM_BOOLEAN,
    PARAM_WORD,         /*!< an enumeration, in the order of `words` */
    PARAM_NODE_LIST,
};

/*! One row of the table that parsing, meta-data and the manual share. */
struct param_spec {
    const char *name;
    enum param_type type;
    bool restarts;              /*!< a change takes a restart of the server;
                                     all others take a reload-agent */
    const char *default_text;   /*!< as the meta-data shows it, "" for none */
    const char *shortdesc;
    const char *longdesc;
    size_t offset;              /*!< of the field in struct params */
    const char *const *words;   /*!< of PARAM_WORD, ended by NULL */
    long min;                   /*!< integers: smallest value allowed */
    long max;                   /*!< integers: largest value allowed */
};

/*! The table, ended by a row whose name is NULL. */
extern const struct param_spec params_table[];

/*! Give the value of parameter `name`, or NULL when it is unset. */
typedef const char *(*params_get_fn)(void *context, const char *name);

/*!
 * Read every parameter. An empty value is an unset one.
 *
 * `ret_params` points into itself when `config` is not set: do not copy it.
 * A value that cannot be used is named in `problem` and replaced by its
 * default, so that stop and monitor can go on (P5); the first problem is the
 * one named.
 *
 * \return OCF_SUCCESS, or OCF_ERR_CONFIGURED with `problem` filled.
 */
enum ocf_code
params_parse(params_get_fn get, void *context, struct params *ret_params,
             struct text *problem);

/*!
 * Check what can be checked without touching anything: combinations. Text
 * of psql that a server does not understand (backslash commands in
 * monitor_sql) is found here too.
 *
 * \param[in] promotable  the resource is a promotable clone, as far as the
 *                        meta attributes say
 * \param[in] has_meta    meta attributes were there at all (pcs calls
 *                        validate-all without them: then skip those checks)
 * \return OCF_SUCCESS, or the exit code with `problem` filled: object, cause
 *         and next step.
 */
enum ocf_code
params_check(const struct params *params, bool promotable, bool has_meta,
             struct text *problem);

/*!
 * start_opt once stood between single quotes in a command line, and is read
 * once more by pg_ctl's shell. Who needed a quote inside broke out of those
 * quotes and in again: does this value?
 */
bool
params_start_opt_breaks_out(const char *start_opt);

/*!
 * Read a truth word of OCF and Pacemaker, without case.
 *
 * \return 0, or -1 with `ret_value` untouched: not such a word.
 */
int
params_parse_boolean(const char *value, bool *ret_value);

/*!
 * Read a size as PostgreSQL writes it: bytes, or a number and kB, MB, GB or TB.
 *
 * \return 0, or -1 with `ret_bytes` untouched: it is none, or too large.
 */
int
params_parse_size(const char *value, uint64_t *ret_bytes);

/*! `none`, `async`, ... as the user writes them, ended by NULL. */
extern const char *const rep_mode_words[];

/*! Replication between cluster nodes: async or sync. */
bool
rep_mode_is_replication(enum rep_mode mode);

/*! Does libpq take this host for a socket, for a server of this machine? */
bool
params_is_socket(const char *host);

/*!
 * Is there a psql command in `sql`: a backslash outside of strings, quoted
 * names and comments?
 */
bool
params_sql_has_psql_command(const char *sql);

/*!
 * The replication slot of a node: `{prefix}_{node}`, lower case, `-` and `.`
 * made `_`.
 *
 * \return 0, or -1: longer than PostgreSQL's 63 bytes or than `ret_name`.
 */
int
params_slot_name(const char *prefix, const char *node, char *ret_name,
                 size_t size);

#endif
