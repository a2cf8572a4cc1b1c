/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instance's files and folders: looking at them and making them ready. */

#include "postgres.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "controldata.h"
#include "files.h"
#include "history.h"
#include "line.h"
#include "major_version.h"
#include "options.h"
#include "paths.h"
#include "pgconf.h"
#include "pidfile.h"
#include "postgres_tools.h"

#define CONTROL_SIZE 16384
#define CONTROL_TRIES 3
#define CONTROL_RETRY_MS 20
#define CONFIG_SIZE (256 * 1024)
#define LOCK_SIZE 4096
#define OPTS_SIZE 8192
#define EMPTY_LOCK_WAIT_MS 1000
/* pg_basebackup and pg_rewind leave such files out, a start removes them */
#define CHECK_FILE "pgsql_tmp.pgward"

static enum tri
exists_in(const char *folder, const char *name)
{
    char path[PATH_SIZE];
    int rc = path_join(folder, name, path) == 0 ? files_exists(path) : -1;

    return rc < 0 ? TRI_UNKNOWN : rc == 1 ? TRI_YES : TRI_NO;
}

/* As the owner where there is one; what cannot be read stays unknown. */
static int
become(const struct identity *identity)
{
    return identity->known == 1 ? identity_become(identity) : 0;
}

/* --- looking ------------------------------------------------------------- */

/*
 * pg_control begins with it, in the machine's own order, and no later write of
 * the file changes it.
 *
 * Source: ControlFileData of PostgreSQL 10 to 18.
 */
static void
read_system_id(const char *pgdata, char *ret_id)
{
    char path[PATH_SIZE];
    uint64_t id = 0;
    ssize_t len = 0;
    struct text text;

    ret_id[0] = '\0';
    if (path_join(pgdata, "global/pg_control", path) == 0) {
        CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);

        len = fd < 0 ? 0 : read(fd, &id, sizeof(id));
    }
    if (len == (ssize_t) sizeof(id) && id != 0) {
        text_init(&text, ret_id, SYSTEM_ID_SIZE);
        text_add(&text, "%" PRIu64, id);
    }
}

void
postgres_read_old_option(const struct params *params, char *ret_name)
{
    char path[PATH_SIZE];
    char opts[OPTS_SIZE];
    size_t len;
    const char *name = NULL;

    if (path_join(params->pgdata, "postmaster.opts", path) == 0
        && files_read(path, opts, sizeof(opts), &len) == 0) {
        name = options_changed(opts, params);
    }
    ret_name[0] = '\0';
    if (name != NULL) {
        (void) text_copy(name, ret_name, OPTION_NAME_SIZE);     /* it fits */
    }
}

int
postgres_read_files(const struct params *params,
                    const struct identity *identity,
                    struct instance_files *ret_files)
{
    if (become(identity) != 0) {
        return -1;
    }
    ret_files->major_version = major_version_read(params->pgdata);
    read_system_id(params->pgdata, ret_files->system_id);
    ret_files->lock = exists_in(params->tmpdir, "PGSQL.lock");
    ret_files->backup_label = exists_in(params->pgdata, "backup_label");
    identity_return();
    return 0;
}

int
postgres_read_controldata(const struct params *params,
                          const struct identity *identity,
                          int64_t deadline_ms,
                          struct controldata *ret_controldata)
{
    char program[PATH_MAX];
    char output[CONTROL_SIZE];
    char unused[1024];
    const char *argv[] = { program, "-D", params->pgdata, NULL };
    const struct postgres_tools_run run = {
        .params = params,
        .user = identity,
        .name = program,
        .argv = argv,
        .plain_language = true,
        .deadline_ms = deadline_ms,
    };
    struct text why;

    if (postgres_tools_path(params, "pg_controldata", program) != 0) {
        return -1;
    }
    for (int tries = 0; tries < CONTROL_TRIES; tries++) {
        text_init(&why, unused, sizeof(unused));
        if (postgres_tools_run(&run, output, sizeof(output), &why) != 0) {
            return -1;
        }
        /* a server may be writing the file: look again */
        if (strstr(output, "WARNING") == NULL
            && controldata_parse(output, ret_controldata) == 0) {
            return 0;
        }
        clock_sleep_ms(CONTROL_RETRY_MS, deadline_ms);
    }
    return -1;
}

int
postgres_read_control(const struct params *params,
                      const struct identity *identity, int64_t deadline_ms,
                      struct control *ret_control)
{
    struct controldata data = { .state = CONTROL_UNKNOWN };
    int rc = postgres_read_controldata(params, identity, deadline_ms, &data);

    *ret_control = (struct control) {
        .state = data.state,
        .checkpoint = data.checkpoint,
        .recovery_timeline = data.min_recovery_end.timeline,
        .limits = data.limits,
    };
    return rc;
}

int
postgres_read_history(const struct params *params,
                      const struct identity *identity, uint32_t timeline,
                      char *ret_summary, size_t size)
{
    static struct history history;
    CLEANUP(free_text) char *bytes = calloc(1, HISTORY_FILE_SIZE);
    char file[PATH_SIZE];
    char path[PATH_SIZE];
    struct text text;
    size_t len;
    int rc = 0;

    text_init(&text, file, sizeof(file));
    text_add(&text, "pg_wal/%08X.history", timeline);
    if (bytes == NULL || timeline == 0
        || path_join(params->pgdata, file, path) != 0
        || become(identity) != 0) {
        return -1;
    }
    if (timeline > 1) {
        rc = files_read(path, bytes, HISTORY_FILE_SIZE, &len);
    }
    identity_return();
    if (rc != 0 || history_parse(timeline, bytes, &history) != 0) {
        return -1;
    }
    text_init(&text, ret_summary, size);
    history_summary(&history, &text);
    return 0;
}

uint32_t
postgres_newest_timeline(const struct params *params,
                         const struct identity *identity)
{
    char path[PATH_SIZE];
    const struct dirent *entry;
    uint32_t newest = 1;
    DIR *folder;

    if (path_join(params->pgdata, "pg_wal", path) != 0
        || become(identity) != 0) {
        return 0;
    }
    folder = opendir(path);
    errno = 0;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        uint32_t timeline = history_timeline_of(entry->d_name);

        newest = timeline > newest ? timeline : newest;
    }
    if (folder == NULL || errno != 0) {
        newest = 0;
    }
    if (folder != NULL) {
        (void) closedir(folder);
    }
    identity_return();
    return newest;
}

/* --- making ready -------------------------------------------------------- */

struct setup {
    const struct params *params;
    const struct identity *identity;
    struct text *why;
};

/* Can the owner of the database write there? 0, or -1 with errno. */
static int
writable_by_owner(const struct setup *setup, const char *path)
{
    int rc = identity_become(setup->identity);

    if (rc == 0) {
        rc = identity_may(path, W_OK);
        identity_return();
    }
    return rc;
}

static int
check_pgdata(const struct setup *setup)
{
    if (writable_by_owner(setup, setup->params->pgdata) == 0) {
        return 0;
    }
    text_add(setup->why,
             "'%s' is not writable for '%s': %s. Mount it or chown/chmod it, "
             "then pcs resource cleanup",
             setup->params->pgdata, setup->identity->name, strerror(errno));
    return -1;
}

static int
make_folder(const struct setup *setup, const char *path, mode_t mode,
            bool force)
{
    if (files_make_folder(path, setup->identity->uid, setup->identity->gid,
                          mode, force) == 0) {
        return 0;
    }
    text_add(setup->why,
             "could not make folder '%s' for user '%s': %s. Make it, or "
             "correct the parameter that names it",
             path, setup->identity->name, strerror(errno));
    return -1;
}

static int
make_tmpdir(const struct setup *setup)
{
    if (setup->params->rep_mode == REP_MODE_NONE) {
        return 0;
    }
    return make_folder(setup, setup->params->tmpdir, 0700, true);
}

static int
make_socketdir(const struct setup *setup)
{
    const char *path = setup->params->socketdir;

    if (path[0] == '\0') {
        return 0;
    }
    if (make_folder(setup, path, 02775, false) != 0) {
        return -1;
    }
    if (writable_by_owner(setup, path) == 0) {
        return 0;
    }
    text_add(setup->why,
             "could not write to socketdir '%s' as user '%s': %s. Correct "
             "its owner or mode", path, setup->identity->name,
             strerror(errno));
    return -1;
}

/*
 * Make the log file where it is missing, and give it to the owner: nothing
 * that was there before, /dev/null above all, changes hands.
 */
static int
create_logfile(const struct setup *setup)
{
    const struct identity *identity = setup->identity;
    CLEANUP(close_fd)
    int fd = open(setup->params->logfile,
                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    struct stat info;

    if (fd < 0) {
        return errno == EEXIST ? 0 : -1;
    }
    if (fstat(fd, &info) != 0) {
        return -1;
    }
    if (info.st_uid == identity->uid && info.st_gid == identity->gid) {
        return 0;
    }
    return fchown(fd, identity->uid, identity->gid);
}

static int
make_logfile(const struct setup *setup)
{
    if (create_logfile(setup) == 0
        && writable_by_owner(setup, setup->params->logfile) == 0) {
        return 0;
    }
    text_add(setup->why,
             "could not write to logfile '%s' as user '%s': %s. Correct its "
             "owner, make its folder, or set logfile",
             setup->params->logfile, setup->identity->name, strerror(errno));
    return -1;
}

/* Before version 15, and often on a tmpfs that a reboot emptied. */
static int
make_stats_folder(const struct setup *setup)
{
    CLEANUP(free_text) char *config = malloc(CONFIG_SIZE);
    char value[PATH_SIZE];
    char path[PATH_SIZE];
    size_t len;

    if (config == NULL
        || files_read(setup->params->config, config, CONFIG_SIZE, &len) != 0
        || pgconf_find(config, "stats_temp_directory", value, sizeof(value))
               != 1
        || value[0] == '\0') {
        return 0;       /* the server itself says what is wrong with it */
    }
    if (value[0] == '/') {
        return make_folder(setup, value, 0700, false);
    }
    if (path_join(setup->params->pgdata, value, path) != 0) {
        return 0;
    }
    return make_folder(setup, path, 0700, false);
}

/* Was the lock file of a socket made by a server of this instance? */
static bool
is_our_lock(const struct setup *setup, const char *path)
{
    char bytes[LOCK_SIZE];
    struct pidfile lock;
    size_t len;

    return files_read(path, bytes, sizeof(bytes), &len) == 0
           && pidfile_parse(bytes, &lock) == 0
           && files_are_same(setup->params->pgdata, lock.datadir);
}

/*
 * A postmaster that was killed between making its socket's lock file and
 * writing it leaves it empty, and the next one refuses to start (tried). One
 * that lives writes it within a moment.
 */
static bool
is_empty_leftover(const struct setup *setup, const char *path)
{
    int64_t deadline_ms = clock_now_ms() + EMPTY_LOCK_WAIT_MS;
    struct stat info;

    while (lstat(path, &info) == 0 && S_ISREG(info.st_mode)
           && info.st_size == 0 && info.st_uid == setup->identity->uid) {
        if (clock_left_ms(deadline_ms) == 0) {
            return true;
        }
        clock_sleep_ms(EMPTY_LOCK_WAIT_MS / 10, deadline_ms);
    }
    return false;
}

static int
remove_as_owner(const struct setup *setup, const char *path)
{
    int rc = identity_become(setup->identity);

    if (rc == 0) {
        rc = files_remove(path);
        identity_return();
    }
    if (rc != 0) {
        text_add(setup->why, "could not remove stale '%s': %s. Remove it",
                 path, strerror(errno));
    }
    return rc;
}

static int
remove_socket_lock(const struct setup *setup, const char *folder, int port)
{
    char path[PATH_SIZE];
    struct text text;

    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/.s.PGSQL.%d.lock", folder, port);
    if (folder[0] != '/' || text.overflow
        || (!is_our_lock(setup, path) && !is_empty_leftover(setup, path))) {
        return 0;
    }
    return remove_as_owner(setup, path);
}

/*
 * A left-over postmaster.pid, or lock file of a socket, whose number another
 * process of this user has got since refuses the start; so does one whose
 * postmaster is a zombie that nobody has reaped yet (tried). Only proof that
 * nothing lives removes them (P4): the files of a live postmaster are what
 * keeps a second one out.
 */
static int
remove_stale_locks(const struct setup *setup)
{
    const struct params *params = setup->params;
    struct process process;
    struct pidfile pidfile = { 0 };
    char path[PATH_SIZE];
    char bytes[LOCK_SIZE];
    size_t len;

    if (postgres_examine(params, false, &process) != 0
        || process.state != PROCESS_GONE
        || path_join(params->pgdata, "postmaster.pid", path) != 0) {
        return 0;
    }
    if (files_read(path, bytes, sizeof(bytes), &len) == 0) {
        (void) pidfile_parse(bytes, &pidfile);  /* may be empty: no matter */
    }
    if (remove_socket_lock(setup, pidfile.socketdir, pidfile.port) != 0
        || remove_socket_lock(setup, params->socketdir, params->pgport)
               != 0) {
        return -1;
    }
    return process.pidfile == PIDFILE_MISSING ? 0
                                              : remove_as_owner(setup, path);
}

int
postgres_prepare(const struct params *params, const struct identity *identity,
                 struct text *ret_why)
{
    const struct setup setup = { params, identity, ret_why };

    if (identity->known != 1) {
        text_add(ret_why, "could not prepare '%s': user '%s' %s",
                 params->pgdata, params->pgdba,
                 identity->known == 0
                     ? "does not exist; create it, or set pgdba"
                     : "could not be looked up; see getent passwd");
        return -1;
    }
    if (check_pgdata(&setup) != 0 || make_tmpdir(&setup) != 0
        || make_logfile(&setup) != 0 || make_socketdir(&setup) != 0
        || make_stats_folder(&setup) != 0) {
        return -1;
    }
    return remove_stale_locks(&setup);
}

/* --- the deep check ------------------------------------------------------ */

static int
write_check_file(const char *path)
{
    CLEANUP(close_fd) int fd = -1;
    int rc;

    if (unlink(path) != 0 && errno != ENOENT) {
        return -1;
    }
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
              0600);
    if (fd < 0) {
        return -1;
    }
    rc = write(fd, "pgward\n", 7) == 7 && fsync(fd) == 0 ? 0 : -1;
    if (unlink(path) != 0) {
        rc = -1;
    }
    return rc;
}

enum tri
postgres_check_disk(const struct params *params,
                    const struct identity *identity, struct text *ret_why)
{
    char path[PATH_SIZE];
    int rc;

    if (path_join(params->pgdata, CHECK_FILE, path) != 0
        || identity->known != 1 || identity_become(identity) != 0) {
        return TRI_UNKNOWN;
    }
    rc = write_check_file(path);
    if (rc != 0) {
        text_add(ret_why,
                 "could not write and sync '%s': %s. Check the disk, its "
                 "space and its mount", path, strerror(errno));
    }
    identity_return();
    return rc == 0 ? TRI_YES : TRI_NO;
}
