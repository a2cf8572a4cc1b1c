/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_OWN_LIST_H
#define PGWARD_AGENT_OWN_LIST_H

#include <stdbool.h>
#include <sys/types.h>

#include "params.h"
#include "text.h"

/* Which files inside PGDATA are this node's own (own_files.h). */

#define OWN_LIST_MAX 256

enum own_kind {
    OWN_NONE = 0,
    OWN_FILE,
    OWN_LINK,
    OWN_ABSENT,             /*!< named, and not there */
    OWN_FOLDER,             /*!< of it, each *.conf that is not listed goes */
    OWN_FOLDER_ALL,         /*!< of it, each file that is not listed goes */
};

struct own_file {
    enum own_kind kind;
    mode_t mode;
    uid_t uid;
    gid_t gid;
    bool has_bytes;             /*!< a file, or a link to one */
    char path[PATH_SIZE];       /*!< below PGDATA */
    char link[PATH_SIZE];       /*!< where a link leads to */
};

struct own_list {
    size_t count;
    struct own_file file[OWN_LIST_MAX];
};

/*! Does `path` lie inside the folder, or is it that? Links are followed. */
bool
own_list_is_inside(const char *folder, const char *path);

/*!
 * Find them, from postgresql.conf (and `config`, where that is another file)
 * on; called as the owner.
 *
 * \return 0, or -1 with `ret_why`.
 */
int
own_list_collect(const struct params *params, struct own_list *ret_list,
                 struct text *ret_why);

/*! The entry of a path below PGDATA, or NULL. */
const struct own_file *
own_list_find(const struct own_list *list, const char *path);

/*! Write it, whole and synced; 0, or -1 with errno. */
int
own_list_write(const char *path, const char *pgdata,
               const struct own_list *list);

/*!
 * Read what own_list_write() wrote for that PGDATA.
 *
 * \return 0, or -1 with errno (EINVAL: it is none, or another's).
 */
int
own_list_read(const char *path, const char *pgdata,
              struct own_list *ret_list);

#endif
