/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The standbys and their slots, as this server sees them. */

#include "pgsql_internal.h"

#include <string.h>

#include "line.h"
#include "sender_name.h"

enum {
    COL_KIND = 0,       /* `w`: a WAL sender, `s`: a slot, `m`: its name is
                         * max_replication_slots, its state
                         * synchronized_standby_slots */
    COL_NAME,
    COL_STATE,
    COL_SYNC_STATE,
    COL_PRIORITY,
    COL_FLUSH_LSN,
    COL_FLAG,           /* of a slot: active; of a WAL sender: beyond */
    COL_REPLY,
    COL_PID,
    COL_BEGAN,
    COL_AGE_MS,
    COL_REPLAY_LSN,
    COL_ADDRESS,
    COL_LAG_MS,
};

/* What the columns are of a slot. */
enum {
    COL_SLOT_STATUS = COL_STATE,
    COL_SLOT_TYPE = COL_SYNC_STATE,
    COL_SLOT_UNSYNCED = COL_PRIORITY,
    COL_SLOT_RESTART = COL_FLUSH_LSN,
    COL_SLOT_LEFT = COL_REPLY,
    COL_SLOT_XMIN = COL_BEGAN,
};

/*
 * The functions behind pg_stat_replication and pg_replication_slots: the views
 * list every backend and join what is not needed here. The server's own flush
 * position is read after the senders, row by row: who is past it has WAL of
 * its own.
 */
#define BEYOND \
    "CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN" \
    " w.flush_lsn OPERATOR(pg_catalog.>)" \
    " pg_catalog.pg_current_wal_flush_lsn() END"

#define SENDERS_SQL(reply, status, left, unsynced) \
    PGSQL_READ_ONLY \
    "SELECT 'w'::pg_catalog.text, a.application_name, w.state, w.sync_state," \
    " w.sync_priority::pg_catalog.text, w.flush_lsn::pg_catalog.text," \
    " " BEYOND ", " reply "," \
    " w.pid::pg_catalog.text, " PGSQL_BEGAN ", " \
    "(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()" \
    " OPERATOR(pg_catalog.-) a.backend_start) OPERATOR(pg_catalog.*) 1000)" \
    "::pg_catalog.int8::pg_catalog.text," \
    " w.replay_lsn::pg_catalog.text," \
    " pg_catalog.host(a.client_addr), " \
    "(pg_catalog.date_part('epoch', w.replay_lag)" \
    " OPERATOR(pg_catalog.*) 1000)::pg_catalog.int8::pg_catalog.text" \
    " FROM pg_catalog.pg_stat_get_wal_senders() w," \
    " LATERAL pg_catalog.pg_stat_get_activity(w.pid) a" \
    " UNION ALL" \
    " SELECT 's', s.slot_name::pg_catalog.text, " status ", s.slot_type," \
    " " unsynced ", s.restart_lsn::pg_catalog.text," \
    " s.active, " left ", NULL, s.xmin::pg_catalog.text, NULL, NULL, NULL," \
    " NULL" \
    " FROM pg_catalog.pg_get_replication_slots() s" \
    " UNION ALL" \
    " SELECT 'm', pg_catalog.current_setting('max_replication_slots')," \
    " pg_catalog.current_setting('synchronized_standby_slots', true)," \
    " NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL"

#define REPLY "pg_catalog.date_part('epoch', w.reply_time)::pg_catalog.text"

#define REPLY_TIME_VERSION 120000
#define SLOT_STATUS_VERSION 130000
#define SLOT_SYNC_VERSION 170000

#define LEFT "s.safe_wal_size::pg_catalog.text"

/* Only where slots are synchronised does one stand in the way of that. */
#define UNSYNCED \
    "CASE WHEN s.failover AND NOT s.synced AND NOT s.temporary" \
    " AND NOT s.active AND pg_catalog.current_setting(" \
    "'sync_replication_slots') OPERATOR(pg_catalog.=) 'on' THEN 'y' END"

/* One that is late by less than a millisecond is known, too. */
static uint32_t
read_lag(const PGresult *result, int row)
{
    return strcmp(pgsql_field(result, row, COL_LAG_MS), "0") == 0
           ? 1 : pgsql_field_number(result, row, COL_LAG_MS);
}

static void
read_sender(const PGresult *result, int row, struct sender *ret_sender)
{
    struct sender sender = { .visible = TRI_NO };

    if (!PQgetisnull(result, row, COL_STATE)) {
        sender.visible = TRI_YES;
        sender.state =
            sender_state_parse(pgsql_field(result, row, COL_STATE));
        sender.sync_state =
            sync_state_parse(pgsql_field(result, row, COL_SYNC_STATE));
        sender.sync_priority = pgsql_field_number(result, row, COL_PRIORITY);
        sender.flush_lsn = pgsql_field_lsn(result, row, COL_FLUSH_LSN);
        sender.pid = pgsql_field_number(result, row, COL_PID);
        sender.age_ms = pgsql_field_number(result, row, COL_AGE_MS);
        /* one that does not fit is one that is not known */
        (void) text_copy(pgsql_field(result, row, COL_BEGAN), sender.began,
                         sizeof(sender.began));
        (void) text_copy(pgsql_field(result, row, COL_REPLY), sender.reply,
                         sizeof(sender.reply));
        sender.beyond = pgsql_field_tri(result, row, COL_FLAG);
        sender.replay_lsn = pgsql_field_lsn(result, row, COL_REPLAY_LSN);
        sender.lag_ms = read_lag(result, row);
    }
    *ret_sender = sender;
}

static bool
is_sender(const PGresult *result, int row)
{
    return strcmp(pgsql_field(result, row, COL_KIND), "w") == 0;
}

static bool
has_a_nodes_name(const struct snapshot *snapshot, const char *name)
{
    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        if (sender_name_is_of(name, snapshot->node[i].name)) {
            return true;
        }
    }
    return false;
}

static void
read_named(const PGresult *result, bool named, struct snapshot *snapshot)
{
    struct senders *senders = &snapshot->senders;

    for (int row = 0; row < PQntuples(result); row++) {
        const char *name = pgsql_field(result, row, COL_NAME);
        struct sender_row *seen = &senders->row[senders->row_count];

        if (has_a_nodes_name(snapshot, name) == named
            && is_sender(result, row)
            && senders->row_count < SENDER_ROWS_MAX
            && text_copy(name, seen->name, sizeof(seen->name)) == 0
            && text_copy(pgsql_field(result, row, COL_ADDRESS), seen->address,
                         sizeof(seen->address)) == 0) {
            read_sender(result, row, &seen->sender);
            senders->row_count++;
        }
    }
}

/*
 * Whose they are is told later: who left node_list is not known before the
 * record has been read. Where there are too many, nodes' names come first.
 */
static void
read_senders(const PGresult *result, struct snapshot *snapshot)
{
    snapshot->senders.row_count = 0;
    read_named(result, true, snapshot);
    read_named(result, false, snapshot);
}

static const char *
senders_sql(const PGconn *conn)
{
    int version = PQserverVersion(conn);

    if (version < REPLY_TIME_VERSION) {
        return SENDERS_SQL("NULL", "NULL", "NULL", "NULL");
    }
    if (version < SLOT_STATUS_VERSION) {
        return SENDERS_SQL(REPLY, "NULL", "NULL", "NULL");
    }
    return version < SLOT_SYNC_VERSION
           ? SENDERS_SQL(REPLY, "s.wal_status", LEFT, "NULL")
           : SENDERS_SQL(REPLY, "s.wal_status", LEFT, UNSYNCED);
}

/* Past its bound, what is left is less than nothing. */
static void
read_left(const char *left, struct slot *slot)
{
    uint64_t number;

    if (left[0] == '\0') {
        return;
    }
    slot->limited = TRI_YES;
    if (line_read_number(left, UINT64_MAX, &number) != NULL) {
        slot->left_bytes = number;
    }
}

static void
read_slot(const PGresult *result, int row, struct senders *senders)
{
    struct slot_row *seen = &senders->slot_row[senders->slot_row_count];
    struct slot slot = { .there = TRI_YES };

    senders->slot_count++;
    senders->unsynced += !PQgetisnull(result, row, COL_SLOT_UNSYNCED);
    if (strcmp(pgsql_field(result, row, COL_SLOT_TYPE), "physical") != 0
        || senders->slot_row_count == SLOT_ROWS_MAX
        || text_copy(pgsql_field(result, row, COL_NAME), seen->name,
                     sizeof(seen->name)) != 0) {
        return;
    }
    slot.active = pgsql_field_tri(result, row, COL_FLAG);
    slot.status = slot_status_parse(pgsql_field(result, row,
                                                COL_SLOT_STATUS));
    slot.restart_lsn = pgsql_field_lsn(result, row, COL_SLOT_RESTART);
    slot.xmin = PQgetisnull(result, row, COL_SLOT_XMIN) ? TRI_NO : TRI_YES;
    read_left(pgsql_field(result, row, COL_SLOT_LEFT), &slot);
    seen->slot = slot;
    senders->slot_row_count++;
}

/* Whose they are, the caller knows: see slot_owner.h. */
static void
read_slots(const PGresult *result, struct senders *senders)
{
    senders->slot_count = 0;
    senders->slot_row_count = 0;
    senders->unsynced = 0;
    for (int row = 0; row < PQntuples(result); row++) {
        const char *kind = pgsql_field(result, row, COL_KIND);

        if (strcmp(kind, "s") == 0) {
            read_slot(result, row, senders);
        } else if (strcmp(kind, "m") == 0) {
            senders->slot_max = pgsql_field_number(result, row, COL_NAME);
            senders->waited_known =
                !PQgetisnull(result, row, COL_STATE)
                && text_copy(pgsql_field(result, row, COL_STATE),
                             senders->waited_slots,
                             sizeof(senders->waited_slots)) == 0
                ? TRI_YES : TRI_NO;
        }
    }
}

int
pgsql_observe_senders(struct pgsql *pgsql, int64_t deadline_ms,
                      struct snapshot *snapshot)
{
    CLEANUP(pgsql_clear_result) PGresult *result = NULL;
    struct pgsql_failure failure;
    struct pgsql_statement statement = { .rows = 0 };

    if (pgsql_open(pgsql, deadline_ms, &failure) != 0) {
        pgsql_tell_failure(&failure, &snapshot->server);
        return -1;
    }
    statement.sql = senders_sql(pgsql->conn);
    if (pgsql_ask(pgsql, &statement, deadline_ms, &result, &failure) != 0) {
        pgsql_tell_failure(&failure, &snapshot->server);
        return -1;
    }
    read_slots(result, &snapshot->senders);
    read_senders(result, snapshot);
    senders_assign(snapshot);
    return 0;
}
