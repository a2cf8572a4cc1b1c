/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a question and the roads to the words of an answer. */

#include "road_answer.h"

#include <string.h>

/* --- PgRoute66's --------------------------------------------------------- */

/* A string as Go's encoding/json writes it, which escapes for HTML too. */
static void
add_string(const char *string, struct text *body)
{
    text_add(body, "\"");
    for (const char *p = string; *p != '\0'; p++) {
        unsigned char c = (unsigned char) *p;

        if (c == '"' || c == '\\') {
            text_add(body, "\\%c", c);
        } else if (c == '\n' || c == '\r' || c == '\t') {
            text_add(body, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
        } else if (c < 0x20 || c == '<' || c == '>' || c == '&') {
            text_add(body, "\\u%04x", (unsigned) c);
        } else {
            text_add_bytes(body, p, 1);
        }
    }
    text_add(body, "\"");
}

/* Those of a group that have this role, in the order of their names. */
static size_t
find_hosts(const struct roads *roads, uint64_t group, enum road_role role,
           int64_t now_ms, const struct road_host **ret_hosts)
{
    size_t count = 0;

    for (size_t i = 0; i < roads->count; i++) {
        const struct road_host *host = &roads->host[i];
        size_t at = count;

        if ((group >> i & 1) == 0 || roads_role(roads, i, now_ms) != role) {
            continue;
        }
        while (at > 0 && strcmp(ret_hosts[at - 1]->name, host->name) > 0) {
            ret_hosts[at] = ret_hosts[at - 1];
            at--;
        }
        ret_hosts[at] = host;
        count++;
    }
    return count;
}

/* An empty list of Go's is `null`. */
static unsigned
add_list(const struct road_host *const *hosts, size_t count,
         struct text *body)
{
    if (count == 0) {
        text_add(body, "null");
        return 200;
    }
    for (size_t i = 0; i < count; i++) {
        text_add(body, "%s    ", i == 0 ? "[\n" : ",\n");
        add_string(hosts[i]->name, body);
    }
    text_add(body, "\n]");
    return 200;
}

static unsigned
add_one(const struct road_host *const *hosts, size_t count,
        struct text *body)
{
    add_string(count == 1 ? hosts[0]->name : "", body);
    return count == 1 ? 200 : count == 0 ? 404 : 409;
}

static size_t
find_host(const struct roads *roads, uint64_t group, const char *name)
{
    for (size_t i = 0; i < roads->count; i++) {
        if ((group >> i & 1) != 0 && strcmp(roads->host[i].name, name) == 0) {
            return i;
        }
    }
    return ROADS_HOSTS_MAX;
}

static unsigned
add_status(const struct roads *roads, size_t host, int64_t now_ms,
           struct text *body)
{
    if (host == ROADS_HOSTS_MAX) {
        add_string("invalid", body);
        return 404;
    }
    switch (roads_role(roads, host, now_ms)) {
        case ROAD_PRIMARY:
            add_string("primary", body);
            return 200;
        case ROAD_STANDBY:
            add_string("standby", body);
            return 200;
        case ROAD_UNKNOWN:
            break;
    }
    add_string("unavailable", body);
    return 422;
}

/* A primary is never late; what a standby's delay is, not everyone knows. */
static unsigned
add_availability(const struct road_ask *ask, const struct roads *roads,
                 size_t host, int64_t now_ms, struct text *body)
{
    enum road_role role = host == ROADS_HOSTS_MAX ? ROAD_UNKNOWN
                          : roads_role(roads, host, now_ms);
    uint32_t delay_ms = role == ROAD_STANDBY ? roads->host[host].delay_ms : 0;

    if (role == ROAD_UNKNOWN
        || (role == ROAD_STANDBY
            && roads->host[host].delay_known != TRI_YES)) {
        add_string(host == ROADS_HOSTS_MAX ? "invalid" : "unavailable", body);
        return 417;
    }
    if (delay_ms > ask->limit_ms) {
        text_add(body, "\"exceeded (exceeded %f by %f msec)\"",
                 (double) ask->limit_ms / 1000, (double) delay_ms / 1000);
        return 408;
    }
    add_string("ok", body);
    return 200;
}

/* --- Patroni's ----------------------------------------------------------- */

/* NULL: its lag is one that was asked for. */
static const char *
why_not_lag(const struct road_ask *ask, const struct road_host *host)
{
    if ((ask->has_lag || ask->must_stream) && host->streams != TRI_YES) {
        return "it does not stream";
    }
    if (ask->has_lag && host->lag_known != TRI_YES) {
        return "its lag is not known";
    }
    return ask->has_lag && host->lag_bytes > ask->lag_bytes
           ? "it lags" : NULL;
}

static const char *
why_no_replica(const struct road_ask *ask, const struct road_host *host,
               enum road_role role)
{
    return role == ROAD_STANDBY ? why_not_lag(ask, host)
           : "it is no standby";
}

/* The record knows a moment later than the stream that it has ended. */
static const char *
why_not_sync(const struct road_ask *ask, const struct road_host *host,
             enum road_role role, enum sync_state wanted)
{
    return role == ROAD_STANDBY && host->sync != wanted
           ? "commits do not wait for it"
           : role == ROAD_STANDBY && host->streams != TRI_YES
           ? "it does not stream" : why_no_replica(ask, host, role);
}

/* NULL: yes. */
static const char *
why_not_role(const struct road_ask *ask, const struct road_host *host,
             enum road_role role)
{
    bool leads = role == ROAD_PRIMARY;

    switch (ask->path) {
        case ROAD_PATH_PRIMARY:
            return leads ? NULL : "it is not the primary";
        case ROAD_PATH_REPLICA:
            return why_no_replica(ask, host, role);
        case ROAD_PATH_READ_ONLY:
            return leads ? NULL : why_no_replica(ask, host, role);
        case ROAD_PATH_SYNC:
            return why_not_sync(ask, host, role, SYNC_SYNC);
        case ROAD_PATH_READ_ONLY_SYNC:
            return leads ? NULL : why_not_sync(ask, host, role, SYNC_SYNC);
        case ROAD_PATH_QUORUM:
            return why_not_sync(ask, host, role, SYNC_QUORUM);
        case ROAD_PATH_READ_ONLY_QUORUM:
            return leads ? NULL : why_not_sync(ask, host, role, SYNC_QUORUM);
        case ROAD_PATH_ASYNC:
            return role == ROAD_STANDBY && host->sync != SYNC_ASYNC
                   ? "commits wait for it"
                   : why_no_replica(ask, host, role);
        case ROAD_PATH_READINESS:
            return leads ? NULL
                   : role == ROAD_STANDBY && host->streams != TRI_YES
                   ? "it does not stream" : why_no_replica(ask, host, role);
        case ROAD_PATH_STANDBY_LEADER:
            return "it leads no standby site";
        case ROAD_PATH_NONE: case ROAD_PATH_BAD: case ROAD_PATH_HEALTH:
        case ROAD_PATH_LIVENESS: case ROAD_PATH_V1_PRIMARY:
        case ROAD_PATH_V1_PRIMARIES: case ROAD_PATH_V1_STANDBYS:
        case ROAD_PATH_V1_STATUS: case ROAD_PATH_V1_AVAILABILITY:
        case ROAD_PATH_METRICS:
            break;
    }
    return "it is not asked of a node";
}

static bool
is_fresh(int64_t seen_ms, int64_t now_ms)
{
    return seen_ms != 0 && seen_ms <= now_ms
           && now_ms - seen_ms <= ROADS_OLD_MS;
}

/* What is known of this node; of one that was not seen nothing is. */
static const struct road_host *
find_self(const struct roads *roads)
{
    static const struct road_host nothing;

    return roads->self < roads->count ? &roads->host[roads->self] : &nothing;
}

/* NULL: yes. */
static const char *
why_not(const struct road_ask *ask, const struct roads *roads,
        int64_t now_ms)
{
    const struct road_host *self = find_self(roads);

    if (ask->impossible) {
        return "there are no tags here";
    }
    if (!is_fresh(roads->looked_ms, now_ms)) {
        return "nothing was seen within a second";
    }
    if (ask->path == ROAD_PATH_LIVENESS) {
        return NULL;
    }
    if (!is_fresh(self->seen_ms, now_ms) || self->answers != TRI_YES) {
        return "its server does not answer";
    }
    return ask->path == ROAD_PATH_HEALTH ? NULL
           : why_not_role(ask, self, roads_role(roads, roads->self, now_ms));
}

static unsigned
answer_patroni(const struct road_ask *ask, const struct roads *roads,
               int64_t now_ms, struct text *body)
{
    const struct road_host *self = find_self(roads);
    const char *why = why_not(ask, roads, now_ms);
    enum road_role role = roads_role(roads, roads->self, now_ms);

    text_add(body, "{\"state\": \"%s\"",
             is_fresh(self->seen_ms, now_ms) && self->answers == TRI_YES
             ? "running" : "unknown");
    if (role != ROAD_UNKNOWN) {
        text_add(body, ", \"role\": \"%s\"",
                 role == ROAD_PRIMARY ? "primary" : "replica");
    }
    if (role != ROAD_UNKNOWN && self->timeline != 0) {
        text_add(body, ", \"timeline\": %u", self->timeline);
    }
    if (role == ROAD_STANDBY && self->streams == TRI_YES) {
        text_add(body, ", \"replication_state\": \"streaming\"");
    }
    if (why != NULL) {
        text_add(body, ", \"why\": \"%s\"", why);
    }
    text_add(body, "}");
    return why == NULL ? 200 : 503;
}

/* --- all of them --------------------------------------------------------- */

static unsigned
answer_v1(const struct road_ask *ask, const struct roads *roads,
          const struct road_groups *groups, int64_t now_ms, struct text *body)
{
    const struct road_host *hosts[ROADS_HOSTS_MAX];
    uint64_t group = roads_of_group(roads, groups, ask->group);
    enum road_role role = ask->path == ROAD_PATH_V1_STANDBYS ? ROAD_STANDBY
                          : ROAD_PRIMARY;
    size_t count = find_hosts(roads, group, role, now_ms, hosts);

    if (ask->path == ROAD_PATH_V1_STATUS) {
        return add_status(roads, find_host(roads, group, ask->name), now_ms,
                          body);
    }
    if (ask->path == ROAD_PATH_V1_AVAILABILITY) {
        return add_availability(ask, roads,
                                find_host(roads, group, ask->name), now_ms,
                                body);
    }
    return ask->path == ROAD_PATH_V1_PRIMARY ? add_one(hosts, count, body)
           : add_list(hosts, count, body);
}

unsigned
road_answer(const struct road_ask *ask, const struct roads *roads,
            const struct road_groups *groups, int64_t now_ms,
            enum road_type *ret_type, struct text *body)
{
    unsigned status;

    *ret_type = ROAD_TYPE_TEXT;
    if (ask->path == ROAD_PATH_BAD) {
        text_add(body, "a value of this question cannot be read: "
                 "lag=1MB, limit=10, group=NAME\n");
        return 400;
    }
    if (road_path_is_patronis(ask->path) && groups->on_node) {
        *ret_type = ROAD_TYPE_JSON;
        return answer_patroni(ask, roads, now_ms, body);
    }
    if (ask->path < ROAD_PATH_V1_PRIMARY || ask->path == ROAD_PATH_METRICS) {
        text_add(body, "404 page not found");
        return 404;
    }
    *ret_type = ROAD_TYPE_JSON_UTF8;
    status = answer_v1(ask, roads, groups, now_ms, body);
    if (body->overflow) {
        text_init(body, body->buf, body->size);
        return 500;
    }
    return status;
}

void
road_answer_agent(const char *question, const struct roads *roads,
                  const struct road_groups *groups, int64_t now_ms,
                  struct text *line)
{
    struct road_ask ask;
    const char *why;

    road_ask_parse(question, &ask);
    why = !road_path_is_patronis(ask.path)
          ? "no such question: agent-send /primary or the like"
          : !groups->on_node ? "a router has no server of its own"
          : why_not(&ask, roads, now_ms);
    if (why == NULL) {
        text_add(line, "up\n");
    } else {
        text_add(line, "down #%s\n", why);
    }
}
