/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For whom the server waits, and how one of them is ended. */

#include "postgres_holders.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "cleanup.h"
#include "line.h"
#include "pgconf.h"
#include "postgres.h"
#include "processes.h"

#define COMMANDS_MAX HOLDERS_MAX
#define SEGMENT_DIGITS 24
#define READY ".ready"
#define SHELL "sh -c "         /* as system(3) runs it */

static struct holder *
add_holder(struct holders *holders, enum holder_kind kind,
           const struct process_entry *entry)
{
    struct holder *holder = holders->holder;

    while (holder < holders->holder + HOLDERS_MAX
           && holder->kind != HOLDER_NONE) {
        holder++;
    }
    if (holder == holders->holder + HOLDERS_MAX) {
        return NULL;    /* they get their turn when some of these have ended */
    }
    holder->kind = kind;
    holder->pid = entry->pid;
    holder->age_ms = process_age_ms(entry->pid);
    /* a command's arguments may hold secrets: its program's name has to do */
    if (kind == HOLDER_COMMAND) {
        process_name(entry->pid, holder->title, sizeof(holder->title));
    } else {
        process_title(entry->pid, holder->title, sizeof(holder->title));
    }
    return holder;
}

static void
add_commands(struct holders *holders, pid_t archiver)
{
    struct process_entry command[COMMANDS_MAX];
    size_t count = processes_find_heirs(archiver, command, COMMANDS_MAX);

    for (size_t i = 0; i < count; i++) {
        (void) add_holder(holders, HOLDER_COMMAND, &command[i]);
    }
}

/*
 * A restore_command of recovery.conf of ours, whose shell turns SIGUSR1 into
 * what the server takes for a file that the archive does not have. What a
 * signal ends otherwise takes the server with it.
 */
static bool
is_endable(const struct process_entry *command, pid_t startup)
{
    char title[HOLDER_TITLE_SIZE];

    if (command->parent != startup) {
        return false;
    }
    /* what it was replaced by (exec) has another title, or no trap */
    process_title(command->pid, title, sizeof(title));
    return strncmp(title, SHELL, strlen(SHELL)) == 0
           && strstr(title, PGCONF_ENDABLE) != NULL
           && process_catches(command->pid, SIGUSR1);
}

static void
add_restore(struct holders *holders, pid_t startup)
{
    struct process_entry command[COMMANDS_MAX];
    size_t count = processes_find_heirs(startup, command, COMMANDS_MAX);
    struct holder *holder = NULL;
    struct text names;

    for (size_t i = 0; i < count && holder == NULL; i++) {
        if (is_endable(&command[i], startup)) {
            holder = add_holder(holders, HOLDER_RESTORE, &command[i]);
        }
    }
    if (holder == NULL) {
        return;
    }
    text_init(&names, holder->title, sizeof(holder->title));
    for (size_t i = 0; i < count; i++) {
        char name[HOLDER_TITLE_SIZE];

        process_name(command[i].pid, name, sizeof(name));
        text_add(&names, "%s%s", i == 0 ? "" : ", ", name);
    }
}

/* `000000010000000000000005.ready`: a segment that waits for the archive. */
static bool
is_waiting_segment(const char *name)
{
    return strspn(name, "0123456789ABCDEF") == SEGMENT_DIGITS
           && strcmp(name + SEGMENT_DIGITS, READY) == 0;
}

static void
read_unarchived(const char *pgdata, struct holders *holders)
{
    char path[PATH_SIZE];
    char first[SEGMENT_DIGITS + 1] = "";
    char last[SEGMENT_DIGITS + 1] = "";
    CLEANUP(close_folder) DIR *folder = NULL;
    const struct dirent *item;
    unsigned count = 0;
    struct text text;

    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/pg_wal/archive_status", pgdata);
    folder = text.overflow ? NULL : opendir(path);
    text_init(&text, holders->unarchived, sizeof(holders->unarchived));
    if (folder == NULL) {
        text_add(&text, "that '%s' would tell", path);
        return;
    }
    while ((item = readdir(folder)) != NULL) {
        if (!is_waiting_segment(item->d_name)) {
            continue;
        }
        count++;
        if (first[0] == '\0'
            || memcmp(item->d_name, first, SEGMENT_DIGITS) < 0) {
            memcpy(first, item->d_name, SEGMENT_DIGITS);
        }
        if (memcmp(item->d_name, last, SEGMENT_DIGITS) > 0) {
            memcpy(last, item->d_name, SEGMENT_DIGITS);
        }
    }
    if (count > 0) {
        text_add(&text, "%s to %s (%u segments)", first, last, count);
    } else {
        text_add(&text, "of no whole segment");
    }
}

int
postgres_find_holders(const struct params *params, struct holders *ret_holders)
{
    CLEANUP(processes_forget) struct process_table table = { 0 };
    struct instance_id id;
    struct text why;
    char why_text[PATH_SIZE];

    memset(ret_holders, 0, sizeof(*ret_holders));
    text_init(&why, why_text, sizeof(why_text));
    instance_id_init(&id, params->pgdata);
    if (postgres_find(params, &id, &table, &why) != 0) {
        return -1;
    }
    for (size_t i = 0; i < table.count; i++) {
        const struct process_entry *entry = &table.entry[i];

        if (i == table.postmaster || entry->stays) {
            continue;
        }
        if (entry->sender) {
            (void) add_holder(ret_holders, HOLDER_SENDER, entry);
        } else if (entry->archiver) {
            (void) add_holder(ret_holders, HOLDER_ARCHIVER, entry);
            add_commands(ret_holders, entry->pid);
        } else {
            ret_holders->backends++;
            if (entry->startup) {
                add_restore(ret_holders, entry->pid);
            }
        }
    }
    read_unarchived(params->pgdata, ret_holders);
    ret_holders->known = TRI_YES;
    return 0;
}

static const struct process_entry *
find_entry(const struct process_table *table, pid_t pid)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->entry[i].pid == pid) {
            return &table->entry[i];
        }
    }
    return NULL;
}

static int
end_command(const struct process_table *table, pid_t pid, int number)
{
    struct process_entry command[COMMANDS_MAX];
    size_t count = 0;

    for (size_t i = 0; i < table->count; i++) {
        if (table->entry[i].archiver) {
            count = processes_find_heirs(table->entry[i].pid, command,
                                         COMMANDS_MAX);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (command[i].pid == pid) {
            return process_send(pid, process_start(pid), number);
        }
    }
    return 0;       /* it has ended */
}

static pid_t
startup_process(const struct process_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->entry[i].startup) {
            return table->entry[i].pid;
        }
    }
    return 0;
}

/*
 * The shell is told first: it looks once what it runs has ended. All else
 * below the startup process is below that shell.
 */
static int
end_restore(const struct process_table *table, pid_t pid)
{
    pid_t startup = startup_process(table);
    struct process_entry command[COMMANDS_MAX];
    size_t count = startup != 0
                   ? processes_find_heirs(startup, command, COMMANDS_MAX) : 0;
    bool told = false;
    int rc = 0;

    for (size_t i = 0; i < count && !told; i++) {
        if (command[i].pid == pid && is_endable(&command[i], startup)) {
            rc = process_send(pid, process_start(pid), SIGUSR1);
            told = rc == 0;
        }
    }
    for (size_t i = 0; i < count && told; i++) {
        if (command[i].pid != pid
            && process_send(command[i].pid, process_start(command[i].pid),
                            SIGKILL) != 0) {
            rc = -1;
        }
    }
    return rc;
}

int
postgres_end_holder(const struct params *params, enum holder_kind kind,
                    pid_t pid, int number, struct text *ret_why)
{
    CLEANUP(processes_forget) struct process_table table = { 0 };
    struct instance_id id;
    const struct process_entry *entry;
    int rc = 0;

    instance_id_init(&id, params->pgdata);
    if (postgres_find(params, &id, &table, ret_why) != 0) {
        return -1;
    }
    if (kind == HOLDER_COMMAND) {
        rc = end_command(&table, pid, number);
    } else if (kind == HOLDER_RESTORE) {
        rc = end_restore(&table, pid);
    } else {
        entry = find_entry(&table, pid);
        if (entry != NULL && entry->sender) {
            rc = process_signal(&id, entry, number);
        }
    }
    if (rc != 0) {
        text_add(ret_why, "could not signal process '%d': %s", (int) pid,
                 strerror(errno));
    }
    return rc;
}
