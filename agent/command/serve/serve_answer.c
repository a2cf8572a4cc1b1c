/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that answers. */

#include "serve_answer.h"

#include <signal.h>
#include <unistd.h>

#include "command.h"
#include "report.h"
#include "serve_agent.h"
#include "serve_http.h"

static void
await_end(void)
{
    sigset_t ends;
    int number;

    (void) sigemptyset(&ends);
    (void) sigaddset(&ends, SIGTERM);
    (void) sigaddset(&ends, SIGINT);
    while (sigwait(&ends, &number) != 0) {
    }
}

int
serve_answer(const struct serve_plan *plan, struct serve_state *state,
             int ready_fd)
{
    const struct serve_config *config = plan->config;
    const struct serve_http_options options = {
        .listen_fd = plan->listen_fd,
        .cert = config->cert,
        .key = config->key,
        .cert_path = plan->source.cert,
        .key_path = plan->source.key,
        .state = state,
        .groups = &config->groups,
    };
    struct serve_agent *agent = NULL;
    struct serve_http *http;
    char why_text[SERVER_TEXT_SIZE];
    struct text why;

    text_init(&why, why_text, sizeof(why_text));
    (void) signal(SIGPIPE, SIG_IGN);
    http = serve_http_start(&options, &why);
    if (http != NULL && plan->agent_fd >= 0) {
        agent = serve_agent_start(plan->agent_fd, state, &config->groups,
                                  &why);
    }
    if (http == NULL || (plan->agent_fd >= 0 && agent == NULL)) {
        report_log(LOG_ERR, "%s", why_text);
        return COMMAND_FAILED;
    }
    if (write(ready_fd, "", 1) != 1) {
        return COMMAND_FAILED;  /* nobody waits for it any more */
    }
    (void) close(ready_fd);
    await_end();
    if (agent != NULL) {
        serve_agent_stop(agent);
    }
    serve_http_stop(http);
    return COMMAND_OK;
}
