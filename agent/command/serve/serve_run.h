/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_SERVE_RUN_H
#define PGWARD_AGENT_SERVE_RUN_H

#include "identity.h"
#include "serve_config.h"
#include "serve_tls.h"

/*! What is served, and to whom. */
struct serve_plan {
    const char *resource;       /*!< a node's, or its clone; NULL: the one */
    struct serve_config *config;    /*!< what the file says, or the defaults */
    struct serve_tls_source source;     /*!< of its certificate and key, where
                                             it has them */
    bool is_router;             /*!< the hosts are the file's */
    const struct identity *user;    /*!< who answers, and asks other hosts;
                                         NULL: whoever runs this */
    int listen_fd;              /*!< HTTP */
    int agent_fd;               /*!< agent-check; -1: none */
};

/*!
 * Serve until SIGTERM or SIGINT; with SIGHUP a renewed certificate counts.
 *
 * One process answers, as another user, and cannot look; one looks, and is
 * begun anew where it hangs; this one minds both.
 *
 * \return the command's exit code.
 */
int
serve_run(const struct serve_plan *plan);

#endif
