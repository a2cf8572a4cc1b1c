/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several servers, asked at the same time by nobody in particular. */

#include "pgsql_probe.h"

#include <poll.h>
#include <string.h>

#include "clock.h"
#include "pgsql_internal.h"

#define KEYWORDS_MAX 64

/* libpq's own would be the name of the role. */
#define DEFAULT_DATABASE "postgres"

enum phase { PHASE_LOG_IN = 0, PHASE_ASK, PHASE_DONE };

/* One server that is asked. */
struct talk {
    PGconn *conn;
    PGresult *row;
    enum phase phase;
    short events;               /* that it waits for */
    bool several;               /* there was more than one answer */
    struct server *server;      /* where it goes */
};

/* What every log-in has. */
struct login {
    PQconninfoOption *option;
    size_t count;
    const char *keyword[KEYWORDS_MAX + 1];
    const char *value[KEYWORDS_MAX + 1];
};

static void
free_login(struct login *login)
{
    PQconninfoFree(login->option);
}

static void
login_set(struct login *login, const char *keyword, const char *value)
{
    for (size_t i = 0; i < login->count; i++) {
        if (strcmp(login->keyword[i], keyword) == 0) {
            login->value[i] = value;
            return;
        }
    }
    if (login->count < KEYWORDS_MAX) {
        login->keyword[login->count] = keyword;
        login->value[login->count] = value;
        login->count++;
    }
}

static const char *
login_get(const struct login *login, const char *keyword)
{
    for (size_t i = 0; i < login->count; i++) {
        if (strcmp(login->keyword[i], keyword) == 0) {
            return login->value[i];
        }
    }
    return NULL;
}

static bool
names_several(const struct login *login, const char *keyword)
{
    const char *value = login_get(login, keyword);

    return value != NULL && strchr(value, ',') != NULL;
}

/* libpq's words on a string that it cannot read may quote a password. */
static int
login_init(const struct pgsql_probe *probe, struct login *login,
           struct text *why)
{
    login->option = PQconninfoParse(probe->conninfo, NULL);
    if (login->option == NULL) {
        text_add(why, "the connection string cannot be read. Write it as "
                 "'KEY=VALUE ...' with libpq's keywords, or as a URI");
        return -1;
    }
    for (const PQconninfoOption *o = login->option; o->keyword != NULL; o++) {
        if (o->val != NULL) {
            login_set(login, o->keyword, o->val);
        }
    }
    if (names_several(login, "host") || names_several(login, "hostaddr")) {
        text_add(why, "the connection string names several hosts. Name one: "
                 "nobody would know which of them has answered");
        return -1;
    }
    if (probe->port != NULL) {
        login_set(login, "port", probe->port);
    }
    if (login_get(login, "dbname") == NULL
        && login_get(login, "service") == NULL) {
        login_set(login, "dbname", DEFAULT_DATABASE);
    }
    if (login_get(login, "gssencmode") == NULL) {
        login_set(login, "gssencmode", "disable");  /* looking costs time */
    }
    login_set(login, "application_name", "pgward-check");
    login_set(login, "client_encoding", "UTF8");
    return 0;
}

static void
fail(struct talk *talk, const struct pgsql_failure *failure)
{
    pgsql_tell_failure(failure, talk->server);
    talk->phase = PHASE_DONE;
}

/*
 * PGHOSTADDR, PGHOST and a service say whom to ask, too, and libpq takes an
 * address of theirs before the host that is named: another server would answer.
 */
static bool
asks_another(PGconn *conn, bool named)
{
    PQconninfoOption *used = PQconninfo(conn);
    bool another = used == NULL;

    for (const PQconninfoOption *o = used; o != NULL && o->keyword != NULL;
         o++) {
        bool address = strcmp(o->keyword, "hostaddr") == 0;

        if ((address || strcmp(o->keyword, "host") == 0) && o->val != NULL
            && ((named && address && o->val[0] != '\0')
                || strchr(o->val, ',') != NULL)) {
            another = true;
        }
    }
    PQconninfoFree(used);
    return another;
}

static void
begin(struct talk *talk, struct login *login, const char *host)
{
    static const struct pgsql_failure astray = {
        .answer = ANSWER_ERROR,
        .text = "PGHOSTADDR, PGHOST or a service names another address, or "
                "several: take it away",
    };
    struct pgsql_failure failure;

    memset(talk->server, 0, sizeof(*talk->server));
    if (host != NULL) {
        login_set(login, "host", host);
        login_set(login, "hostaddr", NULL);
    }
    talk->conn = PQconnectStartParams(login->keyword, login->value, 0);
    pgsql_prepare_connecting(talk->conn);
    talk->events = POLLOUT;
    if (talk->conn == NULL || PQstatus(talk->conn) == CONNECTION_BAD) {
        pgsql_failure_of_connect(talk->conn, &failure);
        fail(talk, &failure);
    } else if (asks_another(talk->conn, host != NULL)) {
        fail(talk, &astray);
    }
}

static void
go_on_with_log_in(struct talk *talk)
{
    PostgresPollingStatusType status = PQconnectPoll(talk->conn);
    struct pgsql_failure failure;

    if (status == PGRES_POLLING_OK) {
        talk->phase = PHASE_ASK;
        talk->events = POLLIN | POLLOUT;
    }
    if (status == PGRES_POLLING_FAILED
        || (status == PGRES_POLLING_OK
            && (PQsetnonblocking(talk->conn, 1) != 0
                || !PQsendQuery(talk->conn,
                                pgsql_observe_sql(talk->conn))))) {
        pgsql_failure_of_connect(talk->conn, &failure);
        fail(talk, &failure);
    } else if (talk->phase == PHASE_LOG_IN) {
        talk->events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    }
}

/* The answer is one row, and there is one answer. */
static void
finish(struct talk *talk)
{
    struct pgsql_failure failure;

    if (talk->several || PQntuples(talk->row) != 1) {
        pgsql_failure_unexpected("the question", &failure);
        fail(talk, &failure);
        return;
    }
    pgsql_read_facts(talk->conn, talk->row, talk->server);
    talk->phase = PHASE_DONE;
}

static void
take_result(struct talk *talk, PGresult *result)
{
    struct pgsql_failure failure;

    switch ((int) PQresultStatus(result)) {
        case PGRES_COMMAND_OK:
            break;
        case PGRES_TUPLES_OK:
            talk->several = talk->row != NULL;
            PQclear(talk->row);
            talk->row = result;
            return;
        default:
            pgsql_failure_of_result(talk->conn, result, &failure);
            fail(talk, &failure);
    }
    PQclear(result);
}

static void
go_on_with_question(struct talk *talk)
{
    int pending = PQflush(talk->conn);
    struct pgsql_failure failure;

    if (pending < 0 || !PQconsumeInput(talk->conn)) {
        pgsql_failure_of_result(talk->conn, NULL, &failure);
        fail(talk, &failure);
        return;
    }
    talk->events = pending > 0 ? POLLIN | POLLOUT : POLLIN;
    while (talk->phase != PHASE_DONE && !PQisBusy(talk->conn)) {
        PGresult *result = PQgetResult(talk->conn);

        if (result == NULL) {
            finish(talk);
        } else {
            take_result(talk, result);
        }
    }
}

static void
go_on(struct talk *talk)
{
    if (talk->phase == PHASE_LOG_IN) {
        go_on_with_log_in(talk);
    } else {
        go_on_with_question(talk);
    }
}

/* Wait for those that are not done; false: the time is over. */
static bool
wait_for_any(struct talk *talk, size_t count, int64_t deadline_ms)
{
    struct pollfd fd[NODES_MAX];
    size_t place[NODES_MAX];
    nfds_t waiting = 0;

    for (size_t i = 0; i < count; i++) {
        if (talk[i].phase != PHASE_DONE) {
            fd[waiting] = (struct pollfd) { .fd = PQsocket(talk[i].conn),
                                            .events = talk[i].events };
            place[waiting++] = i;
        }
    }
    if (clock_left_ms(deadline_ms) == 0
        || poll(fd, waiting, (int) clock_left_ms(deadline_ms)) == 0) {
        return false;
    }
    for (nfds_t i = 0; i < waiting; i++) {
        if (fd[i].revents != 0) {
            go_on(&talk[place[i]]);
        }
    }
    return true;
}

static bool
all_done(const struct talk *talk, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (talk[i].phase != PHASE_DONE) {
            return false;
        }
    }
    return true;
}

static void
talk_to_all(struct talk *talk, size_t count, int64_t deadline_ms)
{
    bool first_done = false;

    while (!all_done(talk, count)) {
        if (!first_done && talk[0].phase == PHASE_DONE) {
            int64_t left_ms = clock_left_ms(deadline_ms);

            first_done = true;
            deadline_ms -= left_ms - left_ms / 4;
        }
        if (!wait_for_any(talk, count, deadline_ms)) {
            break;
        }
    }
}

static void
end(struct talk *talk)
{
    struct pgsql_failure failure;

    if (talk->phase != PHASE_DONE) {
        pgsql_failure_timeout(talk->phase == PHASE_LOG_IN ? "the log-in"
                                                          : "a query",
                              &failure);
        fail(talk, &failure);
    }
    PQclear(talk->row);
    PQfinish(talk->conn);
}

int
pgsql_probe(const struct pgsql_probe *probe, int64_t deadline_ms,
            struct server *ret_servers, struct text *ret_why)
{
    CLEANUP(free_login) struct login login = { .count = 0 };
    struct talk talk[NODES_MAX] = { { .conn = NULL } };

    if (login_init(probe, &login, ret_why) != 0) {
        return -1;
    }
    for (size_t i = 0; i < probe->count; i++) {
        talk[i].server = &ret_servers[i];
        begin(&talk[i], &login, probe->host[i]);
    }
    talk_to_all(talk, probe->count, deadline_ms);
    for (size_t i = 0; i < probe->count; i++) {
        end(&talk[i]);
    }
    return 0;
}
