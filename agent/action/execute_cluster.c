/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations in the cluster: attributes, the record, options. */

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <syslog.h>

#include "clock.h"
#include "execute_parts.h"
#include "report.h"
#include "sender_name.h"

/* Another node's daemon has this long to answer. */
#define READ_COPY_MS 1000

/* crm_attr_timeout, within the action's own time. */
static int64_t
attr_deadline(const struct job *job)
{
    int64_t limit = clock_now_ms()
                    + job->instance->params.crm_attr_timeout_s * 1000;

    return limit < job->instance->deadline_ms ? limit
                                              : job->instance->deadline_ms;
}

int
do_set_attr(struct job *job)
{
    const char *value = job->op->value;

    report_log(LOG_INFO, "%s on '%s': '%s'", op_name(job->op->kind),
               job_node(job), value);
    if (cluster_set_attr(job->instance->cluster, op_attr(job->op->kind),
                         job_node(job), value[0] == '\0' ? NULL : value,
                         attr_deadline(job), &job->why) != 0) {
        return -1;
    }
    snapshot_note_attr(job->snapshot, job->op->node, job->op->kind, value);
    return 0;
}

/* What a node's copy said before its record was written is an old story. */
static void
forget_copy(struct node *node)
{
    memset(&node->copy, 0, sizeof(node->copy));
    memset(&node->copy_quorum, 0, sizeof(node->copy_quorum));
    memset(&node->copy_self, 0, sizeof(node->copy_self));
    node->copy_answered = TRI_UNKNOWN;
}

/* All of a row is one change of the CIB. */
int
do_set_records(struct job *job)
{
    struct cluster_record record[PLAN_OPS_MAX];

    for (size_t i = 0; i < job->count; i++) {
        const struct op *op = &job->op[i];
        struct node *node = &job->snapshot->node[op->node];
        bool is_quorum = op->kind == OP_SET_DATA_QUORUM;
        const struct attr *old = is_quorum ? &node->record.quorum
                                           : &node->record.data_status;

        forget_copy(node);
        report_log(is_quorum ? LOG_INFO : LOG_NOTICE,
                   "data-%s of '%s': '%s' -> '%s'",
                   is_quorum ? "quorum" : "status", node->name, old->value,
                   op->value);
        record[i].node = node->name;
        record[i].value = op->value;
        record[i].is_quorum = is_quorum;
    }
    return cluster_set_records(job->instance->cluster, record, job->count,
                               attr_deadline(job), &job->why);
}

static int
record_option(struct job *job, enum cluster_option option, const char *value)
{
    return cluster_record_option(job->instance->cluster, option, value,
                                 attr_deadline(job), &job->why);
}

int
do_record_system_id(struct job *job)
{
    report_log(LOG_NOTICE, "the cluster's database is %s", job->op->value);
    return record_option(job, CLUSTER_OPTION_SYSTEM_ID, job->op->value);
}

/* No secret: two clusters, and whoever knows a node's name, have another. */
int
do_record_name_key(struct job *job)
{
    char key[NAME_KEY_LENGTH + 1];
    uint32_t random;
    struct text text;

    if (getrandom(&random, sizeof(random), 0) != (ssize_t) sizeof(random)) {
        text_add(&job->why, "could not get random bytes: %s",
                 strerror(errno));
        return -1;
    }
    text_init(&text, key, sizeof(key));
    text_add(&text, "%08x", random);
    report_log(LOG_NOTICE, "standbys of this cluster stream as NODE~%s",
               job->op->value[0] != '\0' ? job->op->value : key);
    return record_option(job, CLUSTER_OPTION_NAME_KEY,
                         job->op->value[0] != '\0' ? job->op->value : key);
}

/* What another node's own copy of the CIB says of it. */
int
do_read_copy(struct job *job)
{
    struct node *node = &job->snapshot->node[job->op->node];
    int64_t limit = clock_now_ms() + READ_COPY_MS;
    int rc;

    forget_copy(node);
    if (limit > job->instance->deadline_ms) {
        limit = job->instance->deadline_ms;
    }
    rc = cluster_read_copy(job->instance->cluster, job_node(job), limit, node,
                           &job->why);
    node->copy_answered = rc == 0 ? TRI_YES : TRI_NO;
    return rc;
}
