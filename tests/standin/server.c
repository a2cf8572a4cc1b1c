/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A real PostgreSQL server in a temporary folder. */

#include "server.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "cmocka_all.h"
#include "files.h"
#include "pidfile.h"
#include "postgres.h"
#include "spawn.h"
#include "text.h"

#define OWNER "postgres"

/* The newest server that is installed; "" if there is none. */
static void
find_pgctl(char *ret_path, size_t size)
{
    glob_t found;

    ret_path[0] = '\0';
    if (glob("/usr/lib/postgresql/*/bin/pg_ctl", 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            (void) text_copy(found.gl_pathv[i], ret_path, size);
        }
    }
    globfree(&found);
    if (ret_path[0] == '\0' && access("/usr/bin/pg_ctl", X_OK) == 0) {
        (void) text_copy("/usr/bin/pg_ctl", ret_path, size);
    }
}

const char *
server_why_not(void)
{
    struct identity identity;
    char pgctl[PATH_SIZE];

    find_pgctl(pgctl, sizeof(pgctl));
    if (geteuid() != 0) {
        return "needs root, to run a server as another user";
    }
    if (pgctl[0] == '\0') {
        return "needs PostgreSQL's server programs";
    }
    return identity_find(OWNER, &identity) == 0
           ? NULL : "needs the user " OWNER;
}

static int
run(struct server_dir *server, const char *const *argv)
{
    char output[4096];
    struct spawn_request request = {
        .argv = argv,
        .user = &server->identity,
        .deadline_ms = clock_now_ms() + 60000,
        .ret_output = output,
        .output_size = sizeof(output),
    };
    int status = -1;

    assert_int_equal(spawn_run(&request, &status), 0);
    if (status != 0) {
        print_message("# %s: %s\n", argv[0], output);
    }
    return status;
}

static void
join(char *ret_path, const char *folder, const char *name)
{
    struct text text;

    text_init(&text, ret_path, PATH_SIZE);
    text_add(&text, "%s/%s", folder, name);
    assert_false(text.overflow);
}

static void
tool(const struct server_dir *server, const char *name, char *ret_path)
{
    char folder[PATH_SIZE];

    assert_int_equal(text_copy(server->pgctl, folder, sizeof(folder)), 0);
    *strrchr(folder, '/') = '\0';
    join(ret_path, folder, name);
}

static const char *
get(void *context, const char *name)
{
    struct server_dir *server = context;

    return strcmp(name, "pgctl") == 0       ? server->pgctl
           : strcmp(name, "pgdata") == 0    ? server->pgdata
           : strcmp(name, "logfile") == 0   ? server->logfile
           : strcmp(name, "tmpdir") == 0    ? server->tmpdir
           : strcmp(name, "socketdir") == 0 ? server->folder
           : strcmp(name, "start_opt") == 0 ? server->start_opt
                                            : NULL;
}

void
server_create(struct server_dir *server)
{
    char problem[512];
    char initdb[PATH_SIZE];
    struct text text;
    const char *argv[] = {
        initdb, "-N", "-A", "trust", "-D", server->pgdata, NULL,
    };

    memset(server, 0, sizeof(*server));
    assert_int_equal(identity_find(OWNER, &server->identity), 0);
    find_pgctl(server->pgctl, sizeof(server->pgctl));
    assert_int_equal(text_copy("/tmp/pgward-test.XXXXXX", server->folder,
                               sizeof(server->folder)), 0);
    assert_non_null(mkdtemp(server->folder));
    assert_int_equal(chown(server->folder, server->identity.uid,
                           server->identity.gid), 0);
    join(server->pgdata, server->folder, "data");
    join(server->logfile, server->folder, "server.log");
    join(server->tmpdir, server->folder, "tmp");
    text_init(&text, server->start_opt, sizeof(server->start_opt));
    text_add(&text, "-c listen_addresses='' -c unix_socket_directories=%s "
             "-c fsync=off -c shared_buffers=1MB", server->folder);
    tool(server, "initdb", initdb);
    assert_int_equal(run(server, argv), 0);
    text_init(&text, problem, sizeof(problem));
    assert_int_equal(params_parse(get, server, &server->params, &text),
                     OCF_SUCCESS);
}

bool
server_sql(struct server_dir *server, const char *sql)
{
    char psql[PATH_SIZE];
    const char *argv[] = {
        psql, "-XAtq", "-h", server->folder, "-d", "template1", "-c", sql,
        NULL,
    };

    tool(server, "psql", psql);
    return run(server, argv) == 0;
}

int
server_sql_background(struct server_dir *server, const char *sql)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        (void) server_sql(server, sql);
        _exit(0);
    }
    return pid;
}

void
server_start(struct server_dir *server)
{
    int64_t deadline_ms = clock_now_ms() + 30000;
    char bytes[1024];
    struct process process = { 0 };
    struct text why;

    text_init(&why, bytes, sizeof(bytes));
    if (postgres_prepare(&server->params, &server->identity, &why) != 0
        || postgres_start(&server->params, &server->identity, deadline_ms,
                          &why) != 0) {
        fail_msg("%s", bytes);
    }
    while (process.pidfile != PIDFILE_READY
           && clock_left_ms(deadline_ms) > 0) {
        assert_int_equal(postgres_examine(&server->params, false, &process),
                         0);
        clock_sleep_ms(20, deadline_ms);
    }
    if (process.pidfile != PIDFILE_READY) {
        (void) postgres_tail_log(&server->params, &server->identity, &why);
        fail_msg("the server did not start: %s", bytes);
    }
}

int
server_postmaster(const struct server_dir *server)
{
    char path[PATH_SIZE];
    char bytes[4096];
    struct pidfile pidfile;
    size_t len;

    join(path, server->pgdata, "postmaster.pid");
    assert_int_equal(files_read(path, bytes, sizeof(bytes), &len), 0);
    assert_int_equal(pidfile_parse(bytes, &pidfile), 0);
    return pidfile.pid;
}

void
server_remove(struct server_dir *server)
{
    const char *argv[] = { "/bin/rm", "-rf", server->folder, NULL };
    char bytes[1024];
    struct text why;

    text_init(&why, bytes, sizeof(bytes));
    (void) postgres_signal(&server->params, POSTGRES_KILL, &why);
    (void) run(server, argv);
    (void) rmdir(server->folder);
}
