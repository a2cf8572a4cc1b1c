/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A router's sessions. */

#include "pgsql_host.h"

#include <stdlib.h>
#include <string.h>

#include "pgsql_internal.h"

#define EXTRA_WORDS 1

struct pgsql_host {
    PGconn *conn;               /* NULL: none */
    const char **keyword;       /* both end in NULL */
    const char **value;
};

/* pg_control_...() and pg_walfile_name() are everybody's. */
static const char question[] =
    PGSQL_READ_ONLY
    "SELECT i.yes,"
    " CASE WHEN NOT i.yes THEN pg_catalog.substr(pg_catalog.pg_walfile_name("
    "pg_catalog.pg_current_wal_lsn()), 1, 8) END,"
    " c.timeline_id, s.system_identifier,"
    " GREATEST(r.received, r.replayed), r.replayed,"
    " EXISTS (SELECT FROM pg_catalog.pg_stat_get_wal_receiver() w"
    " WHERE w.pid IS NOT NULL),"
    " CASE WHEN r.received IS NULL OR r.received <= r.replayed THEN 0"
    " ELSE pg_catalog.floor(GREATEST(0, 1000 * pg_catalog.date_part('epoch',"
    " pg_catalog.clock_timestamp()"
    " - pg_catalog.pg_last_xact_replay_timestamp()))) END"
    " FROM (SELECT pg_catalog.pg_is_in_recovery() AS yes OFFSET 0) i,"
    " pg_catalog.pg_control_checkpoint() c, pg_catalog.pg_control_system() s,"
    " (SELECT pg_catalog.pg_last_wal_receive_lsn() AS received,"
    " pg_catalog.pg_last_wal_replay_lsn() AS replayed OFFSET 0) r";

static bool
is_keyword(const PQconninfoOption *known, const char *word)
{
    for (; known->keyword != NULL; known++) {
        if (strcmp(known->keyword, word) == 0) {
            return true;
        }
    }
    return false;
}

static void
take_words(const PQconninfoOption *known, char *const *keyword,
           char *const *value, size_t count, struct pgsql_host *host,
           struct text *ret_unknown)
{
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        if (!is_keyword(known, keyword[i])) {
            text_add(ret_unknown, "%s%s", ret_unknown->len > 0 ? " " : "",
                     keyword[i]);
            continue;
        }
        host->keyword[used] = keyword[i];
        host->value[used++] = value[i];
    }
    host->keyword[used] = "fallback_application_name";
    host->value[used] = "pgward";
}

struct pgsql_host *
pgsql_host_new(char *const *keyword, char *const *value, size_t count,
               struct text *ret_unknown)
{
    struct pgsql_host *host = calloc(1, sizeof(*host));
    PQconninfoOption *known = PQconndefaults();

    if (host != NULL) {
        host->keyword = calloc(count + EXTRA_WORDS + 1, sizeof(char *));
        host->value = calloc(count + EXTRA_WORDS + 1, sizeof(char *));
    }
    if (host != NULL && known != NULL && host->keyword != NULL
        && host->value != NULL) {
        take_words(known, keyword, value, count, host, ret_unknown);
    } else {
        pgsql_host_free(host);
        host = NULL;
    }
    PQconninfoFree(known);
    return host;
}

void
pgsql_host_free(struct pgsql_host *host)
{
    if (host == NULL) {
        return;
    }
    PQfinish(host->conn);
    free(host->keyword);
    free(host->value);
    free(host);
}

/* Of this answer's row; what is not known of a lag stays UNKNOWN. */
static void
take_answer(const PGresult *result, struct road_host *road)
{
    enum tri recovers = pgsql_field_tri(result, 0, 0);
    lsn received = pgsql_field_lsn(result, 0, 4);
    lsn replayed = pgsql_field_lsn(result, 0, 5);
    uint32_t timeline = 0;

    road->answers = TRI_YES;
    road->role = recovers == TRI_NO ? ROAD_PRIMARY
                 : recovers == TRI_YES ? ROAD_STANDBY : ROAD_UNKNOWN;
    if (recovers == TRI_NO) {
        (void) pgsql_parse_number(pgsql_field(result, 0, 1), 16, &timeline);
    } else {
        timeline = pgsql_field_number(result, 0, 2);
    }
    road->timeline = timeline;
    (void) text_copy(pgsql_field(result, 0, 3), road->system_id,
                     sizeof(road->system_id));
    if (recovers != TRI_YES) {
        return;
    }
    road->streams = pgsql_field_tri(result, 0, 6);
    if (replayed != 0) {
        road->lag_known = TRI_YES;
        road->lag_bytes = received - replayed;
    }
    if (PQgetisnull(result, 0, 7) == 0) {
        road->delay_known = TRI_YES;
        road->delay_ms = pgsql_field_number(result, 0, 7);
    }
}

static int
open_session(struct pgsql_host *host, int64_t deadline_ms,
             struct pgsql_failure *ret_failure)
{
    if (host->conn != NULL) {
        return 0;
    }
    host->conn = PQconnectStartParams(host->keyword, host->value, 0);
    return pgsql_finish_connecting(host->conn, deadline_ms, ret_failure);
}

static int
ask(struct pgsql_host *host, int64_t deadline_ms, struct road_host *road,
    struct pgsql_failure *ret_failure)
{
    const struct pgsql_statement statement = { question, 0, NULL, 1 };
    CLEANUP(pgsql_clear_result) PGresult *result = NULL;

    if (open_session(host, deadline_ms, ret_failure) != 0
        || pgsql_query(host->conn, &statement, deadline_ms, &result,
                       ret_failure) != 0) {
        PQfinish(host->conn);
        host->conn = NULL;
        return -1;
    }
    take_answer(result, road);
    return 0;
}

int
pgsql_host_ask(struct pgsql_host *host, int64_t deadline_ms,
               struct road_host *road, struct text *ret_why)
{
    bool kept = host->conn != NULL;
    struct pgsql_failure failure;
    int rc;

    road->role = ROAD_UNKNOWN;
    road->answers = TRI_NO;
    road->streams = TRI_UNKNOWN;
    road->sync = SYNC_UNKNOWN;
    road->lag_known = TRI_UNKNOWN;
    road->delay_known = TRI_UNKNOWN;
    road->delay_ms = 0;
    rc = ask(host, deadline_ms, road, &failure);
    if (rc != 0 && kept && failure.answer != ANSWER_TIMEOUT) {
        rc = ask(host, deadline_ms, road, &failure);    /* it was restarted */
    }
    if (rc != 0) {
        text_add(ret_why, "%s", failure.text);
    }
    return rc;
}
