/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations that rewind a node's data (P9). One that was interrupted, by
 * whatever, is run again from what was kept: see salvage_put_back().
 */

#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "clock.h"
#include "own_files.h"
#include "rebuild.h"
#include "rejoin_files.h"
#include "rejoin_parts.h"
#include "report.h"
#include "rewind.h"
#include "salvage.h"
#include "server_config.h"
#include "single_user.h"

static void
rewind_ticks(void *context, const struct rewind_progress *progress)
{
    teller_tell(context, "rewinding", progress->done_kb, progress->total_kb);
}

static void
fill_request(struct teller *teller, struct rewind_request *ret_request)
{
    const struct job *job = teller->job;

    memset(ret_request, 0, sizeof(*ret_request));
    ret_request->params = &job->instance->params;
    ret_request->identity = &job->instance->identity;
    memcpy(ret_request->system_id, job->snapshot->rejoin.system_id,
           sizeof(ret_request->system_id));
    ret_request->timeline = (uint32_t) job->op->number;
    ret_request->idle_ms = REJOIN_IDLE_MS;
    ret_request->deadline_ms = job->instance->deadline_ms;
    ret_request->progress = rewind_ticks;
    ret_request->context = teller;
}

/* --- before that ---------------------------------------------------------- */

static int
end_recovery(struct job *job)
{
    const struct instance *instance = job->instance;

    return single_user_end_recovery(&instance->params, &instance->identity,
                                    instance->deadline_ms, REJOIN_IDLE_MS,
                                    &job->why);
}

int
do_end_recovery(struct job *job)
{
    return job_work_alone(job, end_recovery);
}

/* --- can it be done? ------------------------------------------------------ */

/*
 * Of another primary than the one that the rejoin began with the fork may be
 * an earlier one: what is this node's own from there on is kept, too.
 */
static int
keep_from_earlier(struct job *job, const struct rewind_progress *progress)
{
    struct rejoin *rejoin = &job->snapshot->rejoin;
    char fork[WAL_POSITION_TEXT_SIZE];

    if (progress->fork.lsn == 0 || progress->fork.lsn >= rejoin->fork.lsn) {
        return 0;
    }
    rejoin->fork = progress->fork;
    rejoin->timeline = (uint32_t) job->op->number;
    wal_position_format(rejoin->fork, fork);
    report_log(LOG_NOTICE, "this node's history leaves that of the primary "
               "now at %s, earlier than was known", fork);
    return job_keep_wal(job);
}

/* From the last common checkpoint on a rewind reads this node's WAL. */
static int
keep_what_it_reads(struct job *job, const struct rewind_progress *progress)
{
    const struct instance *instance = job->instance;
    const struct salvage_request request = {
        .params = &instance->params,
        .identity = &instance->identity,
        .node = instance->self_name,
        .fork = progress->from,
    };
    struct rejoin_marker marker;

    if (keep_from_earlier(job, progress) != 0
        || job_read_marker(job, &marker) != 0) {
        return -1;
    }
    return salvage_keep_before(&request, job->snapshot->rejoin.fork.lsn,
                               marker.kept, &job->why);
}

static int
ask_rewind(struct job *job)
{
    struct teller teller = { job, clock_now_ms() };
    struct rewind_request request;
    struct rewind_progress progress;

    fill_request(&teller, &request);
    memset(&progress, 0, sizeof(progress));
    switch (rewind_check(&request, &progress, &job->why)) {
        case REWIND_POSSIBLE:
            return keep_what_it_reads(job, &progress);
        case REWIND_NEXT_RUNG:
            job->no_way = true;
            break;
        case REWIND_REFUSED:
            job->final = true;
            break;
        case REWIND_LATER:
        case REWIND_VERDICT_UNKNOWN:
            break;
    }
    return -1;
}

/* Nothing else was changed yet. */
static void
undo_save(const struct job *job)
{
    const struct instance *instance = job->instance;
    char why_text[SERVER_TEXT_SIZE];
    struct text why;
    int rc;

    text_init(&why, why_text, sizeof(why_text));
    rc = own_files_restore(&instance->params, &instance->identity, NULL, &why);
    if (rc == OWN_FILES_NONE) {
        return;
    }
    if (rc != 0
        || own_files_forget(&instance->params, &instance->identity, &why)
           != 0) {
        report_log(LOG_WARNING, "%s", why_text);
    }
}

/* The save makes links and read-only files ready for what is asked about. */
static int
check_rewind(struct job *job)
{
    const struct instance *instance = job->instance;

    if (own_files_save(&instance->params, &instance->identity, true,
                       &job->why) == 0
        && ask_rewind(job) == 0) {
        return 0;
    }
    undo_save(job);
    return -1;
}

int
do_check_rewind(struct job *job)
{
    return job_work_alone(job, check_rewind);
}

/* --- do it ---------------------------------------------------------------- */

/* Nobody has written to the data since it was asked whether it can be. */
static bool
is_first_run(const struct job *job)
{
    const struct done *done = job->snapshot->done;

    return done[OP_CHECK_REWIND].times > 0
           && done[OP_CHECK_REWIND].rc == OP_RC_OK
           && done[OP_REWIND].times == 0;
}

/*
 * An interrupted worker may have come to the end of it. What pg_rewind wrote is
 * synced after that: power that was cut in between leaves what looks whole.
 */
static bool
is_whole_already(const struct rewind_request *request,
                 const struct rejoin_marker *marker)
{
    char boot[BOOT_ID_SIZE];
    char why_text[SERVER_TEXT_SIZE];
    struct text why;

    text_init(&why, why_text, sizeof(why_text));
    rejoin_boot(boot);
    return boot[0] != '\0' && strcmp(boot, marker->boot) == 0
           && marker->timeline == request->timeline
           && rewind_verify(request, &why) == TRI_YES;
}

static int
make_fit_again(struct job *job, const struct rejoin_marker *marker)
{
    const struct instance *instance = job->instance;
    struct salvage_back back;
    int saved = own_files_restore(&instance->params, &instance->identity, NULL,
                                  &job->why);

    if (saved != 0 && saved != OWN_FILES_NONE) {
        return -1;
    }
    text_init(&job->why, job->why_text, sizeof(job->why_text));
    if (salvage_put_back(&instance->params, &instance->identity,
                         marker->kept, &back, &job->why) != 0) {
        job->final = errno == ENOSPC;
        job->no_way = !job->final;
        return -1;
    }
    report_log(LOG_NOTICE, "the rewind was interrupted and is run again: %zu "
               "files of WAL are back from '%s', and %zu files of tables are "
               "as long as they were", back.segments, marker->kept,
               back.files);
    return saved == OWN_FILES_NONE
           ? 0 : own_files_save(&instance->params, &instance->identity, true,
                                &job->why);
}

static int
run_rewind(struct job *job, const struct rewind_request *request)
{
    struct rewind_progress progress;

    memset(&progress, 0, sizeof(progress));
    switch (rewind_run(request, &progress, &job->why)) {
        case REWIND_OK:
            return rewind_verify(request, &job->why) == TRI_YES ? 0 : -1;
        case REWIND_NO_WAL:
        case REWIND_UNFIT:
            job->no_way = true;
            break;
        case REWIND_DENIED:
        case REWIND_NOT_REQUIRED:
        case REWIND_NO_SPACE:
            job->final = true;
            break;
        case REWIND_FAILED:
        case REWIND_NO_ANSWER:
        case REWIND_TIMEOUT:
            break;
    }
    return -1;
}

/*
 * The primary's WAL comes beside this node's, which is removed last: a disk
 * that holds the one need not hold both.
 */
static int
make_room_for_wal(struct job *job, const struct rejoin_marker *marker)
{
    const struct instance *instance = job->instance;
    size_t count = 0;

    if (!rewind_wal_is_apart(&instance->params)) {
        return 0;
    }
    if (salvage_clear_wal(&instance->params, &instance->identity,
                          marker->kept, &count, &job->why) != 0) {
        return -1;
    }
    report_log(LOG_INFO, "%zu segments that a rewind does not read are gone "
               "from pg_wal: its disk has to hold the primary's", count);
    return 0;
}

static int
rewind_data(struct job *job)
{
    struct teller teller = { job, clock_now_ms() };
    struct rewind_request request;
    struct rejoin_marker marker;

    fill_request(&teller, &request);
    if (job_read_marker(job, &marker) != 0) {
        return -1;
    }
    if (!is_first_run(job)) {
        if (is_whole_already(&request, &marker)) {
            return 0;
        }
        if (make_fit_again(job, &marker) != 0) {
            return -1;
        }
    }
    marker.timeline = request.timeline;
    job->snapshot->rejoin.timeline = request.timeline;
    rejoin_boot(marker.boot);
    if (rebuild_clear_inside(&job->instance->params, &job->instance->identity,
                             &job->why) != 0
        || config_write_block(&job->instance->params, &job->instance->identity,
                              &job->why) != 0) {
        return -1;
    }
    return rejoin_write_marker(job->instance, &marker, &job->why) == 0
           && make_room_for_wal(job, &marker) == 0
           ? run_rewind(job, &request) : -1;
}

static int
rewind_and_restore(struct job *job)
{
    const struct instance *instance = job->instance;

    if (rewind_data(job) != 0
        || rewind_sync(&instance->params, &job->why) != 0
        || config_remove_block(&instance->params, &instance->identity,
                               &job->why) != 0) {
        return -1;
    }
    return job_restore_own(job);
}

int
do_rewind(struct job *job)
{
    return job_work_alone(job, rewind_and_restore);
}
