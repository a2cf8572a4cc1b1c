/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statements, each inside a deadline. */

#include "pgsql_internal.h"

#include <poll.h>

/* How the wait for the next result ended. */
enum next {
    NEXT_RESULT = 0,
    NEXT_END,
    NEXT_TIMEOUT,
    NEXT_BROKEN,
};

/* Send what is pending and read until libpq has a whole result. */
static enum next
next_result(PGconn *conn, int64_t deadline_ms, PGresult **ret_result)
{
    PGresult *result;

    for (;;) {
        int pending = PQflush(conn);
        short events = POLLIN;

        if (pending < 0) {
            return NEXT_BROKEN;
        }
        if (pending == 0 && !PQisBusy(conn)) {
            break;
        }
        if (pending > 0) {
            events = POLLIN | POLLOUT;
        }
        if (pgsql_wait(conn, events, deadline_ms) != 0) {
            return NEXT_TIMEOUT;
        }
        if (!PQconsumeInput(conn)) {
            return NEXT_BROKEN;
        }
    }
    result = PQgetResult(conn);
    if (result == NULL) {
        return NEXT_END;
    }
    *ret_result = result;
    return NEXT_RESULT;
}

static int
end_in_failure(PGconn *conn, enum next how, struct pgsql_failure *ret_failure)
{
    if (how == NEXT_TIMEOUT) {
        pgsql_failure_timeout("a query", ret_failure);
    } else {
        pgsql_failure_of_result(conn, NULL, ret_failure);
    }
    return -1;
}

static int
send_statement(PGconn *conn, const struct pgsql_statement *statement)
{
    if (statement->param_count == 0) {
        return PQsendQuery(conn, statement->sql);
    }
    return PQsendQueryParams(conn, statement->sql, statement->param_count,
                             NULL, statement->param, NULL, NULL, 0);
}

int
pgsql_query(PGconn *conn, const struct pgsql_statement *statement,
            int64_t deadline_ms, PGresult **ret_result,
            struct pgsql_failure *ret_failure)
{
    CLEANUP(pgsql_clear_result) PGresult *last = NULL;
    bool failed = false;

    if (!send_statement(conn, statement)) {
        return end_in_failure(conn, NEXT_BROKEN, ret_failure);
    }
    for (;;) {
        CLEANUP(pgsql_clear_result) PGresult *result = NULL;
        enum next how = next_result(conn, deadline_ms, &result);
        ExecStatusType status = PQresultStatus(result);

        if (how == NEXT_END) {
            break;
        }
        if (how != NEXT_RESULT) {
            /* the server's own last words say more than the broken line */
            return failed ? -1 : end_in_failure(conn, how, ret_failure);
        }
        if (!failed && status != PGRES_TUPLES_OK
            && status != PGRES_COMMAND_OK) {
            pgsql_failure_of_result(conn, result, ret_failure);
            failed = true;
        }
        PQclear(last);
        last = result;
        result = NULL;
    }
    if (failed) {
        return -1;
    }
    if (PQntuples(last) < statement->rows) {
        pgsql_failure_unexpected("a query", ret_failure);
        return -1;
    }
    *ret_result = last;
    last = NULL;
    return 0;
}

/* Read away what COPY ... TO STDOUT sends. */
static enum next
drain_copy(PGconn *conn, int64_t deadline_ms)
{
    for (;;) {
        char *line = NULL;
        int rc = PQgetCopyData(conn, &line, 1);

        PQfreemem(line);
        if (rc < 0) {
            return NEXT_RESULT;     /* its end; an error comes as a result */
        }
        if (rc > 0) {
            continue;
        }
        if (pgsql_wait(conn, POLLIN, deadline_ms) != 0) {
            return NEXT_TIMEOUT;
        }
        if (!PQconsumeInput(conn)) {
            return NEXT_BROKEN;
        }
    }
}

/* Deal with one result of the user's; the first failure is kept. */
static enum next
drain_one(PGconn *conn, const PGresult *result, int64_t deadline_ms,
          bool *failed, struct pgsql_failure *ret_failure)
{
    ExecStatusType status = PQresultStatus(result);

    if (status == PGRES_COPY_OUT) {
        return drain_copy(conn, deadline_ms);
    }
    if (status == PGRES_COPY_IN) {
        return PQputCopyEnd(conn, "monitor_sql has no input to read") == 1
               ? NEXT_RESULT : NEXT_BROKEN;
    }
    if (status == PGRES_COPY_BOTH) {
        return NEXT_BROKEN;
    }
    if ((status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE)
        && !*failed) {
        pgsql_failure_of_result(conn, result, ret_failure);
        *failed = true;
    }
    return NEXT_RESULT;
}

int
pgsql_drain(PGconn *conn, const char *sql, int64_t deadline_ms,
            struct pgsql_failure *ret_failure)
{
    bool failed = false;

    if (!PQsendQuery(conn, sql)) {
        return end_in_failure(conn, NEXT_BROKEN, ret_failure);
    }
    (void) PQsetSingleRowMode(conn);    /* else: more memory, no harm */
    for (;;) {
        CLEANUP(pgsql_clear_result) PGresult *result = NULL;
        enum next how = next_result(conn, deadline_ms, &result);

        if (how == NEXT_END) {
            return failed ? -1 : 0;
        }
        if (how == NEXT_RESULT) {
            how = drain_one(conn, result, deadline_ms, &failed, ret_failure);
        }
        if (how != NEXT_RESULT) {
            return failed ? -1 : end_in_failure(conn, how, ret_failure);
        }
    }
}

int
pgsql_ask(struct pgsql *pgsql, const struct pgsql_statement *statement,
          int64_t deadline_ms, PGresult **ret_result,
          struct pgsql_failure *ret_failure)
{
    bool again = true;

    for (;;) {
        if (pgsql_open(pgsql, deadline_ms, ret_failure) != 0) {
            return -1;
        }
        if (pgsql_query(pgsql->conn, statement, deadline_ms, ret_result,
                        ret_failure) == 0) {
            return 0;
        }
        if (PQstatus(pgsql->conn) == CONNECTION_OK
            && ret_failure->answer != ANSWER_TIMEOUT) {
            return -1;      /* the server's own no */
        }
        pgsql_close(pgsql);
        if (!again || ret_failure->answer == ANSWER_TIMEOUT) {
            return -1;
        }
        again = false;
    }
}
