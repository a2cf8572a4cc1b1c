/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where kept WAL is: beside PGDATA or in tmpdir, never inside PGDATA. */

#include "salvage_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "files.h"
#include "line.h"

#define DEPTH_MAX 8

/* Add a place, unless its name is too long for one. */
static void
add_place(struct salvage_places *places, const char *folder,
          const char *name)
{
    struct salvage_place *place = &places->place[places->count];
    size_t room = sizeof(place->prefix) - sizeof("." SALVAGE_DIVERGED);
    size_t len = strlen(name);
    struct text text;

    text_init(&text, place->prefix, sizeof(place->prefix));
    text_add(&text, "%s." SALVAGE_DIVERGED,
             len > room ? name + len - room : name);
    for (size_t i = 0; i < text.len; i++) {
        if (place->prefix[i] == '/') {
            place->prefix[i] = '-';
        }
    }
    if (text_copy(folder, place->folder, sizeof(place->folder)) == 0) {
        places->count++;
    }
}

/* May it be written to, and is it the same file system as `beside`? */
static bool
is_ours(const char *folder, const char *beside)
{
    struct stat a;
    struct stat b;

    return identity_may(folder, W_OK | X_OK) == 0
           && (beside == NULL
               || (stat(folder, &a) == 0 && stat(beside, &b) == 0
                   && a.st_dev == b.st_dev));
}

int
salvage_become(const struct params *params, const struct identity *identity,
               struct text *ret_why)
{
    if (identity_become(identity) != 0) {
        text_add(ret_why, "could not act as user '%s': %s", params->pgdba,
                 strerror(errno));
        return -1;
    }
    return 0;
}

static bool
is_inside(const char *path, const char *folder)
{
    size_t len = strlen(folder);

    return strncmp(path, folder, len) == 0
           && (path[len] == '/' || path[len] == '\0');
}

int
salvage_place_find(const struct params *params,
                   struct salvage_places *ret_places, struct text *ret_why)
{
    char pgdata[PATH_MAX];
    char parent[PATH_MAX];
    char tmpdir[PATH_MAX];
    char *slash;

    ret_places->count = 0;
    if (realpath(params->pgdata, pgdata) == NULL) {
        text_add(ret_why, "could not look at '%s': %s. Mount it",
                 params->pgdata, strerror(errno));
        return -1;
    }
    if (text_copy(pgdata, ret_places->pgdata, sizeof(ret_places->pgdata))
        != 0) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(parent, pgdata, sizeof(parent));
    slash = strrchr(parent, '/');
    *slash = '\0';
    if (is_ours(slash == parent ? "/" : parent, pgdata)) {
        add_place(ret_places, slash == parent ? "/" : parent, slash + 1);
    }
    if (realpath(params->tmpdir, tmpdir) != NULL && is_ours(tmpdir, NULL)
        && !is_inside(tmpdir, pgdata)) {
        add_place(ret_places, tmpdir, pgdata + 1);     /* others use it, too */
    }
    if (ret_places->count == 0) {
        errno = EACCES;
        text_add(ret_why, "let '%s' write beside '%s': the WAL to keep needs "
                 "a place. Or set tmpdir, outside of PGDATA",
                 params->pgdba, params->pgdata);
        return -1;
    }
    return 0;
}

/* The number in a kept folder's name; 0: it is none. */
static unsigned
number_of(const struct salvage_place *place, const char *name,
          const char *end)
{
    size_t len = strlen(place->prefix);
    uint64_t number;
    const char *rest = strncmp(name, place->prefix, len) == 0
                       ? line_read_number(name + len, 999999999, &number)
                       : NULL;

    return rest != NULL && strcmp(rest, end) == 0 ? (unsigned) number : 0;
}

/* Is it whole, and this instance's? Others may use tmpdir, too. */
static bool
is_of(const char *path, const char *pgdata)
{
    char file[PATH_SIZE + 16];
    char line[PATH_SIZE + 16];
    char bytes[2 * PATH_SIZE];
    struct text text;
    size_t len;

    text_init(&text, file, sizeof(file));
    text_add(&text, "%s/" SALVAGE_README, path);
    text_init(&text, line, sizeof(line));
    text_add(&text, "\npgdata: %s\n", pgdata);
    return files_read_head(file, bytes, sizeof(bytes), &len) == 0
           && strstr(bytes, line) != NULL;
}

struct pick {
    const char *pgdata;
    bool newest;
    size_t count;
    struct salvage_found found;
};

static void
pick_in(const struct salvage_place *place, struct pick *pick)
{
    CLEANUP(close_folder) DIR *folder = opendir(place->folder);
    const struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        unsigned number = number_of(place, entry->d_name, "");
        char path[PATH_SIZE];
        struct text text;

        text_init(&text, path, sizeof(path));
        text_add(&text, "%s/%s", place->folder, entry->d_name);
        if (number == 0 || text.overflow || !is_of(path, pick->pgdata)) {
            continue;
        }
        if (pick->count == 0 || (pick->newest ? number > pick->found.number
                                              : number < pick->found.number)) {
            pick->found.number = number;
            (void) text_copy(path, pick->found.folder,
                             sizeof(pick->found.folder));  /* as large */
        }
        pick->count++;
    }
}

size_t
salvage_place_pick(const struct salvage_places *places, bool newest,
                   struct salvage_found *ret_found)
{
    struct pick pick = { .pgdata = places->pgdata, .newest = newest };

    for (size_t i = 0; i < places->count; i++) {
        pick_in(&places->place[i], &pick);
    }
    *ret_found = pick.found;
    return pick.count;
}

static int
remove_at(int parent, const char *name, int depth, int64_t deadline_ms)
{
    CLEANUP(close_folder)
    DIR *folder = files_open_folder(parent, name, O_NOFOLLOW);
    const struct dirent *entry;

    if (folder == NULL) {
        return -1;
    }
    while ((entry = readdir(folder)) != NULL) {
        if (deadline_ms != 0 && clock_left_ms(deadline_ms) == 0) {
            errno = ETIME;
            return -1;
        }
        if (strcmp(entry->d_name, ".") == 0
            || strcmp(entry->d_name, "..") == 0
            || unlinkat(dirfd(folder), entry->d_name, 0) == 0) {
            continue;
        }
        if ((errno != EISDIR && errno != EPERM) || depth == 0
            || remove_at(dirfd(folder), entry->d_name, depth - 1, deadline_ms)
               != 0) {
            return -1;
        }
    }
    return unlinkat(parent, name, AT_REMOVEDIR);
}

int
salvage_remove_folder(const char *path, int64_t deadline_ms)
{
    return remove_at(AT_FDCWD, path, DEPTH_MAX, deadline_ms);
}

struct salvage_limits
salvage_limits_of(const struct params *params, int64_t deadline_ms)
{
    return (struct salvage_limits) {
        .keep = (size_t) params->rejoin_keep,
        .age_s = params->rejoin_keep_age_s,
        .deadline_ms = deadline_ms,
    };
}

bool
salvage_is_over(const struct salvage_limits *limits, size_t count,
                const char *oldest)
{
    struct stat info;

    return count > limits->keep
           || (count > 0 && limits->age_s > 0 && stat(oldest, &info) == 0
               && time(NULL) - info.st_mtime > limits->age_s);
}

void
salvage_place_tidy(const struct salvage_places *places)
{
    for (size_t i = 0; i < places->count; i++) {
        const struct salvage_place *place = &places->place[i];
        CLEANUP(close_folder) DIR *folder = opendir(place->folder);
        const struct dirent *entry;

        while (folder != NULL && (entry = readdir(folder)) != NULL) {
            if (number_of(place, entry->d_name, SALVAGE_PART) > 0) {
                /* a next call tries again */
                (void) remove_at(dirfd(folder), entry->d_name, DEPTH_MAX, 0);
            }
        }
    }
}
