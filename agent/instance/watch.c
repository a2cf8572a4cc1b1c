/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The watcher's record, its begin and end, and its report. */

#include "watch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "files.h"
#include "memory.h"
#include "processes.h"
#include "report.h"
#include "spawn.h"
#include "watch_record.h"

#define RECORD_SIZE 256
#define RECORD_MODE 0600
#define NUMBER_SIZE 24

/* The controller has so long to take a report, which holds the lock. */
#define TELL_MS 3000

static int
read_record(const struct instance *instance, struct watch_record *ret_record)
{
    char path[PATH_SIZE];
    char bytes[RECORD_SIZE];
    size_t len;

    if (files_read(instance_run_path(instance, "watch", path), bytes,
                   sizeof(bytes), &len) != 0) {
        return -1;
    }
    return watch_record_parse(bytes, ret_record);
}

static int
write_record(const struct instance *instance,
             const struct watch_record *record, struct text *ret_why)
{
    char path[PATH_SIZE];
    char bytes[RECORD_SIZE];
    struct text text;

    text_init(&text, bytes, sizeof(bytes));
    watch_record_format(record, &text);
    if (files_write(instance_run_path(instance, "watch", path), bytes,
                    text.len, RECORD_MODE) == 0) {
        return 0;
    }
    text_add(ret_why, "could not write '%s': %s", path, strerror(errno));
    return -1;
}

/* The time between the two, at least 1: 0 stands for never. */
static uint32_t
age_ms(uint64_t then_ms)
{
    uint64_t now_ms = (uint64_t) clock_now_ms();
    uint64_t age = now_ms > then_ms ? now_ms - then_ms : 1;

    return age < UINT32_MAX ? (uint32_t) age : UINT32_MAX;
}

void
watch_observe(const struct instance *instance, struct watch *ret_watch)
{
    struct watch_record record;

    memset(ret_watch, 0, sizeof(*ret_watch));
    if (read_record(instance, &record) != 0) {
        return;
    }
    ret_watch->postmaster_pid = record.postmaster_pid;
    ret_watch->alive = record.watcher_start != 0
                       && process_start(record.watcher_pid)
                          == record.watcher_start ? TRI_YES : TRI_NO;
    ret_watch->ours = ret_watch->alive == TRI_YES
                      && record.watcher_pid == getpid() ? TRI_YES : TRI_NO;
    if (record.reported_ms != 0) {
        ret_watch->reported_ms = age_ms(record.reported_ms);
    }
}

/* Our own executable: what the watcher becomes when the server has died. */
static int
find_agent(char *ret_path, struct text *ret_why)
{
    ssize_t len = readlink("/proc/self/exe", ret_path, PATH_SIZE - 1);
    static const char deleted[] = " (deleted)";
    size_t mark = sizeof(deleted) - 1;

    if (len <= 0) {
        text_add(ret_why, "could not read '/proc/self/exe': %s",
                 strerror(errno));
        return -1;
    }
    ret_path[len] = '\0';
    if ((size_t) len > mark
        && strcmp(ret_path + len - mark, deleted) == 0) {
        ret_path[(size_t) len - mark] = '\0';   /* an upgrade: the new one */
    }
    return 0;
}

static int
launch(struct watch_record *record, struct text *ret_why)
{
    char agent[PATH_SIZE];
    char pid[NUMBER_SIZE];
    char start[NUMBER_SIZE];
    const char *argv[] = { WATCHER_PATH, pid, start, agent, NULL };
    pid_t watcher;

    if (find_agent(agent, ret_why) != 0) {
        return -1;
    }
    (void) snprintf(pid, sizeof(pid), "%" PRId32, record->postmaster_pid);
    (void) snprintf(start, sizeof(start), "%" PRIu64,
                    record->postmaster_start);
    if (spawn_leave(argv, &watcher) != 0) {
        text_add(ret_why, "could not start '%s': %s", WATCHER_PATH,
                 strerror(errno));
        return -1;
    }
    record->watcher_pid = watcher;
    record->watcher_start = process_start(watcher);
    return 0;
}

int
watch_begin(const struct instance *instance, int32_t postmaster_pid,
            struct text *ret_why)
{
    struct watch_record record = {
        .postmaster_pid = postmaster_pid,
        .postmaster_start = process_start(postmaster_pid),
    };

    watch_end(instance);
    if (record.postmaster_start == 0) {
        return 0;       /* it died just now: the next monitor finds out */
    }
    if (access(WATCHER_PATH, X_OK) != 0) {
        memory_say(instance, LOG_WARNING, "'" WATCHER_PATH "' cannot be run: "
                   "a server's death is found by the next monitor. Install "
                   "it, or set watch=false");
        return 0;
    }
    if (launch(&record, ret_why) != 0) {
        return -1;
    }
    if (write_record(instance, &record, ret_why) != 0) {
        process_kill(record.watcher_pid, record.watcher_start);
        return -1;
    }
    report_log(LOG_DEBUG, "process %d watches postmaster %d",
               record.watcher_pid, postmaster_pid);
    return 0;
}

void
watch_end(const struct instance *instance)
{
    struct watch_record record;
    char path[PATH_SIZE];

    if (read_record(instance, &record) == 0) {
        process_kill(record.watcher_pid, record.watcher_start);
    }
    (void) unlink(instance_run_path(instance, "watch", path));
}

int
watch_hand_over(const struct instance *instance, struct text *ret_why)
{
    struct watch_record record;

    if (read_record(instance, &record) != 0) {
        return 0;
    }
    record.reported_ms = (uint64_t) clock_now_ms();
    return write_record(instance, &record, ret_why);
}

int
watch_report(struct instance *instance, struct text *ret_why)
{
    struct watch_record record;
    char path[PATH_SIZE];
    int64_t limit_ms = clock_now_ms() + TELL_MS;
    int64_t count = -1;

    if (limit_ms > instance->deadline_ms) {
        limit_ms = instance->deadline_ms;
    }
    if (read_record(instance, &record) != 0) {
        return 0;
    }
    /* first, so that no monitor counts it a second time in the meantime */
    record.reported_ms = (uint64_t) clock_now_ms();
    record.watcher_pid = 0;
    record.watcher_start = 0;
    if (write_record(instance, &record, ret_why) != 0
        || cluster_report_failure(instance->cluster, limit_ms,
                                  &count, ret_why) != 0) {
        (void) unlink(instance_run_path(instance, "watch", path));
        return -1;
    }
    instance_unlock(instance);
    return cluster_count_once(instance->cluster, count,
                              limit_ms, ret_why);
}
