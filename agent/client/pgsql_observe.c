/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the server says of itself. */

#include "pgsql_internal.h"

#include <string.h>

/* The columns of pgsql_observe_sql(). */
enum {
    COL_IN_RECOVERY = 0,
    COL_PRIMARY_LSN,
    COL_WAL_FILE,
    COL_STANDBY_LSN,
    COL_RECEIVER_PID,
    COL_RECEIVER_TLI,
    COL_SYNC_NAMES,
    COL_UPSTREAM,
    COL_RECEIVED,
    COL_REPLAYED,
    COL_PAUSED,
    COL_TARGET,
    COL_RECEIVER_STATUS,
    COL_UNFLUSHED,
};

#define TIMELINE_DIGITS 8

/*
 * One row of facts; what a primary knows is not asked in recovery, where
 * those functions fail. Every name is of version 10 to 19.
 *
 * The flush position, not the insert position: no commit is acknowledged
 * before it is flushed here, and after a segment switch the insert position
 * stands behind the next page's header, which no standby reaches until
 * somebody writes again. So there is more to flush only where they are further
 * apart than a header is long.
 */
#define OBSERVE_SQL(upstream, target) \
    PGSQL_READ_ONLY \
    "SELECT pg_catalog.pg_is_in_recovery()," \
    " CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL" \
    " ELSE pg_catalog.pg_current_wal_flush_lsn() END," \
    " CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL" \
    " ELSE pg_catalog.pg_walfile_name(" \
    "pg_catalog.pg_current_wal_flush_lsn()) END," \
    " GREATEST(pg_catalog.pg_last_wal_receive_lsn()," \
    " pg_catalog.pg_last_wal_replay_lsn())," \
    " w.pid, w.received_tli," \
    " pg_catalog.current_setting('synchronous_standby_names')," \
    " " upstream "," \
    " pg_catalog.pg_last_wal_receive_lsn()," \
    " pg_catalog.pg_last_wal_replay_lsn()," \
    " CASE WHEN pg_catalog.pg_is_in_recovery()" \
    " THEN pg_catalog.pg_is_wal_replay_paused() END," \
    " CASE WHEN pg_catalog.pg_is_in_recovery() THEN " target " END," \
    " w.status," \
    " CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL" \
    " ELSE (pg_catalog.pg_current_wal_insert_lsn()" \
    " OPERATOR(pg_catalog.-) pg_catalog.pg_current_wal_flush_lsn())" \
    " OPERATOR(pg_catalog.>) 64 END" \
    " FROM pg_catalog.pg_stat_get_wal_receiver() w"

#define UPSTREAM_SET \
    "pg_catalog.current_setting('primary_conninfo')" \
    " OPERATOR(pg_catalog.<>) ''"

/* Before version 12 it stands in recovery.conf, which is ours. */
#define NO_TARGET "''"

#define IF_SET(name) \
    " WHEN pg_catalog.current_setting('" name "')" \
    " OPERATOR(pg_catalog.<>) '' THEN '" name "'"

#define TARGET \
    "CASE" IF_SET("recovery_target") IF_SET("recovery_target_lsn") \
    IF_SET("recovery_target_name") IF_SET("recovery_target_time") \
    IF_SET("recovery_target_xid") " ELSE '' END"

/* current_setting() fails for who may not see it, so ask that first. */
#define MAY_SEE(kind) \
    "CASE WHEN pg_catalog.pg_has_role('pg_read_all_settings', '" kind "')" \
    " THEN " UPSTREAM_SET " END"

const char *
pgsql_observe_sql(const PGconn *conn)
{
    const char *superuser = PQparameterStatus(conn, "is_superuser");
    int version = PQserverVersion(conn);

    if (version < 120000) {
        return OBSERVE_SQL("NULL", NO_TARGET);  /* it stands in recovery.conf */
    }
    if (superuser != NULL && strcmp(superuser, "on") == 0) {
        return OBSERVE_SQL(UPSTREAM_SET, TARGET);
    }
    /* from 16 on the right has to be inherited to count */
    return version < 160000 ? OBSERVE_SQL(MAY_SEE("MEMBER"), TARGET)
                            : OBSERVE_SQL(MAY_SEE("USAGE"), TARGET);
}

static void
forget(struct server *server)
{
    server->version = 0;
    server->in_recovery = TRI_UNKNOWN;
    server->position = (struct wal_position) { 0 };
    server->progress = (struct progress) { .known = TRI_UNKNOWN };
    server->unflushed = TRI_UNKNOWN;
    server->receiver_running = TRI_UNKNOWN;
    server->upstream_set = TRI_UNKNOWN;
    server->sync_names[0] = '\0';
    server->sync_names_known = TRI_UNKNOWN;
    server->refused[0] = '\0';
}

/* A WAL file's name begins with its timeline. */
static uint32_t
timeline_of_file(const char *name)
{
    char digits[TIMELINE_DIGITS + 1] = "";
    uint32_t timeline = 0;

    if (strlen(name) > TIMELINE_DIGITS) {
        memcpy(digits, name, TIMELINE_DIGITS);
        (void) pgsql_parse_number(digits, 16, &timeline);   /* else unknown */
    }
    return timeline;
}

static void
read_position(const PGresult *result, struct server *server)
{
    bool standby = server->in_recovery == TRI_YES;

    server->position.lsn =
        pgsql_field_lsn(result, 0, standby ? COL_STANDBY_LSN : COL_PRIMARY_LSN);
    server->position.timeline =
        standby ? pgsql_field_number(result, 0, COL_RECEIVER_TLI)
                : timeline_of_file(pgsql_field(result, 0, COL_WAL_FILE));
}

/*
 * Up to version 18 a WAL receiver is seen once it has a connection, and its
 * status only by who may read statistics: then NULL.
 */
static enum tri
receiver_runs(const PGresult *result)
{
    return PQgetisnull(result, 0, COL_RECEIVER_PID)
           || strcmp(pgsql_field(result, 0, COL_RECEIVER_STATUS),
                     "connecting") == 0 ? TRI_NO : TRI_YES;
}

/* Of a primary nothing is replayed. */
static void
read_progress(const PGresult *result, struct progress *progress)
{
    progress->known = TRI_YES;
    progress->received = pgsql_field_lsn(result, 0, COL_RECEIVED);
    progress->replayed = pgsql_field_lsn(result, 0, COL_REPLAYED);
    progress->paused = pgsql_field_tri(result, 0, COL_PAUSED);
    (void) text_copy(pgsql_field(result, 0, COL_TARGET), progress->target,
                     sizeof(progress->target));   /* the names above fit */
}

void
pgsql_read_facts(const PGconn *conn, const PGresult *result,
                 struct server *server)
{
    forget(server);
    server->answer = ANSWER_OK;
    server->text[0] = '\0';
    server->version = (uint32_t) PQserverVersion(conn);
    server->in_recovery = pgsql_field_tri(result, 0, COL_IN_RECOVERY);
    read_position(result, server);
    if (server->in_recovery == TRI_YES) {
        read_progress(result, &server->progress);
    }
    server->unflushed = pgsql_field_tri(result, 0, COL_UNFLUSHED);
    server->receiver_running = receiver_runs(result);
    server->upstream_set = pgsql_field_tri(result, 0, COL_UPSTREAM);
    if (text_copy(pgsql_field(result, 0, COL_SYNC_NAMES), server->sync_names,
                  sizeof(server->sync_names)) == 0) {
        server->sync_names_known = TRI_YES;
    }
}

int
pgsql_observe(struct pgsql *pgsql, int64_t deadline_ms,
              struct server *ret_server)
{
    CLEANUP(pgsql_clear_result) PGresult *result = NULL;
    struct pgsql_failure failure;
    struct pgsql_statement statement = { .rows = 1 };

    if (pgsql_open(pgsql, deadline_ms, &failure) != 0) {
        forget(ret_server);
        pgsql_tell_failure(&failure, ret_server);
        return -1;
    }
    statement.sql = pgsql_observe_sql(pgsql->conn);
    if (pgsql_ask(pgsql, &statement, deadline_ms, &result, &failure) != 0) {
        forget(ret_server);
        pgsql_tell_failure(&failure, ret_server);
        return -1;
    }
    pgsql_read_facts(pgsql->conn, result, ret_server);
    memcpy(ret_server->refused, pgsql->refused, sizeof(ret_server->refused));
    return 0;
}

/* IDENTIFY_SYSTEM: systemid, timeline, xlogpos, dbname. */
static int
identify_system(const struct pgsql *pgsql, enum pgsql_login login,
                int64_t deadline_ms,
                struct wal_position *ret_position,
                struct pgsql_failure *ret_failure)
{
    CLEANUP(pgsql_finish_conn) PGconn *conn = NULL;
    CLEANUP(pgsql_clear_result) PGresult *result = NULL;
    const struct pgsql_statement statement = { .sql = "IDENTIFY_SYSTEM",
                                               .rows = 1 };
    struct wal_position position;

    if (pgsql_connect(pgsql, login, deadline_ms, &conn, ret_failure) != 0
        || pgsql_query(conn, &statement, deadline_ms, &result, ret_failure)
           != 0) {
        return -1;
    }
    if (PQnfields(result) >= 3) {
        position.timeline = pgsql_field_number(result, 0, 1);
        position.lsn = pgsql_field_lsn(result, 0, 2);
        if (wal_position_is_known(position)) {
            *ret_position = position;
            return 0;
        }
    }
    pgsql_failure_unexpected("IDENTIFY_SYSTEM", ret_failure);
    return -1;
}

int
pgsql_observe_position(struct pgsql *pgsql, int64_t deadline_ms,
                       struct wal_position *ret_position,
                       struct text *ret_why)
{
    struct pgsql_failure failure;
    struct server server = { 0 };

    /* a monitor_user seldom has the right to replicate */
    if ((pgsql->params->monitor_user[0] != '\0' && pgsql->peer[0] == '\0'
         && identify_system(pgsql, PGSQL_LOGIN_OWNER_REPLICATION, deadline_ms,
                            ret_position, &failure) == 0)
        || identify_system(pgsql, PGSQL_LOGIN_REPLICATION, deadline_ms,
                           ret_position, &failure) == 0) {
        return 0;
    }
    if (failure.answer != ANSWER_TIMEOUT
        && pgsql_observe(pgsql, deadline_ms, &server) == 0
        && wal_position_is_known(server.position)) {
        *ret_position = server.position;
        return 0;
    }
    text_add(ret_why, "could not learn the timeline and position: %s",
             failure.text);
    return -1;
}
