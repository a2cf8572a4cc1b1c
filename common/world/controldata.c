/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pg_controldata: text -> facts. */

#include "controldata.h"

#include <string.h>

#include "line.h"

#define LINE_SIZE 256

/* The value of the line named `name`, or NULL: it is another line. */
static const char *
value_of(const char *line, const char *name)
{
    size_t len = strlen(name);

    if (strncmp(line, name, len) != 0 || line[len] != ':') {
        return NULL;
    }
    line += len + 1;
    while (*line == ' ') {
        line++;
    }
    return line;
}

static uint64_t
number_of(const char *value, uint64_t max)
{
    uint64_t number;
    const char *rest = line_read_number(value, max, &number);

    return rest != NULL && *rest == '\0' ? number : 0;
}

static lsn
lsn_of(const char *value)
{
    lsn position;

    return lsn_parse_sql(value, &position) == 0 ? position : 0;
}

static enum tri
yes_if(int yes)
{
    return yes ? TRI_YES : TRI_NO;
}

static void
read_limit_line(const char *line, struct limits *limits)
{
    const struct {
        const char *name;
        uint32_t *field;
    } lines[] = {
        { "max_connections setting", &limits->connections },
        { "max_worker_processes setting", &limits->worker_processes },
        { "max_wal_senders setting", &limits->wal_senders },
        { "max_prepared_xacts setting", &limits->prepared_transactions },
        { "max_locks_per_xact setting", &limits->locks_per_transaction },
    };

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        const char *value = value_of(line, lines[i].name);

        if (value != NULL) {
            *lines[i].field = (uint32_t) number_of(value, UINT32_MAX);
        }
    }
}

static void
read_position_line(const char *line, struct controldata *data)
{
    const char *value;

    value = value_of(line, "Latest checkpoint location");
    if (value != NULL) {
        data->checkpoint.lsn = lsn_of(value);
        return;
    }
    value = value_of(line, "Latest checkpoint's TimeLineID");
    if (value != NULL) {
        data->checkpoint.timeline = (uint32_t) number_of(value, UINT32_MAX);
        data->redo.timeline = data->checkpoint.timeline;
        return;
    }
    value = value_of(line, "Latest checkpoint's REDO location");
    if (value != NULL) {
        data->redo.lsn = lsn_of(value);
        return;
    }
    value = value_of(line, "Minimum recovery ending location");
    if (value != NULL) {
        data->min_recovery_end.lsn = lsn_of(value);
        return;
    }
    value = value_of(line, "Min recovery ending loc's timeline");
    if (value != NULL) {
        data->min_recovery_end.timeline =
            (uint32_t) number_of(value, UINT32_MAX);
    }
}

static void
read_line(const char *line, struct controldata *data)
{
    const char *value;

    value = value_of(line, "Database cluster state");
    if (value != NULL) {
        data->state = control_state_parse(value);
        return;
    }
    value = value_of(line, "pg_control version number");
    if (value != NULL) {
        data->version = (uint32_t) number_of(value, UINT32_MAX);
        return;
    }
    value = value_of(line, "Catalog version number");
    if (value != NULL) {
        data->catalog_version = (uint32_t) number_of(value, UINT32_MAX);
        return;
    }
    value = value_of(line, "Database system identifier");
    if (value != NULL) {
        data->system_identifier = number_of(value, UINT64_MAX);
        return;
    }
    value = value_of(line, "wal_log_hints setting");
    if (value != NULL) {
        data->wal_log_hints = yes_if(strcmp(value, "on") == 0);
        return;
    }
    value = value_of(line, "Data page checksum version");
    if (value != NULL) {
        /* 2 and 3: being switched on or off (19), which pg_rewind refuses */
        data->checksums = yes_if(strcmp(value, "1") == 0);
        return;
    }
    read_limit_line(line, &data->limits);
    read_position_line(line, data);
}

int
controldata_parse(const char *text, struct controldata *ret_controldata)
{
    struct controldata data = { 0 };
    char line[LINE_SIZE];

    while (*text != '\0') {
        if (line_next(&text, line, sizeof(line)) == 0) {
            read_line(line, &data);
        }
    }
    if (data.state == CONTROL_UNKNOWN
        || !wal_position_is_known(data.checkpoint)) {
        return -1;
    }
    *ret_controldata = data;
    return 0;
}
