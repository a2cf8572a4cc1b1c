/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on the server: its process, its sessions, what it is asked for. */

#include <signal.h>
#include <string.h>
#include <syslog.h>

#include "clock.h"
#include "server_config.h"
#include "execute_parts.h"
#include "memory.h"
#include "postgres.h"
#include "postgres_holders.h"
#include "report.h"
#include "slot_owner.h"
#include "watch.h"

int
do_start_server(struct job *job)
{
    const struct instance *instance = job->instance;

    memory_forget_alone(instance);
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

int
do_stop_fast(struct job *job)
{
    return signal_server(job, POSTGRES_STOP_FAST);
}

int
do_stop_immediate(struct job *job)
{
    return signal_server(job, POSTGRES_STOP_IMMEDIATE);
}

int
do_kill_all(struct job *job)
{
    return signal_server(job, POSTGRES_KILL);
}

int
do_reload(struct job *job)
{
    return signal_server(job, POSTGRES_RELOAD);
}

int
do_end_newcomers(struct job *job)
{
    return signal_server(job, POSTGRES_END_NEWCOMERS);
}

int
do_end_receiver(struct job *job)
{
    return signal_server(job, POSTGRES_END_RECEIVER);
}

static int
end_holder(struct job *job, enum holder_kind kind, int number)
{
    return postgres_end_holder(&job->instance->params, kind, job->op->number,
                               number, &job->why);
}

int
do_end_sender(struct job *job)
{
    return end_holder(job, HOLDER_SENDER, SIGTERM);
}

int
do_end_command(struct job *job)
{
    return end_holder(job, HOLDER_COMMAND, SIGTERM);
}

int
do_kill_command(struct job *job)
{
    return end_holder(job, HOLDER_COMMAND, SIGKILL);
}

int
do_end_restore(struct job *job)
{
    return end_holder(job, HOLDER_RESTORE, SIGKILL);
}

int
do_promote_server(struct job *job)
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

int
do_end_senders(struct job *job)
{
    return pgsql_end_senders(job->instance->pgsql, job->op->number,
                             job->op->value, job->instance->deadline_ms,
                             &job->why);
}

int
do_end_sessions(struct job *job)
{
    return pgsql_end_sessions(job->instance->pgsql,
                              job->instance->deadline_ms, &job->why);
}

int
do_switch_wal(struct job *job)
{
    return pgsql_switch_wal(job->instance->pgsql, job->instance->deadline_ms,
                            &job->why);
}

/*
 * Before it is made: by the next look the prefix may be another one, and what
 * is not noted would count as a stranger's.
 */
static int
note_slot(const struct instance *instance, const char *slot,
          struct text *ret_why)
{
    struct slot_names ours;

    config_read_slots(&instance->params, &instance->identity, &ours);
    return slot_names_add(&ours, slot)
           ? config_write_slots(&instance->params, &instance->identity, &ours,
                                ret_why)
           : 0;
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
    if (create && note_slot(instance, slot, &job->why) != 0) {
        return -1;
    }
    return create
           ? pgsql_create_slot(instance->pgsql, slot, instance->deadline_ms,
                               &job->why)
           : pgsql_drop_slot(instance->pgsql, slot, instance->deadline_ms,
                             &job->why);
}

int
do_create_slot(struct job *job)
{
    return change_slot(job, job_node(job), true);
}

int
do_drop_slot(struct job *job)
{
    return change_slot(job, job_node(job), false);
}

/* Noted only where it is gone: a primary may be ended in between. */
int
do_give_up_slot(struct job *job)
{
    if (change_slot(job, job_node(job), false) != 0) {
        return -1;
    }
    memory_give_up_slot(job->instance, job_node(job));
    return 0;
}

int
do_drop_other_slot(struct job *job)
{
    report_log(LOG_INFO, "dropping the replication slot '%s'",
               job->op->value);
    return pgsql_drop_slot(job->instance->pgsql, job->op->value,
                           job->instance->deadline_ms, &job->why);
}

int
do_drop_unsynced_slots(struct job *job)
{
    return pgsql_drop_unsynced_slots(job->instance->pgsql,
                                     job->instance->deadline_ms, &job->why);
}

int
do_advance_slots(struct job *job)
{
    struct slot_names ours;
    char names[SLOT_ROWS_MAX * SERVER_NAME_SIZE];
    struct text text;

    slots_list(&job->instance->params, job->snapshot, &ours);
    text_init(&text, names, sizeof(names));
    for (size_t i = 0; i < ours.count; i++) {
        text_add(&text, "%s%s", i > 0 ? "," : "", ours.name[i]);
    }
    return pgsql_advance_slots(job->instance->pgsql, names, job->op->value,
                               job->instance->deadline_ms, &job->why);
}

int
do_create_external_slots(struct job *job)
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

/* From here on, what is remembered is about the list that is in force. */
static void
remember(struct job *job, lsn asked, bool proven, lsn mark)
{
    struct sync *sync = &job->snapshot->sync;
    struct sync_memory *memory = &sync->memory;

    memcpy(memory->list, job->snapshot->server.sync_names,
           sizeof(memory->list));
    memcpy(memory->started, sync->started, sizeof(memory->started));
    memory->asked = asked;
    memory->proven = proven;
    memory->mark = mark;
    memory_save(job->instance, memory);
}

int
do_ask_checkpoint(struct job *job)
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
int
do_checkpoint(struct job *job)
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

int
do_take_mark(struct job *job)
{
    struct server server = { 0 };

    if (pgsql_observe(job->instance->pgsql, job->instance->deadline_ms,
                      &server) != 0) {
        text_add(&job->why, "%s", server.text);
        return -1;
    }
    remember(job, job->snapshot->sync.memory.asked, true, server.position.lsn);
    return 0;
}
