/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What copies took the place of, and how it goes in the end. */

#include "rebuild_kept.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

#include "files.h"
#include "line.h"
#include "paths.h"
#include "rebuild_folder.h"
#include "report.h"
#include "salvage_parts.h"

static int
remove_until(const char *path, int64_t deadline_ms, struct text *why)
{
    if (salvage_remove_folder(path, deadline_ms) == 0 || errno == ENOENT) {
        return 0;
    }
    if (errno != ETIME) {
        text_add(why, "remove '%s': it is in the way, and could not be: %s",
                 path, strerror(errno));
    }
    return -1;
}

int
rebuild_kept_remove(const char *path, struct text *ret_why)
{
    return remove_until(path, 0, ret_why);
}

/* --- too many, too old ---------------------------------------------------- */

/* A server's working folder is its data; what somebody looks at stays. */
static bool
is_in_use(const char *path)
{
    char name[PATH_SIZE];
    char bytes[64];
    uint64_t pid = 0;
    struct text text;
    size_t len;

    if (path_join(path, "postmaster.pid", name) != 0
        || files_read_head(name, bytes, sizeof(bytes), &len) != 0
        || line_read_number(bytes, INT32_MAX, &pid) == NULL) {
        return false;
    }
    text_init(&text, name, sizeof(name));
    text_add(&text, "/proc/%llu/cwd", (unsigned long long) pid);
    return files_are_same(name, path);
}

/* A link that has such a name is a person's. */
static bool
is_ours(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

struct olds {
    size_t count;
    struct rebuild_found first;
    struct rebuild_found gone;      /* one that was begun; OTHER: none */
};

static void
see_old(void *context, const struct rebuild_found *found)
{
    struct olds *olds = context;

    if (found->kind == REBUILD_GONE) {
        olds->gone = *found;
    }
    if (found->kind != REBUILD_OLD || !is_ours(found->path)) {
        return;
    }
    if (is_in_use(found->path)) {
        report_log(LOG_NOTICE, "'%s' stays, whatever rejoin_keep says: a "
                   "server runs there", found->path);
        return;
    }
    if (olds->count == 0 || found->number < olds->first.number) {
        olds->first = *found;
    }
    olds->count++;
}

struct removal {
    const char *pgdata;             /* of today */
    int64_t deadline_ms;
    const struct rebuild_link *link;
    struct text *why;
};

/* 1: today's data leads there, too. */
static int
see_same(void *context, const struct rebuild_link *link)
{
    const struct removal *removal = context;

    return files_are_same(link->path, removal->link->path) ? 1 : 0;
}

/* Who made data of today out of a kept folder shares what that leads to. */
static int
remove_linked(void *context, const struct rebuild_link *link)
{
    struct removal *removal = context;
    bool shared;

    removal->link = link;
    shared = rebuild_folder_links(removal->pgdata, see_same, removal) != 0;
    if (!shared && rebuild_folder_kind(link->target) == REBUILD_OLD) {
        return remove_until(link->target, removal->deadline_ms, removal->why);
    }
    if (!shared && files_exists(link->path) == 1) {
        report_log(LOG_NOTICE, "'%s' is left: data that is removed now led "
                   "there, and nothing else of pgward's does", link->target);
    }
    return 0;
}

static int
remove_gone(struct removal *removal, const char *path)
{
    size_t said = removal->why->len;

    if (rebuild_folder_links(path, remove_linked, removal) == 0) {
        return remove_until(path, removal->deadline_ms, removal->why);
    }
    if (errno != ETIME && removal->why->len == said) {
        text_add(removal->why, "remove '%s': it could not be looked at: %s",
                 path, strerror(errno));
    }
    return -1;
}

static int
begin_removal(const char *path, const struct salvage_limits *limits,
              struct text *why)
{
    char gone[PATH_SIZE];
    struct text text;

    text_init(&text, gone, sizeof(gone));
    text_add(&text, "%s" REBUILD_GONE_END, path);
    if (text.overflow || rename(path, gone) != 0) {
        text_add(why, "remove '%s': it could not be given another name: %s",
                 path, strerror(errno));
        return -1;
    }
    report_log(LOG_NOTICE, "'%s' goes, data that a copy took the place of: "
               "rejoin_keep is %ld, rejoin_keep_age %lld s", path,
               (long) limits->keep, (long long) limits->age_s);
    return 0;
}

int
rebuild_kept_prune(const char *pgdata, const struct salvage_limits *limits,
                   struct text *ret_why)
{
    struct removal removal = { .pgdata = pgdata, .why = ret_why,
                               .deadline_ms = limits->deadline_ms };
    int rc = 0;

    while (rc == 0) {
        struct olds olds = { .count = 0 };

        rebuild_folder_scan(pgdata, see_old, &olds);
        if (olds.gone.kind == REBUILD_GONE) {
            rc = remove_gone(&removal, olds.gone.path);
        } else if (salvage_is_over(limits, olds.count, olds.first.path)) {
            rc = begin_removal(olds.first.path, limits, ret_why);
        } else {
            break;
        }
    }
    return rc;
}

/* --- in the way of a rewind ----------------------------------------------- */

struct clearing {
    struct removal removal;
    int rc;
};

/* With what it leads to, which no name would tell of any more. */
static void
see_inside(void *context, const struct rebuild_found *found)
{
    struct clearing *clearing = context;

    if (!found->inside || clearing->rc != 0) {
        return;
    }
    clearing->rc = remove_gone(&clearing->removal, found->path);
    if (clearing->rc == 0) {
        report_log(LOG_NOTICE, "removed '%s', of data that a copy took the "
                   "place of: pg_rewind takes away what lies in there",
                   found->path);
    }
}

static int
see_linked_inside(void *context, const struct rebuild_link *link)
{
    struct clearing *clearing = context;

    rebuild_folder_scan(link->path, see_inside, clearing);
    return clearing->rc;
}

int
rebuild_kept_clear_inside(const char *pgdata, struct text *ret_why)
{
    struct clearing clearing = {
        .removal = { .pgdata = pgdata, .why = ret_why },
    };
    size_t said = ret_why->len;

    rebuild_folder_scan(pgdata, see_inside, &clearing);
    if (clearing.rc == 0
        && rebuild_folder_links(pgdata, see_linked_inside, &clearing) == 0) {
        return 0;
    }
    if (ret_why->len == said) {
        text_add(ret_why, "look at the links of '%s': %s", pgdata,
                 strerror(errno));
    }
    return -1;
}
