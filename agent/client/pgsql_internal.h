/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_PGSQL_INTERNAL_H
#define PGWARD_AGENT_PGSQL_INTERNAL_H

/* Between the files pgsql*.c only: nobody else sees libpq. */

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "cleanup.h"
#include "pgsql.h"

#define PGSQL_SQLSTATE_SIZE 6

struct pgsql {
    const struct params *params;
    const struct identity *identity;
    PGconn *conn;                 /*!< the kept session, or NULL */
    char peer[NODE_NAME_SIZE];    /*!< whose server is asked; "": this node's */
    char refused[SERVER_TEXT_SIZE];     /*!< why it is the owner's and not
                                             monitor_user's; "": it is not */
    const struct pgsql_calls *calls;    /*!< the module; NULL: not loaded */
};

/*! Why there is no answer. */
struct pgsql_failure {
    enum answer answer;
    char sqlstate[PGSQL_SQLSTATE_SIZE];     /*!< "": not from the server */
    char text[SERVER_TEXT_SIZE];  /*!< one line; never a password */
};

/*! A statement with bound parameters, or several without. */
struct pgsql_statement {
    const char *sql;
    int param_count;              /*!< 0: simple protocol */
    const char *const *param;
    int rows;                     /*!< fewer rows are a failure; 0 is written
                                       out beside a compound literal, where
                                       gcc 10 misses it */
};

static inline void
pgsql_clear_result(PGresult **result)
{
    PQclear(*result);
}

static inline void
pgsql_finish_conn(PGconn **conn)
{
    PQfinish(*conn);
}

/*! What stands before a question: it cannot write nor be misled (rule 20). */
#define PGSQL_READ_ONLY \
    "SET LOCAL search_path = ''; SET TRANSACTION READ ONLY; "

/*! When a process of pg_stat_get_activity() `a` began, as text. */
#define PGSQL_BEGAN \
    "pg_catalog.date_part('epoch', a.backend_start)::pg_catalog.text"

/*! Who logs in, and for what. */
enum pgsql_login {
    PGSQL_LOGIN_SQL = 0,          /*!< monitor_user, or else pgdba */
    PGSQL_LOGIN_REPLICATION,      /*!< the same; a walsender that takes SQL */
    PGSQL_LOGIN_OWNER,            /*!< pgdba by the local socket */
    PGSQL_LOGIN_OWNER_REPLICATION,
};

/*! Open a session; the caller finishes it. */
int
pgsql_connect(const struct pgsql *pgsql, enum pgsql_login login,
              int64_t deadline_ms, PGconn **ret_conn,
              struct pgsql_failure *ret_failure);

/*!
 * See a log-in through that PQconnectStartParams() began: made quiet, with
 * SQLSTATEs, and not blocking; `conn` may be NULL.
 *
 * \return 0, or -1 with the reason.
 */
int
pgsql_finish_connecting(PGconn *conn, int64_t deadline_ms,
                        struct pgsql_failure *ret_failure);

/*!
 * Wait until the connection's socket is ready for `events`.
 *
 * \return 0, or -1: the deadline came, or there is no socket.
 */
int
pgsql_wait(const PGconn *conn, short events, int64_t deadline_ms);

/*!
 * Run one statement in `conn` and give its last result with rows or without;
 * the caller clears it. After a time-out the connection is of no use.
 */
int
pgsql_query(PGconn *conn, const struct pgsql_statement *statement,
            int64_t deadline_ms, PGresult **ret_result,
            struct pgsql_failure *ret_failure);

/*!
 * Run statements of the user's and drop what they return, row by row.
 */
int
pgsql_drain(PGconn *conn, const char *sql, int64_t deadline_ms,
            struct pgsql_failure *ret_failure);

/*!
 * Run one statement in the kept session, opened when there is none, and
 * opened anew once when it breaks (which also tells why); for what may run
 * twice.
 */
int
pgsql_ask(struct pgsql *pgsql, const struct pgsql_statement *statement,
          int64_t deadline_ms, PGresult **ret_result,
          struct pgsql_failure *ret_failure);

/*!
 * Open the kept session if there is none. Where the server does not let
 * monitor_user in, the owner asks: an expired password must not cost a
 * failover.
 */
int
pgsql_open(struct pgsql *pgsql, int64_t deadline_ms,
           struct pgsql_failure *ret_failure);

/*! What pgsql_observe() asks: one row, see pgsql_read_facts(). */
const char *
pgsql_observe_sql(const PGconn *conn);

/*! What that row says: all that pgsql_observe() gives but `refused`. */
void
pgsql_read_facts(const PGconn *conn, const PGresult *result,
                 struct server *server);

/*! Make a connection quiet, and have it tell SQLSTATEs. */
void
pgsql_prepare_connecting(PGconn *conn);

/*! Why the log-in failed, from libpq's words; `conn` may be NULL. */
void
pgsql_failure_of_connect(const PGconn *conn,
                         struct pgsql_failure *ret_failure);

/*! Why a statement failed; `result` may be NULL: the connection broke. */
void
pgsql_failure_of_result(const PGconn *conn, const PGresult *result,
                        struct pgsql_failure *ret_failure);

/*! The deadline came; `what` is what was waited for. */
void
pgsql_failure_timeout(const char *what, struct pgsql_failure *ret_failure);

/*! The server answered something that is no answer to `what`. */
void
pgsql_failure_unexpected(const char *what, struct pgsql_failure *ret_failure);

/*! Put a failure where the snapshot has it: answer and text. */
void
pgsql_tell_failure(const struct pgsql_failure *failure,
                   struct server *ret_server);

/*! The answer that a SQLSTATE stands for; `message` tells 57P03's two apart. */
enum answer
pgsql_answer_of_sqlstate(const char *sqlstate, const char *message);

/*!
 * Find the SQLSTATE in a message of PQERRORS_VERBOSE (`FATAL:  57P03: ...`).
 *
 * \return 0, or -1 with `ret_sqlstate[PGSQL_SQLSTATE_SIZE]` untouched.
 */
int
pgsql_find_sqlstate(const char *message, char *ret_sqlstate);

/*! Text of a field, "" when it is NULL. */
const char *
pgsql_field(const PGresult *result, int row, int column);

/*! `t` and `f`; UNKNOWN for NULL and anything else. */
enum tri
pgsql_field_tri(const PGresult *result, int row, int column);

/*! A position in PostgreSQL's form; 0 for NULL and anything else. */
lsn
pgsql_field_lsn(const PGresult *result, int row, int column);

/*! A decimal number that fits 32 bits; 0 for NULL and anything else. */
uint32_t
pgsql_field_number(const PGresult *result, int row, int column);

/*! Read a whole text as a number; 0, or -1 with the output untouched. */
int
pgsql_parse_number(const char *text, int base, uint32_t *ret_number);

#endif
