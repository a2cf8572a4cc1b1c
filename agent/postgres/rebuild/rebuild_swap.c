/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A copy takes the data's place. What of it is not one step may be torn apart
 * anywhere and is called again: the names tell how far it came.
 */

#include "rebuild_swap.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "files.h"
#include "major_version.h"
#include "own_put.h"
#include "paths.h"
#include "rebuild_folder.h"
#include "rebuild_kept.h"
#include "salvage_parts.h"

/* Without it no server starts: it goes first, and comes last. */
#define CONTROL "global"

#define PREFIX_SIZE 16

static int
failed(const char *what, const char *path, struct text *why)
{
    text_add(why, "look at '%s': could not %s it: %s", path, what,
             strerror(errno));
    return -1;
}

/* --- entry by entry ------------------------------------------------------- */

/* Nothing that is there is written over; a missing one was moved before. */
static int
move_entry(const char *from, const char *to, const char *name,
           struct text *why)
{
    char source[PATH_SIZE];
    char target[PATH_SIZE];

    if (path_join(from, name, source) != 0
        || path_join(to, name, target) != 0) {
        return failed("move", from, why);
    }
    if (files_exists(source) == 0) {
        return 0;
    }
    if (files_exists(target) != 0) {
        errno = EEXIST;
        return failed("write over", target, why);
    }
    return rename(source, target) == 0 ? 0 : failed("move", source, why);
}

/* A disk's own folder stays, and in a tablespace another version's. */
static bool
is_moved(const char *name, const char *prefix)
{
    return strcmp(name, ".") != 0 && strcmp(name, "..") != 0
           && strcmp(name, REBUILD_INSIDE) != 0
           && strcmp(name, "lost+found") != 0 && strcmp(name, CONTROL) != 0
           && strncmp(name, prefix, strlen(prefix)) == 0;
}

static int
move_others(const char *from, const char *to, const char *prefix,
            struct text *why)
{
    CLEANUP(close_folder) DIR *folder = opendir(from);
    const struct dirent *entry;

    if (folder == NULL) {
        return failed("open", from, why);
    }
    while ((entry = readdir(folder)) != NULL) {
        if (is_moved(entry->d_name, prefix)
            && move_entry(from, to, entry->d_name, why) != 0) {
            return -1;
        }
    }
    return 0;
}

static int
move_control(const char *from, const char *to, const char *prefix,
             struct text *why)
{
    return prefix[0] == '\0' ? move_entry(from, to, CONTROL, why) : 0;
}

static int
sync_folder(const char *path, struct text *why)
{
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd >= 0 && fsync(fd) == 0 ? 0 : failed("sync", path, why);
}

/* On disk, before the name says that it is whole. */
static int
put_aside(const struct rebuild_folder *folder, const char *prefix,
          struct text *why)
{
    char part[PATH_SIZE];
    struct text text;

    text_init(&text, part, sizeof(part));
    text_add(&text, "%s" SALVAGE_PART, folder->old);
    if (text.overflow || (mkdir(part, 0700) != 0 && errno != EEXIST)) {
        return failed("make", folder->old, why);
    }
    if (move_control(folder->path, part, prefix, why) != 0
        || sync_folder(folder->path, why) != 0
        || move_others(folder->path, part, prefix, why) != 0
        || sync_folder(part, why) != 0
        || sync_folder(folder->path, why) != 0) {
        return -1;
    }
    return rename(part, folder->old) == 0 && own_put_sync(folder->old) == 0
           ? 0 : failed("give another name to", part, why);
}

static int
put_in(const struct rebuild_folder *folder, const char *prefix,
       struct text *why)
{
    if (move_others(folder->fresh, folder->path, prefix, why) != 0
        || sync_folder(folder->path, why) != 0
        || move_control(folder->fresh, folder->path, prefix, why) != 0
        || sync_folder(folder->path, why) != 0) {
        return -1;
    }
    return rebuild_kept_remove(folder->fresh, why);
}

static int
swap_entries(const struct rebuild_folder *folder, const char *prefix,
             struct text *why)
{
    if (files_exists(folder->old) == 0
        && put_aside(folder, prefix, why) != 0) {
        return -1;
    }
    return files_exists(folder->fresh) == 0 ? 0
                                            : put_in(folder, prefix, why);
}

/* --- what links lead to --------------------------------------------------- */

struct linked {
    const struct rebuild_folder *data;
    const struct rebuild_folder *folder;
    char prefix[PREFIX_SIZE];           /* of what is in a tablespace */
    struct text *why;
};

/* What is put aside leads to what it had. */
static int
follow_old(void *context, const struct rebuild_link *link)
{
    const struct linked *linked = context;

    return files_are_same(link->path, linked->folder->path)
           && own_put_link(link->path, linked->folder->old) != 0
           ? failed("lead elsewhere", link->path, linked->why) : 0;
}

/* The copy's link comes last: by it this is found again. */
static int
swap_linked(void *context, const struct rebuild_link *link)
{
    struct linked *linked = context;
    struct rebuild_folder folder;

    if (rebuild_folder_of_fresh(link->target, &folder) != 0) {
        return 0;
    }
    linked->folder = &folder;
    if (swap_entries(&folder, link->is_wal ? "" : linked->prefix, linked->why)
            != 0
        || rebuild_folder_links(linked->data->path, follow_old, linked)
           != 0) {
        return -1;
    }
    if (own_put_link(link->path, folder.path) != 0) {
        return failed("lead elsewhere", link->path, linked->why);
    }
    (void) rmdir(folder.old);           /* of a tablespace that is new here */
    return 0;
}

static int
swap_links(const struct rebuild_folder *data, struct text *why)
{
    struct linked linked = { .data = data, .why = why };
    size_t said = why->len;

    (void) snprintf(linked.prefix, sizeof(linked.prefix), "PG_%u_",
                    major_version_read(data->fresh));
    if (rebuild_folder_links(data->fresh, swap_linked, &linked) == 0) {
        return 0;
    }
    return why->len > said ? -1 : failed("look at the links of", data->fresh,
                                         why);
}

/* --- PGDATA --------------------------------------------------------------- */

/* Its age begins now, and what kept a server from it is gone. */
static int
finish_old(const struct rebuild_folder *data, const char *path,
           struct text *why)
{
    struct stat info;

    if (stat(path, &info) != 0
        || chmod(path, info.st_mode & 07777 & ~(mode_t) S_IWOTH) != 0
        || utimensat(AT_FDCWD, path, NULL, 0) != 0) {
        return failed("change", path, why);
    }
    return path == data->old
           || (rename(path, data->old) == 0 && own_put_sync(data->old) == 0)
           ? 0 : failed("give another name to", path, why);
}

/* PGDATA's name is never without data. */
static int
swap_names(const struct rebuild_folder *data, uint64_t inode,
           struct text *why)
{
    if (files_has_inode(data->path, inode)) {
        if (swap_links(data, why) != 0) {
            return -1;
        }
        if (renameat2(AT_FDCWD, data->fresh, AT_FDCWD, data->path,
                      RENAME_EXCHANGE) != 0
            || own_put_sync(data->path) != 0) {
            return failed("put the copy in the place of", data->path, why);
        }
    }
    if (files_has_inode(data->fresh, inode)) {
        return finish_old(data, data->fresh, why);
    }
    text_add(why, "look at '%s': neither it nor the copy is the folder that "
             "was marked", data->path);
    return -1;
}

static int
swap_inside(const struct rebuild_folder *data, uint64_t inode,
            struct text *why)
{
    if (!files_has_inode(data->path, inode)) {
        text_add(why, "look at '%s': it is not the folder that was marked",
                 data->path);
        return -1;
    }
    return swap_links(data, why) == 0 && swap_entries(data, "", why) == 0
           ? finish_old(data, data->old, why) : -1;
}

static void
see_fresh(void *context, const struct rebuild_found *found)
{
    if (found->kind == REBUILD_FRESH) {
        (void) text_copy(found->path, context, PATH_SIZE);  /* as large */
    }
}

/*
 * No copy is left where it was put in before: where nothing is mounted, too,
 * and where somebody has removed it.
 */
static int
check_whole(const char *pgdata, struct text *why)
{
    char path[PATH_SIZE];

    if (path_join(pgdata, REBUILD_GIVES_WAY, path) != 0
        || files_exists(path) != 0) {
        text_add(why, "pg_basebackup this node and rm PGWARD.rejoin: the copy "
                 "that was to take the place of '%s' is gone", pgdata);
        return -1;
    }
    if (path_join(pgdata, CONTROL "/pg_control", path) == 0
        && files_exists(path) == 1) {
        return 0;
    }
    text_add(why, "mount '%s': there is neither data nor a copy in it",
             pgdata);
    return -1;
}

int
rebuild_swap_run(const char *pgdata, uint64_t inode, char *ret_old,
                 struct text *ret_why)
{
    struct rebuild_folder data;
    char fresh[PATH_SIZE] = "";
    char real[PATH_MAX];
    int rc;

    ret_old[0] = '\0';
    if (realpath(pgdata, real) == NULL) {
        return failed("find", pgdata, ret_why);
    }
    rebuild_folder_scan(real, see_fresh, fresh);
    if (fresh[0] == '\0') {
        return check_whole(real, ret_why);
    }
    if (rebuild_folder_of_fresh(fresh, &data) != 0) {
        return failed("name", fresh, ret_why);
    }
    rc = rebuild_folder_is_inside(&data)
         ? swap_inside(&data, inode, ret_why)
         : swap_names(&data, inode, ret_why);
    if (rc == 0) {
        (void) text_copy(data.old, ret_old, PATH_SIZE);     /* as large */
    }
    return rc;
}
