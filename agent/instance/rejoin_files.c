/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The marker of a rejoin, and its worker. */

#include "rejoin_files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "files.h"
#include "processes.h"
#include "report.h"
#include "worker.h"

#define MARKER "PGWARD.rejoin"
#define MARKER_MODE 0600

static int
marker_path(const struct instance *instance, char *ret_path)
{
    struct text path;

    text_init(&path, ret_path, PATH_SIZE);
    text_add(&path, "%s/" MARKER, instance->params.tmpdir);
    if (path.overflow) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return 0;
}

int
rejoin_read_marker(const struct instance *instance,
                   struct rejoin_marker *ret_marker)
{
    char path[PATH_SIZE];
    char bytes[REJOIN_MARKER_SIZE];
    size_t len;
    struct stat info;
    int error = 0;

    if (marker_path(instance, path) != 0) {
        return -1;
    }
    /* a user who could not be looked up is no marker (P5) */
    if (lstat(path, &info) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
        return 0;
    }
    if (identity_become(&instance->identity) != 0) {
        return -1;
    }
    if (files_read(path, bytes, sizeof(bytes), &len) != 0) {
        error = errno;
    }
    identity_return();
    if (error != 0) {
        errno = error;
        return error == ENOENT || error == ENOTDIR ? 0 : -1;
    }
    if (rejoin_marker_parse(bytes, ret_marker) != 0) {
        errno = EINVAL;
        return -1;
    }
    return 1;
}

int
rejoin_write_marker(const struct instance *instance,
                    const struct rejoin_marker *marker, struct text *ret_why)
{
    char path[PATH_SIZE];
    char bytes[REJOIN_MARKER_SIZE];
    struct text text;
    int error;

    text_init(&text, bytes, sizeof(bytes));
    rejoin_marker_format(marker, &text);
    if (marker_path(instance, path) != 0
        || identity_become(&instance->identity) != 0) {
        error = errno;
    } else {
        error = files_write(path, bytes, text.len, MARKER_MODE) != 0 ? errno
                                                                     : 0;
        identity_return();
    }
    if (error != 0) {
        text_add(ret_why, "could not write '%s': %s", path, strerror(error));
        return -1;
    }
    return 0;
}

int
rejoin_remove_marker(const struct instance *instance, struct text *ret_why)
{
    char path[PATH_SIZE];
    int error;

    if (marker_path(instance, path) != 0
        || identity_become(&instance->identity) != 0) {
        error = errno;
    } else {
        error = files_remove(path) != 0 ? errno : 0;
        identity_return();
    }
    if (error != 0) {
        text_add(ret_why, "could not remove '%s': %s", path,
                 strerror(error));
        return -1;
    }
    return 0;
}

uint64_t
rejoin_inode(const struct instance *instance)
{
    struct stat info;

    return stat(instance->params.pgdata, &info) == 0 ? (uint64_t) info.st_ino
                                                     : 0;
}

void
rejoin_boot(char *ret_boot)
{
    size_t len;

    ret_boot[0] = '\0';
    if (files_read("/proc/sys/kernel/random/boot_id", ret_boot, BOOT_ID_SIZE,
                   &len) != 0) {
        ret_boot[0] = '\0';
    }
    ret_boot[strcspn(ret_boot, "\n")] = '\0';
}

static void
take_marker(const struct instance *instance,
            const struct rejoin_marker *marker, struct rejoin *rejoin)
{
    uint64_t inode = rejoin_inode(instance);

    rejoin->phase = marker->phase;
    rejoin->end = marker->end;
    rejoin->attempts = marker->attempts;
    rejoin->fork = marker->fork;
    rejoin->timeline = marker->timeline;
    memcpy(rejoin->system_id, marker->system_id, SYSTEM_ID_SIZE);
    rejoin->same_data = inode == 0 ? TRI_UNKNOWN
                        : inode == marker->inode ? TRI_YES : TRI_NO;
    memcpy(rejoin->why, marker->why, sizeof(rejoin->why));
}

void
rejoin_observe(const struct instance *instance, struct rejoin *ret_rejoin)
{
    struct rejoin_marker marker;
    struct worker_record worker;
    int marked = rejoin_read_marker(instance, &marker);

    memset(ret_rejoin, 0, sizeof(*ret_rejoin));
    if (marked == 1) {
        take_marker(instance, &marker, ret_rejoin);
    } else if (marked < 0) {
        ret_rejoin->phase = REJOIN_UNKNOWN;
        (void) text_copy(strerror(errno), ret_rejoin->why,
                         sizeof(ret_rejoin->why));
    }
    ret_rejoin->alive = TRI_NO;
    ret_rejoin->ours = TRI_NO;
    if (worker_read(instance, WORKER_REJOIN, &worker) != 0
        || !worker_lives(&worker)) {
        return;
    }
    ret_rejoin->alive = TRI_YES;
    ret_rejoin->ours = worker.pid == getpid() ? TRI_YES : TRI_NO;
    ret_rejoin->still_ms = worker_age_ms(worker.since_ms);
}

int
rejoin_begin(const struct instance *instance, struct text *ret_why)
{
    struct worker_record record = {
        .kind = WORKER_REJOIN,
        .since_ms = (uint64_t) clock_now_ms(),
    };
    struct rejoin_marker marker;
    char agent[PATH_SIZE];
    const char *argv[] = { agent, "rejoin", NULL };

    if (rejoin_end(instance, ret_why) != 0) {
        return -1;
    }
    if (rejoin_read_marker(instance, &marker) != 1) {
        text_add(ret_why, "could not read PGWARD.rejoin in '%s': %s",
                 instance->params.tmpdir, strerror(errno));
        return -1;
    }
    marker.attempts = marker.end == REJOIN_GOES_ON ? marker.attempts + 1 : 1;
    marker.end = REJOIN_GOES_ON;
    if (rejoin_write_marker(instance, &marker, ret_why) != 0
        || worker_find_agent(agent, ret_why) != 0
        || worker_launch(instance, argv, &record, ret_why) != 0) {
        return -1;
    }
    report_log(LOG_INFO, "process %d brings this node back (attempt %u)",
               record.pid, marker.attempts);
    return 0;
}

int
rejoin_end_process(const struct instance *instance, struct text *ret_why)
{
    struct worker_record record;

    if (worker_read(instance, WORKER_REJOIN, &record) != 0) {
        return 0;
    }
    if (record.pid != getpid()
        && processes_end_session(record.pid, record.start,
                                 instance->deadline_ms) != 0) {
        text_add(ret_why, "could not end process %d and what it runs: %s",
                 record.pid, strerror(errno));
        return -1;
    }
    return 0;
}

int
rejoin_end(const struct instance *instance, struct text *ret_why)
{
    if (rejoin_end_process(instance, ret_why) != 0) {
        return -1;
    }
    worker_forget(instance, WORKER_REJOIN);
    return 0;
}

void
rejoin_note_progress(const struct instance *instance, uint64_t done,
                     uint64_t total)
{
    struct worker_record record;
    char why_text[SERVER_TEXT_SIZE];
    struct text why;

    text_init(&why, why_text, sizeof(why_text));
    if (worker_read(instance, WORKER_REJOIN, &record) != 0
        || record.pid != getpid()) {
        return;     /* it has been ended */
    }
    record.since_ms = (uint64_t) clock_now_ms();
    record.done = done;
    record.total = total;
    if (worker_write(instance, &record, &why) != 0) {
        report_log(LOG_WARNING, "%s", why_text);
    }
}
