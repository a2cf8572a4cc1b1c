/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What copies took the place of, and how it goes in the end. */

#include "rebuild_kept.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "files.h"
#include "paths.h"
#include "rebuild_folder.h"
#include "report.h"
#include "salvage_parts.h"

int
rebuild_kept_remove(const char *path, struct text *ret_why)
{
    if (salvage_remove_folder(path) == 0 || errno == ENOENT) {
        return 0;
    }
    text_add(ret_why, "remove '%s': it is in the way, and could not be: %s",
             path, strerror(errno));
    return -1;
}

/* --- too many ------------------------------------------------------------- */

struct olds {
    size_t count;
    struct rebuild_found first;
};

static void
see_old(void *context, const struct rebuild_found *found)
{
    struct olds *olds = context;

    if (found->kind != REBUILD_OLD) {
        return;
    }
    if (olds->count == 0 || found->number < olds->first.number) {
        olds->first = *found;
    }
    olds->count++;
}

struct removal {
    const char *pgdata;             /* of today */
    const struct rebuild_link *link;
    struct text *why;
};

/* 1, and no failure: today's data leads there, too. */
static int
see_same(void *context, const struct rebuild_link *link)
{
    const struct removal *removal = context;

    return rebuild_folder_same(link->path, removal->link->path) ? 1 : 0;
}

static int
remove_linked(void *context, const struct rebuild_link *link)
{
    struct removal *removal = context;

    if (rebuild_folder_kind(link->target) == REBUILD_OLD) {
        return rebuild_kept_remove(link->target, removal->why);
    }
    removal->link = link;
    if (files_exists(link->path) == 1
        && rebuild_folder_links(removal->pgdata, see_same, removal) == 0) {
        report_log(LOG_NOTICE, "'%s' is left: data that is removed now led "
                   "there, and nothing else of pgward's does", link->target);
    }
    return 0;
}

static int
remove_old(const char *pgdata, const struct rebuild_found *old,
           struct text *why)
{
    struct removal removal = { .pgdata = pgdata, .why = why };
    size_t said = why->len;

    if (rebuild_folder_links(old->path, remove_linked, &removal) != 0) {
        if (why->len == said) {
            text_add(why, "remove '%s': it could not be looked at: %s",
                     old->path, strerror(errno));
        }
        return -1;
    }
    return rebuild_kept_remove(old->path, why);
}

int
rebuild_kept_prune(const char *pgdata, size_t keep, struct text *ret_why)
{
    for (;;) {
        struct olds olds = { .count = 0 };

        rebuild_folder_scan(pgdata, see_old, &olds);
        if (olds.count <= keep) {
            return 0;
        }
        if (remove_old(pgdata, &olds.first, ret_why) != 0) {
            return -1;
        }
        report_log(LOG_NOTICE, "removed '%s', data that a copy took the place "
                   "of: so many are kept as rejoin_keep says",
                   olds.first.path);
    }
}

/* --- in the way of a rewind ------------------------------------------------ */

struct clearing {
    struct text *why;
    int rc;
};

static void
see_inside(void *context, const struct rebuild_found *found)
{
    struct clearing *clearing = context;

    if (!found->inside || clearing->rc != 0) {
        return;
    }
    clearing->rc = rebuild_kept_remove(found->path, clearing->why);
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
    struct clearing clearing = { .why = ret_why };
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
