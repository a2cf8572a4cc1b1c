/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The session: log-in and log-out, inside a deadline. */

#include "pgsql_internal.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "clock.h"

#define KEYWORDS_MAX 16
#define OPTIONS_SIZE 128
#define PORT_SIZE 16
#define BACKLOG_WAIT_MS 20

/*! What a log-in needs, as libpq takes it. */
struct conninfo {
    size_t count;
    const char *keyword[KEYWORDS_MAX + 1];
    const char *value[KEYWORDS_MAX + 1];
    char options[OPTIONS_SIZE];
    char port[PORT_SIZE];
    char passfile[PATH_SIZE + sizeof("/.pgpass")];
};

void
pgsql_close(struct pgsql *pgsql)
{
    PQfinish(pgsql->conn);
    pgsql->conn = NULL;
    pgsql->refused[0] = '\0';
}

/* What has no value is left out: the default is libpq's, nobody else's. */
static void
conninfo_add(struct conninfo *info, const char *keyword, const char *value)
{
    if (value == NULL || value[0] == '\0' || info->count == KEYWORDS_MAX) {
        return;
    }
    info->keyword[info->count] = keyword;
    info->value[info->count] = value;
    info->count++;
    info->keyword[info->count] = NULL;
    info->value[info->count] = NULL;
}

/* The texts that libpq gets as values, made from numbers and paths. */
static void
conninfo_init(const struct pgsql *pgsql, int64_t deadline_ms,
              struct conninfo *info)
{
    int64_t left_ms = clock_left_ms(deadline_ms);
    struct text text;

    /* 0 would mean no limit */
    left_ms = left_ms < 1 ? 1 : left_ms;
    left_ms = left_ms > INT_MAX ? INT_MAX : left_ms;
    info->count = 0;
    text_init(&text, info->options, sizeof(info->options));
    text_add(&text, "-c statement_timeout=%d -c lock_timeout=%d",
             (int) left_ms, (int) left_ms);
    text_init(&text, info->port, sizeof(info->port));
    text_add(&text, "%d", pgsql->params->pgport);
    text_init(&text, info->passfile, sizeof(info->passfile));
    if (pgsql->identity->known == 1) {
        text_add(&text, "%s/.pgpass", pgsql->identity->home);
    }
}

/* Who may ask another node's server: rejoin_user may in any case. */
static const char *
peer_user(const struct params *params)
{
    return params->monitor_user[0] != '\0' ? params->monitor_user
           : params->rejoin_user[0] != '\0' ? params->rejoin_user
           : params->pgdba;
}

static void
conninfo_fill(const struct pgsql *pgsql, enum pgsql_login login,
              int64_t deadline_ms, struct conninfo *info)
{
    const struct params *params = pgsql->params;
    bool peer = pgsql->peer[0] != '\0';
    bool owner = !peer && (login == PGSQL_LOGIN_OWNER
                           || login == PGSQL_LOGIN_OWNER_REPLICATION);
    bool local = owner && !params_is_socket(params->pghost);
    bool own = owner || params->monitor_user[0] == '\0';
    bool replication = login == PGSQL_LOGIN_REPLICATION
                       || login == PGSQL_LOGIN_OWNER_REPLICATION;
    const char *host = peer ? pgsql->peer
                       : params->pghost[0] != '\0' && !local
                       ? params->pghost : params->socketdir;

    conninfo_init(pgsql, deadline_ms, info);
    conninfo_add(info, "host", host);
    conninfo_add(info, "port", info->port);
    conninfo_add(info, "dbname", params->pgdb);
    conninfo_add(info, "user", peer ? peer_user(params)
                 : own ? params->pgdba : params->monitor_user);
    conninfo_add(info, "password", own ? NULL : params->monitor_password);
    conninfo_add(info, "passfile", info->passfile);
    conninfo_add(info, "application_name", "pgward");
    conninfo_add(info, "client_encoding", "UTF8");
    conninfo_add(info, "options", info->options);
    conninfo_add(info, "gssencmode", "disable");
    conninfo_add(info, "sslmode",
                 params_is_socket(host) ? "disable" : "prefer");
    conninfo_add(info, "replication", replication ? "database" : NULL);
}

static void
ignore_notice(void *context, const char *message)
{
    (void) context;     /* notices are nobody's business here */
    (void) message;
}

/*
 * The kernel takes the credentials for peer authentication at connect(2),
 * which is inside PQconnectStartParams() for a Unix socket. If we cannot
 * become that user, the server's answer says so better than we could (P5).
 */
static PGconn *
start_connecting(const struct pgsql *pgsql, const struct conninfo *info)
{
    bool other = pgsql->identity->known == 1
                 && identity_become(pgsql->identity) == 0;
    PGconn *conn = PQconnectStartParams(info->keyword, info->value, 0);

    if (other) {
        identity_return();
    }
    return conn;
}

int
pgsql_wait(const PGconn *conn, short events, int64_t deadline_ms)
{
    struct pollfd fd = { .fd = PQsocket(conn), .events = events };

    if (fd.fd < 0) {
        return -1;
    }
    for (;;) {
        int64_t left_ms = clock_left_ms(deadline_ms);
        int rc;

        if (left_ms == 0) {
            return -1;      /* even if there is always more to read */
        }
        rc = poll(&fd, 1, left_ms > INT_MAX ? INT_MAX : (int) left_ms);
        if (rc > 0) {
            return 0;
        }
        if (rc == 0 || errno != EINTR) {
            return -1;
        }
    }
}

void
pgsql_prepare_connecting(PGconn *conn)
{
    if (conn != NULL) {
        (void) PQsetNoticeProcessor(conn, ignore_notice, NULL);
        /* the only way to the SQLSTATE of a refused log-in */
        (void) PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
    }
}

int
pgsql_finish_connecting(PGconn *conn, int64_t deadline_ms,
                        struct pgsql_failure *ret_failure)
{
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;

    pgsql_prepare_connecting(conn);
    if (conn == NULL || PQstatus(conn) == CONNECTION_BAD) {
        pgsql_failure_of_connect(conn, ret_failure);
        return -1;
    }
    while (status != PGRES_POLLING_OK) {
        short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;

        if (status == PGRES_POLLING_FAILED) {
            pgsql_failure_of_connect(conn, ret_failure);
            return -1;
        }
        if (pgsql_wait(conn, events, deadline_ms) != 0) {
            pgsql_failure_timeout("the log-in", ret_failure);
            return -1;
        }
        status = PQconnectPoll(conn);
    }
    if (PQsetnonblocking(conn, 1) != 0) {
        pgsql_failure_of_connect(conn, ret_failure);
        return -1;
    }
    return 0;
}

/*
 * A Unix socket whose queue is full refuses with EAGAIN, which libpq takes
 * for a connection under way and finds out too late: nobody is taken in at
 * the moment, so try again.
 */
static bool
queue_is_full(const struct pgsql_failure *failure)
{
    return failure->answer == ANSWER_ERROR && failure->sqlstate[0] == '\0'
           && (strstr(failure->text, strerror(EAGAIN)) != NULL
               || strstr(failure->text, strerror(ENOTCONN)) != NULL);
}

int
pgsql_connect(const struct pgsql *pgsql, enum pgsql_login login,
              int64_t deadline_ms, PGconn **ret_conn,
              struct pgsql_failure *ret_failure)
{
    for (;;) {
        struct conninfo info;
        struct pgsql_failure failure;
        CLEANUP(pgsql_finish_conn) PGconn *conn = NULL;

        conninfo_fill(pgsql, login, deadline_ms, &info);
        conn = start_connecting(pgsql, &info);
        if (pgsql_finish_connecting(conn, deadline_ms, &failure) == 0) {
            *ret_conn = conn;
            conn = NULL;
            return 0;
        }
        if (!queue_is_full(&failure)) {
            *ret_failure = failure;
            return -1;
        }
        if (clock_left_ms(deadline_ms) == 0) {
            pgsql_failure_timeout("the log-in", ret_failure);
            return -1;
        }
        clock_sleep_ms(BACKLOG_WAIT_MS, deadline_ms);
    }
}

/* Its password expired, pg_hba.conf forbids it, or its slots are all taken. */
static bool
owner_may_help(const struct pgsql *pgsql, const struct pgsql_failure *failure)
{
    return pgsql->params->monitor_user[0] != '\0' && pgsql->peer[0] == '\0'
           && (failure->answer == ANSWER_DENIED
               || failure->answer == ANSWER_FULL);
}

int
pgsql_open(struct pgsql *pgsql, int64_t deadline_ms,
           struct pgsql_failure *ret_failure)
{
    struct pgsql_failure owners;

    if (pgsql->conn != NULL
        || pgsql_connect(pgsql, PGSQL_LOGIN_SQL, deadline_ms, &pgsql->conn,
                         ret_failure) == 0) {
        return 0;
    }
    if (!owner_may_help(pgsql, ret_failure)
        || pgsql_connect(pgsql, PGSQL_LOGIN_OWNER, deadline_ms, &pgsql->conn,
                         &owners) != 0) {
        return -1;      /* with what monitor_user was told */
    }
    memcpy(pgsql->refused, ret_failure->text, sizeof(pgsql->refused));
    return 0;
}

int32_t
pgsql_listener_pid(const struct pgsql *pgsql)
{
    struct ucred peer = { 0, 0, 0 };
    socklen_t size = sizeof(peer);

    if (pgsql->conn == NULL
        || getsockopt(PQsocket(pgsql->conn), SOL_SOCKET, SO_PEERCRED, &peer,
                      &size) != 0) {
        return 0;
    }
    return peer.pid;
}
