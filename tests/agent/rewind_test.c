/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rewind between real servers: `old` led, `new` was promoted without it, and
 * both went on. The tests run in the order of the list; what they change they
 * put back, up to the rewind itself.
 */

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "cmocka_all.h"
#include "files.h"
#include "live_server.h"
#include "own_files.h"
#include "pgsql.h"
#include "pgsql_source.h"
#include "postgres.h"
#include "postgres_tools.h"
#include "rewind.h"
#include "spawn.h"

#define LIMIT_MS 60000
#define OLD_PORT "25985"
#define NEW_PORT "25986"
#define SECRET "a secret"
#define TCP "-c listen_addresses=127.0.0.1"

static struct live_site site;
static struct live_server old;
static struct live_server new;
static const char *cannot;
static struct identity owner;
static struct params params;
static char pgctl[LIVE_PATH_SIZE + 16];
static char config[LIVE_PATH_SIZE + 32];
static char tmpdir[LIVE_PATH_SIZE + 16];
static char passfile[LIVE_PATH_SIZE + 64];
static char why_buf[4096];
static struct text why;
static unsigned told;

#define SKIP_WITHOUT_SERVERS() \
    do { \
        if (cannot != NULL) { \
            print_message("skipped: %s\n", cannot); \
            skip(); \
        } \
        text_init(&why, why_buf, sizeof(why_buf)); \
    } while (0)

static int64_t
in_ms(int64_t ms)
{
    return clock_now_ms() + ms;
}

static const char *
in_folder(const char *folder, const char *name)
{
    static char paths[8][PATH_SIZE];
    static unsigned next;
    struct text text;

    next = (next + 1) % 8;
    text_init(&text, paths[next], PATH_SIZE);
    text_add(&text, "%s/%s", folder, name);
    return paths[next];
}

/* The parameters of the node that led. */
static void
set_params(void)
{
    struct text text;

    memset(&params, 0, sizeof(params));
    text_init(&text, pgctl, sizeof(pgctl));
    text_add(&text, "%s/pg_ctl", site.bindir);
    text_init(&text, config, sizeof(config));
    text_add(&text, "%s/postgresql.conf", old.pgdata);
    text_init(&text, tmpdir, sizeof(tmpdir));
    text_add(&text, "%s/tmp", site.folder);
    text_init(&text, passfile, sizeof(passfile));
    text_add(&text, "passfile='%s/.secrets'", site.folder);
    params.pgctl = pgctl;
    params.pgdata = old.pgdata;
    params.config = config;
    params.tmpdir = tmpdir;
    params.pglibs = "";
    params.pgdba = site.owner.name;
    params.pghost = "";
    params.socketdir = site.folder;
    params.pgport = (int) strtol(NEW_PORT, NULL, 10);
    params.pgdb = "template1";
    params.monitor_user = "";
    params.monitor_password = "";
    params.monitor_sql = "";
    params.restore_command = "";
    params.replication_slot_name = "";
    params.master_ip = "127.0.0.1";
    params.repuser = site.owner.name;
    params.rejoin_user = "rejoin";
    params.primary_conninfo_opt = passfile;
}

static bool
sql_works(const struct live_server *server, const char *sql)
{
    struct params before = params;
    struct pgsql *pgsql = pgsql_new(&params, &owner);
    enum tri rc;

    params.pgport = (int) strtol(server->port, NULL, 10);
    params.monitor_sql = sql;
    text_init(&why, why_buf, sizeof(why_buf));
    rc = pgsql_run_monitor_sql(pgsql, in_ms(LIMIT_MS), &why);
    params = before;
    return rc == TRI_YES;
}

static void
run_sql(const struct live_server *server, const char *sql)
{
    if (!sql_works(server, sql)) {
        fail_msg("%s: %s", sql, why_buf);
    }
    text_init(&why, why_buf, sizeof(why_buf));
}

/* A file as the servers' owner has it. */
static void
make_file(const char *path, const char *content, mode_t mode)
{
    assert_int_equal(files_write(path, content, strlen(content), mode), 0);
    assert_int_equal(chmod(path, mode), 0);
    assert_int_equal(chown(path, owner.uid, owner.gid), 0);
}

static void
assert_content(const char *path, const char *content)
{
    char bytes[256];
    size_t len;

    assert_int_equal(files_read(path, bytes, sizeof(bytes), &len), 0);
    assert_string_equal(bytes, content);
}

static bool
prepare_old(void)
{
    static const char *const lines[] = {
        "wal_log_hints = on", "wal_keep_size = 160MB", "hot_standby = on",
        "include_dir 'conf.d'", "checkpoint_timeout = 1h",
    };
    bool ok = true;

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        ok = ok && live_add_line(&old, "postgresql.conf", lines[i]);
    }
    return ok
           && live_add_line(&old, "pg_hba.conf",
                            "host all all 127.0.0.1/32 scram-sha-256")
           && live_stop(&site, &old, "fast", true)
           && mkdir(in_folder(old.pgdata, "conf.d"), 0700) == 0
           && chown(in_folder(old.pgdata, "conf.d"), site.owner.uid,
                    site.owner.gid) == 0
           && live_start(&site, &old, "");
}

/* Everything up to where `new` could be promoted. */
static int
make_servers(void **state)
{
    (void) state;
    cannot = live_site_make(&site);
    if (cannot != NULL) {
        return 0;
    }
    owner = site.owner;
    (void) text_copy(site.folder, owner.home, sizeof(owner.home));
    if (!live_primary_make(&site, OLD_PORT, &old) || !prepare_old()) {
        return -1;
    }
    set_params();
    make_file(in_folder(site.folder, ".secrets"), "*:*:*:rejoin:" SECRET "\n",
              0600);
    if (mkdir(tmpdir, 0700) != 0
        || chown(tmpdir, owner.uid, owner.gid) != 0) {
        return -1;
    }
    run_sql(&old, "CREATE ROLE rejoin LOGIN PASSWORD '" SECRET "'");
    run_sql(&old, "CREATE DATABASE admin");
    return live_standby_make(&site, &old, "new", NEW_PORT, &new)
           && live_stop(&site, &new, "fast", true)
           && live_start(&site, &new, TCP) ? 0 : -1;
}

static int
remove_servers(void **state)
{
    (void) state;
    if (cannot == NULL) {
        live_site_remove(&site);
    }
    return 0;
}

/* --- the proof ----------------------------------------------------------- */

static struct source_claim
claim_of(uint32_t timeline)
{
    struct source_claim claim = { .timeline = timeline };
    struct instance_files files = { 0 };

    assert_int_equal(postgres_read_files(&params, &owner, &files), 0);
    memcpy(claim.system_id, files.system_id, sizeof(claim.system_id));
    return claim;
}

static enum source_proof
prove(const struct source_claim *claim)
{
    struct pgsql *pgsql = pgsql_new(&params, &owner);
    enum source_proof proof = SOURCE_UNKNOWN;
    int rc;

    text_init(&why, why_buf, sizeof(why_buf));
    rc = pgsql_prove_source(pgsql, claim, in_ms(LIMIT_MS), &proof, &why);
    assert_int_equal(rc == 0, proof == SOURCE_PROVED);
    assert_int_equal(rc == 0, why.len == 0);
    return proof;
}

static void
proves_nothing_by_a_standby(void **state)
{
    struct source_claim claim;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    claim = claim_of(1);
    assert_int_equal(prove(&claim), SOURCE_IN_RECOVERY);
    (void) text_copy("7", claim.system_id, sizeof(claim.system_id));
    assert_int_equal(prove(&claim), SOURCE_OTHER_SYSTEM);
}

static void
tells_a_refused_log_in_from_nobody_there(void **state)
{
    struct source_claim claim;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    claim = claim_of(1);
    params.primary_conninfo_opt = "passfile=/nonexistent";
    assert_int_equal(prove(&claim), SOURCE_DENIED);
    /* a password of repuser's is not rejoin_user's */
    params.primary_conninfo_opt = "password='" SECRET "' passfile=/none";
    assert_int_equal(prove(&claim), SOURCE_DENIED);
    params.repuser = "rejoin";
    assert_int_equal(prove(&claim), SOURCE_IN_RECOVERY);
    params.rejoin_user = "";
    assert_int_equal(prove(&claim), SOURCE_IN_RECOVERY);
    params.primary_conninfo_opt = "password=wrong";
    assert_int_equal(prove(&claim), SOURCE_DENIED);
    assert_null(strstr(why_buf, "wrong"));
    set_params();
    params.pgport = 1;
    assert_int_equal(prove(&claim), SOURCE_UNKNOWN);
    set_params();
}

static void
waits_for_the_checkpoint_on_the_new_timeline(void **state)
{
    struct source_claim claim;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    claim = claim_of(2);
    /* pages to write make the checkpoint after the promotion a slow one */
    run_sql(&old, "CREATE TABLE rows AS SELECT g AS id, repeat('x', 900) AS t"
                  " FROM generate_series(1, 1500) g");
    for (int tries = 0;
         !sql_works(&new, "SELECT 1 / (count(*) / 1500) FROM rows"); tries++) {
        assert_true(tries < 200);
        clock_sleep_ms(50, in_ms(50));
    }
    run_sql(&new, "SELECT pg_promote(true)");
    assert_int_equal(prove(&claim), SOURCE_NO_CHECKPOINT_YET);
    assert_non_null(strstr(why_buf, "CHECKPOINT on the primary") != NULL
                    ? why_buf : strstr(why_buf, "GRANT pg_checkpoint"));
    claim.timeline = 3;
    assert_int_equal(prove(&claim), SOURCE_OTHER_TIMELINE);
}

static void
names_the_grants_that_are_missing(void **state)
{
    struct pgsql *pgsql;
    char missing_buf[2048];
    struct text missing;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    pgsql = pgsql_new(&params, &owner);
    text_init(&missing, missing_buf, sizeof(missing_buf));
    assert_int_equal(pgsql_check_grants(pgsql, in_ms(LIMIT_MS), &missing,
                                        &why), TRI_NO);
    assert_non_null(strstr(missing_buf, "pg_ls_dir(text, boolean, boolean)"));
    /* what it names is SQL, and all that it takes */
    params.pgdb = "postgres";
    run_sql(&new, missing_buf);
    set_params();
    text_init(&missing, missing_buf, sizeof(missing_buf));
    assert_int_equal(pgsql_check_grants(pgsql, in_ms(LIMIT_MS), &missing,
                                        &why), TRI_YES);
    assert_string_equal(missing_buf, "");
    /* functions are granted in one database, and pgdb is another */
    params.pgdb = "admin";
    assert_int_equal(pgsql_check_grants(pgsql, in_ms(LIMIT_MS), &missing,
                                        &why), TRI_NO);
    assert_null(strstr(missing_buf, "pg_checkpoint"));
    params.pgport = 1;
    assert_int_equal(pgsql_check_grants(pgsql, in_ms(LIMIT_MS), &missing,
                                        &why), TRI_UNKNOWN);
    set_params();
}

static void
has_the_checkpoint_made(void **state)
{
    struct source_claim claim;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    claim = claim_of(2);
    if (prove(&claim) != SOURCE_PROVED) {
        /* before 15 it takes a superuser */
        assert_non_null(strstr(why_buf, "run CHECKPOINT on the primary"));
        params.pgdb = "postgres";
        run_sql(&new, "CHECKPOINT");
        set_params();
    }
    assert_int_equal(prove(&claim), SOURCE_PROVED);
}

/* --- what it can be found out before ------------------------------------- */

static void
note_progress(void *context, const struct rewind_progress *progress)
{
    enum rewind_phase *phase = context;

    assert_true(progress->phase >= *phase);
    *phase = progress->phase;
    told++;
}

static enum rewind_phase phase;

static struct rewind_request
request(void)
{
    struct rewind_request made = {
        .params = &params, .identity = &owner, .timeline = 2,
        .idle_ms = LIMIT_MS, .deadline_ms = in_ms(LIMIT_MS),
        .progress = note_progress, .context = &phase,
    };
    struct source_claim claim = claim_of(2);

    phase = REWIND_PHASE_NONE;
    memcpy(made.system_id, claim.system_id, sizeof(made.system_id));
    return made;
}

static enum rewind_verdict
check(void)
{
    struct rewind_request asked = request();
    struct rewind_progress progress;
    enum rewind_verdict verdict;

    text_init(&why, why_buf, sizeof(why_buf));
    verdict = rewind_check(&asked, &progress, &why);
    assert_int_equal(verdict == REWIND_POSSIBLE, why.len == 0);
    assert_null(strstr(why_buf, SECRET));
    assert_int_equal(phase, REWIND_PHASE_NONE);
    return verdict;
}

/* Both go on, each for itself, with files of their own; `old` is stopped. */
static void
says_that_two_servers_have_parted(void **state)
{
    struct rewind_request asked;
    struct rewind_progress progress;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    run_sql(&old, "INSERT INTO rows VALUES (-1, 'lost')");
    assert_int_equal(check(), REWIND_LATER);    /* it runs */
    assert_true(live_stop(&site, &old, "fast", true));
    run_sql(&new, "INSERT INTO rows VALUES (-2, 'kept')");
    assert_int_equal(check(), REWIND_POSSIBLE);
    asked = request();
    assert_int_equal(rewind_check(&asked, &progress, &why), REWIND_POSSIBLE);
    assert_int_equal(progress.fork.timeline, 1);
    assert_true(progress.from.lsn < progress.fork.lsn);
    assert_true(progress.total_kb > 0);
    /* nothing was changed */
    assert_int_equal(rewind_verify(&asked, &why), TRI_NO);
    assert_int_equal(files_exists(in_folder(old.pgdata, "backup_label")), 0);
}

static void
refuses_what_it_could_not_end(void **state)
{
    const char *label;
    const char *strange;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    params.tmpdir = in_folder(old.pgdata, "conf.d");
    assert_int_equal(check(), REWIND_REFUSED);
    assert_int_equal(own_files_save(&params, &owner, false, &why), -1);
    set_params();
    label = in_folder(old.pgdata, "backup_label");
    make_file(label, "x", 0600);
    assert_int_equal(check(), REWIND_NEXT_RUNG);
    assert_int_equal(unlink(label), 0);
    strange = in_folder(old.pgdata, "base/strange");
    make_file(strange, "x", 0400);
    assert_int_equal(check(), REWIND_REFUSED);
    assert_non_null(strstr(why_buf, "base/strange"));
    assert_int_equal(unlink(strange), 0);
    /* a link, which is no file for pg_rewind, and nothing of ours */
    assert_int_equal(symlink("PG_VERSION", strange), 0);
    make_file(in_folder(new.pgdata, "base/strange"), "x", 0600);
    assert_int_equal(check(), REWIND_REFUSED);
    assert_non_null(strstr(why_buf, "base/strange"));
    assert_int_equal(unlink(strange), 0);
    assert_int_equal(unlink(in_folder(new.pgdata, "base/strange")), 0);
    params.pgctl = "/bin/true";
    assert_int_not_equal(check(), REWIND_POSSIBLE);
    set_params();
}

static void
tells_denied_from_not_reached(void **state)
{
    struct rewind_request asked;
    struct rewind_progress progress;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    params.pgdb = "postgres";
    run_sql(&new, "REVOKE EXECUTE ON FUNCTION pg_catalog.pg_ls_dir(text,"
                  " boolean, boolean) FROM rejoin");
    set_params();
    assert_int_equal(check(), REWIND_REFUSED);
    assert_non_null(strstr(why_buf, "look at rejoin_user's grants"));
    params.pgdb = "postgres";
    run_sql(&new, "GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_dir(text,"
                  " boolean, boolean) TO rejoin");
    set_params();
    params.primary_conninfo_opt = "passfile=/nonexistent";
    assert_int_equal(check(), REWIND_REFUSED);
    set_params();
    params.pgport = 1;
    assert_int_equal(check(), REWIND_LATER);
    set_params();
    /* out of primary_conninfo_opt, by the environment */
    params.primary_conninfo_opt = "password='" SECRET "' passfile=/none";
    params.repuser = "rejoin";
    assert_int_equal(check(), REWIND_POSSIBLE);
    set_params();
    asked = request();
    asked.deadline_ms = in_ms(0);
    text_init(&why, why_buf, sizeof(why_buf));
    assert_int_equal(rewind_run(&asked, &progress, &why), REWIND_TIMEOUT);
    assert_int_equal(progress.phase, REWIND_PHASE_NONE);
    assert_int_equal(check(), REWIND_POSSIBLE);
}

static bool
takes_a_config_file(void)
{
    struct instance_files files = { 0 };

    assert_int_equal(postgres_read_files(&params, &owner, &files), 0);
    return files.major_version >= 15;      /* --config-file, too */
}

/* The archive holds what was recycled; a configuration elsewhere says so. */
static void
assert_archive_helps(const char *archive)
{
    struct rewind_request asked = request();
    struct rewind_progress progress;
    char elsewhere[PATH_SIZE];
    char text[4 * PATH_SIZE];
    struct text line;

    asked.restore_wal = true;
    text_init(&why, why_buf, sizeof(why_buf));
    assert_int_equal(rewind_check(&asked, &progress, &why), REWIND_REFUSED);
    assert_non_null(strstr(why_buf, "is not set in the target cluster"));
    (void) text_copy(in_folder(site.folder, "main.conf"), elsewhere,
                     sizeof(elsewhere));
    text_init(&line, text, sizeof(text));
    text_add(&line, "data_directory = '%s'\n"
             "restore_command = 'cp %s \"%%p\"'\n", old.pgdata, archive);
    make_file(elsewhere, text, 0600);
    params.config = elsewhere;
    text_init(&why, why_buf, sizeof(why_buf));
    if (rewind_check(&asked, &progress, &why) != REWIND_POSSIBLE) {
        fail_msg("%s", why_buf);
    }
    set_params();
}

static void
finds_recycled_wal_before_anything_is_changed(void **state)
{
    char segment[PATH_SIZE];
    char away[PATH_SIZE];
    struct rewind_request asked;
    struct rewind_progress progress;
    char name[64];
    struct text text;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    asked = request();
    assert_int_equal(rewind_check(&asked, &progress, &why), REWIND_POSSIBLE);
    text_init(&text, name, sizeof(name));
    text_add(&text, "pg_wal/00000001%08X%08X",
             (unsigned) (progress.from.lsn >> 32),
             (unsigned) (progress.from.lsn >> 24 & 0xFF));
    (void) text_copy(in_folder(old.pgdata, name), segment, sizeof(segment));
    (void) text_copy(in_folder(site.folder, "segment"), away, sizeof(away));
    assert_int_equal(rename(segment, away), 0);
    assert_int_equal(check(), REWIND_NEXT_RUNG);
    assert_non_null(strstr(why_buf, "WAL from before the fork is gone"));
    if (takes_a_config_file()) {
        assert_archive_helps(away);
    }
    assert_int_equal(rename(away, segment), 0);
}

static void
run_command(const char *const *argv)
{
    struct spawn_request command = {
        .argv = argv, .deadline_ms = in_ms(LIMIT_MS),
    };
    int status = -1;

    assert_int_equal(spawn_run(&command, &status), 0);
    assert_int_equal(status, 0);
}

/* On a disk of its own that is as good as full, as nobody else sees it. */
static void
says_how_much_room_there_is_not(void **state)
{
    char small[PATH_SIZE];
    char data[PATH_SIZE];
    const char *filler_path;
    const char *copy[] = { "/bin/cp", "-a", old.pgdata, data, NULL };
    struct rewind_request asked;
    struct rewind_progress progress;
    struct statvfs space;
    struct text filler;
    char size[64];

    (void) state;
    SKIP_WITHOUT_SERVERS();
    (void) text_copy(in_folder(site.folder, "small"), small, sizeof(small));
    (void) text_copy(in_folder(small, "data"), data, sizeof(data));
    if (geteuid() != 0 || mkdir(small, 0755) != 0
        || unshare(CLONE_NEWNS) != 0
        || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0
        || mount("none", small, "tmpfs", 0, "size=1G,mode=755") != 0) {
        print_message("skipped: no file system of its own: %s\n",
                      strerror(errno));
        skip();
    }
    run_command(copy);
    assert_int_equal(statvfs(small, &space), 0);
    text_init(&filler, size, sizeof(size));
    text_add(&filler, "remount,size=%llu",
             (unsigned long long) (space.f_blocks - space.f_bfree
                                   + 512) * space.f_frsize);
    {
        const char *remount[] = { "/bin/mount", "-o", size, small, NULL };

        run_command(remount);
    }
    /* what is truncated first makes room for as much again */
    filler_path = in_folder(new.pgdata, "filler");
    make_file(filler_path, "", 0600);
    assert_int_equal(truncate(filler_path, 64 * 1024 * 1024), 0);
    assert_false(rewind_wal_is_apart(&params));
    params.pgdata = data;
    assert_int_equal(check(), REWIND_LATER);
    assert_non_null(strstr(why_buf, "make room in"));
    asked = request();
    assert_int_equal(rewind_run(&asked, &progress, &why), REWIND_NO_SPACE);
    assert_int_equal(progress.phase, REWIND_PHASE_COPYING);
    /* before 14 pg_control is copied as any file, and nothing of it is left */
    assert_int_not_equal(rewind_verify(&asked, &why), TRI_YES);
    set_params();
    assert_int_equal(unlink(filler_path), 0);
    assert_int_equal(umount2(small, MNT_DETACH), 0);
}

/* --- the rewind ---------------------------------------------------------- */

static char outside[PATH_SIZE];

static void
make_files_of_both(void)
{
    (void) text_copy(in_folder(site.folder, "auto.conf"), outside,
                     sizeof(outside));
    make_file(in_folder(old.pgdata, "server.key"), "old key\n", 0400);
    make_file(in_folder(new.pgdata, "server.key"), "new key\n", 0600);
    make_file(in_folder(old.pgdata, "conf.d/a.conf"), "# old\n", 0640);
    make_file(in_folder(new.pgdata, "conf.d/b.conf"), "port = 1\n", 0600);
    make_file(outside, "# nobody's\n", 0600);
    assert_int_equal(unlink(in_folder(old.pgdata, "postgresql.auto.conf")),
                     0);
    assert_int_equal(symlink(outside, in_folder(old.pgdata,
                                                "postgresql.auto.conf")), 0);
}

static void
assert_own_files(void)
{
    struct stat info;
    char target[PATH_SIZE] = "";

    assert_content(in_folder(old.pgdata, "server.key"), "old key\n");
    assert_int_equal(stat(in_folder(old.pgdata, "server.key"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0400);
    assert_content(in_folder(old.pgdata, "conf.d/a.conf"), "# old\n");
    assert_int_equal(files_exists(in_folder(old.pgdata, "conf.d/b.conf")), 0);
    assert_true(readlink(in_folder(old.pgdata, "postgresql.auto.conf"),
                         target, sizeof(target) - 1) > 0);
    assert_string_equal(target, outside);
    assert_content(outside, "# nobody's\n");
}

static void
rewinds_and_keeps_the_nodes_own_files(void **state)
{
    struct rewind_request asked;
    struct rewind_progress progress;
    char differ_buf[512];
    struct text differ;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    make_files_of_both();
    assert_int_equal(own_files_save(&params, &owner, false, &why), 0);
    if (check() != REWIND_POSSIBLE) {
        fail_msg("%s", why_buf);
    }
    asked = request();
    told = 0;
    if (rewind_run(&asked, &progress, &why) != REWIND_OK) {
        fail_msg("%s", why_buf);
    }
    assert_int_equal(progress.phase, REWIND_PHASE_DONE);
    assert_int_equal(progress.done_kb, progress.total_kb);
    assert_true(told > 4);
    assert_int_equal(rewind_verify(&asked, &why), TRI_YES);
    asked.timeline = 3;
    assert_int_equal(rewind_verify(&asked, &why), TRI_NO);
    assert_int_equal(rewind_sync(&params, &why), 0);
    text_init(&differ, differ_buf, sizeof(differ_buf));
    text_init(&why, why_buf, sizeof(why_buf));
    if (own_files_restore(&params, &owner, &differ, &why) != 0) {
        fail_msg("%s", why_buf);
    }
    assert_own_files();
    assert_non_null(strstr(differ_buf, "server.key"));
    assert_non_null(strstr(differ_buf, "conf.d/b.conf"));
    assert_null(strstr(differ_buf, "pg_hba.conf"));     /* it is the same */
    assert_int_equal(own_files_forget(&params, &owner, &why), 0);
}

static void
streams_after_it(void **state)
{
    char line[PATH_SIZE];
    struct text text;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    text_init(&text, line, sizeof(line));
    text_add(&text, "primary_conninfo = 'host=%s port=%s'", site.folder,
             new.port);
    assert_true(live_add_line(&old, "postgresql.conf", line));
    make_file(in_folder(old.pgdata, "standby.signal"), "", 0600);
    assert_true(live_start(&site, &old, ""));
    run_sql(&new, "INSERT INTO rows VALUES (-3, 'after')");
    for (int tries = 0;
         !sql_works(&old, "SELECT 1 / (count(*) / 2) FROM rows"
                          " WHERE id IN (-2, -3)"); tries++) {
        if (tries == 200) {
            fail_msg("%s", why_buf);
        }
        clock_sleep_ms(50, in_ms(50));
    }
    run_sql(&old, "SELECT 1 / (1 - count(*)) FROM rows WHERE id = -1");
    run_sql(&new, "SELECT 1 / count(*) FROM pg_stat_replication"
                  " WHERE state = 'streaming'");
}

static void
takes_nothing_to_do_for_no_success(void **state)
{
    struct rewind_request asked;
    struct rewind_progress progress;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    assert_true(live_stop(&site, &old, "fast", true));
    assert_int_equal(unlink(in_folder(old.pgdata, "server.key")), 0);
    assert_int_equal(unlink(in_folder(old.pgdata, "postgresql.auto.conf")),
                     0);
    assert_int_equal(check(), REWIND_LATER);
    asked = request();
    text_init(&why, why_buf, sizeof(why_buf));
    assert_int_equal(rewind_run(&asked, &progress, &why),
                     REWIND_NOT_REQUIRED);
    assert_non_null(strstr(why_buf, "no rewind required"));
}

/* initdb switches them on since version 18. */
static void
switch_checksums_off(const char *pgdata)
{
    char program[PATH_SIZE];
    const char *argv[] = { program, "--disable", "-D", pgdata, NULL };
    const struct spawn_request command = {
        .argv = argv, .user = &owner, .deadline_ms = in_ms(LIMIT_MS),
    };
    int status;

    assert_int_equal(postgres_tools_path(&params, "pg_checksums", program), 0);
    assert_int_equal(spawn_run(&command, &status), 0);  /* 1: they are off */
}

static void
needs_hints_or_checksums(void **state)
{
    (void) state;
    SKIP_WITHOUT_SERVERS();
    params.pgdata = new.pgdata;
    assert_true(live_stop(&site, &new, "fast", true));
    assert_true(live_start(&site, &new, "-c wal_log_hints=off"));
    assert_true(live_stop(&site, &new, "fast", true));
    switch_checksums_off(new.pgdata);
    assert_int_equal(check(), REWIND_NEXT_RUNG);
    assert_non_null(strstr(why_buf, "wal_log_hints=on"));
    set_params();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proves_nothing_by_a_standby),
        cmocka_unit_test(tells_a_refused_log_in_from_nobody_there),
        cmocka_unit_test(waits_for_the_checkpoint_on_the_new_timeline),
        cmocka_unit_test(names_the_grants_that_are_missing),
        cmocka_unit_test(has_the_checkpoint_made),
        cmocka_unit_test(says_that_two_servers_have_parted),
        cmocka_unit_test(refuses_what_it_could_not_end),
        cmocka_unit_test(tells_denied_from_not_reached),
        cmocka_unit_test(finds_recycled_wal_before_anything_is_changed),
        cmocka_unit_test(says_how_much_room_there_is_not),
        cmocka_unit_test(rewinds_and_keeps_the_nodes_own_files),
        cmocka_unit_test(streams_after_it),
        cmocka_unit_test(takes_nothing_to_do_for_no_success),
        cmocka_unit_test(needs_hints_or_checksums),
    };

    return cmocka_run_group_tests(tests, make_servers, remove_servers);
}
