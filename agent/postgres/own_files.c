/* SPDX-License-Identifier: GPL-2.0-or-later */
/* This node's own files inside PGDATA: saved, and put back. */

#include "own_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "files.h"
#include "own_list.h"
#include "own_put.h"
#include "paths.h"
#include "rebuild_folder.h"

#define FOLDER "rejoin-own"
#define LIST "list"

struct job {
    const struct params *params;
    const struct identity *identity;
    struct own_list *list;
    struct text *why;
    char folder[PATH_SIZE];
};

static void
free_list(struct job *job)
{
    free(job->list);
}

/* Of a path that is too long nothing is opened: it is "". */
static void
join(const char *folder, const char *name, char *ret_path)
{
    if (path_join(folder, name, ret_path) != 0) {
        ret_path[0] = '\0';
    }
}

static void
saved_path(const struct job *job, size_t index, char *ret_path)
{
    struct text text;

    text_init(&text, ret_path, PATH_SIZE);
    text_add(&text, "%s/%zu", job->folder, index);
}

static int
failed(const struct job *job, const char *what, const char *path)
{
    text_add(job->why, "look at '%s': could not %s it: %s", path, what,
             strerror(errno));
    return -1;
}

/* --- saving -------------------------------------------------------------- */

static int
save_one(const struct job *job, size_t index)
{
    const struct own_file *file = &job->list->file[index];
    CLEANUP(own_put_free) struct own_bytes bytes = { NULL, 0 };
    char path[PATH_SIZE];
    char copy[PATH_SIZE];

    if (!file->has_bytes) {
        return 0;
    }
    join(job->params->pgdata, file->path, path);
    if (file->kind == OWN_FILE && file->uid != 0
        && file->uid != job->identity->uid) {
        text_add(job->why, "chown '%s' to the server's user or root: its owner"
                 " could not be given back", path);
        return -1;
    }
    saved_path(job, index, copy);
    if (own_put_read(path, &bytes) != 0) {
        return failed(job, "read", path);
    }
    return files_write(copy, bytes.at, bytes.len, 0600) == 0
           ? 0 : failed(job, "write", copy);
}

/* pg_rewind opens for writing, and takes no link for a file. */
static bool
is_in_the_way(const struct job *job, const struct own_file *file)
{
    return file->has_bytes
           && (file->kind == OWN_LINK || file->uid != job->identity->uid
               || (file->mode & S_IWUSR) == 0);
}

static int
make_way(const struct job *job)
{
    for (size_t i = 0; i < job->list->count; i++) {
        struct own_file plain = job->list->file[i];
        CLEANUP(own_put_free) struct own_bytes bytes = { NULL, 0 };
        char path[PATH_SIZE];

        if (!is_in_the_way(job, &plain)) {
            continue;
        }
        saved_path(job, i, path);
        if (own_put_read(path, &bytes) != 0) {
            return failed(job, "read", path);
        }
        join(job->params->pgdata, plain.path, path);
        plain.mode = 0600;
        plain.uid = geteuid();
        plain.gid = getegid();
        if (own_put_file(job->identity, path, &bytes, &plain) != 0) {
            return failed(job, "replace", path);
        }
    }
    return 0;
}

/* The list first: without it nothing counts that is still there. */
static int
remove_saved(const struct job *job)
{
    char path[PATH_SIZE];

    join(job->folder, LIST, path);
    if (files_remove(path) != 0 && errno != ENOENT) {
        return failed(job, "remove", path);
    }
    for (size_t i = 0; i < OWN_LIST_MAX; i++) {
        saved_path(job, i, path);
        if (unlink(path) != 0 && errno != ENOENT && errno != ENOTDIR) {
            return failed(job, "remove", path);
        }
    }
    return 0;
}

static int
save_anew(const struct job *job)
{
    char path[PATH_SIZE];

    if (remove_saved(job) != 0) {
        return -1;
    }
    if (files_make_folder(job->folder, job->identity->uid, job->identity->gid,
                          0700, false) != 0) {
        return failed(job, "make", job->folder);
    }
    if (own_list_collect(job->params, job->list, job->why) != 0) {
        return -1;
    }
    for (size_t i = 0; i < job->list->count; i++) {
        if (save_one(job, i) != 0) {
            return -1;
        }
    }
    join(job->folder, LIST, path);
    if (own_list_write(path, job->params->pgdata, job->list) != 0) {
        return failed(job, "write", path);
    }
    return own_put_sync(job->folder) == 0
           ? 0 : failed(job, "sync", job->params->tmpdir);
}

static int
read_list(const struct job *job)
{
    char path[PATH_SIZE];

    join(job->folder, LIST, path);
    return own_list_read(path, job->params->pgdata, job->list);
}

static int
start(struct job *job)
{
    job->list = calloc(1, sizeof(*job->list));
    join(job->params->tmpdir, FOLDER, job->folder);
    if (job->list == NULL || job->folder[0] == '\0'
        || job->identity->known != 1 || identity_become(job->identity) != 0) {
        text_add(job->why, "look at tmpdir and pgdba: could not act as '%s'",
                 job->params->pgdba);
        return -1;
    }
    return 0;
}

static int
see_tmpdir(void *context, const struct rebuild_link *link)
{
    const struct job *job = context;

    return own_list_is_inside(link->path, job->params->tmpdir) ? 1 : 0;
}

/* What lies in there goes: the marker, and what is kept. */
static int
check_tmpdir(struct job *job)
{
    if (!own_list_is_inside(job->params->pgdata, job->params->tmpdir)
        && rebuild_folder_links(job->params->pgdata, see_tmpdir, job) == 0) {
        return 0;
    }
    text_add(job->why, "set tmpdir to a folder outside of pgdata, of pg_wal's "
             "and of tablespaces: pg_rewind would remove what is in there");
    return -1;
}

int
own_files_save(const struct params *params, const struct identity *identity,
               bool resume, struct text *ret_why)
{
    CLEANUP(free_list)
    struct job job = { .params = params, .identity = identity, .why = ret_why };
    int rc = 0;

    if (check_tmpdir(&job) != 0 || start(&job) != 0) {
        return -1;
    }
    if (!resume || read_list(&job) != 0) {
        rc = save_anew(&job);
    }
    rc = rc == 0 ? make_way(&job) : rc;
    identity_return();
    return rc;
}

/* --- putting back -------------------------------------------------------- */

static void
tell(struct text *differ, const char *path)
{
    bool overflow;

    if (differ == NULL) {
        return;
    }
    overflow = differ->overflow;
    text_add(differ, "%s%s", differ->len > 0 ? ", " : "", path);
    differ->overflow = overflow;        /* as many as fit */
}

/* The folders above a file that the primary does not have. */
static int
make_folders(const struct job *job, const char *below)
{
    char name[PATH_SIZE];
    char path[PATH_SIZE];

    for (const char *slash = strchr(below, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        memcpy(name, below, (size_t) (slash - below));
        name[slash - below] = '\0';
        join(job->params->pgdata, name, path);
        if (mkdir(path, 0700) != 0 && errno != EEXIST) {
            return failed(job, "make", path);
        }
    }
    return 0;
}

static bool
same_bytes(const struct own_bytes *a, const struct own_bytes *b)
{
    return a->at != NULL && b->at != NULL && a->len == b->len
           && memcmp(a->at, b->at, a->len) == 0;
}

/* Is it a plain file as it was? */
static bool
is_as_it_was(const char *path, const struct own_file *file)
{
    struct stat info;

    return lstat(path, &info) == 0 && S_ISREG(info.st_mode)
           && (info.st_mode & 0777) == file->mode && info.st_uid == file->uid
           && info.st_gid == file->gid;
}

static int
restore_bytes(const struct job *job, size_t index, const char *path,
              struct text *differ)
{
    const struct own_file *file = &job->list->file[index];
    CLEANUP(own_put_free) struct own_bytes ours = { NULL, 0 };
    CLEANUP(own_put_free) struct own_bytes theirs = { NULL, 0 };
    char copy[PATH_SIZE];
    bool same;
    int rc = 0;

    saved_path(job, index, copy);
    if (own_put_read(copy, &ours) != 0) {
        return failed(job, "read", copy);
    }
    (void) own_put_read(path, &theirs);       /* then there is none */
    same = same_bytes(&ours, &theirs);
    if (!same) {
        tell(differ, file->path);
    }
    if (file->kind == OWN_LINK) {
        rc = own_put_link(path, file->link);
    } else if (!same || !is_as_it_was(path, file)) {
        rc = own_put_file(job->identity, path, &ours, file);
    }
    return rc == 0 ? 0 : failed(job, "put back", path);
}

static int
remove_theirs(const struct job *job, const char *below, struct text *differ)
{
    char path[PATH_SIZE];
    struct stat info;

    join(job->params->pgdata, below, path);
    if (lstat(path, &info) != 0 || S_ISDIR(info.st_mode)) {
        return 0;
    }
    tell(differ, below);
    return files_remove(path) == 0 ? 0 : failed(job, "remove", path);
}

static bool
ends_in_conf(const char *name)
{
    size_t len = strlen(name);

    return name[0] != '.' && len > 5 && strcmp(name + len - 5, ".conf") == 0;
}

/* What is in a folder of ours and was not: the primary's. */
static int
restore_folder(const struct job *job, const struct own_file *folder,
               struct text *differ)
{
    CLEANUP(close_folder) DIR *open_folder = NULL;
    const struct dirent *entry;
    char path[PATH_SIZE];

    join(job->params->pgdata, folder->path, path);
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return failed(job, "make", path);
    }
    open_folder = opendir(path);
    if (open_folder == NULL) {
        return failed(job, "open", path);
    }
    while ((entry = readdir(open_folder)) != NULL) {
        join(folder->path, entry->d_name, path);
        if (own_list_find(job->list, path) == NULL
            && (folder->kind == OWN_FOLDER_ALL
                || ends_in_conf(entry->d_name))
            && remove_theirs(job, path, differ) != 0) {
            return -1;
        }
    }
    return 0;
}

static int
restore_one(const struct job *job, size_t index, struct text *differ)
{
    const struct own_file *file = &job->list->file[index];
    char path[PATH_SIZE];

    switch (file->kind) {
        case OWN_NONE:
            return 0;
        case OWN_ABSENT:
            return remove_theirs(job, file->path, differ);
        case OWN_FOLDER:
        case OWN_FOLDER_ALL:
            return make_folders(job, file->path) == 0
                   ? restore_folder(job, file, differ) : -1;
        case OWN_FILE:
        case OWN_LINK:
            break;
    }
    if (make_folders(job, file->path) != 0) {
        return -1;
    }
    join(job->params->pgdata, file->path, path);
    if (file->has_bytes) {
        return restore_bytes(job, index, path, differ);
    }
    /* a link to a folder or to nothing: nobody but a person touches it */
    return files_exists(path) == 1 || own_put_link(path, file->link) == 0
           ? 0 : failed(job, "put back", path);
}

int
own_files_restore(const struct params *params,
                  const struct identity *identity, struct text *ret_differ,
                  struct text *ret_why)
{
    CLEANUP(free_list)
    struct job job = { .params = params, .identity = identity, .why = ret_why };
    int rc = 0;

    if (start(&job) != 0) {
        return -1;
    }
    if (read_list(&job) != 0) {
        rc = errno == ENOENT ? OWN_FILES_NONE : -1;
        text_add(ret_why, "look at '%s': there is no whole list of saved files"
                 " of this pgdata", job.folder);
    }
    for (size_t i = 0; rc == 0 && i < job.list->count; i++) {
        rc = restore_one(&job, i, ret_differ);
    }
    identity_return();
    return rc;
}

int
own_files_forget(const struct params *params,
                 const struct identity *identity, struct text *ret_why)
{
    CLEANUP(free_list)
    struct job job = { .params = params, .identity = identity, .why = ret_why };
    int rc;

    if (start(&job) != 0) {
        return -1;
    }
    rc = remove_saved(&job);
    if (rc == 0 && rmdir(job.folder) != 0 && errno != ENOENT) {
        rc = failed(&job, "remove", job.folder);
    }
    identity_return();
    return rc;
}
