/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process group has done, by /proc. */

#include "group.h"

#include <string.h>

#include "cleanup.h"
#include "files.h"
#include "line.h"
#include "text.h"

#define STAT_SIZE 1024

/* Of the words behind the name, which ends in the last parenthesis. */
#define WORD_GROUP 2
#define WORD_UTIME 11
#define WORD_CSTIME 14

/* The ticks of one process, 0 for one of another group. */
static uint64_t
ticks_of(const char *stat, pid_t group)
{
    const char *at = strrchr(stat, ')');
    uint64_t ticks = 0;
    uint64_t number;

    for (int word = 0; at != NULL && word <= WORD_CSTIME; word++) {
        at = strchr(at, ' ');
        if (at == NULL) {
            return 0;
        }
        at++;
        if (word != WORD_GROUP && word < WORD_UTIME) {
            continue;
        }
        if (line_read_number(at, UINT64_MAX, &number) == NULL
            || (word == WORD_GROUP && number != (uint64_t) group)) {
            return 0;
        }
        ticks += word == WORD_GROUP ? 0 : number;
    }
    return ticks;
}

uint64_t
group_cpu_ticks(pid_t group)
{
    CLEANUP(close_folder) DIR *folder = opendir("/proc");
    const struct dirent *entry;
    uint64_t ticks = 0;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char path[sizeof("/proc//stat") + sizeof(entry->d_name)];
        char stat[STAT_SIZE];
        struct text text;
        size_t len;

        if (entry->d_name[0] < '1' || entry->d_name[0] > '9') {
            continue;
        }
        text_init(&text, path, sizeof(path));
        text_add(&text, "/proc/%s/stat", entry->d_name);
        if (files_read_head(path, stat, sizeof(stat), &len) == 0) {
            ticks += ticks_of(stat, group);
        }
    }
    return ticks;
}
