/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server's settings that weaken a promise. */

#include "pgsql_internal.h"

#include <string.h>

enum {
    COL_NAME = 0,
    COL_VALUE,
    COL_SOURCE,
};

/*
 * Settings, and the command that ends the first weaker synchronous_commit of
 * a role or a database. The words are all that PostgreSQL takes for it.
 */
#define PROFILE_SQL \
    PGSQL_READ_ONLY \
    "SELECT s.name, s.setting, s.source" \
    " FROM pg_catalog.pg_show_all_settings() s" \
    " WHERE s.name OPERATOR(pg_catalog.=) ANY (ARRAY[" \
    "'fsync', 'full_page_writes', 'hot_standby', 'wal_log_hints'," \
    " 'data_checksums', 'synchronous_commit'," \
    " 'max_slot_wal_keep_size', 'max_replication_slots'," \
    " 'sync_replication_slots', 'hot_standby_feedback'," \
    " 'wal_sender_shutdown_timeout'])" \
    " UNION ALL (SELECT 'reset', pg_catalog.concat('ALTER '," \
    " CASE WHEN r.setrole OPERATOR(pg_catalog.<>) 0 THEN" \
    " pg_catalog.concat('ROLE ', pg_catalog.quote_ident(" \
    "pg_catalog.pg_get_userbyid(r.setrole)::pg_catalog.text)," \
    " pg_catalog.concat(CASE WHEN d.datname IS NULL THEN '' ELSE" \
    " ' IN DATABASE ' END," \
    " pg_catalog.quote_ident(d.datname::pg_catalog.text)))" \
    " WHEN d.datname IS NULL THEN 'ROLE ALL'" \
    " ELSE pg_catalog.concat('DATABASE '," \
    " pg_catalog.quote_ident(d.datname::pg_catalog.text)) END," \
    " ' RESET synchronous_commit'), ''" \
    " FROM pg_catalog.pg_db_role_setting r" \
    " LEFT JOIN pg_catalog.pg_database d" \
    " ON d.oid OPERATOR(pg_catalog.=) r.setdatabase," \
    " LATERAL pg_catalog.unnest(r.setconfig) c(entry)" \
    " WHERE pg_catalog.lower(c.entry) OPERATOR(pg_catalog.~)" \
    " '^synchronous_commit=(off|false|no|0|local|remote_write)$'" \
    " ORDER BY r.setrole, r.setdatabase LIMIT 1)"

/* Logical slots that a failover is to spare (17). */
#define FAILOVER_SQL \
    " UNION ALL SELECT 'failover', pg_catalog.count(*)::pg_catalog.text, ''" \
    " FROM pg_catalog.pg_get_replication_slots() s WHERE s.failover"

#define FAILOVER_VERSION 170000

/* A log-in's own setting says nothing of others; `global` is ALTER ROLE ALL. */
static bool
is_for_all(const char *source)
{
    static const char *const own[] = {
        "global", "database", "user", "database user", "client", "session",
    };

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (strcmp(source, own[i]) == 0) {
            return false;
        }
    }
    return true;
}

static bool
is_weak_commit(const char *value)
{
    return strcmp(value, "off") == 0 || strcmp(value, "local") == 0
           || strcmp(value, "remote_write") == 0;
}

static void
read_row(const PGresult *result, int row, struct profile *profile)
{
    const char *name = pgsql_field(result, row, COL_NAME);
    const char *value = pgsql_field(result, row, COL_VALUE);
    const struct {
        const char *name;
        enum tri *field;
    } fields[] = {
        { "fsync", &profile->fsync },
        { "full_page_writes", &profile->full_page_writes },
        { "hot_standby", &profile->hot_standby },
        { "wal_log_hints", &profile->wal_log_hints },
        { "sync_replication_slots", &profile->slot_sync },
        { "hot_standby_feedback", &profile->feedback },
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (strcmp(name, fields[i].name) == 0) {
            *fields[i].field = strcmp(value, "off") == 0 ? TRI_NO : TRI_YES;
        }
    }
    if (strcmp(name, "data_checksums") == 0) {
        /* while it is switched on or off, inprogress-on and -off (19) */
        profile->checksums = strcmp(value, "on") == 0 ? TRI_YES : TRI_NO;
    } else if (strcmp(name, "wal_sender_shutdown_timeout") == 0
               && is_for_all(pgsql_field(result, row, COL_SOURCE))
               && strcmp(value, "-1") != 0) {
        (void) text_copy(value, profile->sender_shutdown,
                         sizeof(profile->sender_shutdown));
    } else if (strcmp(name, "max_slot_wal_keep_size") == 0) {
        profile->slots_bounded = strcmp(value, "-1") == 0 ? TRI_NO : TRI_YES;
    } else if (strcmp(name, "failover") == 0) {
        profile->failover_slots = pgsql_field_number(result, row, COL_VALUE);
    } else if (strcmp(name, "max_replication_slots") == 0) {
        profile->slot_max = pgsql_field_number(result, row, COL_VALUE);
    } else if (strcmp(name, "reset") == 0) {
        if (text_copy(value, profile->weak_commit_reset,
                      sizeof(profile->weak_commit_reset)) != 0) {
            (void) text_copy("see pg_db_role_setting",
                             profile->weak_commit_reset,
                             sizeof(profile->weak_commit_reset));
        }
    } else if (strcmp(name, "synchronous_commit") == 0
               && is_for_all(pgsql_field(result, row, COL_SOURCE))
               && is_weak_commit(value)) {
        (void) text_copy(value, profile->weak_commit,
                         sizeof(profile->weak_commit));
    }
}

int
pgsql_observe_profile(struct pgsql *pgsql, int64_t deadline_ms,
                      struct profile *ret_profile)
{
    CLEANUP(pgsql_clear_result) PGresult *result = NULL;
    struct pgsql_failure failure;
    struct pgsql_statement statement = { .sql = PROFILE_SQL };

    if (pgsql_open(pgsql, deadline_ms, &failure) != 0) {
        return -1;
    }
    if (PQserverVersion(pgsql->conn) >= FAILOVER_VERSION) {
        statement.sql = PROFILE_SQL FAILOVER_SQL;
    }
    if (pgsql_ask(pgsql, &statement, deadline_ms, &result, &failure) != 0) {
        return -1;
    }
    for (int row = 0; row < PQntuples(result); row++) {
        read_row(result, row, ret_profile);
    }
    return 0;
}
