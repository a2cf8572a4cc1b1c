/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations that bring a node's data back by a new copy (P9). */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "cleanup.h"
#include "clock.h"
#include "memory.h"
#include "pgsql_source.h"
#include "rebuild.h"
#include "rejoin_files.h"
#include "rejoin_parts.h"
#include "report.h"
#include "salvage.h"
#include "server_config.h"

/* A question to the primary. */
#define ASK_MS 30000

/* For removing, a monitor has so long. */
#define SLICE_MS 300

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
note_timeline(struct job *job, uint32_t timeline, uint64_t *ret_inode)
{
    struct rejoin_marker marker;

    if (job_read_marker(job, &marker) != 0) {
        return -1;
    }
    marker.timeline = timeline;
    if (rejoin_write_marker(job->instance, &marker, &job->why) != 0) {
        return -1;
    }
    job->snapshot->rejoin.timeline = timeline;
    *ret_inode = marker.inode;
    return 0;
}

static void
free_spaces(struct tablespaces **spaces)
{
    free(*spaces);
}

static int
rebuild(struct job *job)
{
    const struct rejoin *rejoin = &job->snapshot->rejoin;
    bool has_words = job->instance->params.rebuild_command[0] != '\0';
    struct teller teller = { job, has_words ? 0 : clock_now_ms() };
    CLEANUP(free_spaces)
    struct tablespaces *spaces = calloc(1, sizeof(*spaces));
    struct rebuild_request request = {
        .params = &job->instance->params,
        .identity = &job->instance->identity,
        .spaces = spaces,
        .timeline = (uint32_t) job->op->number,
        .idle_ms = REJOIN_IDLE_MS,
        .deadline_ms = job->instance->deadline_ms,
        .progress = copy_ticks,
        .context = &teller,
    };

    if (spaces == NULL
        || note_timeline(job, request.timeline, &request.inode) != 0
        || pgsql_list_tablespaces(job->instance->pgsql,
                                  clock_now_ms() + ASK_MS, spaces, &job->why)
           != 0) {
        return -1;
    }
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

/* Quick: no other action finds half of it, and nobody starts that. */
int
do_swap_data(struct job *job)
{
    const struct instance *instance = job->instance;
    struct rejoin_marker marker;
    char old[PATH_SIZE];

    if (job_read_marker(job, &marker) != 0
        || config_block_folder(&instance->params, &instance->identity,
                               &job->why) != 0
        || rebuild_swap(&instance->params, &instance->identity, marker.inode,
                        old, &job->why) != 0
        || config_remove_block(&instance->params, &instance->identity,
                               &job->why) != 0) {
        return -1;
    }
    if (old[0] != '\0') {
        report_log(LOG_NOTICE, "a new copy is in the place of this node's "
                   "data, which is kept in '%s'", old);
    }
    return job_restore_own(job);
}

int
do_prune_kept(struct job *job)
{
    const struct instance *instance = job->instance;
    const int64_t deadline_ms = clock_now_ms() + SLICE_MS;
    const struct salvage_limits limits = salvage_limits_of(&instance->params,
                                                           deadline_ms);
    int rc = salvage_prune(&instance->params, &instance->identity, &limits,
                           &job->why);

    rc = rc == 0 ? rebuild_prune(&instance->params, &instance->identity,
                                 deadline_ms, &job->why) : rc;
    if (rc != 0 && errno == ETIME && job->why.len == 0) {
        return 0;       /* the next monitor goes on */
    }
    memory_note_kept(instance);
    return rc;
}
