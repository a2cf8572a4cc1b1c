/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rewinding the data directory: can it be, do it, was it? */

#include "rewind.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cleanup.h"
#include "disk.h"
#include "files.h"
#include "own_list.h"
#include "paths.h"
#include "postgres.h"

/* What stays free: the server writes, too, when it replays. */
#define SPARE_KB (64 * 1024)

static bool
is_of_cluster(const struct rewind_request *request,
              const struct controldata *data)
{
    char id[SYSTEM_ID_SIZE];
    struct text text;

    text_init(&text, id, sizeof(id));
    text_add(&text, "%llu", (unsigned long long) data->system_identifier);
    return strcmp(id, request->system_id) == 0;
}

/* A copy or a rewind that was not replayed yet left it. */
static enum tri
has_label(const struct params *params)
{
    char path[PATH_SIZE];
    int rc = path_join(params->pgdata, "backup_label", path) == 0
             ? files_exists(path) : -1;

    return rc < 0 ? TRI_UNKNOWN : rc == 1 ? TRI_YES : TRI_NO;
}

static enum rewind_verdict
check_places(const struct rewind_request *request, struct text *why)
{
    const struct params *params = request->params;
    if (own_list_is_inside(params->pgdata, params->tmpdir)) {
        text_add(why, "set tmpdir to a folder outside of pgdata: pg_rewind "
                 "would remove what is in there");
        return REWIND_REFUSED;
    }
    if (has_label(params) != TRI_NO) {
        text_add(why, "make a new copy: there is a backup_label in pgdata, so "
                 "an earlier copy or rewind has not been replayed");
        return REWIND_NEXT_RUNG;
    }
    return REWIND_POSSIBLE;
}

static enum rewind_verdict
check_control(const struct rewind_request *request, struct text *why)
{
    struct controldata data;

    if (postgres_read_controldata(request->params, request->identity,
                                  request->deadline_ms, &data) != 0) {
        text_add(why, "look at pg_control in '%s': it could not be read",
                 request->params->pgdata);
        return REWIND_LATER;
    }
    if (!is_of_cluster(request, &data)) {
        text_add(why, "look at pgdata: its system identifier is not the "
                 "cluster's");
        return REWIND_REFUSED;
    }
    if (data.state != CONTROL_SHUT_DOWN
        && data.state != CONTROL_SHUT_DOWN_IN_RECOVERY) {
        text_add(why, "start it alone first: it was not shut down cleanly");
        return REWIND_LATER;
    }
    if (data.wal_log_hints != TRI_YES && data.checksums != TRI_YES) {
        text_add(why, "make a new copy, and set wal_log_hints=on on every node:"
                 " without it and without data checksums nothing can be "
                 "rewound");
        return REWIND_NEXT_RUNG;
    }
    return REWIND_POSSIBLE;
}

/* --- files that it could not write over ---------------------------------- */

/* May the effective user, the owner, change it? Folders: what is in them. */
static bool
is_changeable(const FTSENT *entry)
{
    int mode = W_OK | (entry->fts_info == FTS_D ? X_OK | R_OK : 0);
    mode_t owners = entry->fts_info == FTS_D ? S_IRWXU : S_IWUSR;

    if (entry->fts_statp->st_uid == geteuid()
        && (entry->fts_statp->st_mode & owners) == owners) {
        return true;
    }
    return identity_may(entry->fts_accpath, mode) == 0;
}

/* Links lead out: pg_wal and the tablespaces are looked at through them. */
static bool
is_followed(const FTSENT *entry)
{
    return (entry->fts_level == 1 && strcmp(entry->fts_name, "pg_wal") == 0)
           || (entry->fts_level == 2
               && strcmp(entry->fts_parent->fts_name, "pg_tblspc") == 0);
}

static int
walk(FTS *tree, char *ret_path)
{
    FTSENT *entry;

    while ((entry = fts_read(tree)) != NULL) {
        switch (entry->fts_info) {
            case FTS_SL:
            case FTS_SLNONE:
                if (is_followed(entry) && entry->fts_number == 0) {
                    entry->fts_number = 1;
                    (void) fts_set(tree, entry, FTS_FOLLOW);
                }
                break;
            case FTS_D:
            case FTS_F:
                if (is_changeable(entry)) {
                    break;
                }
                return text_copy(entry->fts_path, ret_path, PATH_SIZE);
            case FTS_DNR:
                return text_copy(entry->fts_path, ret_path, PATH_SIZE);
            default:
                break;      /* sockets and the like: pg_rewind skips them */
        }
    }
    return 0;
}

/* The first file in its way, or ""; called as the owner. */
static void
find_unchangeable(const struct params *params, char *ret_path)
{
    char root[PATH_SIZE];
    char *roots[] = { root, NULL };
    FTS *tree;

    ret_path[0] = '\0';
    if (text_copy(params->pgdata, root, sizeof(root)) != 0) {
        return;
    }
    tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
    if (tree == NULL) {
        return;         /* pg_rewind will say what is wrong with it */
    }
    if (walk(tree, ret_path) != 0) {
        (void) text_copy(params->pgdata, ret_path, PATH_SIZE);
    }
    (void) fts_close(tree);
}

static enum rewind_verdict
check_files(const struct rewind_request *request, struct text *why)
{
    char path[PATH_SIZE];

    if (identity_become(request->identity) != 0) {
        text_add(why, "look at pgdba: could not act as '%s'",
                 request->params->pgdba);
        return REWIND_LATER;
    }
    find_unchangeable(request->params, path);
    identity_return();
    if (path[0] == '\0') {
        return REWIND_POSSIBLE;
    }
    text_add(why, "chown or chmod '%s' for '%s': pg_rewind could not write it",
             path, request->params->pgdba);
    return REWIND_REFUSED;
}

/* --- space --------------------------------------------------------------- */

static int
free_kb(const char *path, dev_t *ret_device, uint64_t *ret_kb)
{
    struct stat info;
    struct statvfs space;

    if (stat(path, &info) != 0 || statvfs(path, &space) != 0) {
        return -1;
    }
    *ret_device = info.st_dev;
    *ret_kb = (uint64_t) space.f_bavail * (space.f_frsize / 1024);
    return 0;
}

/* What is free for data and for WAL; the same where they share a disk. */
static int
look_at_disks(const char *pgdata, uint64_t *ret_kb, uint64_t *ret_wal_kb,
              bool *ret_apart)
{
    dev_t device = 0;
    dev_t wal_device = 0;
    char path[PATH_SIZE];

    if (path_join(pgdata, "pg_wal", path) != 0
        || free_kb(pgdata, &device, ret_kb) != 0
        || free_kb(path, &wal_device, ret_wal_kb) != 0) {
        return -1;
    }
    *ret_apart = wal_device != device;
    return 0;
}

bool
rewind_wal_is_apart(const struct params *params)
{
    uint64_t there_kb;
    uint64_t wal_kb;
    bool apart;

    return look_at_disks(params->pgdata, &there_kb, &wal_kb, &apart) == 0
           && apart;
}

/*
 * What is copied takes at most its own size more; how much of it is WAL is not
 * known, so a disk of its own for pg_wal counts with the other.
 */
static enum rewind_verdict
check_space(const struct rewind_request *request, uint64_t wanted_kb,
            struct text *why)
{
    const char *pgdata = request->params->pgdata;
    uint64_t there_kb = 0;
    uint64_t wal_kb = 0;
    bool apart;

    if (look_at_disks(pgdata, &there_kb, &wal_kb, &apart) != 0) {
        return REWIND_POSSIBLE;     /* it says so itself, where there is none */
    }
    there_kb += apart ? wal_kb : 0;
    if (there_kb >= wanted_kb + SPARE_KB) {
        return REWIND_POSSIBLE;
    }
    text_add(why, "make room in '%s': the rewind may take %llu MB, %llu are "
             "free", pgdata, (unsigned long long) (wanted_kb + SPARE_KB) / 1024,
             (unsigned long long) there_kb / 1024);
    return REWIND_LATER;
}

/* --- all of it ----------------------------------------------------------- */

/*
 * `no rewind required` contradicts our own comparison of the histories: that
 * is looked at anew, and nobody takes it for a success.
 */
static enum rewind_verdict
verdict_of(enum rewind_outcome outcome)
{
    switch (outcome) {
        case REWIND_OK:
            return REWIND_POSSIBLE;
        case REWIND_FAILED:
        case REWIND_NO_WAL:
            return REWIND_NEXT_RUNG;
        case REWIND_NO_SPACE:
        case REWIND_NO_ANSWER:
        case REWIND_TIMEOUT:
        case REWIND_NOT_REQUIRED:
            return REWIND_LATER;
        case REWIND_DENIED:
        case REWIND_UNFIT:
            return REWIND_REFUSED;
    }
    return REWIND_VERDICT_UNKNOWN;
}

enum rewind_verdict
rewind_check(const struct rewind_request *request,
             struct rewind_progress *ret_progress, struct text *ret_why)
{
    enum rewind_verdict verdict = check_places(request, ret_why);

    *ret_progress = (struct rewind_progress) { .phase = REWIND_PHASE_NONE };
    if (verdict == REWIND_POSSIBLE) {
        verdict = check_control(request, ret_why);
    }
    if (verdict == REWIND_POSSIBLE) {
        verdict = check_files(request, ret_why);
    }
    if (verdict == REWIND_POSSIBLE) {
        verdict = verdict_of(rewind_program_run(request, true, ret_progress,
                                                ret_why));
    }
    return verdict == REWIND_POSSIBLE
           ? check_space(request, ret_progress->total_kb, ret_why) : verdict;
}

enum rewind_outcome
rewind_run(const struct rewind_request *request,
           struct rewind_progress *ret_progress, struct text *ret_why)
{
    return rewind_program_run(request, false, ret_progress, ret_why);
}

enum tri
rewind_verify(const struct rewind_request *request, struct text *ret_why)
{
    const char *pgdata = request->params->pgdata;
    struct controldata data;
    enum tri label;

    if (postgres_read_controldata(request->params, request->identity,
                                  request->deadline_ms, &data) != 0) {
        text_add(ret_why, "look at pg_control in '%s': it could not be read",
                 pgdata);
        return TRI_UNKNOWN;
    }
    if (!is_of_cluster(request, &data)) {
        text_add(ret_why, "look at pgdata: its system identifier is not the "
                 "cluster's");
        return TRI_NO;
    }
    if (data.state != CONTROL_IN_ARCHIVE_RECOVERY
        || data.min_recovery_end.timeline != request->timeline) {
        text_add(ret_why, "look at pgdata: no rewind to timeline %u has ended "
                 "in it", request->timeline);
        return TRI_NO;
    }
    label = has_label(request->params);
    if (label != TRI_YES) {
        text_add(ret_why, "look at pgdata: there is no backup_label, which "
                 "says from where its WAL has to be replayed");
    }
    return label;
}

/* --- what it wrote ------------------------------------------------------- */

static int
sync_below(const char *folder, const char *name, struct text *why)
{
    char path[PATH_SIZE];

    if (path_join(folder, name, path) != 0) {
        text_add(why, "use shorter names: '%s' is too long", folder);
        return -1;
    }
    return disk_sync(path, why);
}

static int
sync_tablespaces(const char *pgdata, struct text *why)
{
    char path[PATH_SIZE];
    const struct dirent *entry;
    CLEANUP(close_folder) DIR *folder = NULL;

    folder = path_join(pgdata, "pg_tblspc", path) == 0
             ? files_open_folder(AT_FDCWD, path, 0) : NULL;
    if (folder == NULL) {
        text_add(why, "look at '%s': could not read it: %s", path,
                 strerror(errno));
        return -1;
    }
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.'
            && sync_below(path, entry->d_name, why) != 0) {
            return -1;
        }
    }
    return 0;
}

int
rewind_sync(const struct params *params, struct text *ret_why)
{
    return disk_sync(params->pgdata, ret_why) == 0
           && sync_below(params->pgdata, "pg_wal", ret_why) == 0
           && sync_tablespaces(params->pgdata, ret_why) == 0 ? 0 : -1;
}
