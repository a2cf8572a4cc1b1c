/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding the processes of an instance in /proc. */

#include "processes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "files.h"
#include "line.h"
#include "paths.h"
#include "text.h"

#define PROC_PATH_SIZE 64
#define STAT_SIZE 1024
#define STATUS_SIZE 4096
#define CMDLINE_SIZE 256
#define ARGUMENTS_SIZE 8192
/* The file's second is rounded down and written a little after the fork. */
#define START_TIME_SLACK_S 5
/* Without a pidfd (before Linux 5.3) a process is looked for this often. */
#define LOOK_MS 5
/* Children come and go while /proc is read: GONE needs two empty looks. */
#define EMPTY_LOOKS 2
/* Most instances have fewer processes. */
#define FIRST_ROOM 64
/* A session's processes are killed again this often: one may fork. */
#define KILL_AGAIN_MS 10

/* What /proc/PID/stat says. */
struct stat_facts {
    char name[32];
    char state;
    pid_t parent;
    pid_t session;
    uint64_t cpu_ticks;         /* that it has used */
    uint64_t start_ticks;       /* since the machine's boot */
};

static void
proc_path(pid_t pid, const char *what, char *ret_path)
{
    struct text text;

    text_init(&text, ret_path, PROC_PATH_SIZE);
    text_add(&text, "/proc/%d/%s", (int) pid, what);
}

/* A vanished process says ENOENT or ESRCH, depending on when. */
static bool
is_gone(int error)
{
    return error == ENOENT || error == ESRCH;
}

/* 1, 0: it is gone, -1. */
static int
read_link(pid_t pid, const char *what, char *ret_link, size_t size)
{
    char path[PROC_PATH_SIZE];

    proc_path(pid, what, path);
    if (path_read_link(path, ret_link, size) != 0) {
        return is_gone(errno) ? 0 : -1;
    }
    return 1;
}

static bool
is_server_name(const char *name)
{
    return strcmp(name, "postgres") == 0 || strcmp(name, "postmaster") == 0
           || strcmp(name, "edb-postgres") == 0;
}

/* 1, 0: gone or nothing a server would show, -1. */
static int
read_stat(pid_t pid, struct stat_facts *ret_facts)
{
    char path[PROC_PATH_SIZE];
    char text[STAT_SIZE];
    size_t len;
    const char *open;
    const char *close;
    const char *field;
    uint64_t number = 0;

    proc_path(pid, "stat", path);
    if (files_read(path, text, sizeof(text), &len) != 0) {
        return is_gone(errno) ? 0 : -1;
    }
    /* the name is in parentheses and may hold some itself */
    open = strchr(text, '(');
    close = strrchr(text, ')');
    if (open == NULL || close == NULL || close < open
        || (size_t) (close - open) > sizeof(ret_facts->name)
        || close[1] != ' ') {
        return 0;
    }
    memset(ret_facts, 0, sizeof(*ret_facts));
    memcpy(ret_facts->name, open + 1, (size_t) (close - open) - 1);
    ret_facts->state = close[2];
    field = close + 3;
    for (int number_of_field = 4; number_of_field <= 22; number_of_field++) {
        field += strspn(field, " -");
        if (line_read_number(field, UINT64_MAX, &number) == NULL) {
            return 0;
        }
        if (number_of_field == 4) {
            ret_facts->parent = (pid_t) number;
        }
        if (number_of_field == 6) {
            ret_facts->session = (pid_t) number;
        }
        if (number_of_field == 14 || number_of_field == 15) {
            ret_facts->cpu_ticks += number;
        }
        field += strspn(field, "0123456789");
    }
    ret_facts->start_ticks = number;
    return 1;
}

uint64_t
process_start(pid_t pid)
{
    struct stat_facts facts;

    return read_stat(pid, &facts) == 1 && facts.state != 'Z'
           && facts.state != 'X' ? facts.start_ticks : 0;
}

bool
process_is_stopped(pid_t pid)
{
    struct stat_facts facts;

    return read_stat(pid, &facts) == 1
           && (facts.state == 'T' || facts.state == 't');
}

/* A line of /proc/PID/io; 0: it may not be read. */
static uint64_t
io_bytes(const char *io, const char *name)
{
    const char *at = strstr(io, name);
    uint64_t bytes = 0;

    if (at != NULL) {
        at += strlen(name);
        (void) line_read_number(at + strspn(at, " "), UINT64_MAX, &bytes);
    }
    return bytes;
}

bool
process_work(pid_t pid, uint64_t *ret_start, uint64_t *ret_work)
{
    char path[PROC_PATH_SIZE];
    char io[STAT_SIZE] = "";
    struct stat_facts facts;
    size_t len = 0;

    if (read_stat(pid, &facts) != 1) {
        return false;
    }
    proc_path(pid, "io", path);
    (void) files_read_head(path, io, sizeof(io), &len);
    *ret_start = facts.start_ticks;
    *ret_work = facts.cpu_ticks + io_bytes(io, "\nread_bytes:")
                + io_bytes(io, "\nwrite_bytes:");
    return true;
}

bool
process_catches(pid_t pid, int number)
{
    static const char field[] = "\nSigCgt:";
    char path[PROC_PATH_SIZE];
    char status[STATUS_SIZE];
    size_t len = 0;
    const char *at;

    proc_path(pid, "status", path);
    if (files_read_head(path, status, sizeof(status), &len) != 0) {
        return false;
    }
    at = strstr(status, field);
    return at != NULL
           && (strtoull(at + strlen(field), NULL, 16)
               >> (number - 1) & 1) != 0;
}

int
process_send(pid_t pid, uint64_t start, int number)
{
    CLEANUP(close_fd) int fd = -1;

#ifdef SYS_pidfd_open
    fd = (int) syscall(SYS_pidfd_open, pid, 0U);
#endif
    /* from here on the descriptor stands for the process that is checked */
    if (start == 0 || process_start(pid) != start) {
        return 0;
    }
#ifdef SYS_pidfd_send_signal
    if (fd >= 0) {
        return syscall(SYS_pidfd_send_signal, fd, number, NULL, 0U) == 0
               || errno == ESRCH ? 0 : -1;
    }
#endif
    return kill(pid, number) == 0 || errno == ESRCH ? 0 : -1;
}

void
process_kill(pid_t pid, uint64_t start)
{
    (void) process_send(pid, start, SIGKILL);   /* it may have ended */
}

uint32_t
process_age_ms(pid_t pid)
{
    struct timespec boot = { 0, 0 };
    long ticks = sysconf(_SC_CLK_TCK);
    uint64_t start = process_start(pid);
    uint64_t now_ms;
    uint64_t start_ms;

    if (start == 0 || ticks <= 0
        || clock_gettime(CLOCK_BOOTTIME, &boot) != 0) {
        return 0;
    }
    now_ms = (uint64_t) boot.tv_sec * 1000
             + (uint64_t) boot.tv_nsec / 1000000;
    start_ms = start * 1000 / (uint64_t) ticks;
    return now_ms > start_ms && now_ms - start_ms < UINT32_MAX
           ? (uint32_t) (now_ms - start_ms) : 0;
}

void
process_title(pid_t pid, char *ret_title, size_t size)
{
    char path[PROC_PATH_SIZE];
    size_t len = 0;

    proc_path(pid, "cmdline", path);
    if (files_read_head(path, ret_title, size, &len) != 0) {
        len = 0;
    }
    for (size_t i = 0; i < len; i++) {
        if (ret_title[i] == '\0') {
            ret_title[i] = ' ';
        } else if ((unsigned char) ret_title[i] < ' ') {
            ret_title[i] = '?';
        }
    }
    while (len > 0 && ret_title[len - 1] == ' ') {
        len--;
    }
    ret_title[len] = '\0';
}

void
process_name(pid_t pid, char *ret_name, size_t size)
{
    struct stat_facts facts;

    ret_name[0] = '\0';
    if (read_stat(pid, &facts) == 1) {
        (void) text_copy(facts.name, ret_name, size);   /* else "" */
    }
}

void
process_await_end(pid_t pid, int64_t wait_ms)
{
    int64_t end_ms = clock_now_ms() + wait_ms;
    CLEANUP(close_fd) int fd = -1;

#ifdef SYS_pidfd_open
    fd = (int) syscall(SYS_pidfd_open, pid, 0U);
#endif
    while (clock_left_ms(end_ms) > 0 && process_start(pid) != 0) {
        struct pollfd ended = { fd, POLLIN, 0 };

        if (fd < 0) {
            clock_sleep_ms(LOOK_MS, end_ms);
        } else if (poll(&ended, 1, (int) clock_left_ms(end_ms)) > 0) {
            return;
        }
    }
}

void
instance_id_init(struct instance_id *id, const char *pgdata)
{
    struct stat info;

    memset(id, 0, sizeof(*id));
    id->pgdata = pgdata;
    if (stat(pgdata, &info) == 0) {
        id->known = true;
        id->dev = info.st_dev;
        id->ino = info.st_ino;
        id->owner = info.st_uid;
    }
}

static size_t
length_without_slashes(const char *path)
{
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    return len;
}

static bool
same_path(const char *path, const char *pgdata)
{
    size_t len = length_without_slashes(pgdata);

    return length_without_slashes(path) == len
           && memcmp(path, pgdata, len) == 0;
}

/* Paths mean the same only in the same mount namespace: not a container's. */
static bool
same_mounts(pid_t pid)
{
    char ours[PROC_PATH_SIZE];
    char theirs[PROC_PATH_SIZE];

    return read_link(getpid(), "ns/mnt", ours, sizeof(ours)) == 1
           && read_link(pid, "ns/mnt", theirs, sizeof(theirs)) == 1
           && strcmp(ours, theirs) == 0;
}

/* By path: the directory was removed, or cannot be looked at. */
static int
belongs_by_path(const struct instance_id *id, pid_t pid)
{
    char link[PATH_MAX];
    int rc = read_link(pid, "cwd", link, sizeof(link));
    bool deleted;

    if (rc != 1) {
        return rc;
    }
    deleted = path_cut_deleted(link);
    return (deleted || !id->known) && same_path(link, id->pgdata)
           && same_mounts(pid);
}

/*
 * By its arguments: a postmaster's data directory was renamed, replaced or
 * unmounted under it, and it goes on writing there.
 */
static int
belongs_by_arguments(const struct instance_id *id, pid_t pid)
{
    char path[PROC_PATH_SIZE];
    char arguments[ARGUMENTS_SIZE];
    size_t len = 0;

    proc_path(pid, "cmdline", path);
    if (files_read_head(path, arguments, sizeof(arguments), &len) != 0) {
        return is_gone(errno) ? 0 : -1;
    }
    for (size_t at = 0; at < len; at += strlen(arguments + at) + 1) {
        const char *value = arguments + at + 2;

        if (strncmp(arguments + at, "-D", 2) != 0) {
            continue;
        }
        if (value[0] == '\0' && at + 3 < len) {
            value++;            /* the next argument */
        }
        if (same_path(value, id->pgdata)) {
            return same_mounts(pid);
        }
    }
    return 0;
}

static int
belongs_by_folder(const struct instance_id *id, pid_t pid)
{
    char path[PROC_PATH_SIZE];
    struct stat info;
    int rc;

    if (id->known) {
        proc_path(pid, "cwd", path);
        if (stat(path, &info) != 0) {
            return is_gone(errno) ? 0 : -1;
        }
        if (info.st_dev == id->dev && info.st_ino == id->ino) {
            return 1;
        }
    }
    rc = belongs_by_path(id, pid);
    return rc == 0 ? belongs_by_arguments(id, pid) : rc;
}

/*
 * What cannot be looked into matters only if it could be ours: a server by
 * its name, run by the owner of the data directory (the only user that
 * postgres accepts there).
 */
static int
judge_closed(const struct instance_id *id, pid_t pid)
{
    int saved_errno = errno;
    char path[PROC_PATH_SIZE];
    struct stat_facts facts;
    struct stat info;

    proc_path(pid, "stat", path);
    if (read_stat(pid, &facts) != 1 || facts.state == 'Z'
        || !is_server_name(facts.name)
        || (id->known && stat(path, &info) == 0
            && info.st_uid != id->owner)) {
        return 0;
    }
    errno = saved_errno;
    return -1;
}

int
process_belongs(const struct instance_id *id, pid_t pid)
{
    char link[PATH_MAX];
    const char *name;
    int rc = read_link(pid, "exe", link, sizeof(link));

    if (rc == 1) {
        (void) path_cut_deleted(link);
        name = strrchr(link, '/');
        if (!is_server_name(name != NULL ? name + 1 : link)) {
            return 0;
        }
        rc = belongs_by_folder(id, pid);
    }
    return rc < 0 ? judge_closed(id, pid) : rc;
}

/* Is `word` the whole title, or is it followed by what it streams? */
static bool
is_receiver_title(const char *title)
{
    static const char *const words[] = {
        "walreceiver", "wal receiver process",
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t len = strlen(words[i]);
        const char *rest = title + len;

        if (strncmp(title, words[i], len) != 0) {
            continue;
        }
        rest += strspn(rest, " ");
        if (*rest == '\0' || strncmp(rest, "streaming", 9) == 0
            || strncmp(rest, "waiting", 7) == 0
            || strncmp(rest, "restarting", 10) == 0) {
            return true;
        }
    }
    return false;
}

/* Does it begin with the word, as PostgreSQL 10 or a later one has it? */
static bool
begins_with(const char *title, const char *word)
{
    size_t len = strlen(word);

    return strncmp(title, word, len) == 0
           && (title[len] == '\0' || title[len] == ' ');
}

/*
 * Who is left when the backends of a server that shuts down have ended: its
 * WAL senders, its archiver, and these.
 */
static bool
is_left_in_shutdown(const char *title)
{
    static const char *const words[] = {
        "checkpointer", "logger", "stats collector", "io worker",
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (begins_with(title, words[i])) {
            return true;
        }
    }
    return false;
}

static void
read_words(const char *title, struct process_entry *entry)
{
    entry->receiver = entry->receiver || is_receiver_title(title);
    entry->sender = entry->sender || begins_with(title, "walsender")
                    || begins_with(title, "wal sender process");
    entry->archiver = entry->archiver || begins_with(title, "archiver");
    entry->startup = entry->startup || begins_with(title, "startup");
    entry->stays = entry->stays || is_left_in_shutdown(title);
}

/* `postgres: [CLUSTER_NAME: ]WHAT ...` against a postmaster's own argv. */
static void
read_title(pid_t pid, struct process_entry *entry)
{
    char path[PROC_PATH_SIZE];
    char title[CMDLINE_SIZE];
    size_t len = 0;
    const char *at;

    proc_path(pid, "cmdline", path);
    if (files_read_head(path, title, sizeof(title), &len) != 0) {
        return;
    }
    entry->titled = strstr(title, "postgres: ") != NULL;
    for (at = strstr(title, ": "); entry->titled && at != NULL;
         at = strstr(at + 2, ": ")) {
        read_words(at + 2, entry);
    }
    /* the first argument ends at its NUL; single-user modes are the second */
    at = title + strlen(title) + 1;
    if (!entry->titled && at < title + len) {
        entry->standalone = strcmp(at, "--single") == 0
                            || strcmp(at, "--boot") == 0
                            || strcmp(at, "--check") == 0;
    }
}

/* 1 with the entry, 0: gone or a zombie, -1. */
static int
read_entry(pid_t pid, struct process_entry *ret_entry)
{
    struct stat_facts facts;
    int rc = read_stat(pid, &facts);

    if (rc != 1) {
        return rc;
    }
    if (facts.state == 'Z' || facts.state == 'X') {
        return 0;
    }
    memset(ret_entry, 0, sizeof(*ret_entry));
    ret_entry->pid = pid;
    ret_entry->parent = facts.parent;
    ret_entry->state = facts.state;
    read_title(pid, ret_entry);
    return 1;
}

bool
processes_check_postmaster(const struct instance_id *id,
                           const struct pidfile *pidfile,
                           struct process_entry *ret_entry)
{
    struct timespec real = { 0, 0 };
    struct timespec boot = { 0, 0 };
    struct stat_facts facts;
    int64_t started_s;
    long ticks = sysconf(_SC_CLK_TCK);

    if (pidfile->pid <= 0 || pidfile->standalone || ticks <= 0
        || process_belongs(id, pidfile->pid) != 1
        || read_stat(pidfile->pid, &facts) != 1 || facts.state == 'Z'
        || facts.state == 'X') {
        return false;
    }
    (void) clock_gettime(CLOCK_REALTIME, &real);
    (void) clock_gettime(CLOCK_BOOTTIME, &boot);
    started_s = (int64_t) real.tv_sec - boot.tv_sec
                + (int64_t) (facts.start_ticks / (uint64_t) ticks);
    if (llabs((long long) (started_s - pidfile->start_time_s))
        > START_TIME_SLACK_S) {
        return false;       /* a stepped clock, or another process */
    }
    memset(ret_entry, 0, sizeof(*ret_entry));
    ret_entry->pid = pidfile->pid;
    ret_entry->parent = facts.parent;
    ret_entry->state = facts.state;
    return true;
}

static const struct process_entry *
find_pid(const struct process_table *table, pid_t pid)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->entry[i].pid == pid) {
            return &table->entry[i];
        }
    }
    return NULL;
}

static bool
has_children(const struct process_table *table, pid_t pid)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->entry[i].parent == pid) {
            return true;
        }
    }
    return false;
}

/*
 * The process of postmaster.pid if it can be one; else one that is nobody's
 * child here and does not call itself a child. One with children first: what
 * was forked a moment ago has not set its title yet.
 */
static void
choose_postmaster(struct process_table *table, pid_t pidfile_pid)
{
    size_t best = table->count;
    int best_points = 0;

    for (size_t i = 0; i < table->count; i++) {
        const struct process_entry *entry = &table->entry[i];
        int points = 1;

        if (entry->titled || entry->standalone
            || find_pid(table, entry->parent) != NULL) {
            continue;
        }
        points += has_children(table, entry->pid) ? 1 : 0;
        points += entry->pid == pidfile_pid ? 2 : 0;
        if (points > best_points) {
            best = i;
            best_points = points;
        }
    }
    table->postmaster = best;
}

/* The process id that a name in /proc stands for, or 0. */
static pid_t
pid_of(const char *name)
{
    uint64_t number;
    const char *rest = line_read_number(name, INT_MAX, &number);

    return rest != NULL && *rest == '\0' ? (pid_t) number : 0;
}

static int
make_room(struct process_table *table)
{
    size_t size = table->size == 0 ? FIRST_ROOM : table->size * 2;
    struct process_entry *entry =
        reallocarray(table->entry, size, sizeof(*entry));

    if (entry == NULL) {
        return -1;
    }
    table->entry = entry;
    table->size = size;
    return 0;
}

void
processes_forget(struct process_table *table)
{
    int saved_errno = errno;

    free(table->entry);
    errno = saved_errno;
    memset(table, 0, sizeof(*table));
}

static int
add_process(pid_t pid, struct process_table *table)
{
    struct process_entry entry;
    int rc = read_entry(pid, &entry);

    if (rc != 1) {
        return rc;
    }
    if (table->count == table->size && make_room(table) != 0) {
        return -1;
    }
    table->entry[table->count++] = entry;
    return 0;
}

/* Walk /proc once; with a parent, add its other children instead. */
static int
walk(const struct instance_id *id, pid_t parent, struct process_table *table)
{
    CLEANUP(close_folder) DIR *folder = opendir("/proc");
    struct dirent *item;

    if (folder == NULL) {
        return -1;
    }
    while (errno = 0, (item = readdir(folder)) != NULL) {
        pid_t pid = pid_of(item->d_name);
        struct stat_facts facts;
        int rc;

        if (pid <= 0 || pid == getpid()) {
            continue;
        }
        if (parent == 0) {
            rc = process_belongs(id, pid);
        } else {
            rc = find_pid(table, pid) == NULL
                 && read_stat(pid, &facts) == 1 && facts.parent == parent;
        }
        if (rc < 0 || (rc == 1 && add_process(pid, table) != 0)) {
            return -1;
        }
    }
    return errno == 0 ? 0 : -1;
}

int
processes_find(const struct instance_id *id, pid_t pidfile_pid,
               struct process_table *table)
{
    for (int looks = 0; looks < EMPTY_LOOKS; looks++) {
        table->count = 0;
        table->postmaster = 0;
        if (walk(id, 0, table) != 0) {
            return -1;
        }
        if (table->count > 0) {
            break;
        }
    }
    choose_postmaster(table, pidfile_pid);
    if (table->postmaster < table->count) {
        return walk(id, table->entry[table->postmaster].pid, table);
    }
    return 0;
}

/* Is it a child of the ancestor, or of one of those that were found? */
static bool
is_heir(pid_t parent, pid_t ancestor, const struct process_entry *heir,
        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (heir[i].pid == parent) {
            return true;
        }
    }
    return parent == ancestor;
}

static bool
is_known(pid_t pid, const struct process_entry *heir, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (heir[i].pid == pid) {
            return true;
        }
    }
    return false;
}

/* Walk /proc once; how many were found so far. */
static size_t
add_heirs(pid_t ancestor, struct process_entry *heir, size_t count,
          size_t max)
{
    CLEANUP(close_folder) DIR *folder = opendir("/proc");
    const struct dirent *item;

    while (folder != NULL && count < max
           && (item = readdir(folder)) != NULL) {
        pid_t pid = pid_of(item->d_name);
        struct stat_facts facts;

        if (pid > 0 && !is_known(pid, heir, count)
            && read_stat(pid, &facts) == 1
            && is_heir(facts.parent, ancestor, heir, count)
            && read_entry(pid, &heir[count]) == 1) {
            count++;
        }
    }
    return count;
}

size_t
processes_find_heirs(pid_t ancestor, struct process_entry *ret_heir,
                     size_t max)
{
    size_t before;
    size_t count = 0;

    do {
        before = count;
        count = add_heirs(ancestor, ret_heir, count, max);
    } while (count > before);
    return count;
}

int
process_signal(const struct instance_id *id, const struct process_entry *entry,
               int number)
{
    CLEANUP(close_fd) int fd = -1;
    struct stat_facts facts;
    int rc;

#ifdef SYS_pidfd_open
    fd = (int) syscall(SYS_pidfd_open, entry->pid, 0U);
    if (fd < 0 && errno == ESRCH) {
        return 0;
    }
#endif
    /* from here on the descriptor stands for the process that is checked */
    rc = process_belongs(id, entry->pid);
    if (rc == 0 && read_stat(entry->pid, &facts) == 1
        && facts.parent == entry->parent && is_server_name(facts.name)) {
        rc = 1;     /* a child of the postmaster that left the directory */
    }
    if (rc != 1) {
        return rc;
    }
#ifdef SYS_pidfd_send_signal
    if (fd >= 0) {
        rc = (int) syscall(SYS_pidfd_send_signal, fd, number, NULL, 0U);
        return rc == 0 || errno == ESRCH ? 0 : -1;
    }
#endif
    return kill(entry->pid, number) == 0 || errno == ESRCH ? 0 : -1;
}

/* SIGKILL what the session has; how many there were, or -1 with errno. */
static int
kill_session(pid_t session)
{
    CLEANUP(close_folder) DIR *folder = opendir("/proc");
    struct dirent *item;
    int count = 0;

    if (folder == NULL) {
        return -1;
    }
    while (errno = 0, (item = readdir(folder)) != NULL) {
        pid_t pid = pid_of(item->d_name);
        struct stat_facts facts;

        if (pid > 0 && pid != getpid() && read_stat(pid, &facts) == 1
            && facts.session == session && facts.state != 'Z'
            && facts.state != 'X') {
            count++;
            process_kill(pid, facts.start_ticks);
        }
    }
    return errno == 0 ? count : -1;
}

int
processes_end_session(pid_t session, uint64_t start, int64_t deadline_ms)
{
    struct stat_facts leader;

    /* while one of them lives, nobody else gets the number */
    if (session <= 0 || start == 0
        || (read_stat(session, &leader) == 1
            && leader.start_ticks != start)) {
        return 0;
    }
    for (;;) {
        int count = kill_session(session);

        if (count <= 0) {
            return count;
        }
        if (clock_left_ms(deadline_ms) <= 0) {
            errno = ETIMEDOUT;
            return -1;
        }
        clock_sleep_ms(KILL_AGAIN_MS, deadline_ms);
    }
}
