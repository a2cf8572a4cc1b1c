/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pgsql.h in the executable: the first call loads the module. A server that
 * could not be asked for want of it has not been asked: ANSWER_UNKNOWN, with
 * which a healthy one goes on working (P5).
 */

#include "pgsql_calls.h"

#include <string.h>

#include "pgsql_internal.h"

static bool
is_loaded(struct pgsql *pgsql, struct text *ret_why)
{
    static const struct module_stamp stamp = MODULE_STAMP(struct pgsql_calls);

    if (pgsql->calls == NULL) {
        pgsql->calls = module_load("pgsql", &stamp, ret_why);
    }
    return pgsql->calls != NULL;
}

/* The same, and the reason goes where the snapshot has it. */
static bool
may_ask(struct pgsql *pgsql, struct server *server)
{
    char why_text[SERVER_TEXT_SIZE];
    struct text why;

    text_init(&why, why_text, sizeof(why_text));
    if (is_loaded(pgsql, &why)) {
        return true;
    }
    server->answer = ANSWER_UNKNOWN;
    memcpy(server->text, why_text, sizeof(server->text));
    return false;
}

/* Pass the call on, or fail with the reason. */
#define CALL(name, ...) \
    (is_loaded(pgsql, ret_why) ? pgsql->calls->name(pgsql, __VA_ARGS__) : -1)

#define ASK(server, name, ...) \
    (may_ask(pgsql, server) ? pgsql->calls->name(pgsql, __VA_ARGS__) : -1)

void
pgsql_close(struct pgsql *pgsql)
{
    if (pgsql->calls != NULL) {
        pgsql->calls->close(pgsql);
    }
}

int
pgsql_observe(struct pgsql *pgsql, int64_t deadline_ms,
              struct server *ret_server)
{
    return ASK(ret_server, observe, deadline_ms, ret_server);
}

int32_t
pgsql_listener_pid(const struct pgsql *pgsql)
{
    return pgsql->calls != NULL ? pgsql->calls->listener_pid(pgsql) : 0;
}

int
pgsql_observe_settings(struct pgsql *pgsql, int64_t deadline_ms,
                       struct server *ret_server, struct sources *ret_sources)
{
    return ASK(ret_server, observe_settings, deadline_ms, ret_server,
               ret_sources);
}

int
pgsql_observe_replay(struct pgsql *pgsql, int64_t deadline_ms,
                     struct replay *replay, int32_t *ret_startup_pid)
{
    struct server unused;

    return ASK(&unused, observe_replay, deadline_ms, replay,
               ret_startup_pid);
}

int
pgsql_observe_profile(struct pgsql *pgsql, int64_t deadline_ms,
                      struct profile *ret_profile)
{
    struct server unused;

    return ASK(&unused, observe_profile, deadline_ms, ret_profile);
}

int
pgsql_observe_position(struct pgsql *pgsql, int64_t deadline_ms,
                       struct wal_position *ret_position,
                       struct text *ret_why)
{
    return CALL(observe_position, deadline_ms, ret_position, ret_why);
}

int
pgsql_observe_senders(struct pgsql *pgsql, int64_t deadline_ms,
                      struct snapshot *snapshot)
{
    return ASK(&snapshot->server, observe_senders, deadline_ms, snapshot);
}

int
pgsql_observe_sync(struct pgsql *pgsql, int64_t deadline_ms,
                   struct server *ret_server, struct sync *ret_sync)
{
    return ASK(ret_server, observe_sync, deadline_ms, ret_server, ret_sync);
}

int
pgsql_checkpoint(struct pgsql *pgsql, int64_t deadline_ms,
                 struct text *ret_why)
{
    return CALL(checkpoint, deadline_ms, ret_why);
}

int
pgsql_ask_checkpoint(struct pgsql *pgsql, int64_t deadline_ms,
                     lsn *ret_asked, struct text *ret_why)
{
    return CALL(ask_checkpoint, deadline_ms, ret_asked, ret_why);
}

int
pgsql_end_sessions(struct pgsql *pgsql, int64_t deadline_ms,
                   struct text *ret_why)
{
    return CALL(end_sessions, deadline_ms, ret_why);
}

int
pgsql_switch_wal(struct pgsql *pgsql, int64_t deadline_ms,
                 struct text *ret_why)
{
    return CALL(switch_wal, deadline_ms, ret_why);
}

enum tri
pgsql_run_monitor_sql(struct pgsql *pgsql, int64_t deadline_ms,
                      struct text *ret_why)
{
    return is_loaded(pgsql, ret_why)
           ? pgsql->calls->run_monitor_sql(pgsql, deadline_ms, ret_why)
           : TRI_UNKNOWN;
}

int
pgsql_promote(struct pgsql *pgsql, int64_t deadline_ms, struct text *ret_why)
{
    return CALL(promote, deadline_ms, ret_why);
}

int
pgsql_create_slot(struct pgsql *pgsql, const char *slot, int64_t deadline_ms,
                  struct text *ret_why)
{
    return CALL(create_slot, slot, deadline_ms, ret_why);
}

int
pgsql_drop_slot(struct pgsql *pgsql, const char *slot, int64_t deadline_ms,
                struct text *ret_why)
{
    return CALL(drop_slot, slot, deadline_ms, ret_why);
}

int
pgsql_drop_unsynced_slots(struct pgsql *pgsql, int64_t deadline_ms,
                          struct text *ret_why)
{
    return CALL(drop_unsynced_slots, deadline_ms, ret_why);
}

int
pgsql_advance_slots(struct pgsql *pgsql, const char *names,
                    const char *position, int64_t deadline_ms,
                    struct text *ret_why)
{
    return CALL(advance_slots, names, position, deadline_ms, ret_why);
}

int
pgsql_end_senders(struct pgsql *pgsql, int32_t pid, const char *began,
                  int64_t deadline_ms, struct text *ret_why)
{
    return CALL(end_senders, pid, began, deadline_ms, ret_why);
}

int
pgsql_prove_source(struct pgsql *pgsql, const struct source_claim *claim,
                   int64_t deadline_ms, enum source_proof *ret_proof,
                   struct text *ret_why)
{
    *ret_proof = SOURCE_UNKNOWN;
    return CALL(prove_source, claim, deadline_ms, ret_proof, ret_why);
}

enum tri
pgsql_check_grants(struct pgsql *pgsql, int64_t deadline_ms,
                   struct text *ret_missing, struct text *ret_why)
{
    return is_loaded(pgsql, ret_why)
           ? pgsql->calls->check_grants(pgsql, deadline_ms, ret_missing,
                                        ret_why)
           : TRI_UNKNOWN;
}

int
pgsql_list_tablespaces(struct pgsql *pgsql, int64_t deadline_ms,
                       struct tablespaces *ret_spaces, struct text *ret_why)
{
    return CALL(list_tablespaces, deadline_ms, ret_spaces, ret_why);
}

/* Without a handle: nothing of it outlives the call but the module. */
int
pgsql_probe(const struct pgsql_probe *probe, int64_t deadline_ms,
            struct server *ret_servers, struct text *ret_why)
{
    struct pgsql none = { .calls = NULL };

    return is_loaded(&none, ret_why)
           ? none.calls->probe(probe, deadline_ms, ret_servers, ret_why) : -1;
}
