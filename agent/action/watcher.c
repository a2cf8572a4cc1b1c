/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The watcher: waits for the end of one process and becomes another program.
 *
 * It is a program of its own, and links nothing but the C library, so that it
 * takes next to no memory while it sleeps. watch.c starts it.
 *
 * usage: watcher PID START AGENT
 */

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "line.h"
#include "processes.h"

/* Without a pidfd (before Linux 5.3) the process is looked for this often. */
#define POLL_MS 100

static bool
lives(pid_t pid, uint64_t start)
{
    return process_start(pid) == start;
}

static int
open_process(pid_t pid)
{
#ifdef SYS_pidfd_open
    return (int) syscall(SYS_pidfd_open, pid, 0U);
#else
    (void) pid;
    return -1;
#endif
}

static void
wait_for_end(pid_t pid, uint64_t start)
{
    int fd = open_process(pid);
    struct pollfd ended = { fd, POLLIN, 0 };

    if (fd < 0) {
        while (lives(pid, start)) {
            clock_sleep_ms(POLL_MS, INT64_MAX);
        }
        return;
    }
    /* the descriptor stands for whoever had the id when it was opened */
    if (lives(pid, start)) {
        while (poll(&ended, 1, -1) < 0 && errno == EINTR) {
            ;
        }
    }
    (void) close(fd);
}

int
main(int argc, char **argv)
{
    uint64_t pid;
    uint64_t start;

    if (argc != 4 || line_read_number(argv[1], INT32_MAX, &pid) == NULL
        || line_read_number(argv[2], UINT64_MAX, &start) == NULL
        || start == 0) {
        return EXIT_FAILURE;
    }
    wait_for_end((pid_t) pid, start);
    (void) execl(argv[3], argv[3], "report-failure", (char *) NULL);
    return EXIT_FAILURE;
}
