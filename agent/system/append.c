/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that grow, up to a limit. */

#include "append.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "params.h"
#include "text.h"

static int
open_file(const char *path, int access)
{
    return open(path, access | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
                0600);
}

/* Of two at once one makes room; the other goes on in the old file. */
int
append_open(const char *path, int access, off_t max_bytes)
{
    char old[PATH_SIZE];
    struct text text;
    struct stat info;
    int fd = open_file(path, access);

    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)
        || info.st_size < max_bytes) {
        return fd;
    }
    text_init(&text, old, sizeof(old));
    text_add(&text, "%s.old", path);
    if (text.overflow || rename(path, old) != 0) {
        return fd;
    }
    (void) close(fd);
    return open_file(path, access);
}

int
append_whole(int fd, const char *bytes, size_t len)
{
    ssize_t written = write(fd, bytes, len);
    off_t end;

    if (written == (ssize_t) len) {
        return 0;
    }
    if (written > 0) {
        end = lseek(fd, 0, SEEK_CUR);   /* behind what was appended */
        if (end >= written) {
            (void) !ftruncate(fd, end - written);
        }
        errno = ENOSPC;
    }
    return -1;
}
