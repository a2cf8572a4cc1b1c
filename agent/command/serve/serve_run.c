/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processes of `pgward serve`: who answers, who looks, who minds them. */

#include "serve_run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"
#include "report.h"
#include "serve_answer.h"
#include "serve_look.h"
#include "serve_route.h"
#include "serve_tally.h"

/* A look ends in a second, the first one in two. */
#define STUCK_MS 3000

/* Whoever answers begins to in some milliseconds, or not at all. */
#define READY_MS 10000

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
    (void) sigaddset(signals, SIGHUP);
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

/* False, which was said: it ended before it answered, or never will. */
static bool
is_ready(int fd)
{
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    char byte;

    if (poll(&ready, 1, READY_MS) != 1) {
        report_log(LOG_ERR, "the process that answers has not begun to in "
                   "%d s: look at the load of this machine", READY_MS / 1000);
        return false;
    }
    return read(fd, &byte, 1) == 1;     /* else it said why it has ended */
}

static int
answer(const struct serve_plan *plan, struct serve_state *state, int ready_fd)
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

    return serve_answer(&options, plan->agent_fd, ready_fd);
}

/* It answers when this returns 0; else that was said, and it is no more. */
static int
start_http(struct minder *minder)
{
    pid_t parent = getpid();
    int ready[2] = { -1, -1 };
    pid_t pid = pipe2(ready, O_CLOEXEC) == 0 ? fork() : -1;
    bool answers;

    if (pid < 0) {
        report_log(LOG_ERR, "could not start a process: %s", strerror(errno));
        (void) close(ready[0]);         /* or they were none */
        (void) close(ready[1]);
        return -1;
    }
    if (pid == 0) {
        (void) close(ready[0]);
        if (drop_rights(minder->plan->user) != 0) {
            _exit(COMMAND_FAILED);
        }
        tie_to_parent(SIGTERM, parent);
        _exit(answer(minder->plan, minder->state, ready[1]));
    }
    (void) close(ready[1]);
    answers = is_ready(ready[0]);
    (void) close(ready[0]);
    if (!answers) {
        (void) kill(pid, SIGKILL);
        return -1;
    }
    minder->http = pid;
    return 0;
}

/* The new one answers before the old one ends: one of them always does. */
static void
renew_certificate(struct minder *minder)
{
    const struct serve_plan *plan = minder->plan;
    pid_t old = minder->http;

    if (plan->config->cert == NULL) {
        report_log(LOG_NOTICE, "there is no certificate to be read again");
    } else if (serve_tls_read(&plan->source, plan->config) != 0
               || start_http(minder) != 0) {
        report_log(LOG_WARNING, "goes on with the certificate as it was");
    } else {
        (void) kill(old, SIGTERM);
        report_log(LOG_NOTICE, "answers with the certificate that '%s' has "
                   "now", plan->source.cert);
    }
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
fork_looker(const struct serve_plan *plan)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid == 0) {
        sigset_t none;

        close_listeners(plan);
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
    minder->looker = fork_looker(minder->plan);
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
    minder->tally = fork_looker(minder->plan);
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
        if (number == SIGHUP) {
            renew_certificate(minder);
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
    code = mind(&minder, &signals);
    end_all(&minder);
    return code;
}
