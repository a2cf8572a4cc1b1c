/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP and agent-check through real sockets. */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "cmocka_all.h"
#include "serve_agent.h"
#include "serve_http.h"
#include "serve_listen.h"

#define WAIT_MS 20000       /* a busy machine */
#define MANY 300            /* more than agent-check has places for */

static struct serve_state *state;
static struct serve_http *http;
static struct serve_agent *agent;
static struct road_groups groups = { .on_node = true };
static uint16_t http_port;
static uint16_t agent_port;
static char said[64 * 1024];

static void
show(enum road_role role)
{
    static struct roads roads;
    int64_t now_ms = clock_now_ms();

    memset(&roads, 0, sizeof(roads));
    roads.looked_ms = now_ms;
    roads.count = 1;
    (void) text_copy("srv1", roads.host[0].name, NODE_NAME_SIZE);
    roads.host[0].role = role;
    roads.host[0].answers = TRI_YES;
    roads.host[0].seen_ms = now_ms;
    serve_state_put(state, &roads);
}

static uint16_t
port_of(int fd)
{
    struct sockaddr_in address;
    socklen_t size = sizeof(address);

    assert_int_equal(getsockname(fd, (struct sockaddr *) &address, &size), 0);
    return ntohs(address.sin_port);
}

static int
listen_somewhere(uint16_t *ret_port)
{
    char buf[256];
    struct text why;
    int fd;

    text_init(&why, buf, sizeof(buf));
    fd = serve_listen("127.0.0.1", 0, &why);
    assert_string_equal(buf, "");
    *ret_port = port_of(fd);
    return fd;
}

static int
set_up(void **test_state)
{
    struct serve_http_options options = { .groups = &groups };
    char buf[256];
    struct text why;

    (void) test_state;
    text_init(&why, buf, sizeof(buf));
    state = serve_state_new();
    options.state = state;
    options.listen_fd = listen_somewhere(&http_port);
    http = serve_http_start(&options, &why);
    agent = serve_agent_start(listen_somewhere(&agent_port), state, &groups,
                              &why);
    return state == NULL || http == NULL || agent == NULL ? -1 : 0;
}

static int
tear_down(void **test_state)
{
    (void) test_state;
    serve_http_stop(http);
    serve_agent_stop(agent);
    return 0;
}

static int
call(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *) &address,
                             sizeof(address)), 0);
    return fd;
}

static void
send_all(int fd, const char *words)
{
    assert_int_equal(send(fd, words, strlen(words), MSG_NOSIGNAL),
                     strlen(words));
}

/* Up to `end`, or to the end of the connection where that is NULL. */
static void
hear(int fd, const char *end)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    size_t len = 0;

    said[0] = '\0';
    while (end == NULL || strstr(said, end) == NULL) {
        ssize_t got;

        assert_int_equal(poll(&poll_fd, 1, WAIT_MS), 1);
        got = recv(fd, said + len, sizeof(said) - 1 - len, 0);
        if (got <= 0) {
            break;              /* ended, or reset */
        }
        len += (size_t) got;
        said[len] = '\0';
    }
}

/* One request alone; what comes back is in `said`. */
static void
ask(const char *request)
{
    int fd = call(http_port);

    send_all(fd, request);
    hear(fd, NULL);
    (void) close(fd);
}

static void
expect(const char *words)
{
    if (strstr(said, words) == NULL) {
        fail_msg("no '%s' in '%s'", words, said);
    }
}

/* Just shown, it says so; on a machine that stalls the look may have aged. */
static void
ask_fresh(enum road_role role, const char *request, const char *words)
{
    int64_t end_ms = clock_now_ms() + WAIT_MS;

    do {
        show(role);
        ask(request);
    } while (strstr(said, words) == NULL && clock_now_ms() < end_ms);
    expect(words);
}

#define GET(target) "GET " target " HTTP/1.1\r\nHost: x\r\n" \
    "Connection: close\r\n\r\n"

static void
answers_from_what_was_last_shown(void **test_state)
{
    (void) test_state;
    ask(GET("/primary"));
    expect("HTTP/1.1 503 ");
    assert_null(strstr(said, "X-Pgward-Age-Ms"));
    ask_fresh(ROAD_PRIMARY, GET("/primary"), "HTTP/1.1 200 ");
    expect("Content-Type: application/json\r\n");
    expect("X-Pgward-Age-Ms: ");
    expect("\r\n\r\n{\"state\": \"running\", \"role\": \"primary\"}");
    ask_fresh(ROAD_STANDBY, GET("/primary"), "\"role\": \"replica\"");
    expect("HTTP/1.1 503 ");
    ask_fresh(ROAD_STANDBY, GET("/replica?lag=1MB"), "it does not stream");
    expect("HTTP/1.1 503 ");
    ask_fresh(ROAD_PRIMARY, GET("/v1/primary?group=PostgresReadWrite"),
              "HTTP/1.1 200 ");
    expect("Content-Type: application/json; charset=utf-8\r\n");
    expect("\r\n\r\n\"srv1\"");
    ask(GET("/v1/primary?group=%"));
    expect("HTTP/1.1 400 ");
}

static void
says_no_once_that_is_old(void **test_state)
{
    (void) test_state;
    show(ROAD_PRIMARY);
    clock_sleep_ms(1100, clock_now_ms() + 1100);
    ask(GET("/primary"));
    expect("HTTP/1.1 503 ");
}

static void
takes_the_methods_of_health_checks(void **test_state)
{
    (void) test_state;
    ask_fresh(ROAD_PRIMARY, "HEAD /primary HTTP/1.0\r\n\r\n", " 200 ");
    expect("Content-Length: 39\r\n");
    assert_string_equal(strstr(said, "\r\n\r\n"), "\r\n\r\n");
    ask_fresh(ROAD_PRIMARY, "OPTIONS /primary HTTP/1.0\r\n\r\n", " 200 ");
    assert_string_equal(strstr(said, "\r\n\r\n"), "\r\n\r\n");
    ask_fresh(ROAD_PRIMARY, "HEAD /replica HTTP/1.0\r\n\r\n", " 503 ");
    ask_fresh(ROAD_PRIMARY, "OPTIONS /replica HTTP/1.0\r\n\r\n", " 503 ");
    ask("POST /primary HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
    expect("HTTP/1.1 405 ");
    expect("Allow: GET, HEAD, OPTIONS\r\n");
    /* a body that nobody asked for is not read */
    show(ROAD_PRIMARY);
    ask("GET /primary HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
    assert_null(strstr(said, " 200 "));
}

/* Without an overview it still says who answers, and how often. */
static void
tells_its_own_metrics(void **test_state)
{
    (void) test_state;
    ask_fresh(ROAD_PRIMARY, GET("/replica?lag=1MB"), "HTTP/1.1 503 ");
    ask(GET("/metrics"));
    expect("HTTP/1.1 200 ");
    expect("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
    expect("\n# TYPE pgward_build_info gauge\n");
    expect("\npgward_build_info{version=\"" PACKAGE_VERSION "\"} 1\n");
    expect("\n# TYPE pgward_up gauge\n");
    expect("\npgward_up 0\n");
    expect("\n# TYPE pgward_http_requests_total counter\n");
    expect("\npgward_http_requests_total{path=\"/replica\",code=\"503\"} ");
    expect("\npgward_http_requests_total{path=\"/metrics\",code=\"200\"} 1\n");
}

static void
keeps_a_connection(void **test_state)
{
    int fd = call(http_port);

    (void) test_state;
    for (int i = 0; i < 3; i++) {
        send_all(fd, "GET /v1/standbys HTTP/1.1\r\nHost: x\r\n\r\n");
        hear(fd, "null");
        expect("HTTP/1.1 200 ");
    }
    (void) close(fd);
}

static void
refuses_what_is_too_large(void **test_state)
{
    static char request[32 * 1024];
    static const char head[] = "GET /primary HTTP/1.1\r\nX: ";

    (void) test_state;
    memset(request, 'x', sizeof(request) - 1);
    memcpy(request, head, sizeof(head) - 1);
    show(ROAD_PRIMARY);
    ask(request);
    assert_null(strstr(said, " 200 "));
    memset(request + 5, 'x', sizeof(head));
    show(ROAD_PRIMARY);
    ask(request);
    assert_null(strstr(said, " 200 "));
    ask("\r\n\r\nnonsense\r\n\r\n");
    assert_null(strstr(said, " 200 "));
    ask_fresh(ROAD_PRIMARY, GET("/primary"), "HTTP/1.1 200 ");
}

/* Half a request holds nobody up, and is not held for long. */
static void
leaves_who_does_not_go_on(void **test_state)
{
    int fd[MANY];

    (void) test_state;
    for (size_t i = 0; i < MANY; i++) {
        fd[i] = call(http_port);
        send_all(fd[i], "GET /pri");
    }
    ask_fresh(ROAD_PRIMARY, GET("/primary"), "HTTP/1.1 200 ");
    hear(fd[0], NULL);          /* it is ended */
    for (size_t i = 0; i < MANY; i++) {
        (void) close(fd[i]);
    }
}

/* As ask_fresh(); the words may come in pieces. */
static void
ask_agent(const char *words, const char *more, const char *answer)
{
    int64_t end_ms = clock_now_ms() + WAIT_MS;

    do {
        int fd = call(agent_port);

        show(ROAD_PRIMARY);
        send_all(fd, words);
        send_all(fd, more);
        hear(fd, NULL);
        (void) close(fd);
    } while (strcmp(said, answer) != 0 && clock_now_ms() < end_ms);
    assert_string_equal(said, answer);
}

static void
answers_an_agent_check(void **test_state)
{
    (void) test_state;
    ask_agent("/primary\n", "", "up\n");
    ask_agent("/prim", "ary\r\n", "up\n");
    ask_agent("/replica\n", "", "down #it is no standby\n");
    /* who says nothing is told, too */
    ask_agent("", "", "down #no such question: agent-send /primary or the "
              "like\n");
}

static void
has_a_place_for_one_more_agent_check(void **test_state)
{
    static char line[1024];
    int fd[MANY];

    (void) test_state;
    for (size_t i = 0; i < MANY; i++) {
        fd[i] = call(agent_port);
    }
    ask_agent("/primary\n", "", "up\n");
    for (size_t i = 0; i < MANY; i++) {
        (void) close(fd[i]);
    }
    memset(line, 'x', sizeof(line) - 1);
    fd[0] = call(agent_port);
    send_all(fd[0], line);
    hear(fd[0], NULL);
    assert_null(strstr(said, "up"));
    (void) close(fd[0]);
}

static void
says_where_it_cannot_listen(void **test_state)
{
    char buf[256];
    struct text why;

    (void) test_state;
    text_init(&why, buf, sizeof(buf));
    assert_int_equal(serve_listen("127.0.0.1", http_port, &why), -1);
    assert_non_null(strstr(buf, "could not listen on '127.0.0.1' port "));
    text_init(&why, buf, sizeof(buf));
    assert_int_equal(serve_listen("no such address", 1, &why), -1);
    assert_non_null(strstr(buf, "could not find the address"));
}

static void
says_when_a_certificate_is_none(void **test_state)
{
    char none[] = "x";
    uint16_t port;
    struct serve_http_options options = {
        .listen_fd = listen_somewhere(&port), .cert = none, .key = none,
        .cert_path = "/etc/cert.pem", .key_path = "/etc/key.pem",
        .state = state, .groups = &groups,
    };
    char buf[512];
    struct text why;

    (void) test_state;
    text_init(&why, buf, sizeof(buf));
    assert_null(serve_http_start(&options, &why));
    assert_non_null(strstr(buf, "HTTPS with the key '/etc/key.pem'. It "
                                "and the certificate '/etc/cert.pem' have"));
    assert_non_null(strstr(buf, "compare openssl pkey"));
}

static void
shows_the_last_of_many_looks(void **test_state)
{
    static struct roads roads;

    (void) test_state;
    for (uint32_t i = 1; i < 10; i++) {
        roads.host[0].timeline = i;
        serve_state_put(state, &roads);
        roads.host[0].timeline = 0;
        serve_state_get(state, &roads);
        assert_int_equal(roads.host[0].timeline, i);
    }
    assert_int_equal(serve_state_last_beat(state), 0);
    serve_state_beat(state, 7);
    assert_int_equal(serve_state_last_beat(state), 7);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_from_what_was_last_shown),
        cmocka_unit_test(says_no_once_that_is_old),
        cmocka_unit_test(takes_the_methods_of_health_checks),
        cmocka_unit_test(tells_its_own_metrics),
        cmocka_unit_test(keeps_a_connection),
        cmocka_unit_test(refuses_what_is_too_large),
        cmocka_unit_test(leaves_who_does_not_go_on),
        cmocka_unit_test(answers_an_agent_check),
        cmocka_unit_test(has_a_place_for_one_more_agent_check),
        cmocka_unit_test(says_where_it_cannot_listen),
        cmocka_unit_test(says_when_a_certificate_is_none),
        cmocka_unit_test(shows_the_last_of_many_looks),
    };

    return cmocka_run_group_tests_name("serve over HTTP", tests, set_up,
                                       tear_down);
}
