/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of a standby, as each version of PostgreSQL wants them (P8). */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "server_config.h"
#include "files.h"

#define PATH_TEXT_SIZE 128

/* What an include line is about. */
#define INCLUDES "include '"
#define UPSTREAM_BEFORE_12 \
    "primary_conninfo = 'host=192.168.2.3 port=5432 user=repuser " \
    "application_name=srv1~5f3a91c4 dbname=postgres'\n"
#define UPSTREAM \
    "primary_conninfo = 'host=192.168.2.3 port=5432 user=repuser " \
    "application_name=srv1~5f3a91c4 dbname=postgres " \
    "tcp_user_timeout=10000'\n"

static char top[PATH_TEXT_SIZE];
static char pgdata[PATH_TEXT_SIZE];
static char tmpdir[PATH_TEXT_SIZE];
static char config[PATH_TEXT_SIZE];
static struct params params;
static struct identity identity;
static char why_buf[512];
static struct text why;

static const char *
path_of(const char *file)
{
    static char path[2 * PATH_TEXT_SIZE];

    assert_true(snprintf(path, sizeof(path), "%s/%s", top, file) > 0);
    return path;
}

static void
put(const char *file, const char *content)
{
    assert_int_equal(files_write(path_of(file), content, strlen(content),
                                 0600), 0);
}

/* What is in a file; "" where it is not there. */
static const char *
get(const char *file)
{
    static char buf[2048];
    size_t len;

    buf[0] = '\0';
    (void) files_read(path_of(file), buf, sizeof(buf), &len);
    return buf;
}

static bool
is_there(const char *file)
{
    return files_exists(path_of(file)) == 1;
}

/* When a file was last written. */
static void
date(const char *file, time_t seconds_ago)
{
    struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
                                 { .tv_sec = time(NULL) - seconds_ago } };

    assert_int_equal(utimensat(AT_FDCWD, path_of(file), times, 0), 0);
}

static int
set_up(void **state)
{
    (void) state;
    (void) text_copy("/tmp/pgward-config.XXXXXX", top, sizeof(top));
    if (mkdtemp(top) == NULL
        || text_copy(path_of("data"), pgdata, sizeof(pgdata)) != 0
        || text_copy(path_of("tmp"), tmpdir, sizeof(tmpdir)) != 0
        || text_copy(path_of("data/postgresql.conf"), config,
                     sizeof(config)) != 0
        || mkdir(pgdata, 0700) != 0 || mkdir(tmpdir, 0700) != 0) {
        return -1;
    }
    memset(&params, 0, sizeof(params));
    memset(&identity, 0, sizeof(identity));
    identity.known = 1;
    identity.uid = geteuid();
    params.pgdata = pgdata;
    params.tmpdir = tmpdir;
    params.config = config;
    params.rep_mode = REP_MODE_ASYNC;
    params.master_ip = "192.168.2.3";
    params.pgport = 5432;
    params.repuser = "repuser";
    params.primary_conninfo_opt = "";
    params.restore_command = "";
    params.archive_cleanup_command = "";
    params.recovery_end_command = "";
    params.replication_slot_name = "";
    put("data/postgresql.conf", "port = 5432\n");
    text_init(&why, why_buf, sizeof(why_buf));
    return 0;
}

static int
tear_down(void **state)
{
    static const char *const names[] = {
        "data/PG_VERSION", "data/postgresql.conf", "data/postmaster.pid",
        "data/recovery.conf", "data/standby.signal", "data/promote",
        "data/backup_label", "data", "tmp/PGSQL.lock",
        "tmp/rep_mode.conf", "tmp/recovery.conf", "tmp",
    };

    (void) state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void) remove(path_of(names[i]));
    }
    return rmdir(top);      /* nothing else was made */
}

static void
write_standby(enum standby kind)
{
    struct pgconf_standby wanted = { .params = &params, .node = "srv1",
                                     .sender_name = "srv1~5f3a91c4",
                                     .kind = kind };

    assert_int_equal(config_write_standby(&wanted, &identity, &why), 0);
}

static void
a_standby_before_12_has_recovery_conf_in_pgdata(void **state)
{
    static const char *const versions[] = { "10\n", "11\n" };

    (void) state;
    for (size_t i = 0; i < 2; i++) {
        put("data/PG_VERSION", versions[i]);
        assert_int_equal(config_write_includes(&params, &identity, &why), 0);
        write_standby(STANDBY_FOLLOWS);
        assert_string_equal(get("data/recovery.conf"),
                            UPSTREAM_BEFORE_12
                            "recovery_target_timeline = 'latest'\n"
                            "standby_mode = 'on'\n");
        assert_false(is_there("data/standby.signal"));
        assert_false(is_there("tmp/recovery.conf"));
        assert_string_equal(get("data/postgresql.conf"), "port = 5432\n");
        assert_int_equal(config_standby_is_current(&params, &identity, "srv1",
                                                   "srv1~5f3a91c4"), TRI_YES);
        /* without the file it starts as a primary */
        assert_int_equal(config_remove_standby(&params, &identity, &why), 0);
        assert_false(is_there("data/recovery.conf"));
    }
}

static void
a_standby_from_12_on_has_a_signal_file_and_an_include_line(void **state)
{
    static const char *const versions[] = { "12\n", "15\n", "19\n" };

    (void) state;
    for (size_t i = 0; i < 3; i++) {
        put("data/PG_VERSION", versions[i]);
        assert_int_equal(config_write_includes(&params, &identity, &why), 0);
        write_standby(STANDBY_FOLLOWS);
        assert_string_equal(get("tmp/recovery.conf"),
                            UPSTREAM "restore_command = ''\n"
                            "recovery_target_timeline = 'latest'\n");
        assert_true(is_there("data/standby.signal"));
        assert_false(is_there("data/recovery.conf"));
        assert_non_null(strstr(get("data/postgresql.conf"), INCLUDES));
        /* its settings stay where they are: there they do no harm */
        put("data/recovery.signal", "");
        assert_int_equal(config_remove_standby(&params, &identity, &why), 0);
        assert_false(is_there("data/standby.signal"));
        assert_false(is_there("data/recovery.signal"));
        assert_true(is_there("tmp/recovery.conf"));
    }
    params.rep_mode = REP_MODE_NONE;
    assert_int_equal(config_write_includes(&params, &identity, &why), 0);
    assert_string_equal(get("data/postgresql.conf"), "port = 5432\n");
}

/* What counts is what the running server has read. */
static void
an_upstream_before_13_counts_from_the_next_start_on(void **state)
{
    static const struct {
        const char *version;
        const char *file;
        enum tri unread;        /* one that is newer than the server */
    } rows[] = {
        { "10\n", "data/recovery.conf", TRI_NO },
        { "11\n", "data/recovery.conf", TRI_NO },
        { "12\n", "tmp/recovery.conf", TRI_NO },
        { "13\n", "tmp/recovery.conf", TRI_YES },
        { "19\n", "tmp/recovery.conf", TRI_YES },
    };
    char name[NODE_NAME_SIZE];

    (void) state;
    put("data/postmaster.pid", "4711\n");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        put("data/PG_VERSION", rows[i].version);
        write_standby(STANDBY_FOLLOWS);
        date("data/postmaster.pid", 60);
        date(rows[i].file, 30);
        assert_int_equal(config_has_upstream(&params, &identity, name),
                         rows[i].unread);
        date("data/postmaster.pid", 20);
        assert_int_equal(config_has_upstream(&params, &identity, name),
                         TRI_YES);
        assert_string_equal(name, "srv1~5f3a91c4");
        write_standby(STANDBY_WAITS);
        date(rows[i].file, 30);
        assert_int_equal(config_has_upstream(&params, &identity, name),
                         TRI_NO);
        assert_string_equal(name, "");
        assert_int_equal(config_standby_is_current(&params, &identity, "srv1",
                                                   "srv1~5f3a91c4"), TRI_NO);
    }
}

static void
nothing_is_written_for_a_version_that_is_not_known(void **state)
{
    const struct pgconf_standby wanted = { .params = &params, .node = "srv1",
                                           .sender_name = "srv1",
                                           .kind = STANDBY_FOLLOWS };
    char name[NODE_NAME_SIZE];

    (void) state;
    assert_int_equal(config_write_standby(&wanted, &identity, &why), -1);
    assert_non_null(strstr(why_buf, "PG_VERSION': is it a data directory?"));
    assert_int_equal(config_write_includes(&params, &identity, &why), -1);
    assert_int_equal(config_has_upstream(&params, &identity, name),
                     TRI_UNKNOWN);
    assert_string_equal(get("data/postgresql.conf"), "port = 5432\n");
}

/* A SIGKILL may fall behind each; the next action does it again. */
static void
each_change_of_a_file_can_be_done_twice(void **state)
{
    (void) state;
    put("data/PG_VERSION", "15\n");
    put("data/backup_label", "x\n");
    params.rep_mode = REP_MODE_SYNC;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(config_set_lock(&params, &identity, true, &why), 0);
        assert_true(is_there("tmp/PGSQL.lock"));
    }
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(config_set_lock(&params, &identity, false, &why), 0);
        assert_false(is_there("tmp/PGSQL.lock"));
        assert_int_equal(config_remove_backup_label(&params, &identity, &why),
                         0);
        assert_false(is_there("data/backup_label"));
        assert_int_equal(config_write_promote_trigger(&params, &identity,
                                                      &why), 0);
        assert_true(is_there("data/promote"));
        assert_int_equal(config_write_sync_names(&params, &identity,
                                                 "\"srv2\"", "", &why), 0);
        assert_string_equal(get("tmp/rep_mode.conf"),
                            "synchronous_standby_names = '\"srv2\"'\n");
        assert_int_equal(config_write_includes(&params, &identity, &why), 0);
        write_standby(STANDBY_FOLLOWS);
        assert_int_equal(config_remove_standby(&params, &identity, &why), 0);
    }
    assert_int_equal(why.len, 0);
}

static void
only_a_synchronous_cluster_has_a_list(void **state)
{
    (void) state;
    assert_int_equal(config_write_sync_names(&params, &identity, "srv2",
                                             "", &why), 0);
    assert_false(is_there("tmp/rep_mode.conf"));
    params.rep_mode = REP_MODE_SYNC;
    assert_int_equal(config_write_sync_names(&params, &identity, "a\nb",
                                             "", &why), -1);
    assert_non_null(strstr(why_buf,
                           "cannot stand in synchronous_standby_names"));
    assert_false(is_there("tmp/rep_mode.conf"));
}

/* A server before 17 would not start with it. */
static void
slots_to_wait_for_stand_beside_the_list_from_17_on(void **state)
{
    (void) state;
    params.rep_mode = REP_MODE_SYNC;
    params.replication_slot_name = "pg";
    put("data/PG_VERSION", "16\n");
    assert_int_equal(config_write_sync_names(&params, &identity, "\"srv2\"",
                                             "pg_srv2", &why), 0);
    assert_string_equal(get("tmp/rep_mode.conf"),
                        "synchronous_standby_names = '\"srv2\"'\n");
    put("data/PG_VERSION", "17\n");
    assert_int_equal(config_write_sync_names(&params, &identity, "\"srv2\"",
                                             "pg_srv2", &why), 0);
    assert_string_equal(get("tmp/rep_mode.conf"),
                        "synchronous_standby_names = '\"srv2\"'\n"
                        "synchronized_standby_slots = 'pg_srv2'\n");
    assert_int_equal(config_write_sync_names(&params, &identity, "", "",
                                             &why), 0);
    assert_string_equal(get("tmp/rep_mode.conf"),
                        "synchronous_standby_names = ''\n"
                        "synchronized_standby_slots = ''\n");
    params.replication_slot_name = "";
    assert_int_equal(config_write_sync_names(&params, &identity, "", "",
                                             &why), 0);
    assert_null(strstr(get("tmp/rep_mode.conf"), "synchronized"));
}

static void
the_names_of_slots_outlive_a_change_of_the_parameters(void **state)
{
    struct slot_names names = { .count = 2 };
    struct slot_names back;

    (void) state;
    config_read_slots(&params, &identity, &back);
    assert_int_equal(back.count, 0);
    (void) text_copy("pg_srv2", names.name[0], SERVER_NAME_SIZE);
    (void) text_copy("pg_far1", names.name[1], SERVER_NAME_SIZE);
    assert_int_equal(config_write_slots(&params, &identity, &names, &why), 0);
    config_read_slots(&params, &identity, &back);
    assert_memory_equal(&back, &names, sizeof(names));
    memset(&names, 0, sizeof(names));
    assert_int_equal(config_write_slots(&params, &identity, &names, &why), 0);
    assert_false(is_there("tmp/slots"));
}

static void
assert_why(const char *part)
{
    if (strstr(why_buf, part) == NULL) {
        fail_msg("'%s' is not in '%s'", part, why_buf);
    }
    text_init(&why, why_buf, sizeof(why_buf));
}

static void
a_change_that_fails_names_file_and_cause(void **state)
{
    static char far[PATH_SIZE];

    (void) state;
    assert_int_equal(symlink("/nonexistent", path_of("tmp/PGSQL.lock")), 0);
    assert_int_equal(config_set_lock(&params, &identity, true, &why), -1);
    assert_why("/tmp/PGSQL.lock': Too many levels of symbolic links. It is a "
               "symbolic link: put a file there");
    assert_int_equal(mkdir(path_of("data/backup_label"), 0700), 0);
    assert_int_equal(config_remove_backup_label(&params, &identity, &why),
                     -1);
    assert_why("could not remove '");
    assert_why("");
    params.tmpdir = "/nonexistent";
    assert_int_equal(config_set_lock(&params, &identity, true, &why), -1);
    assert_why("could not reach the folder of '/nonexistent/PGSQL.lock': No "
               "such file or directory");
    memset(far, 'x', PATH_SIZE - 4);
    params.tmpdir = far;
    assert_int_equal(config_set_lock(&params, &identity, true, &why), -1);
    assert_int_equal(why.overflow, true);       /* no room for half a path */
    text_init(&why, why_buf, sizeof(why_buf));
    params.config = "/nonexistent/postgresql.conf";
    params.tmpdir = tmpdir;
    put("data/PG_VERSION", "15\n");
    assert_int_equal(config_write_includes(&params, &identity, &why), -1);
    assert_why("could not reach the folder of '/nonexistent/postgresql.conf'");
}

/* From 12 on it is another file: what was not removed is not gone. */
static void
nothing_is_removed_for_a_version_that_is_not_known(void **state)
{
    (void) state;
    put("data/standby.signal", "");
    assert_int_equal(config_remove_standby(&params, &identity, &why), -1);
    assert_why("PG_VERSION': is it a data directory?");
    assert_true(is_there("data/standby.signal"));
}

static int
mode_of_data(void)
{
    struct stat info;

    assert_int_equal(stat(params.pgdata, &info), 0);
    return (int) (info.st_mode & 07777);
}

/* While data is half-way to another history; the next start writes it anew. */
static void
a_block_stands_where_a_standby_has_its_settings(void **state)
{
    (void) state;
    put("data/PG_VERSION", "11\n");
    assert_int_equal(config_write_block(&params, &identity, &why), 0);
    assert_false(is_there("data/recovery.conf"));
    assert_false(is_there("tmp/recovery.conf"));
    put("data/PG_VERSION", "15\n");
    assert_int_equal(config_write_block(&params, &identity, &why), 0);
    assert_non_null(strstr(get("tmp/recovery.conf"), INCLUDES));
    assert_non_null(strstr(get("tmp/recovery.conf"), "/tmp/PGWARD.rejoin: "));
    assert_int_equal(mode_of_data(), 0702);
    assert_int_equal(config_remove_block(&params, &identity, &why), 0);
    assert_int_equal(config_remove_block(&params, &identity, &why), 0);
    assert_int_equal(mode_of_data(), 0700);
    assert_int_equal(chmod(params.pgdata, 0750), 0);
    assert_int_equal(config_write_block(&params, &identity, &why), 0);
    assert_int_equal(mode_of_data(), 0752);
    assert_int_equal(config_standby_is_current(&params, &identity, "srv1",
                                               "srv1~5f3a91c4"), TRI_NO);
    write_standby(STANDBY_FOLLOWS);
    assert_null(strstr(get("tmp/recovery.conf"), "PGWARD"));
    assert_int_equal(mode_of_data(), 0750);
    put("data/PG_VERSION", "moon\n");
    assert_int_equal(config_write_block(&params, &identity, &why), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_block_stands_where_a_standby_has_its_settings),
        TEST(a_standby_before_12_has_recovery_conf_in_pgdata),
        TEST(a_standby_from_12_on_has_a_signal_file_and_an_include_line),
        TEST(an_upstream_before_13_counts_from_the_next_start_on),
        TEST(nothing_is_written_for_a_version_that_is_not_known),
        TEST(each_change_of_a_file_can_be_done_twice),
        TEST(only_a_synchronous_cluster_has_a_list),
        TEST(slots_to_wait_for_stand_beside_the_list_from_17_on),
        TEST(the_names_of_slots_outlive_a_change_of_the_parameters),
        TEST(a_change_that_fails_names_file_and_cause),
        TEST(nothing_is_removed_for_a_version_that_is_not_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
