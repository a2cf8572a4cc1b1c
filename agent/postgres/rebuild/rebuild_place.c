/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The folders of a copy: beside PGDATA, on its file system. */

#include "rebuild_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "cleanup.h"
#include "files.h"
#include "line.h"
#include "paths.h"
#include "report.h"
#include "salvage_parts.h"

#define FRESH ".pgward-new"
#define WAL ".pgward-wal-"

static const char *
base_of(const char *path)
{
    return strrchr(path, '/') + 1;      /* they all begin at the root */
}

/* N of `BASE.pgward-old-N`; 0: it is none. */
static unsigned
number_of(const char *base, const char *name)
{
    size_t len = strlen(base);
    const char *rest;
    uint64_t number;

    if (strncmp(name, base, len) != 0
        || strncmp(name + len, "." SALVAGE_OLD, sizeof(SALVAGE_OLD)) != 0) {
        return 0;
    }
    rest = line_read_number(name + len + sizeof(SALVAGE_OLD), 999999999,
                            &number);
    return rest != NULL && *rest == '\0' ? (unsigned) number : 0;
}

struct olds {
    size_t count;
    unsigned first;
    unsigned last;
};

static struct olds
find_olds(const struct rebuild_place *place)
{
    CLEANUP(close_folder) DIR *folder = opendir(place->parent);
    struct olds olds = { 0, 0, 0 };
    const struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        unsigned number = number_of(base_of(place->pgdata), entry->d_name);

        if (number == 0) {
            continue;
        }
        olds.first = olds.count == 0 || number < olds.first ? number
                                                            : olds.first;
        olds.last = number > olds.last ? number : olds.last;
        olds.count++;
    }
    return olds;
}

static int
old_path(const struct rebuild_place *place, unsigned number, char *ret_path)
{
    struct text text;

    text_init(&text, ret_path, PATH_SIZE);
    text_add(&text, "%s." SALVAGE_OLD "%u", place->pgdata, number);
    return text.overflow ? -1 : 0;
}

/* Where a pg_wal that is a link leads to, without links; "": it is none. */
static void
linked_wal(const char *pgdata, char *ret_path)
{
    char path[PATH_SIZE];
    char real[PATH_MAX];
    struct stat info;

    ret_path[0] = '\0';
    if (path_join(pgdata, "pg_wal", path) == 0 && lstat(path, &info) == 0
        && S_ISLNK(info.st_mode) && realpath(path, real) != NULL) {
        (void) text_copy(real, ret_path, PATH_SIZE);    /* "": too long */
    }
}

/* `/wal/main` and `/wal/main.pgward-wal-1`: `/wal/main.pgward-wal-2`. */
static int
name_waldir(const struct rebuild_place *place, unsigned number,
            char *ret_path)
{
    char real[PATH_SIZE];
    struct text text;
    char *end;

    linked_wal(place->pgdata, real);
    ret_path[0] = '\0';
    if (real[0] == '\0') {
        return 0;
    }
    end = strstr(real, WAL);
    if (end != NULL) {
        *end = '\0';
    }
    text_init(&text, ret_path, PATH_SIZE);
    text_add(&text, "%s" WAL "%u", real, number);
    return text.overflow ? -1 : 0;
}

int
rebuild_place_find(const struct params *params,
                   struct rebuild_place *ret_place, struct text *ret_why)
{
    char real[PATH_MAX];
    struct text text;
    unsigned number;
    char *slash;

    if (realpath(params->pgdata, real) == NULL) {
        text_add(ret_why, "look at pgdata: could not find '%s': %s",
                 params->pgdata, strerror(errno));
        return -1;
    }
    slash = strrchr(real, '/');
    text_init(&text, ret_place->fresh, PATH_SIZE);
    text_add(&text, "%s" FRESH, real);
    if (text.overflow || slash[1] == '\0'
        || text_copy(real, ret_place->pgdata, PATH_SIZE) != 0) {
        text_add(ret_why, "set pgdata to another folder: its path is too long, "
                 "or it is the root");
        return -1;
    }
    slash[slash == real ? 1 : 0] = '\0';
    (void) text_copy(real, ret_place->parent, PATH_SIZE);   /* it is shorter */
    number = find_olds(ret_place).last + 1;
    if (old_path(ret_place, number, ret_place->old) != 0
        || name_waldir(ret_place, number, ret_place->waldir) != 0) {
        text_add(ret_why, "set pgdata to another folder: its path is too long");
        return -1;
    }
    return 0;
}

/* --- can it be done ------------------------------------------------------- */

static int
check_parent(const char *folder, const char *parent, struct text *why)
{
    struct stat of_folder;
    struct stat of_parent;
    struct statx more;

    memset(&more, 0, sizeof(more));
    if (stat(folder, &of_folder) != 0 || stat(parent, &of_parent) != 0) {
        text_add(why, "look at '%s': %s", folder, strerror(errno));
        return -1;
    }
    /* what an old kernel does not say, the exchange will */
    (void) statx(AT_FDCWD, folder, 0, STATX_BASIC_STATS, &more);
    if (of_folder.st_dev != of_parent.st_dev
        || (more.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0) {
        text_add(why, "set pgdata inside of '%s', or copy by hand: it is a "
                 "mount point", folder);
        return -1;
    }
    if (faccessat(AT_FDCWD, parent, W_OK | X_OK, AT_EACCESS) != 0) {
        text_add(why, "let pgdba write to '%s', or copy by hand: the copy "
                 "is made there", parent);
        return -1;
    }
    return 0;
}

static int
check_tablespaces(const struct rebuild_place *place, struct text *why)
{
    char path[PATH_SIZE];
    const struct dirent *entry;
    CLEANUP(close_folder) DIR *folder = NULL;

    folder = path_join(place->pgdata, "pg_tblspc", path) == 0
             ? opendir(path) : NULL;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.') {
            text_add(why, "make a copy by hand: tablespaces cannot be "
                     "exchanged with pgdata at once. They are in '%s'", path);
            return -1;
        }
    }
    return 0;
}

/* Try what is to happen in the end. */
static int
check_exchange(const struct rebuild_place *place, struct text *why)
{
    char one[PATH_SIZE];
    char two[PATH_SIZE];
    int error = 0;

    if (mkdir(place->fresh, 0700) != 0
        || path_join(place->fresh, "1", one) != 0
        || path_join(place->fresh, "2", two) != 0
        || mkdir(one, 0700) != 0 || mkdir(two, 0700) != 0
        || renameat2(AT_FDCWD, one, AT_FDCWD, two, RENAME_EXCHANGE) != 0) {
        error = errno;
    }
    (void) rmdir(one);
    (void) rmdir(two);
    if (rmdir(place->fresh) != 0 || error != 0) {
        error = error != 0 ? error : errno;
        text_add(why, "make a copy by hand: two folders cannot be exchanged: "
                 "%s. It was tried in '%s'", strerror(error), place->parent);
        return -1;
    }
    return 0;
}

int
rebuild_place_check(const struct rebuild_place *place, struct text *ret_why)
{
    char real[PATH_SIZE];
    char parent[PATH_SIZE];
    char *slash;

    if (check_parent(place->pgdata, place->parent, ret_why) != 0
        || check_tablespaces(place, ret_why) != 0) {
        return -1;
    }
    linked_wal(place->pgdata, real);
    if (real[0] != '\0') {
        memcpy(parent, real, sizeof(parent));
        slash = strrchr(parent, '/');
        slash[slash == parent ? 1 : 0] = '\0';
        if (check_parent(real, parent, ret_why) != 0) {
            return -1;
        }
    }
    return check_exchange(place, ret_why);
}

/* --- what goes ------------------------------------------------------------ */

static int
remove_one(const char *path, struct text *why)
{
    if (salvage_remove_folder(path) == 0 || errno == ENOENT) {
        return 0;
    }
    text_add(why, "remove '%s': it is in the way, and could not be: %s",
             path, strerror(errno));
    return -1;
}

int
rebuild_place_clear(const struct rebuild_place *place, struct text *ret_why)
{
    if (place->waldir[0] != '\0' && remove_one(place->waldir, ret_why) != 0) {
        return -1;
    }
    return remove_one(place->fresh, ret_why);
}

int
rebuild_place_prune(const struct rebuild_place *place, size_t keep,
                    struct text *ret_why)
{
    struct olds olds = find_olds(place);

    while (olds.count > keep) {
        char path[PATH_SIZE];
        char wal[PATH_SIZE];
        char own[PATH_SIZE];

        if (old_path(place, olds.first, path) != 0) {
            return 0;   /* nobody gave it that name */
        }
        linked_wal(path, wal);
        linked_wal(place->pgdata, own);
        if ((wal[0] != '\0' && strcmp(wal, own) != 0
             && remove_one(wal, ret_why) != 0)
            || remove_one(path, ret_why) != 0) {
            return -1;
        }
        report_log(LOG_NOTICE, "removed '%s', data that a copy took the place "
                   "of: so many are kept as rejoin_keep says", path);
        olds = find_olds(place);
    }
    return 0;
}
