/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What keeps a standby's replay back. */

#include "pgsql_internal.h"

#include <string.h>

enum {
    COL_PLACE = 0,
    COL_STARTUP_PID,
    COL_WAITS,
    COL_CONNECTIONS,
    COL_WORKER_PROCESSES,
    COL_WAL_SENDERS,
    COL_PREPARED_TRANSACTIONS,
    COL_LOCKS_PER_TRANSACTION,
};

#define LIMIT(name) " pg_catalog.current_setting('" name "')"

/*
 * The startup process waits for WAL, for what a promotion ends
 * (pgsql_end_sessions(), recovery_min_apply_delay, a pause by hand), or for a
 * restore_command.
 */
static const char replay_sql[] =
    PGSQL_READ_ONLY
    "SELECT t.place, a.pid, a.waits,"
    LIMIT("max_connections") "," LIMIT("max_worker_processes") ","
    LIMIT("max_wal_senders") "," LIMIT("max_prepared_transactions") ","
    LIMIT("max_locks_per_transaction")
    " FROM (SELECT 1) one"
    " LEFT JOIN (SELECT pg_catalog.concat(s.sourcefile, ':', s.sourceline)"
    " AS place FROM pg_catalog.pg_show_all_settings() s"
    " WHERE s.name OPERATOR(pg_catalog.=) ANY (ARRAY['recovery_target',"
    " 'recovery_target_lsn', 'recovery_target_name', 'recovery_target_time',"
    " 'recovery_target_xid'])"
    " AND s.setting OPERATOR(pg_catalog.<>) ''"
    " AND s.sourcefile IS NOT NULL"
    " ORDER BY s.name LIMIT 1) t ON true"
    " LEFT JOIN (SELECT s.pid,"
    " COALESCE(s.wait_event_type OPERATOR(pg_catalog.=)"
    " ANY (ARRAY['Lock', 'BufferPin'])"
    " OR s.wait_event OPERATOR(pg_catalog.~) '^Recovery'"
    " OR s.wait_event OPERATOR(pg_catalog.=) 'RestoreCommand', false)"
    " AS waits FROM pg_catalog.pg_stat_get_activity(NULL) s"
    " WHERE s.backend_type OPERATOR(pg_catalog.=) 'startup'"
    " LIMIT 1) a ON true";

int
pgsql_observe_replay(struct pgsql *pgsql, int64_t deadline_ms,
                     struct replay *replay, int32_t *ret_startup_pid)
{
    CLEANUP(pgsql_clear_result) PGresult *result = NULL;
    struct pgsql_failure failure;
    const struct pgsql_statement statement = { .sql = replay_sql, .rows = 1 };

    if (pgsql_ask(pgsql, &statement, deadline_ms, &result, &failure) != 0) {
        return -1;
    }
    /* a path that is too long is left out */
    (void) text_copy(pgsql_field(result, 0, COL_PLACE), replay->place,
                     sizeof(replay->place));
    replay->waits = pgsql_field_tri(result, 0, COL_WAITS);
    replay->limits = (struct limits) {
        .connections = pgsql_field_number(result, 0, COL_CONNECTIONS),
        .worker_processes =
            pgsql_field_number(result, 0, COL_WORKER_PROCESSES),
        .wal_senders = pgsql_field_number(result, 0, COL_WAL_SENDERS),
        .prepared_transactions =
            pgsql_field_number(result, 0, COL_PREPARED_TRANSACTIONS),
        .locks_per_transaction =
            pgsql_field_number(result, 0, COL_LOCKS_PER_TRANSACTION),
    };
    *ret_startup_pid =
        (int32_t) pgsql_field_number(result, 0, COL_STARTUP_PID);
    return 0;
}
