/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations that bring a node's data back by a new copy (P9). */

#include <string.h>
#include <syslog.h>

#include "clock.h"
#include "rebuild.h"
#include "rejoin_files.h"
#include "rejoin_parts.h"
#include "report.h"

static void
copy_ticks(void *context, const char *words, uint64_t done_kb,
           uint64_t total_kb)
{
    if (words != NULL) {
        teller_tell_words(context, words);
    } else {
        teller_tell(context, "copying", done_kb, total_kb);
    }
}

static int
rebuild(struct job *job)
{
    const struct rejoin *rejoin = &job->snapshot->rejoin;
    bool has_words = job->instance->params.rebuild_command[0] != '\0';
    struct teller teller = { job, has_words ? 0 : clock_now_ms() };
    struct rebuild_request request = {
        .params = &job->instance->params,
        .identity = &job->instance->identity,
        .timeline = (uint32_t) job->op->number,
        .idle_ms = REJOIN_IDLE_MS,
        .deadline_ms = job->instance->deadline_ms,
        .progress = copy_ticks,
        .context = &teller,
    };
    struct rejoin_marker marker;

    if (job_read_marker(job, &marker) != 0) {
        return -1;
    }
    marker.timeline = request.timeline;
    if (rejoin_write_marker(job->instance, &marker, &job->why) != 0) {
        return -1;
    }
    job->snapshot->rejoin.timeline = marker.timeline;
    request.inode = marker.inode;
    memcpy(request.system_id, rejoin->system_id, sizeof(request.system_id));
    switch (rebuild_copy(&request, &job->why)) {
        case REBUILD_OK:
            return 0;
        case REBUILD_REFUSED:
            job->final = true;
            break;
        case REBUILD_FAILED:
            break;
    }
    return -1;
}

int
do_rebuild(struct job *job)
{
    return job_work_alone(job, rebuild);
}

/* Quick: no other action finds half of it. */
int
do_swap_data(struct job *job)
{
    const struct instance *instance = job->instance;
    struct rejoin_marker marker;
    char old[PATH_SIZE];

    if (job_read_marker(job, &marker) != 0
        || rebuild_swap(&instance->params, &instance->identity, marker.inode,
                        old, &job->why) != 0) {
        return -1;
    }
    if (old[0] != '\0') {
        report_log(LOG_NOTICE, "a new copy is in the place of this node's "
                   "data, which is '%s' now", old);
    }
    return job_restore_own(job);
}
