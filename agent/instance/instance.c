/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An instance, out of an action's environment or what else tells of it. */

#include "instance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "paths.h"
#include "report.h"

#define DEFAULT_TIMEOUT_MS 60000
/* It holds the instance's lock, which another action may wait for. */
/* The watcher may have to wait for a promotion: HAND_OVER_PROMOTING_MS. */
#define REPORT_TIMEOUT_MS 36000
/* A worker goes on for as long as it takes; what it waits for is bounded. */
#define REJOIN_TIMEOUT_MS (7 * 24 * 3600 * 1000)
#define MARGIN_MIN_MS 200
#define MARGIN_MAX_MS 1500

#define META "OCF_RESKEY_CRM_meta_"

static const char *
get_param(void *context, const char *name)
{
    char variable[NODE_NAME_SIZE];
    struct text text;

    (void) context;
    text_init(&text, variable, sizeof(variable));
    text_add(&text, "OCF_RESKEY_%s", name);
    return getenv(variable);
}

/* The old and the new word of Pacemaker for one thing. */
static const char *
get_either(const char *word, const char *old_word)
{
    const char *value = getenv(word);

    return value != NULL ? value : getenv(old_word);
}

static bool
is_true(const char *value)
{
    bool yes = false;

    return value != NULL && params_parse_boolean(value, &yes) == 0 && yes;
}

static void
read_names(struct instance *instance)
{
    const char *resource = getenv("OCF_RESOURCE_INSTANCE");
    const char *node = getenv(META "on_node");
    char *colon;

    if (text_copy(resource != NULL ? resource : "pgsql", instance->resource,
                  sizeof(instance->resource)) != 0) {
        (void) text_copy("pgsql", instance->resource,
                         sizeof(instance->resource));
    }
    colon = strchr(instance->resource, ':');
    if (colon != NULL) {
        *colon = '\0';
    }
    if (node == NULL
        || text_copy(node, instance->self_name,
                     sizeof(instance->self_name)) != 0) {
        (void) gethostname(instance->self_name,
                           sizeof(instance->self_name) - 1);
    }
}

static long
timeout_ms(enum action action)
{
    const char *value = getenv(META "timeout");
    char *end;
    long ms;

    if (action == ACTION_REPORT) {
        return REPORT_TIMEOUT_MS;   /* its variables are those of a start */
    }
    if (action == ACTION_REJOIN) {
        return REJOIN_TIMEOUT_MS;
    }
    if (value == NULL) {
        return DEFAULT_TIMEOUT_MS;
    }
    ms = strtol(value, &end, 10);
    return end == value || *end != '\0' || ms <= 0 ? DEFAULT_TIMEOUT_MS : ms;
}

/* The verdict stands a margin before Pacemaker ends the action (P6). */
static void
read_deadline(enum action action, struct instance *instance)
{
    long timeout = timeout_ms(action);
    long margin = timeout / 20;

    margin = margin < MARGIN_MIN_MS ? MARGIN_MIN_MS : margin;
    margin = margin > MARGIN_MAX_MS ? MARGIN_MAX_MS : margin;
    instance->begin_ms = clock_now_ms();
    instance->deadline_ms = instance->begin_ms + timeout - margin;
}

static void
read_params(const struct instance_source *source, struct instance *instance)
{
    struct text problem;

    text_init(&problem, instance->problem_text,
              sizeof(instance->problem_text));
    instance->problem = params_parse(source->get_param, source->context,
                                     &instance->params, &problem);
    if (instance->problem == OCF_SUCCESS) {
        instance->problem = params_check(&instance->params,
                                         source->promotable, source->has_meta,
                                         &problem);
    }
}

static void
fill_settings(const struct instance_source *source,
              const struct instance *instance, struct snapshot *snapshot)
{
    const struct params *params = &instance->params;
    struct settings *settings = &snapshot->settings;

    settings->promoted_max = source->promoted_max;
    settings_take(settings, params);
    settings->problem = instance->problem;
    (void) text_copy(instance->problem_text, settings->problem_text,
                     sizeof(settings->problem_text));
    (void) text_copy(params->tmpdir, snapshot->tmpdir,
                     sizeof(snapshot->tmpdir));
    (void) text_copy(params->pgdata, snapshot->pgdata,
                     sizeof(snapshot->pgdata));
}

static void
fill_nodes(const struct instance *instance, struct snapshot *snapshot)
{
    const struct name_list *list = &instance->params.node_list;

    snapshot->node_count = list->count;
    for (size_t i = 0; i < list->count; i++) {
        (void) text_copy(list->name[i], snapshot->node[i].name,
                         NODE_NAME_SIZE);
    }
    snapshot->self = snapshot_find_node(snapshot, instance->self_name);
    if (snapshot->action == ACTION_REPORT && snapshot->self == NODES_MAX
        && snapshot->node_count < NODES_MAX) {
        /* without replication no node is listed; is this one maintained? */
        snapshot->self = snapshot->node_count++;
        (void) text_copy(instance->self_name,
                         snapshot->node[snapshot->self].name,
                         NODE_NAME_SIZE);
    }
}

void
instance_fill(const struct instance_source *source,
              struct instance *instance, struct snapshot *snapshot)
{
    read_params(source, instance);
    if (identity_find(instance->params.pgdba, &instance->identity) != 0) {
        report_log(LOG_DEBUG, "could not look up user '%s'",
                   instance->params.pgdba);
    }
    fill_settings(source, instance, snapshot);
    fill_nodes(instance, snapshot);
    instance->pgsql = pgsql_new(&instance->params, &instance->identity);
}

/* Is `name` a word of the list? An unset list says nothing. */
static enum tri
is_listed(const char *list, const char *name)
{
    size_t len = strlen(name);

    if (list == NULL) {
        return TRI_UNKNOWN;
    }
    while (*list != '\0') {
        size_t word = strcspn(list, " \t");

        if (word == len && strncasecmp(list, name, len) == 0) {
            return TRI_YES;
        }
        list += word;
        list += strspn(list, " \t");
    }
    return TRI_NO;
}

static void
fill_lists(struct snapshot *snapshot)
{
    const char *stop = getenv(META "notify_stop_uname");
    const char *start = getenv(META "notify_start_uname");
    const char *promote = getenv(META "notify_promote_uname");
    const char *demote = getenv(META "notify_demote_uname");
    const char *promoted = get_either(META "notify_promoted_uname",
                                      META "notify_master_uname");

    for (size_t i = 0; i < snapshot->node_count; i++) {
        struct node *node = &snapshot->node[i];

        node->in_stop_list = is_listed(stop, node->name);
        node->in_start_list = is_listed(start, node->name);
        node->in_promote_list = is_listed(promote, node->name);
        node->in_demote_list = is_listed(demote, node->name);
        node->in_promoted_list = is_listed(promoted, node->name);
    }
}

static enum notify_kind
read_notify(void)
{
    static const struct {
        const char *type;
        const char *operation;
        enum notify_kind kind;
    } kinds[] = {
        { "pre", "start", NOTIFY_PRE_START },
        { "post", "start", NOTIFY_POST_START },
        { "pre", "stop", NOTIFY_PRE_STOP },
        { "post", "stop", NOTIFY_POST_STOP },
        { "pre", "promote", NOTIFY_PRE_PROMOTE },
        { "post", "promote", NOTIFY_POST_PROMOTE },
        { "pre", "demote", NOTIFY_PRE_DEMOTE },
        { "post", "demote", NOTIFY_POST_DEMOTE },
    };
    const char *type = getenv(META "notify_type");
    const char *operation = getenv(META "notify_operation");

    for (size_t i = 0; type != NULL && operation != NULL
                       && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].type, type) == 0
            && strcmp(kinds[i].operation, operation) == 0) {
            return kinds[i].kind;
        }
    }
    return NOTIFY_NONE;
}

static enum role
read_expected_role(void)
{
    const char *role = getenv(META "role");

    if (role == NULL) {
        return ROLE_UNKNOWN;
    }
    return strcmp(role, "Promoted") == 0 || strcmp(role, "Master") == 0
           ? ROLE_PROMOTED : ROLE_STARTED;
}

/*
 * A monitor of the cluster's that does not recur. Pacemaker 2.1.5 gives it no
 * interval at all; one that a person runs has no node either.
 */
static bool
is_probe(const char *interval)
{
    return interval != NULL ? strcmp(interval, "0") == 0
                            : getenv(META "on_node") != NULL;
}

void
instance_init(enum action action, struct instance *ret_instance,
              struct snapshot *ret_snapshot)
{
    const char *interval = getenv(META "interval");
    const char *level = getenv("OCF_CHECK_LEVEL");
    const char *promoted = get_either(META "promoted_max",
                                      META "master_max");
    const struct instance_source source = {
        .get_param = get_param,
        .has_meta = getenv(META "name") != NULL || interval != NULL,
        .promotable = promoted != NULL || is_true(getenv(META "promotable")),
        .promoted_max =
            promoted != NULL ? (uint32_t) strtoul(promoted, NULL, 10) : 0,
    };

    memset(ret_instance, 0, sizeof(*ret_instance));
    memset(ret_snapshot, 0, sizeof(*ret_snapshot));
    ret_instance->lock_fd = -1;
    read_deadline(action, ret_instance);
    read_names(ret_instance);
    ret_snapshot->action = action;
    ret_snapshot->notify = action == ACTION_NOTIFY ? read_notify()
                                                   : NOTIFY_NONE;
    ret_snapshot->expected_role = read_expected_role();
    ret_snapshot->probe = action == ACTION_MONITOR && is_probe(interval)
                          ? TRI_YES : TRI_NO;
    ret_snapshot->check_level =
        level != NULL ? (uint32_t) strtoul(level, NULL, 10) : 0;
    instance_fill(&source, ret_instance, ret_snapshot);
    fill_lists(ret_snapshot);
    ret_instance->cluster = cluster_new(ret_instance->resource,
                                        ret_instance->self_name);
}

static void
set_problem(struct snapshot *snapshot, enum ocf_code code,
            const char *format, ...) __attribute__((format(printf, 3, 4)));

static void
set_problem(struct snapshot *snapshot, enum ocf_code code,
            const char *format, ...)
{
    struct text text;
    va_list args;

    snapshot->settings.problem = code;
    text_init(&text, snapshot->settings.problem_text,
              sizeof(snapshot->settings.problem_text));
    va_start(args, format);
    text_add_v(&text, format, args);
    va_end(args);
}

static void
check_user(const struct instance *instance, struct snapshot *snapshot)
{
    const struct identity *identity = &instance->identity;

    if (identity->known == 0) {
        set_problem(snapshot, OCF_ERR_INSTALLED,
                    "set pgdba to the user that owns PostgreSQL: user '%s' "
                    "does not exist", instance->params.pgdba);
    } else if (identity->known < 0) {
        set_problem(snapshot, OCF_ERR_GENERIC,
                    "look at nsswitch, LDAP or SSSD on this node: user '%s' "
                    "could not be looked up just now",
                    instance->params.pgdba);
    } else if (geteuid() != 0 && geteuid() != identity->uid) {
        set_problem(snapshot, OCF_ERR_PERM,
                    "run pgward as root: user id %u is neither root nor '%s'",
                    (unsigned) geteuid(), instance->params.pgdba);
    } else if (identity_may(instance_run_folder(), W_OK) != 0) {
        /* pgdba may look, but every action that writes takes the lock */
        set_problem(snapshot, OCF_ERR_PERM,
                    "run pgward as root: could not write '%s', where the "
                    "resource's lock lies: %s", instance_run_folder(),
                    strerror(errno));
    }
}

static bool
lacks_control_file(const char *pgdata)
{
    char path[PATH_SIZE];

    return path_join(pgdata, "global/pg_control", path) == 0
           && access(path, F_OK) != 0 && errno == ENOENT;
}

static void
check_folder(const struct instance *instance, struct snapshot *snapshot)
{
    const struct params *params = &instance->params;
    struct stat info;

    if (stat(params->pgdata, &info) != 0) {
        set_problem(snapshot, OCF_ERR_INSTALLED,
                    "mount it, pg_basebackup it, or set pgdata: no data "
                    "directory '%s': %s",
                    params->pgdata, strerror(errno));
    } else if (!S_ISDIR(info.st_mode)) {
        set_problem(snapshot, OCF_ERR_INSTALLED,
                    "set pgdata to the data directory: '%s' is no folder",
                    params->pgdata);
    } else if (instance->identity.known == 1
               && info.st_uid != instance->identity.uid) {
        set_problem(snapshot, OCF_ERR_PERM,
                    "chown the data directory, or set pgdba: '%s' does not "
                    "belong to '%s'", params->pgdata, params->pgdba);
    } else if (lacks_control_file(params->pgdata)) {
        set_problem(snapshot, OCF_ERR_INSTALLED,
                    "pg_basebackup this node anew: '%s' has no "
                    "global/pg_control, which a copy gets last",
                    params->pgdata);
    }
}

/*
 * The include line is written as the folder's owner: as the database's user,
 * or as root, who follows no link that another made (files_lines.c).
 */
static void
check_config(const struct instance *instance, struct snapshot *snapshot)
{
    const char *path = instance->params.config;
    const char *slash = strrchr(path, '/');
    char text[PATH_SIZE];
    struct stat link;
    struct stat folder;
    uid_t editor = 0;

    if (access(path, R_OK) != 0) {
        set_problem(snapshot, OCF_ERR_INSTALLED,
                    "set config to the configuration file: could not read "
                    "'%s': %s", path, strerror(errno));
        return;
    }
    if (lstat(path, &link) != 0 || !S_ISLNK(link.st_mode)
        || instance->params.rep_mode == REP_MODE_NONE || slash == NULL
        || (size_t) (slash - path) >= sizeof(text)) {
        return;
    }
    memcpy(text, path, (size_t) (slash - path));
    text[slash - path] = '\0';
    if (stat(text, &folder) == 0
        && folder.st_uid == instance->identity.uid) {
        editor = folder.st_uid;
    }
    if (link.st_uid != 0 && link.st_uid != editor) {
        (void) path_read_link(path, text, sizeof(text));
        set_problem(snapshot, OCF_ERR_PERM,
                    "set config to '%s', or chown -h root '%s': no link of "
                    "user id %u is followed", text, path,
                    (unsigned) link.st_uid);
    }
}

static void
check_tmpdir(const struct instance *instance, struct snapshot *snapshot)
{
    const char *path = instance->params.tmpdir;
    char target[PATH_SIZE];
    struct stat info;
    bool folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);

    if (folder || instance->params.rep_mode == REP_MODE_NONE
        || lstat(path, &info) != 0) {
        return;     /* start makes one that is not there */
    }
    (void) path_read_link(path, target, sizeof(target));     /* "": none */
    if (target[0] != '\0') {
        set_problem(snapshot, OCF_ERR_CONFIGURED,
                    "make the folder '%s', or set tmpdir to another: '%s' is "
                    "a symbolic link to it", target, path);
    } else {
        set_problem(snapshot, OCF_ERR_CONFIGURED,
                    "set tmpdir to a folder: '%s' is none", path);
    }
}

static void
check_files(const struct instance *instance, struct snapshot *snapshot)
{
    const struct params *params = &instance->params;

    if (access(params->pgctl, X_OK) != 0) {
        set_problem(snapshot, OCF_ERR_INSTALLED,
                    "set pgctl to the path of pg_ctl: could not run '%s': %s",
                    params->pgctl, strerror(errno));
        return;
    }
    if (snapshot->settings.problem == OCF_SUCCESS) {
        check_folder(instance, snapshot);
    }
    if (snapshot->settings.problem == OCF_SUCCESS) {
        check_config(instance, snapshot);
    }
    if (snapshot->settings.problem == OCF_SUCCESS) {
        check_tmpdir(instance, snapshot);
    }
}

void
instance_check_setup(const struct instance *instance,
                     struct snapshot *snapshot)
{
    if (snapshot->settings.problem == OCF_SUCCESS) {
        check_user(instance, snapshot);
    }
    /* before its files: who is not in the list needs no data */
    if (snapshot->settings.problem == OCF_SUCCESS
        && snapshot->action == ACTION_START
        && rep_mode_is_replication(snapshot->settings.rep_mode)
        && snapshot->self >= snapshot->node_count) {
        set_problem(snapshot, OCF_ERR_ARGS,
                    "add '%s' to node_list, or ban the resource from it (pcs "
                    "constraint location): the list lacks this node",
                    instance->self_name);
    }
    if (snapshot->settings.problem == OCF_SUCCESS) {
        check_files(instance, snapshot);
    }
}

const char *
instance_run_folder(void)
{
    const char *folder = getenv("HA_RSCTMP");

    if (folder != NULL && folder[0] == '/') {
        return folder;
    }
    return access("/run/resource-agents", W_OK) == 0 ? "/run/resource-agents"
                                                     : "/run";
}

const char *
instance_run_path(const struct instance *instance, const char *suffix,
                  char *ret_path)
{
    struct text path;

    text_init(&path, ret_path, PATH_SIZE);
    text_add(&path, "%s/pgward-%s.%s", instance_run_folder(),
             instance->resource, suffix);
    return ret_path;
}

enum ocf_code
instance_lock(struct instance *instance, struct text *ret_why)
{
    char path[PATH_SIZE];
    int fd;

    if (instance->lock_fd >= 0) {
        return OCF_SUCCESS;
    }
    (void) instance_run_path(instance, "lock", path);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        if (geteuid() != 0 && (errno == EACCES || errno == EPERM)) {
            text_add(ret_why, "run pgward as root: could not open '%s': %s",
                     path, strerror(errno));
            return OCF_ERR_PERM;
        }
        text_add(ret_why, "look at its folder: could not open '%s': %s",
                 path, strerror(errno));
        return OCF_ERR_GENERIC;
    }
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (clock_left_ms(instance->deadline_ms) == 0) {
            text_add(ret_why, "wait for the other action of this resource: "
                     "it holds the lock '%s'", path);
            (void) close(fd);
            return OCF_ERR_GENERIC;
        }
        clock_sleep_ms(10, instance->deadline_ms);
    }
    instance->lock_fd = fd;     /* released when the process ends */
    return OCF_SUCCESS;
}

void
instance_unlock(struct instance *instance)
{
    if (instance->lock_fd >= 0) {
        (void) close(instance->lock_fd);
        instance->lock_fd = -1;
    }
}
