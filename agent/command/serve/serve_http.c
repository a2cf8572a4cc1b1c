/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP, by libmicrohttpd: from a request to an answer. */

#include "serve_http.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <microhttpd.h>

#include "clock.h"
#include "metrics.h"
#include "road_answer.h"
#include "serve_counts.h"

#define THREADS 2u
#define CONNECTIONS_MAX 4096u
#define CONNECTIONS_LEAST 64u
#define OTHER_FILES 64u             /* that the process needs besides */
#define PATIENCE_S 5u

/* Of one connection: its headers, of which only the first line is looked at. */
#define MEMORY_BYTES ((size_t) 8 * 1024)

/* An overview that is older says nothing any more. */
#define METRICS_OLD_MS 60000

/* Beside an overview's: what is known here. */
#define OWN_METRICS_SIZE (16 * 1024)

struct serve_http {
    struct MHD_Daemon *daemon;
    struct serve_state *state;
    const struct road_groups *groups;
    struct serve_counts counts;
};

/* What is kept of a request until it is answered. */
struct request {
    bool began;                 /* its headers are there */
    struct road_ask ask;
};

/* Called as soon as the first line is there, undecoded. */
static void *
read_target(void *context, const char *uri, struct MHD_Connection *connection)
{
    struct request *request = calloc(1, sizeof(*request));

    (void) context;
    (void) connection;
    if (request != NULL) {
        road_ask_parse(uri, &request->ask);
    }
    return request;
}

static void
forget_target(void *context, struct MHD_Connection *connection,
              void **request, enum MHD_RequestTerminationCode how)
{
    (void) context;
    (void) connection;
    (void) how;
    free(*request);
    *request = NULL;
}

static const char *
type_name(enum road_type type)
{
    switch (type) {
        case ROAD_TYPE_JSON:
            return "application/json";
        case ROAD_TYPE_JSON_UTF8:
            return "application/json; charset=utf-8";
        case ROAD_TYPE_TEXT:
            break;
    }
    return "text/plain";
}

/* The age is that of the oldest of what the answer may rest on. */
static void
add_age(const struct roads *roads, int64_t now_ms,
        struct MHD_Response *response)
{
    char age[24];
    int64_t seen_ms = roads->looked_ms;
    struct text text;

    for (size_t i = 0; i < roads->count; i++) {
        if (roads->host[i].answers == TRI_YES
            && roads->host[i].seen_ms < seen_ms) {
            seen_ms = roads->host[i].seen_ms;
        }
    }
    if (seen_ms == 0) {
        return;                 /* nothing was seen yet */
    }
    text_init(&text, age, sizeof(age));
    text_add(&text, "%" PRId64, now_ms - seen_ms);
    (void) MHD_add_response_header(response, "X-Pgward-Age-Ms", age);
}

static enum MHD_Result
send_response(struct MHD_Connection *connection, unsigned status,
              const char *type, struct MHD_Response *response)
{
    enum MHD_Result rc;

    (void) MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                   type);
    rc = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return rc;
}

static enum MHD_Result
refuse_method(struct MHD_Connection *connection)
{
    static char words[] = "GET, HEAD and OPTIONS are understood\n";
    struct MHD_Response *response = MHD_create_response_from_buffer(
        sizeof(words) - 1, words, MHD_RESPMEM_PERSISTENT);

    if (response == NULL) {
        return MHD_NO;
    }
    (void) MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW,
                                   "GET, HEAD, OPTIONS");
    return send_response(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                         type_name(ROAD_TYPE_TEXT), response);
}

/* All metrics: the last overview's while it is not old, and ours. */
static void
tell_metrics(const struct serve_http *http, const struct roads *roads,
             int64_t now_ms, struct text *body)
{
    struct serve_metrics metrics;
    bool fresh;

    if (http->groups->on_node) {
        serve_state_get_metrics(http->state, &metrics);
        fresh = metrics.made_ms != 0
                && now_ms - metrics.made_ms <= METRICS_OLD_MS;
    } else {
        metrics.whole = now_ms - roads->looked_ms <= ROADS_OLD_MS;
        metrics.len = 0;
        fresh = true;
        metrics_add_roads(roads, now_ms, body);
    }
    metrics_add_family("pgward_build_info", "gauge", "The version that "
                       "answers.", body);
    text_add(body, "pgward_build_info{version=\"%s\"} 1\n", PACKAGE_VERSION);
    metrics_add_family("pgward_up", "gauge", "Was all looked at, and is it "
                       "not old?", body);
    text_add(body, "pgward_up %d\n", fresh && metrics.whole ? 1 : 0);
    if (fresh) {
        text_add_bytes(body, metrics.text, metrics.len);
    }
    serve_counts_tell(&http->counts, body);
}

static enum MHD_Result
answer_metrics(struct serve_http *http, struct MHD_Connection *connection)
{
    char buf[METRICS_SIZE + OWN_METRICS_SIZE];
    struct roads roads;
    struct MHD_Response *response;
    int64_t now_ms = clock_now_ms();
    struct text body;

    serve_state_want_metrics(http->state, now_ms);
    serve_counts_add(&http->counts, ROAD_PATH_METRICS, MHD_HTTP_OK);
    serve_state_get(http->state, &roads);
    text_init(&body, buf, sizeof(buf));
    tell_metrics(http, &roads, now_ms, &body);
    response = MHD_create_response_from_buffer(body.len, buf,
                                               MHD_RESPMEM_MUST_COPY);
    return response == NULL ? MHD_NO
           : send_response(connection, MHD_HTTP_OK, "text/plain; "
                           "version=0.0.4; charset=utf-8", response);
}

static enum MHD_Result
answer_ask(struct serve_http *http, const struct road_ask *ask,
           bool with_body, struct MHD_Connection *connection)
{
    char buf[ROAD_BODY_SIZE];
    struct roads roads;
    enum road_type type;
    struct MHD_Response *response;
    int64_t now_ms = clock_now_ms();
    struct text body;
    unsigned status;

    text_init(&body, buf, sizeof(buf));
    serve_state_get(http->state, &roads);
    status = road_answer(ask, &roads, http->groups, now_ms, &type, &body);
    serve_counts_add(&http->counts, ask->path, status);
    response = MHD_create_response_from_buffer(with_body ? body.len : 0, buf,
                                               MHD_RESPMEM_MUST_COPY);
    if (response == NULL) {
        return MHD_NO;
    }
    add_age(&roads, now_ms, response);
    return send_response(connection, status, type_name(type), response);
}

/*
 * Called when the headers are there, and again at the end of the request: who
 * answers at once ends the connection. MHD_NO ends it without an answer, which
 * is a no as well: there is no memory, or a body that nobody asked for.
 */
static enum MHD_Result
answer(void *context, struct MHD_Connection *connection, const char *url,
       const char *method, const char *version, const char *upload,
       size_t *upload_size, void **state)
{
    bool options = strcmp(method, MHD_HTTP_METHOD_OPTIONS) == 0;
    struct serve_http *http = context;
    struct request *request = *state;

    (void) url;                 /* decoded, and without its query */
    (void) version;
    (void) upload;
    if (request == NULL || *upload_size != 0) {
        return MHD_NO;
    }
    if (!options && strcmp(method, MHD_HTTP_METHOD_GET) != 0
        && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        serve_counts_add(&http->counts, request->ask.path,
                         MHD_HTTP_METHOD_NOT_ALLOWED);
        return refuse_method(connection);
    }
    if (!request->began) {
        request->began = true;
        return MHD_YES;
    }
    return request->ask.path == ROAD_PATH_METRICS
           ? answer_metrics(http, connection)
           : answer_ask(http, &request->ask, !options, connection);
}

/* As many as there may be descriptors for. */
static unsigned
find_limit(void)
{
    struct rlimit files;
    rlim_t wanted = CONNECTIONS_MAX + OTHER_FILES;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
        return CONNECTIONS_LEAST;
    }
    if (files.rlim_cur < wanted) {
        files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
        (void) setrlimit(RLIMIT_NOFILE, &files);    /* asked for again below */
        (void) getrlimit(RLIMIT_NOFILE, &files);
    }
    return files.rlim_cur >= wanted ? CONNECTIONS_MAX
           : files.rlim_cur > CONNECTIONS_LEAST + OTHER_FILES
           ? (unsigned) files.rlim_cur - OTHER_FILES : CONNECTIONS_LEAST;
}

static struct MHD_Daemon *
start_daemon(const struct serve_http_options *options, struct serve_http *http)
{
    unsigned limit = find_limit();
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL
                     | MHD_USE_ITC      /* MHD_quiesce_daemon() needs it */
                     | (options->cert != NULL ? MHD_USE_TLS : 0);
    static char versions[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
    struct MHD_OptionItem tls[] = {
        { MHD_OPTION_HTTPS_MEM_CERT, 0, options->cert },
        { MHD_OPTION_HTTPS_MEM_KEY, 0, options->key },
        { MHD_OPTION_HTTPS_PRIORITIES, 0, versions },
        { MHD_OPTION_END, 0, NULL },
    };

    return MHD_start_daemon(
        flags, 0, NULL, NULL, answer, http,
        MHD_OPTION_LISTEN_SOCKET, options->listen_fd,
        MHD_OPTION_THREAD_POOL_SIZE, THREADS,
        MHD_OPTION_CONNECTION_LIMIT, limit,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, limit / 2,
        MHD_OPTION_CONNECTION_TIMEOUT, PATIENCE_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_BYTES,
        MHD_OPTION_URI_LOG_CALLBACK, read_target, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, forget_target, NULL,
        options->cert != NULL ? MHD_OPTION_ARRAY : MHD_OPTION_END,
        tls, MHD_OPTION_END);
}

/* libmicrohttpd tells no cause; with TLS it is next to always these files. */
static void
say_why_not(const struct serve_http_options *options, struct text *why)
{
    if (options->cert == NULL) {
        text_add(why, "could not start libmicrohttpd");
        return;
    }
    text_add(why, "could not serve HTTPS with the key '%s'. It and the "
             "certificate '%s' have to be PEM, it without a passphrase, and a "
             "pair: compare openssl pkey -pubout with openssl x509 -pubkey",
             options->key_path, options->cert_path);
}

struct serve_http *
serve_http_start(const struct serve_http_options *options,
                 struct text *ret_why)
{
    struct serve_http *http = calloc(1, sizeof(*http));

    if (http == NULL) {
        text_add(ret_why, "could not answer over HTTP: %s", strerror(errno));
        return NULL;
    }
    http->state = options->state;
    http->groups = options->groups;
    http->daemon = start_daemon(options, http);
    if (http->daemon == NULL) {
        say_why_not(options, ret_why);
        free(http);
        return NULL;
    }
    return http;
}

/* Else it would shut the socket down, on which another process may answer. */
void
serve_http_stop(struct serve_http *http)
{
    MHD_socket listen_fd = MHD_quiesce_daemon(http->daemon);

    MHD_stop_daemon(http->daemon);
    if (listen_fd != MHD_INVALID_SOCKET) {
        (void) close(listen_fd);
    }
    free(http);
}
