/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A node's own files inside PGDATA are saved, and come back as they were. */

#include <errno.h>
#include <ftw.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "files.h"
#include "own_files.h"
#include "paths.h"

static char folder[64];
static char pgdata[PATH_SIZE];
static char tmpdir[PATH_SIZE];
static char config[PATH_SIZE];
static struct params params;
static struct identity identity;
static char why_buf[1024];
static struct text why;
static char differ_buf[1024];
static struct text differ;

/* Where a file is; several at once. */
static const char *
at(const char *name)
{
    static char path[8][PATH_SIZE];
    static unsigned next;

    next = (next + 1) % 8;
    assert_int_equal(path_join(pgdata, name, path[next]), 0);
    return path[next];
}

static void
give(const char *path)
{
    assert_int_equal(lchown(path, identity.uid, identity.gid), 0);
}

static void
put(const char *path, const char *content, mode_t mode)
{
    (void) unlink(path);
    assert_int_equal(files_write(path, content, strlen(content), mode), 0);
    assert_int_equal(chmod(path, mode), 0);
    give(path);
}

static void
put_folder(const char *path)
{
    assert_int_equal(mkdir(path, 0700), 0);
    give(path);
}

static void
assert_file(const char *path, const char *content, mode_t mode)
{
    char bytes[4096];
    struct stat info;
    size_t len;

    if (files_read(path, bytes, sizeof(bytes), &len) != 0) {
        fail_msg("'%s': %s", path, strerror(errno));
    }
    assert_string_equal(bytes, content);
    assert_int_equal(lstat(path, &info), 0);
    assert_true(S_ISREG(info.st_mode));
    assert_int_equal(info.st_mode & 07777, mode);
}

static void
assert_link(const char *path, const char *target)
{
    char found[PATH_SIZE];

    assert_int_equal(path_read_link(path, found, sizeof(found)), 0);
    assert_string_equal(found, target);
}

static int
set_up(void **state)
{
    const struct passwd *self = getpwuid(geteuid());

    (void) state;
    if (geteuid() != 0 || identity_find("postgres", &identity) != 0) {
        assert_non_null(self);
        assert_int_equal(identity_find(self->pw_name, &identity), 0);
    }
    (void) text_copy("/tmp/pgward-own.XXXXXX", folder, sizeof(folder));
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chmod(folder, 0755), 0);
    give(folder);
    assert_int_equal(path_join(folder, "data", pgdata), 0);
    assert_int_equal(path_join(folder, "tmp", tmpdir), 0);
    assert_int_equal(path_join(pgdata, "postgresql.conf", config), 0);
    put_folder(pgdata);
    put_folder(tmpdir);
    memset(&params, 0, sizeof(params));
    params.pgdata = pgdata;
    params.tmpdir = tmpdir;
    params.config = config;
    params.pgdba = identity.name;
    put(at("postgresql.conf"), "port = 5432\n", 0600);
    put(at("postgresql.auto.conf"), "", 0600);
    put(at("pg_hba.conf"), "local all all peer\n", 0640);
    put(at("pg_ident.conf"), "", 0600);
    text_init(&why, why_buf, sizeof(why_buf));
    text_init(&differ, differ_buf, sizeof(differ_buf));
    return 0;
}

static int
remove_one(const char *path, const struct stat *info, int kind,
           struct FTW *where)
{
    (void) info;
    (void) kind;
    (void) where;
    return remove(path);
}

static int
tear_down(void **state)
{
    (void) state;
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
save(bool resume)
{
    if (own_files_save(&params, &identity, resume, &why) != 0) {
        fail_msg("%s", why_buf);
    }
}

static void
restore(void)
{
    text_init(&differ, differ_buf, sizeof(differ_buf));
    if (own_files_restore(&params, &identity, &differ, &why) != 0) {
        fail_msg("%s", why_buf);
    }
}

static void
brings_back_what_was_changed_removed_or_added(void **state)
{
    (void) state;
    put(at("postgresql.conf"), "include 'more.conf'\n"
        "include_if_exists 'later.conf'\nssl_key_file = 'keys/own.key'\n",
        0600);
    put(at("more.conf"), "include_dir 'conf.d'\n", 0644);
    put_folder(at("conf.d"));
    put(at("conf.d/a.conf"), "# a\n", 0600);
    put(at("conf.d/notes"), "of nobody\n", 0600);
    put_folder(at("keys"));
    put(at("keys/own.key"), "ours\n", 0400);
    put(at("other"), "the data's\n", 0600);
    save(false);
    /* ready to be written over */
    assert_file(at("keys/own.key"), "ours\n", 0600);
    /* the primary's come */
    put(at("postgresql.conf"), "# theirs\n", 0600);
    put(at("later.conf"), "# theirs\n", 0600);
    put(at("conf.d/b.conf"), "# theirs\n", 0600);
    put(at("conf.d/notes"), "# theirs\n", 0600);
    put(at("other"), "theirs\n", 0600);
    assert_int_equal(unlink(at("keys/own.key")), 0);
    assert_int_equal(rmdir(at("keys")), 0);
    assert_int_equal(unlink(at("more.conf")), 0);
    restore();
    assert_file(at("more.conf"), "include_dir 'conf.d'\n", 0644);
    assert_file(at("keys/own.key"), "ours\n", 0400);
    assert_file(at("pg_hba.conf"), "local all all peer\n", 0640);
    assert_file(at("conf.d/a.conf"), "# a\n", 0600);
    assert_int_equal(files_exists(at("conf.d/b.conf")), 0);
    assert_int_equal(files_exists(at("later.conf")), 0);
    assert_file(at("conf.d/notes"), "# theirs\n", 0600);
    assert_file(at("other"), "theirs\n", 0600);
    assert_string_equal(differ_buf, "postgresql.conf, more.conf, later.conf, "
                        "keys/own.key, conf.d/b.conf");
    /* once more changes nothing */
    restore();
    assert_string_equal(differ_buf, "");
}

static void
follows_names_from_outside_and_leaves_the_outside_alone(void **state)
{
    char outside[PATH_SIZE];
    char text[3 * PATH_SIZE];
    struct text line;

    (void) state;
    assert_int_equal(path_join(folder, "main.conf", outside), 0);
    text_init(&line, text, sizeof(text));
    text_add(&line, "ssl_cert_file = '%s/in.crt'\nssl_ca_file = '%s'\n"
             "include '../outside'\nssl_crl_dir = 'crl'\n"
             "hba_file = '%s/hba'\n", pgdata, config, pgdata);
    put(outside, text, 0600);
    params.config = outside;
    put(at("in.crt"), "ours\n", 0600);
    put(at("hba"), "include rules\nhost @names all peer\n", 0600);
    put(at("rules"), "ours\n", 0600);
    put(at("names"), "ours\n", 0600);
    put_folder(at("crl"));
    put(at("crl/abc.r0"), "ours\n", 0600);
    save(false);
    put(outside, "# changed\n", 0600);
    put(at("in.crt"), "theirs\n", 0600);
    put(at("rules"), "theirs\n", 0600);
    put(at("names"), "theirs\n", 0600);
    put(at("crl/xyz.r0"), "theirs\n", 0600);
    restore();
    assert_file(at("in.crt"), "ours\n", 0600);
    assert_file(at("rules"), "ours\n", 0600);
    assert_file(at("names"), "ours\n", 0600);
    assert_file(at("crl/abc.r0"), "ours\n", 0600);
    assert_int_equal(files_exists(at("crl/xyz.r0")), 0);
    assert_file(outside, "# changed\n", 0600);
}

static void
brings_links_back_and_writes_through_none(void **state)
{
    char target[PATH_SIZE];

    (void) state;
    assert_int_equal(path_join(folder, "auto", target), 0);
    put(target, "# linked\n", 0600);
    assert_int_equal(unlink(at("postgresql.auto.conf")), 0);
    assert_int_equal(symlink(target, at("postgresql.auto.conf")), 0);
    assert_int_equal(symlink("/nonexistent", at("server.crt")), 0);
    save(false);
    assert_file(at("postgresql.auto.conf"), "# linked\n", 0600);
    put(at("postgresql.auto.conf"), "# theirs\n", 0600);
    assert_int_equal(unlink(at("server.crt")), 0);
    restore();
    assert_link(at("postgresql.auto.conf"), target);
    assert_link(at("server.crt"), "/nonexistent");
    assert_file(target, "# linked\n", 0600);
    assert_string_equal(differ_buf, "postgresql.auto.conf");
}

static void
gives_a_key_of_root_back_to_root(void **state)
{
    struct stat info;

    (void) state;
    if (geteuid() != 0 || identity.uid == 0) {
        print_message("skipped: needs root and another user\n");
        skip();
    }
    put(at("server.key"), "root's\n", 0640);
    assert_int_equal(chown(at("server.key"), 0, identity.gid), 0);
    save(false);
    assert_int_equal(stat(at("server.key"), &info), 0);
    assert_int_equal(info.st_uid, identity.uid);
    restore();
    assert_file(at("server.key"), "root's\n", 0640);
    assert_int_equal(stat(at("server.key"), &info), 0);
    assert_int_equal(info.st_uid, 0);
    assert_int_equal(info.st_gid, identity.gid);
    assert_int_equal(chown(at("server.key"), identity.uid + 1, identity.gid),
                     0);
    assert_int_equal(own_files_save(&params, &identity, false, &why), -1);
    assert_non_null(strstr(why_buf, "chown '"));
}

static void
keeps_the_first_save_when_it_goes_on(void **state)
{
    char list[PATH_SIZE];

    (void) state;
    save(false);
    put(at("pg_hba.conf"), "theirs\n", 0600);
    save(true);
    restore();
    assert_file(at("pg_hba.conf"), "local all all peer\n", 0640);
    /* without a whole list nothing was saved */
    put(at("pg_hba.conf"), "new\n", 0600);
    assert_int_equal(path_join(tmpdir, "rejoin-own/list", list), 0);
    assert_int_equal(unlink(list), 0);
    assert_int_equal(own_files_restore(&params, &identity, &differ, &why),
                     OWN_FILES_NONE);
    save(true);
    put(at("pg_hba.conf"), "theirs\n", 0600);
    assert_int_equal(own_files_restore(&params, &identity, NULL, &why), 0);
    assert_file(at("pg_hba.conf"), "new\n", 0600);
    /* nor where it begins anew */
    put(at("pg_hba.conf"), "newer\n", 0600);
    save(false);
    restore();
    assert_file(at("pg_hba.conf"), "newer\n", 0600);
    assert_int_equal(own_files_forget(&params, &identity, &why), 0);
    assert_int_equal(own_files_forget(&params, &identity, &why), 0);
    assert_int_equal(own_files_restore(&params, &identity, &differ, &why),
                     OWN_FILES_NONE);
}

static void
believes_no_list_that_it_did_not_write(void **state)
{
    static const char *const lines[] = {
        "file\t600\t0\t0\t1\t/etc/passwd\t\n",
        "file\t384\t0\t0\t1\t/etc/passwd\t\n",
        "file\t384\t0\t0\t1\t../tmp/x\t\n", "file\t384\t0\t0\t1\tx\n",
        "file\t2496\t0\t0\t1\tx\t\n", "odd\t384\t0\t0\t1\tx\t\n",
        "file\t384\t0\t0\tmany\tx\t\n", "file\n",
    };
    char list[PATH_SIZE];
    char bytes[2 * PATH_SIZE];
    struct text text;

    (void) state;
    save(false);
    assert_int_equal(path_join(tmpdir, "rejoin-own/list", list), 0);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        text_init(&text, bytes, sizeof(bytes));
        text_add(&text, "%s\n%s", pgdata, lines[i]);
        put(list, bytes, 0600);
        assert_int_equal(own_files_restore(&params, &identity, &differ, &why),
                         -1);
    }
    put(list, "/another/pgdata\n", 0600);
    assert_int_equal(own_files_restore(&params, &identity, &differ, &why),
                     -1);
    put(at("postgresql.conf"), "ssl_key_file = 'a\tkey'\n", 0600);
    put(at("a\tkey"), "x", 0600);
    assert_int_equal(own_files_save(&params, &identity, false, &why), -1);
}

static void
says_what_it_cannot_save(void **state)
{
    (void) state;
    assert_int_equal(truncate(at("pg_hba.conf"), 17 * 1024 * 1024), 0);
    assert_int_equal(own_files_save(&params, &identity, false, &why), -1);
    assert_non_null(strstr(why_buf, "pg_hba.conf': could not read it"));
    put(at("pg_hba.conf"), "x", 0600);
    text_init(&why, why_buf, sizeof(why_buf));
    params.tmpdir = pgdata;
    assert_int_equal(own_files_save(&params, &identity, false, &why), -1);
    assert_non_null(strstr(why_buf, "set tmpdir"));
    params.tmpdir = tmpdir;
    text_init(&why, why_buf, sizeof(why_buf));
    assert_int_equal(symlink(folder, at("pg_wal")), 0);
    assert_int_equal(own_files_save(&params, &identity, false, &why), -1);
    assert_non_null(strstr(why_buf, "set tmpdir"));
    assert_int_equal(unlink(at("pg_wal")), 0);
    text_init(&why, why_buf, sizeof(why_buf));
    put_folder(at("conf.d"));
    put(at("postgresql.conf"), "include_dir 'conf.d'\n", 0600);
    for (int i = 0; i < 300; i++) {
        char name[32];

        (void) snprintf(name, sizeof(name), "conf.d/%d.conf", i);
        put(at(name), "", 0600);
    }
    assert_int_equal(own_files_save(&params, &identity, false, &why), -1);
    assert_non_null(strstr(why_buf, "use fewer files"));
    text_init(&why, why_buf, sizeof(why_buf));
    identity.known = 0;
    assert_int_equal(own_files_save(&params, &identity, false, &why), -1);
    identity.known = 1;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            brings_back_what_was_changed_removed_or_added, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            follows_names_from_outside_and_leaves_the_outside_alone, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            brings_links_back_and_writes_through_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gives_a_key_of_root_back_to_root,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_the_first_save_when_it_goes_on,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            believes_no_list_that_it_did_not_write, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_what_it_cannot_save, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
