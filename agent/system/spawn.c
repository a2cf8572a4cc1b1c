/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Run a command: another user, a clean environment, a bound on everything. */

#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "group.h"
#include "userlimits.h"

#define POLL_MS 10
#define STREAM_SIZE 32768
#define STREAM_READS 64         /* then a look at the clock */
#define REAP_MS 500             /* a killed child in D state stays a while */
#define STATUS_FD 3
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"

extern char **environ;

/* One side of the pipes. */
struct ends {
    int output;                 /* of the command's output */
    int stream;                 /* of what is taken as it comes; -1: none */
    int status;                 /* of errno, where something went wrong */
};

struct running {
    pid_t pid;
    bool gone;                  /* reaped: its number may be another's */
    struct ends ends;           /* ours, to read */
    size_t len;                 /* bytes of output kept */
    char line[SPAWN_LINE_SIZE];     /* the line that has not ended yet */
    size_t line_len;
    bool cancelled;             /* who takes the output said so */
    int64_t idle_since_ms;
    uint64_t ticks;             /* of CPU time, when that was set */
};

/* --- in the child ------------------------------------------------------- */

static bool
is_private_name(const char *entry)
{
    static const char *const prefixes[] = {
        "OCF_", "PG", "CRM_", "PCMK_", "HA_", "NOTIFY_SOCKET=", "LISTEN_",
    };

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (strncmp(entry, prefixes[i], strlen(prefixes[i])) == 0) {
            return true;
        }
    }
    return false;
}

static int
set_environment(const struct spawn_request *request)
{
    const struct identity *user = request->user;
    char **to = environ;

    for (char **from = environ; from != NULL && *from != NULL; from++) {
        if (!is_private_name(*from)) {
            *to++ = *from;
        }
    }
    if (to != NULL) {
        *to = NULL;
    }
    if (user != NULL
        && (setenv("HOME", user->home, 1) != 0
            || setenv("SHELL", user->shell, 1) != 0
            || setenv("USER", user->name, 1) != 0
            || setenv("LOGNAME", user->name, 1) != 0)) {
        return -1;
    }
    if (getenv("PATH") == NULL && setenv("PATH", DEFAULT_PATH, 1) != 0) {
        return -1;
    }
    for (size_t i = 0;
         request->extra_env != NULL && request->extra_env[i] != NULL; i++) {
        char *entry = strdup(request->extra_env[i]);

        if (entry == NULL || putenv(entry) != 0) {
            return -1;
        }
    }
    return 0;
}

static int
set_user(const struct identity *user)
{
    struct userlimits limits;

    if (user == NULL || (getuid() == user->uid && geteuid() == user->uid)) {
        return 0;
    }
    if (user->known != 1) {
        errno = EINVAL;
        return -1;
    }
    /* we may be the user already, but only in part: identity_become() */
    if (geteuid() != 0 && seteuid(0) != 0) {
        return -1;
    }
    userlimits_read(USERLIMITS_FOLDER, user, &limits);
    userlimits_apply(&limits);
    if (identity_set_groups(user) != 0
        || setresgid(user->gid, user->gid, user->gid) != 0
        || setresuid(user->uid, user->uid, user->uid) != 0) {
        return -1;
    }
    return 0;
}

static void
close_from(int first)
{
    long last = sysconf(_SC_OPEN_MAX);

#ifdef SYS_close_range
    if (syscall(SYS_close_range, (unsigned int) first, ~0U, 0U) == 0) {
        return;
    }
#endif
    for (long fd = first; fd < (last > 0 ? last : 65536); fd++) {
        (void) close((int) fd);     /* most of them are not open */
    }
}

static int
set_descriptors(int output, int errors, int status)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    /* out of the way first: any of them may be one of the targets */
    null = fcntl(null, F_DUPFD_CLOEXEC, STATUS_FD + 1);
    output = fcntl(output, F_DUPFD_CLOEXEC, STATUS_FD + 1);
    errors = fcntl(errors, F_DUPFD_CLOEXEC, STATUS_FD + 1);
    status = fcntl(status, F_DUPFD_CLOEXEC, STATUS_FD + 1);
    if (null < 0 || output < 0 || errors < 0 || status < 0
        || dup2(null, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0
        || dup2(errors, STDERR_FILENO) < 0
        || dup3(status, STATUS_FD, O_CLOEXEC) < 0) {
        return -1;
    }
    close_from(STATUS_FD + 1);
    return 0;
}

static void
set_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++) {
        (void) signal(number, SIG_DFL);     /* some cannot be: no matter */
    }
    sigemptyset(&none);
    (void) sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
run_child(const struct spawn_request *request, const struct ends *child)
{
    char **argv;
    int cause;

    memcpy(&argv, &request->argv, sizeof(argv));    /* execv()'s old type */
    if (request->new_session) {
        (void) setsid();
    } else {
        (void) setpgid(0, 0);
    }
    set_signals();
    (void) umask(022);
    if (set_descriptors(child->stream >= 0 ? child->stream : child->output,
                        child->output, child->status) == 0
        && set_user(request->user) == 0
        && set_environment(request) == 0
        && chdir(request->folder != NULL ? request->folder : "/") == 0) {
        (void) execv(argv[0], argv);
    }
    cause = errno;
    (void) !write(STATUS_FD, &cause, sizeof(cause));
    _exit(127);
}

static void
leave_child(const char *const *argv, int status)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    char **args;
    int cause;

    memcpy(&args, &argv, sizeof(args));     /* execv()'s old type */
    (void) setsid();
    set_signals();
    (void) umask(022);
    if (null >= 0 && set_descriptors(null, null, status) == 0
        && chdir("/") == 0) {
        (void) execv(args[0], args);
    }
    cause = errno;
    (void) !write(STATUS_FD, &cause, sizeof(cause));
    _exit(127);
}

/* --- in the parent ------------------------------------------------------ */

static void
close_ends(struct ends *ends)
{
    close_fd(&ends->output);
    close_fd(&ends->stream);
    close_fd(&ends->status);
}

/* A pipe; only our end must not block: the command gets a plain one. */
static int
make_pipe(int *ret_ours, int *ret_child, int flags)
{
    int end[2];

    if (pipe2(end, O_CLOEXEC | flags) != 0) {
        return -1;
    }
    (void) fcntl(end[1], F_SETFL, 0);
    *ret_ours = end[0];
    *ret_child = end[1];
    return 0;
}

static int
launch(const struct spawn_request *request, struct running *ret_running)
{
    CLEANUP(close_ends) struct ends child = { -1, -1, -1 };
    struct ends ours = { -1, -1, -1 };
    pid_t pid = -1;

    if (make_pipe(&ours.output, &child.output, O_NONBLOCK) == 0
        && make_pipe(&ours.status, &child.status, 0) == 0
        && (request->take == NULL
            || make_pipe(&ours.stream, &child.stream, O_NONBLOCK) == 0)) {
        pid = fork();
    }
    if (pid == 0) {
        run_child(request, &child);
    }
    if (pid < 0) {
        close_ends(&ours);
        return -1;
    }
    memset(ret_running, 0, sizeof(*ret_running));
    ret_running->pid = pid;
    ret_running->ends = ours;
    ret_running->idle_since_ms = clock_now_ms();
    return 0;
}

static void
end_line(const struct spawn_request *request, struct running *running)
{
    running->line[running->line_len] = '\0';
    if (running->line_len > 0 && !running->cancelled) {
        running->cancelled = !request->line(request->context, running->line);
    }
    running->line_len = 0;
}

static void
take_lines(const struct spawn_request *request, struct running *running,
           const char *part, size_t len)
{
    for (size_t i = 0; request->line != NULL && i < len; i++) {
        if (part[i] == '\n' || part[i] == '\r') {
            end_line(request, running);
        } else if (running->line_len < sizeof(running->line) - 1) {
            running->line[running->line_len++] = part[i];
        }
    }
}

/* Read what there is; closes the pipe at its end. */
static void
drain(const struct spawn_request *request, struct running *running)
{
    char part[4096];
    size_t room;
    ssize_t got;

    while (running->ends.output >= 0) {
        got = read(running->ends.output, part, sizeof(part));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && errno == EAGAIN) {
            return;
        }
        if (got <= 0) {
            close_fd(&running->ends.output);
            return;
        }
        running->idle_since_ms = clock_now_ms();
        take_lines(request, running, part, (size_t) got);
        room = request->output_size == 0
                   ? 0 : request->output_size - 1 - running->len;
        if ((size_t) got < room) {
            room = (size_t) got;
        }
        if (room > 0) {
            memcpy(request->ret_output + running->len, part, room);
            running->len += room;
        }
    }
}

/* Hand on what there is, but not for ever; closes the pipe at its end. */
static void
stream(const struct spawn_request *request, struct running *running)
{
    char part[STREAM_SIZE];

    for (int i = 0; running->ends.stream >= 0 && i < STREAM_READS; i++) {
        ssize_t got = read(running->ends.stream, part, sizeof(part));

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && errno == EAGAIN) {
            return;
        }
        if (got <= 0) {
            close_fd(&running->ends.stream);
            return;
        }
        running->idle_since_ms = clock_now_ms();
        if (!running->cancelled) {
            running->cancelled = !request->take(request->context, part,
                                                (size_t) got);
        }
    }
}

static bool
reaped(pid_t pid, int *ret_status)
{
    pid_t rc;

    do {
        rc = waitpid(pid, ret_status, WNOHANG);
    } while (rc < 0 && errno == EINTR);
    return rc == pid;
}

/* Has it shown no sign of life for too long? Syncing a disk prints nothing. */
static bool
is_idle(const struct spawn_request *request, struct running *running)
{
    int64_t now_ms = clock_now_ms();
    uint64_t ticks;

    if (request->idle_ms == 0
        || now_ms - running->idle_since_ms < request->idle_ms) {
        return false;
    }
    ticks = group_cpu_ticks(running->pid);
    if (ticks == running->ticks) {
        return true;
    }
    running->ticks = ticks;
    running->idle_since_ms = now_ms;
    return false;
}

/* A pipe at its end would wake at once: then just sleep. */
static void
wait_for_output(const struct running *running, int64_t left_ms)
{
    struct pollfd ready[] = {
        { running->ends.output, POLLIN, 0 },
        { running->ends.stream, POLLIN, 0 },
    };
    bool open = running->ends.output >= 0 || running->ends.stream >= 0;

    (void) poll(ready, 2, !open ? 1 : left_ms < POLL_MS ? (int) left_ms
                                                        : POLL_MS);
}

/* Wait for the end of the command; its heirs may keep the pipe open. */
static int
wait_for(const struct spawn_request *request, struct running *running,
         int *ret_status)
{
    while (!reaped(running->pid, ret_status)) {
        int64_t left_ms = clock_left_ms(request->deadline_ms);

        if (left_ms == 0 || running->cancelled || is_idle(request, running)) {
            errno = running->cancelled ? ECANCELED
                    : left_ms == 0 ? ETIMEDOUT : ETIME;
            return -1;
        }
        wait_for_output(running, left_ms);
        drain(request, running);
        stream(request, running);
    }
    running->gone = true;
    drain(request, running);
    stream(request, running);
    if (request->take != NULL && running->cancelled) {
        errno = ECANCELED;
        return -1;
    }
    return 0;
}

static void
kill_all(pid_t pid)
{
    int64_t deadline_ms = clock_now_ms() + REAP_MS;
    int status;

    (void) kill(-pid, SIGKILL);     /* the group may not be there yet */
    (void) kill(pid, SIGKILL);
    while (!reaped(pid, &status) && clock_left_ms(deadline_ms) > 0) {
        clock_sleep_ms(1, deadline_ms);
    }
}

int
spawn_run(const struct spawn_request *request, int *ret_status)
{
    struct running running;
    int status = 0;
    int cause = 0;
    int rc;

    if (launch(request, &running) != 0) {
        return -1;
    }
    rc = wait_for(request, &running, &status);
    if (rc != 0) {
        cause = errno;
        if (!running.gone) {
            kill_all(running.pid);
        }
        drain(request, &running);
    } else if (read(running.ends.status, &cause, sizeof(cause))
               == (ssize_t) sizeof(cause)) {
        rc = -1;
    } else {
        cause = 0;
    }
    if (request->line != NULL) {
        end_line(request, &running);        /* one without an end */
    }
    if (request->output_size > 0) {
        request->ret_output[running.len] = '\0';
    }
    close_ends(&running.ends);
    if (rc == 0) {
        *ret_status = status;
    }
    errno = cause;
    return rc;
}

int
spawn_leave(const char *const *argv, pid_t *ret_pid)
{
    int status[2];
    int cause = 0;
    ssize_t got;
    pid_t pid;

    if (pipe2(status, O_CLOEXEC) != 0) {
        return -1;
    }
    pid = fork();
    if (pid == 0) {
        leave_child(argv, status[1]);
    }
    close_fd(&status[1]);
    if (pid < 0) {
        close_fd(&status[0]);
        return -1;
    }
    do {
        got = read(status[0], &cause, sizeof(cause));
    } while (got < 0 && errno == EINTR);
    close_fd(&status[0]);
    if (got != 0) {
        (void) waitpid(pid, NULL, 0);
        errno = got > 0 ? cause : EIO;
        return -1;
    }
    *ret_pid = pid;
    return 0;
}
