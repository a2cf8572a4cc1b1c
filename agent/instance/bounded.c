/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Work in a child process that is ended when its time is over. */

#include "bounded.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"

/* The child ends by itself after so long, should nobody be left to end it. */
#define ALARM_GRACE_MS 2000

/* What was killed is gone by then, unless it hangs in the kernel. */
#define KILLED_MS 200

void *
bounded_share(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

void
bounded_unshare(void *memory, size_t size)
{
    if (memory != NULL) {
        (void) munmap(memory, size);    /* it cannot fail for what was mapped */
    }
}

/* It ends with its parent, or by its alarm. */
static void
prepare_child(uint32_t limit_ms)
{
    uint32_t ms = limit_ms + ALARM_GRACE_MS;
    struct itimerval timer = { { 0, 0 }, { 0, 0 } };
    sigset_t none;

    timer.it_value.tv_sec = (time_t) (ms / 1000);
    timer.it_value.tv_usec = (suseconds_t) (ms % 1000) * 1000;
    (void) sigemptyset(&none);
    (void) sigprocmask(SIG_SETMASK, &none, NULL);
    (void) signal(SIGALRM, SIG_DFL);
    (void) setitimer(ITIMER_REAL, &timer, NULL);
    (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void) setpgid(0, 0);       /* what it starts is ended with it */
}

/* True once the child, which held the other end, is gone. */
static bool
await_end(int fd, int64_t deadline_ms)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    int rc;

    do {
        rc = poll(&poll_fd, 1, (int) clock_left_ms(deadline_ms));
    } while (rc < 0 && errno == EINTR);
    return rc > 0;
}

static void
kill_child(const struct bounded_child *child)
{
    (void) kill(-child->pid, SIGKILL);
    (void) kill(child->pid, SIGKILL);   /* before it had a group of its own */
    (void) await_end(child->fd, clock_now_ms() + KILLED_MS);
    (void) waitpid(child->pid, NULL, WNOHANG);
}

int
bounded_begin(const struct bounded_work *work,
              struct bounded_child *ret_child)
{
    int ends[2];
    int error;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return errno;
    }
    (void) fflush(NULL);        /* or the child would write it once more */
    pid = fork();
    if (pid == 0) {
        int code;

        (void) close(ends[0]);
        prepare_child(work->limit_ms);
        code = work->run(work->context);
        (void) fflush(NULL);
        _exit(code);
    }
    error = pid < 0 ? errno : 0;
    (void) close(ends[1]);
    if (error != 0) {
        (void) close(ends[0]);
        return error;
    }
    *ret_child = (struct bounded_child) { pid, ends[0] };
    return 0;
}

int
bounded_end(struct bounded_child *child, int64_t deadline_ms,
            int *ret_status)
{
    bool ended = await_end(child->fd, deadline_ms);
    int status = 0;

    if (!ended) {
        kill_child(child);
    }
    (void) close(child->fd);
    child->fd = -1;
    if (!ended) {
        return ETIMEDOUT;
    }
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
    }
    *ret_status = status;
    return 0;
}

int
bounded_run(const struct bounded_work *work, int *ret_status)
{
    int64_t end_ms = clock_now_ms() + work->limit_ms;
    struct bounded_child child = { .fd = -1 };
    int error = bounded_begin(work, &child);

    return error != 0 ? error : bounded_end(&child, end_ms, ret_status);
}
