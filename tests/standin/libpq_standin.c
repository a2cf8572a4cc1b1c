/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stand-in for libpq that plays a script. */

#include "libpq_standin.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "cmocka_all.h"
#include "text.h"

#define STEPS_MAX 64
#define KEYWORDS_MAX 32
#define TEXT_SIZE 1024
#define SQL_SIZE 4096
#define SQLS_MAX 16

enum step_kind {
    STEP_CONNECT_OK = 1,
    STEP_CONNECT_FAILS,
    STEP_CONNECT_FAILS_AT_ONCE,
    STEP_CONNECT_SILENT,
    STEP_ROWS,
    STEP_COMMAND,
    STEP_ERROR,
    STEP_COPY_OUT,
    STEP_COPY_IN,
    STEP_COPY_BOTH,
    STEP_END,
    STEP_SILENT,
    STEP_LOST,
    STEP_SEND_FAILS,
};

struct step {
    enum step_kind kind;
    const char *text;
    const char *sqlstate;
    int columns;
    int rows;
    const char *const *values;
};

struct pg_conn {
    struct step login;
    ConnStatusType status;
    int polls;
    int fd[2];
    int busy;
    int ended;
    char error[TEXT_SIZE];
    int copy_lines;
    int copy_waited;
};

struct pg_result {
    struct step step;
};

static struct {
    struct step step[STEPS_MAX];
    int count;
    int next;
    int connects;
    int open;
    int version;
    const char *superuser;
    int flush_pending;
    int needs_password;
    int nonblocking_fails;
    char sql[SQLS_MAX][SQL_SIZE];
    int sql_count;
    char param[TEXT_SIZE];
    char copy_end[TEXT_SIZE];
    char keyword[KEYWORDS_MAX][2][TEXT_SIZE];
    int keyword_count;
} script;

void
standin_reset(void)
{
    memset(&script, 0, sizeof(script));
    script.version = 150000;
    script.superuser = "on";
}

static void
add(struct step step)
{
    assert_true(script.count < STEPS_MAX);
    script.step[script.count++] = step;
}

static struct step
peek(void)
{
    struct step none = { 0 };

    return script.next < script.count ? script.step[script.next] : none;
}

static struct step
take(void)
{
    struct step step = peek();

    if (step.kind == 0) {
        fail_msg("the script has no step left");
    }
    script.next++;
    return step;
}

static void
copy_text(const char *from, char *to, size_t size)
{
    assert_int_equal(text_copy(from, to, size), 0);
}

void
standin_connect_ok(void)
{
    add((struct step) { .kind = STEP_CONNECT_OK });
}

void
standin_connect_fails(const char *text)
{
    add((struct step) { .kind = STEP_CONNECT_FAILS, .text = text });
}

void
standin_connect_fails_at_once(const char *text)
{
    add((struct step) { .kind = STEP_CONNECT_FAILS_AT_ONCE, .text = text });
}

void
standin_connect_silent(void)
{
    add((struct step) { .kind = STEP_CONNECT_SILENT });
}

void
standin_rows(int columns, int rows, const char *const *values)
{
    add((struct step) { .kind = STEP_ROWS, .columns = columns, .rows = rows,
                        .values = values });
}

void
standin_command(void)
{
    add((struct step) { .kind = STEP_COMMAND });
}

void
standin_error(const char *sqlstate, const char *message)
{
    add((struct step) { .kind = STEP_ERROR, .sqlstate = sqlstate,
                        .text = message });
}

void
standin_copy_out(int lines)
{
    add((struct step) { .kind = STEP_COPY_OUT, .rows = lines });
}

void
standin_copy_in(void)
{
    add((struct step) { .kind = STEP_COPY_IN });
}

void
standin_copy_both(void)
{
    add((struct step) { .kind = STEP_COPY_BOTH });
}

void
standin_end(void)
{
    add((struct step) { .kind = STEP_END });
}

void
standin_silent(void)
{
    add((struct step) { .kind = STEP_SILENT });
}

void
standin_lost(const char *text)
{
    add((struct step) { .kind = STEP_LOST, .text = text });
}

void
standin_send_fails(const char *text)
{
    add((struct step) { .kind = STEP_SEND_FAILS, .text = text });
}

void
standin_server(int version, const char *is_superuser)
{
    script.version = version;
    script.superuser = is_superuser;
}

void
standin_flush_pending(int times)
{
    script.flush_pending = times;
}

void
standin_needs_password(void)
{
    script.needs_password = 1;
}

void
standin_nonblocking_fails(void)
{
    script.nonblocking_fails = 1;
}

int
standin_connects(void)
{
    return script.connects;
}

const char *
standin_sql(int index)
{
    assert_true(index < script.sql_count);
    return script.sql[index];
}

const char *
standin_param(void)
{
    return script.param;
}

const char *
standin_copy_end(void)
{
    return script.copy_end;
}

int
standin_open(void)
{
    return script.open;
}

int
standin_left(void)
{
    return script.count - script.next;
}

const char *
standin_keyword(const char *keyword)
{
    for (int i = 0; i < script.keyword_count; i++) {
        if (strcmp(script.keyword[i][0], keyword) == 0) {
            return script.keyword[i][1];
        }
    }
    return NULL;
}

/* --- libpq's side ------------------------------------------------------- */

static void
make_readable(PGconn *conn)
{
    assert_int_equal(write(conn->fd[1], "x", 1), 1);
}

/* None may be there: then the test waited for nothing, which is its point. */
static void
drop_bytes(PGconn *conn)
{
    char bytes[16];

    (void) recv(conn->fd[0], bytes, sizeof(bytes), MSG_DONTWAIT);
}

static void
break_conn(PGconn *conn, const char *text)
{
    conn->status = CONNECTION_BAD;
    copy_text(text, conn->error, sizeof(conn->error));
}

PGconn *
PQconnectStartParams(const char *const *keywords, const char *const *values,
                     int expand_dbname)
{
    PGconn *conn = calloc(1, sizeof(*conn));

    assert_non_null(conn);
    script.keyword_count = 0;
    for (int i = 0; keywords[i] != NULL; i++) {
        assert_true(i < KEYWORDS_MAX);
        /* a database's name is never taken for a connection string */
        assert_true(strcmp(keywords[i], "dbname") != 0
                    || expand_dbname == (strchr(values[i], '=') != NULL));
        copy_text(keywords[i], script.keyword[i][0], TEXT_SIZE);
        copy_text(values[i], script.keyword[i][1], TEXT_SIZE);
        script.keyword_count++;
    }
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
                                conn->fd), 0);
    script.connects++;
    script.open++;
    conn->status = CONNECTION_STARTED;
    conn->login = take();
    if (conn->login.kind == STEP_CONNECT_FAILS_AT_ONCE) {
        break_conn(conn, conn->login.text);
    } else {
        assert_between(conn->login.kind, STEP_CONNECT_OK,
                       STEP_CONNECT_SILENT);
    }
    return conn;
}

PostgresPollingStatusType
PQconnectPoll(PGconn *conn)
{
    conn->polls++;
    if (conn->polls == 1) {
        if (conn->login.kind != STEP_CONNECT_SILENT) {
            make_readable(conn);
        }
        return PGRES_POLLING_READING;
    }
    drop_bytes(conn);
    if (conn->login.kind == STEP_CONNECT_FAILS) {
        break_conn(conn, conn->login.text);
        return PGRES_POLLING_FAILED;
    }
    conn->status = CONNECTION_OK;
    return PGRES_POLLING_OK;
}

ConnStatusType
PQstatus(const PGconn *conn)
{
    return conn == NULL ? CONNECTION_BAD : conn->status;
}

int
PQsocket(const PGconn *conn)
{
    return conn->fd[0];
}

char *
PQerrorMessage(const PGconn *conn)
{
    static char copy[TEXT_SIZE];

    memcpy(copy, conn->error, sizeof(copy));
    return copy;
}

void
PQfinish(PGconn *conn)
{
    if (conn == NULL) {
        return;
    }
    (void) close(conn->fd[0]);
    (void) close(conn->fd[1]);
    free(conn);
    script.open--;
}

PGVerbosity
PQsetErrorVerbosity(PGconn *conn, PGVerbosity verbosity)
{
    assert_int_equal(conn->polls, 0);   /* later would be too late */
    assert_int_equal(verbosity, PQERRORS_VERBOSE);
    return PQERRORS_DEFAULT;
}

PQnoticeProcessor
PQsetNoticeProcessor(PGconn *conn, PQnoticeProcessor proc, void *arg)
{
    (void) conn;
    proc(arg, "NOTICE:  00000: nobody's business\n");
    return NULL;
}

int
PQsetnonblocking(PGconn *conn, int arg)
{
    assert_int_equal(conn->status, CONNECTION_OK);
    assert_int_equal(arg, 1);
    if (script.nonblocking_fails) {
        break_conn(conn, "out of memory");
        return -1;
    }
    return 0;
}

int
PQserverVersion(const PGconn *conn)
{
    (void) conn;
    return script.version;
}

const char *
PQparameterStatus(const PGconn *conn, const char *name)
{
    (void) conn;
    assert_string_equal(name, "is_superuser");
    return script.superuser;
}

int
PQconnectionNeedsPassword(const PGconn *conn)
{
    (void) conn;
    return script.needs_password;
}

static int
send_sql(PGconn *conn, const char *sql)
{
    enum step_kind kind = peek().kind;

    assert_int_equal(conn->status, CONNECTION_OK);
    assert_true(script.sql_count < SQLS_MAX);
    copy_text(sql, script.sql[script.sql_count++], SQL_SIZE);
    if (kind == STEP_SEND_FAILS) {
        break_conn(conn, take().text);
        return 0;
    }
    conn->busy = 1;
    conn->ended = 0;
    if (kind != STEP_SILENT) {
        make_readable(conn);
    }
    return 1;
}

int
PQsendQuery(PGconn *conn, const char *query)
{
    return send_sql(conn, query);
}

int
PQsendQueryParams(PGconn *conn, const char *command, int nParams,
                  const Oid *paramTypes, const char *const *paramValues,
                  const int *paramLengths, const int *paramFormats,
                  int resultFormat)
{
    assert_true(nParams >= 1);       /* the first is kept */
    assert_true(paramTypes == NULL && paramLengths == NULL
                && paramFormats == NULL && resultFormat == 0);
    copy_text(paramValues[0], script.param, sizeof(script.param));
    return send_sql(conn, command);
}

int
PQsetSingleRowMode(PGconn *conn)
{
    (void) conn;
    return 1;
}

int
PQflush(PGconn *conn)
{
    (void) conn;
    if (script.flush_pending < 0) {
        return -1;
    }
    return script.flush_pending > 0 ? script.flush_pending-- > 0 : 0;
}

int
PQconsumeInput(PGconn *conn)
{
    drop_bytes(conn);
    if (peek().kind == STEP_LOST) {
        break_conn(conn, take().text);
        return 0;
    }
    conn->busy = 0;
    return 1;
}

int
PQisBusy(PGconn *conn)
{
    /* a step that never comes, or a break, is met only by waiting */
    if (!conn->ended && peek().kind == STEP_LOST) {
        make_readable(conn);
        return 1;
    }
    if (!conn->ended && peek().kind == STEP_SILENT) {
        return 1;
    }
    return conn->busy;
}

PGresult *
PQgetResult(PGconn *conn)
{
    PGresult *result;

    if (conn->ended) {
        return NULL;
    }
    if (peek().kind == STEP_END) {
        (void) take();
        conn->ended = 1;
        return NULL;
    }
    result = calloc(1, sizeof(*result));
    assert_non_null(result);
    result->step = take();
    assert_between(result->step.kind, STEP_ROWS, STEP_COPY_BOTH);
    conn->copy_lines = result->step.rows;
    script.open++;
    return result;
}

ExecStatusType
PQresultStatus(const PGresult *res)
{
    if (res == NULL) {
        return PGRES_FATAL_ERROR;
    }
    switch (res->step.kind) {
    case STEP_ROWS:
        return PGRES_TUPLES_OK;
    case STEP_COMMAND:
        return PGRES_COMMAND_OK;
    case STEP_COPY_OUT:
        return PGRES_COPY_OUT;
    case STEP_COPY_IN:
        return PGRES_COPY_IN;
    case STEP_COPY_BOTH:
        return PGRES_COPY_BOTH;
    case STEP_ERROR:
    case STEP_CONNECT_OK:
    case STEP_CONNECT_FAILS:
    case STEP_CONNECT_FAILS_AT_ONCE:
    case STEP_CONNECT_SILENT:
    case STEP_END:
    case STEP_SILENT:
    case STEP_LOST:
    case STEP_SEND_FAILS:
        break;
    }
    return PGRES_FATAL_ERROR;
}

char *
PQresultErrorField(const PGresult *res, int fieldcode)
{
    static char copy[TEXT_SIZE];
    const char *value;

    if (res == NULL) {
        return NULL;
    }
    value = fieldcode == PG_DIAG_SQLSTATE ? res->step.sqlstate
                                          : res->step.text;
    if (value == NULL) {
        return NULL;
    }
    /* two callers hold one each at a time */
    if (fieldcode == PG_DIAG_SQLSTATE) {
        static char state[6];

        copy_text(value, state, sizeof(state));
        return state;
    }
    copy_text(value, copy, sizeof(copy));
    return copy;
}

void
PQclear(PGresult *res)
{
    if (res != NULL) {
        free(res);
        script.open--;
    }
}

int
PQntuples(const PGresult *res)
{
    return res == NULL ? 0 : res->step.rows;
}

int
PQnfields(const PGresult *res)
{
    return res->step.columns;
}

static const char *
value_at(const PGresult *res, int row, int column)
{
    assert_between(row, 0, res->step.rows - 1);
    assert_between(column, 0, res->step.columns - 1);
    return res->step.values[row * res->step.columns + column];
}

char *
PQgetvalue(const PGresult *res, int tup_num, int field_num)
{
    static char copy[8][TEXT_SIZE * 2];
    static int next;
    const char *value = value_at(res, tup_num, field_num);

    next = (next + 1) % 8;
    copy_text(value == NULL ? "" : value, copy[next], sizeof(copy[next]));
    return copy[next];
}

int
PQgetisnull(const PGresult *res, int tup_num, int field_num)
{
    return value_at(res, tup_num, field_num) == NULL;
}

int
PQgetCopyData(PGconn *conn, char **buffer, int async)
{
    assert_int_equal(async, 1);
    if (conn->copy_lines > 0) {
        /* every second time it has to be waited for */
        conn->copy_waited = !conn->copy_waited;
        if (conn->copy_waited) {
            make_readable(conn);
            return 0;
        }
        conn->copy_lines--;
        *buffer = strdup("line\n");
        return 5;
    }
    if (peek().kind == STEP_LOST) {
        make_readable(conn);
        return 0;
    }
    return peek().kind == STEP_SILENT ? 0 : -1;
}

int
PQputCopyEnd(PGconn *conn, const char *errormsg)
{
    (void) conn;
    copy_text(errormsg, script.copy_end, sizeof(script.copy_end));
    return 1;
}

void
PQfreemem(void *ptr)
{
    free(ptr);
}
