/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real servers for a test, in a temporary folder. */

#include "live_server.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "text.h"

#define LINE_SIZE 1024
#define DEAD_WAIT_MS 5000
#define ARGS_MAX 16

static void
become_owner(const struct live_site *site)
{
    const struct identity *owner = &site->owner;

    if (geteuid() == 0
        && (initgroups(owner->name, owner->gid) != 0
            || setgid(owner->gid) != 0 || setuid(owner->uid) != 0)) {
        _exit(126);
    }
}

/* What a program and the servers wrote, as lines of TAP for whoever reads. */
static void
show_logs(const struct live_site *site, const char *what)
{
    char pattern[LIVE_PATH_SIZE + 8];
    char line[LINE_SIZE];
    struct text text;
    glob_t found;

    printf("# failed: %s\n", what);
    text_init(&text, pattern, sizeof(pattern));
    text_add(&text, "%s/*.log", site->folder);
    if (glob(pattern, 0, NULL, &found) != 0) {
        return;
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        FILE *file = fopen(found.gl_pathv[i], "re");

        printf("# %s:\n", found.gl_pathv[i]);
        while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
            printf("#   %.*s\n", (int) strcspn(line, "\n"), line);
        }
        if (file != NULL) {
            (void) fclose(file);
        }
    }
    globfree(&found);
}

/* Run one of the server's programs as its owner; output goes to a file. */
static bool
run(const struct live_site *site, const char *const *argv)
{
    char log[LIVE_PATH_SIZE + 16];
    char locales[LIVE_PATH_SIZE + 16];
    char *args[ARGS_MAX] = { NULL };
    struct text text;
    pid_t pid;
    int status = -1;

    /* exec changes no argument, its type is older than const */
    for (size_t i = 0; i < ARGS_MAX - 1 && argv[i] != NULL; i++) {
        memcpy(&args[i], &argv[i], sizeof(args[i]));
    }
    text_init(&text, log, sizeof(log));
    text_add(&text, "%s/commands.log", site->folder);
    text_init(&text, locales, sizeof(locales));
    text_add(&text, "%s/locale", site->folder);
    pid = fork();
    if (pid == 0) {
        int fd;

        become_owner(site);
        fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0
            || dup2(fd, STDERR_FILENO) < 0 || chdir("/") != 0
            || setenv("LOCPATH", locales, 1) != 0
            || unsetenv("LC_ALL") != 0) {
            _exit(126);
        }
        execv(argv[0], args);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (pid <= 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        show_logs(site, argv[0]);
        return false;
    }
    return true;
}

/* The newest version's programs. */
static bool
find_programs(struct live_site *site)
{
    static const char *const patterns[] = {
        "/usr/lib/postgresql/*/bin/initdb", "/usr/pgsql-*/bin/initdb",
        "/usr/bin/initdb",
    };

    for (size_t i = 0; i < 3; i++) {
        glob_t found;
        bool ok = glob(patterns[i], 0, NULL, &found) == 0;
        char *last = ok ? found.gl_pathv[found.gl_pathc - 1] : NULL;

        if (ok) {
            *strrchr(last, '/') = '\0';
            ok = text_copy(last, site->bindir, sizeof(site->bindir)) == 0;
        }
        globfree(&found);
        if (ok) {
            return true;
        }
    }
    return false;
}

static bool
find_owner(struct live_site *site)
{
    const struct passwd *self = getpwuid(geteuid());

    if (geteuid() == 0) {
        return identity_find("postgres", &site->owner) == 0;
    }
    return self != NULL && identity_find(self->pw_name, &site->owner) == 0;
}

const char *
live_site_make(struct live_site *ret_site)
{
    struct live_site site = { .folder = "/tmp/pgward-live-XXXXXX" };

    if (!find_programs(&site)) {
        return "no PostgreSQL server is installed (initdb)";
    }
    if (!find_owner(&site)) {
        return "there is no user 'postgres' to own a server";
    }
    if (mkdtemp(site.folder) == NULL
        || chown(site.folder, site.owner.uid, site.owner.gid) != 0
        || chmod(site.folder, 0755) != 0) {
        return "no temporary folder could be made";
    }
    *ret_site = site;
    return NULL;
}

static pid_t
read_pid(const char *path)
{
    char line[32] = "";
    FILE *file = fopen(path, "re");

    if (file == NULL) {
        return 0;
    }
    if (fgets(line, sizeof(line), file) == NULL) {
        line[0] = '\0';
    }
    (void) fclose(file);
    return (pid_t) strtol(line, NULL, 10);
}

static void
kill_server(const char *path)
{
    pid_t pid = read_pid(path);
    int64_t deadline_ms = clock_now_ms() + DEAD_WAIT_MS;

    if (pid <= 1) {
        return;
    }
    (void) kill(pid, SIGCONT);
    (void) kill(pid, SIGQUIT);
    while (kill(pid, 0) == 0 && clock_left_ms(deadline_ms) > 0) {
        clock_sleep_ms(20, deadline_ms);
    }
    (void) kill(pid, SIGKILL);
}

static int
remove_one(const char *path, const struct stat *info, int kind,
           struct FTW *where)
{
    (void) info;
    (void) kind;
    (void) where;
    (void) remove(path);
    return 0;
}

void
live_site_remove(struct live_site *site)
{
    char pattern[LIVE_PATH_SIZE + 32];
    struct text text;
    glob_t found;

    if (site->folder[0] == '\0') {
        return;
    }
    text_init(&text, pattern, sizeof(pattern));
    text_add(&text, "%s/*/postmaster.pid", site->folder);
    if (glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            kill_server(found.gl_pathv[i]);
        }
    }
    globfree(&found);
    (void) nftw(site->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    site->folder[0] = '\0';
}

static const char *
program(const struct live_site *site, const char *name,
        char ret_path[LIVE_PATH_SIZE])
{
    struct text text;

    text_init(&text, ret_path, LIVE_PATH_SIZE);
    text_add(&text, "%s/%s", site->bindir, name);
    return ret_path;
}

static void
name_server(const struct live_site *site, const char *name, const char *port,
            struct live_server *ret_server)
{
    struct text text;

    text_init(&text, ret_server->pgdata, sizeof(ret_server->pgdata));
    text_add(&text, "%s/%s", site->folder, name);
    (void) text_copy(port, ret_server->port, sizeof(ret_server->port));
}

bool
live_add_line(const struct live_server *server, const char *file,
              const char *line)
{
    char path[LIVE_PATH_SIZE + 64];
    struct text text;
    FILE *out;
    bool ok;

    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/%s", server->pgdata, file);
    out = fopen(path, "ae");
    if (out == NULL) {
        return false;
    }
    ok = fprintf(out, "%s\n", line) > 0;
    return fclose(out) == 0 && ok;
}

static bool
configure(const struct live_site *site, const struct live_server *server)
{
    static const char *const lines[] = {
        "listen_addresses = ''", "shared_buffers = 2MB", "fsync = off",
        "max_connections = 12", "max_wal_senders = 4",
        "wal_receiver_status_interval = 1s",
        "password_encryption = 'scram-sha-256'",
        "wal_retrieve_retry_interval = 200ms",
        "autovacuum = off", "max_worker_processes = 0",
    };
    char line[LINE_SIZE];
    struct text text;
    bool ok = true;

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        ok = ok && live_add_line(server, "postgresql.conf", lines[i]);
    }
    text_init(&text, line, sizeof(line));
    text_add(&text, "unix_socket_directories = '%s'", site->folder);
    return ok && live_add_line(server, "postgresql.conf", line);
}

bool
live_start(const struct live_site *site, const struct live_server *server,
           const char *options)
{
    char pg_ctl[LIVE_PATH_SIZE];
    char log[LIVE_PATH_SIZE + 8];
    char all[LINE_SIZE];
    struct text text;
    const char *argv[] = {
        program(site, "pg_ctl", pg_ctl), "-D", server->pgdata, "-s", "-w",
        "-l", log, "-o", all, "start", NULL,
    };

    text_init(&text, log, sizeof(log));
    text_add(&text, "%s.log", server->pgdata);
    text_init(&text, all, sizeof(all));
    text_add(&text, "-p %s %s", server->port, options);
    return run(site, argv);
}

bool
live_stop(const struct live_site *site, const struct live_server *server,
          const char *mode, bool wait)
{
    char pg_ctl[LIVE_PATH_SIZE];
    const char *argv[] = {
        program(site, "pg_ctl", pg_ctl), "-D", server->pgdata, "-s",
        wait ? "-w" : "-W", "-m", mode, "stop", NULL,
    };

    return run(site, argv);
}

bool
live_primary_make(const struct live_site *site, const char *port,
                  struct live_server *ret_server)
{
    static const char *const hba[] = {
        "local all watcher,ender scram-sha-256", "local all all peer",
        "local replication all peer",
    };
    char initdb[LIVE_PATH_SIZE];
    char path[LIVE_PATH_SIZE + 32];
    struct text text;
    const char *argv[] = {
        program(site, "initdb", initdb), "-D", ret_server->pgdata, "-N", "-U",
        site->owner.name, "--no-locale", "-E", "UTF8", NULL,
    };
    bool ok;

    name_server(site, "primary", port, ret_server);
    ok = run(site, argv) && configure(site, ret_server);
    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/pg_hba.conf", ret_server->pgdata);
    ok = ok && truncate(path, 0) == 0;
    for (size_t i = 0; i < 3; i++) {
        ok = ok && live_add_line(ret_server, "pg_hba.conf", hba[i]);
    }
    return ok && live_start(site, ret_server, "");
}

bool
live_standby_make(const struct live_site *site,
                  const struct live_server *primary, const char *name,
                  const char *port, struct live_server *ret_server)
{
    char basebackup[LIVE_PATH_SIZE];
    char conninfo[LINE_SIZE];
    struct text text;
    const char *argv[] = {
        program(site, "pg_basebackup", basebackup), "-D", ret_server->pgdata,
        "-R", "-X", "stream", "-c", "fast", "-N", "-d", conninfo, NULL,
    };

    name_server(site, name, port, ret_server);
    text_init(&text, conninfo, sizeof(conninfo));
    text_add(&text, "host=%s port=%s user=%s application_name=%s",
             site->folder, primary->port, site->owner.name, name);
    return run(site, argv) && live_start(site, ret_server, "");
}

bool
live_signal(const struct live_server *server, int signal_number)
{
    char path[LIVE_PATH_SIZE + 32];
    struct text text;
    pid_t pid;

    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/postmaster.pid", server->pgdata);
    pid = read_pid(path);
    return pid > 1 && kill(pid, signal_number) == 0;
}

bool
live_make_german(const struct live_site *site)
{
    char path[LIVE_PATH_SIZE + 32];
    char locale[LIVE_PATH_SIZE + 32];
    struct text text;
    const char *argv[] = {
        "/usr/bin/localedef", "-c", "-i", "de_DE", "-f", "UTF-8", locale,
        NULL,
    };

    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/locale", site->folder);
    text_init(&text, locale, sizeof(locale));
    text_add(&text, "%s/de_DE.UTF-8", path);
    return mkdir(path, 0755) == 0
           && chown(path, site->owner.uid, site->owner.gid) == 0
           && run(site, argv);
}
