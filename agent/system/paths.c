/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths: put together, and what /proc says of them. */

#include "paths.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "params.h"
#include "text.h"

#define DELETED " (deleted)"

int
path_join(const char *folder, const char *name, char *ret_path)
{
    struct text text;

    text_init(&text, ret_path, PATH_SIZE);
    text_add(&text, "%s/%s", folder, name);
    if (text.overflow) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return 0;
}

int
path_read_link(const char *path, char *ret_target, size_t size)
{
    ssize_t len = readlink(path, ret_target, size);

    if (len >= 0 && (size_t) len < size) {
        ret_target[len] = '\0';
        return 0;
    }
    ret_target[0] = '\0';
    if (len >= 0) {
        errno = ENAMETOOLONG;
    }
    return -1;
}

bool
path_cut_deleted(char *link)
{
    size_t len = strlen(link);
    size_t mark = sizeof(DELETED) - 1;

    if (len > mark && strcmp(link + len - mark, DELETED) == 0) {
        link[len - mark] = '\0';
        return true;
    }
    return false;
}

int
path_of_program(char *ret_path)
{
    if (path_read_link("/proc/self/exe", ret_path, PATH_SIZE) != 0) {
        return -1;
    }
    (void) path_cut_deleted(ret_path);
    return 0;
}
