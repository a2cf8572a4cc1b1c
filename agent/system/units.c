/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What starts PostgreSQL at boot, read from the files that systemctl makes. */

#include "units.h"

#include <dirent.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "params.h"
#include "profile.h"
#include "text.h"

#define UNITS "/etc/systemd/system"

/* `systemctl mask` lays a link to /dev/null over a unit. */
static bool
is_masked(const char *root, const char *name)
{
    char path[PATH_SIZE];
    char target[sizeof("/dev/null")];
    struct text text;
    ssize_t len;

    text_init(&text, path, sizeof(path));
    text_add(&text, "%s" UNITS "/%s.service", root, name);
    len = text.overflow ? -1 : readlink(path, target, sizeof(target));
    return len == (ssize_t) strlen("/dev/null")
           && memcmp(target, "/dev/null", (size_t) len) == 0;
}

/* `postgresql.service` and `S01postgresql` are `postgresql`. */
static int
bare_name(const char *entry, char *ret_name, size_t size)
{
    const char *begin = entry[0] == 'S' ? entry + 3 : entry;
    const char *end = strstr(begin, ".service");
    size_t len = end != NULL ? (size_t) (end - begin) : strlen(begin);

    if (len >= size) {
        return -1;
    }
    memcpy(ret_name, begin, len);
    ret_name[len] = '\0';
    return 0;
}

static bool
find_in(const char *root, const char *folder, char *ret_name, size_t size)
{
    CLEANUP(close_folder) DIR *dir = NULL;
    char path[PATH_SIZE];
    char name[NODE_NAME_SIZE];
    const struct dirent *entry;
    struct text text;

    text_init(&text, path, sizeof(path));
    text_add(&text, "%s%s", root, folder);
    dir = text.overflow ? NULL : opendir(path);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (profile_is_server_unit(entry->d_name)
            && bare_name(entry->d_name, name, sizeof(name)) == 0
            && !is_masked(root, name)
            && text_copy(name, ret_name, size) == 0) {
            return true;
        }
    }
    return false;
}

static bool
ends_in(const char *name, const char *end)
{
    size_t len = strlen(name);

    return len > strlen(end) && strcmp(name + len - strlen(end), end) == 0;
}

/* The folders of links in which targets name what they want. */
static bool
find_wanted(const char *root, char *ret_name, size_t size)
{
    CLEANUP(close_folder) DIR *dir = NULL;
    char path[PATH_SIZE];
    const struct dirent *entry;
    struct text text;

    text_init(&text, path, sizeof(path));
    text_add(&text, "%s" UNITS, root);
    dir = text.overflow ? NULL : opendir(path);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (!ends_in(entry->d_name, ".wants")
            && !ends_in(entry->d_name, ".requires")) {
            continue;
        }
        text_init(&text, path, sizeof(path));
        text_add(&text, UNITS "/%s", entry->d_name);
        if (!text.overflow && find_in(root, path, ret_name, size)) {
            return true;
        }
    }
    return false;
}

void
units_find(const char *root, char *ret_name, size_t size)
{
    static const char *const levels[] = {
        "/etc/rc2.d", "/etc/rc3.d", "/etc/rc4.d", "/etc/rc5.d",
    };
    bool found = find_wanted(root, ret_name, size);

    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]) && !found;
         i++) {
        found = find_in(root, levels[i], ret_name, size);
    }
    if (!found) {
        ret_name[0] = '\0';
    }
}
