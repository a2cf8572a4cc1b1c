/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files through which pgward configures the server (P8). */

#include "server_config.h"

#include <errno.h>
#include <libgen.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"
#include "major_version.h"
#include "paths.h"
#include "pgconf.h"

#define CONFIG_TEXT_SIZE 16384
#define FILE_MODE 0600
#define SLOTS_FILE "slots"
#define SLOTS_SIZE (SLOT_ROWS_MAX * SERVER_NAME_SIZE + 1)

/* What a server that a hand starts says that it could not open. */
#define BLOCK "PGWARD.rejoin: half-way back, let Pacemaker start it"

/* From this version on standby.signal stands for recovery.conf. */
#define SIGNAL_FILE_VERSION 12

/* Before this one a server reads its upstream only when it starts. */
#define RELOADABLE_UPSTREAM_VERSION 13

/* Before this one no server starts that finds the setting in its files. */
#define WAITED_SLOTS_VERSION 17

static int
join_path(const char *folder, const char *file, char *ret_path,
          struct text *ret_why)
{
    if (path_join(folder, file, ret_path) != 0) {
        text_add(ret_why, "the path '%s/...' is too long", folder);
        return -1;
    }
    return 0;
}

/* Become the owner of `folder` if that is the database's user (P8). */
static int
enter_folder(const char *path, const struct identity *identity)
{
    char folder[PATH_SIZE];
    struct stat info;

    if (text_copy(path, folder, sizeof(folder)) != 0
        || stat(dirname(folder), &info) != 0) {
        return -1;
    }
    return info.st_uid == identity->uid ? identity_become(identity) : 0;
}

static int
failed(const char *verb, const char *path, struct text *ret_why)
{
    int error = errno;

    text_add(ret_why, "could not %s '%s': %s", verb, path, strerror(error));
    if (error == ELOOP) {
        text_add(ret_why, ". It is a symbolic link: put a file there, since "
                 "the agent writes through no link");
    }
    return -1;
}

enum change {
    CHANGE_WRITE = 0,
    CHANGE_TOUCH,
    CHANGE_REMOVE,
};

/* One change of one file, as its folder's owner. */
static int
change_file(const char *path, enum change change, const struct text *content,
            const struct identity *identity, struct text *ret_why)
{
    int rc = -1;

    if (enter_folder(path, identity) != 0) {
        return failed("reach the folder of", path, ret_why);
    }
    switch (change) {
        case CHANGE_WRITE:
            rc = files_write(path, content->buf, content->len, FILE_MODE);
            break;
        case CHANGE_TOUCH:
            rc = files_touch(path, FILE_MODE);
            break;
        case CHANGE_REMOVE:
            rc = files_remove(path);
            break;
    }
    if (rc != 0) {
        (void) failed(change == CHANGE_REMOVE ? "remove" : "write", path,
                      ret_why);
    }
    identity_return();
    return rc;
}

static int
change_in(const char *folder, const char *file, enum change change,
          const struct identity *identity, struct text *ret_why)
{
    char path[PATH_SIZE];

    if (join_path(folder, file, path, ret_why) != 0) {
        return -1;
    }
    return change_file(path, change, NULL, identity, ret_why);
}

static int
set_include(const struct params *params, const struct identity *identity,
            const char *file, bool present, struct text *ret_why)
{
    char line[PATH_SIZE + 64];
    struct text text;
    int rc;

    text_init(&text, line, sizeof(line));
    if (pgconf_include(params->tmpdir, file, &text) != 0) {
        text_add(ret_why, "tmpdir '%s' cannot stand in an include line",
                 params->tmpdir);
        return -1;
    }
    if (enter_folder(params->config, identity) != 0) {
        return failed("reach the folder of", params->config, ret_why);
    }
    rc = files_line_present(params->config, line, present);
    if (rc != 0) {
        (void) failed("change the include line in", params->config, ret_why);
    }
    identity_return();
    return rc;
}

/* As the folder's owner; 0: unknown. */
static uint32_t
read_major_version(const struct params *params,
                   const struct identity *identity)
{
    char path[PATH_SIZE];
    uint32_t version;

    if (path_join(params->pgdata, "PG_VERSION", path) != 0
        || enter_folder(path, identity) != 0) {
        return 0;
    }
    version = major_version_read(params->pgdata);
    identity_return();
    return version;
}

static int
unknown_version(const struct params *params, struct text *ret_why)
{
    text_add(ret_why, "could not read '%s/PG_VERSION': is it a data "
             "directory?", params->pgdata);
    return -1;
}

int
config_write_includes(const struct params *params,
                      const struct identity *identity, struct text *ret_why)
{
    uint32_t version = read_major_version(params, identity);
    bool recovery = params->rep_mode != REP_MODE_NONE
                    && version >= SIGNAL_FILE_VERSION;

    if (params->rep_mode != REP_MODE_NONE && version == 0) {
        return unknown_version(params, ret_why);
    }
    if (set_include(params, identity, PGCONF_RECOVERY, recovery, ret_why)
        != 0) {
        return -1;
    }
    return set_include(params, identity, PGCONF_REP_MODE,
                       params->rep_mode == REP_MODE_SYNC, ret_why);
}

int
config_write_sync_names(const struct params *params,
                        const struct identity *identity, const char *names,
                        const char *slots, struct text *ret_why)
{
    char buf[CONFIG_TEXT_SIZE];
    char path[PATH_SIZE];
    struct text text;

    if (params->rep_mode != REP_MODE_SYNC) {
        return 0;
    }
    text_init(&text, buf, sizeof(buf));
    if (pgconf_add_setting(&text, "synchronous_standby_names", names) != 0) {
        text_add(ret_why, "'%s' cannot stand in synchronous_standby_names",
                 names);
        return -1;
    }
    /* of one file, so that one reload narrows both, or widens them */
    if (params->replication_slot_name[0] != '\0'
        && read_major_version(params, identity) >= WAITED_SLOTS_VERSION
        && pgconf_add_setting(&text, "synchronized_standby_slots", slots)
           != 0) {
        text_add(ret_why, "'%s' cannot stand in synchronized_standby_slots",
                 slots);
        return -1;
    }
    if (join_path(params->tmpdir, PGCONF_REP_MODE, path, ret_why) != 0) {
        return -1;
    }
    return change_file(path, CHANGE_WRITE, &text, identity, ret_why);
}

/* Where a standby's settings are; before version 12 they make it one. */
static int
recovery_path(const struct params *params, uint32_t version, char *ret_path,
              struct text *ret_why)
{
    return join_path(version >= SIGNAL_FILE_VERSION ? params->tmpdir
                                                    : params->pgdata,
                     PGCONF_RECOVERY, ret_path, ret_why);
}

/* The bytes of the file that config_write_standby() writes; 0: read. */
static int
read_standby(const struct params *params, const struct identity *identity,
             uint32_t version, char *buf, size_t size)
{
    char path[PATH_SIZE];
    char why_text[PATH_SIZE];
    struct text why;
    size_t len;
    int rc;

    text_init(&why, why_text, sizeof(why_text));
    if (version == 0 || recovery_path(params, version, path, &why) != 0
        || enter_folder(path, identity) != 0) {
        return -1;
    }
    rc = files_read(path, buf, size, &len);
    identity_return();
    return rc;
}

/* Was it written after the server had started, which writes its pid file? */
static bool
is_newer_than_server(const struct params *params, uint32_t version)
{
    char path[PATH_SIZE];
    char pidfile[PATH_SIZE];
    char why_text[PATH_SIZE];
    struct text why;
    struct stat file;
    struct stat started;

    text_init(&why, why_text, sizeof(why_text));
    return recovery_path(params, version, path, &why) == 0
           && join_path(params->pgdata, "postmaster.pid", pidfile, &why) == 0
           && stat(path, &file) == 0 && stat(pidfile, &started) == 0
           && (file.st_mtim.tv_sec > started.st_mtim.tv_sec
               || (file.st_mtim.tv_sec == started.st_mtim.tv_sec
                   && file.st_mtim.tv_nsec > started.st_mtim.tv_nsec));
}

enum tri
config_has_upstream(const struct params *params,
                    const struct identity *identity, char *ret_sender_name)
{
    uint32_t version = read_major_version(params, identity);
    char buf[CONFIG_TEXT_SIZE];
    char value[CONFIG_TEXT_SIZE];
    int rc;

    ret_sender_name[0] = '\0';
    if (read_standby(params, identity, version, buf, sizeof(buf)) != 0) {
        return TRI_UNKNOWN;
    }
    if (version < RELOADABLE_UPSTREAM_VERSION
        && is_newer_than_server(params, version)) {
        return TRI_NO;      /* a restart was to follow, and did not */
    }
    rc = pgconf_find(buf, "primary_conninfo", value, sizeof(value));
    if (rc > 0) {
        pgconf_sender_name(value, ret_sender_name);
    }
    return rc < 0 ? TRI_UNKNOWN
           : rc > 0 && value[0] != '\0' ? TRI_YES : TRI_NO;
}

enum tri
config_standby_is_current(const struct params *params,
                          const struct identity *identity,
                          const char *self_name, const char *sender_name)
{
    struct pgconf_standby standby = {
        .params = params, .node = self_name, .sender_name = sender_name,
        .kind = STANDBY_FOLLOWS,
        .major_version = read_major_version(params, identity),
    };
    char wanted[CONFIG_TEXT_SIZE];
    char buf[CONFIG_TEXT_SIZE];
    struct text text;

    text_init(&text, wanted, sizeof(wanted));
    if (pgconf_recovery(&standby, &text) != 0
        || read_standby(params, identity, standby.major_version, buf,
                        sizeof(buf)) != 0) {
        return TRI_UNKNOWN;
    }
    return strcmp(buf, wanted) == 0 ? TRI_YES : TRI_NO;
}

/* Writing alone, without `x`, opens a folder to nobody. */
static int
set_open_mode(const struct params *params, const struct identity *identity,
              bool open, struct text *ret_why)
{
    const char *pgdata = params->pgdata;
    struct stat info;
    mode_t mode;
    int rc;

    if (identity_become(identity) != 0) {
        return failed("reach", pgdata, ret_why);
    }
    rc = stat(pgdata, &info);
    if (rc == 0) {
        mode = info.st_mode & 07777 & ~(mode_t) S_IWOTH;
        mode |= open && (mode & S_IXOTH) == 0 ? S_IWOTH : 0;
        rc = mode == (info.st_mode & 07777) ? 0 : chmod(pgdata, mode);
    }
    if (rc != 0) {
        (void) failed("set the mode of", pgdata, ret_why);
    }
    identity_return();
    return rc;
}

int
config_write_standby(const struct pgconf_standby *wanted,
                     const struct identity *identity, struct text *ret_why)
{
    const struct params *params = wanted->params;
    struct pgconf_standby standby = *wanted;
    char buf[CONFIG_TEXT_SIZE];
    char path[PATH_SIZE];
    struct text text;

    standby.major_version = read_major_version(params, identity);
    if (standby.major_version == 0) {
        return unknown_version(params, ret_why);
    }
    if (config_remove_block(params, identity, ret_why) != 0) {
        return -1;
    }
    text_init(&text, buf, sizeof(buf));
    if (pgconf_recovery(&standby, &text) != 0) {
        text_add(ret_why, "a command or primary_conninfo_opt holds a control "
                 "character or is too long. The commands are "
                 "restore_command, archive_cleanup_command and "
                 "recovery_end_command");
        return -1;
    }
    if (recovery_path(params, standby.major_version, path, ret_why) != 0
        || change_file(path, CHANGE_WRITE, &text, identity, ret_why) != 0) {
        return -1;
    }
    return standby.major_version >= SIGNAL_FILE_VERSION
           ? change_in(params->pgdata, "standby.signal", CHANGE_TOUCH,
                       identity, ret_why)
           : 0;
}

static int
write_block_file(const struct params *params,
                 const struct identity *identity, struct text *ret_why)
{
    char buf[PATH_SIZE + 128];
    char path[PATH_SIZE];
    struct text text;

    text_init(&text, buf, sizeof(buf));
    if (pgconf_include(params->tmpdir, BLOCK, &text) != 0) {
        text_add(ret_why, "tmpdir '%s' cannot stand in an include line",
                 params->tmpdir);
        return -1;
    }
    text_add(&text, "\n");
    if (join_path(params->tmpdir, PGCONF_RECOVERY, path, ret_why) != 0) {
        return -1;
    }
    return change_file(path, CHANGE_WRITE, &text, identity, ret_why);
}

int
config_block_folder(const struct params *params,
                    const struct identity *identity, struct text *ret_why)
{
    return set_open_mode(params, identity, true, ret_why);
}

int
config_write_block(const struct params *params,
                   const struct identity *identity, struct text *ret_why)
{
    uint32_t version = read_major_version(params, identity);

    if (version == 0) {
        return unknown_version(params, ret_why);
    }
    if (config_block_folder(params, identity, ret_why) != 0) {
        return -1;
    }
    return version < SIGNAL_FILE_VERSION
           ? 0 : write_block_file(params, identity, ret_why);
}

int
config_remove_block(const struct params *params,
                    const struct identity *identity, struct text *ret_why)
{
    return set_open_mode(params, identity, false, ret_why);
}

int
config_remove_standby(const struct params *params,
                      const struct identity *identity, struct text *ret_why)
{
    uint32_t version = read_major_version(params, identity);

    if (version == 0) {
        return unknown_version(params, ret_why);
    }
    if (version < SIGNAL_FILE_VERSION) {
        return change_in(params->pgdata, PGCONF_RECOVERY, CHANGE_REMOVE,
                         identity, ret_why);
    }
    /* the other, left by a restore, would open a timeline of its own */
    return change_in(params->pgdata, "standby.signal", CHANGE_REMOVE,
                     identity, ret_why) == 0
           ? change_in(params->pgdata, "recovery.signal", CHANGE_REMOVE,
                       identity, ret_why) : -1;
}

int
config_set_lock(const struct params *params, const struct identity *identity,
                bool present, struct text *ret_why)
{
    return change_in(params->tmpdir, "PGSQL.lock",
                     present ? CHANGE_TOUCH : CHANGE_REMOVE, identity,
                     ret_why);
}

void
config_read_slots(const struct params *params,
                  const struct identity *identity,
                  struct slot_names *ret_names)
{
    char path[PATH_SIZE];
    char buf[SLOTS_SIZE];
    size_t len;

    memset(ret_names, 0, sizeof(*ret_names));
    if (path_join(params->tmpdir, SLOTS_FILE, path) != 0
        || enter_folder(path, identity) != 0) {
        return;
    }
    if (files_read(path, buf, sizeof(buf), &len) == 0) {
        slot_names_parse(buf, ret_names);
    }
    identity_return();
}

int
config_write_slots(const struct params *params,
                   const struct identity *identity,
                   const struct slot_names *names, struct text *ret_why)
{
    char path[PATH_SIZE];
    char buf[SLOTS_SIZE];
    struct text text;

    text_init(&text, buf, sizeof(buf));
    slot_names_format(names, &text);
    if (join_path(params->tmpdir, SLOTS_FILE, path, ret_why) != 0) {
        return -1;
    }
    return change_file(path, names->count > 0 ? CHANGE_WRITE : CHANGE_REMOVE,
                       &text, identity, ret_why);
}

int
config_remove_backup_label(const struct params *params,
                           const struct identity *identity,
                           struct text *ret_why)
{
    return change_in(params->pgdata, "backup_label", CHANGE_REMOVE, identity,
                     ret_why);
}

int
config_write_promote_trigger(const struct params *params,
                             const struct identity *identity,
                             struct text *ret_why)
{
    return change_in(params->pgdata, "promote", CHANGE_TOUCH, identity,
                     ret_why);
}
