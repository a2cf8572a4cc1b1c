/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeping the WAL that only this node has, before anything overwrites it. */

#include "salvage.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "files.h"
#include "line.h"
#include "postgres_tools.h"
#include "report.h"
#include "salvage_parts.h"

#define MIB (UINT64_C(1024) * 1024)
#define SMALL_FILES (4 * MIB)       /* history, pg_control, the list */
#define SPARE_PART 20               /* of another file system than PGDATA's */

/* A call of salvage_keep(). */
struct keep {
    const struct salvage_request *request;
    struct salvage_places places;
    struct salvage_wal wal;
    struct salvage_copy copy;
    int place;                      /* the folder that gets the new one */
    char name[SALVAGE_PREFIX_SIZE + 16];
    char part[SALVAGE_PREFIX_SIZE + 32];
    char head[4 * PATH_SIZE];       /* how the README begins */
    struct salvage_kept kept;
    struct text *why;
};

/* --- the README ----------------------------------------------------------- */

/* What tells one kept folder from another; a second call writes it again. */
static int
write_head(struct keep *keep)
{
    const struct salvage_request *request = keep->request;
    const struct salvage_wal *wal = &keep->wal;
    char position[WAL_POSITION_TEXT_SIZE];
    char version[64] = "";
    char path[PATH_SIZE + 16];
    struct text text;
    size_t len;

    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/PG_VERSION", keep->places.pgdata);
    if (files_read_head(path, version, sizeof(version), &len) == 0) {
        version[strcspn(version, "\n")] = '\0';
    }
    text_init(&text, keep->head, sizeof(keep->head));
    text_add(&text, "WAL that this node had and the cluster has not. Kept by "
             "pgward; see pgward(8), SALVAGE.\n\nnode: %s\npgdata: %s\n"
             "system identifier: %" PRIu64 "\nversion: %s\n", request->node,
             keep->places.pgdata, wal->system_id, version);
    wal_position_format(request->fork, position);
    text_add(&text, "fork: %s\ntimeline: %" PRIu32 "\n", position,
             wal->own.timeline);
    text_add(&text, "timeline of the primary: %" PRIu32 "\n",
             request->winner);
    lsn_format_sql(wal->first * wal->segment_size, position);
    text_add(&text, "WAL from: %s\n", position);
    lsn_format_sql((wal->last + 1) * wal->segment_size, position);
    text_add(&text, "WAL to: %s\nsegment size: %" PRIu64 "\n"
             "complete: %s\n", position, wal->segment_size,
             wal->complete ? "yes" : "no, WAL from the fork on is missing");
    if (text.overflow) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return 0;
}

/* The files of a database lie flat in its folder. */
static uint64_t
folder_size(int parent, const char *name)
{
    CLEANUP(close_folder)
    DIR *folder = files_open_folder(parent, name, 0);
    const struct dirent *entry;
    struct stat info;
    uint64_t size = 0;

    if (folder == NULL) {
        return 0;
    }
    while ((entry = readdir(folder)) != NULL) {
        if (fstatat(dirfd(folder), entry->d_name, &info,
                    AT_SYMLINK_NOFOLLOW) == 0
            && S_ISREG(info.st_mode)) {
            size += (uint64_t) info.st_size;
        }
    }
    return size;
}

static void
add_sizes(const struct keep *keep, struct text *text)
{
    char path[PATH_SIZE + 16];
    struct text where;
    DIR *folder;
    const struct dirent *entry;
    uint64_t number;

    text_init(&where, path, sizeof(path));
    text_add(&where, "%s/base", keep->places.pgdata);
    folder = opendir(path);
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        const char *rest = line_read_number(entry->d_name, UINT32_MAX,
                                            &number);

        if (rest != NULL && *rest == '\0') {
            text_add(text, "size of database %s: %" PRIu64 "\n",
                     entry->d_name,
                     folder_size(dirfd(folder), entry->d_name));
        }
    }
    close_folder(&folder);
}

static int
write_readme(const struct keep *keep)
{
    const struct salvage_request *request = keep->request;
    CLEANUP(free_text) char *bytes = malloc(SALVAGE_README_SIZE);
    CLEANUP(close_fd) int fd = -1;
    char program[PATH_MAX];
    char position[WAL_POSITION_TEXT_SIZE];
    char when[40] = "";
    time_t now = time(NULL);
    struct tm fields;
    struct text text;

    if (bytes == NULL) {
        return -1;
    }
    text_init(&text, bytes, SALVAGE_README_SIZE);
    text_add(&text, "%s", keep->head);
    lsn_format_sql(request->end, position);
    text_add(&text, "end: %s\n", request->end != 0 ? position
                                                   : "not known");
    if (gmtime_r(&now, &fields) != NULL) {
        (void) strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &fields);
    }
    text_add(&text, "kept at: %s\n", when);
    if (postgres_tools_path(request->params, "pg_waldump", program) == 0) {
        *strrchr(program, '/') = '\0';
        text_add(&text, "programs: %s\n", program);
    }
    add_sizes(keep, &text);     /* as many databases as fit */
    fd = openat(keep->copy.to, SALVAGE_README,
                O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, bytes, text.len) != (ssize_t) text.len) {
        return -1;
    }
    return fsync(fd);
}

/* --- the same again? ------------------------------------------------------ */

/*
 * A call that was killed after its rename, or whose caller was, is repeated:
 * the same fork, the same segments, and the last one with the same bytes. It
 * is needed again, however old it is: its age begins anew.
 */
static bool
is_kept_already(struct keep *keep)
{
    struct salvage_found newest;
    char path[PATH_SIZE + SEGMENT_NAME_SIZE];
    char head[sizeof(keep->head)];
    char name[SEGMENT_NAME_SIZE];
    struct text text;
    size_t len;
    CLEANUP(close_fd) int now = -1;
    CLEANUP(close_fd) int then = -1;

    if (salvage_place_pick(&keep->places, true, &newest) == 0) {
        return false;
    }
    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/" SALVAGE_README, newest.folder);
    if (files_read_head(path, head, strlen(keep->head) + 1, &len) != 0
        || strcmp(head, keep->head) != 0) {
        return false;
    }
    now = salvage_wal_open(&keep->wal, keep->wal.last, name);
    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/%s", newest.folder, name);
    then = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (now < 0 || then < 0 || !salvage_copy_same(now, then)
        || utimensat(AT_FDCWD, newest.folder, NULL, 0) != 0) {
        return false;
    }
    (void) text_copy(newest.folder, keep->kept.folder,
                     sizeof(keep->kept.folder));    /* as large */
    keep->kept.number = newest.number;
    keep->kept.again = true;
    return true;
}

/* --- the copy ------------------------------------------------------------- */

static int
check_space(struct keep *keep)
{
    char name[SEGMENT_NAME_SIZE];
    CLEANUP(close_fd)
    int fd = salvage_wal_open(&keep->wal, keep->wal.first, name);
    uint64_t needed = keep->copy.total + SMALL_FILES;
    uint64_t unit;
    uint64_t available;
    struct statvfs space;
    struct stat ours;
    struct stat pgdata;

    keep->copy.shared = fd >= 0 && salvage_copy_can_share(keep->copy.to, fd);
    if (keep->copy.shared || fstatvfs(keep->copy.to, &space) != 0
        || fstat(keep->copy.to, &ours) != 0
        || stat(keep->places.pgdata, &pgdata) != 0) {
        return 0;       /* writing shows it */
    }
    unit = space.f_frsize != 0 ? space.f_frsize : space.f_bsize;
    available = (uint64_t) space.f_bavail * unit;
    if (ours.st_dev != pgdata.st_dev) {
        needed += (uint64_t) space.f_blocks * unit / SPARE_PART;
    }
    if (needed <= available) {
        return 0;
    }
    text_add(keep->why, "make room in '%s': the WAL that only this node has "
             "needs %lu MB. %lu MB are free; nothing was changed",
             keep->places.place[0].folder, (unsigned long) (needed / MIB),
             (unsigned long) (available / MIB));
    errno = ENOSPC;
    return -1;
}

static int
copy_segments(struct keep *keep)
{
    for (uint64_t i = keep->wal.first; i <= keep->wal.last; i++) {
        char name[SEGMENT_NAME_SIZE];
        CLEANUP(close_fd) int fd = salvage_wal_open(&keep->wal, i, name);

        if (fd < 0 || salvage_copy_file(&keep->copy, fd, name) != 0) {
            return -1;
        }
    }
    return 0;
}

static int
copy_histories(struct keep *keep)
{
    CLEANUP(close_folder)
    DIR *folder = files_open_folder(keep->wal.folder, ".", 0);
    const struct dirent *entry;

    if (folder == NULL) {
        return -1;
    }
    while ((entry = readdir(folder)) != NULL) {
        if (salvage_wal_is_history(entry->d_name)
            && salvage_copy_named(&keep->copy, dirfd(folder),
                                  entry->d_name, entry->d_name) != 0) {
            return -1;
        }
    }
    return 0;
}

static int
copy_control(struct keep *keep)
{
    CLEANUP(close_fd)
    int fd = open(keep->places.pgdata, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? -1 : salvage_copy_named(&keep->copy, fd,
                                            "global/pg_control",
                                            "pg_control");
}

static int
fill(struct keep *keep)
{
    if (check_space(keep) != 0) {
        return -1;
    }
    if (copy_segments(keep) == 0 && copy_histories(keep) == 0
        && copy_control(keep) == 0 && write_readme(keep) == 0
        && fsync(keep->copy.to) == 0
        && renameat(keep->place, keep->part, keep->place, keep->name) == 0
        && fsync(keep->place) == 0) {
        return 0;
    }
    if (errno == ENOSPC || errno == EDQUOT) {
        text_add(keep->why, "make room in '%s': the WAL that only this node "
                 "has needs %lu MB. The disk was full after %lu MB; nothing "
                 "was changed", keep->places.place[0].folder,
                 (unsigned long) (keep->copy.total / MIB),
                 (unsigned long) (keep->copy.done / MIB));
        errno = ENOSPC;
        return -1;
    }
    text_add(keep->why, "could not keep WAL in '%s': %s. Look there; nothing "
             "was changed", keep->places.place[0].folder, strerror(errno));
    return -1;
}

static void
name_new(struct keep *keep)
{
    const struct salvage_place *place = &keep->places.place[0];
    struct salvage_found newest;
    struct text text;

    (void) salvage_place_pick(&keep->places, true, &newest);
    keep->kept.number = newest.number + 1;
    text_init(&text, keep->name, sizeof(keep->name));
    text_add(&text, "%s%u", place->prefix, keep->kept.number);
    text_init(&text, keep->part, sizeof(keep->part));
    text_add(&text, "%s" SALVAGE_PART, keep->name);
    text_init(&text, keep->kept.folder, sizeof(keep->kept.folder));
    text_add(&text, "%s/%s", place->folder, keep->name);
}

static int
make_new(struct keep *keep)
{
    const char *folder = keep->places.place[0].folder;
    char path[PATH_SIZE];
    struct text text;
    int cause;

    name_new(keep);
    keep->place = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (keep->place < 0 || mkdirat(keep->place, keep->part, 0700) != 0) {
        text_add(keep->why, "could not make a folder in '%s': %s. Look there",
                 folder, strerror(errno));
        return -1;
    }
    keep->copy.to = openat(keep->place, keep->part,
                           O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    keep->copy.total = keep->kept.bytes;
    keep->copy.tick = keep->request->tick;
    keep->copy.context = keep->request->context;
    if (keep->copy.to >= 0 && fill(keep) == 0) {
        return 0;
    }
    cause = errno;
    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/%s", folder, keep->part);
    (void) salvage_remove_folder(path, 0);     /* the cause is known */
    errno = cause;
    return -1;
}

static int
keep_wal(struct keep *keep)
{
    const struct salvage_wal *wal = &keep->wal;

    if (salvage_place_find(keep->request->params, &keep->places, keep->why)
            != 0
        || salvage_wal_find(keep->request, &keep->wal, keep->why) != 0) {
        return -1;
    }
    keep->kept.segments = (size_t) (wal->last - wal->first) + 1;
    keep->kept.bytes = keep->kept.segments * wal->segment_size;
    keep->kept.first = wal->first * wal->segment_size;
    keep->kept.last = (wal->last + 1) * wal->segment_size;
    keep->kept.complete = wal->complete;
    salvage_place_tidy(&keep->places);
    if (write_head(keep) != 0) {
        text_add(keep->why, "could not describe '%s': %s",
                 keep->places.pgdata, strerror(errno));
        return -1;
    }
    return is_kept_already(keep) ? 0 : make_new(keep);
}

int
salvage_keep(const struct salvage_request *request,
             struct salvage_kept *ret_kept, struct text *ret_why)
{
    struct keep *keep = calloc(1, sizeof(*keep));
    int rc = -1;
    int cause;

    if (keep == NULL || identity_become(request->identity) != 0) {
        text_add(ret_why, "could not act as user '%s': %s",
                 request->params->pgdba, strerror(errno));
        free(keep);
        return -1;
    }
    keep->request = request;
    keep->why = ret_why;
    keep->place = -1;
    keep->copy.to = -1;
    keep->wal.folder = -1;
    rc = keep_wal(keep);
    cause = errno;
    salvage_wal_close(&keep->wal);
    close_fd(&keep->place);
    close_fd(&keep->copy.to);
    identity_return();
    if (rc == 0) {
        *ret_kept = keep->kept;
    }
    free(keep);
    errno = cause;
    return rc;
}

/* --- not too many --------------------------------------------------------- */

/* Out of sight first: what is half removed is not taken for a whole one. */
static int
remove_kept(const char *folder)
{
    char part[PATH_SIZE + 16];
    struct text text;

    text_init(&text, part, sizeof(part));
    text_add(&text, "%s" SALVAGE_PART, folder);
    return rename(folder, part) == 0 ? salvage_remove_folder(part, 0) : -1;
}

static int
prune(const struct params *params, const struct salvage_limits *limits,
      struct text *why)
{
    struct salvage_places places;
    struct salvage_found oldest;

    if (salvage_place_find(params, &places, why) != 0) {
        return -1;
    }
    while (salvage_is_over(limits, salvage_place_pick(&places, false, &oldest),
                           oldest.folder)) {
        if (limits->deadline_ms != 0
            && clock_left_ms(limits->deadline_ms) == 0) {
            errno = ETIME;
            return -1;
        }
        if (remove_kept(oldest.folder) != 0) {
            text_add(why, "could not remove '%s': %s. Remove it",
                     oldest.folder, strerror(errno));
            return -1;
        }
        report_log(LOG_NOTICE, "removed '%s': rejoin_keep is %zu, "
                   "rejoin_keep_age %lld s", oldest.folder, limits->keep,
                   (long long) limits->age_s);
    }
    return 0;
}

int
salvage_prune(const struct params *params, const struct identity *identity,
              const struct salvage_limits *limits, struct text *ret_why)
{
    struct salvage_limits least = *limits;
    int rc;
    int cause;

    if (salvage_become(params, identity, ret_why) != 0) {
        return -1;
    }
    least.keep = limits->keep == 0 ? 1 : limits->keep;
    rc = prune(params, &least, ret_why);
    cause = errno;
    identity_return();
    errno = cause;
    return rc;
}
