/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A router's looks: a thread for each host. */

#include "serve_route.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "clock.h"
#include "pgsql_host.h"
#include "report.h"

#define ASK_EVERY_MS 250
#define ASK_LIMIT_MS 1000
#define BEAT_EVERY_MS 250

struct route {
    pthread_mutex_t mutex;      /* of `roads`, and of showing them */
    struct roads roads;
    struct serve_state *state;
};

struct lane {
    struct route *route;
    size_t host;
    struct pgsql_host *session;
};

static const char *
role_words(enum road_role role)
{
    switch (role) {
        case ROAD_PRIMARY:
            return "is a primary";
        case ROAD_STANDBY:
            return "is a standby";
        case ROAD_UNKNOWN:
            break;
    }
    return "does not say what it is";
}

/* Once for each change. */
static void
say_change(const struct road_host *before, const struct road_host *now,
           const char *why)
{
    if (now->answers == before->answers && now->role == before->role) {
        return;
    }
    if (now->answers == TRI_YES) {
        report_log(LOG_NOTICE, "the host '%s' %s, timeline %u", now->name,
                   role_words(now->role), now->timeline);
    } else {
        report_log(LOG_WARNING, "the host '%s' does not answer: %s", now->name,
                   why);
    }
}

/* Its answer is as old as the question. */
static void
show(struct route *route, size_t host, const struct road_host *now)
{
    (void) pthread_mutex_lock(&route->mutex);   /* of our own making */
    route->roads.host[host] = *now;
    route->roads.looked_ms = now->seen_ms;
    serve_state_put(route->state, &route->roads);
    (void) pthread_mutex_unlock(&route->mutex);
}

static void *
ask_on(void *context)
{
    const struct lane *lane = context;
    struct road_host now = lane->route->roads.host[lane->host];

    for (;;) {
        struct road_host before = now;
        char why_text[SERVER_TEXT_SIZE];
        struct text why;

        text_init(&why, why_text, sizeof(why_text));
        now.seen_ms = clock_now_ms();
        (void) pgsql_host_ask(lane->session, now.seen_ms + ASK_LIMIT_MS, &now,
                              &why);
        say_change(&before, &now, why_text);
        show(lane->route, lane->host, &now);
        clock_sleep_ms(ASK_EVERY_MS, now.seen_ms + ASK_EVERY_MS);
    }
    return NULL;
}

/*
 * Hosts of the same groups are one cluster's: the copy of a database that was
 * restored for a test, and promoted, is in another, and of it nothing follows.
 */
static uint64_t
find_rivals(const struct road_groups *groups, size_t host)
{
    uint64_t rivals = 0;

    for (size_t i = 0; i < groups->count; i++) {
        if ((groups->group[i].hosts >> host & 1) != 0) {
            rivals |= groups->group[i].hosts;
        }
    }
    return rivals;
}

/* What was known of timelines before this process outlives the last one. */
static void
init_roads(const struct serve_config *config, struct route *route)
{
    struct roads *roads = &route->roads;

    serve_state_get(route->state, roads);
    for (size_t i = 0; i < config->host_count; i++) {
        struct road_host *host = &roads->host[i];

        memcpy(host->name, config->host[i].name, sizeof(host->name));
        host->role = ROAD_UNKNOWN;
        host->answers = TRI_UNKNOWN;
        host->rivals = find_rivals(&config->groups, i);
    }
    roads->count = config->host_count;
    roads->self = ROADS_HOSTS_MAX;
    serve_state_put(route->state, roads);
}

static int
start_lane(const struct serve_host *host, struct lane *lane)
{
    char unknown_text[SERVER_TEXT_SIZE];
    struct text unknown;
    pthread_t thread;
    int error;

    text_init(&unknown, unknown_text, sizeof(unknown_text));
    lane->session = pgsql_host_new(host->keyword, host->value, host->count,
                                   &unknown);
    if (unknown.len > 0) {
        report_log(LOG_WARNING, "the host '%s': libpq does not know these "
                   "settings, which are passed over: %s", host->name,
                   unknown_text);
    }
    error = lane->session == NULL ? ENOMEM
            : pthread_create(&thread, NULL, ask_on, lane);
    if (error != 0) {
        report_log(LOG_ERR, "could not ask the host '%s': %s", host->name,
                   strerror(error));
        return -1;
    }
    (void) pthread_detach(thread);      /* it ends with the process */
    return 0;
}

bool
serve_route(const struct serve_config *config, struct serve_state *state)
{
    static struct route route = { .mutex = PTHREAD_MUTEX_INITIALIZER };
    static struct lane lanes[ROADS_HOSTS_MAX];

    route.state = state;
    init_roads(config, &route);
    for (size_t i = 0; i < config->host_count; i++) {
        lanes[i].route = &route;
        lanes[i].host = i;
        if (start_lane(&config->host[i], &lanes[i]) != 0) {
            return false;
        }
    }
    for (;;) {
        int64_t now_ms = clock_now_ms();

        serve_state_beat(state, now_ms);
        clock_sleep_ms(BEAT_EVERY_MS, now_ms + BEAT_EVERY_MS);
    }
}
