/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The primary, asked over the network by a node that wants its data. */

#include "pgsql_source.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "pgsql_internal.h"
#include "source_conninfo.h"

#define CONNINFO_SIZE 4096
#define PASSWORD_SIZE 1024
#define OPTIONS_SIZE 128
#define KEYWORDS_MAX 8

#define INSUFFICIENT_PRIVILEGE "42501"
#define CHECKPOINT_ROLE_VERSION 150000
#define TIMELINE_DIGITS 8

/* What PQconnectStartParams() gets. */
struct login {
    size_t count;
    const char *keyword[KEYWORDS_MAX + 1];
    const char *value[KEYWORDS_MAX + 1];
    char conninfo[CONNINFO_SIZE];
    char password[PASSWORD_SIZE];
    char passfile[PATH_SIZE + sizeof("/.pgpass")];
    char options[OPTIONS_SIZE];
};

static void
login_add(struct login *login, const char *keyword, const char *value)
{
    if (value[0] != '\0') {
        login->keyword[login->count] = keyword;
        login->value[login->count] = value;
        login->count++;
        login->keyword[login->count] = NULL;
        login->value[login->count] = NULL;
    }
}

/*
 * What stands in front of the connection string is a default that it may
 * change. statement_timeout bounds what the server does for us.
 */
static int
login_fill(const struct pgsql *pgsql, int64_t deadline_ms,
           struct login *login, struct text *why)
{
    int64_t left_ms = clock_left_ms(deadline_ms);
    struct text conninfo;
    struct text password;
    struct text text;

    left_ms = left_ms < 1 ? 1 : left_ms > INT_MAX ? INT_MAX : left_ms;
    login->count = 0;
    text_init(&conninfo, login->conninfo, sizeof(login->conninfo));
    text_init(&password, login->password, sizeof(login->password));
    if (source_conninfo(pgsql->params, &conninfo, &password, why) != 0) {
        return -1;
    }
    text_init(&text, login->passfile, sizeof(login->passfile));
    if (pgsql->identity->known == 1) {
        text_add(&text, "%s/.pgpass", pgsql->identity->home);
    }
    text_init(&text, login->options, sizeof(login->options));
    text_add(&text, "-c statement_timeout=%d", (int) left_ms);
    login_add(login, "passfile", login->passfile);
    login_add(login, "options", login->options);
    login_add(login, "dbname", login->conninfo);
    login_add(login, "password", login->password);
    login_add(login, "client_encoding", "UTF8");
    return 0;
}

/*
 * As pgdba all the way: libpq reads .pgpass when it begins, and the files of
 * TLS, which it looks for in HOME, while it goes on.
 */
static int
connect_as_owner(const struct pgsql *pgsql, const struct login *login,
                 int64_t deadline_ms, PGconn **ret_conn,
                 struct pgsql_failure *ret_failure)
{
    CLEANUP(pgsql_finish_conn) PGconn *conn = NULL;
    CLEANUP(free_text) char *home = NULL;
    const char *old = getenv("HOME");
    bool known = pgsql->identity->known == 1;
    bool other = known && identity_become(pgsql->identity) == 0;
    int rc;

    home = old != NULL ? strdup(old) : NULL;
    if (known) {
        /* without memory for it libpq asks the user database */
        (void) setenv("HOME", pgsql->identity->home, 1);
    }
    conn = PQconnectStartParams(login->keyword, login->value, 1);
    rc = pgsql_finish_connecting(conn, deadline_ms, ret_failure);
    (void) (home != NULL ? setenv("HOME", home, 1) : unsetenv("HOME"));
    if (other) {
        identity_return();
    }
    if (rc == 0) {
        *ret_conn = conn;
        conn = NULL;
    }
    return rc;
}

static int
open_source(const struct pgsql *pgsql, int64_t deadline_ms,
            PGconn **ret_conn, enum answer *ret_answer, struct text *ret_why)
{
    struct pgsql_failure failure;
    struct login login;

    *ret_answer = ANSWER_UNKNOWN;
    if (login_fill(pgsql, deadline_ms, &login, ret_why) != 0) {
        *ret_answer = ANSWER_DENIED;    /* a person has to change it */
        return -1;
    }
    if (connect_as_owner(pgsql, &login, deadline_ms, ret_conn, &failure)
        == 0) {
        return 0;
    }
    *ret_answer = failure.answer;
    if (failure.answer == ANSWER_DENIED) {
        text_add(ret_why, "look at rejoin_user: no log-in as '%s' at '%s': %s",
                 source_role(pgsql->params), pgsql->params->master_ip,
                 failure.text);
    } else {
        text_add(ret_why, "look at the primary: no log-in at '%s': %s",
                 pgsql->params->master_ip, failure.text);
    }
    return -1;
}

/* --- the proof ----------------------------------------------------------- */

enum {
    COL_IN_RECOVERY = 0,
    COL_SYSTEM_ID,
    COL_CHECKPOINT_TIMELINE,
    COL_WAL_FILE,
};

static const char look_sql[] =
    PGSQL_READ_ONLY
    "SELECT r.r, s.system_identifier::pg_catalog.text, c.timeline_id,"
    " CASE WHEN r.r THEN NULL ELSE"
    " pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()) END"
    " FROM pg_catalog.pg_is_in_recovery() r,"
    " pg_catalog.pg_control_system() s, pg_catalog.pg_control_checkpoint() c";

/* `00000003000000000000000C`: 3; 0: no such name. */
static uint32_t
timeline_of_file(const char *name)
{
    char digits[TIMELINE_DIGITS + 1] = "";
    uint32_t timeline;

    if (strlen(name) <= TIMELINE_DIGITS) {
        return 0;
    }
    memcpy(digits, name, TIMELINE_DIGITS);
    return pgsql_parse_number(digits, 16, &timeline) == 0 ? timeline : 0;
}

static enum source_proof
judge(const PGresult *row, const struct source_claim *claim,
      struct text *why)
{
    const char *system_id = pgsql_field(row, 0, COL_SYSTEM_ID);
    uint32_t timeline = timeline_of_file(pgsql_field(row, 0, COL_WAL_FILE));
    uint32_t of_checkpoint = pgsql_field_number(row, 0,
                                                COL_CHECKPOINT_TIMELINE);

    if (strcmp(system_id, claim->system_id) != 0) {
        text_add(why, "look at master_ip and pgport: another cluster's server"
                 " answers, its system identifier is %s", system_id);
        return SOURCE_OTHER_SYSTEM;
    }
    if (pgsql_field_tri(row, 0, COL_IN_RECOVERY) != TRI_NO) {
        text_add(why, "wait for the primary: a standby answers at master_ip");
        return SOURCE_IN_RECOVERY;
    }
    if (timeline != claim->timeline) {
        text_add(why, "wait for the next look: the primary leads on timeline "
                 "%u, not on %u", timeline, claim->timeline);
        return SOURCE_OTHER_TIMELINE;
    }
    if (of_checkpoint != claim->timeline) {
        text_add(why, "wait for a checkpoint of the primary: its last one is "
                 "on timeline %u, not on %u", of_checkpoint, claim->timeline);
        return SOURCE_NO_CHECKPOINT_YET;
    }
    return SOURCE_PROVED;
}

static enum source_proof
proof_of_failure(const struct pgsql_failure *failure)
{
    return failure->answer == ANSWER_DENIED
           || strcmp(failure->sqlstate, INSUFFICIENT_PRIVILEGE) == 0
           ? SOURCE_DENIED : SOURCE_UNKNOWN;
}

static enum source_proof
look(PGconn *conn, const struct source_claim *claim, int64_t deadline_ms,
     struct text *why)
{
    CLEANUP(pgsql_clear_result) PGresult *row = NULL;
    const struct pgsql_statement statement = { .sql = look_sql, .rows = 1 };
    struct pgsql_failure failure;

    if (pgsql_query(conn, &statement, deadline_ms, &row, &failure) != 0) {
        text_add(why, "look at the primary's log: could not ask for its "
                 "timeline: %s", failure.text);
        return proof_of_failure(&failure);
    }
    return judge(row, claim, why);
}

static void
forget_words(struct text *text, size_t len)
{
    text->len = len;
    text->buf[len] = '\0';
}

static int
make_checkpoint(const struct pgsql *pgsql, PGconn *conn, int64_t deadline_ms,
                struct text *why)
{
    CLEANUP(pgsql_clear_result) PGresult *result = NULL;
    const struct pgsql_statement statement = { .sql = "CHECKPOINT" };
    struct pgsql_failure failure;

    if (pgsql_query(conn, &statement, deadline_ms, &result, &failure) == 0) {
        return 0;
    }
    if (strcmp(failure.sqlstate, INSUFFICIENT_PRIVILEGE) != 0) {
        text_add(why, "wait for a checkpoint of the primary: CHECKPOINT did "
                 "not end: %s", failure.text);
    } else if (PQserverVersion(conn) >= CHECKPOINT_ROLE_VERSION) {
        text_add(why, "run GRANT pg_checkpoint TO \"%s\": the primary has had "
                 "no checkpoint since its promotion",
                 source_role(pgsql->params));
    } else {
        text_add(why, "run CHECKPOINT on the primary: it has had none since "
                 "its promotion, and rejoin_user may not");
    }
    return -1;
}

/*
 * It is not ourselves: our server is stopped, so whoever answers is another
 * one. Its address, process id or start time would prove no more.
 */
int
pgsql_prove_source(struct pgsql *pgsql, const struct source_claim *claim,
                   int64_t deadline_ms, enum source_proof *ret_proof,
                   struct text *ret_why)
{
    CLEANUP(pgsql_finish_conn) PGconn *conn = NULL;
    size_t said = ret_why->len;
    enum answer answer;

    if (open_source(pgsql, deadline_ms, &conn, &answer, ret_why) != 0) {
        *ret_proof = answer == ANSWER_DENIED ? SOURCE_DENIED : SOURCE_UNKNOWN;
        return -1;
    }
    *ret_proof = look(conn, claim, deadline_ms, ret_why);
    if (*ret_proof == SOURCE_NO_CHECKPOINT_YET) {
        forget_words(ret_why, said);
        if (make_checkpoint(pgsql, conn, deadline_ms, ret_why) == 0) {
            *ret_proof = look(conn, claim, deadline_ms, ret_why);
        }
    }
    return *ret_proof == SOURCE_PROVED ? 0 : -1;
}

/* --- the grants ---------------------------------------------------------- */

/* What pg_rewind executes (libpq_source.c), and what it takes. */
static const struct {
    const char *sql;
    const char *function;
} needed[] = {
    { "SELECT pg_catalog.pg_ls_dir('.', true, false)",
      "pg_ls_dir(text, boolean, boolean)" },
    { "SELECT pg_catalog.pg_stat_file('global', true)",
      "pg_stat_file(text, boolean)" },
    { "SELECT pg_catalog.pg_read_binary_file('PG_VERSION')",
      "pg_read_binary_file(text)" },
    { "SELECT pg_catalog.pg_read_binary_file('global/pg_control', 0, 8, true)",
      "pg_read_binary_file(text, bigint, bigint, boolean)" },
};

static const char checkpoint_sql[] =
    "SELECT pg_catalog.pg_has_role('pg_checkpoint'::pg_catalog.name, 'USAGE')";

static void
add_role(struct text *text, const char *role)
{
    text_add(text, " TO \"");
    for (; *role != '\0'; role++) {
        text_add_bytes(text, role, 1);
        if (*role == '"') {
            text_add_bytes(text, role, 1);
        }
    }
    text_add(text, "\";");
}

static void
start_command(struct text *missing)
{
    text_add(missing, "%s", missing->len > 0 ? " " : "");
}

/* YES it may, NO it lacks the right, UNKNOWN with the reason. */
static enum tri
may_run(PGconn *conn, const char *sql, int64_t deadline_ms,
        PGresult **ret_result, struct text *why)
{
    const struct pgsql_statement statement = { .sql = sql, .rows = 1 };
    struct pgsql_failure failure;

    if (pgsql_query(conn, &statement, deadline_ms, ret_result, &failure)
        == 0) {
        return TRI_YES;
    }
    if (strcmp(failure.sqlstate, INSUFFICIENT_PRIVILEGE) == 0) {
        return TRI_NO;
    }
    text_add(why, "look at the primary's log: could not try what pg_rewind "
             "needs: %s", failure.text);
    return TRI_UNKNOWN;
}

static enum tri
check_functions(PGconn *conn, const char *role, int64_t deadline_ms,
                struct text *missing, struct text *why)
{
    enum tri all = TRI_YES;

    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        CLEANUP(pgsql_clear_result) PGresult *result = NULL;
        enum tri may = may_run(conn, needed[i].sql, deadline_ms, &result,
                               why);

        if (may == TRI_UNKNOWN) {
            return TRI_UNKNOWN;
        }
        if (may == TRI_NO) {
            start_command(missing);
            text_add(missing, "GRANT EXECUTE ON FUNCTION pg_catalog.%s",
                     needed[i].function);
            add_role(missing, role);
            all = TRI_NO;
        }
    }
    return all;
}

/* Before 15 it takes a superuser; the primary's own next one has to do. */
static enum tri
check_checkpoint(PGconn *conn, const char *role, int64_t deadline_ms,
                 struct text *missing, struct text *why)
{
    CLEANUP(pgsql_clear_result) PGresult *result = NULL;
    enum tri may;

    if (PQserverVersion(conn) < CHECKPOINT_ROLE_VERSION) {
        return TRI_YES;
    }
    may = may_run(conn, checkpoint_sql, deadline_ms, &result, why);
    may = may == TRI_YES ? pgsql_field_tri(result, 0, 0) : may;
    if (may == TRI_NO) {
        start_command(missing);
        text_add(missing, "GRANT pg_checkpoint");
        add_role(missing, role);
    }
    return may;
}

enum tri
pgsql_check_grants(struct pgsql *pgsql, int64_t deadline_ms,
                   struct text *ret_missing, struct text *ret_why)
{
    CLEANUP(pgsql_finish_conn) PGconn *conn = NULL;
    const char *role = source_role(pgsql->params);
    enum answer answer;
    enum tri functions;
    enum tri checkpoint;

    if (open_source(pgsql, deadline_ms, &conn, &answer, ret_why) != 0) {
        return TRI_UNKNOWN;
    }
    functions = check_functions(conn, role, deadline_ms, ret_missing,
                                ret_why);
    if (functions == TRI_UNKNOWN) {
        return TRI_UNKNOWN;
    }
    checkpoint = check_checkpoint(conn, role, deadline_ms, ret_missing,
                                  ret_why);
    return checkpoint == TRI_YES ? functions : checkpoint;
}

/* --- the tablespaces ------------------------------------------------------ */

/* One that is no link (allow_in_place_tablespaces) has no path of its own. */
static const char spaces_sql[] =
    PGSQL_READ_ONLY
    "SELECT t.oid::pg_catalog.text, pg_catalog.pg_tablespace_location(t.oid)"
    " FROM pg_catalog.pg_tablespace t"
    " WHERE pg_catalog.substr(pg_catalog.pg_tablespace_location(t.oid), 1, 1)"
    " OPERATOR(pg_catalog.=) '/' ORDER BY t.oid";

static int
take_spaces(const PGresult *rows, struct tablespaces *spaces,
            struct text *why)
{
    int count = PQntuples(rows);

    if (count > TABLESPACES_MAX) {
        text_add(why, "make a copy by hand: the primary has %d tablespaces, "
                 "more than %d", count, TABLESPACES_MAX);
        return -1;
    }
    for (int i = 0; i < count; i++) {
        spaces->at[i].oid = pgsql_field_number(rows, i, 0);
        if (text_copy(pgsql_field(rows, i, 1), spaces->at[i].path, PATH_SIZE)
            != 0) {
            text_add(why, "make a copy by hand: the path of the primary's "
                     "tablespace %u is too long", spaces->at[i].oid);
            return -1;
        }
    }
    spaces->count = (size_t) count;
    return 0;
}

int
pgsql_list_tablespaces(struct pgsql *pgsql, int64_t deadline_ms,
                       struct tablespaces *ret_spaces, struct text *ret_why)
{
    CLEANUP(pgsql_finish_conn) PGconn *conn = NULL;
    CLEANUP(pgsql_clear_result) PGresult *rows = NULL;
    const struct pgsql_statement statement = { .sql = spaces_sql, .rows = 0 };
    struct pgsql_failure failure;
    enum answer answer;

    if (open_source(pgsql, deadline_ms, &conn, &answer, ret_why) != 0) {
        return -1;
    }
    if (pgsql_query(conn, &statement, deadline_ms, &rows, &failure) != 0) {
        text_add(ret_why, "look at the primary's log: could not ask for its "
                 "tablespaces: %s", failure.text);
        return -1;
    }
    return take_spaces(rows, ret_spaces, ret_why);
}
