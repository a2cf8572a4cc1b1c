/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of a copy's folders, and finding them again. */

#include "rebuild_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "cleanup.h"
#include "line.h"
#include "paths.h"
#include "salvage_parts.h"

#define FRESH "pgward-new-"
#define HIDDEN "pgsql_tmp."
#define NUMBER_MAX 999999999

static const char *
base_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

void
rebuild_folder_parent(const char *path, char *ret_parent)
{
    size_t len = (size_t) (base_of(path) - path);

    len -= len > 1 ? 1 : 0;
    memcpy(ret_parent, path, len);
    ret_parent[len] = '\0';
}

int
rebuild_folder_name(struct rebuild_folder *folder, bool inside,
                    unsigned number)
{
    const char *between = inside ? "/" REBUILD_INSIDE "/" HIDDEN : ".";
    struct text fresh;
    struct text old;

    text_init(&fresh, folder->fresh, PATH_SIZE);
    text_init(&old, folder->old, PATH_SIZE);
    text_add(&fresh, "%s%s" FRESH "%u", folder->path, between, number);
    text_add(&old, "%s%s" SALVAGE_OLD "%u", folder->path, between, number);
    return fresh.overflow || old.overflow || *base_of(folder->path) == '\0'
           ? -1 : 0;
}

/* What stands behind the dot of `data.pgward-old-3`. */
static enum rebuild_kind
read_name(const char *name, unsigned *ret_number)
{
    bool fresh = strncmp(name, FRESH, strlen(FRESH)) == 0;
    size_t len = strlen(fresh ? FRESH : SALVAGE_OLD);
    uint64_t number = 0;
    const char *rest;

    if (!fresh && strncmp(name, SALVAGE_OLD, len) != 0) {
        return REBUILD_OTHER;
    }
    rest = line_read_number(name + len, NUMBER_MAX, &number);
    if (rest == NULL || number == 0) {
        return REBUILD_OTHER;
    }
    *ret_number = (unsigned) number;
    if (*rest == '\0') {
        return fresh ? REBUILD_FRESH : REBUILD_OLD;
    }
    return fresh ? REBUILD_OTHER
           : strcmp(rest, SALVAGE_PART) == 0 ? REBUILD_PART
           : strcmp(rest, REBUILD_GONE_END) == 0 ? REBUILD_GONE
                                                 : REBUILD_OTHER;
}

/* The dot before our part of a name, or NULL. */
static const char *
find_dot(const char *path)
{
    const char *dot = NULL;

    for (const char *c = strstr(base_of(path), ".pgward-"); c != NULL;
         c = strstr(c + 1, ".pgward-")) {
        dot = c;
    }
    return dot;
}

enum rebuild_kind
rebuild_folder_kind(const char *path)
{
    const char *dot = find_dot(path);
    unsigned number;

    return dot == NULL ? REBUILD_OTHER : read_name(dot + 1, &number);
}

int
rebuild_folder_of_fresh(const char *fresh, struct rebuild_folder *ret_folder)
{
    static const char in[] = "/" REBUILD_INSIDE "/" HIDDEN;
    const char *dot = find_dot(fresh);
    struct rebuild_folder folder;
    unsigned number = 0;
    size_t len;
    bool inside;

    if (dot == NULL || read_name(dot + 1, &number) != REBUILD_FRESH
        || text_copy(fresh, folder.path, PATH_SIZE) != 0) {
        return -1;
    }
    len = (size_t) (dot + 1 - fresh);
    inside = len > strlen(in)
             && strncmp(fresh + len - strlen(in), in, strlen(in)) == 0;
    folder.path[len - (inside ? strlen(in) : 1)] = '\0';
    if (rebuild_folder_name(&folder, inside, number) != 0) {
        return -1;
    }
    *ret_folder = folder;
    return 0;
}

bool
rebuild_folder_is_inside(const struct rebuild_folder *folder)
{
    return folder->fresh[strlen(folder->path)] == '/';
}

/* --- what is there -------------------------------------------------------- */

static void
scan(const char *folder, const char *prefix, bool inside,
     void (*see)(void *context, const struct rebuild_found *found),
     void *context)
{
    CLEANUP(close_folder) DIR *open_folder = opendir(folder);
    size_t len = strlen(prefix);
    const struct dirent *entry;

    while (open_folder != NULL && (entry = readdir(open_folder)) != NULL) {
        struct rebuild_found found = { .inside = inside };

        if (strncmp(entry->d_name, prefix, len) != 0) {
            continue;
        }
        found.kind = read_name(entry->d_name + len, &found.number);
        if (found.kind != REBUILD_OTHER
            && path_join(folder, entry->d_name, found.path) == 0) {
            see(context, &found);
        }
    }
}

void
rebuild_folder_scan(const char *path,
                    void (*see)(void *context,
                                const struct rebuild_found *found),
                    void *context)
{
    char folder[PATH_SIZE];
    char prefix[PATH_SIZE];
    struct text text;

    rebuild_folder_parent(path, folder);
    text_init(&text, prefix, sizeof(prefix));
    text_add(&text, "%s.", base_of(path));
    scan(folder, prefix, false, see, context);
    if (path_join(path, REBUILD_INSIDE, folder) == 0) {
        scan(folder, HIDDEN, true, see, context);
    }
}

/* --- links ---------------------------------------------------------------- */

/* What is no link, or is not there, is passed over. */
static int
see_link(const char *folder, const char *name, bool is_wal,
         int (*see)(void *context, const struct rebuild_link *link),
         void *context)
{
    struct rebuild_link link = { .is_wal = is_wal };

    if (path_join(folder, name, link.path) != 0) {
        return -1;
    }
    if (path_read_link(link.path, link.target, sizeof(link.target)) != 0) {
        return errno == EINVAL || errno == ENOENT ? 0 : -1;
    }
    return see(context, &link);
}

int
rebuild_folder_links(const char *pgdata,
                     int (*see)(void *context,
                                const struct rebuild_link *link),
                     void *context)
{
    CLEANUP(close_folder) DIR *folder = NULL;
    const struct dirent *entry;
    char path[PATH_SIZE];

    if (see_link(pgdata, "pg_wal", true, see, context) != 0
        || path_join(pgdata, "pg_tblspc", path) != 0) {
        return -1;
    }
    folder = opendir(path);
    if (folder == NULL) {
        return errno == ENOENT ? 0 : -1;
    }
    while ((entry = readdir(folder)) != NULL) {
        if (see_link(path, entry->d_name, false, see, context) != 0) {
            return -1;
        }
    }
    return 0;
}
