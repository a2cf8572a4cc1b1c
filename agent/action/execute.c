/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operations of a plan, one after the other; holds no policy. */

#include "execute.h"

#include <syslog.h>

#include "clock.h"
#include "execute_parts.h"
#include "memory.h"
#include "nftables.h"
#include "report.h"
#include "watch.h"

/* That it is done tells since when. */
int
do_nothing(struct job *job)
{
    (void) job;
    return 0;
}

int
do_log(struct job *job)
{
    report_log(job->op->number, "%s", job->op->value);
    return 0;
}

int
do_log_once(struct job *job)
{
    memory_say(job->instance, job->op->number, job->op->value);
    return 0;
}

int
do_watch(struct job *job)
{
    return watch_begin(job->instance, job->snapshot->process.postmaster_pid,
                       &job->why);
}

int
do_unwatch(struct job *job)
{
    watch_end(job->instance);
    return 0;
}

int
do_note_leaving(struct job *job)
{
    memory_note_leaving(job->instance, job_node(job));
    return 0;
}

int
do_note_calm(struct job *job)
{
    memory_note_calm(job->instance);
    return 0;
}

int
do_create_refusal(struct job *job)
{
    return nftables_create(job->instance, (unsigned) job->op->number,
                           &job->why);
}

int
do_drop_refusal(struct job *job)
{
    return nftables_drop(job->instance, &job->why);
}

int
do_hand_over(struct job *job)
{
    return watch_hand_over(job->instance, &job->why);
}

int
do_report(struct job *job)
{
    return watch_report(job->instance, &job->why);
}

#define HANDLER_ROW(symbol, word, handler, ...) [symbol] = do_##handler,
static int (*const handlers[OP_COUNT])(struct job *job) = {
    OP_LIST(HANDLER_ROW)
};
#undef HANDLER_ROW

static void
note_done(const struct job *job, enum op_kind kind, int rc)
{
    struct done *done = &job->snapshot->done[kind];
    uint32_t now_ms =
        (uint32_t) (clock_now_ms() - job->instance->begin_ms);

    if (done->times == 0) {
        done->first_ms = now_ms;
    }
    done->times++;
    done->last_ms = now_ms;
    done->rc = rc == 0 ? OP_RC_OK : job->no_way ? OP_RC_NO_WAY
               : job->final ? OP_RC_FINAL : OP_RC_FAILED;
}

static void
note_failed(struct job *job)
{
    if (job->why.len == 0) {
        text_add(&job->why, "its cause was too long to show");
    }
    report_log(job->op->need == OP_REQUIRED ? LOG_ERR : LOG_WARNING,
               "%s failed: %s", op_name(job->op->kind), job->why_text);
    if (job->op->need == OP_REQUIRED) {
        job->snapshot->failed = job->op->kind;
        (void) text_copy(job->why_text, job->snapshot->failure,
                         sizeof(job->snapshot->failure));   /* of one size */
    }
}

static bool
is_record(const struct op *op)
{
    return op->kind == OP_SET_DATA_STATUS || op->kind == OP_SET_DATA_QUORUM;
}

/* How many operations are done as one: records that follow one another. */
static size_t
row_length(const struct plan *plan, size_t first)
{
    const struct op *op = &plan->op[first];
    size_t count = 1;

    while (is_record(op) && first + count < plan->count
           && is_record(&op[count]) && op[count].need == op->need) {
        count++;
    }
    return count;
}

void
execute(struct instance *instance, const struct plan *plan,
        struct snapshot *snapshot)
{
    size_t next = 0;

    snapshot->failed = OP_NONE;
    while (next < plan->count && snapshot->failed == OP_NONE) {
        struct job job = { .instance = instance, .snapshot = snapshot,
                           .op = &plan->op[next],
                           .count = row_length(plan, next) };
        int rc;

        text_init(&job.why, job.why_text, sizeof(job.why_text));
        rc = handlers[job.op->kind](&job);
        for (size_t i = 0; i < job.count; i++) {
            note_done(&job, job.op[i].kind, rc);
        }
        if (rc != 0) {
            note_failed(&job);
        }
        next += job.count;
    }
}
