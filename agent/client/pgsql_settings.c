/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the managed settings come from. */

#include "pgsql_internal.h"

#include <string.h>

#include "files.h"

enum {
    COL_NAME = 0,
    COL_SOURCE,
    COL_FILE,
    COL_LINE,
    COL_HARMLESS,
};

/*
 * What is set somewhere; no value leaves the server. A setting that is what
 * it would be anyway is harmless wherever it stands.
 */
static const char settings_sql[] =
    PGSQL_READ_ONLY
    "SELECT s.name, s.source, s.sourcefile, s.sourceline,"
    " s.name OPERATOR(pg_catalog.=) 'recovery_target_timeline'"
    " AND s.setting OPERATOR(pg_catalog.=) 'latest'"
    " OR s.name OPERATOR(pg_catalog.=) 'primary_conninfo'"
    " AND s.setting OPERATOR(pg_catalog.=) ''"
    " AND NOT pg_catalog.pg_is_in_recovery()"
    " FROM pg_catalog.pg_show_all_settings() s"
    " WHERE s.source OPERATOR(pg_catalog.<>) 'default' AND"
    " s.name OPERATOR(pg_catalog.=) ANY (ARRAY["
    "'synchronous_standby_names', 'primary_conninfo', 'restore_command',"
    " 'primary_slot_name', 'recovery_target_timeline'])";

static bool
is_ours(const struct params *params, const char *file, const char *name)
{
    char path[PATH_SIZE + 32];
    struct text text;

    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/%s", params->tmpdir, name);
    return !text.overflow
           && (strcmp(file, path) == 0 || files_are_same(file, path));
}

/* Does the agent set it at all, by the parameters? */
static bool
is_managed(const struct params *params, const char *name)
{
    if (strcmp(name, "synchronous_standby_names") == 0) {
        return params->rep_mode == REP_MODE_SYNC;
    }
    if (params->rep_mode == REP_MODE_NONE) {
        return false;
    }
    if (strcmp(name, "restore_command") == 0) {
        return params->restore_command[0] != '\0';
    }
    if (strcmp(name, "primary_slot_name") == 0) {
        return params->replication_slot_name[0] != '\0';
    }
    return true;
}

/* Look at one setting that has a source; fill in what it tells. */
static void
read_setting(const struct params *params, const PGresult *result, int row,
             struct sources *sources)
{
    const char *name = pgsql_field(result, row, COL_NAME);
    const char *file = pgsql_field(result, row, COL_FILE);
    const char *source = pgsql_field(result, row, COL_SOURCE);
    bool sync_names = strcmp(name, "synchronous_standby_names") == 0;
    bool hidden = file[0] == '\0' && strcmp(source, "configuration file") == 0;
    bool ours = is_ours(params, file,
                        sync_names ? "rep_mode.conf" : "recovery.conf");
    struct text text;

    if (sync_names) {
        sources->sync_names_ours = ours ? TRI_YES : TRI_NO;
        if (hidden) {
            sources->sync_names_ours = TRI_UNKNOWN;
        }
    }
    if (ours || hidden || sources->override[0] != '\0'
        || pgsql_field_tri(result, row, COL_HARMLESS) == TRI_YES
        || !is_managed(params, name)) {
        return;
    }
    text_init(&text, sources->override, sizeof(sources->override));
    if (file[0] != '\0') {
        text_add(&text, "%s:%s %s", file,
                 pgsql_field(result, row, COL_LINE), name);
    } else {
        text_add(&text, "%s %s", source, name);
    }
    if (text.overflow) {
        text_add(&text, "%s", name);
    }
}

int
pgsql_observe_settings(struct pgsql *pgsql, int64_t deadline_ms,
                       struct server *ret_server, struct sources *ret_sources)
{
    CLEANUP(pgsql_clear_result) PGresult *result = NULL;
    struct pgsql_failure failure;
    const struct pgsql_statement statement = { .sql = settings_sql };

    if (pgsql_ask(pgsql, &statement, deadline_ms, &result, &failure) != 0) {
        pgsql_tell_failure(&failure, ret_server);
        return -1;
    }
    ret_sources->override[0] = '\0';
    ret_sources->sync_names_ours = TRI_NO;
    for (int row = 0; row < PQntuples(result); row++) {
        read_setting(pgsql->params, result, row, ret_sources);
    }
    return 0;
}
