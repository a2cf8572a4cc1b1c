/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which segments are the diverged ones. */

#include "salvage_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "controldata.h"
#include "files.h"
#include "postgres.h"

#define CONTROL_LIMIT_MS 30000
#define HISTORY_SIZE 65536
#define WAL_NAME_LEN 24
#define LONG_HEADER 2           /* of xlp_info: the segment's first page */
#define SEGMENT_MIN (1024 * 1024)
#define SEGMENT_MAX (1024 * 1024 * 1024)
#define XLOGID_BYTES (UINT64_C(1) << 32)

/*
 * The first page of a segment.
 *
 * Source: XLogLongPageHeaderData of PostgreSQL 10 to 19.
 */
struct page_header {
    uint16_t magic;
    uint16_t info;
    uint32_t timeline;
    uint64_t address;
    uint32_t rest;
    uint32_t padding;
    uint64_t system_id;
    uint32_t segment_size;
    uint32_t page_size;
};

static bool
read_header(int fd, struct page_header *ret_header)
{
    return pread(fd, ret_header, sizeof(*ret_header), 0)
           == (ssize_t) sizeof(*ret_header)
           && ret_header->magic != 0 && (ret_header->info & LONG_HEADER) != 0;
}

static int
open_segment(const struct salvage_wal *wal, const char *name)
{
    return openat(wal->folder, name,
                  O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

static bool
is_hex(const char *text, size_t len)
{
    return strspn(text, "0123456789ABCDEF") >= len;
}

bool
salvage_wal_is_history(const char *name)
{
    return is_hex(name, 8) && strcmp(name + 8, ".history") == 0;
}

bool
salvage_wal_is_segment(const char *name)
{
    return is_hex(name, WAL_NAME_LEN)
           && (name[WAL_NAME_LEN] == '\0'
               || strcmp(name + WAL_NAME_LEN, ".partial") == 0);
}

static uint64_t
number_of(const struct salvage_wal *wal, const char *name)
{
    char text[9] = "";
    uint64_t high;

    memcpy(text, name + 8, 8);
    high = strtoull(text, NULL, 16);
    memcpy(text, name + 16, 8);
    return high * (XLOGID_BYTES / wal->segment_size)
           + strtoull(text, NULL, 16);
}

void
salvage_wal_name(uint32_t timeline, uint64_t number, uint64_t segment_size,
                 char *ret_name)
{
    uint64_t each = XLOGID_BYTES / segment_size;
    struct text text;

    text_init(&text, ret_name, SEGMENT_NAME_SIZE);
    text_add(&text, "%08" PRIX32 "%08" PRIX64 "%08" PRIX64, timeline,
             number / each, number % each);
}

/*
 * Open the file if it is that segment: one that was recycled for later use
 * still has its old address.
 */
static int
open_if_right(const struct salvage_wal *wal, uint64_t number,
              const char *name)
{
    int fd = open_segment(wal, name);
    struct page_header header;

    if (fd >= 0
        && (!read_header(fd, &header)
            || header.address != number * wal->segment_size
            || header.system_id != wal->system_id
            || header.segment_size != wal->segment_size)) {
        close_fd(&fd);
        errno = ENOENT;
    }
    return fd;
}

/*
 * The segment in which a timeline begins is its own file; that of the one
 * before ends there, and may have been made `.partial` for the archive.
 */
int
salvage_wal_open(const struct salvage_wal *wal, uint64_t number,
                 char *ret_name)
{
    uint32_t timeline = wal->own.timeline;
    size_t left = wal->own.count;

    for (;;) {
        uint64_t begin = left == 0
            ? 0 : wal->own.left[left - 1].lsn / wal->segment_size;
        int fd = -1;

        if (begin <= number) {
            salvage_wal_name(timeline, number, wal->segment_size, ret_name);
            fd = open_if_right(wal, number, ret_name);
            if (fd < 0) {
                memcpy(ret_name + WAL_NAME_LEN, ".partial", 9);
                fd = open_if_right(wal, number, ret_name);
            }
        }
        if (fd >= 0 || left == 0 || begin < number) {
            return fd;
        }
        left--;
        timeline = wal->own.left[left].timeline;
    }
}

static bool
is_there(const struct salvage_wal *wal, uint64_t number)
{
    char name[SEGMENT_NAME_SIZE];
    CLEANUP(close_fd) int fd = salvage_wal_open(wal, number, name);

    return fd >= 0;
}

/* Look through pg_wal, which is small; calls `see` for each segment's name. */
static int
each_segment(struct salvage_wal *wal,
             void (*see)(struct salvage_wal *wal, const char *name))
{
    CLEANUP(close_folder)
    DIR *folder = files_open_folder(wal->folder, ".", 0);
    const struct dirent *entry;

    if (folder == NULL) {
        return -1;
    }
    while ((entry = readdir(folder)) != NULL) {
        if (salvage_wal_is_segment(entry->d_name)) {
            see(wal, entry->d_name);
        }
    }
    return 0;
}

static void
see_size(struct salvage_wal *wal, const char *name)
{
    CLEANUP(close_fd) int fd = open_segment(wal, name);
    struct page_header header;

    if (wal->segment_size == 0 && fd >= 0 && read_header(fd, &header)
        && header.system_id == wal->system_id
        && header.segment_size >= SEGMENT_MIN
        && header.segment_size <= SEGMENT_MAX
        && (header.segment_size & (header.segment_size - 1)) == 0) {
        wal->segment_size = header.segment_size;
    }
}

static void
see_last(struct salvage_wal *wal, const char *name)
{
    uint64_t number = number_of(wal, name);

    if (number > wal->last && is_there(wal, number)) {
        wal->last = number;
    }
}

/* From the end back to the fork, as far as nothing is missing. */
static int
find_first(struct salvage_wal *wal, lsn fork)
{
    uint64_t wanted = fork / wal->segment_size;

    if (each_segment(wal, see_last) != 0) {
        return -1;
    }
    if (wal->last < wanted || !is_there(wal, wal->last)) {
        errno = ENOENT;
        return -1;
    }
    wal->first = wal->last;
    while (wal->first > wanted && is_there(wal, wal->first - 1)) {
        wal->first--;
    }
    wal->complete = wal->first == wanted;
    return 0;
}

/*
 * Whose WAL it is, and its timeline: a promotion writes the new one to
 * pg_control before the first commit.
 */
static int
read_control(const struct salvage_request *request,
             struct salvage_wal *ret_wal, uint32_t *ret_timeline)
{
    struct controldata data = { 0 };

    if (postgres_read_controldata(request->params, request->identity,
                                  clock_now_ms() + CONTROL_LIMIT_MS, &data)
            != 0
        || data.system_identifier == 0 || data.checkpoint.timeline == 0) {
        errno = EIO;
        return -1;
    }
    ret_wal->system_id = data.system_identifier;
    *ret_timeline = data.checkpoint.timeline > data.min_recovery_end.timeline
                    ? data.checkpoint.timeline
                    : data.min_recovery_end.timeline;
    return 0;
}

static int
read_history(const char *pgdata, uint32_t timeline,
             struct history *ret_history)
{
    char path[PATH_SIZE];
    struct text text;
    CLEANUP(free_text) char *bytes = malloc(HISTORY_SIZE);
    size_t len = 0;

    if (bytes == NULL) {
        return -1;
    }
    bytes[0] = '\0';
    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/pg_wal/%08" PRIX32 ".history", pgdata, timeline);
    if (timeline > 1 && files_read(path, bytes, HISTORY_SIZE, &len) != 0) {
        return -1;
    }
    if (history_parse(timeline, bytes, ret_history) != 0) {
        errno = EINVAL;
        return -1;
    }
    return 0;
}

int
salvage_wal_find(const struct salvage_request *request,
                 struct salvage_wal *ret_wal, struct text *ret_why)
{
    const char *pgdata = request->params->pgdata;
    char path[PATH_SIZE];
    struct text text;
    uint32_t timeline;

    memset(ret_wal, 0, sizeof(*ret_wal));
    text_init(&text, path, sizeof(path));
    text_add(&text, "%s/pg_wal", pgdata);
    ret_wal->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (ret_wal->folder < 0
        || read_control(request, ret_wal, &timeline) != 0
        || read_history(pgdata, timeline, &ret_wal->own) != 0
        || each_segment(ret_wal, see_size) != 0) {
        text_add(ret_why, "could not read the WAL in '%s': %s. Look there; "
                 "nothing was changed", path, strerror(errno));
        return -1;
    }
    if (ret_wal->segment_size == 0
        || find_first(ret_wal, request->fork.lsn) != 0) {
        errno = ENOENT;
        text_add(ret_why, "could not keep the WAL in '%s': it has none from "
                 "the fork on. Look there; nothing was changed", path);
        return -1;
    }
    return 0;
}

void
salvage_wal_close(struct salvage_wal *wal)
{
    close_fd(&wal->folder);
}
