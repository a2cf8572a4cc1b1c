/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processes of `pgward serve`: who answers, who looks, who minds them. */

#include "serve_run.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"
#include "report.h"
#include "serve_agent.h"
#include "serve_http.h"
#include "serve_look.h"
#include "serve_route.h"
#include "serve_tally.h"

/* A look ends in a second, the first one in two. */
#define STUCK_MS 3000

#define MIND_EVERY_MS 250
#define START_EVERY_MS 200

/* What is wrong is said again after so long. */
#define SAY_EVERY_MS 60000

/* An overview is made so often while somebody reads its metrics. */
#define TALLY_EVERY_MS 5000
#define READER_LASTS_MS 120000

/* Whoever minds them. */
struct minder {
    const struct serve_plan *plan;
    struct serve_state *state;
    pid_t http;
    pid_t looker;               /* 0: none */
    int64_t started_ms;         /* the looker was */
    int64_t said_ms;            /* what is wrong was; 0: nothing is */
    pid_t tally;                /* who makes the overview; 0: nobody */
    int64_t tallied_ms;         /* that was begun */
    bool told_to_end;           /* who answers was */
};

/* SIGCHLD too: it is waited for, and would end nobody anyway. */
static void
fill_signals(sigset_t *signals)
{
    (void) sigemptyset(signals);
    (void) sigaddset(signals, SIGTERM);
    (void) sigaddset(signals, SIGINT);
    (void) sigaddset(signals, SIGCHLD);
}

/* A child ends with its parent. */
static void
tie_to_parent(int signal_number, pid_t parent)
{
    (void) prctl(PR_SET_PDEATHSIG, signal_number);
    if (getppid() != parent) {
        _exit(COMMAND_FAILED);
    }
}

/* Changing ids takes the tie away, so it is made afterwards. */
static int
drop_rights(const struct identity *user)
{
    if (user != NULL && identity_become_for_good(user) != 0) {
        report_log(LOG_ERR, "could not become user '%s': %s", user->name,
                   strerror(errno));
        return -1;
    }
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* --- who answers --------------------------------------------------------- */

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

static int
answer(const struct serve_plan *plan, struct serve_state *state)
{
    const struct serve_config *config = plan->config;
    const struct serve_http_options options = {
        .listen_fd = plan->listen_fd,
        .cert = config->cert,
        .key = config->key,
        .cert_path = plan->cert_path,
        .key_path = plan->key_path,
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
    await_end();
    if (agent != NULL) {
        serve_agent_stop(agent);
    }
    serve_http_stop(http);
    return COMMAND_OK;
}

static int
start_http(struct minder *minder)
{
    pid_t parent = getpid();

    minder->http = fork();
    if (minder->http < 0) {
        report_log(LOG_ERR, "could not start a process: %s", strerror(errno));
        return -1;
    }
    if (minder->http == 0) {
        if (drop_rights(minder->plan->user) != 0) {
            _exit(COMMAND_FAILED);
        }
        tie_to_parent(SIGTERM, parent);
        _exit(answer(minder->plan, minder->state));
    }
    return 0;
}

/* --- who looks ----------------------------------------------------------- */

static bool
look(const struct serve_plan *plan, bool quiet, struct serve_state *state)
{
    if (!plan->is_router) {
        return serve_look(plan->resource, quiet, state);
    }
    return drop_rights(plan->user) == 0 && serve_route(plan->config, state);
}

static void
close_listeners(const struct serve_plan *plan)
{
    (void) close(plan->listen_fd);
    if (plan->agent_fd >= 0) {
        (void) close(plan->agent_fd);
    }
}

/* A child that only looks; 0: it could not be, and is tried again. */
static pid_t
fork_looker(void)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid == 0) {
        sigset_t none;

        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
        tie_to_parent(SIGKILL, parent);
        return -1;
    }
    return pid > 0 ? pid : 0;
}

static void
start_looker(struct minder *minder, int64_t now_ms)
{
    bool quiet = minder->said_ms != 0
                 && now_ms - minder->said_ms < SAY_EVERY_MS;

    minder->started_ms = now_ms;
    serve_state_beat(minder->state, now_ms);
    minder->looker = fork_looker();
    if (minder->looker < 0) {
        _exit(look(minder->plan, quiet, minder->state) ? COMMAND_OK
                                                       : COMMAND_NO);
    }
}

/* One at a time; it ends by itself, or it is ended long after that. */
static void
mind_tally(struct minder *minder, int64_t now_ms)
{
    if (minder->tally > 0
        && now_ms - minder->tallied_ms > SERVE_TALLY_MS + STUCK_MS) {
        (void) kill(minder->tally, SIGKILL);
        minder->tally = 0;
    }
    if (minder->plan->is_router || minder->tally > 0
        || now_ms - minder->tallied_ms < TALLY_EVERY_MS
        || now_ms - serve_state_wanted_metrics(minder->state)
           > READER_LASTS_MS) {
        return;
    }
    minder->tallied_ms = now_ms;
    minder->tally = fork_looker();
    if (minder->tally < 0) {
        serve_tally(minder->plan->resource, minder->state);
        _exit(COMMAND_OK);
    }
}

/* --- who minds them ------------------------------------------------------ */

static void
note_end_of_looker(struct minder *minder, bool saw_all, int64_t now_ms)
{
    minder->looker = 0;
    if (saw_all) {
        minder->said_ms = 0;
    } else if (minder->said_ms == 0
               || now_ms - minder->said_ms >= SAY_EVERY_MS) {
        minder->said_ms = now_ms;       /* it said it itself, or we did */
    }
}

/* False: who answers is gone. */
static bool
reap(struct minder *minder, int64_t now_ms)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        bool well = WIFEXITED(status) && WEXITSTATUS(status) == COMMAND_OK;

        if (pid == minder->http) {
            /* a signal to all of the group may have reached it first */
            minder->http = 0;
            minder->told_to_end = well;
            return false;
        }
        if (pid == minder->looker) {
            note_end_of_looker(minder, well, now_ms);
        } else if (pid == minder->tally) {
            minder->tally = 0;
        }
    }
    return true;
}

static void
end_stuck_looker(struct minder *minder, int64_t now_ms)
{
    if (minder->looker == 0
        || now_ms - serve_state_last_beat(minder->state) < STUCK_MS) {
        return;
    }
    if (minder->said_ms == 0) {
        report_log(LOG_WARNING, "a look hangs: it is begun anew. Look at "
                   "PostgreSQL and at Pacemaker's daemons on this node");
    }
    (void) kill(minder->looker, SIGKILL);
    note_end_of_looker(minder, false, now_ms);
}

static void
end_all(struct minder *minder)
{
    if (minder->looker > 0) {
        (void) kill(minder->looker, SIGKILL);
    }
    if (minder->tally > 0) {
        (void) kill(minder->tally, SIGKILL);
    }
    if (minder->http > 0) {
        (void) kill(minder->http, SIGTERM);
        while (waitpid(minder->http, NULL, 0) < 0 && errno == EINTR) {
        }
    }
}

static int
mind(struct minder *minder, const sigset_t *signals)
{
    const struct timespec wait = { 0, MIND_EVERY_MS * 1000000L };

    for (;;) {
        int64_t now_ms = clock_now_ms();
        int number;

        if (!reap(minder, now_ms)) {
            if (minder->told_to_end) {
                return COMMAND_OK;
            }
            report_log(LOG_ERR, "the process that answers has ended");
            return COMMAND_FAILED;
        }
        mind_tally(minder, now_ms);
        end_stuck_looker(minder, now_ms);
        if (minder->looker == 0
            && now_ms - minder->started_ms >= START_EVERY_MS) {
            start_looker(minder, now_ms);
        }
        number = sigtimedwait(signals, NULL, &wait);
        if (number == SIGTERM || number == SIGINT) {
            return COMMAND_OK;
        }
    }
}

int
serve_run(const struct serve_plan *plan)
{
    struct minder minder = { .plan = plan };
    sigset_t signals;
    int code;

    fill_signals(&signals);
    (void) sigprocmask(SIG_BLOCK, &signals, NULL);
    minder.state = serve_state_new();
    if (minder.state == NULL) {
        report_log(LOG_ERR, "could not share memory: %s", strerror(errno));
        return COMMAND_FAILED;
    }
    minder.started_ms = -START_EVERY_MS;
    minder.tallied_ms = -TALLY_EVERY_MS;
    serve_state_want_metrics(minder.state, clock_now_ms());
    if (start_http(&minder) != 0) {
        return COMMAND_FAILED;
    }
    close_listeners(plan);
    code = mind(&minder, &signals);
    end_all(&minder);
    return code;
}
