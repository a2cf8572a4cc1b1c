/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a node lacks is said by start and validate-all, with the next step. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "instance.h"
#include "reason_rules.h"

static char folder[] = "/tmp/pgward-instance.XXXXXX";
static char pgdata[128];
static char global[128];
static char control[128];
static char config[128];
static char tmpdir[128];
static char target[128];
static struct instance instance;
static struct snapshot snapshot;

static void
in_folder(const char *name, char *ret_path)
{
    assert_true(snprintf(ret_path, 128, "%s/%s", folder, name) < 128);
}

static void
write_file(const char *path)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    assert_int_equal(fclose(out), 0);
}

static int
set_up(void **state)
{
    (void) state;
    if (mkdtemp(folder) == NULL || setenv("HA_RSCTMP", folder, 1) != 0) {
        return -1;
    }
    in_folder("data", pgdata);
    in_folder("postgresql.conf", config);
    in_folder("tmp", tmpdir);
    in_folder("target", target);
    in_folder("data/global", global);
    in_folder("data/global/pg_control", control);
    write_file(config);
    if (mkdir(pgdata, 0700) != 0 || mkdir(global, 0700) != 0) {
        return -1;
    }
    write_file(control);
    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    (void) unlink(target);
    (void) unlink(tmpdir);
    (void) unlink(config);
    (void) rmdir(tmpdir);
    (void) unlink(control);
    (void) rmdir(global);
    (void) rmdir(pgdata);
    return rmdir(folder);
}

/* Check; the problem has to be this, "" for none. */
static void
assert_problem(enum ocf_code code, const char *part)
{
    struct params *params = &instance.params;
    struct identity *identity = &instance.identity;
    char shown[REASON_TEXT_SIZE];
    const char *fault;

    params->pgctl = "/bin/true";
    params->pgdata = pgdata;
    params->pgdba = "someone";
    params->config = config;
    params->tmpdir = tmpdir;
    params->rep_mode = REP_MODE_SYNC;
    identity->known = 1;
    identity->uid = geteuid();
    identity->gid = getegid();
    memset(&snapshot, 0, sizeof(snapshot));
    snapshot.action = ACTION_VALIDATE;
    instance_check_setup(&instance, &snapshot);
    fault = code == OCF_SUCCESS
            ? NULL : reason_fault(snapshot.settings.problem_text, shown);
    if (fault != NULL) {
        fail_msg("%s: %s", fault, shown);
    }
    if (snapshot.settings.problem != code
        || strstr(snapshot.settings.problem_text, part) == NULL) {
        fail_msg("%d, not %d: '%s' is not in '%s'",
                 (int) snapshot.settings.problem, (int) code, part,
                 snapshot.settings.problem_text);
    }
}

static void
accepts_what_is_there(void **state)
{
    (void) state;
    assert_problem(OCF_SUCCESS, "");
}

/* pg_basebackup was killed on its way: pg_control comes last. */
static void
half_a_copy_is_named(void **state)
{
    (void) state;
    assert_int_equal(unlink(control), 0);
    assert_problem(OCF_ERR_INSTALLED, "pg_basebackup this node anew");
    write_file(control);
}

static void
a_link_of_ours_may_be_the_configuration(void **state)
{
    (void) state;
    assert_int_equal(rename(config, target), 0);
    assert_int_equal(symlink(target, config), 0);
    assert_problem(OCF_SUCCESS, "");
    if (geteuid() == 0) {
        assert_int_equal(lchown(config, 12345, 12345), 0);
        assert_problem(OCF_ERR_PERM, "set config to '/tmp/pgward-instance.");
        assert_problem(OCF_ERR_PERM, "no link of user id 12345");
    }
    assert_int_equal(unlink(config), 0);
    assert_int_equal(rename(target, config), 0);
}

static void
a_link_to_a_folder_may_be_the_tmpdir(void **state)
{
    (void) state;
    assert_int_equal(symlink(pgdata, tmpdir), 0);
    assert_problem(OCF_SUCCESS, "");
    assert_int_equal(unlink(tmpdir), 0);
    assert_int_equal(symlink(target, tmpdir), 0);
    assert_problem(OCF_ERR_CONFIGURED, "make the folder '/tmp/pgward-");
    assert_problem(OCF_ERR_CONFIGURED, "/tmp' is a symbolic link to it");
    assert_int_equal(unlink(tmpdir), 0);
    assert_int_equal(symlink(config, tmpdir), 0);
    assert_problem(OCF_ERR_CONFIGURED, "is a symbolic link to it");
    assert_int_equal(unlink(tmpdir), 0);
    write_file(tmpdir);
    assert_problem(OCF_ERR_CONFIGURED, "set tmpdir to a folder");
    assert_int_equal(unlink(tmpdir), 0);
}

static void
names_what_is_missing(void **state)
{
    (void) state;
    assert_int_equal(unlink(config), 0);
    assert_problem(OCF_ERR_INSTALLED, "set config to the configuration");
    assert_int_equal(rename(pgdata, target), 0);
    assert_problem(OCF_ERR_INSTALLED,
                   "mount it, pg_basebackup it, or set pgdata");
    assert_int_equal(rename(target, pgdata), 0);
    write_file(config);
    assert_problem(OCF_SUCCESS, "");
}

/* It may look; whoever changes something takes the lock, which is root's. */
static void
the_owner_who_may_not_lock_is_told(void **state)
{
    char words[512];
    struct text why;
    uid_t nobody = 65534;

    (void) state;
    if (geteuid() != 0) {
        skip();
    }
    text_init(&why, words, sizeof(words));
    instance.lock_fd = -1;
    (void) text_copy("db", instance.resource, sizeof(instance.resource));
    assert_int_equal(seteuid(nobody), 0);
    assert_problem(OCF_ERR_PERM, "run pgward as root: could not write '/tmp/");
    assert_int_equal(instance_lock(&instance, &why), OCF_ERR_PERM);
    assert_int_equal(seteuid(0), 0);
    assert_non_null(strstr(words, "run pgward as root: could not open "
                           "'/tmp/pgward-instance."));
    assert_int_equal(instance.lock_fd, -1);
}

static void
a_lock_that_cannot_be_made_is_named(void **state)
{
    char words[512];
    struct text why;

    (void) state;
    text_init(&why, words, sizeof(words));
    instance.lock_fd = -1;
    assert_int_equal(setenv("HA_RSCTMP", "/tmp/pgward-instance.none", 1), 0);
    assert_int_equal(instance_lock(&instance, &why), OCF_ERR_GENERIC);
    assert_non_null(strstr(words, "look at its folder: could not open '"));
    assert_non_null(strstr(words, "No such file or directory"));
    assert_int_equal(setenv("HA_RSCTMP", folder, 1), 0);
}

static enum tri
probe_of(enum action action, const char *interval, const char *node)
{
    static struct instance asked;
    static struct snapshot world;

    (void) unsetenv("OCF_RESKEY_CRM_meta_interval");
    (void) unsetenv("OCF_RESKEY_CRM_meta_on_node");
    if (interval != NULL) {
        (void) setenv("OCF_RESKEY_CRM_meta_interval", interval, 1);
    }
    if (node != NULL) {
        (void) setenv("OCF_RESKEY_CRM_meta_on_node", node, 1);
    }
    instance_init(action, &asked, &world);
    (void) unsetenv("OCF_RESKEY_CRM_meta_interval");
    (void) unsetenv("OCF_RESKEY_CRM_meta_on_node");
    return world.probe;
}

/* What Pacemaker gives a probe and a recurring monitor; a person gives none. */
static void
a_probe_is_the_clusters_monitor_that_does_not_recur(void **state)
{
    (void) state;
    assert_int_equal(probe_of(ACTION_MONITOR, NULL, "srv1"), TRI_YES);
    assert_int_equal(probe_of(ACTION_MONITOR, "0", "srv1"), TRI_YES);
    assert_int_equal(probe_of(ACTION_MONITOR, "0", NULL), TRI_YES);
    assert_int_equal(probe_of(ACTION_MONITOR, "1000", "srv1"), TRI_NO);
    assert_int_equal(probe_of(ACTION_MONITOR, NULL, NULL), TRI_NO);
    assert_int_equal(probe_of(ACTION_START, NULL, "srv1"), TRI_NO);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_what_is_there),
        cmocka_unit_test(half_a_copy_is_named),
        cmocka_unit_test(a_link_of_ours_may_be_the_configuration),
        cmocka_unit_test(a_link_to_a_folder_may_be_the_tmpdir),
        cmocka_unit_test(names_what_is_missing),
        cmocka_unit_test(the_owner_who_may_not_lock_is_told),
        cmocka_unit_test(a_lock_that_cannot_be_made_is_named),
        cmocka_unit_test(
            a_probe_is_the_clusters_monitor_that_does_not_recur),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
