/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A node's looks: often at its server, now and then at the cluster. */

#include "serve_look.h"

#include <string.h>

#include "clock.h"
#include "instance_cib.h"
#include "observe.h"
#include "report.h"

#define LOOK_EVERY_MS 50
#define WHOLE_EVERY_MS 400
#define LOOK_LIMIT_MS 500
#define FIRST_LIMIT_MS 2000
#define LIFE_MS 60000

/* Before it is tried again by a new process. */
#define AFTER_FAILURE_MS 250

/* Nothing of this node is known, but that it was looked at. */
static void
show_nothing(struct serve_state *state, int64_t now_ms)
{
    static struct roads none;

    none.self = ROADS_HOSTS_MAX;
    none.looked_ms = now_ms;
    serve_state_put(state, &none);
    serve_state_beat(state, now_ms);
}

static void
show(const struct snapshot *snapshot, int64_t seen_ms,
     struct serve_state *state)
{
    static struct roads roads;

    roads_take_look(snapshot, seen_ms, &roads);
    serve_state_put(state, &roads);
}

/* What a look at the server alone tells: has something changed? */
static bool
is_same(const struct server *a, const struct server *b)
{
    return a->answer == b->answer && a->in_recovery == b->in_recovery
           && a->position.timeline == b->position.timeline
           && a->receiver_running == b->receiver_running;
}

static void
say_change(const struct server *before, const struct server *now)
{
    if (now->answer == before->answer) {
        return;
    }
    if (now->answer == ANSWER_OK) {
        report_log(LOG_NOTICE, "the server of this node answers");
    } else {
        report_log(LOG_WARNING, "the server of this node does not answer (%s): "
                   "%s", answer_name(now->answer), now->text);
    }
}

/* Does the cluster not yet, or no longer, say what the server says? */
static bool
is_in_doubt(const struct snapshot *snapshot)
{
    static struct roads roads;
    int64_t now_ms = clock_now_ms();

    roads_take_look(snapshot, now_ms, &roads);
    return roads_role(&roads, roads.self, now_ms) == ROAD_UNKNOWN
           && snapshot->server.answer == ANSWER_OK;
}

/* Of the server alone; the cluster's part is as old as it is. */
static bool
look_at_server(struct instance *instance, int64_t whole_ms,
               struct snapshot *snapshot, struct serve_state *state)
{
    struct server now;

    memset(&now, 0, sizeof(now));
    (void) pgsql_observe(instance->pgsql, instance->deadline_ms, &now);
    if (is_same(&snapshot->server, &now)) {
        return true;
    }
    say_change(&snapshot->server, &now);
    snapshot->server = now;
    show(snapshot, whole_ms, state);
    return false;
}

/* False: the cluster was not seen. */
static bool
look_at_all(struct instance *instance, struct snapshot *snapshot,
            struct serve_state *state)
{
    struct server before = snapshot->server;
    int64_t begin_ms = clock_now_ms();

    observe(instance, ROADS_FACTS, LOOK_LIMIT_MS, snapshot);
    say_change(&before, &snapshot->server);
    show(snapshot, begin_ms, state);
    return snapshot->cluster.have_quorum != TRI_UNKNOWN;
}

static bool
look_on(struct instance *instance, struct snapshot *snapshot,
        struct serve_state *state)
{
    int64_t end_ms = clock_now_ms() + LIFE_MS;
    int64_t whole_ms = 0;

    /* the first answer is no change that is worth a word */
    snapshot->server.answer = ANSWER_OK;
    while (clock_now_ms() < end_ms) {
        int64_t begin_ms = clock_now_ms();
        bool same = true;

        serve_state_beat(state, begin_ms);
        instance->deadline_ms = begin_ms + LOOK_LIMIT_MS;
        if (whole_ms != 0 && begin_ms - whole_ms < WHOLE_EVERY_MS) {
            same = look_at_server(instance, whole_ms, snapshot, state);
        }
        if (!same || begin_ms - whole_ms >= WHOLE_EVERY_MS
            || is_in_doubt(snapshot)) {
            instance->deadline_ms = clock_now_ms() + LOOK_LIMIT_MS;
            whole_ms = clock_now_ms();
            if (!look_at_all(instance, snapshot, state)) {
                return false;
            }
        }
        clock_sleep_ms(LOOK_EVERY_MS, begin_ms + LOOK_EVERY_MS);
    }
    return true;
}

bool
serve_look(const char *resource, bool quiet, struct serve_state *state)
{
    static struct cluster_resource found;
    static struct instance instance;
    static struct snapshot snapshot;
    char why_text[SERVER_TEXT_SIZE];
    struct text why;
    bool saw_all = false;

    report_init_command("pgward", quiet ? LOG_CRIT : LOG_NOTICE);
    text_init(&why, why_text, sizeof(why_text));
    serve_state_beat(state, clock_now_ms());
    if (instance_cib_init(resource, clock_now_ms() + FIRST_LIMIT_MS, &found,
                          &instance, &snapshot, &why) != 0) {
        report_log(LOG_ERR, "%s", why_text);
        show_nothing(state, clock_now_ms());
    } else {
        saw_all = look_on(&instance, &snapshot, state);
        pgsql_close(instance.pgsql);
        cluster_close(instance.cluster);
    }
    if (!saw_all) {
        clock_sleep_ms(AFTER_FAILURE_MS, clock_now_ms() + AFTER_FAILURE_MS);
    }
    return saw_all;
}
