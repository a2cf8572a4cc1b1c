/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on the instance's files. */

#include <string.h>

#include "server_config.h"
#include "execute_parts.h"
#include "memory.h"
#include "postgres.h"
#include "sender_name.h"
#include "slot_owner.h"

int
do_prepare(struct job *job)
{
    return postgres_prepare(&job->instance->params,
                            &job->instance->identity, &job->why);
}

int
do_write_config(struct job *job)
{
    return config_write_includes(&job->instance->params,
                                 &job->instance->identity, &job->why);
}

static int
write_list(const struct job *job, const char *names, struct text *ret_why)
{
    const struct instance *instance = job->instance;
    char slots[SLOT_LIST_SIZE];
    struct text text;

    text_init(&text, slots, sizeof(slots));
    slots_waited_for(&instance->params, job->snapshot, names, &text);
    if (text.overflow) {
        text_add(ret_why, "the slots of the standbys are too long a list");
        return -1;
    }
    return config_write_sync_names(&instance->params, &instance->identity,
                                   names, slots, ret_why);
}

int
do_write_sync_slots(struct job *job)
{
    return write_list(job, job->snapshot->server.sync_names, &job->why);
}

/* The list changes: what is known of the old one may hold for the new. */
int
do_write_sync_names(struct job *job)
{
    struct sync_memory *memory = &job->snapshot->sync.memory;
    const char *now = job->snapshot->server.sync_names;

    memset(memory, 0, sizeof(*memory));
    memory->proven = job->op->number == 1 && now[0] != '\0';
    (void) text_copy(job->snapshot->sync.started, memory->started,
                     STARTED_SIZE);
    if (text_copy(job->op->value, memory->list, SERVER_TEXT_SIZE) != 0) {
        text_add(&job->why, "the list of standbys is too long");
        return -1;
    }
    memory_save(job->instance, memory);
    return write_list(job, job->op->value, &job->why);
}

/*
 * The name that the standby's file is to have. Without a look at the cluster
 * it keeps the one that it has.
 */
static void
name_for_file(const struct job *job, char *ret_name)
{
    const struct snapshot *snapshot = job->snapshot;

    if (snapshot->record.name_key.known != ATTR_UNKNOWN
        || text_copy(snapshot->files.sender_name, ret_name,
                     NODE_NAME_SIZE) != 0 || ret_name[0] == '\0') {
        sender_name(snapshot, job->instance->self_name, ret_name);
    }
}

int
do_write_standby(struct job *job)
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

int
do_remove_standby(struct job *job)
{
    return config_remove_standby(&job->instance->params,
                                 &job->instance->identity, &job->why);
}

int
do_create_lock(struct job *job)
{
    return config_set_lock(&job->instance->params,
                           &job->instance->identity, true, &job->why);
}

int
do_remove_lock(struct job *job)
{
    return config_set_lock(&job->instance->params,
                           &job->instance->identity, false, &job->why);
}

int
do_remove_backup_label(struct job *job)
{
    return config_remove_backup_label(&job->instance->params,
                                      &job->instance->identity, &job->why);
}

int
do_tail_server_log(struct job *job)
{
    struct text lines;
    int rc;

    text_init(&lines, job->snapshot->log_tail,
              sizeof(job->snapshot->log_tail));
    rc = postgres_tail_log(&job->instance->params, &job->instance->identity,
                           &lines);
    if (rc != 0) {
        text_add(&lines, "its log '%s' says nothing",
                 job->instance->params.logfile);
        text_add(&job->why, "%s", job->snapshot->log_tail);
    }
    return rc;
}
