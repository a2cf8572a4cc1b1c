/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HAProxy's agent-check: one line for another. */

#include "serve_agent.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "road_answer.h"

#define CALLERS_MAX 256
#define PATIENCE_MS 1000
#define QUESTION_SIZE 256
#define ANSWER_SIZE 128

struct caller {
    int fd;                     /* -1: nobody */
    int64_t until_ms;
    size_t len;
    char question[QUESTION_SIZE];
};

struct serve_agent {
    pthread_t thread;
    int listen_fd;
    int end_fd;                 /* readable: it is to end */
    const struct serve_state *state;
    const struct road_groups *groups;
    struct caller caller[CALLERS_MAX];
};

static void
hang_up(struct caller *caller)
{
    (void) close(caller->fd);   /* nothing of it has to last */
    caller->fd = -1;
}

/* The buffer of a new connection's socket has room for a line. */
static void
reply(const struct serve_agent *agent, struct caller *caller)
{
    char buf[ANSWER_SIZE];
    struct roads roads;
    struct text line;

    caller->question[caller->len] = '\0';
    caller->question[strcspn(caller->question, "\r\n")] = '\0';
    serve_state_get(agent->state, &roads);
    text_init(&line, buf, sizeof(buf));
    road_answer_agent(caller->question, &roads, agent->groups, clock_now_ms(),
                      &line);
    /* whoever does not take it has no answer, which is no */
    (void) send(caller->fd, buf, line.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    hang_up(caller);
}

/* A place that is free, or that of the one who has been silent longest. */
static struct caller *
find_place(struct serve_agent *agent)
{
    struct caller *oldest = &agent->caller[0];

    for (size_t i = 0; i < CALLERS_MAX; i++) {
        struct caller *caller = &agent->caller[i];

        if (caller->fd < 0) {
            return caller;
        }
        oldest = caller->until_ms < oldest->until_ms ? caller : oldest;
    }
    hang_up(oldest);
    return oldest;
}

static void
take_caller(struct serve_agent *agent)
{
    int fd = accept4(agent->listen_fd, NULL, NULL,
                     SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct caller *caller;

    if (fd < 0) {
        return;
    }
    caller = find_place(agent);
    caller->fd = fd;
    caller->len = 0;
    caller->until_ms = clock_now_ms() + PATIENCE_MS;
}

/* What comes up to the end of the line; one too long is not understood. */
static void
listen_to(const struct serve_agent *agent, struct caller *caller)
{
    ssize_t got = recv(caller->fd, caller->question + caller->len,
                       sizeof(caller->question) - 1 - caller->len, 0);

    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (got < 0) {
        hang_up(caller);
        return;
    }
    caller->len += (size_t) got;
    if (got == 0 || caller->len == sizeof(caller->question) - 1
        || memchr(caller->question, '\n', caller->len) != NULL) {
        reply(agent, caller);
    }
}

/* Who has not said what is asked is told that; -1: there is nobody. */
static int
end_silence(struct serve_agent *agent)
{
    int wait_ms = -1;

    for (size_t i = 0; i < CALLERS_MAX; i++) {
        struct caller *caller = &agent->caller[i];
        int left_ms;

        if (caller->fd < 0) {
            continue;
        }
        left_ms = (int) clock_left_ms(caller->until_ms);
        if (left_ms == 0) {
            reply(agent, caller);
        } else if (wait_ms < 0 || left_ms < wait_ms) {
            wait_ms = left_ms;
        }
    }
    return wait_ms;
}

static void *
run(void *context)
{
    struct serve_agent *agent = context;
    struct pollfd fds[CALLERS_MAX + 2];

    for (;;) {
        int wait_ms = end_silence(agent);

        for (size_t i = 0; i < CALLERS_MAX; i++) {
            fds[i] = (struct pollfd) { .fd = agent->caller[i].fd,
                                       .events = POLLIN };
        }
        fds[CALLERS_MAX] = (struct pollfd) { .fd = agent->listen_fd,
                                             .events = POLLIN };
        fds[CALLERS_MAX + 1] = (struct pollfd) { .fd = agent->end_fd,
                                                 .events = POLLIN };
        if (poll(fds, CALLERS_MAX + 2, wait_ms) < 0) {
            continue;           /* interrupted */
        }
        if (fds[CALLERS_MAX + 1].revents != 0) {
            return NULL;
        }
        for (size_t i = 0; i < CALLERS_MAX; i++) {
            if (fds[i].fd >= 0 && fds[i].revents != 0) {
                listen_to(agent, &agent->caller[i]);
            }
        }
        if (fds[CALLERS_MAX].revents != 0) {
            take_caller(agent);
        }
    }
}

struct serve_agent *
serve_agent_start(int listen_fd, const struct serve_state *state,
                  const struct road_groups *groups, struct text *ret_why)
{
    struct serve_agent *agent = calloc(1, sizeof(*agent));
    int error = agent == NULL ? errno : 0;

    if (agent != NULL) {
        agent->listen_fd = listen_fd;
        agent->state = state;
        agent->groups = groups;
        for (size_t i = 0; i < CALLERS_MAX; i++) {
            agent->caller[i].fd = -1;
        }
        agent->end_fd = eventfd(0, EFD_CLOEXEC);
        error = agent->end_fd < 0 ? errno
                : pthread_create(&agent->thread, NULL, run, agent);
    }
    if (error == 0) {
        return agent;
    }
    if (agent != NULL && agent->end_fd >= 0) {
        (void) close(agent->end_fd);
    }
    free(agent);
    text_add(ret_why, "could not answer agent-check: %s", strerror(error));
    return NULL;
}

void
serve_agent_stop(struct serve_agent *agent)
{
    (void) eventfd_write(agent->end_fd, 1);     /* a counter has room for 1 */
    (void) pthread_join(agent->thread, NULL);
    for (size_t i = 0; i < CALLERS_MAX; i++) {
        if (agent->caller[i].fd >= 0) {
            hang_up(&agent->caller[i]);
        }
    }
    (void) close(agent->end_fd);
    (void) close(agent->listen_fd);
    free(agent);
}
