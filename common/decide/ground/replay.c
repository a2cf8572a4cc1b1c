/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Can a standby replay all that it has flushed? One that cannot would lose at
 * its promotion what was acknowledged by its flush, or never end it (P1).
 */

#include "replay.h"

#include <string.h>
#include <syslog.h>

#include "lsn.h"
#include "peers.h"
#include "want.h"

#define WORD_OK "ok"
#define WORD_NO "no: "

/* Replay that shows no other sign of work may take so long for a record. */
#define STILL_MS 10000u

/* For a query, which the agent may not see, it may wait longer. */
#define UNSEEN_STILL_MS 60000u

/* From this version on a promotion ends a pause that was made by hand. */
#define PAUSE_ENDS_VERSION 130000u

/* Where nothing else is wrong. */
#define RESUME "SELECT pg_wal_replay_resume(): replay is paused by hand"

#define WHY_SIZE (ATTR_VALUE_SIZE - sizeof(WORD_NO))

static bool
stands_still(const struct snapshot *snapshot)
{
    const struct progress *progress = &snapshot->server.progress;

    return progress->paused != TRI_YES && progress->still_ms >= STILL_MS;
}

bool
replay_is_calm(const struct snapshot *snapshot)
{
    const struct progress *progress = &snapshot->server.progress;

    return progress->target[0] == '\0' && progress->paused != TRI_YES
           && !stands_still(snapshot);
}

bool
replay_is_seen(const struct snapshot *snapshot, struct plan *plan)
{
    const struct progress *progress = &snapshot->server.progress;
    uint32_t facts = 0;

    if (server_role(snapshot) != SERVER_STANDBY
        || replay_is_calm(snapshot)) {
        return true;
    }
    if (snapshot->replay.limits.connections == 0
        || (snapshot->facts & FACT_SQL) != 0) {
        facts |= FACT_REPLAY;
    }
    if (progress->paused == TRI_YES
        && snapshot->control.limits.connections == 0) {
        facts |= FACT_CONTROL;
    }
    return have_facts(snapshot, facts, plan);
}

/* A setting that is lower than the primary's, by pg_control. */
static bool
add_lower_setting(const struct snapshot *snapshot, struct text *why)
{
    const struct limits *here = &snapshot->replay.limits;
    const struct limits *need = &snapshot->control.limits;
    const struct {
        const char *name;
        uint32_t here;
        uint32_t need;
    } settings[] = {
        { "max_connections", here->connections, need->connections },
        { "max_worker_processes", here->worker_processes,
          need->worker_processes },
        { "max_wal_senders", here->wal_senders, need->wal_senders },
        { "max_prepared_transactions", here->prepared_transactions,
          need->prepared_transactions },
        { "max_locks_per_transaction", here->locks_per_transaction,
          need->locks_per_transaction },
    };

    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (settings[i].here < settings[i].need) {
            text_add(why, "raise %s and restart this standby: it is %u here, "
                     "%u on the primary", settings[i].name,
                     settings[i].here, settings[i].need);
            return true;
        }
    }
    return false;
}

static bool
is_held_by_pause(const struct snapshot *snapshot, struct text *why)
{
    if (snapshot->server.progress.paused != TRI_YES) {
        return false;
    }
    if (snapshot->replay.limits.connections == 0
        || snapshot->control.limits.connections == 0) {
        text_add(why, "look at the server's log, or SELECT "
                 "pg_wal_replay_resume(): replay is paused, and why could "
                 "not be learnt");
        return true;
    }
    if (add_lower_setting(snapshot, why)) {
        return true;
    }
    if (snapshot->server.version < PAUSE_ENDS_VERSION) {
        text_add(why, RESUME);
        return true;
    }
    return false;
}

static bool
is_stuck(const struct snapshot *snapshot, struct text *why)
{
    const struct progress *progress = &snapshot->server.progress;
    const struct replay *replay = &snapshot->replay;
    char at[LSN_TEXT_SIZE];

    if (!stands_still(snapshot) || replay->waits == TRI_YES
        || replay->busy == TRI_YES
        || (replay->waits == TRI_UNKNOWN
            && (progress->still_ms < UNSEEN_STILL_MS
                || snapshot->server.receiver_running != TRI_YES))) {
        return false;
    }
    lsn_format_sql(progress->replayed, at);
    text_add(why, "look at the startup process, the storage and the "
             "server's log: replay stands still at %s", at);
    return true;
}

/* What keeps this node's own replay from the end of what it has flushed. */
static bool
is_held_up(const struct snapshot *snapshot, struct text *why)
{
    const struct progress *progress = &snapshot->server.progress;
    const struct replay *replay = &snapshot->replay;

    if (server_role(snapshot) != SERVER_STANDBY) {
        return false;
    }
    if (progress->target[0] != '\0') {
        text_add(why, "remove %s and restart this standby: it ends replay "
                 "early%s%s", progress->target,
                 replay->place[0] != '\0' ? ". It is in " : "",
                 replay->place);
        return true;
    }
    return is_held_by_pause(snapshot, why) || is_stuck(snapshot, why);
}

/* The first words are what matters, where a path is that long. */
static const char *
own_obstacle(const struct snapshot *snapshot, char *buf)
{
    struct text why;

    text_init(&why, buf, WHY_SIZE);
    if (!is_held_up(snapshot, &why)) {
        return NULL;
    }
    if (why.overflow) {
        text_init(&why, buf, WHY_SIZE);
        text_add(&why, "remove %s and restart this standby: it ends replay "
                 "early", snapshot->server.progress.target);
    }
    return buf;
}

const char *
replay_pause(const struct snapshot *snapshot)
{
    char buf[ATTR_VALUE_SIZE];

    return server_role(snapshot) == SERVER_STANDBY
           && snapshot->server.progress.paused == TRI_YES
           && own_obstacle(snapshot, buf) == NULL ? RESUME : NULL;
}

bool
replay_is_held_up(const struct snapshot *snapshot, size_t node)
{
    char buf[ATTR_VALUE_SIZE];

    if (node == snapshot->self
        && server_role(snapshot) != SERVER_UNKNOWN) {
        return own_obstacle(snapshot, buf) != NULL;
    }
    return replay_obstacle(snapshot, node) != NULL;
}

const char *
replay_obstacle(const struct snapshot *snapshot, size_t node)
{
    const struct attr *word = &snapshot->node[node].attrs.replay;
    size_t len = strlen(WORD_NO);

    return word->known == ATTR_SET && strncmp(word->value, WORD_NO, len) == 0
           ? word->value + len : NULL;
}

bool
replay_is_proved(const struct snapshot *snapshot, size_t node, lsn mark)
{
    const struct node *peer = &snapshot->node[node];

    return attr_is(&peer->attrs.replay, WORD_OK)
           || (peer->senders.own.replay_lsn != 0
               && peer->senders.own.replay_lsn >= mark);
}

void
want_replay(const struct snapshot *snapshot, struct plan *plan)
{
    char buf[ATTR_VALUE_SIZE];
    char value[ATTR_VALUE_SIZE];
    const char *why = own_obstacle(snapshot, buf);
    struct text word;

    if (snapshot->server.progress.known != TRI_YES) {
        return;
    }
    text_init(&word, value, sizeof(value));
    text_add(&word, "%s%s", why != NULL ? WORD_NO : WORD_OK,
             why != NULL ? why : "");
    if (why != NULL) {
        plan_log_once(plan, LOG_WARNING, "this node may not lead: %s", why);
    }
    want_attr(snapshot, plan, OP_SET_REPLAY, OP_BEST_EFFORT, snapshot->self,
              value);
}

bool
replay_allows(const struct snapshot *snapshot, struct plan *plan)
{
    char buf[ATTR_VALUE_SIZE];
    const char *why;

    if (!replay_is_seen(snapshot, plan)) {
        return false;
    }
    why = own_obstacle(snapshot, buf);
    if (why == NULL) {
        return true;
    }
    want_replay(snapshot, plan);
    want_attr(snapshot, plan, OP_SET_SCORE, OP_BEST_EFFORT, snapshot->self,
              SCORE_NEVER);
    plan_exit_reason(plan, OCF_ERR_GENERIC, "%s. Until then this node may "
                     "not lead", why);
    return false;
}
