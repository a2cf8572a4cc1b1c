/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libpq's and the server's words mean. */

#include "pgsql_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reason.h"

#define SERVER_AT "connection to server "

#define SQLSTATE_LEN (PGSQL_SQLSTATE_SIZE - 1)

static bool
is_sqlstate(const char *text)
{
    size_t len = strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");

    return len == SQLSTATE_LEN && text[len] == ':';
}

int
pgsql_find_sqlstate(const char *message, char *ret_sqlstate)
{
    const char *at = message;

    /* the severity in front is translated, so look behind it */
    while ((at = strstr(at, ":  ")) != NULL) {
        at += 3;
        if (is_sqlstate(at)) {
            memcpy(ret_sqlstate, at, SQLSTATE_LEN);
            ret_sqlstate[SQLSTATE_LEN] = '\0';
            return 0;
        }
    }
    return -1;
}

/*
 * 57P03 is the same for a server that starts and one that stops, and libpq
 * gives no more than the words. STARTING when unsure: the caller has
 * postmaster.pid to tell, and waiting does less harm than starting anew.
 */
static enum answer
answer_of_57p03(const char *message)
{
    if (strstr(message, "shutting down") != NULL) {
        return ANSWER_STOPPING;
    }
    return ANSWER_STARTING;
}

enum answer
pgsql_answer_of_sqlstate(const char *sqlstate, const char *message)
{
    static const struct {
        const char *start;
        enum answer answer;
    } table[] = {
        { "53300", ANSWER_FULL },       /* too_many_connections */
        { "28", ANSWER_DENIED },        /* invalid authorization */
        { "3D000", ANSWER_DENIED },     /* invalid_catalog_name */
        { "57P01", ANSWER_STOPPING },   /* admin_shutdown */
        { "57P02", ANSWER_STOPPING },   /* crash_shutdown */
        { "57014", ANSWER_TIMEOUT },    /* query_canceled: our own limit */
        { "55P03", ANSWER_TIMEOUT },    /* lock_not_available: the same */
    };

    if (strcmp(sqlstate, "57P03") == 0) {
        return answer_of_57p03(message);
    }
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (strncmp(sqlstate, table[i].start, strlen(table[i].start)) == 0) {
            return table[i].answer;
        }
    }
    return ANSWER_ERROR;
}

/* The first line, cut where it is too long for a person anyway. */
static void
copy_line(const char *message, char *ret_text, size_t size)
{
    size_t len = strcspn(message, "\r\n");

    if (len >= size) {
        len = size - 1;
        /* not in the middle of a character */
        while (len > 0 && ((unsigned char) message[len] & 0xC0) == 0x80) {
            len--;
        }
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char) message[i];

        ret_text[i] = c < ' ' || c == 0x7F ? ' ' : message[i];
    }
    ret_text[len] = '\0';
}

/* The cause comes first, and to where it was tried to connect after it. */
static void
copy_cause(const char *message, char *ret_text, size_t size)
{
    const char *place = message + strlen(SERVER_AT);
    const char *end = strstr(message, " failed: ");
    size_t len;

    copy_line(reason_cause(message), ret_text, size);
    len = strlen(ret_text);
    if (end != NULL && strncmp(message, SERVER_AT, strlen(SERVER_AT)) == 0
        && len + 2 + (size_t) (end - place) < size) {
        ret_text[len++] = ',';
        ret_text[len++] = ' ';
        copy_line(place, ret_text + len, (size_t) (end - place) + 1);
    }
}

/* 42501 is also how the server passes on that it may not open its own files. */
static bool
is_about_a_file(const char *message)
{
    return strstr(message, strerror(EACCES)) != NULL
           || strstr(message, strerror(EPERM)) != NULL
           || strstr(message, ", relmapper.c:") != NULL
           || strstr(message, ", fd.c:") != NULL
           || strstr(message, ", md.c:") != NULL;
}

/* Not from the server: what the operating system or libpq itself said. */
static enum answer
answer_of_libpq(const PGconn *conn, const char *message)
{
    if (PQconnectionNeedsPassword(conn)) {
        return ANSWER_DENIED;
    }
    if (strstr(message, strerror(ECONNREFUSED)) != NULL
        || strstr(message, strerror(ENOENT)) != NULL) {
        return ANSWER_REFUSED;
    }
    return ANSWER_ERROR;
}

void
pgsql_failure_of_connect(const PGconn *conn, struct pgsql_failure *ret_failure)
{
    struct pgsql_failure failure = { .answer = ANSWER_ERROR };
    const char *message = conn == NULL ? "out of memory"
                                       : PQerrorMessage(conn);

    if (pgsql_find_sqlstate(message, failure.sqlstate) == 0) {
        failure.answer = pgsql_answer_of_sqlstate(failure.sqlstate, message);
    } else if (conn != NULL) {
        failure.answer = answer_of_libpq(conn, message);
    }
    /* a database or a role that may not be used by us: not a fault of it */
    if ((strcmp(failure.sqlstate, "42501") == 0 && !is_about_a_file(message))
        || strcmp(failure.sqlstate, "55000") == 0) {
        failure.answer = ANSWER_DENIED;
    }
    copy_cause(message, failure.text, sizeof(failure.text));
    *ret_failure = failure;
}

void
pgsql_failure_of_result(const PGconn *conn, const PGresult *result,
                        struct pgsql_failure *ret_failure)
{
    struct pgsql_failure failure = { .answer = ANSWER_ERROR };
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message =
        PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (message == NULL) {
        message = PQerrorMessage(conn);
    }
    if (sqlstate != NULL
        && text_copy(sqlstate, failure.sqlstate,
                     sizeof(failure.sqlstate)) == 0) {
        failure.answer = pgsql_answer_of_sqlstate(sqlstate, message);
    }
    copy_line(message, failure.text, sizeof(failure.text));
    *ret_failure = failure;
}

void
pgsql_failure_timeout(const char *what, struct pgsql_failure *ret_failure)
{
    struct pgsql_failure failure = { .answer = ANSWER_TIMEOUT };
    struct text text;

    text_init(&text, failure.text, sizeof(failure.text));
    text_add(&text, "no answer to %s in time", what);
    *ret_failure = failure;
}

void
pgsql_failure_unexpected(const char *what, struct pgsql_failure *ret_failure)
{
    struct pgsql_failure failure = { .answer = ANSWER_ERROR };
    struct text text;

    text_init(&text, failure.text, sizeof(failure.text));
    text_add(&text, "the server did not answer %s with what it should", what);
    *ret_failure = failure;
}

void
pgsql_tell_failure(const struct pgsql_failure *failure,
                   struct server *ret_server)
{
    ret_server->answer = failure->answer;
    memcpy(ret_server->text, failure->text, sizeof(ret_server->text));
}

const char *
pgsql_field(const PGresult *result, int row, int column)
{
    return PQgetvalue(result, row, column);
}

enum tri
pgsql_field_tri(const PGresult *result, int row, int column)
{
    const char *value = pgsql_field(result, row, column);

    if (strcmp(value, "t") == 0) {
        return TRI_YES;
    }
    return strcmp(value, "f") == 0 ? TRI_NO : TRI_UNKNOWN;
}

lsn
pgsql_field_lsn(const PGresult *result, int row, int column)
{
    lsn value = 0;

    (void) lsn_parse_sql(pgsql_field(result, row, column), &value);
    return value;    /* 0, which is unknown, when it was none */
}

int
pgsql_parse_number(const char *text, int base, uint32_t *ret_number)
{
    char *end = NULL;
    unsigned long value;

    errno = 0;
    value = strtoul(text, &end, base);
    if (errno != 0 || end == text || *end != '\0' || value > UINT32_MAX) {
        return -1;
    }
    *ret_number = (uint32_t) value;
    return 0;
}

uint32_t
pgsql_field_number(const PGresult *result, int row, int column)
{
    uint32_t number = 0;

    /* 0, which is unknown, when it was none */
    (void) pgsql_parse_number(pgsql_field(result, row, column), 10, &number);
    return number;
}
