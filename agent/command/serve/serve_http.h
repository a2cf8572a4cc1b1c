/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_SERVE_HTTP_H
#define PGWARD_AGENT_SERVE_HTTP_H

#include "serve_state.h"
#include "text.h"

struct serve_http;

struct serve_http_options {
    int listen_fd;              /*!< listens; it is closed in the end */
    char *cert;                 /*!< PEM, and so is its key; NULL: no TLS.
                                     They live as long as the server */
    char *key;
    const char *cert_path;      /*!< where they come from, to be told */
    const char *key_path;
    struct serve_state *state;
    const struct road_groups *groups;
};

/*!
 * Answer over HTTP/1.1, in threads of its own, from what was last seen alone.
 * So many connections at once, from one address half of them, each with a few
 * kB and a few seconds of patience.
 *
 * \return NULL with `ret_why`.
 */
struct serve_http *
serve_http_start(const struct serve_http_options *options,
                 struct text *ret_why);

/*! End it, and free it. */
void
serve_http_stop(struct serve_http *http);

#endif
