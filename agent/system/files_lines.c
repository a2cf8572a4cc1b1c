/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single lines of a user's configuration file. */

#include "files.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

/* Configuration files edited here are small; more is not a configuration. */
#define LINES_FILE_MAX (1024 * 1024)

/*
 * Where a configuration file really is. As root, only a link that root made
 * is followed: the owner of a folder could point one at any file.
 */
static int
resolve(const char *path, char *ret_path)
{
    struct stat info;

    if (lstat(path, &info) == 0 && S_ISLNK(info.st_mode)
        && info.st_uid != 0 && info.st_uid != geteuid()) {
        errno = ELOOP;
        return -1;
    }
    return realpath(path, ret_path) == NULL ? -1 : 0;
}

/* Are the `len` bytes at `text`, without space around, this line? */
static bool
line_is(const char *text, size_t len, const char *line)
{
    size_t line_len = strlen(line);

    while (len > 0 && isspace((unsigned char) text[0])) {
        text++;
        len--;
    }
    while (len > 0 && isspace((unsigned char) text[len - 1])) {
        len--;
    }
    return len == line_len && memcmp(text, line, len) == 0;
}

/* Copy `text` without the lines that equal `line`; says how many there were. */
static size_t
take_out(const char *text, const char *line, char *ret_rest, size_t *ret_len)
{
    size_t found = 0;
    size_t len = 0;

    while (*text != '\0') {
        const char *end = strchr(text, '\n');
        size_t line_len = end == NULL ? strlen(text)
                                      : (size_t) (end - text) + 1;

        if (line_is(text, line_len, line)) {
            found++;
        } else {
            memcpy(ret_rest + len, text, line_len);
            len += line_len;
        }
        text += line_len;
    }
    ret_rest[len] = '\0';
    *ret_len = len;
    return found;
}

int
files_line_present(const char *path, const char *line, bool present)
{
    char target[PATH_MAX];
    CLEANUP(free_text) char *old = malloc(LINES_FILE_MAX);
    CLEANUP(free_text) char *new = malloc(LINES_FILE_MAX);
    size_t len;
    size_t found;
    int need;

    if (old == NULL || new == NULL || resolve(path, target) != 0
        || files_read(target, old, LINES_FILE_MAX, &len) != 0) {
        return -1;
    }
    if (strlen(old) != len) {
        errno = EILSEQ;     /* a NUL: not a configuration file */
        return -1;
    }
    found = take_out(old, line, new, &len);
    if (present == (found > 0)) {
        return 0;
    }
    if (present) {
        need = snprintf(new, LINES_FILE_MAX, "%s%s%s\n", old,
                        len > 0 && old[len - 1] != '\n' ? "\n" : "", line);
        if (need < 0 || need >= LINES_FILE_MAX) {
            errno = EFBIG;
            return -1;
        }
        len = (size_t) need;
    }
    return files_write(target, new, len, 0600);
}
