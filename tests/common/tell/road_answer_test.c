/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every answer's status and bytes. */

#include <string.h>

#include "cmocka_all.h"
#include "road_answer.h"

#define NOW 5000

static struct roads roads;
static struct road_groups groups;
static char buf[ROAD_BODY_SIZE];
static enum road_type type;

/* A question and its answer. */
struct expected {
    const char *target;
    unsigned status;
    const char *body;           /* NULL: any */
};

static struct road_host *
add_host(const char *name, enum road_role role)
{
    struct road_host *host = &roads.host[roads.count++];

    memset(host, 0, sizeof(*host));
    (void) text_copy(name, host->name, sizeof(host->name));
    host->role = role;
    host->answers = role == ROAD_UNKNOWN ? TRI_NO : TRI_YES;
    host->seen_ms = NOW;
    return host;
}

/* A router's: one that leads, two that follow, one that is down. */
static void
make_router(void)
{
    memset(&roads, 0, sizeof(roads));
    memset(&groups, 0, sizeof(groups));
    roads.looked_ms = NOW;
    roads.self = ROADS_HOSTS_MAX;
    (void) add_host("host3", ROAD_STANDBY);
    (void) add_host("host1", ROAD_PRIMARY);
    (void) add_host("host2", ROAD_STANDBY);
    (void) add_host("host4", ROAD_UNKNOWN);
    roads.host[0].delay_known = TRI_YES;
    roads.host[0].delay_ms = 12345;
    groups.count = 1;
    (void) text_copy("PostgresReadWrite", groups.group[0].name,
                     NODE_NAME_SIZE);
    groups.group[0].hosts = 2 | 8;
}

/* A cluster's, seen from its standby. */
static struct road_host *
make_node(enum road_role role)
{
    memset(&roads, 0, sizeof(roads));
    memset(&groups, 0, sizeof(groups));
    groups.on_node = true;
    roads.looked_ms = NOW;
    (void) add_host("srv1", role);
    roads.host[0].timeline = 3;
    return &roads.host[0];
}

static unsigned
ask(const char *target)
{
    struct road_ask question;
    struct text body;

    text_init(&body, buf, sizeof(buf));
    road_ask_parse(target, &question);
    return road_answer(&question, &roads, &groups, NOW, &type, &body);
}

static void
check(const struct expected *expected)
{
    unsigned status = ask(expected->target);

    if (status != expected->status
        || (expected->body != NULL && strcmp(buf, expected->body) != 0)) {
        fail_msg("%s: %u %s", expected->target, status, buf);
    }
}

static void
check_all(const struct expected *expected)
{
    for (; expected->target != NULL; expected++) {
        check(expected);
    }
}

static void
answers_as_pgroute66_does(void **state)
{
    static const struct expected rows[] = {
        { "/v1/primary", 200, "\"host1\"" },
        { "/v1/primary?group=all", 200, "\"host1\"" },
        { "/v1/primary?group=PostgresReadWrite", 200, "\"host1\"" },
        { "/v1/primary?group=none", 404, "\"\"" },
        { "/v1/primary?x=1&group=none", 404, "\"\"" },
        { "/v1/primaries", 200, "[\n    \"host1\"\n]" },
        { "/v1/primaries?group=none", 200, "null" },
        { "/v1/standbys", 200, "[\n    \"host2\",\n    \"host3\"\n]" },
        { "/v1/standbys?group=PostgresReadWrite", 200, "null" },
        { "/v1/host1/status", 200, "\"primary\"" },
        { "/v1/%68ost2/status", 200, "\"standby\"" },
        { "/v1/status/host2", 200, "\"standby\"" },
        { "/v1/host4/status", 422, "\"unavailable\"" },
        { "/v1/host5/status", 404, "\"invalid\"" },
        { "/v1/host2/status?group=PostgresReadWrite", 404, "\"invalid\"" },
        { "/v1/host1/availability?limit=10", 200, "\"ok\"" },
        { "/v1/host3/availability", 408,
          "\"exceeded (exceeded 10.000000 by 12.345000 msec)\"" },
        { "/v1/host3/availability?limit=0.5", 408,
          "\"exceeded (exceeded 0.500000 by 12.345000 msec)\"" },
        { "/v1/host3/availability?limit=", 408,
          "\"exceeded (exceeded -1.000000 by 12.345000 msec)\"" },
        { "/v1/host3/availability?limit=12.345", 200, "\"ok\"" },
        { "/v1/host2/availability", 417, "\"unavailable\"" },
        { "/v1/host4/availability", 417, "\"unavailable\"" },
        { "/v1/host5/availability", 417, "\"invalid\"" },
        { NULL, 0, NULL },
    };

    (void) state;
    make_router();
    check_all(rows);
    assert_int_equal(type, ROAD_TYPE_JSON_UTF8);
    roads.host[2].role = ROAD_PRIMARY;
    check(&(struct expected) { "/v1/primary", 409, "\"\"" });
    check(&(struct expected) { "/v1/primaries", 200,
                               "[\n    \"host1\",\n    \"host2\"\n]" });
}

static void
escapes_as_go_does(void **state)
{
    (void) state;
    make_router();
    (void) text_copy("<a\"\\&\x01\n>", roads.host[1].name, NODE_NAME_SIZE);
    check(&(struct expected) { "/v1/primary", 200,
                               "\"\\u003ca\\\"\\\\\\u0026\\u0001\\n\\u003e\""
                             });
}

static void
has_room_for_every_name(void **state)
{
    struct road_ask question;
    struct text body;

    (void) state;
    make_router();
    roads.count = 0;
    for (size_t i = 0; i < ROADS_HOSTS_MAX; i++) {
        struct road_host *host = add_host("", ROAD_STANDBY);

        memset(host->name, '<', NODE_NAME_SIZE - 1);
    }
    assert_int_equal(ask("/v1/standbys"), 200);
    text_init(&body, buf, 100);
    road_ask_parse("/v1/standbys", &question);
    assert_int_equal(road_answer(&question, &roads, &groups, NOW, &type,
                                 &body), 500);
    assert_string_equal(buf, "");
}

static void
answers_no_other_path(void **state)
{
    static const struct expected rows[] = {
        { "/x", 404, "404 page not found" },
        { "", 404, NULL },
        { "/v1", 404, NULL },
        { "/v1/", 404, NULL },
        { "/v1/a/b/status", 404, NULL },
        { "/v1//status", 404, NULL },
        { "/v1/status/a/b", 404, NULL },
        { "/v1/status/", 404, NULL },
        { "/v1/a/statusx", 404, NULL },
        { "/v1/%zz/status", 400, NULL },
        { "/v1/%00/status", 400, NULL },
        { "/v1/a%4/status", 400, NULL },
        { "/v1/status/%", 400, NULL },
        { "/v1/host1/availability?limit=x", 400, NULL },
        { "/v1/host1/availability?limit=1.5x", 400, NULL },
        { "/v1/primary?group=%", 400, NULL },
        /* of a router itself nothing can be asked */
        { "/primary", 404, NULL },
        { "/replica", 404, NULL },
        { "/health", 404, NULL },
        { NULL, 0, NULL },
    };

    (void) state;
    make_router();
    check_all(rows);
    assert_int_equal(type, ROAD_TYPE_TEXT);
}

static void
answers_of_a_primary_as_patroni_does(void **state)
{
    static const struct expected rows[] = {
        { "/", 200, "{\"state\": \"running\", \"role\": \"primary\", "
          "\"timeline\": 3}" },
        { "/primary", 200, NULL }, { "/read-write", 200, NULL },
        { "/leader", 200, NULL }, { "/master", 200, NULL },
        { "/read-only", 200, NULL }, { "/read-only?lag=0", 200, NULL },
        { "/read-only-sync", 200, NULL }, { "/read-only-quorum", 200, NULL },
        { "/health", 200, NULL }, { "/liveness", 200, NULL },
        { "/readiness", 200, NULL },
        { "/replica", 503, "{\"state\": \"running\", \"role\": \"primary\", "
          "\"timeline\": 3, \"why\": \"it is no standby\"}" },
        { "/replica?lag=1MB", 503, NULL },
        { "/sync", 503, NULL }, { "/synchronous", 503, NULL },
        { "/quorum", 503, NULL }, { "/async", 503, NULL },
        { "/asynchronous", 503, NULL }, { "/standby-leader", 503, NULL },
        { "/standby_leader", 503, NULL },
        { "/primary?tag_zone=a", 503, NULL },
        { NULL, 0, NULL },
    };
    static const struct expected others[] = {
        { "/patroni", 404, NULL }, { "/cluster", 404, NULL },
        { "/history", 404, NULL }, { "/config", 404, NULL },
        { NULL, 0, NULL },
    };

    (void) state;
    (void) make_node(ROAD_PRIMARY);
    check_all(rows);
    assert_int_equal(type, ROAD_TYPE_JSON);
    check_all(others);
}

static void
answers_of_a_standby_as_patroni_does(void **state)
{
    static const struct expected streams[] = {
        { "/", 503, NULL }, { "/primary", 503, NULL },
        { "/master", 503, NULL }, { "/read-write", 503, NULL },
        { "/leader", 503, NULL }, { "/standby-leader", 503, NULL },
        { "/standby_leader", 503, NULL },
        { "/replica", 200, "{\"state\": \"running\", \"role\": \"replica\", "
          "\"timeline\": 3, \"replication_state\": \"streaming\"}" },
        { "/replica?lag=1MB", 200, NULL },
        { "/replica?lag=1048576", 200, NULL },
        { "/replica?lag=1023kB", 503, NULL },
        { "/replica?lag=0", 503, NULL },
        { "/replica?lag=1Mb", 400, NULL },
        { "/replica?lag=", 400, NULL },
        { "/replica?lag=-1", 400, NULL },
        { "/replica?replication_state=streaming", 200, NULL },
        { "/replica?replication_state=in+archive+recovery", 503, NULL },
        { "/replica?tag_x=1&lag=1GB", 503, NULL },
        { "/read-only", 200, NULL }, { "/read-only?lag=1", 503, NULL },
        { "/sync", 200, NULL }, { "/synchronous", 200, NULL },
        { "/read-only-sync", 200, NULL },
        { "/sync?lag=1MB", 200, NULL }, { "/sync?lag=1kB", 503, NULL },
        { "/read-only-sync?lag=1kB", 503, NULL },
        { "/quorum", 503, NULL }, { "/read-only-quorum", 503, NULL },
        { "/async", 503, NULL }, { "/asynchronous", 503, NULL },
        { "/health", 200, NULL }, { "/liveness", 200, NULL },
        { "/readiness", 200, NULL }, { "/readiness?lag=1MB", 200, NULL },
        { "/readiness?lag=1kB", 503, NULL },
        { NULL, 0, NULL },
    };
    static const struct expected alone[] = {
        { "/replica", 200, NULL }, { "/replica?lag=1GB", 503, NULL },
        { "/replica?replication_state=streaming", 503, NULL },
        { "/async", 200, NULL }, { "/asynchronous", 200, NULL },
        { "/sync", 503, NULL }, { "/synchronous", 503, NULL },
        { "/read-only", 200, NULL }, { "/read-only-sync", 503, NULL },
        { "/read-only?lag=1GB", 503, NULL },
        { "/readiness", 503, NULL }, { "/health", 200, NULL },
        { NULL, 0, NULL },
    };
    struct road_host *self = make_node(ROAD_STANDBY);

    (void) state;
    self->streams = TRI_YES;
    self->sync = SYNC_SYNC;
    self->lag_known = TRI_YES;
    self->lag_bytes = 1024 * 1024;
    check_all(streams);
    self->lag_known = TRI_UNKNOWN;
    check(&(struct expected) { "/replica?lag=1GB", 503, NULL });
    self->sync = SYNC_QUORUM;
    check(&(struct expected) { "/quorum", 200, NULL });
    check(&(struct expected) { "/read-only-quorum", 200, NULL });
    self->streams = TRI_NO;
    check(&(struct expected) { "/quorum", 503, NULL });
    check(&(struct expected) { "/read-only-quorum", 503, NULL });
    self->sync = SYNC_ASYNC;
    check_all(alone);
}

static const char *const patronis[] = {
    "/", "/primary", "/read-write", "/leader", "/replica", "/read-only",
    "/sync", "/read-only-sync", "/quorum", "/read-only-quorum", "/async",
    "/standby-leader", "/health", "/readiness", "/liveness",
};

#define PATRONIS (sizeof(patronis) / sizeof(patronis[0]))

/* Whatever is asked, of what was not seen, or long ago, or in doubt. */
static void
is_closed_in_doubt(void **state)
{
    (void) state;
    for (size_t i = 0; i < PATRONIS; i++) {
        bool lives = strcmp(patronis[i], "/liveness") == 0;
        bool healthy = lives || strcmp(patronis[i], "/health") == 0;

        memset(&roads, 0, sizeof(roads));
        memset(&groups, 0, sizeof(groups));
        groups.on_node = true;
        roads.self = ROADS_HOSTS_MAX;
        assert_int_equal(ask(patronis[i]), 503);
        roads.looked_ms = NOW;
        assert_int_equal(ask(patronis[i]), lives ? 200 : 503);
        (void) make_node(ROAD_UNKNOWN);
        assert_int_equal(ask(patronis[i]), lives ? 200 : 503);
        roads.host[0].answers = TRI_YES;
        assert_int_equal(ask(patronis[i]), healthy ? 200 : 503);
        (void) make_node(ROAD_PRIMARY);
        roads.looked_ms = NOW - 1001;
        roads.host[0].seen_ms = NOW - 1001;
        assert_int_equal(ask(patronis[i]), 503);
        roads.looked_ms = NOW + 1;
        assert_int_equal(ask(patronis[i]), 503);
    }
}

static void
check_agent(const char *question, const char *answer)
{
    char line[128];
    struct text text;

    text_init(&text, line, sizeof(line));
    road_answer_agent(question, &roads, &groups, NOW, &text);
    assert_false(text.overflow);
    assert_string_equal(line, answer);
}

static void
answers_an_agent_check(void **state)
{
    (void) state;
    (void) make_node(ROAD_PRIMARY);
    check_agent("/primary", "up\n");
    check_agent("/replica?lag=1MB", "down #it is no standby\n");
    check_agent("/v1/primary",
                "down #no such question: agent-send /primary or the like\n");
    check_agent("", "down #no such question: agent-send /primary or the "
                "like\n");
    roads.looked_ms = 0;
    check_agent("/primary", "down #nothing was seen within a second\n");
    make_router();
    check_agent("/primary", "down #a router has no server of its own\n");
}

static void
names_each_path(void **state)
{
    struct road_ask question;

    (void) state;
    assert_string_equal(road_path_name(ROAD_PATH_PRIMARY), "/primary");
    assert_string_equal(road_path_name(ROAD_PATH_V1_STATUS),
                        "/v1/NAME/status");
    assert_string_equal(road_path_name(ROAD_PATH_V1_AVAILABILITY),
                        "/v1/NAME/availability");
    assert_string_equal(road_path_name(ROAD_PATH_BAD), "other");
    for (int i = ROAD_PATH_PRIMARY; i <= ROAD_PATH_METRICS; i++) {
        road_ask_parse(road_path_name((enum road_path) i), &question);
        assert_int_equal(question.path, i);
    }
    assert_int_equal(ask("/metrics"), 404);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_as_pgroute66_does),
        cmocka_unit_test(escapes_as_go_does),
        cmocka_unit_test(has_room_for_every_name),
        cmocka_unit_test(answers_no_other_path),
        cmocka_unit_test(answers_of_a_primary_as_patroni_does),
        cmocka_unit_test(answers_of_a_standby_as_patroni_does),
        cmocka_unit_test(is_closed_in_doubt),
        cmocka_unit_test(answers_an_agent_check),
        cmocka_unit_test(names_each_path),
    };

    return cmocka_run_group_tests_name("road answers", tests, NULL, NULL);
}
