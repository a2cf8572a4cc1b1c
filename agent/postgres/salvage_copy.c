/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies of segments: never a link to one, for they are written to in place. */

#include "salvage_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

#define PIECE (1024 * 1024)
#define TRIAL ".trial"

static int
open_new(int folder, const char *name)
{
    return openat(folder, name,
                  O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static int
tell(struct salvage_copy *copy, uint64_t more)
{
    /* the small files are not in the total */
    copy->done = copy->done + more < copy->total ? copy->done + more
                                                 : copy->total;
    if (copy->tick != NULL
        && !copy->tick(copy->context, copy->done, copy->total)) {
        errno = ECANCELED;
        return -1;
    }
    return 0;
}

static ssize_t
read_piece(int from, char *piece, size_t size)
{
    ssize_t got;

    do {
        got = read(from, piece, size);
    } while (got < 0 && errno == EINTR);
    return got;
}

static int
write_piece(int to, const char *piece, size_t len)
{
    while (len > 0) {
        ssize_t put = write(to, piece, len);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return -1;
        }
        piece += put;
        len -= (size_t) put;
    }
    return 0;
}

static int
copy_bytes(struct salvage_copy *copy, int from, int to)
{
    CLEANUP(free_text) char *piece = malloc(PIECE);
    ssize_t got;

    if (piece == NULL) {
        return -1;
    }
    while ((got = read_piece(from, piece, PIECE)) > 0) {
        if (write_piece(to, piece, (size_t) got) != 0
            || tell(copy, (uint64_t) got) != 0) {
            return -1;
        }
    }
    return got < 0 ? -1 : 0;
}

int
salvage_copy_file(struct salvage_copy *copy, int from, const char *name)
{
    CLEANUP(close_fd) int to = open_new(copy->to, name);
    struct stat info;

    if (to < 0 || fstat(from, &info) != 0) {
        return -1;
    }
    if (copy->shared && ioctl(to, FICLONE, from) == 0) {
        if (tell(copy, (uint64_t) info.st_size) != 0) {
            return -1;
        }
    } else if (copy_bytes(copy, from, to) != 0) {
        return -1;
    }
    return fsync(to);
}

int
salvage_copy_named(struct salvage_copy *copy, int folder, const char *from,
                   const char *name)
{
    CLEANUP(close_fd)
    int fd = openat(folder, from,
                    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

    return fd < 0 ? -1 : salvage_copy_file(copy, fd, name);
}

bool
salvage_copy_can_share(int to, int from)
{
    CLEANUP(close_fd) int trial = open_new(to, TRIAL);
    bool shared = trial >= 0 && ioctl(trial, FICLONE, from) == 0;

    if (trial >= 0 && unlinkat(to, TRIAL, 0) != 0) {
        return false;
    }
    return shared;
}

bool
salvage_copy_same(int a, int b)
{
    CLEANUP(free_text) char *piece = malloc(2 * (size_t) PIECE);
    ssize_t got;

    if (piece == NULL) {
        return false;
    }
    do {
        got = read_piece(a, piece, PIECE);
        if (got < 0 || read_piece(b, piece + PIECE, PIECE) != got
            || memcmp(piece, piece + PIECE, (size_t) got) != 0) {
            return false;
        }
    } while (got > 0);
    return true;
}
