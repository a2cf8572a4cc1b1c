/* SPDX-License-Identifier: GPL-2.0-or-later */
/* postmaster.pid: text -> facts. */

#include "pidfile.h"

#include <string.h>

#include "line.h"
#include "text.h"

/* Line numbers of postmaster.pid. */
enum {
    LINE_PID = 1,
    LINE_DATADIR,
    LINE_START_TIME,
    LINE_PORT,
    LINE_SOCKETDIR,
    LINE_LISTEN_ADDR,
    LINE_SHMEM,
    LINE_STATUS,
};

static void
read_shmem(const char *line, struct pidfile *pidfile)
{
    uint64_t key;
    uint64_t id;
    const char *rest = line_read_number(line, UINT64_MAX, &key);

    if (rest != NULL && *rest == ' ') {
        while (*rest == ' ') {
            rest++;
        }
        rest = line_read_number(rest, UINT64_MAX, &id);
        if (rest != NULL && *rest == '\0') {
            pidfile->shmem_key = key;
            pidfile->shmem_id = id;
        }
    }
}

/* A number that is the whole line, or 0. */
static int64_t
whole_number(const char *line, uint64_t max)
{
    uint64_t value;
    const char *rest = line_read_number(line, max, &value);

    return rest != NULL && *rest == '\0' ? (int64_t) value : 0;
}

static void
read_pid(const char *line, struct pidfile *pidfile)
{
    /* a single-user server writes its process id negated */
    pidfile->standalone = line[0] == '-';
    if (pidfile->standalone) {
        line++;
    }
    pidfile->pid = (int32_t) whole_number(line, INT32_MAX);
}

static void
read_line(size_t number, char *line, struct pidfile *pidfile)
{
    if (number == LINE_PID) {
        read_pid(line, pidfile);
    } else if (number == LINE_DATADIR) {
        (void) text_copy(line, pidfile->datadir, sizeof(pidfile->datadir));
    } else if (number == LINE_START_TIME) {
        pidfile->start_time_s = whole_number(line, INT64_MAX);
    } else if (number == LINE_PORT) {
        pidfile->port = (int32_t) whole_number(line, 65535);
    } else if (number == LINE_SOCKETDIR) {
        (void) text_copy(line, pidfile->socketdir,
                         sizeof(pidfile->socketdir));
    } else if (number == LINE_LISTEN_ADDR) {
        (void) text_copy(line, pidfile->listen_addr,
                         sizeof(pidfile->listen_addr));
    } else if (number == LINE_SHMEM) {
        read_shmem(line, pidfile);
    } else if (number == LINE_STATUS) {
        pidfile->status = pidfile_status_parse(line);
    }
}

int
pidfile_parse(const char *text, struct pidfile *ret_pidfile)
{
    struct pidfile pidfile = { 0 };
    char line[PATH_SIZE];
    size_t number = 0;

    while (number < LINE_STATUS && *text != '\0') {
        number++;
        if (line_next(&text, line, sizeof(line)) == 0) {
            read_line(number, line, &pidfile);
        }
    }
    if (pidfile.pid == 0) {
        return -1;
    }
    if (number < LINE_STATUS) {
        pidfile.status = PIDFILE_STARTING;
    }
    *ret_pidfile = pidfile;
    return 0;
}
