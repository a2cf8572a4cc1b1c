/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the server is told to do. */

#include "pgsql_internal.h"

#include <string.h>

#define PROMOTE_VERSION_MIN 120000

/* SQLSTATEs that have a meaning of their own here. */
#define NOT_IN_PREREQUISITE_STATE "55000"
#define INSUFFICIENT_PRIVILEGE "42501"
#define DUPLICATE_OBJECT "42710"
#define UNDEFINED_OBJECT "42704"

static bool
is_state(const struct pgsql_failure *failure, const char *sqlstate)
{
    return strcmp(failure->sqlstate, sqlstate) == 0;
}

enum tri
pgsql_run_monitor_sql(struct pgsql *pgsql, int64_t deadline_ms,
                      struct text *ret_why)
{
    const char *sql = pgsql->params->monitor_sql;
    struct pgsql_failure failure;
    int rc;

    if (sql[strspn(sql, " \t\r\n")] == '\\') {
        text_add(ret_why, "could not run 'monitor_sql': commands of psql's own"
                          " (\\...) are not SQL. Write the statement itself");
        return TRI_NO;
    }
    if (pgsql_open(pgsql, deadline_ms, &failure) != 0) {
        text_add(ret_why, "could not run 'monitor_sql': %s", failure.text);
        return TRI_UNKNOWN;
    }
    if (pgsql->refused[0] != '\0') {
        /* a user's SQL never runs with the rights of the owner */
        text_add(ret_why, "could not run 'monitor_sql': %s", pgsql->refused);
        return TRI_UNKNOWN;
    }
    rc = pgsql_drain(pgsql->conn, sql, deadline_ms, &failure);
    pgsql_close(pgsql);
    if (rc != 0) {
        text_add(ret_why, "could not run 'monitor_sql': %s%s%s",
                 failure.sqlstate, failure.sqlstate[0] == '\0' ? "" : " ",
                 failure.text);
        return TRI_NO;
    }
    return TRI_YES;
}

int
pgsql_promote(struct pgsql *pgsql, int64_t deadline_ms, struct text *ret_why)
{
    CLEANUP(pgsql_clear_result) PGresult *result = NULL;
    struct pgsql_failure failure;
    /* the 60 is for who waits; we do not, but it has to be positive */
    const struct pgsql_statement statement = {
        .sql = "SELECT CASE WHEN pg_catalog.pg_is_in_recovery()"
               " THEN pg_catalog.pg_promote(false, 60) ELSE true END",
        .rows = 1,
    };

    if (pgsql_open(pgsql, deadline_ms, &failure) != 0) {
        text_add(ret_why, "could not promote the server: %s", failure.text);
        return -1;
    }
    if (PQserverVersion(pgsql->conn) < PROMOTE_VERSION_MIN) {
        text_add(ret_why, "could not promote the server: before version 12 it"
                          " takes no such order over SQL");
        return PGSQL_PROMOTE_BY_SIGNAL;
    }
    if (pgsql_ask(pgsql, &statement, deadline_ms, &result, &failure) != 0) {
        if (is_state(&failure, NOT_IN_PREREQUISITE_STATE)) {
            return 0;       /* recovery ended between the two functions */
        }
        text_add(ret_why, "could not promote the server: %s", failure.text);
        return is_state(&failure, INSUFFICIENT_PRIVILEGE)
               ? PGSQL_PROMOTE_BY_SIGNAL : -1;
    }
    if (pgsql_field_tri(result, 0, 0) != TRI_YES) {
        text_add(ret_why, "could not promote the server: pg_promote() could"
                          " not signal the postmaster");
        return -1;
    }
    return 0;
}

static int
ask_as_owner(const struct pgsql *pgsql,
             const struct pgsql_statement *statement, int64_t deadline_ms,
             struct pgsql_failure *ret_failure)
{
    CLEANUP(pgsql_finish_conn) PGconn *conn = NULL;
    CLEANUP(pgsql_clear_result) PGresult *result = NULL;

    return pgsql_connect(pgsql, PGSQL_LOGIN_OWNER, deadline_ms, &conn,
                         ret_failure) == 0
           ? pgsql_query(conn, statement, deadline_ms, &result, ret_failure)
           : -1;
}

int
pgsql_end_sessions(struct pgsql *pgsql, int64_t deadline_ms,
                   struct text *ret_why)
{
    struct pgsql_failure failure;
    const struct pgsql_statement statement = {
        .sql = "SELECT pg_catalog.pg_terminate_backend(c.pid)"
               " FROM pg_catalog.pg_stat_activity c,"
               " pg_catalog.pg_stat_activity s"
               " WHERE s.backend_type OPERATOR(pg_catalog.=) 'startup'"
               " AND (s.wait_event_type OPERATOR(pg_catalog.=) 'Lock'"
               " OR s.wait_event_type OPERATOR(pg_catalog.=) 'BufferPin'"
               " OR s.wait_event OPERATOR(pg_catalog.~~) 'RecoveryConflict%')"
               " AND c.backend_type OPERATOR(pg_catalog.=) 'client backend'"
               " AND c.xact_start IS NOT NULL"
               " AND c.pid OPERATOR(pg_catalog.<>)"
               " pg_catalog.pg_backend_pid()",
    };

    if (ask_as_owner(pgsql, &statement, deadline_ms, &failure) == 0) {
        return 0;
    }
    text_add(ret_why, "could not end who holds replay back: %s",
             failure.text);
    return -1;
}

int
pgsql_switch_wal(struct pgsql *pgsql, int64_t deadline_ms,
                 struct text *ret_why)
{
    struct pgsql_failure failure;
    const struct pgsql_statement statement = {
        .sql = "SELECT pg_catalog.pg_switch_wal() WHERE"
               " pg_catalog.current_setting('archive_mode')"
               " OPERATOR(pg_catalog.<>) 'off'",
    };

    if (ask_as_owner(pgsql, &statement, deadline_ms, &failure) == 0) {
        return 0;
    }
    text_add(ret_why, "could not begin a new WAL segment: %s", failure.text);
    return -1;
}

/*
 * Run a statement that changes something; `done` is the failure that means
 * success. A monitor_user seldom has the right to: then the owner does it.
 */
static int
change(struct pgsql *pgsql, const struct pgsql_statement *statement,
            const char *done, int64_t deadline_ms,
            struct pgsql_failure *ret_failure)
{
    CLEANUP(pgsql_clear_result) PGresult *result = NULL;
    struct pgsql_failure failure;

    if (pgsql_ask(pgsql, statement, deadline_ms, &result, ret_failure) == 0
        || is_state(ret_failure, done)) {
        return 0;
    }
    if (!is_state(ret_failure, INSUFFICIENT_PRIVILEGE)
        || pgsql->params->monitor_user[0] == '\0') {
        return -1;
    }
    return ask_as_owner(pgsql, statement, deadline_ms, &failure) == 0
           || is_state(&failure, done) ? 0 : -1;
}

int
pgsql_create_slot(struct pgsql *pgsql, const char *slot, int64_t deadline_ms,
                  struct text *ret_why)
{
    struct pgsql_failure failure;
    const struct pgsql_statement statement = {
        .sql = "SELECT pg_catalog.pg_create_physical_replication_slot("
               "$1::pg_catalog.name, true)"
               " WHERE NOT EXISTS (SELECT FROM"
               " pg_catalog.pg_get_replication_slots() s WHERE"
               " s.slot_name OPERATOR(pg_catalog.=) $1::pg_catalog.name)",
        .param_count = 1,
        .param = (const char *const[]) { slot },
        .rows = 0,
    };

    if (change(pgsql, &statement, DUPLICATE_OBJECT, deadline_ms, &failure)
        == 0) {
        return 0;
    }
    text_add(ret_why, "could not create slot '%s': %s", slot,
             failure.text);
    return -1;
}

int
pgsql_drop_slot(struct pgsql *pgsql, const char *slot, int64_t deadline_ms,
                struct text *ret_why)
{
    struct pgsql_failure failure;
    const struct pgsql_statement statement = {
        .sql = "SELECT pg_catalog.pg_drop_replication_slot(s.slot_name)"
               " FROM pg_catalog.pg_get_replication_slots() s WHERE"
               " s.slot_name OPERATOR(pg_catalog.=) $1::pg_catalog.name",
        .param_count = 1,
        .param = (const char *const[]) { slot },
        .rows = 0,
    };

    if (change(pgsql, &statement, UNDEFINED_OBJECT, deadline_ms, &failure)
        == 0) {
        return 0;
    }
    text_add(ret_why, "could not drop slot '%s': %s", slot,
             failure.text);
    return -1;
}

int
pgsql_drop_unsynced_slots(struct pgsql *pgsql, int64_t deadline_ms,
                          struct text *ret_why)
{
    struct pgsql_failure failure;
    const struct pgsql_statement statement = {
        .sql = "SELECT pg_catalog.pg_drop_replication_slot(s.slot_name)"
               " FROM pg_catalog.pg_get_replication_slots() s WHERE"
               " pg_catalog.pg_is_in_recovery() AND s.failover"
               " AND NOT s.synced AND NOT s.temporary AND NOT s.active",
        .rows = 0,
    };

    if (change(pgsql, &statement, UNDEFINED_OBJECT, deadline_ms, &failure)
        == 0) {
        return 0;
    }
    text_add(ret_why, "could not drop failover slots that are not "
             "synchronised: %s", failure.text);
    return -1;
}

int
pgsql_advance_slots(struct pgsql *pgsql, const char *names,
                    const char *position, int64_t deadline_ms,
                    struct text *ret_why)
{
    struct pgsql_failure failure;
    const struct pgsql_statement statement = {
        .sql = "SELECT pg_catalog.pg_replication_slot_advance(s.slot_name,"
               " t.target)"
               " FROM pg_catalog.pg_get_replication_slots() s,"
               " (SELECT LEAST($2::pg_catalog.pg_lsn, c.redo_lsn) AS target"
               " FROM pg_catalog.pg_control_checkpoint() c) t"
               " WHERE pg_catalog.pg_is_in_recovery()"
               " AND s.slot_name::pg_catalog.text OPERATOR(pg_catalog.=)"
               " ANY (pg_catalog.string_to_array($1::pg_catalog.text, ','))"
               " AND NOT s.active"
               " AND s.restart_lsn OPERATOR(pg_catalog.<) t.target",
        .param_count = 2,
        .param = (const char *const[]) { names, position },
        .rows = 0,
    };

    if (change(pgsql, &statement, UNDEFINED_OBJECT, deadline_ms, &failure)
        == 0) {
        return 0;
    }
    text_add(ret_why, "could not advance slots to '%s': %s", position,
             failure.text);
    return -1;
}

/* Of a process that is another's by now, the beginning is another, too. */
#define END_ONE_SQL \
    "SELECT pg_catalog.pg_terminate_backend(w.pid)" \
    " FROM pg_catalog.pg_stat_get_wal_senders() w," \
    " LATERAL pg_catalog.pg_stat_get_activity(w.pid) a" \
    " WHERE w.pid::pg_catalog.text OPERATOR(pg_catalog.=) $1" \
    " AND " PGSQL_BEGAN " OPERATOR(pg_catalog.=) $2"

#define END_ALL_SQL \
    "SELECT pg_catalog.pg_terminate_backend(w.pid)" \
    " FROM pg_catalog.pg_stat_get_wal_senders() w"

int
pgsql_end_senders(struct pgsql *pgsql, int32_t pid, const char *began,
                  int64_t deadline_ms, struct text *ret_why)
{
    struct pgsql_failure failure;
    char number_buf[16];
    struct text number;
    const struct pgsql_statement all = { .sql = END_ALL_SQL };
    const struct pgsql_statement one = {
        .sql = END_ONE_SQL,
        .param_count = 2,
        .param = (const char *const[]) { number_buf, began },
        .rows = 0,
    };

    text_init(&number, number_buf, sizeof(number_buf));
    text_add(&number, "%d", (int) pid);
    if (change(pgsql, pid == 0 ? &all : &one, UNDEFINED_OBJECT, deadline_ms,
               &failure) == 0) {
        return 0;
    }
    text_add(ret_why, "could not end WAL senders of before: %s",
             failure.text);
    return -1;
}
