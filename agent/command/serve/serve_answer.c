/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that answers. */

#include "serve_answer.h"

#include <signal.h>
#include <unistd.h>

#include "command.h"
#include "report.h"
#include "serve_agent.h"

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
serve_answer(const struct serve_http_options *options, int agent_fd,
             int ready_fd)
{
    struct serve_agent *agent = NULL;
    struct serve_http *http;
    char why_text[SERVER_TEXT_SIZE];
    struct text why;

    text_init(&why, why_text, sizeof(why_text));
    (void) signal(SIGPIPE, SIG_IGN);
    http = serve_http_start(options, &why);
    if (http != NULL && agent_fd >= 0) {
        agent = serve_agent_start(agent_fd, options->state, options->groups,
                                  &why);
    }
    if (http == NULL || (agent_fd >= 0 && agent == NULL)) {
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
