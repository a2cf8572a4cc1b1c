/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server process: is any of it alive, start, signal. */

#include "postgres.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "cleanup.h"
#include "clock.h"
#include "files.h"
#include "postgres_tools.h"
#include "processes.h"

#define PIDFILE_SIZE 8192
#define COMMAND_SIZE 16384
#define OUTPUT_SIZE 2048
#define START_POLL_MS 5
#define FOREIGN_START_MS 1000

/* --- what is left of it -------------------------------------------------- */

/* Sets the status; 0 when the file names a process id. */
static int
read_pidfile(const struct params *params, struct pidfile *ret_pidfile,
             enum pidfile_status *ret_status)
{
    char path[PATH_SIZE];
    char bytes[PIDFILE_SIZE];
    struct text text;
    size_t len;

    memset(ret_pidfile, 0, sizeof(*ret_pidfile));
    *ret_status = PIDFILE_UNKNOWN;
    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/postmaster.pid", params->pgdata);
    if (text.overflow) {
        return -1;
    }
    if (files_read(path, bytes, sizeof(bytes), &len) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            *ret_status = PIDFILE_MISSING;
        }
        return -1;
    }
    if (pidfile_parse(bytes, ret_pidfile) != 0) {
        return -1;
    }
    *ret_status = ret_pidfile->status;
    return 0;
}

static bool
is_stopped(char state)
{
    return state == 'T' || state == 't';
}

static void
summarize(const struct process_table *table, struct process *ret_process)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->entry[i].state == 'D') {
            ret_process->uninterruptible++;
        }
        if (table->entry[i].sender) {
            ret_process->senders++;
        }
    }
    if (table->count == 0) {
        ret_process->state = PROCESS_GONE;
        return;
    }
    if (table->postmaster == table->count) {
        ret_process->state = PROCESS_ORPHANS;
        ret_process->others = (uint32_t) table->count;
        return;
    }
    ret_process->state = is_stopped(table->entry[table->postmaster].state)
                             ? PROCESS_FROZEN : PROCESS_RUNNING;
    ret_process->postmaster_pid = table->entry[table->postmaster].pid;
    ret_process->others = (uint32_t) (table->count - 1);
}

int
postgres_examine(const struct params *params, bool quick,
                 struct process *ret_process)
{
    struct process process = { 0 };
    CLEANUP(processes_forget) struct process_table table = { 0 };
    struct process_entry postmaster;
    struct instance_id id;
    struct pidfile pidfile;
    int rc = 0;

    instance_id_init(&id, params->pgdata);
    if (read_pidfile(params, &pidfile, &process.pidfile) == 0 && quick
        && processes_check_postmaster(&id, &pidfile, &postmaster)) {
        process.state = is_stopped(postmaster.state) ? PROCESS_FROZEN
                                                     : PROCESS_RUNNING;
        process.postmaster_pid = postmaster.pid;
        process.uninterruptible = postmaster.state == 'D' ? 1 : 0;
        *ret_process = process;
        return 0;
    }
    if (processes_find(&id, pidfile.standalone ? 0 : pidfile.pid, &table)
        == 0) {
        summarize(&table, &process);
    } else {
        rc = -1;
    }
    if (process.postmaster_pid != 0 && pidfile.pid != 0
        && process.postmaster_pid != pidfile.pid) {
        process.pidfile = PIDFILE_UNKNOWN;  /* an earlier postmaster's */
    }
    *ret_process = process;
    return rc;
}

/* --- signals ------------------------------------------------------------- */

struct target {
    const struct instance_id *id;
    int number;
    struct text *why;
};

static int
send_one(const struct target *target, const struct process_entry *entry)
{
    if (process_signal(target->id, entry, target->number) == 0) {
        return 0;
    }
    text_add(target->why, "could not signal process '%d' of '%s': %s",
             (int) entry->pid, target->id->pgdata, strerror(errno));
    return -1;
}

static int
send_all(const struct target *target, const struct process_table *table)
{
    int rc = 0;

    for (size_t i = 0; table->entry != NULL && i < table->count; i++) {
        if (send_one(target, &table->entry[i]) != 0) {
            rc = -1;
        }
    }
    return rc;
}

static int
send_receiver(const struct target *target, const struct process_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->entry[i].receiver
            && send_one(target, &table->entry[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

/*
 * A server that stops does not end a process that waits for its client's first
 * words, and waits for it as long as authentication_timeout: a client that was
 * cut off then holds up the stop for a minute.
 */
static int
send_newcomers(const struct target *target,
               const struct process_table *table)
{
    int rc = 0;

    for (size_t i = 0; i < table->count; i++) {
        if (i != table->postmaster && !table->entry[i].titled
            && !table->entry[i].standalone
            && send_one(target, &table->entry[i]) != 0) {
            rc = -1;
        }
    }
    return rc;
}

int
postgres_find(const struct params *params, const struct instance_id *id,
              struct process_table *table, struct text *ret_why)
{
    struct pidfile pidfile;
    enum pidfile_status status;

    (void) read_pidfile(params, &pidfile, &status);     /* only a hint */
    if (processes_find(id, pidfile.standalone ? 0 : pidfile.pid, table)
        == 0) {
        return 0;
    }
    text_add(ret_why, "could not look for the processes of '%s': %s",
             params->pgdata, strerror(errno));
    return -1;
}

/* Only a postmaster makes processes: once it is dead, the rest is all. */
static int
kill_all(const struct params *params, const struct target *target,
         struct process_table *table)
{
    if (table->postmaster < table->count) {
        if (send_one(target, &table->entry[table->postmaster]) != 0
            || postgres_find(params, target->id, table, target->why) != 0) {
            return -1;
        }
    }
    return send_all(target, table);
}

int
postgres_signal(const struct params *params, enum postgres_signal what,
                struct text *ret_why)
{
    CLEANUP(processes_forget) struct process_table table = { 0 };
    struct instance_id id;
    struct target target = { &id, 0, ret_why };
    const struct process_entry *postmaster;

    instance_id_init(&id, params->pgdata);
    if (postgres_find(params, &id, &table, ret_why) != 0) {
        return -1;
    }
    postmaster = table.postmaster < table.count
                     ? &table.entry[table.postmaster] : NULL;
    switch (what) {
    case POSTGRES_STOP_FAST:
        target.number = SIGINT;
        break;
    case POSTGRES_STOP_IMMEDIATE:
        target.number = SIGQUIT;
        if (postmaster == NULL) {
            return send_all(&target, &table);
        }
        break;
    case POSTGRES_RELOAD:
        target.number = SIGHUP;
        break;
    case POSTGRES_KILL:
        target.number = SIGKILL;
        return kill_all(params, &target, &table);
    case POSTGRES_END_NEWCOMERS:
        target.number = SIGTERM;
        return postmaster != NULL ? send_newcomers(&target, &table) : 0;
    case POSTGRES_END_RECEIVER:
        target.number = SIGTERM;
        return send_receiver(&target, &table);
    case POSTGRES_PROMOTE:
        target.number = SIGUSR1;
        break;
    }
    return postmaster != NULL ? send_one(&target, postmaster) : 0;
}

/* --- start --------------------------------------------------------------- */

/* A value that breaks out of quotes goes where it went; others are quoted. */
static void
add_server_options(const struct params *params, struct text *command)
{
    char bytes[COMMAND_SIZE];
    struct text text;

    text_init(&text, bytes, sizeof(bytes));
    text_add(&text, "-c config_file=");
    postgres_tools_quote(&text, params->config);
    if (params->pghost[0] != '\0') {
        text_add(&text, " -h ");
        postgres_tools_quote(&text, params->pghost);
    }
    if (params->start_opt[0] == '\0') {
        postgres_tools_quote(command, bytes);
    } else if (params_start_opt_breaks_out(params->start_opt)) {
        postgres_tools_quote(command, bytes);
        text_add(command, "' %s'", params->start_opt);
    } else {
        text_add(&text, " %s", params->start_opt);
        postgres_tools_quote(command, bytes);
    }
    command->overflow = command->overflow || text.overflow;
}

static void
make_command(const struct params *params, struct text *command)
{
    text_add(command, "exec ");
    postgres_tools_quote(command, params->pgctl);
    if (params->ctl_opt[0] != '\0') {
        text_add(command, " %s", params->ctl_opt);
    }
    text_add(command, " -D ");
    postgres_tools_quote(command, params->pgdata);
    text_add(command, " -l ");
    postgres_tools_quote(command, params->logfile);
    text_add(command, " -o ");
    add_server_options(params, command);
    text_add(command, " -W start");
}

/* Reap what was left to us; says whether anything of it is still alive. */
static bool
heirs_live(bool *had_heirs)
{
    pid_t pid;

    do {
        pid = waitpid(-1, NULL, WNOHANG);
        *had_heirs = *had_heirs || pid >= 0;
    } while (pid > 0 || (pid < 0 && errno == EINTR));
    return pid == 0;
}

/*
 * pg_ctl ends while its child is still a shell that will become the server:
 * for some milliseconds, under load for longer, there is nothing to be seen,
 * and that must not be taken for a server that ended. So wait until it shows
 * itself, or until the child that pg_ctl left to us is dead.
 */
static void
await_server(const struct params *params, int64_t deadline_ms)
{
    int64_t grace_ms = clock_now_ms() + FOREIGN_START_MS;
    struct process process;
    bool had_heirs = false;

    for (;;) {
        bool live = heirs_live(&had_heirs);

        if (postgres_examine(params, true, &process) != 0
            || process.state != PROCESS_GONE
            || clock_left_ms(deadline_ms) == 0) {
            return;
        }
        /* a pgctl of the user's own may start it through somebody else */
        if (!live && (had_heirs || clock_left_ms(grace_ms) == 0)) {
            return;
        }
        clock_sleep_ms(START_POLL_MS, deadline_ms);
    }
}

static int
run_pg_ctl(const struct postgres_tools_run *run, struct text *ret_why)
{
    char output[OUTPUT_SIZE];
    int rc;

    /* orphans come to us for now; without that, only the grace is left */
    (void) prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L);
    rc = postgres_tools_run(run, output, sizeof(output), ret_why);
    if (rc == 0) {
        await_server(run->params, run->deadline_ms);
    }
    (void) prctl(PR_SET_CHILD_SUBREAPER, 0L, 0L, 0L, 0L);
    return rc;
}

int
postgres_start(const struct params *params, const struct identity *identity,
               int64_t deadline_ms, struct text *ret_why)
{
    char command[COMMAND_SIZE];
    const char *argv[] = { "/bin/sh", "-c", command, NULL };
    const struct postgres_tools_run run = {
        .params = params,
        .user = identity,
        .name = params->pgctl,
        .argv = argv,
        .folder = params->pgdata,
        .new_session = true,
        .deadline_ms = deadline_ms,
    };
    struct text text;

    text_init(&text, command, sizeof(command));
    make_command(params, &text);
    if (text.overflow) {
        text_add(ret_why, "could not start '%s': start_opt and ctl_opt are "
                 "too long", params->pgdata);
        return -1;
    }
    return run_pg_ctl(&run, ret_why);
}
