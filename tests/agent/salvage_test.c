/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Diverged WAL of real servers: a primary and two standbys. srv2 is promoted,
 * and the primary goes on to commit; srv3, which streams from it still, is
 * promoted later. So the primary's WAL leaves the history of srv2 on timeline
 * 1, and that of srv3 goes on from there to a timeline 2 of its own.
 */

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "clock.h"
#include "cmocka_all.h"
#include "files.h"
#include "history.h"
#include "live_server.h"
#include "salvage.h"

#define LIMIT_MS 120000
#define TABLE_SIZE (256 * 1024)

static struct live_site site;
static struct live_server primary;
static struct live_server winner;
static struct live_server late;
static const char *cannot;
static lsn fork_lsn;
static char expected[8192];         /* xids, by a space each */
static char expected_late[8192];
static char why_buf[1024];
static struct text why;
static char pgctl[LIVE_PATH_SIZE + 16];
static char tmpdir[LIVE_PATH_SIZE + 16];
static char filler[LIVE_PATH_SIZE + 32];
static struct params params;

#define SKIP_WITHOUT_SERVERS() \
    do { \
        if (cannot != NULL) { \
            print_message("skipped: %s\n", cannot); \
            skip(); \
        } \
    } while (0)

/* --- the servers ---------------------------------------------------------- */

static PGconn *
connect_to(const struct live_server *server)
{
    char conninfo[LIVE_PATH_SIZE + 128];
    struct text text;
    PGconn *session;

    text_init(&text, conninfo, sizeof(conninfo));
    text_add(&text, "host=%s port=%s dbname=template1 user=%s", site.folder,
             server->port, site.owner.name);
    if (identity_become(&site.owner) != 0) {
        return NULL;
    }
    session = PQconnectdb(conninfo);
    identity_return();
    return session;
}

/* Each statement alone, as psql would; the last one's first value. */
static bool
run_sql(const struct live_server *server, const char *const *sql,
        char *ret_value, size_t size)
{
    PGconn *session = connect_to(server);
    bool ok = true;

    for (size_t i = 0; ok && sql[i] != NULL; i++) {
        PGresult *result = PQexec(session, sql[i]);

        ok = PQresultStatus(result) == PGRES_COMMAND_OK
             || PQresultStatus(result) == PGRES_TUPLES_OK;
        if (!ok) {
            print_message("%s: %s\n", sql[i], PQerrorMessage(session));
        }
        if (ok && ret_value != NULL && sql[i + 1] == NULL
            && PQntuples(result) == 1) {
            ok = text_copy(PQgetvalue(result, 0, 0), ret_value, size) == 0;
        }
        PQclear(result);
    }
    PQfinish(session);
    return ok;
}

static bool
run_one(const struct live_server *server, const char *sql)
{
    const char *const list[] = { sql, NULL };

    return run_sql(server, list, NULL, 0);
}

/* Ask until it says `true`. */
static bool
wait_until(const struct live_server *server, const char *sql)
{
    const char *const list[] = { sql, NULL };
    int64_t deadline_ms = clock_now_ms() + LIMIT_MS;
    char value[16] = "";

    while (run_sql(server, list, value, sizeof(value))
           && strcmp(value, "t") != 0 && clock_left_ms(deadline_ms) > 0) {
        clock_sleep_ms(50, deadline_ms);
    }
    return strcmp(value, "t") == 0;
}

/* Where the winner left timeline 1. */
static bool
read_fork(void)
{
    static struct history history;
    char path[LIVE_PATH_SIZE + 64];
    char bytes[1024];
    struct text text;
    size_t len;

    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/pg_wal/00000002.history", winner.pgdata);
    if (files_read(path, bytes, sizeof(bytes), &len) != 0
        || history_parse(2, bytes, &history) != 0) {
        return false;
    }
    fork_lsn = history.left[0].lsn;
    return true;
}

/* All that may happen after the fork. `x` is the xid of who commits it. */
static bool
commit_in_all_ways(const struct live_server *server)
{
    static const char *const sql[] = {
        "insert into t values (txid_current(), true)",
        "begin", "insert into t values (txid_current(), true)",
        "savepoint a", "insert into other values (1)",
        "savepoint b", "insert into other values (2)", "rollback to b",
        "release a", "commit",
        "begin", "insert into t values (txid_current(), true)", "rollback",
        "begin", "insert into t values (txid_current(), true)",
        "prepare transaction E'committed\\nrmgr: Transaction len (rec/tot): "
            "34/ 34, tx: 999999, lsn: 0/3000000, prev 0/2FFFFFF, desc: "
            "COMMIT 2026-11-27 10:46:10.1 UTC\\n'",
        "begin", "insert into t values (txid_current(), true)",
        "prepare transaction 'rolled back'",
        "rollback prepared 'rolled back'",
        "begin", "insert into t values (txid_current(), true)",
        "prepare transaction 'left'",
        "commit prepared E'committed\\nrmgr: Transaction len (rec/tot): "
            "34/ 34, tx: 999999, lsn: 0/3000000, prev 0/2FFFFFF, desc: "
            "COMMIT 2026-11-27 10:46:10.1 UTC\\n'",
        "commit prepared 'from before'",
        /* more than two segments */
        "begin", "insert into t values (txid_current(), true)",
        "insert into big select i, repeat('x', 500) from "
            "generate_series(1, 70000) i", "commit",
        "checkpoint",
        /* hundreds of subtransactions */
        "do $$ begin insert into t values (txid_current(), true); "
            "for i in 1..300 loop begin insert into other values (i); "
            "exception when others then null; end; end loop; end $$",
        "begin", "drop table dropped",
        "insert into t values (txid_current(), true)", "commit",
        NULL,
    };

    return run_sql(server, sql, NULL, 0);
}

static bool
read_xids(const struct live_server *server, char *ret_xids)
{
    static const char *const sql[] = {
        "select string_agg(x::text, ' ' order by x) from t where after", NULL,
    };

    return run_sql(server, sql, ret_xids, sizeof(expected));
}

static bool
make_base(void)
{
    static const char *const sql[] = {
        "create table t(x bigint, after bool)", "create table other(i int)",
        "create table big(i int, x text)", "create table dropped(i int)",
        "insert into t values (txid_current(), false)",
        "begin", "insert into t values (txid_current(), true)",
        "prepare transaction 'from before'", NULL,
    };

    return live_primary_make(&site, "25971", &primary)
           && live_stop(&site, &primary, "fast", true)
           && live_add_line(&primary, "postgresql.conf",
                            "max_prepared_transactions = 5")
           && live_add_line(&primary, "postgresql.conf",
                            "wal_keep_size = 512MB")
           && live_start(&site, &primary, "")
           && run_sql(&primary, sql, NULL, 0)
           && live_standby_make(&site, &primary, "srv2", "25972", &winner)
           && live_standby_make(&site, &primary, "srv3", "25973", &late);
}

/*
 * A standby fetches the history of its primary's timeline before it is told
 * that it does not fit: the winner's is in the loser's pg_wal.
 */
static bool
bring_history(void)
{
    char path[LIVE_PATH_SIZE + 64];
    char bytes[1024];
    struct text text;
    size_t len;
    int rc;

    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/pg_wal/00000002.history", winner.pgdata);
    if (files_read(path, bytes, sizeof(bytes), &len) != 0
        || identity_become(&site.owner) != 0) {
        return false;
    }
    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/pg_wal/00000002.history", primary.pgdata);
    rc = files_write(path, bytes, len, 0600);
    identity_return();
    return rc == 0;
}

/* The last commit is in the last bytes: the server is killed behind it. */
static bool
diverge(void)
{
    static const char *const sql[] = {
        "insert into t values (txid_current(), true)",
        "commit prepared 'left'",
        "insert into t values (txid_current(), true)", NULL,
    };

    return run_one(&winner, "select pg_promote()") && read_fork()
           && commit_in_all_ways(&primary)
           && read_xids(&primary, expected)
           && wait_until(&late, "select not exists (select from pg_class "
                         "where relname = 'dropped')")
           && live_stop(&site, &primary, "immediate", true)
           && bring_history()
           && run_one(&late, "select pg_promote()")
           && run_sql(&late, sql, NULL, 0)
           && read_xids(&late, expected_late)
           && live_stop(&site, &late, "immediate", true);
}

static int
make_servers(void **state)
{
    struct text text;

    (void) state;
    cannot = live_site_make(&site);
    if (cannot != NULL) {
        return 0;
    }
    text_init(&text, pgctl, sizeof(pgctl));
    text_add(&text, "%s/pg_ctl", site.bindir);
    text_init(&text, tmpdir, sizeof(tmpdir));
    text_add(&text, "%s/tmp", site.folder);
    params.pgctl = pgctl;
    params.pglibs = "";
    params.pgdba = site.owner.name;
    params.tmpdir = tmpdir;
    if (mkdir(tmpdir, 0700) != 0
        || chown(tmpdir, site.owner.uid, site.owner.gid) != 0
        || !make_base() || !diverge()) {
        live_site_remove(&site);
        return -1;
    }
    return 0;
}

static int
remove_servers(void **state)
{
    (void) state;
    live_site_remove(&site);
    return 0;
}

/* --- what is asked -------------------------------------------------------- */

static struct salvage_request
request_for(const struct live_server *server)
{
    const struct salvage_request request = {
        .params = &params,
        .identity = &site.owner,
        .node = "srv1",
        .fork = { 1, fork_lsn },
        .winner = 2,
    };

    params.pgdata = server->pgdata;
    text_init(&why, why_buf, sizeof(why_buf));
    return request;
}

static void
keep(const struct salvage_request *request, struct salvage_kept *ret_kept)
{
    memset(ret_kept, 0, sizeof(*ret_kept));
    if (salvage_keep(request, ret_kept, &why) != 0) {
        fail_msg("%s", why_buf);
    }
}

static size_t
count_files(const char *pattern)
{
    char path[LIVE_PATH_SIZE + 64];
    struct text text;
    glob_t found;
    size_t count;

    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/%s", site.folder, pattern);
    count = glob(path, GLOB_PERIOD, NULL, &found) == 0 ? found.gl_pathc : 0;
    globfree(&found);
    return count;
}

static void
list(const char *folder, uint64_t lines_max, struct salvage_counts *counts)
{
    const struct salvage_listing listing = {
        .params = &params,
        .identity = &site.owner,
        .folder = folder,
        .acknowledged = "maybe",
        .lines_max = lines_max,
        .deadline_ms = clock_now_ms() + LIMIT_MS,
    };

    memset(counts, 0, sizeof(*counts));
    text_init(&why, why_buf, sizeof(why_buf));
    if (salvage_list(&listing, counts, &why) != 0) {
        fail_msg("%s", why_buf);
    }
}

static char *
read_kept(const char *folder, const char *name)
{
    static char bytes[TABLE_SIZE];
    char path[PATH_SIZE + 64];
    struct text text;
    size_t len;

    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/%s", folder, name);
    assert_int_equal(files_read(path, bytes, sizeof(bytes), &len), 0);
    return bytes;
}

static int
by_number(const void *a, const void *b)
{
    unsigned long x = *(const unsigned long *) a;
    unsigned long y = *(const unsigned long *) b;

    return x < y ? -1 : x > y;
}

/* The second column, in order, by a space each. */
static const char *
xids_of(char *table)
{
    static char text_buf[8192];
    unsigned long xid[256] = { 0 };
    size_t count = 0;
    struct text text;

    for (char *line = strtok_r(table, "\n", &table); line != NULL;
         line = strtok_r(NULL, "\n", &table)) {
        if (line[0] != '#') {
            assert_true(count < 256);
            xid[count++] = strtoul(strchr(line, '\t') + 1, NULL, 10);
        }
    }
    qsort(xid, count, sizeof(xid[0]), by_number);
    text_init(&text, text_buf, sizeof(text_buf));
    for (size_t i = 0; i < count; i++) {
        text_add(&text, "%s%lu", i > 0 ? " " : "", xid[i]);
    }
    return text_buf;
}

/* --- tests, in this order ------------------------------------------------- */

static bool
refuse(void *context, uint64_t done, uint64_t total)
{
    int *left = context;

    assert_true(done <= total);
    return (*left)-- > 0;
}

static void
leaves_nothing_behind_when_told_to_stop(void **state)
{
    struct salvage_request request;
    struct salvage_kept kept;
    int left = 20;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    request = request_for(&primary);
    request.tick = refuse;
    request.context = &left;
    assert_int_equal(salvage_keep(&request, &kept, &why), -1);
    assert_int_equal(errno, ECANCELED);
    assert_int_equal(count_files("*pgward-diverged*"), 0);
}

static void
keeps_the_wal_from_the_fork_to_the_end(void **state)
{
    struct salvage_request request;
    struct salvage_kept kept;
    struct stat info;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    request = request_for(&primary);
    keep(&request, &kept);
    assert_true(kept.complete);
    assert_false(kept.again);
    assert_int_equal(kept.number, 1);
    assert_true(kept.first <= fork_lsn && fork_lsn < kept.last);
    assert_true(kept.segments >= 3 && kept.segments < 10);
    assert_int_equal(kept.bytes, kept.last - kept.first);
    assert_int_equal(count_files("primary.pgward-diverged-1/"
                                 "????????????????????????"), kept.segments);
    assert_int_equal(count_files("primary.pgward-diverged-1/pg_control"), 1);
    assert_int_equal(count_files("*pgward-diverged-*"), 1);
    assert_int_equal(stat(kept.folder, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
    assert_int_equal(info.st_uid, site.owner.uid);
    assert_non_null(strstr(read_kept(kept.folder, "README"),
                           "\ncomplete: yes\n"));
    assert_non_null(strstr(read_kept(kept.folder, "README"),
                           "\nsize of database 1: "));
}

static void
names_exactly_what_committed_after_the_fork(void **state)
{
    char folder[LIVE_PATH_SIZE + 64];
    struct salvage_counts counts;
    struct text text;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    text_init(&text, folder, sizeof(folder));
    text_add(&text, "%s.pgward-diverged-1", primary.pgdata);
    (void) request_for(&primary);
    list(folder, 0, &counts);
    assert_string_equal(xids_of(read_kept(folder, "transactions")), expected);
    assert_int_equal(counts.left_out, 0);
    assert_false(counts.broken);
    assert_int_equal(counts.transactions, 7);
    assert_int_equal(count_files("primary.pgward-diverged-1/.read"), 0);
    assert_int_equal(count_files("primary.pgward-diverged-1/*.part"), 0);
}

static void
says_what_did_not_fit(void **state)
{
    char folder[LIVE_PATH_SIZE + 64];
    struct salvage_counts counts;
    struct text text;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    text_init(&text, folder, sizeof(folder));
    text_add(&text, "%s.pgward-diverged-1", primary.pgdata);
    (void) request_for(&primary);
    list(folder, 2, &counts);
    assert_int_equal(counts.transactions, 7);
    assert_int_equal(counts.left_out, 5);
    assert_non_null(strstr(read_kept(folder, "transactions"),
                           "# 5 of them, the newest, are left out"));
}

/* --- an interrupted rewind ------------------------------------------------ */

static int
shell(const char *command)
{
    char *const argv[] = { strdup("sh"), strdup("-c"), strdup(command), NULL };
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        (void) setenv("D", primary.pgdata, 1);
        if (setgid(site.owner.gid) == 0 && setuid(site.owner.uid) == 0) {
            (void) execv("/bin/sh", argv);
        }
        _exit(127);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    for (size_t i = 0; argv[i] != NULL; i++) {
        free(argv[i]);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define SUMS \
    "cd $D && find . -type f ! -name postmaster.pid -exec cksum {} + " \
    "| sort -k3 > $D/../sums"

static void
puts_back_what_an_interrupted_rewind_took(void **state)
{
    struct salvage_request request = request_for(&primary);
    char folder[LIVE_PATH_SIZE + 64];
    struct salvage_back back = { 0, 0 };
    struct text text;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    text_init(&text, folder, sizeof(folder));
    text_add(&text, "%s.pgward-diverged-1", primary.pgdata);
    (void) request_for(&primary);
    assert_int_equal(salvage_put_back(&params, &site.owner, folder, &back,
                                      &why), -1);   /* no list yet */
    assert_non_null(strstr(why_buf, "could not be put back"));
    (void) request_for(&primary);
    assert_int_equal(salvage_note_files(&params, &site.owner, folder, &why),
                     0);
    request.fork.lsn -= 16 * 1024 * 1024;     /* one segment more */
    assert_int_equal(salvage_keep_before(&request, fork_lsn, folder, &why),
                     0);
    assert_int_equal(salvage_keep_before(&request, fork_lsn, folder, &why),
                     0);
    assert_true(count_files("primary.pgward-diverged-1/before/*") > 0);
    assert_int_equal(shell(SUMS ".1"), 0);
    assert_int_equal(salvage_put_back(&params, &site.owner, folder, &back,
                                      &why), 0);
    assert_int_equal(back.segments, 0);
    assert_int_equal(back.files, 0);
    assert_int_equal(shell("cd $D && for s in ../primary.pgward-diverged-1/"
                           "0000000?????????????????; do "
                           "s=$(basename $s); case $n in '') rm pg_wal/$s; n=1"
                           ";; *) truncate -s 8192 pg_wal/$s;; esac; done; "
                           "for s in ../primary.pgward-diverged-1/before/*; do "
                           ": > pg_wal/$(basename $s); done; "
                           "echo other > pg_wal/00000002.history; "
                           "echo torn >> global/1262; echo new > base/1/99; "
                           "mkdir base/77; echo new > base/77/1259.1; "
                           "dd if=/dev/zero of=global/pg_control bs=64 "
                           "seek=2 count=1 conv=notrunc 2>/dev/null"), 0);
    assert_int_equal(salvage_put_back(&params, &site.owner, folder, &back,
                                      &why), 0);
    assert_true(back.segments >= 3);
    assert_int_equal(back.files, 3);
    assert_int_equal(shell("rmdir $D/base/77 && : > $D/global/pg_control"), 0);
    assert_int_equal(salvage_put_back(&params, &site.owner, folder, &back,
                                      &why), 0);
    assert_int_equal(salvage_forget_before(&params, &site.owner, folder, &why),
                     0);
    assert_int_equal(salvage_forget_before(&params, &site.owner, folder, &why),
                     0);
    assert_int_equal(count_files("primary.pgward-diverged-1/before"), 0);
    assert_int_equal(shell(SUMS ".2"), 0);
    assert_int_equal(shell("cmp $D/../sums.1 $D/../sums.2"), 0);
}

/* What a rewind reads stays; all else makes room for the primary's. */
static void
clears_pg_wal_of_what_is_not_kept(void **state)
{
    char folder[LIVE_PATH_SIZE + 64];
    char pgdata[LIVE_PATH_SIZE + 64];
    struct text text;
    size_t count = 0;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    text_init(&text, folder, sizeof(folder));
    text_add(&text, "%s.clear/kept", primary.pgdata);
    text_init(&text, pgdata, sizeof(pgdata));
    text_add(&text, "%s.clear", primary.pgdata);
    assert_int_equal(shell("mkdir -p $D.clear/pg_wal/archive_status "
                           "$D.clear/kept"
                           " && cd $D.clear/pg_wal && touch 00000002.history "
                           "000000010000000000000001 000000010000000000000002 "
                           "000000010000000000000003 "
                           "000000010000000000000003.partial "
                           "000000020000000000000009 && "
                           "cp 000000010000000000000003 ../kept"), 0);
    (void) request_for(&primary);
    params.pgdata = pgdata;
    assert_int_equal(salvage_clear_wal(&params, &site.owner, folder, &count,
                                       &why), -1);  /* the rest is not kept */
    assert_non_null(strstr(why_buf, "make room in pg_wal of"));
    assert_int_equal(count_files("primary.clear/pg_wal/0*"), 6);
    assert_int_equal(shell("cd $D.clear && mkdir kept/before && "
                           "cp pg_wal/000000010000000000000002 kept/before"),
                     0);
    (void) request_for(&primary);
    params.pgdata = pgdata;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(salvage_clear_wal(&params, &site.owner, folder,
                                           &count, &why), 0);
        assert_int_equal(count, i == 0 ? 3 : 0);
        assert_int_equal(shell("cd $D.clear/pg_wal && test \"$(echo 0*)\" = "
                               "'000000010000000000000002 "
                               "000000010000000000000003 00000002.history'"),
                         0);
    }
    assert_int_equal(shell("rm -r $D.clear"), 0);
    (void) request_for(&primary);
}

/* Of another system nothing goes in, and of half a list nothing is cut. */
static void
puts_back_nothing_that_is_not_this_datas(void **state)
{
    char folder[LIVE_PATH_SIZE + 64];
    struct salvage_back back;
    struct text text;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    text_init(&text, folder, sizeof(folder));
    text_add(&text, "%s.other", primary.pgdata);
    assert_int_equal(shell("cp -r $D.pgward-diverged-1 $D.other && cd $D.other"
                           " && sed -i '$d' files"), 0);
    (void) request_for(&primary);
    assert_int_equal(salvage_put_back(&params, &site.owner, folder, &back,
                                      &why), -1);
    assert_int_equal(shell("cd $D.other && echo end >> files && "
                           "dd if=/dev/zero of=pg_control bs=8 count=1 "
                           "conv=notrunc 2>/dev/null"), 0);
    (void) request_for(&primary);
    assert_int_equal(salvage_put_back(&params, &site.owner, folder, &back,
                                      &why), -1);
    assert_int_equal(errno, EXDEV);
    assert_int_equal(shell("rm -r $D.other"), 0);
    assert_int_equal(shell(SUMS ".2"), 0);
    assert_int_equal(shell("cmp $D/../sums.1 $D/../sums.2"), 0);
    (void) request_for(&primary);
    assert_int_equal(salvage_put_back(&params, &site.owner, "", &back, &why),
                     -1);
}

static void
keeps_the_same_only_once_and_follows_a_linked_pg_wal(void **state)
{
    char from[LIVE_PATH_SIZE + 16];
    char to[LIVE_PATH_SIZE + 16];
    struct salvage_request request;
    struct salvage_kept kept;
    struct text text;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    text_init(&text, from, sizeof(from));
    text_add(&text, "%s/pg_wal", primary.pgdata);
    text_init(&text, to, sizeof(to));
    text_add(&text, "%s/elsewhere", site.folder);
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(symlink(to, from), 0);
    request = request_for(&primary);
    keep(&request, &kept);
    assert_true(kept.again);
    assert_int_equal(kept.number, 1);
    assert_int_equal(count_files("*pgward-diverged-*"), 1);
}

static void
follows_a_history_of_its_own(void **state)
{
    struct salvage_request request;
    struct salvage_counts counts;
    struct salvage_kept kept;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    request = request_for(&late);
    keep(&request, &kept);
    assert_true(kept.complete);
    assert_int_equal(count_files("srv3.pgward-diverged-1/00000002.history"),
                     1);
    list(kept.folder, 0, &counts);
    assert_string_equal(xids_of(read_kept(kept.folder, "transactions")),
                        expected_late);
    assert_true(strlen(expected_late) > strlen(expected));
}

static void
removes_the_oldest_and_never_the_newest(void **state)
{
    const struct salvage_limits two = { .keep = 2 };
    const struct salvage_limits none = { .keep = 0 };
    const struct salvage_limits long_time = { .keep = 9, .age_s = 100000 };
    struct salvage_request request;
    struct salvage_kept kept;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    request = request_for(&primary);
    for (unsigned i = 2; i <= 4; i++) {
        request.winner = 10 + i;            /* another story each time */
        keep(&request, &kept);
        assert_int_equal(kept.number, i);
    }
    assert_int_equal(salvage_prune(&params, &site.owner, &two, &why), 0);
    assert_int_equal(count_files("primary.pgward-diverged-*"), 2);
    assert_int_equal(count_files("primary.pgward-diverged-[34]"), 2);
    assert_int_equal(salvage_prune(&params, &site.owner, &none, &why), 0);
    assert_int_equal(count_files("primary.pgward-diverged-*"), 1);
    assert_int_equal(count_files("primary.pgward-diverged-4"), 1);
    assert_int_equal(salvage_prune(&params, &site.owner, &long_time, &why), 0);
    assert_int_equal(count_files("primary.pgward-diverged-4"), 1);
    assert_int_equal(count_files("srv3.pgward-diverged-1"), 1);
}

static void
removes_what_a_killed_call_left(void **state)
{
    char part[LIVE_PATH_SIZE + 64];
    struct salvage_request request;
    struct salvage_kept kept;
    struct text text;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    text_init(&text, part, sizeof(part));
    text_add(&text, "%s.pgward-diverged-5.part", primary.pgdata);
    assert_int_equal(mkdir(part, 0700), 0);
    assert_int_equal(chown(part, site.owner.uid, site.owner.gid), 0);
    request = request_for(&primary);
    request.winner = 99;
    keep(&request, &kept);
    assert_int_equal(kept.number, 5);
    assert_int_equal(count_files("*.part"), 0);
}

static void
removes_what_was_kept_long_enough(void **state)
{
    const struct salvage_limits limits = { .keep = 9, .age_s = 1000 };
    const struct timespec times[] = {
        { .tv_nsec = UTIME_OMIT }, { .tv_sec = time(NULL) - 1100 },
    };
    char path[LIVE_PATH_SIZE + 64];
    struct text text;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    text_init(&text, path, sizeof(path));
    text_add(&text, "%s.pgward-diverged-4", primary.pgdata);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    assert_int_equal(salvage_prune(&params, &site.owner, &limits, &why), 0);
    assert_int_equal(count_files("primary.pgward-diverged-4"), 0);
    assert_int_equal(count_files("primary.pgward-diverged-5"), 1);
}

static void
ages_from_when_it_was_needed_last(void **state)
{
    const struct salvage_limits limits = { .keep = 9, .age_s = 1000 };
    const struct timespec times[] = {
        { .tv_nsec = UTIME_OMIT }, { .tv_sec = time(NULL) - 1100 },
    };
    struct salvage_request request;
    struct salvage_kept kept;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    request = request_for(&primary);
    request.winner = 99;
    keep(&request, &kept);
    assert_true(kept.again);
    assert_int_equal(utimensat(AT_FDCWD, kept.folder, times, 0), 0);
    keep(&request, &kept);
    assert_true(kept.again);
    assert_int_equal(salvage_prune(&params, &site.owner, &limits, &why), 0);
    assert_int_equal(count_files("primary.pgward-diverged-5"), 1);
}

static void
says_what_of_the_wal_is_gone(void **state)
{
    char first[LIVE_PATH_SIZE + 64];
    struct text text;
    struct salvage_request request;
    struct salvage_kept kept;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    text_init(&text, first, sizeof(first));
    text_add(&text, "%s/pg_wal/000000010000000000000001", primary.pgdata);
    assert_int_equal(unlink(first), 0);
    request = request_for(&primary);
    request.fork.lsn = 0x1000028;
    keep(&request, &kept);
    assert_false(kept.complete);
    assert_true(kept.first > request.fork.lsn);
    request.fork.lsn = kept.last;
    assert_int_equal(salvage_keep(&request, &kept, &why), -1);
    assert_non_null(strstr(why_buf, "it has none from the fork on"));
    request = request_for(&primary);
    params.pgctl = "/nowhere/pg_ctl";
    assert_int_equal(salvage_keep(&request, &kept, &why), -1);
    params.pgctl = pgctl;
    assert_non_null(strstr(why_buf, "could not read the WAL in"));
}

/* Something else fills the disk, once, while WAL is copied. */
static bool
fill_disk(void *context, uint64_t done, uint64_t total)
{
    static char block[1024 * 1024];
    int *fd = context;

    (void) done;
    (void) total;
    if (*fd < 0) {
        *fd = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(*fd >= 0);
        memset(block, 'x', sizeof(block));
        while (write(*fd, block, sizeof(block)) > 0) {
        }
    }
    return true;
}

static void
gives_up_where_the_disk_fills_in_the_middle(void)
{
    struct salvage_request request = request_for(&primary);
    struct salvage_kept kept;
    struct text text;
    int fd = -1;

    text_init(&text, filler, sizeof(filler));
    text_add(&text, "%s/filler", tmpdir);
    request.tick = fill_disk;
    request.context = &fd;
    assert_int_equal(salvage_keep(&request, &kept, &why), -1);
    assert_int_equal(errno, ENOSPC);
    assert_non_null(strstr(why_buf, "The disk was full after "));
    assert_int_equal(count_files("tmp/*pgward-diverged*"), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(unlink(filler), 0);
}

/* Beside PGDATA nobody may write: tmpdir has the place, but it is small. */
static void
needs_room_and_says_how_much(void **state)
{
    struct salvage_request request;
    struct salvage_kept kept;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0
        || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0
        || mount("none", tmpdir, "tmpfs", 0, "size=30m,mode=0777") != 0) {
        print_message("skipped: no file system can be mounted here\n");
        skip();
    }
    assert_int_equal(chown(site.folder, 0, 0), 0);
    request = request_for(&primary);
    assert_int_equal(salvage_keep(&request, &kept, &why), -1);
    assert_int_equal(errno, ENOSPC);
    assert_non_null(strstr(why_buf, "make room in '"));
    assert_non_null(strstr(why_buf, " MB are free; nothing was changed"));
    assert_int_equal(count_files("tmp/*pgward-diverged*"), 0);
    assert_int_equal(mount("none", tmpdir, "none", MS_REMOUNT,
                           "size=300m,mode=0777"), 0);
    gives_up_where_the_disk_fills_in_the_middle();
    request = request_for(&primary);
    keep(&request, &kept);
    assert_int_equal(kept.number, 1);
    assert_int_equal(count_files("tmp/*-primary.pgward-diverged-1"), 1);
    assert_int_equal(umount(tmpdir), 0);
    params.tmpdir = primary.pgdata;
    assert_int_equal(salvage_keep(&request, &kept, &why), -1);
    assert_non_null(strstr(why_buf, "the WAL to keep needs a place"));
    params.tmpdir = tmpdir;
    assert_int_equal(chown(site.folder, site.owner.uid, site.owner.gid), 0);
}

/* The primary's WAL, which a rewind had brought, fills the disk. */
static void
puts_back_wal_where_the_disk_does_not_hold_both(void **state)
{
    char pgdata[LIVE_PATH_SIZE + 64];
    char folder[LIVE_PATH_SIZE + 64];
    char wal[LIVE_PATH_SIZE + 64];
    struct salvage_back back = { 0, 0 };
    struct text text;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    text_init(&text, pgdata, sizeof(pgdata));
    text_add(&text, "%s.full", primary.pgdata);
    text_init(&text, folder, sizeof(folder));
    text_add(&text, "%s/kept", pgdata);
    text_init(&text, wal, sizeof(wal));
    text_add(&text, "%s/pg_wal", pgdata);
    assert_int_equal(shell("mkdir -p $D.full/base $D.full/global $D.full/pg_wal"
                           " $D.full/pg_tblspc $D.full/kept/before && "
                           "cp $D/global/pg_control $D.full/global && "
                           "cp $D/global/pg_control $D.full/kept"), 0);
    if (geteuid() != 0
        || mount("none", wal, "tmpfs", 0, "size=40m,mode=0777") != 0) {
        print_message("skipped: no file system can be mounted here\n");
        skip();
    }
    (void) request_for(&primary);
    params.pgdata = pgdata;
    assert_int_equal(salvage_note_files(&params, &site.owner, folder, &why),
                     0);
    assert_int_equal(shell("cd $D.full && for s in "
                           "kept/before/000000010000000000000002 "
                           "kept/000000010000000000000003 "
                           "pg_wal/000000020000000000000003 "
                           "pg_wal/000000020000000000000004; do "
                           "head -c 16M /dev/urandom > $s || exit 1; done"),
                     0);
    assert_int_equal(salvage_put_back(&params, &site.owner, folder, &back,
                                      &why), 0);
    assert_int_equal(back.segments, 2);
    assert_int_equal(count_files("primary.full/pg_wal/000000010*"), 2);
    assert_int_equal(shell("cd $D.full && rm pg_wal/* && "
                           "head -c 39M /dev/zero > pg_wal/other"), 0);
    assert_int_equal(salvage_put_back(&params, &site.owner, folder, &back,
                                      &why), -1);
    assert_int_equal(errno, ENOSPC);
    assert_non_null(strstr(why_buf, "make room for pgdata"));
    assert_int_equal(umount(wal), 0);
    assert_int_equal(shell("rm -r $D.full"), 0);
    (void) request_for(&primary);
}

static void
lists_no_folder_that_is_none(void **state)
{
    struct salvage_counts counts;
    struct salvage_listing listing = {
        .params = &params, .identity = &site.owner, .acknowledged = "no",
    };

    (void) state;
    SKIP_WITHOUT_SERVERS();
    listing.folder = tmpdir;
    (void) request_for(&primary);
    assert_int_equal(salvage_list(&listing, &counts, &why), -1);
    assert_non_null(strstr(why_buf, "Name a folder of kept WAL"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_nothing_behind_when_told_to_stop),
        cmocka_unit_test(keeps_the_wal_from_the_fork_to_the_end),
        cmocka_unit_test(names_exactly_what_committed_after_the_fork),
        cmocka_unit_test(says_what_did_not_fit),
        cmocka_unit_test(puts_back_what_an_interrupted_rewind_took),
        cmocka_unit_test(clears_pg_wal_of_what_is_not_kept),
        cmocka_unit_test(puts_back_nothing_that_is_not_this_datas),
        cmocka_unit_test(keeps_the_same_only_once_and_follows_a_linked_pg_wal),
        cmocka_unit_test(follows_a_history_of_its_own),
        cmocka_unit_test(removes_the_oldest_and_never_the_newest),
        cmocka_unit_test(removes_what_a_killed_call_left),
        cmocka_unit_test(removes_what_was_kept_long_enough),
        cmocka_unit_test(ages_from_when_it_was_needed_last),
        cmocka_unit_test(says_what_of_the_wal_is_gone),
        cmocka_unit_test(lists_no_folder_that_is_none),
        cmocka_unit_test(needs_room_and_says_how_much),
        cmocka_unit_test(puts_back_wal_where_the_disk_does_not_hold_both),
    };

    return cmocka_run_group_tests(tests, make_servers, remove_servers);
}
