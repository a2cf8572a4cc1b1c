/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The watcher's record, its begin and end, and its report. */

#include "watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "memory.h"
#include "processes.h"
#include "report.h"
#include "worker.h"

#define NUMBER_SIZE 24

/* The controller has so long to take a report, which holds the lock. */
#define TELL_MS 3000

static void
note_told(struct worker_record *record)
{
    record->phase = WATCH_TOLD;
    record->since_ms = (uint64_t) clock_now_ms();
}

void
watch_observe(const struct instance *instance, struct watch *ret_watch)
{
    struct worker_record record;

    memset(ret_watch, 0, sizeof(*ret_watch));
    if (worker_read(instance, WORKER_WATCH, &record) != 0) {
        return;
    }
    ret_watch->postmaster_pid = record.subject_pid;
    ret_watch->alive = worker_lives(&record) ? TRI_YES : TRI_NO;
    ret_watch->ours = ret_watch->alive == TRI_YES && record.pid == getpid()
                      ? TRI_YES : TRI_NO;
    if (record.phase == WATCH_TOLD) {
        ret_watch->reported_ms = worker_age_ms(record.since_ms);
    }
}

static int
launch(const struct instance *instance, struct worker_record *record,
       struct text *ret_why)
{
    char agent[PATH_SIZE];
    char pid[NUMBER_SIZE];
    char start[NUMBER_SIZE];
    const char *argv[] = { WATCHER_PATH, pid, start, agent, NULL };

    if (worker_find_agent(agent, ret_why) != 0) {
        return -1;
    }
    (void) snprintf(pid, sizeof(pid), "%" PRId32, record->subject_pid);
    (void) snprintf(start, sizeof(start), "%" PRIu64, record->subject_start);
    return worker_launch(instance, argv, record, ret_why);
}

int
watch_begin(const struct instance *instance, int32_t postmaster_pid,
            struct text *ret_why)
{
    struct worker_record record = {
        .kind = WORKER_WATCH,
        .subject_pid = postmaster_pid,
        .subject_start = process_start(postmaster_pid),
    };

    watch_end(instance);
    if (record.subject_start == 0) {
        return 0;       /* it died just now: the next monitor finds out */
    }
    if (access(WATCHER_PATH, X_OK) != 0) {
        memory_say(instance, LOG_WARNING, "'" WATCHER_PATH "' cannot be run: "
                   "a server's death is found by the next monitor. Install "
                   "it, or set watch=false");
        return 0;
    }
    if (launch(instance, &record, ret_why) != 0) {
        return -1;
    }
    report_log(LOG_DEBUG, "process %d watches postmaster %d", record.pid,
               postmaster_pid);
    return 0;
}

void
watch_end(const struct instance *instance)
{
    struct worker_record record;

    if (worker_read(instance, WORKER_WATCH, &record) == 0) {
        process_kill(record.pid, record.start);
    }
    worker_forget(instance, WORKER_WATCH);
}

int
watch_hand_over(const struct instance *instance, struct text *ret_why)
{
    struct worker_record record;

    if (worker_read(instance, WORKER_WATCH, &record) != 0) {
        return 0;
    }
    note_told(&record);
    return worker_write(instance, &record, ret_why);
}

int
watch_report(struct instance *instance, struct text *ret_why)
{
    struct worker_record record;
    int64_t limit_ms = clock_now_ms() + TELL_MS;
    int64_t count = -1;

    if (limit_ms > instance->deadline_ms) {
        limit_ms = instance->deadline_ms;
    }
    if (worker_read(instance, WORKER_WATCH, &record) != 0) {
        return 0;
    }
    /* first, so that no monitor counts it a second time in the meantime */
    note_told(&record);
    record.pid = 0;
    record.start = 0;
    if (worker_write(instance, &record, ret_why) != 0
        || cluster_report_failure(instance->cluster, limit_ms,
                                  &count, ret_why) != 0) {
        worker_forget(instance, WORKER_WATCH);
        return -1;
    }
    instance_unlock(instance);
    return cluster_count_once(instance->cluster, count,
                              limit_ms, ret_why);
}
