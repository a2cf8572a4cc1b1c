/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks, as wholes. */

#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"

int
disk_sync(const char *path, struct text *ret_why)
{
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0 && syncfs(fd) == 0) {
        return 0;
    }
    text_add(ret_why, "look at the disk of '%s': could not sync it: %s", path,
             strerror(errno));
    return -1;
}
