/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bounded reads and atomic writes. */

#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

#define TEMPORARY_SUFFIX ".pgward.tmp"

struct content {
    const char *bytes;
    size_t len;
    mode_t mode;        /* of a file that is new */
};

static int
read_all(int fd, char *buf, size_t room, size_t *ret_len)
{
    size_t len = 0;

    while (len < room) {
        ssize_t got = read(fd, buf + len, room - len);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return -1;
        }
        if (got == 0) {
            break;
        }
        len += (size_t) got;
    }
    *ret_len = len;
    return 0;
}

/* O_NONBLOCK: a FIFO in a file's place must not hang us. */
static int
open_regular(const char *path, struct stat *ret_info)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0) {
        return -1;
    }
    if (fstat(fd, ret_info) != 0) {
        close_fd(&fd);
        return -1;
    }
    if (!S_ISREG(ret_info->st_mode)) {
        close_fd(&fd);
        errno = S_ISDIR(ret_info->st_mode) ? EISDIR : EINVAL;
        return -1;
    }
    return fd;
}

int
files_read(const char *path, char *ret_buf, size_t size, size_t *ret_len)
{
    struct stat info;
    CLEANUP(close_fd) int fd = open_regular(path, &info);
    size_t len = 0;
    char more;
    size_t more_len = 0;

    if (fd < 0 || read_all(fd, ret_buf, size - 1, &len) != 0) {
        return -1;
    }
    /* files of /proc say size 0: only reading on shows the end */
    if (len == size - 1) {
        if (read_all(fd, &more, 1, &more_len) != 0) {
            return -1;
        }
        if (more_len > 0) {
            errno = EFBIG;
            return -1;
        }
    }
    ret_buf[len] = '\0';
    *ret_len = len;
    return 0;
}

int
files_read_head(const char *path, char *ret_buf, size_t size, size_t *ret_len)
{
    struct stat info;
    CLEANUP(close_fd) int fd = open_regular(path, &info);
    size_t len = 0;

    if (fd < 0 || read_all(fd, ret_buf, size - 1, &len) != 0) {
        return -1;
    }
    ret_buf[len] = '\0';
    *ret_len = len;
    return 0;
}

int
files_read_tail(const char *path, char *ret_buf, size_t size, size_t *ret_len)
{
    struct stat info;
    CLEANUP(close_fd) int fd = open_regular(path, &info);
    size_t len = 0;

    if (fd < 0) {
        return -1;
    }
    if (info.st_size > (off_t) (size - 1)
        && lseek(fd, info.st_size - (off_t) (size - 1), SEEK_SET) < 0) {
        return -1;
    }
    if (read_all(fd, ret_buf, size - 1, &len) != 0) {
        return -1;
    }
    ret_buf[len] = '\0';
    *ret_len = len;
    return 0;
}

/* Open the folder that holds `path` and give the last part of the path. */
static int
open_folder_of(const char *path, const char **ret_name)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t) (slash - path);

    if (len >= sizeof(folder) - 1) {
        errno = ENAMETOOLONG;
        return -1;
    }
    *ret_name = slash == NULL ? path : slash + 1;
    if (slash == NULL) {
        memcpy(folder, ".", 2);
    } else {
        memcpy(folder, path, len + 1);
        folder[len == 0 ? 1 : len] = '\0';
    }
    return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int
write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, bytes, len);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return -1;
        }
        bytes += put;
        len -= (size_t) put;
    }
    return 0;
}

/* Does the file hold exactly these bytes? Unreadable is no. */
static bool
holds(int folder, const char *name, const char *bytes, size_t len)
{
    CLEANUP(close_fd)
    int fd = openat(folder, name,
                    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat info;
    char part[4096];
    size_t done = 0;
    size_t got = 0;

    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)
        || info.st_size != (off_t) len) {
        return false;
    }
    while (done < len) {
        if (read_all(fd, part, sizeof(part), &got) != 0 || got == 0
            || got > len - done || memcmp(part, bytes + done, got) != 0) {
            return false;
        }
        done += got;
    }
    return true;
}

/* An existing file keeps its mode, and its owner where we are root. */
static int
take_attributes(int folder, const char *name, int fd, mode_t mode)
{
    struct stat old;
    struct stat new;

    if (fstatat(folder, name, &old, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? fchmod(fd, mode) : -1;
    }
    if (!S_ISREG(old.st_mode)) {
        errno = S_ISLNK(old.st_mode) ? ELOOP : EINVAL;
        return -1;
    }
    if (fstat(fd, &new) != 0) {
        return -1;
    }
    if ((old.st_uid != new.st_uid || old.st_gid != new.st_gid)
        && fchown(fd, old.st_uid, old.st_gid) != 0) {
        return -1;
    }
    return fchmod(fd, old.st_mode & 07777);
}

static int
replace(int folder, const char *name, const char *temporary,
        const struct content *content)
{
    CLEANUP(close_fd)
    int fd = openat(folder, temporary,
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    0600);

    if (fd < 0) {
        return -1;
    }
    if (take_attributes(folder, name, fd, content->mode) != 0
        || write_all(fd, content->bytes, content->len) != 0
        || fsync(fd) != 0
        || renameat(folder, temporary, folder, name) != 0) {
        return -1;
    }
    return fsync(folder);
}

int
files_write(const char *path, const char *bytes, size_t len, mode_t mode)
{
    const struct content content = { bytes, len, mode };
    char temporary[NAME_MAX + 1];
    const char *name;
    CLEANUP(close_fd) int folder = open_folder_of(path, &name);
    int need;

    if (folder < 0) {
        return -1;
    }
    if (holds(folder, name, bytes, len)) {
        return 0;
    }
    need = snprintf(temporary, sizeof(temporary), "%s" TEMPORARY_SUFFIX,
                    name);
    if (need < 0 || (size_t) need >= sizeof(temporary)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    /* one that a killed action left behind */
    if (unlinkat(folder, temporary, 0) != 0 && errno != ENOENT) {
        return -1;
    }
    if (replace(folder, name, temporary, &content) != 0) {
        int saved_errno = errno;

        (void) unlinkat(folder, temporary, 0);  /* the cause is known */
        errno = saved_errno;
        return -1;
    }
    return 0;
}

int
files_touch(const char *path, mode_t mode)
{
    const char *name;
    struct stat info;
    CLEANUP(close_fd) int folder = open_folder_of(path, &name);
    CLEANUP(close_fd) int fd = -1;

    if (folder < 0) {
        return -1;
    }
    if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0) {
        if (S_ISREG(info.st_mode)) {
            return 0;
        }
        errno = S_ISLNK(info.st_mode) ? ELOOP : EINVAL;
        return -1;
    }
    fd = openat(folder, name,
                O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
                mode);
    if (fd < 0 || fsync(fd) != 0) {
        return -1;
    }
    return fsync(folder);
}

int
files_remove(const char *path)
{
    const char *name;
    CLEANUP(close_fd) int folder = open_folder_of(path, &name);

    if (folder < 0) {
        return errno == ENOENT ? 0 : -1;
    }
    if (unlinkat(folder, name, 0) != 0) {
        return errno == ENOENT ? 0 : -1;
    }
    return fsync(folder);
}

int
files_exists(const char *path)
{
    struct stat info;

    if (stat(path, &info) == 0) {
        return 1;
    }
    return errno == ENOENT ? 0 : -1;
}

bool
files_are_same(const char *a, const char *b)
{
    struct stat one;
    struct stat two;

    return stat(a, &one) == 0 && stat(b, &two) == 0
           && one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

bool
files_has_inode(const char *path, uint64_t inode)
{
    struct stat info;

    return stat(path, &info) == 0 && (uint64_t) info.st_ino == inode;
}

DIR *
files_open_folder(int parent, const char *name, int flags)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);

    if (folder == NULL) {
        close_fd(&fd);
    }
    return folder;
}

/* Make the folders above the last part of `path`, mode 755. */
static int
make_parents(const char *path)
{
    char parent[PATH_MAX];
    size_t len = strlen(path);

    if (len >= sizeof(parent)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    for (size_t i = 1; i < len; i++) {
        if (path[i] != '/') {
            continue;
        }
        memcpy(parent, path, i);
        parent[i] = '\0';
        if (mkdir(parent, 0755) != 0 && errno != EEXIST) {
            return -1;
        }
    }
    return 0;
}

/* A link may stand for the folder: nothing is changed through it. */
static int
check_linked_folder(int parent, const char *name)
{
    struct stat info;

    if (fstatat(parent, name, &info, 0) != 0) {
        return -1;
    }
    if (!S_ISDIR(info.st_mode)) {
        errno = ENOTDIR;
        return -1;
    }
    return 0;
}

/* Copy `path` without slashes at its end. */
static int
without_slashes(const char *path, char *ret_path)
{
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    if (len == 0 || len >= PATH_MAX) {
        errno = len == 0 ? ENOENT : ENAMETOOLONG;
        return -1;
    }
    memcpy(ret_path, path, len);
    ret_path[len] = '\0';
    return 0;
}

static int
set_owner_and_mode(int fd, uid_t uid, gid_t gid, mode_t mode)
{
    struct stat info;

    if (fstat(fd, &info) != 0) {
        return -1;
    }
    if ((info.st_uid != uid || info.st_gid != gid)
        && fchown(fd, uid, gid) != 0) {
        return -1;
    }
    return fchmod(fd, mode);
}

int
files_make_folder(const char *path, uid_t uid, gid_t gid, mode_t mode,
                  bool force)
{
    char plain[PATH_MAX];
    const char *name;
    bool made;
    CLEANUP(close_fd) int parent = -1;
    CLEANUP(close_fd) int fd = -1;

    if (without_slashes(path, plain) != 0 || make_parents(plain) != 0) {
        return -1;
    }
    parent = open_folder_of(plain, &name);
    if (parent < 0) {
        return -1;
    }
    made = mkdirat(parent, name, 0700) == 0;
    if (!made && errno != EEXIST) {
        return -1;
    }
    /* by descriptor: who owns the folder above may swap names under us */
    fd = openat(parent, name,
                O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return made ? -1 : check_linked_folder(parent, name);
    }
    return made || force ? set_owner_and_mode(fd, uid, gid, mode) : 0;
}
