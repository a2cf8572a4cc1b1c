/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The history files in pg_wal. */

#include "timelines.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "files.h"
#include "history.h"
#include "params.h"
#include "paths.h"

static int
read_one(const char *folder, const char *name, uint32_t number,
         struct timeline *ret_timeline)
{
    static struct history history;
    CLEANUP(free_text) char *bytes = malloc(HISTORY_FILE_SIZE);
    char path[PATH_SIZE];
    struct stat info;
    size_t len;

    if (bytes == NULL || path_join(folder, name, path) != 0
        || stat(path, &info) != 0
        || files_read(path, bytes, HISTORY_FILE_SIZE, &len) != 0
        || history_parse(number, bytes, &history) != 0
        || history.count == 0) {
        return -1;
    }
    ret_timeline->number = number;
    ret_timeline->left = history.left[history.count - 1];
    ret_timeline->time_ms = (int64_t) info.st_mtim.tv_sec * 1000
                            + info.st_mtim.tv_nsec / 1000000;
    return 0;
}

int
timelines_read(const char *pgdata, struct timeline *ret_timelines, size_t max,
               size_t *ret_count, size_t *ret_unread)
{
    CLEANUP(close_folder) DIR *folder = NULL;
    char path[PATH_SIZE];
    size_t count = 0;
    size_t unread = 0;

    if (path_join(pgdata, "pg_wal", path) != 0) {
        return -1;
    }
    folder = files_open_folder(AT_FDCWD, path, 0);
    if (folder == NULL) {
        return -1;
    }
    errno = 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        uint32_t number = history_timeline_of(entry->d_name);

        if (number == 0) {
            continue;
        }
        if (count < max && read_one(path, entry->d_name, number,
                                    &ret_timelines[count]) == 0) {
            count++;
        } else {
            unread++;
        }
        errno = 0;
    }
    if (errno != 0) {
        return -1;
    }
    *ret_count = count;
    *ret_unread = unread;
    return 0;
}
