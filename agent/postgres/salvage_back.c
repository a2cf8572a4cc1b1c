/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kept WAL goes back, so that an interrupted rewind can be run again. */

#include "salvage.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "files.h"
#include "salvage_parts.h"

/* Who is killed leaves it: the server removes this name when it starts. */
#define NEW "xlogtemp.pgward"

#define BEFORE "before"

static int
open_folder(int parent, const char *name, int flags)
{
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
}

static int
open_file(int folder, const char *name)
{
    return openat(folder, name,
                  O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
}

/* In the place of what is there, in one step. */
static int
replace(int kept, const char *from, int folder, const char *name)
{
    struct salvage_copy copy = { .to = folder };

    if (unlinkat(folder, NEW, 0) != 0 && errno != ENOENT) {
        return -1;
    }
    if (salvage_copy_named(&copy, kept, from, NEW) != 0
        || renameat(folder, NEW, folder, name) != 0) {
        int cause = errno;

        (void) unlinkat(folder, NEW, 0);    /* the cause is known */
        errno = cause;
        return -1;
    }
    return 0;
}

static bool
is_there_already(int kept, int folder, const char *name)
{
    CLEANUP(close_fd) int then = open_file(kept, name);
    CLEANUP(close_fd) int now = open_file(folder, name);

    return then >= 0 && now >= 0 && salvage_copy_same(then, now);
}

/* pg_control begins with the system's identifier. */
static int
read_system_id(int folder, const char *name, uint64_t *ret_id)
{
    CLEANUP(close_fd) int fd = open_file(folder, name);
    ssize_t len = fd >= 0 ? read(fd, ret_id, sizeof(*ret_id)) : -1;

    if (len >= 0 && len != (ssize_t) sizeof(*ret_id)) {
        errno = ENODATA;
    }
    return len == (ssize_t) sizeof(*ret_id) ? 0 : -1;
}

static int
put_control(int kept, int pgdata)
{
    CLEANUP(close_fd) int global = open_folder(pgdata, "global", 0);
    uint64_t then;
    uint64_t now;

    if (global < 0 || read_system_id(kept, "pg_control", &then) != 0) {
        return -1;
    }
    if (read_system_id(global, "pg_control", &now) != 0) {
        if (errno != ENODATA) {
            return -1;
        }
        now = then;     /* pg_rewind before 14 empties it, to copy it anew */
    }
    if (then != now) {
        errno = EXDEV;
        return -1;
    }
    return replace(kept, "pg_control", global, "pg_control") == 0
           ? fsync(global) : -1;
}

/* `from` is the kept folder, or the one in it. */
static int
put_wal(int kept, const char *from, int pgdata, size_t *ret_count)
{
    CLEANUP(close_fd) int wal = open_folder(pgdata, "pg_wal", 0);
    CLEANUP(close_folder)
    DIR *folder = files_open_folder(kept, from, O_NOFOLLOW);
    const struct dirent *entry;

    if (folder == NULL || wal < 0) {
        return -1;
    }
    while ((entry = readdir(folder)) != NULL) {
        const char *name = entry->d_name;

        if ((salvage_wal_is_segment(name) || salvage_wal_is_history(name))
            && !is_there_already(dirfd(folder), wal, name)) {
            if (replace(dirfd(folder), name, wal, name) != 0) {
                return -1;
            }
            (*ret_count)++;
        }
    }
    return fsync(wal);
}

static bool
is_in(int folder, const char *name)
{
    return faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0
           || errno != ENOENT;
}

static int
clear_wal(int pgdata, int kept, size_t *ret_count)
{
    CLEANUP(close_folder) DIR *wal = files_open_folder(pgdata, "pg_wal", 0);
    CLEANUP(close_fd) int before = open_folder(kept, BEFORE, O_NOFOLLOW);
    const struct dirent *entry;

    if (wal == NULL || before < 0) {
        return -1;
    }
    while ((entry = readdir(wal)) != NULL) {
        const char *name = entry->d_name;

        if (!salvage_wal_is_segment(name) || is_in(kept, name)
            || is_in(before, name)) {
            continue;
        }
        if (unlinkat(dirfd(wal), name, 0) != 0) {
            return -1;
        }
        (*ret_count)++;
    }
    return fsync(dirfd(wal));
}

static int
put_all_wal(int kept, int pgdata, size_t *ret_count)
{
    return put_wal(kept, ".", pgdata, ret_count) != 0
           || (put_wal(kept, BEFORE, pgdata, ret_count) != 0
               && errno != ENOENT) ? -1 : 0;
}

/* What a rewind has brought goes where the disk does not hold both. */
static int
make_room_and_put_wal(int kept, int pgdata, size_t *ret_count)
{
    size_t cleared = 0;

    if (put_all_wal(kept, pgdata, ret_count) == 0) {
        return 0;
    }
    if (errno != ENOSPC && errno != EDQUOT) {
        return -1;
    }
    if (clear_wal(pgdata, kept, &cleared) != 0) {
        errno = ENOSPC;
        return -1;
    }
    return put_all_wal(kept, pgdata, ret_count);
}

/* First what says that the directory is not whole. */
static int
put_back(const struct params *params, const char *folder,
         struct salvage_back *back)
{
    CLEANUP(close_fd) int pgdata = open_folder(AT_FDCWD, params->pgdata, 0);
    CLEANUP(close_fd)
    int kept = open_folder(AT_FDCWD, folder, O_NOFOLLOW);

    return pgdata < 0 || kept < 0 || put_control(kept, pgdata) != 0
           || salvage_files_cut(params->pgdata, kept, &back->files) != 0
           || make_room_and_put_wal(kept, pgdata, &back->segments) != 0
           ? -1 : 0;
}

int
salvage_put_back(const struct params *params,
                 const struct identity *identity, const char *folder,
                 struct salvage_back *ret_back, struct text *ret_why)
{
    struct salvage_back back = { 0, 0 };
    int error = 0;

    if (salvage_become(params, identity, ret_why) != 0) {
        return -1;
    }
    if (put_back(params, folder, &back) != 0) {
        error = errno;
    }
    identity_return();
    if (error == 0) {
        *ret_back = back;
        return 0;
    }
    if (error == ENOSPC || error == EDQUOT) {
        text_add(ret_why, "make room for pgdata: the disk is full with the "
                 "kept WAL back only in part. It is in '%s'", folder);
        errno = ENOSPC;
        return -1;
    }
    text_add(ret_why, "make a new copy: the kept WAL could not be put back: "
             "%s. It is in '%s'", strerror(error), folder);
    errno = error;
    return -1;
}

/* --- room for the primary's ----------------------------------------------- */

int
salvage_clear_wal(const struct params *params,
                  const struct identity *identity, const char *folder,
                  size_t *ret_count, struct text *ret_why)
{
    CLEANUP(close_fd) int pgdata = -1;
    CLEANUP(close_fd) int kept = -1;
    size_t count = 0;
    int rc;

    if (salvage_become(params, identity, ret_why) != 0) {
        return -1;
    }
    pgdata = open_folder(AT_FDCWD, params->pgdata, 0);
    kept = open_folder(AT_FDCWD, folder, O_NOFOLLOW);
    rc = pgdata < 0 || kept < 0 ? -1 : clear_wal(pgdata, kept, &count);
    if (rc != 0) {
        text_add(ret_why, "make room in pg_wal of '%s': %s", params->pgdata,
                 strerror(errno));
    }
    identity_return();
    *ret_count = rc == 0 ? count : *ret_count;
    return rc;
}

/* --- the WAL before the fork ---------------------------------------------- */

static int
forget_before(const char *folder)
{
    char path[PATH_SIZE + 16];
    struct text text;

    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/" BEFORE, folder);
    return salvage_remove_folder(path, 0) == 0 || errno == ENOENT ? 0 : -1;
}

static int
copy_before(const struct salvage_wal *wal, const struct salvage_copy *how,
            uint64_t end)
{
    for (uint64_t i = wal->first; i < end && i <= wal->last; i++) {
        struct salvage_copy copy = *how;
        char name[SEGMENT_NAME_SIZE];
        CLEANUP(close_fd) int fd = salvage_wal_open(wal, i, name);

        if (fd < 0 || (unlinkat(copy.to, name, 0) != 0 && errno != ENOENT)
            || salvage_copy_file(&copy, fd, name) != 0) {
            return -1;
        }
    }
    return fsync(how->to);
}

static int
keep_before(const struct salvage_request *request, lsn fork,
            const char *folder, struct text *why)
{
    struct salvage_copy copy = { .to = -1, .shared = true };
    struct salvage_wal wal = { .folder = -1 };
    CLEANUP(close_fd)
    int kept = open_folder(AT_FDCWD, folder, O_NOFOLLOW);
    int rc = -1;

    if (salvage_wal_find(request, &wal, why) == 0) {
        if (kept >= 0
            && (mkdirat(kept, BEFORE, 0700) == 0 || errno == EEXIST)) {
            copy.to = open_folder(kept, BEFORE, O_NOFOLLOW);
        }
        rc = copy.to < 0 ? -1 : copy_before(&wal, &copy,
                                            fork / wal.segment_size);
        if (rc != 0) {
            int cause = errno;

            (void) forget_before(folder);   /* the cause is known */
            errno = cause;
            text_add(why, "make room beside pgdata: the WAL that a rewind "
                     "reads could not be kept: %s. It goes into '%s/before'"
                     "; nothing was changed", strerror(errno), folder);
        }
    }
    salvage_wal_close(&wal);
    close_fd(&copy.to);
    return rc;
}

int
salvage_keep_before(const struct salvage_request *request, lsn fork,
                    const char *folder, struct text *ret_why)
{
    int rc;

    if (salvage_become(request->params, request->identity, ret_why) != 0) {
        return -1;
    }
    rc = keep_before(request, fork, folder, ret_why);
    identity_return();
    return rc;
}

int
salvage_forget_before(const struct params *params,
                      const struct identity *identity, const char *folder,
                      struct text *ret_why)
{
    int rc;

    if (salvage_become(params, identity, ret_why) != 0) {
        return -1;
    }
    rc = forget_before(folder);
    if (rc != 0) {
        text_add(ret_why, "could not remove '%s/before': %s. Remove it",
                 folder, strerror(errno));
    }
    identity_return();
    return rc;
}
