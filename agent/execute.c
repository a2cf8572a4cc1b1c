/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One switch over the operations; holds no policy. */

#include "execute.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "clock.h"
#include "config.h"
#include "memory.h"
#include "nftables.h"
#include "postgres.h"
#include "postgres_holders.h"
#include "report.h"
#include "sender_name.h"
#include "watch.h"

/* A standby that has to be restarted for a setting has this long to stop. */
#define RESTART_WAIT_MS 20000

/* From then on, a client that says nothing does not hold it up. */
#define NEWCOMERS_MS 2000

/* Another node's daemon has this long to answer. */
#define READ_COPY_MS 1000

/* One operation with what it works on; of records, a row of them. */
struct job {
    struct instance *instance;
    struct snapshot *snapshot;
    const struct op *op;
    size_t count;
    struct text why;
    char why_text[SERVER_TEXT_SIZE];
};

static const char *
job_node(const struct job *job)
{
    return job->snapshot->node[job->op->node].name;
}

/* crm_attr_timeout, within the action's own time. */
static int64_t
attr_deadline(const struct job *job)
{
    int64_t limit = clock_now_ms()
                    + job->instance->params.crm_attr_timeout_s * 1000;

    return limit < job->instance->deadline_ms ? limit
                                              : job->instance->deadline_ms;
}

static int
set_attr(struct job *job, enum cluster_attr attr)
{
    const char *value = job->op->value;

    report_log(LOG_INFO, "%s on '%s': '%s'", op_name(job->op->kind),
               job_node(job), value);
    if (cluster_set_attr(job->instance->cluster, attr, job_node(job),
                         value[0] == '\0' ? NULL : value,
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
static int
set_records(struct job *job)
{
    struct cluster_record record[PLAN_OPS_MAX];

    for (size_t i = 0; i < job->count; i++) {
        const struct op *op = &job->op[i];
        struct node *node = &job->snapshot->node[op->node];
        bool is_quorum = op->kind == OP_SET_DATA_QUORUM;
        const struct attr *old = is_quorum ? &node->quorum
                                           : &node->data_status;

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

/* No secret: two clusters, and whoever knows a node's name, have another. */
static int
record_name_key(struct job *job)
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

/*
 * The name that the standby's file is to have. Without a look at the cluster
 * it keeps the one that it has.
 */
static void
name_for_file(const struct job *job, char *ret_name)
{
    const struct snapshot *snapshot = job->snapshot;

    if (snapshot->name_key.known != ATTR_UNKNOWN
        || text_copy(snapshot->files.sender_name, ret_name,
                     NODE_NAME_SIZE) != 0 || ret_name[0] == '\0') {
        sender_name(snapshot, job->instance->self_name, ret_name);
    }
}

static int
write_standby(struct job *job)
{
    char name[NODE_NAME_SIZE];
    const struct pgconf_standby standby = {
        .params = &job->instance->params,
        .node = job->instance->self_name,
        .sender_name = name,
        .kind = (enum standby) job->op->number,
    };

    name_for_file(job, name);
    return config_write_standby(&standby, &job->instance->identity,
                                &job->why);
}

static int
start_server(struct job *job)
{
    const struct instance *instance = job->instance;

    report_log(LOG_INFO, "starting the server of '%s'",
               instance->params.pgdata);
    pgsql_close(instance->pgsql);
    return postgres_start(&instance->params, &instance->identity,
                          instance->deadline_ms, &job->why);
}

static int
signal_server(struct job *job, enum postgres_signal what)
{
    report_log(LOG_INFO, "%s (postmaster %d)", op_name(job->op->kind),
               job->snapshot->process.postmaster_pid);
    if (what != POSTGRES_RELOAD && what != POSTGRES_END_RECEIVER) {
        pgsql_close(job->instance->pgsql);
    }
    if ((what == POSTGRES_STOP_FAST || what == POSTGRES_STOP_IMMEDIATE
         || what == POSTGRES_KILL)
        && job->snapshot->process.state != PROCESS_ORPHANS) {
        watch_end(job->instance);   /* before it dies by our hand */
    }
    return postgres_signal(&job->instance->params, what, &job->why);
}

static int
restart_standby(struct job *job)
{
    const struct instance *instance = job->instance;
    int64_t begin_ms = clock_now_ms();
    int64_t limit = begin_ms + RESTART_WAIT_MS;
    bool hurried = false;
    struct process process = { 0 };

    if (limit > instance->deadline_ms) {
        limit = instance->deadline_ms;
    }
    if (signal_server(job, POSTGRES_STOP_FAST) != 0) {
        return -1;
    }
    do {
        clock_sleep_ms(20, limit);
        if (!hurried && clock_now_ms() - begin_ms >= NEWCOMERS_MS) {
            hurried = true;
            (void) signal_server(job, POSTGRES_END_NEWCOMERS);
        }
        (void) postgres_examine(&instance->params, false, &process);
    } while (process.state != PROCESS_GONE && clock_left_ms(limit) > 0);
    if (process.state != PROCESS_GONE) {
        text_add(&job->why, "the standby did not stop in time");
        return -1;
    }
    return start_server(job);
}

static int
end_holder(struct job *job, enum holder_kind kind, int number)
{
    return postgres_end_holder(&job->instance->params, kind, job->op->number,
                               number, &job->why);
}

static int
promote_server(struct job *job)
{
    const struct instance *instance = job->instance;
    int rc;

    report_log(LOG_NOTICE, "promoting the server");
    rc = pgsql_promote(instance->pgsql, instance->deadline_ms, &job->why);
    if (rc != PGSQL_PROMOTE_BY_SIGNAL) {
        return rc;
    }
    text_init(&job->why, job->why_text, sizeof(job->why_text));
    if (config_write_promote_trigger(&instance->params, &instance->identity,
                                     &job->why) != 0) {
        return -1;
    }
    return signal_server(job, POSTGRES_PROMOTE);
}

static int
change_slot(struct job *job, const char *node, bool create)
{
    const struct instance *instance = job->instance;
    char slot[NODE_NAME_SIZE];

    if (params_slot_name(instance->params.replication_slot_name, node, slot,
                         sizeof(slot)) != 0) {
        text_add(&job->why, "the slot's name for '%s' is too long", node);
        return -1;
    }
    report_log(LOG_INFO, "%s the replication slot '%s'",
               create ? "making" : "dropping", slot);
    return create
           ? pgsql_create_slot(instance->pgsql, slot, instance->deadline_ms,
                               &job->why)
           : pgsql_drop_slot(instance->pgsql, slot, instance->deadline_ms,
                             &job->why);
}

static int
create_external_slots(struct job *job)
{
    const struct name_list *list =
        &job->instance->params.external_standby_node_list;
    int rc = 0;

    for (size_t i = 0; i < list->count; i++) {
        if (change_slot(job, list->name[i], true) != 0) {
            rc = -1;
        }
    }
    return rc;
}

/* The list changes: what is known of the old one may hold for the new. */
static int
write_sync_names(struct job *job)
{
    struct sync_memory *memory = &job->snapshot->memory;
    const struct server *server = &job->snapshot->server;

    memset(memory, 0, sizeof(*memory));
    memory->proven = job->op->number == 1 && server->sync_names[0] != '\0';
    (void) text_copy(server->started, memory->started, STARTED_SIZE);
    if (text_copy(job->op->value, memory->list, SERVER_TEXT_SIZE) != 0) {
        text_add(&job->why, "the list of standbys is too long");
        return -1;
    }
    memory_save(job->instance, memory);
    return config_write_sync_names(&job->instance->params,
                                   &job->instance->identity, job->op->value,
                                   &job->why);
}

/* From here on, what is remembered is about the list that is in force. */
static void
remember(struct job *job, lsn asked, bool proven, lsn mark)
{
    struct sync_memory *memory = &job->snapshot->memory;
    const struct server *server = &job->snapshot->server;

    memcpy(memory->list, server->sync_names, sizeof(memory->list));
    memcpy(memory->started, server->started, sizeof(memory->started));
    memory->asked = asked;
    memory->proven = proven;
    memory->mark = mark;
    memory_save(job->instance, memory);
}

static int
ask_checkpoint(struct job *job)
{
    lsn asked;
    int rc = pgsql_ask_checkpoint(job->instance->pgsql,
                                  job->instance->deadline_ms, &asked,
                                  &job->why);

    if (rc < 0) {
        return -1;
    }
    report_log(LOG_INFO, "a checkpoint will prove that commits wait for %s",
               job->snapshot->server.sync_names);
    if (rc == PGSQL_CHECKPOINT_DENIED) {
        report_log(LOG_WARNING, "no log-in may ask for a checkpoint: a "
                   "standby becomes eligible with the server's own next one, "
                   "or once a commit is seen to wait. To make it quick, grant "
                   "pg_checkpoint to the monitor_user (PostgreSQL 15), or let "
                   "'%s' log in by peer", job->instance->params.pgdba);
    }
    remember(job, asked, false, 0);
    return 0;
}

/* The op's own bound: whoever demotes waits for it. */
static int
checkpoint(struct job *job)
{
    int64_t begin_ms = clock_now_ms();
    int64_t until_ms = begin_ms + job->op->number;

    if (pgsql_checkpoint(job->instance->pgsql,
                         until_ms < job->instance->deadline_ms
                         ? until_ms : job->instance->deadline_ms,
                         &job->why) != 0) {
        return -1;
    }
    report_log(LOG_INFO, "a checkpoint before the shutdown took %d ms",
               (int) (clock_now_ms() - begin_ms));
    return 0;
}

static int
take_mark(struct job *job)
{
    struct server server = { 0 };

    if (pgsql_observe(job->instance->pgsql, job->instance->deadline_ms,
                      &server) != 0) {
        text_add(&job->why, "%s", server.text);
        return -1;
    }
    remember(job, job->snapshot->memory.asked, true, server.position.lsn);
    return 0;
}

/* What another node's own copy of the CIB says of it. */
static int
read_copy(struct job *job)
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

static int
tail_server_log(struct job *job)
{
    struct text lines;
    int rc;

    text_init(&lines, job->snapshot->failure, sizeof(job->snapshot->failure));
    rc = postgres_tail_log(&job->instance->params, &job->instance->identity,
                           &lines);
    if (lines.len == 0) {
        text_add(&lines, "its log '%s' says nothing",
                 job->instance->params.logfile);
    }
    return rc;
}

/* Operations on files and slots. */
static int
run_file_op(struct job *job)
{
    const struct params *params = &job->instance->params;
    const struct identity *identity = &job->instance->identity;

    switch ((int) job->op->kind) {
        case OP_PREPARE:
            return postgres_prepare(params, identity, &job->why);
        case OP_WRITE_CONFIG:
            return config_write_includes(params, identity, &job->why);
        case OP_WRITE_SYNC_NAMES:
            return write_sync_names(job);
        case OP_WRITE_STANDBY:
            return write_standby(job);
        case OP_REMOVE_STANDBY:
            return config_remove_standby(params, identity, &job->why);
        case OP_CREATE_LOCK:
            return config_set_lock(params, identity, true, &job->why);
        case OP_REMOVE_LOCK:
            return config_set_lock(params, identity, false, &job->why);
        default:
            return config_remove_backup_label(params, identity, &job->why);
    }
}

static int
run_op(struct job *job)
{
    switch (job->op->kind) {
        case OP_NONE:
        case OP_COUNT:
            break;
        case OP_LOG:
            report_log(job->op->number, "%s", job->op->value);
            break;
        case OP_LOG_ONCE:
            memory_say(job->instance, job->op->number, job->op->value);
            break;
        case OP_SET_STATUS:
            return set_attr(job, CLUSTER_ATTR_STATUS);
        case OP_SET_XLOG_LOC:
            return set_attr(job, CLUSTER_ATTR_XLOG_LOC);
        case OP_SET_BASELINE:
            return set_attr(job, CLUSTER_ATTR_BASELINE);
        case OP_SET_RECEIVER:
            return set_attr(job, CLUSTER_ATTR_RECEIVER);
        case OP_SET_SCORE:
            return set_attr(job, CLUSTER_ATTR_SCORE);
        case OP_SET_POSITION:
            return set_attr(job, CLUSTER_ATTR_POSITION);
        case OP_SET_TRUSTED:
            return set_attr(job, CLUSTER_ATTR_TRUSTED);
        case OP_SET_ADMIT:
            return set_attr(job, CLUSTER_ATTR_ADMIT);
        case OP_SET_WARNED:
            return set_attr(job, CLUSTER_ATTR_WARNED);
        case OP_SET_HISTORY:
            return set_attr(job, CLUSTER_ATTR_HISTORY);
        case OP_SET_SHUTDOWN:
            return set_attr(job, CLUSTER_ATTR_SHUTDOWN);
        case OP_SET_UNPROVED:
            return set_attr(job, CLUSTER_ATTR_UNPROVED);
        case OP_SET_SYSTEM_ID:
            return set_attr(job, CLUSTER_ATTR_SYSTEM_ID);
        case OP_RECORD_SYSTEM_ID:
            report_log(LOG_NOTICE, "the cluster's database is %s",
                       job->op->value);
            return record_option(job, CLUSTER_OPTION_SYSTEM_ID,
                                 job->op->value);
        case OP_RECORD_NAME_KEY:
            return record_name_key(job);
        case OP_SET_REPLAY:
            return set_attr(job, CLUSTER_ATTR_REPLAY);
        case OP_SET_BEGAN:
            return set_attr(job, CLUSTER_ATTR_BEGAN);
        case OP_SET_DATA_STATUS:
        case OP_SET_DATA_QUORUM:
            return set_records(job);
        case OP_PREPARE:
        case OP_WRITE_CONFIG:
        case OP_WRITE_SYNC_NAMES:
        case OP_WRITE_STANDBY:
        case OP_REMOVE_STANDBY:
        case OP_CREATE_LOCK:
        case OP_REMOVE_LOCK:
        case OP_REMOVE_BACKUP_LABEL:
            return run_file_op(job);
        case OP_START_SERVER:
            return start_server(job);
        case OP_STOP_FAST:
            return signal_server(job, POSTGRES_STOP_FAST);
        case OP_STOP_IMMEDIATE:
            return signal_server(job, POSTGRES_STOP_IMMEDIATE);
        case OP_KILL_ALL:
            return signal_server(job, POSTGRES_KILL);
        case OP_RELOAD:
            return signal_server(job, POSTGRES_RELOAD);
        case OP_END_NEWCOMERS:
            return signal_server(job, POSTGRES_END_NEWCOMERS);
        case OP_NOTE_ALONE:
        case OP_NOTE_WRITTEN:
            break;      /* that it is done tells since when */
        case OP_END_HOLDER:
            return end_holder(job, HOLDER_SENDER, SIGTERM);
        case OP_END_COMMAND:
            return end_holder(job, HOLDER_COMMAND, SIGTERM);
        case OP_KILL_COMMAND:
            return end_holder(job, HOLDER_COMMAND, SIGKILL);
        case OP_END_RESTORE:
            return end_holder(job, HOLDER_RESTORE, SIGKILL);
        case OP_END_RECEIVER:
            return signal_server(job, POSTGRES_END_RECEIVER);
        case OP_PROMOTE_SERVER:
            return promote_server(job);
        case OP_END_SENDERS:
            return pgsql_end_senders(job->instance->pgsql, job->op->number,
                                     job->op->value,
                                     job->instance->deadline_ms, &job->why);
        case OP_END_SESSIONS:
            return pgsql_end_sessions(job->instance->pgsql,
                                      job->instance->deadline_ms, &job->why);
        case OP_RESTART_STANDBY:
            return restart_standby(job);
        case OP_SWITCH_WAL:
            return pgsql_switch_wal(job->instance->pgsql,
                                    job->instance->deadline_ms, &job->why);
        case OP_CREATE_SLOT:
            return change_slot(job, job_node(job), true);
        case OP_DROP_SLOT:
            return change_slot(job, job_node(job), false);
        case OP_CREATE_EXTERNAL_SLOTS:
            return create_external_slots(job);
        case OP_READ_COPY:
            return read_copy(job);
        case OP_ASK_CHECKPOINT:
            return ask_checkpoint(job);
        case OP_CHECKPOINT:
            return checkpoint(job);
        case OP_TAKE_MARK:
            return take_mark(job);
        case OP_TAIL_SERVER_LOG:
            return tail_server_log(job);
        case OP_WATCH:
            return watch_begin(job->instance,
                               job->snapshot->process.postmaster_pid,
                               &job->why);
        case OP_UNWATCH:
            watch_end(job->instance);
            break;
        case OP_NOTE_LEAVING:
            memory_note_leaving(job->instance, job_node(job));
            break;
        case OP_NOTE_CALM:
            memory_note_calm(job->instance);
            break;
        case OP_CREATE_REFUSAL:
            return nftables_create(job->instance,
                                   (unsigned) job->op->number, &job->why);
        case OP_DROP_REFUSAL:
            return nftables_drop(job->instance, &job->why);
        case OP_HAND_OVER:
            return watch_hand_over(job->instance, &job->why);
        case OP_REPORT:
            return watch_report(job->instance, &job->why);
    }
    return 0;
}

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
    done->rc = rc == 0 ? OP_RC_OK : OP_RC_FAILED;
}

static void
note_failed(struct job *job)
{
    struct text failure;

    report_log(job->op->need == OP_REQUIRED ? LOG_ERR : LOG_WARNING,
               "%s failed: %s", op_name(job->op->kind), job->why_text);
    text_init(&failure, job->snapshot->failure,
              sizeof(job->snapshot->failure));
    text_add(&failure, "%s", job->why_text);
    if (job->op->need == OP_REQUIRED) {
        job->snapshot->failed = job->op->kind;
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
        rc = run_op(&job);
        for (size_t i = 0; i < job.count; i++) {
            note_done(&job, job.op[i].kind, rc);
        }
        if (rc != 0) {
            note_failed(&job);
        }
        next += job.count;
    }
}
