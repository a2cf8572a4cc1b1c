/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations that bring a node's data back (P9). The long ones do not hold the
 * instance's lock: no other action touches the data while the worker lives,
 * and whoever wants to ends the worker first.
 */

#include <string.h>
#include <syslog.h>

#include "clock.h"
#include "execute_parts.h"
#include "line.h"
#include "names.h"
#include "own_files.h"
#include "percent.h"
#include "pgsql_source.h"
#include "rebuild.h"
#include "rejoin_files.h"
#include "rejoin_parts.h"
#include "report.h"
#include "salvage.h"

/* A long step is told of so often: each change reaches the CIB. */
#define TELL_MS 10000

#define LIST_MS 600000

int
job_read_marker(struct job *job, struct rejoin_marker *ret_marker)
{
    int rc = rejoin_read_marker(job->instance, ret_marker);

    if (rc < 0) {
        text_add(&job->why, "could not read the marker PGWARD.rejoin in '%s'",
                 job->instance->params.tmpdir);
        return -1;
    }
    if (rc == 0) {
        memset(ret_marker, 0, sizeof(*ret_marker));
        ret_marker->inode = rejoin_inode(job->instance);
    }
    return 0;
}

/* `FORK TIMELINE`, as the plan has it. */
static int
read_fork(const char *value, struct rejoin_marker *marker)
{
    char fork[WAL_POSITION_TEXT_SIZE];
    size_t len = strcspn(value, " ");
    uint64_t timeline;

    if (len >= sizeof(fork) || value[len] == '\0'
        || line_read_number(value + len + 1, UINT32_MAX, &timeline) == NULL) {
        return -1;
    }
    memcpy(fork, value, len);
    fork[len] = '\0';
    marker->timeline = (uint32_t) timeline;
    return wal_position_parse(fork, &marker->fork);
}

/* What an earlier one has left is not this one's. */
static int
begin_marker(struct job *job, struct rejoin_marker *marker)
{
    const struct instance *instance = job->instance;

    if (read_fork(job->op->value, marker) != 0) {
        text_add(&job->why, "the plan names no fork");
        return -1;
    }
    return own_files_forget(&instance->params, &instance->identity,
                            &job->why);
}

/* The data is to be put aside: what was it? */
static int
begin_copy(struct job *job, const struct rejoin_marker *marker)
{
    const struct instance *instance = job->instance;

    if (marker->phase == REJOIN_NONE) {
        return own_files_forget(&instance->params, &instance->identity,
                                &job->why);     /* an earlier one's */
    }
    return job->op->number == REJOIN_SPOILT
           ? rebuild_note_torn(&instance->params, &instance->identity,
                               &job->why) : 0;
}

/* What was kept of the data that is put aside must never come back into it. */
static void
take_copy(const struct job *job, struct rejoin_marker *marker)
{
    job->snapshot->rejoin.fork = (struct wal_position) { 0, 0 };
    marker->inode = rejoin_inode(job->instance);
    marker->fork = (struct wal_position) { 0, 0 };
    marker->kept[0] = '\0';
}

int
do_mark_rejoin(struct job *job)
{
    struct snapshot *snapshot = job->snapshot;
    struct rejoin_marker marker;

    if (job_read_marker(job, &marker) != 0) {
        return -1;
    }
    if ((job->op->number == REJOIN_COPYING || job->op->number == REJOIN_SPOILT)
        && begin_copy(job, &marker) != 0) {
        return -1;
    }
    if (job->op->number == REJOIN_WHOLE && marker.phase == REJOIN_COPIED) {
        take_copy(job, &marker);
    }
    marker.phase = (enum rejoin_phase) job->op->number;
    if (marker.phase == REJOIN_BEGUN && begin_marker(job, &marker) != 0) {
        return -1;
    }
    if (marker.system_id[0] == '\0') {
        memcpy(marker.system_id, snapshot->files.system_id,
               sizeof(marker.system_id));
    }
    report_log(LOG_INFO, "this node comes back: PGWARD.rejoin says '%s'",
               names_name(names_rejoin, marker.phase));
    if (rejoin_write_marker(job->instance, &marker, &job->why) != 0) {
        return -1;
    }
    snapshot->rejoin.phase = marker.phase;
    memcpy(snapshot->rejoin.system_id, marker.system_id,
           sizeof(marker.system_id));
    rejoin_note_progress(job->instance, 0, 0);
    return 0;
}

int
do_give_up_rejoin(struct job *job)
{
    struct rejoin_marker marker;

    if (job_read_marker(job, &marker) != 0) {
        return -1;
    }
    marker.end = (enum rejoin_end) job->op->number;
    if (job->op->value[0] != '\0') {
        (void) text_copy(job->op->value, marker.why, sizeof(marker.why));
    }
    return rejoin_write_marker(job->instance, &marker, &job->why);
}

/* What served the rewind alone; room on the disk, nothing else. */
static void
forget_before(const struct job *job, const char *folder)
{
    char why_text[SERVER_TEXT_SIZE];
    struct text why;

    text_init(&why, why_text, sizeof(why_text));
    if (folder[0] != '\0'
        && salvage_forget_before(&job->instance->params,
                                 &job->instance->identity, folder, &why)
           != 0) {
        report_log(LOG_WARNING, "%s", why_text);
    }
}

/* Before the data is touched, a check may have made links plain files. */
static int
restore_untouched(struct job *job, const struct rejoin_marker *marker)
{
    const struct instance *instance = job->instance;
    int rc = 0;

    if (marker->phase == REJOIN_BEGUN || marker->phase == REJOIN_KEPT) {
        rc = own_files_restore(&instance->params, &instance->identity, NULL,
                               &job->why);
    }
    return rc == OWN_FILES_NONE ? 0 : rc;
}

int
do_unmark_rejoin(struct job *job)
{
    const struct instance *instance = job->instance;
    struct rejoin_marker marker;

    if (job_read_marker(job, &marker) != 0
        || restore_untouched(job, &marker) != 0
        || own_files_forget(&instance->params, &instance->identity,
                            &job->why) != 0) {
        return -1;
    }
    forget_before(job, marker.kept);
    return rejoin_remove_marker(instance, &job->why);
}

int
do_begin_rejoin(struct job *job)
{
    return rejoin_begin(job->instance, &job->why);
}

int
do_end_rejoin(struct job *job)
{
    if (rejoin_end(job->instance, &job->why) != 0) {
        return -1;
    }
    job->snapshot->rejoin.alive = TRI_NO;
    return 0;
}

static bool
is_due(struct teller *teller)
{
    int64_t now_ms = clock_now_ms();

    if (now_ms - teller->told_ms < TELL_MS) {
        return false;
    }
    teller->told_ms = now_ms;
    return true;
}

static void
say(const struct teller *teller, const char *words)
{
    const struct instance *instance = teller->job->instance;
    char why_text[SERVER_TEXT_SIZE];
    struct text why;

    text_init(&why, why_text, sizeof(why_text));
    report_log(LOG_INFO, "%s", words);
    if (cluster_set_attr(instance->cluster, ATTR_REJOIN, instance->self_name,
                         words, teller->told_ms + TELL_MS / 2, &why) != 0) {
        report_log(LOG_DEBUG, "%s", why_text);
    }
}

void
teller_tell_words(struct teller *teller, const char *words)
{
    char cut[ATTR_VALUE_SIZE];
    struct text text;

    rejoin_note_progress(teller->job->instance, 0, 0);
    if (is_due(teller)) {
        text_init(&text, cut, sizeof(cut));
        text_add_words(&text, words);
        say(teller, cut);
    }
}

void
teller_tell(struct teller *teller, const char *doing, uint64_t done,
            uint64_t total)
{
    char words[ATTR_VALUE_SIZE];
    struct text text;

    rejoin_note_progress(teller->job->instance, done, total);
    if (total == 0 || !is_due(teller)) {
        return;
    }
    text_init(&text, words, sizeof(words));
    percent_add(doing, done, total, &text);
    say(teller, words);
}

int
job_restore_own(struct job *job)
{
    const struct instance *instance = job->instance;
    char differ_text[SERVER_TEXT_SIZE];
    struct text differ;
    int rc;

    text_init(&differ, differ_text, sizeof(differ_text));
    rc = own_files_restore(&instance->params, &instance->identity, &differ,
                           &job->why);
    if (rc == OWN_FILES_NONE) {
        report_log(LOG_WARNING, "this node's own files are the primary's "
                   "now: %s", job->why_text);
        text_init(&job->why, job->why_text, sizeof(job->why_text));
        return 0;
    }
    if (rc == 0 && differ.len > 0) {
        report_log(LOG_INFO, "this node's own files are back, where the "
                   "primary's differed: %s", differ_text);
    }
    return rc;
}

static bool
keep_tick(void *context, uint64_t done, uint64_t total)
{
    teller_tell(context, "keeping its own WAL", done / 1024, total / 1024);
    return true;
}

/* In a synchronous mode a standby's word came before a commit's. */
static const char *
acknowledged_word(const struct job *job)
{
    return job->instance->params.rep_mode == REP_MODE_SYNC ? "no" : "maybe";
}

/* Which commits went: named, but no reason to stay out. */
static void
list_commits(struct job *job, struct teller *teller, const char *folder)
{
    const struct salvage_listing listing = {
        .params = &job->instance->params,
        .identity = &job->instance->identity,
        .folder = folder,
        .acknowledged = acknowledged_word(job),
        .deadline_ms = clock_now_ms() + LIST_MS,
        .tick = keep_tick,
        .context = teller,
    };
    struct salvage_counts counts;
    char why_text[SERVER_TEXT_SIZE];
    struct text why;

    text_init(&why, why_text, sizeof(why_text));
    if (salvage_list(&listing, &counts, &why) != 0) {
        report_log(LOG_WARNING, "the commits in '%s' are not named: %s",
                   folder, why_text);
        return;
    }
    report_log(LOG_NOTICE, "%llu transactions committed here that the primary "
               "does not have: see '%s/transactions'%s%s",
               (unsigned long long) counts.transactions, folder,
               counts.left_out > 0 ? "; it names the first of them" : "",
               counts.broken ? "; WAL behind them cannot be read, and may "
                               "hold more" : "");
}

/* Where the next worker finds what this one kept. */
static int
note_kept(struct job *job, const char *folder)
{
    struct rejoin_marker marker;

    if (salvage_note_files(&job->instance->params, &job->instance->identity,
                           folder, &job->why) != 0
        || job_read_marker(job, &marker) != 0) {
        return -1;
    }
    (void) text_copy(folder, marker.kept, sizeof(marker.kept)); /* as large */
    marker.fork = job->snapshot->rejoin.fork;
    return rejoin_write_marker(job->instance, &marker, &job->why);
}

int
job_keep_wal(struct job *job)
{
    const struct instance *instance = job->instance;
    struct teller teller = { job, 0 };
    const struct salvage_request request = {
        .params = &instance->params,
        .identity = &instance->identity,
        .node = instance->self_name,
        .fork = job->snapshot->rejoin.fork,
        .winner = job->snapshot->rejoin.timeline,
        .tick = keep_tick,
        .context = &teller,
    };
    const struct salvage_limits limits = salvage_limits_of(&instance->params,
                                                           0);
    struct salvage_kept kept;

    if (salvage_keep(&request, &kept, &job->why) != 0
        || note_kept(job, kept.folder) != 0) {
        return -1;
    }
    report_log(LOG_NOTICE, "this node's own WAL, %zu segments, is kept in "
               "'%s'%s", kept.segments, kept.folder,
               kept.complete ? "" : "; its beginning was not there any more");
    list_commits(job, &teller, kept.folder);
    if (salvage_prune(&instance->params, &instance->identity, &limits,
                      &job->why) != 0) {
        report_log(LOG_WARNING, "%s", job->why_text);
        text_init(&job->why, job->why_text, sizeof(job->why_text));
    }
    return 0;
}

int
job_work_alone(struct job *job, int (*work)(struct job *job))
{
    char why_text[SERVER_TEXT_SIZE];
    struct text why;
    int rc;

    instance_unlock(job->instance);
    rc = work(job);
    text_init(&why, why_text, sizeof(why_text));
    if (instance_lock(job->instance, &why) != OCF_SUCCESS && rc == 0) {
        text_add(&job->why, "%s", why_text);
        rc = -1;
    }
    return rc;
}

int
do_keep_wal(struct job *job)
{
    return job_work_alone(job, job_keep_wal);
}

static int
prove_source(struct job *job)
{
    struct source_claim claim = { .timeline = (uint32_t) job->op->number };
    enum source_proof proof = SOURCE_UNKNOWN;

    memcpy(claim.system_id, job->snapshot->rejoin.system_id,
           sizeof(claim.system_id));
    if (pgsql_prove_source(job->instance->pgsql, &claim,
                           clock_now_ms() + REJOIN_IDLE_MS, &proof, &job->why)
        == 0) {
        return 0;
    }
    if (proof == SOURCE_NO_CHECKPOINT_YET && job->op->value[0] != '\0') {
        text_init(&job->why, job->why_text, sizeof(job->why_text));
        return 0;       /* what copies makes one */
    }
    job->final = proof == SOURCE_OTHER_SYSTEM || proof == SOURCE_DENIED;
    return -1;
}

int
do_prove_source(struct job *job)
{
    return job_work_alone(job, prove_source);
}
