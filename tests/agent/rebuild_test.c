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
#include "postgres.h"
#include "rebuild.h"
#include "salvage.h"

#define LIMIT_MS 60000
#define NEW_PORT "45987"
#define OLD_PORT "45988"
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
static char command[2 * LIVE_PATH_SIZE + 256];
static char why_buf[4096];
static struct text why;
static char told[256];

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
    params.pgdb = "template1";
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
        .inode = inode_of(old.pgdata), .idle_ms = LIMIT_MS,
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
    fresh = inode_of(beside(".pgward-new"));
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
    assert_int_equal(renameat2(-1, beside(".pgward-new"), -1, old.pgdata,
                               RENAME_EXCHANGE), 0);
    assert_int_equal(rebuild_swap(&params, &owner, asked.inode, now, &why),
                     0);
    assert_string_equal(now, beside(".pgward-old-2"));
    assert_true(inode_of(now) == asked.inode);
    assert_int_equal(files_exists(beside(".pgward-new")), 0);
}

static void
removes_what_there_is_no_room_for_and_what_was_begun(void **state)
{
    struct rebuild_request asked;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    asked = request();
    assert_int_equal(mkdir(beside(".pgward-new"), 0700), 0);
    assert_int_equal(chown(beside(".pgward-new"), owner.uid, owner.gid), 0);
    params.rejoin_rate = 1024L * 1024 * 1024;
    assert_int_equal(rebuild_copy(&asked, &why), REBUILD_OK);
    params.rejoin_rate = 0;
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
refuses_tablespaces_and_another_system(void **state)
{
    struct rebuild_request asked;

    (void) state;
    SKIP_WITHOUT_SERVERS();
    asked = request();
    (void) text_copy("7", asked.system_id, sizeof(asked.system_id));
    assert_refused(&asked, "another cluster's");
    asked = request();
    assert_int_equal(symlink("/nowhere", beside("/pg_tblspc/1")), 0);
    assert_refused(&asked, "tablespaces");
    assert_int_equal(unlink(beside("/pg_tblspc/1")), 0);
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
puts_linked_wal_beside_where_it_was(void **state)
{
    struct rebuild_request asked;
    char wal[PATH_SIZE];
    char made[PATH_SIZE];
    char now[PATH_SIZE];

    (void) state;
    SKIP_WITHOUT_SERVERS();
    asked = request();
    (void) snprintf(wal, sizeof(wal), "%s/wal", site.folder);
    (void) snprintf(made, sizeof(made), "%s/wal.pgward-wal-3", site.folder);
    assert_int_equal(rename(beside("/pg_wal"), wal), 0);
    assert_int_equal(symlink(wal, beside("/pg_wal")), 0);
    if (rebuild_copy(&asked, &why) != REBUILD_OK) {
        fail_msg("%s", why_buf);
    }
    assert_int_equal(rebuild_swap(&params, &owner, asked.inode, now, &why),
                     0);
    assert_int_equal(files_exists(made), 1);
    assert_true(inode_of(beside("/pg_wal")) == inode_of(made));
    assert_true(inode_of(beside(".pgward-old-3/pg_wal")) == inode_of(wal));
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
        cmocka_unit_test(refuses_tablespaces_and_another_system),
        cmocka_unit_test(tells_what_stays_refused_from_what_may_go_better),
        cmocka_unit_test(runs_a_command_and_looks_at_what_it_made),
        cmocka_unit_test(puts_linked_wal_beside_where_it_was),
        cmocka_unit_test(marks_what_a_rewind_tore),
    };

    return cmocka_run_group_tests(tests, make_servers, remove_servers);
}
