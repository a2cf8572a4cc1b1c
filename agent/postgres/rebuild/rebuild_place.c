/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The folders of a copy: on the file system of what it takes the place of. */

#include "rebuild_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "files.h"
#include "own_list.h"
#include "paths.h"
#include "rebuild_kept.h"

#define OID_SIZE 16

const struct rebuild_folder *
rebuild_place_folder(const struct rebuild_place *place, size_t index)
{
    bool has_wal = place->wal.path[0] != '\0';

    if (index == 0) {
        return &place->data;
    }
    if (has_wal && index == 1) {
        return &place->wal;
    }
    index -= has_wal ? 2 : 1;
    return index < place->spaces->count ? &place->space[index] : NULL;
}

/* --- beside or inside ----------------------------------------------------- */

/* What an old kernel does not say, a rename will. */
static bool
is_mount_point(int folder, const char *name)
{
    struct statx more;

    memset(&more, 0, sizeof(more));
    return statx(folder, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
                 STATX_BASIC_STATS, &more) == 0
           && (more.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

static bool
is_of_parent(const char *path, const char *parent)
{
    struct stat here;
    struct stat above;

    return lstat(path, &here) == 0 && S_ISDIR(here.st_mode)
           && stat(parent, &above) == 0 && here.st_dev == above.st_dev
           && !is_mount_point(AT_FDCWD, path)
           && identity_may(parent, W_OK | X_OK) == 0;
}

/* Try what is to happen in the end. */
static bool
can_exchange(const char *parent)
{
    char one[PATH_SIZE];
    char two[PATH_SIZE];
    bool can;

    if (path_join(parent, "pgward-try-1", one) != 0
        || path_join(parent, "pgward-try-2", two) != 0) {
        return false;
    }
    can = (mkdir(one, 0700) == 0 || errno == EEXIST)
          && (mkdir(two, 0700) == 0 || errno == EEXIST)
          && renameat2(AT_FDCWD, one, AT_FDCWD, two, RENAME_EXCHANGE) == 0;
    (void) rmdir(one);
    (void) rmdir(two);
    return can;
}

/* It would go where the data goes, or be left behind. */
static int
check_mounts(const char *path, struct text *why)
{
    CLEANUP(close_folder) DIR *folder = opendir(path);
    const struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0
            && is_mount_point(dirfd(folder), entry->d_name)) {
            text_add(why, "mount '%s' elsewhere and make it a link: a mount "
                     "point cannot be exchanged. It is in '%s'",
                     entry->d_name, path);
            return -1;
        }
    }
    return 0;
}

static int
settle(struct rebuild_folder *folder, bool is_data, unsigned number,
       struct text *why)
{
    char parent[PATH_SIZE];
    bool inside;

    rebuild_folder_parent(folder->path, parent);
    inside = !is_of_parent(folder->path, parent)
             || (is_data && !can_exchange(parent));
    if (rebuild_folder_name(folder, inside, number) != 0) {
        text_add(why, "use another folder than '%s': its path is too long, or "
                 "it is the root", folder->path);
        return -1;
    }
    if (inside && identity_may(folder->path, W_OK | X_OK) != 0) {
        text_add(why, "let pgdba write to '%s': the copy is made there: %s",
                 folder->path, strerror(errno));
        return -1;
    }
    return check_mounts(folder->path, why);
}

/* --- which folders -------------------------------------------------------- */

static int
find_data(const struct params *params, struct rebuild_place *place,
          struct text *why)
{
    char real[PATH_MAX];

    if (realpath(params->pgdata, real) == NULL
        || text_copy(real, place->data.path, PATH_SIZE) != 0) {
        text_add(why, "look at pgdata: could not find '%s': %s",
                 params->pgdata, strerror(errno));
        return -1;
    }
    return 0;
}

/* As the link names it, or from the root on. */
static int
find_linked(const char *link, char *ret_path)
{
    char target[PATH_SIZE];
    char real[PATH_MAX];
    size_t len;

    if (path_read_link(link, target, sizeof(target)) != 0) {
        return -1;
    }
    if (target[0] != '/') {
        return realpath(link, real) != NULL
               ? text_copy(real, ret_path, PATH_SIZE) : -1;
    }
    for (len = strlen(target); len > 1 && target[len - 1] == '/'; len--) {
        target[len - 1] = '\0';
    }
    return text_copy(target, ret_path, PATH_SIZE);
}

static int
find_wal(struct rebuild_place *place, struct text *why)
{
    char path[PATH_SIZE];

    place->wal.path[0] = '\0';
    if (path_join(place->data.path, "pg_wal", path) == 0
        && (find_linked(path, place->wal.path) == 0 || errno == EINVAL
            || errno == ENOENT)) {
        return 0;
    }
    text_add(why, "look at '%s': could not find where it leads: %s", path,
             strerror(errno));
    return -1;
}

static int
find_space(struct rebuild_place *place, size_t index, struct text *why)
{
    const char *primary = place->spaces->at[index].path;
    char *path = place->space[index].path;
    char name[OID_SIZE];
    char folder[PATH_SIZE];
    char link[PATH_SIZE];

    (void) snprintf(name, sizeof(name), "%u", place->spaces->at[index].oid);
    if (path_join(place->data.path, "pg_tblspc", folder) != 0
        || path_join(folder, name, link) != 0
        || find_linked(link, path) != 0) {
        (void) text_copy(primary, path, PATH_SIZE);     /* as large */
    }
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        text_add(why, "make the folder '%s' for pgdba: a tablespace of the "
                 "primary lies there: %s", path, strerror(errno));
        return -1;
    }
    return 0;
}

/* Of PGDATA and of pg_wal all goes, of a tablespace this version's folder. */
static bool
takes_along(const struct rebuild_place *place,
            const struct rebuild_folder *folder,
            const struct rebuild_folder *other)
{
    return (folder == &place->data || folder == &place->wal)
           && own_list_is_inside(folder->path, other->path);
}

/* A folder gives way to one copy, and not with another that it lies in. */
static int
check_alone(const struct rebuild_place *place, size_t index, struct text *why)
{
    const struct rebuild_folder *mine = rebuild_place_folder(place, index);

    for (size_t i = 0; i < index; i++) {
        const struct rebuild_folder *other = rebuild_place_folder(place, i);

        if (files_are_same(other->path, mine->path)
            || takes_along(place, other, mine)
            || takes_along(place, mine, other)) {
            text_add(why, "use another folder than '%s': a tablespace or "
                     "pg_wal lies there, and so does '%s'", mine->path,
                     other->path);
            return -1;
        }
    }
    return 0;
}

/* --- the next number ------------------------------------------------------ */

static void
see_number(void *context, const struct rebuild_found *found)
{
    unsigned *last = context;

    if (found->kind != REBUILD_FRESH && found->number > *last) {
        *last = found->number;
    }
}

int
rebuild_place_find(const struct params *params,
                   const struct tablespaces *spaces,
                   struct rebuild_place *ret_place, struct text *ret_why)
{
    const struct rebuild_folder *folder;
    unsigned last = 0;

    memset(ret_place, 0, sizeof(*ret_place));
    ret_place->spaces = spaces;
    if (find_data(params, ret_place, ret_why) != 0
        || find_wal(ret_place, ret_why) != 0) {
        return -1;
    }
    for (size_t i = 0; i < spaces->count; i++) {
        if (find_space(ret_place, i, ret_why) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; (folder = rebuild_place_folder(ret_place, i)) != NULL;
         i++) {
        if (check_alone(ret_place, i, ret_why) != 0) {
            return -1;
        }
        rebuild_folder_scan(folder->path, see_number, &last);
    }
    if (settle(&ret_place->data, true, last + 1, ret_why) != 0
        || (ret_place->wal.path[0] != '\0'
            && settle(&ret_place->wal, false, last + 1, ret_why) != 0)) {
        return -1;
    }
    for (size_t i = 0; i < spaces->count; i++) {
        if (settle(&ret_place->space[i], false, last + 1, ret_why) != 0) {
            return -1;
        }
    }
    return 0;
}

/* --- left, made, proved --------------------------------------------------- */

struct clearing {
    struct text *why;
    int rc;
};

static int
clear_linked(void *context, const struct rebuild_link *link)
{
    struct clearing *clearing = context;

    return rebuild_folder_kind(link->target) == REBUILD_FRESH
           ? rebuild_kept_remove(link->target, clearing->why) : 0;
}

/* A copy goes after what it leads to. */
static void
see_fresh(void *context, const struct rebuild_found *found)
{
    struct clearing *clearing = context;

    if (clearing->rc == 0 && found->kind == REBUILD_FRESH) {
        clearing->rc = rebuild_folder_links(found->path, clear_linked,
                                            clearing) == 0
                       ? rebuild_kept_remove(found->path, clearing->why) : -1;
    }
}

int
rebuild_place_clear(const struct rebuild_place *place, struct text *ret_why)
{
    struct clearing clearing = { .why = ret_why };
    const struct rebuild_folder *folder;
    size_t said = ret_why->len;

    for (size_t i = 0; (folder = rebuild_place_folder(place, i)) != NULL; i++) {
        rebuild_folder_scan(folder->path, see_fresh, &clearing);
    }
    if (clearing.rc != 0 && ret_why->len == said) {
        text_add(ret_why, "remove what lies as pgward-new beside '%s': it "
                 "could not be: %s", place->data.path, strerror(errno));
    }
    return clearing.rc;
}

int
rebuild_place_make(const struct rebuild_place *place, struct text *ret_why)
{
    const struct rebuild_folder *folder;

    for (size_t i = 0; (folder = rebuild_place_folder(place, i)) != NULL; i++) {
        char parent[PATH_SIZE];

        rebuild_folder_parent(folder->fresh, parent);
        if ((rebuild_folder_is_inside(folder) && mkdir(parent, 0700) != 0
             && errno != EEXIST)
            || mkdir(folder->fresh, 0700) != 0) {
            text_add(ret_why, "look at '%s': could not make it: %s",
                     folder->fresh, strerror(errno));
            return -1;
        }
    }
    return 0;
}

/* Led elsewhere, it would be shared with the data that is put aside. */
static int
check_linked(void *context, const struct rebuild_link *link)
{
    struct text *why = context;

    if (link->is_wal || rebuild_folder_kind(link->target) == REBUILD_FRESH) {
        return 0;
    }
    text_add(why, "look at how the copy was made: its tablespace '%s' leads "
             "to '%s', not to a new folder", link->path, link->target);
    return -1;
}

int
rebuild_place_prove(const struct rebuild_place *place, struct text *ret_why)
{
    size_t said = ret_why->len;
    char path[PATH_SIZE];

    if (rebuild_folder_links(place->data.fresh, check_linked, ret_why) != 0) {
        if (ret_why->len == said) {
            text_add(ret_why, "look at the links of '%s': %s",
                     place->data.fresh, strerror(errno));
        }
        return -1;
    }
    if (place->wal.path[0] != '\0'
        && (path_join(place->data.fresh, "pg_wal", path) != 0
            || !files_are_same(path, place->wal.fresh))) {
        text_add(ret_why, "look at how the copy was made: its pg_wal is no "
                 "link to '%s'", place->wal.fresh);
        return -1;
    }
    return 0;
}
