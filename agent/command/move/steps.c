/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a verb does in the cluster, in processes that can be ended. */

#include "steps.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "bounded.h"
#include "clock.h"
#include "instance_cib.h"

/* What waits by itself ends so long before the process is ended. */
#define MARGIN_MS 200

/* What is asked for, and what comes of it, in memory that both share. */
struct request {
    int (*run)(struct cluster *cluster, struct request *request,
               struct text *ret_why);
    const struct look *seen;
    int64_t deadline_ms;
    const void *input;
    size_t count;
    int rc;
    struct moves moves;
    char why[SERVER_TEXT_SIZE];
};

static int
run_in_child(void *context)
{
    struct request *request = context;
    struct cluster *cluster = cluster_new(request->seen->resource,
                                          request->seen->self_name);
    struct text why;

    text_init(&why, request->why, sizeof(request->why));
    request->rc = request->run(cluster, request, &why);
    cluster_close(cluster);
    return 0;
}

/* Run it; the answer is in `ret_answer`, and its rc is returned. */
static int
run(const struct step *step, const struct request *wanted,
    struct request *ret_answer, struct text *ret_why)
{
    struct request *request = bounded_share(sizeof(*request));
    struct bounded_work work = { .run = run_in_child, .context = request,
                                 .limit_ms = step->limit_ms };
    int status = 0;
    int error;

    if (request == NULL) {
        text_add(ret_why, "could not share memory: %s", strerror(errno));
        return -1;
    }
    *request = *wanted;
    request->seen = step->seen;
    request->deadline_ms = clock_now_ms() + step->limit_ms - MARGIN_MS;
    request->rc = -1;
    error = bounded_run(&work, &status);
    *ret_answer = *request;
    bounded_unshare(request, sizeof(*request));
    if (error != 0 || WIFSIGNALED(status)) {
        text_add(ret_why, "no answer in time: look at PostgreSQL and at "
                 "Pacemaker's daemons on this node");
        return -1;
    }
    text_add(ret_why, "%s", ret_answer->why);
    return ret_answer->rc;
}

static int
do_read_moves(struct cluster *cluster, struct request *request,
              struct text *ret_why)
{
    return cluster_read_moves(cluster, request->seen->clone,
                              request->deadline_ms, &request->moves, ret_why);
}

int
step_read_moves(const struct step *step, struct moves *ret_moves,
                struct text *ret_why)
{
    static struct request answer;
    const struct request wanted = { .run = do_read_moves };
    int rc = run(step, &wanted, &answer, ret_why);

    if (rc == 0) {
        *ret_moves = answer.moves;
    }
    return rc;
}

static int
do_begin_move(struct cluster *cluster, struct request *request,
              struct text *ret_why)
{
    return cluster_begin_move(cluster, request->input, request->deadline_ms,
                              ret_why);
}

int
step_begin_move(const struct step *step, const struct cluster_move *move,
                struct text *ret_why)
{
    static struct request answer;
    const struct request wanted = { .run = do_begin_move, .input = move };

    return run(step, &wanted, &answer, ret_why);
}

static int
do_end_move(struct cluster *cluster, struct request *request,
            struct text *ret_why)
{
    return cluster_end_move(cluster, request->deadline_ms, ret_why);
}

int
step_end_move(const struct step *step, struct text *ret_why)
{
    static struct request answer;
    const struct request wanted = { .run = do_end_move };

    return run(step, &wanted, &answer, ret_why);
}

static int
do_record_decision(struct cluster *cluster, struct request *request,
                   struct text *ret_why)
{
    return cluster_record_option(cluster, CLUSTER_OPTION_DECISION,
                                 request->input, request->deadline_ms,
                                 ret_why);
}

int
step_record_decision(const struct step *step, const char *value,
                     struct text *ret_why)
{
    static struct request answer;
    const struct request wanted = { .run = do_record_decision,
                                    .input = value };

    return run(step, &wanted, &answer, ret_why);
}

static int
do_set_records(struct cluster *cluster, struct request *request,
               struct text *ret_why)
{
    return cluster_set_records(cluster, request->input, request->count,
                               request->deadline_ms, ret_why);
}

int
step_set_records(const struct step *step,
                 const struct cluster_record *record, size_t count,
                 struct text *ret_why)
{
    static struct request answer;
    const struct request wanted = { .run = do_set_records, .input = record,
                                    .count = count };

    return run(step, &wanted, &answer, ret_why);
}

/* The resource anew: how to log in is of its parameters. */
static int
do_checkpoint(struct cluster *cluster, struct request *request,
              struct text *ret_why)
{
    static struct cluster_resource resource;
    static struct instance instance;
    static struct snapshot snapshot;
    const char *node = request->input;

    (void) cluster;
    if (instance_cib_init(request->seen->resource, request->deadline_ms,
                          &resource, &instance, &snapshot, ret_why) != 0) {
        return -1;
    }
    if (!text_same_name(node, instance.self_name)
        && pgsql_turn_to(instance.pgsql, node) != 0) {
        text_add(ret_why, "the name of node '%s' is too long", node);
        return -1;
    }
    return pgsql_checkpoint(instance.pgsql, request->deadline_ms, ret_why);
}

int
step_checkpoint(const struct step *step, const char *node,
                struct text *ret_why)
{
    static struct request answer;
    const struct request wanted = { .run = do_checkpoint, .input = node };

    return run(step, &wanted, &answer, ret_why);
}
