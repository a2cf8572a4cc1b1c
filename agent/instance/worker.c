/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes on beside the cluster's actions: its record, begin and end. */

#include "worker.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "files.h"
#include "paths.h"
#include "processes.h"
#include "spawn.h"

#define RECORD_SIZE 256
#define RECORD_MODE 0600

static const char *
record_path(const struct instance *instance, enum worker_kind kind,
            char *ret_path)
{
    return instance_run_path(instance, worker_kind_name(kind), ret_path);
}

int
worker_read(const struct instance *instance, enum worker_kind kind,
            struct worker_record *ret_record)
{
    char path[PATH_SIZE];
    char bytes[RECORD_SIZE];
    size_t len;

    if (files_read(record_path(instance, kind, path), bytes, sizeof(bytes),
                   &len) != 0) {
        return -1;
    }
    return worker_record_parse(bytes, kind, ret_record);
}

int
worker_write(const struct instance *instance,
             const struct worker_record *record, struct text *ret_why)
{
    char path[PATH_SIZE];
    char bytes[RECORD_SIZE];
    struct text text;

    text_init(&text, bytes, sizeof(bytes));
    worker_record_format(record, &text);
    if (files_write(record_path(instance, record->kind, path), bytes,
                    text.len, RECORD_MODE) == 0) {
        return 0;
    }
    text_add(ret_why, "could not write '%s': %s", path, strerror(errno));
    return -1;
}

void
worker_forget(const struct instance *instance, enum worker_kind kind)
{
    char path[PATH_SIZE];

    (void) unlink(record_path(instance, kind, path));
}

bool
worker_lives(const struct worker_record *record)
{
    return record->start != 0 && process_start(record->pid) == record->start;
}

int
worker_launch(const struct instance *instance, const char *const *argv,
              struct worker_record *record, struct text *ret_why)
{
    pid_t pid;

    if (spawn_leave(argv, &pid) != 0) {
        text_add(ret_why, "could not start '%s': %s", argv[0],
                 strerror(errno));
        return -1;
    }
    record->pid = pid;
    record->start = process_start(pid);
    if (worker_write(instance, record, ret_why) != 0) {
        process_kill(record->pid, record->start);
        return -1;
    }
    return 0;
}

int
worker_find_agent(char *ret_path, struct text *ret_why)
{
    if (path_of_program(ret_path) != 0) {
        text_add(ret_why, "could not read '/proc/self/exe': %s",
                 strerror(errno));
        return -1;
    }
    return 0;
}

uint32_t
worker_age_ms(uint64_t then_ms)
{
    uint64_t now_ms = (uint64_t) clock_now_ms();
    uint64_t age = now_ms > then_ms ? now_ms - then_ms : 1;

    return age < UINT32_MAX ? (uint32_t) age : UINT32_MAX;
}
