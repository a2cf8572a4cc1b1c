/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Do commits wait for a standby? What tells, and what makes it tell (P1). */

#include "pgsql_internal.h"

#include <poll.h>
#include <string.h>

/* From this version on a role may be granted CHECKPOINT. */
#define CHECKPOINT_ROLE_VERSION 150000

enum {
    COL_STARTED = 0,
    COL_REDO_LSN,
    COL_TIMEOUT_MS,
    COL_WAIT_MS,        /* NULL: no backend waits for a standby */
};

/*
 * A backend's crash makes the shared memory anew, with the flag by which others
 * know that commits wait; a new checkpointer sets it, and the postmaster stays.
 * Who may not see the checkpointer sees the postmaster's start alone.
 */
static const char sync_sql[] =
    PGSQL_READ_ONLY
    "SELECT pg_catalog.date_part('epoch', GREATEST("
    "pg_catalog.pg_postmaster_start_time(),"
    " (SELECT pg_catalog.max(a.backend_start)"
    " FROM pg_catalog.pg_stat_get_activity(NULL) a"
    " WHERE a.backend_type OPERATOR(pg_catalog.=) 'checkpointer')"
    "))::pg_catalog.text,"
    " c.redo_lsn::pg_catalog.text,"
    " (SELECT s.setting FROM pg_catalog.pg_settings s WHERE"
    " s.name OPERATOR(pg_catalog.=) 'wal_sender_timeout'),"
    " (SELECT pg_catalog.max(pg_catalog.date_part('epoch',"
    " pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) a.state_change)"
    " OPERATOR(pg_catalog.*) 1000)::pg_catalog.int8::pg_catalog.text"
    " FROM pg_catalog.pg_stat_get_activity(NULL) a"
    " WHERE a.wait_event OPERATOR(pg_catalog.=) 'SyncRep')"
    " FROM pg_catalog.pg_control_checkpoint() c";

int
pgsql_observe_sync(struct pgsql *pgsql, int64_t deadline_ms,
                   struct server *ret_server, struct sync *ret_sync)
{
    CLEANUP(pgsql_clear_result) PGresult *result = NULL;
    struct pgsql_failure failure;
    const struct pgsql_statement statement = { .sql = sync_sql, .rows = 1 };

    ret_sync->started[0] = '\0';
    ret_sync->redo_lsn = 0;
    ret_sync->waiter = TRI_UNKNOWN;
    ret_sync->wait_ms = 0;
    ret_sync->sender_timeout_ms = 0;
    if (pgsql_ask(pgsql, &statement, deadline_ms, &result, &failure) != 0) {
        pgsql_tell_failure(&failure, ret_server);
        return -1;
    }
    /* one that does not fit is one that is not known */
    (void) text_copy(pgsql_field(result, 0, COL_STARTED), ret_sync->started,
                     sizeof(ret_sync->started));
    ret_sync->redo_lsn = pgsql_field_lsn(result, 0, COL_REDO_LSN);
    ret_sync->sender_timeout_ms =
        pgsql_field_number(result, 0, COL_TIMEOUT_MS);
    ret_sync->waiter =
        PQgetisnull(result, 0, COL_WAIT_MS) ? TRI_NO : TRI_YES;
    ret_sync->wait_ms = pgsql_field_number(result, 0, COL_WAIT_MS);
    return 0;
}

/* Hand the statement over whole; nobody waits for its end. */
static int
send_and_leave(PGconn *conn, const char *sql, int64_t deadline_ms)
{
    int pending;

    if (!PQsendQuery(conn, sql)) {
        return -1;
    }
    while ((pending = PQflush(conn)) > 0) {
        if (pgsql_wait(conn, POLLOUT, deadline_ms) != 0) {
            return -1;
        }
    }
    return pending;
}

static const char *
position_sql(const PGconn *conn)
{
    const char *superuser = PQparameterStatus(conn, "is_superuser");

    if (superuser != NULL && strcmp(superuser, "on") == 0) {
        return PGSQL_READ_ONLY
               "SELECT pg_catalog.pg_current_wal_insert_lsn(), true";
    }
    if (PQserverVersion(conn) < CHECKPOINT_ROLE_VERSION) {
        return PGSQL_READ_ONLY
               "SELECT pg_catalog.pg_current_wal_insert_lsn(), false";
    }
    return PGSQL_READ_ONLY
           "SELECT pg_catalog.pg_current_wal_insert_lsn(),"
           " pg_catalog.pg_has_role('pg_checkpoint', 'USAGE')";
}

/*
 * A new session, and the position read in it: the postmaster takes in a
 * client only after it has passed on the signal to reload, so a checkpoint
 * that begins past this position begins after the checkpointer's reload. The
 * message makes the log longer: on an idle server a checkpoint would begin at
 * the very position, and one that began before could not be told from it.
 */
static int
ask_in(const struct pgsql *pgsql, enum pgsql_login login, int64_t deadline_ms,
       lsn *ret_asked, struct pgsql_failure *ret_failure)
{
    CLEANUP(pgsql_finish_conn) PGconn *conn = NULL;
    CLEANUP(pgsql_clear_result) PGresult *result = NULL;
    struct pgsql_statement statement = { .rows = 1 };
    bool may;

    if (pgsql_connect(pgsql, login, deadline_ms, &conn, ret_failure) != 0) {
        return -1;
    }
    statement.sql = position_sql(conn);
    if (pgsql_query(conn, &statement, deadline_ms, &result, ret_failure)
        != 0) {
        return -1;
    }
    *ret_asked = pgsql_field_lsn(result, 0, 0);
    may = pgsql_field_tri(result, 0, 1) == TRI_YES;
    if (send_and_leave(conn, may ? "SELECT pg_catalog.pg_logical_emit_message("
                                   "false, 'pgward', ''); CHECKPOINT"
                                 : "SELECT pg_catalog.pg_logical_emit_message("
                                   "false, 'pgward', '')", deadline_ms) != 0) {
        pgsql_failure_timeout("a checkpoint's order", ret_failure);
        return -1;
    }
    return may ? 0 : PGSQL_CHECKPOINT_DENIED;
}

int
pgsql_ask_checkpoint(struct pgsql *pgsql, int64_t deadline_ms,
                     lsn *ret_asked, struct text *ret_why)
{
    struct pgsql_failure failure;
    int rc = ask_in(pgsql, PGSQL_LOGIN_SQL, deadline_ms, ret_asked, &failure);

    if (rc == 0) {
        return 0;
    }
    if (pgsql->params->monitor_user[0] != '\0') {
        struct pgsql_failure owner_failure;
        lsn asked;

        if (ask_in(pgsql, PGSQL_LOGIN_OWNER, deadline_ms, &asked,
                   &owner_failure) == 0) {
            *ret_asked = asked;
            return 0;
        }
    }
    if (rc < 0) {
        text_add(ret_why, "could not ask for a checkpoint: %s", failure.text);
    }
    return rc;
}

static int
checkpoint_in(const struct pgsql *pgsql, enum pgsql_login login,
              int64_t deadline_ms, struct pgsql_failure *ret_failure)
{
    CLEANUP(pgsql_finish_conn) PGconn *conn = NULL;
    CLEANUP(pgsql_clear_result) PGresult *result = NULL;
    const struct pgsql_statement statement = { .sql = "CHECKPOINT" };

    return pgsql_connect(pgsql, login, deadline_ms, &conn, ret_failure) != 0
           ? -1 : pgsql_query(conn, &statement, deadline_ms, &result,
                              ret_failure);
}

int
pgsql_checkpoint(struct pgsql *pgsql, int64_t deadline_ms,
                 struct text *ret_why)
{
    struct pgsql_failure failure;

    if (checkpoint_in(pgsql, PGSQL_LOGIN_SQL, deadline_ms, &failure) == 0
        || (pgsql->params->monitor_user[0] != '\0'
            && checkpoint_in(pgsql, PGSQL_LOGIN_OWNER, deadline_ms,
                             &failure) == 0)) {
        return 0;
    }
    text_add(ret_why, "no checkpoint before the shutdown, which takes "
             "longer: %s", failure.text);
    return -1;
}
