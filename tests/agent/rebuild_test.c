/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A new copy of a real server: `old` was a copy of `new`, and is put aside. The
 * tests run in the order of the list.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "cmocka_all.h"
#include "files.h"
#include "live_server.h"
#include "own_files.h"
#include "paths.h"
#include "pgsql_source.h"
#include "postgres.h"
#include "rebuild.h"
#include "salvage.h"

#define LIMIT_MS 60000
#define NEW_PORT "25987"
#define OLD_PORT "25988"
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
static char command[4096];
static char why_buf[4096];
static struct text why;
static char told[256];
static struct tablespaces spaces;

#define SKIP_WITHOUT_SERVERS() \
    do { \
        if (cannot != NULL) { \
            print_message("skipped: %s\n", cannot); \
            skip(); \
        } \
        text_init(&why, why_buf, sizeof(why_buf)); \
    } while (0)

static const char *
beside(const char *suffix)
{
    static char paths[8][PATH_SIZE];
    static unsigned next;

    next = (next + 1) % 8;
    (void) snprintf(paths[next], PATH_SIZE, "%s%s", old.pgdata, suffix);
    return paths[next];
}

static uint64_t
inode_of(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 ? (uint64_t) info.st_ino : 0;
}

static void
set_params(void)
{
    memset(&params, 0, sizeof(params));
    (void) snprintf(pgctl, sizeof(pgctl), "%s/pg_ctl", site.bindir);
    (void) snprintf(config, sizeof(config), "%s/postgresql.conf", old.pgdata);
    (void) snprintf(tmpdir, sizeof(tmpdir), "%s/tmp", site.folder);
    params.pgctl = pgctl;
    params.pgdata = old.pgdata;
    params.config = config;
    params.tmpdir = tmpdir;
    params.pglibs = "";
    params.pgdba = site.owner.name;
    params.pgport = (int) strtol(NEW_PORT, NULL, 10);
    params.pghost = "";
    params.socketdir = site.folder;
    params.pgdb = "template1";
    params.monitor_user = "";
    params.monitor_password = "";
    params.master_ip = "127.0.0.1";
    params.repuser = site.owner.name;
    params.rejoin_user = "";
    params.primary_conninfo_opt = "";
    params.rebuild_command = "";
    params.rejoin_keep = 2;
}

static int
make_servers(void **state)
{
    (void) state;
    cannot = live_site_make(&site);
    if (cannot != NULL) {
        return 0;
    }
    owner = site.owner;
    if (!live_primary_make(&site, NEW_PORT, &new)
        || !live_add_line(&new, "pg_hba.conf",
                          "host all all 127.0.0.1/32 trust")
        || !live_add_line(&new, "pg_hba.conf",
                          "host replication all 127.0.0.1/32 trust")
        || !live_stop(&site, &new, "fast", true)
        || !live_start(&site, &new, TCP)
        || !live_standby_make(&site, &new, "old", OLD_PORT, &old)
        || !live_stop(&site, &old, "fast", true)) {
        return -1;
    }
    set_params();
    return mkdir(tmpdir, 0700) == 0
           && chown(tmpdir, owner.uid, owner.gid) == 0 ? 0 : -1;
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

static void
take_progress(void *context, const char *words, uint64_t done_kb,
              uint64_t total_kb)
{
    (void) context;
    assert_true(done_kb <= total_kb);
    (void) snprintf(told, sizeof(told), "%s", words != NULL ? words : "kB");
}

static struct rebuild_request
request(void)
{
    struct rebuild_request asked = {
        .params = &params, .identity = &owner, .timeline = 1,
        .spaces = &spaces, .inode = inode_of(old.pgdata), .idle_ms = LIMIT_MS,
        .deadline_ms = clock_now_ms() + LIMIT_MS, .progress = take_progress,
    };
    struct instance_files files = { 0 };

    assert_int_equal(postgres_read_files(&params, &owner, &files), 0);
    memcpy(asked.system_id, files.system_id, sizeof(asked.system_id));
    told[0] = '\0';
    return asked;
}

static void
assert_refused(const struct rebuild_request *asked, const char *words)
{
    uint64_t inode = inode_of(old.pgdata);

    assert_int_equal(rebuild_copy(asked, &why), REBUILD_REFUSED);
    if (strstr(why_buf, words) == NULL) {
        fail_msg("%s", why_buf);
    }
    assert_true(inode_of(old.pgdata) == inode);
    text_init(&why, why_buf, sizeof(why_buf));
}

static void
copies_beside_the_data_and_takes_its_place(void **state)
{
    struct rebuild_request asked;
    uint64_t before;
    uint64_t fresh;
    char now[PATH_SIZE];

    (void) state;
    SKIP_WITHOUT_SERVERS();
    asked = request();
    before = asked.inode;
    assert_int_equal(files_write(beside("/mine"), "x", 1, 0600), 0);
    if (rebuild_copy(&asked, &why) != REBUILD_OK) {
        fail_msg("%s", why_buf);
    }
    assert_string_equal(told, "kB");
    assert_true(inode_of(old.pgdata) == before);
    fresh = inode_of(beside(".pgward-new-1"));
    assert_true(fresh != 0);
    assert_int_equal(rebuild_swap(&params, &owner, before, now, &why), 0);
    assert_string_equal(now, beside(".pgward-old-1"));
    assert_true(inode_of(old.pgdata) == fresh);
    assert_true(inode_of(now) == before);
    assert_int_equal(files_exists(beside(".pgward-old-1/mine")), 1);
    assert_int_equal(files_exists(beside("/mine")), 0);
    /* a second time, as after a crash */
    assert_int_equal(rebuild_swap(&params, &owner, before, now, &why), 0);
    assert_string_equal(now, "");
    assert_true(inode_of(old.pgdata) == fresh);
    assert_int_equal(own_files_forget(&params, &owner, &why), 0);
}

/* Power may be cut between the exchange and the other name. */
static void
goes_on_where_half_of_it_was_done(void **state)
{
    struct rebuild_request asked;
    char now[PATH_SIZE];

    (void) state;
    SKIP_WITHOUT_SERVERS();
    asked = request();
    assert_int_equal(rebuild_copy(&asked, &why), REBUILD_OK);
    assert_int_equal(renameat2(-1, beside(".pgward-new-2"), -1, old.pgdata,
                               RENAME_EXCHANGE), 0);
    assert_int_equal(rebuild_swap(&params, &owner, asked.inode, now, &why),
                     0);
    assert_string_equal(now, beside(".pgward-old-2"));
    assert_true(inode_of(now) == asked.inode);
    assert_int_equal(files_exists(beside(".pgward-new-2")), 0);
}

static void
removes_what_there_is_no_room_for_and_what_was_begun(void **state)
{
    struct rebuild_request asked;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    asked = request();
    assert_int_equal(mkdir(beside(".pgward-new-9"), 0700), 0);
    assert_int_equal(chown(beside(".pgward-new-9"), owner.uid, owner.gid), 0);
    params.rejoin_rate = 1024L * 1024 * 1024;
    assert_int_equal(rebuild_copy(&asked, &why), REBUILD_OK);
    params.rejoin_rate = 0;
    assert_int_equal(files_exists(beside(".pgward-new-9")), 0);
    assert_int_equal(files_exists(beside(".pgward-old-1")), 0);
    assert_int_equal(files_exists(beside(".pgward-old-2")), 1);
}

static void
puts_nothing_aside_that_was_not_marked(void **state)
{
    struct rebuild_request asked;
    char now[PATH_SIZE];

    (void) state;
    SKIP_WITHOUT_SERVERS();
    asked = request();
    assert_int_equal(rebuild_swap(&params, &owner, 1, now, &why), -1);
    assert_non_null(strstr(why_buf, "marked"));
    text_init(&why, why_buf, sizeof(why_buf));
    asked.inode = 1;
    assert_refused(&asked, "another folder than was marked");
}

static void
refuses_another_system(void **state)
{
    struct rebuild_request asked;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    asked = request();
    (void) text_copy("7", asked.system_id, sizeof(asked.system_id));
    assert_refused(&asked, "another cluster's");
}

/* Of a tablespace, where it was; a folder that lies in two would be torn. */
static void
refuses_tablespaces_that_cannot_give_way(void **state)
{
    struct rebuild_request asked;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    asked = request();
    spaces.count = 1;
    spaces.at[0].oid = 16384;
    (void) text_copy("/nowhere/at/all", spaces.at[0].path, PATH_SIZE);
    assert_refused(&asked, "make the folder '/nowhere/at/all'");
    (void) text_copy(beside("/base"), spaces.at[0].path, PATH_SIZE);
    assert_refused(&asked, "lies there");
    (void) text_copy("/usr", spaces.at[0].path, PATH_SIZE);
    assert_refused(&asked, "let pgdba write to '/usr'");
    spaces.count = 0;
}

static void
tells_what_stays_refused_from_what_may_go_better(void **state)
{
    struct rebuild_request asked;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    asked = request();
    params.repuser = "nobody_knows";
    assert_refused(&asked, "does not exist");
    params.repuser = site.owner.name;
    params.pgport = 1;
    assert_int_equal(rebuild_copy(&asked, &why), REBUILD_FAILED);
    params.pgport = (int) strtol(NEW_PORT, NULL, 10);
}

static void
runs_a_command_and_looks_at_what_it_made(void **state)
{
    struct rebuild_request asked;
    size_t len;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    asked = request();
    params.rebuild_command = "echo one; echo \"no: $PGWARD_TIMELINE\"; exit 3";
    assert_int_equal(rebuild_copy(&asked, &why), REBUILD_FAILED);
    assert_non_null(strstr(why_buf, "code 3: no: 1"));
    assert_string_equal(told, "no: 1");
    text_init(&why, why_buf, sizeof(why_buf));
    params.rebuild_command = "true";
    assert_int_equal(rebuild_copy(&asked, &why), REBUILD_FAILED);
    assert_non_null(strstr(why_buf, "pg_control"));
    text_init(&why, why_buf, sizeof(why_buf));
    (void) snprintf(command, sizeof(command),
                    "%s/pg_basebackup -w -h $PGWARD_PRIMARY -p $PGWARD_PORT"
                    " -U %s -c fast -D $PGWARD_FOLDER", site.bindir,
                    owner.name);
    params.rebuild_command = command;
    if (rebuild_copy(&asked, &why) != REBUILD_OK) {
        fail_msg("%s", why_buf);
    }
    len = strlen(command);
    (void) snprintf(command + len, sizeof(command) - len,
                    "; rm $PGWARD_FOLDER/backup_label");
    assert_refused(&asked, "no backup_label");
    params.rebuild_command = "";
}

static void
assert_leads_to(const char *link, const char *target)
{
    char found[PATH_SIZE];

    assert_int_equal(path_read_link(link, found, sizeof(found)), 0);
    assert_string_equal(found, target);
}

static void
leaves_linked_wal_where_it_was(void **state)
{
    struct rebuild_request asked;
    char wal[PATH_SIZE];
    char kept[PATH_SIZE];
    char now[PATH_SIZE];

    (void) state;
    SKIP_WITHOUT_SERVERS();
    asked = request();
    (void) snprintf(wal, sizeof(wal), "%s/wal", site.folder);
    (void) snprintf(kept, sizeof(kept), "%s/wal.pgward-old-3", site.folder);
    assert_int_equal(rename(beside("/pg_wal"), wal), 0);
    assert_int_equal(symlink(wal, beside("/pg_wal")), 0);
    spaces.count = 1;
    assert_int_equal(path_join(wal, "space", spaces.at[0].path), 0);
    assert_refused(&asked, "lies there");
    spaces.count = 0;
    assert_int_equal(rmdir(spaces.at[0].path), 0);
    text_init(&why, why_buf, sizeof(why_buf));
    if (rebuild_copy(&asked, &why) != REBUILD_OK) {
        fail_msg("%s", why_buf);
    }
    assert_int_equal(rebuild_swap(&params, &owner, asked.inode, now, &why),
                     0);
    assert_leads_to(beside("/pg_wal"), wal);
    assert_leads_to(beside(".pgward-old-3/pg_wal"), kept);
    assert_int_equal(files_exists(kept), 1);
}

static void
run_sql(const char *sql)
{
    struct params there = params;
    struct pgsql *pgsql = pgsql_new(&there, &owner);

    there.monitor_sql = sql;
    if (pgsql_run_monitor_sql(pgsql, clock_now_ms() + LIMIT_MS, &why)
        != TRI_YES) {
        fail_msg("%s: %s", sql, why_buf);
    }
}

static void
make_folder(const char *path)
{
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(chown(path, owner.uid, owner.gid), 0);
}

/* Here both servers share a machine: the primary's lies elsewhere. */
static void
make_tablespace(const char *theirs, const char *ours)
{
    struct pgsql *pgsql;
    char line[PATH_SIZE + 64];

    make_folder(theirs);
    make_folder(ours);
    (void) snprintf(line, sizeof(line), "CREATE TABLESPACE s LOCATION '%s'",
                    theirs);
    run_sql(line);
    run_sql("CREATE TABLE t TABLESPACE s AS SELECT 1");
    pgsql = pgsql_new(&params, &owner);     /* there is one at a time */
    if (pgsql_list_tablespaces(pgsql, clock_now_ms() + LIMIT_MS, &spaces, &why)
        != 0) {
        fail_msg("%s", why_buf);
    }
    assert_int_equal(spaces.count, 1);
    assert_string_equal(spaces.at[0].path, theirs);
    (void) snprintf(line, sizeof(line), "%s/pg_tblspc/%u", old.pgdata,
                    spaces.at[0].oid);
    assert_int_equal(symlink(ours, line), 0);
}

/* Nobody of ours may write above PGDATA, as where it is a mount point. */
static void
copies_inside_with_tablespaces(void **state)
{
    struct rebuild_request asked;
    char ours[LIVE_PATH_SIZE + 16];
    char theirs[LIVE_PATH_SIZE + 16];
    char path[PATH_SIZE];
    char now[PATH_SIZE];

    (void) state;
    SKIP_WITHOUT_SERVERS();
    if (geteuid() != 0) {
        print_message("# not root: no folder is closed to the owner\n");
        skip();
    }
    (void) snprintf(ours, sizeof(ours), "%s/o=urs", site.folder);
    (void) snprintf(theirs, sizeof(theirs), "%s/the=irs", site.folder);
    make_tablespace(theirs, ours);
    params.rejoin_keep = 10;
    assert_int_equal(chown(site.folder, 0, 0), 0);
    assert_int_equal(chmod(site.folder, 0755), 0);
    asked = request();
    if (rebuild_copy(&asked, &why) != REBUILD_OK) {
        fail_msg("%s", why_buf);
    }
    assert_int_equal(rebuild_swap(&params, &owner, asked.inode, now, &why),
                     0);
    assert_string_equal(now, beside("/pgward/pgsql_tmp.pgward-old-4"));
    assert_true(inode_of(old.pgdata) == asked.inode);
    (void) snprintf(path, sizeof(path), "%s/pg_tblspc/%u", old.pgdata,
                    spaces.at[0].oid);
    assert_leads_to(path, ours);
    assert_int_equal(rebuild_clear_inside(&params, &owner, &why), 0);
    assert_int_equal(files_exists(now), 0);
    (void) snprintf(path, sizeof(path), "%s/pgward/pgsql_tmp.pgward-old-4",
                    ours);
    assert_int_equal(files_exists(path), 0);
    assert_int_equal(chown(site.folder, owner.uid, owner.gid), 0);
}

/* Else two data directories would share it. */
static void
refuses_what_a_command_led_elsewhere(void **state)
{
    struct rebuild_request asked;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    if (spaces.count == 0) {
        print_message("# not root: there is no tablespace\n");
        skip();
    }
    asked = request();
    (void) snprintf(command, sizeof(command),
                    "echo \"$PGWARD_TABLESPACES\" | grep -qx '%s=.*new-[0-9]*'"
                    " && %s/pg_basebackup -w -h $PGWARD_PRIMARY -p $PGWARD_PORT"
                    " -U %s -c fast -D $PGWARD_FOLDER"
                    " --waldir=\"$PGWARD_WALDIR\""
                    " -T '%s/the\\=irs=%s/elsewhere'",
                    spaces.at[0].path, site.bindir, owner.name, site.folder,
                    site.folder);
    params.rebuild_command = command;
    assert_refused(&asked, "not to a new folder");
    params.rebuild_command = "";
}

static void
marks_what_a_rewind_tore(void **state)
{
    (void) state;
    SKIP_WITHOUT_SERVERS();
    assert_int_equal(rebuild_note_torn(&params, &owner, &why), 0);
    assert_int_equal(files_exists(beside("/" SALVAGE_TORN)), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_beside_the_data_and_takes_its_place),
        cmocka_unit_test(goes_on_where_half_of_it_was_done),
        cmocka_unit_test(removes_what_there_is_no_room_for_and_what_was_begun),
        cmocka_unit_test(puts_nothing_aside_that_was_not_marked),
        cmocka_unit_test(refuses_another_system),
        cmocka_unit_test(refuses_tablespaces_that_cannot_give_way),
        cmocka_unit_test(tells_what_stays_refused_from_what_may_go_better),
        cmocka_unit_test(runs_a_command_and_looks_at_what_it_made),
        cmocka_unit_test(leaves_linked_wal_where_it_was),
        cmocka_unit_test(copies_inside_with_tablespaces),
        cmocka_unit_test(refuses_what_a_command_led_elsewhere),
        cmocka_unit_test(marks_what_a_rewind_tore),
    };

    return cmocka_run_group_tests(tests, make_servers, remove_servers);
}
