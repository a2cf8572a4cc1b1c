/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Putting a file or a link in a place, whole. */

#include "own_put.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "files.h"
#include "text.h"

#define BYTES_MAX (16 * 1024 * 1024)
#define TEMPORARY ".pgward-own"

int
own_put_read(const char *path, struct own_bytes *ret_bytes)
{
    struct stat info;

    if (stat(path, &info) != 0) {
        return -1;
    }
    if (info.st_size > BYTES_MAX) {
        errno = EFBIG;
        return -1;
    }
    ret_bytes->at = malloc((size_t) info.st_size + 1);
    return ret_bytes->at == NULL
           ? -1 : files_read(path, ret_bytes->at, (size_t) info.st_size + 1,
                             &ret_bytes->len);
}

int
own_put_sync(const char *path)
{
    char folder[PATH_SIZE];
    CLEANUP(close_fd) int fd = -1;

    if (text_copy(path, folder, sizeof(folder)) != 0) {
        return -1;
    }
    *strrchr(folder, '/') = '\0';
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 ? fsync(fd) : -1;
}

/*
 * Only to root or to the owner, and never a set-user-id bit: the list lies
 * where the owner could change it.
 */
static int
give_owner(const struct identity *identity, int fd,
           const struct own_file *file)
{
    int rc = 0;
    int error;

    if (file->uid == geteuid() && file->gid == getegid()) {
        return 0;
    }
    if (file->uid != 0 && file->uid != identity->uid) {
        errno = EPERM;
        return -1;
    }
    identity_return();
    rc = fchown(fd, file->uid, file->gid);
    error = errno;
    if (identity_become(identity) != 0) {
        return -1;
    }
    errno = error;
    return rc;
}

static int
write_whole(int fd, const struct own_bytes *bytes)
{
    size_t done = 0;

    while (done < bytes->len) {
        ssize_t put = write(fd, bytes->at + done, bytes->len - done);

        if (put < 0 && errno != EINTR) {
            return -1;
        }
        done += put > 0 ? (size_t) put : 0;
    }
    return 0;
}

int
own_put_file(const struct identity *identity, const char *path,
             const struct own_bytes *bytes, const struct own_file *file)
{
    char temporary[PATH_SIZE + sizeof(TEMPORARY)];
    struct text text;
    CLEANUP(close_fd) int fd = -1;

    text_init(&text, temporary, sizeof(temporary));
    text_add(&text, "%s" TEMPORARY, path);
    if (unlink(temporary) != 0 && errno != ENOENT) {
        return -1;
    }
    fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
              0600);
    if (fd < 0 || write_whole(fd, bytes) != 0
        || fchmod(fd, file->mode & 0777) != 0
        || give_owner(identity, fd, file) != 0 || fsync(fd) != 0
        || rename(temporary, path) != 0) {
        int error = errno;

        (void) unlink(temporary);   /* the next one does it else */
        errno = error;
        return -1;
    }
    return own_put_sync(path);
}

int
own_put_link(const char *path, const char *target)
{
    char temporary[PATH_SIZE + sizeof(TEMPORARY)];
    struct text text;

    text_init(&text, temporary, sizeof(temporary));
    text_add(&text, "%s" TEMPORARY, path);
    if (unlink(temporary) != 0 && errno != ENOENT) {
        return -1;
    }
    return symlink(target, temporary) == 0 && rename(temporary, path) == 0
           ? own_put_sync(path) : -1;
}
