/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The flight recorder: one file for an action, and one of events. */

#include "flight.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "append.h"
#include "cleanup.h"
#include "clock.h"
#include "event.h"
#include "files.h"
#include "line.h"
#include "notable.h"
#include "paths.h"
#include "trace.h"

#define COMMENT_SIZE 512
#define NAME_SIZE 64
#define NUMBER_MAX 999999999u

/* What this process, which is one action, has kept. */
struct flight {
    int fd;                     /* of its record; -1: none yet */
    uint64_t plan;              /* that was kept last, by its checksum */
    uint32_t kinds;             /* bits of enum event_kind that were noted */
};

int
flight_folder(const char *resource, char *ret_path)
{
    const char *folder = getenv("PGWARD_STATE");

    return path_join(folder != NULL && folder[0] == '/' ? folder
                                                        : STATE_FOLDER,
                     resource, ret_path);
}

static int
open_folder(const char *path)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = open(path, flags);

    if (fd < 0 && errno == ENOENT
        && files_make_folder(path, geteuid(), getegid(), 0700, false) == 0) {
        fd = open(path, flags);
    }
    return fd;
}

/* The number in `RING-NUMBER.trace`; 0: it is no record of that ring. */
static uint64_t
number_of(const char *name, const char *ring)
{
    const char *rest = line_after(name, ring);
    uint64_t number;

    if (rest == NULL || *rest != '-') {
        return 0;
    }
    rest = line_read_number(rest + 1, NUMBER_MAX, &number);
    return rest != NULL && strcmp(rest, FLIGHT_SUFFIX) == 0 ? number : 0;
}

static uint64_t
last_number(DIR *folder, const char *ring)
{
    uint64_t last = 0;

    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        uint64_t number = number_of(entry->d_name, ring);

        last = number > last ? number : last;
    }
    return last;
}

/* So that with the new one there are no more than that. */
static void
make_room(DIR *folder, const char *ring, uint64_t next)
{
    rewinddir(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        uint64_t number = number_of(entry->d_name, ring);

        if (number != 0 && number + FLIGHT_RECORDS <= next) {
            (void) unlinkat(dirfd(folder), entry->d_name, 0);
        }
    }
}

/* A new record. Of two actions at once each has a number of its own. */
static int
open_record(int folder_fd, const char *ring, char ret_name[NAME_SIZE])
{
    DIR *folder = files_open_folder(folder_fd, ".", 0);
    uint64_t next;
    int fd = -1;

    if (folder == NULL) {
        return -1;
    }
    next = last_number(folder, ring) + 1;
    make_room(folder, ring, next);
    do {
        struct text text;

        text_init(&text, ret_name, NAME_SIZE);
        text_add(&text, "%s-%06" PRIu64 FLIGHT_SUFFIX, ring, next);
        fd = openat(folder_fd, ret_name,
                    O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW
                    | O_CLOEXEC, 0600);
    } while (fd < 0 && errno == EEXIST && next++ < NUMBER_MAX);
    (void) closedir(folder);
    return fd;
}

/* FNV-1a: a plan that is decided again and again is kept once. */
static uint64_t
checksum(const char *bytes)
{
    uint64_t sum = 14695981039346656037u;

    for (; *bytes != '\0'; bytes++) {
        sum = (sum ^ (unsigned char) *bytes) * 1099511628211u;
    }
    return sum;
}

/* The first look of a record, which is not left behind empty. */
static int
begin_record(int folder_fd, const char *ring, const struct text *look,
             struct flight *flight)
{
    char name[NAME_SIZE];
    int fd = open_record(folder_fd, ring, name);

    if (fd < 0) {
        return -1;
    }
    if (append_whole(fd, look->buf, look->len) != 0) {
        (void) close(fd);
        (void) unlinkat(folder_fd, name, 0);
        return -1;
    }
    flight->fd = fd;        /* until the process ends */
    return 0;
}

static int
add_to_record(const struct text *look, int fd)
{
    struct stat info;

    return fstat(fd, &info) == 0
           && (uint64_t) info.st_size + look->len <= FLIGHT_RECORD_MAX
           ? append_whole(fd, look->buf, look->len) : -1;
}

static void
keep_look(const struct instance *instance, int folder_fd,
          const struct snapshot *snapshot, const struct plan *plan,
          struct flight *flight)
{
    static char buf[TRACE_LOOK_SIZE];
    const char *ring = notable_ring_name(notable_ring(snapshot, plan));
    char comment[COMMENT_SIZE];
    struct text text;
    uint64_t sum;

    text_init(&text, buf, sizeof(buf));
    plan_dump(plan, &text);
    sum = checksum(buf);
    if (flight->fd >= 0 && sum == flight->plan) {
        return;
    }
    text_init(&text, comment, sizeof(comment));
    text_add(&text, "# pgward " PACKAGE_VERSION ", %s on %s, %" PRId64
             " ms since 1970\n", instance->resource, instance->self_name,
             clock_wall_ms());
    text_init(&text, buf, sizeof(buf));
    trace_render(snapshot, plan, comment, &text);
    if (!text.overflow
        && (flight->fd < 0 ? begin_record(folder_fd, ring, &text, flight)
                           : add_to_record(&text, flight->fd)) == 0) {
        flight->plan = sum;
    }
}

/*
 * Does the last line tell the same? What fails again and again would push out
 * what happened once. A line that was torn off is ended.
 */
static bool
is_told(int fd, const struct event *event)
{
    char tail[EVENT_LINE_SIZE + 1];
    struct event last;
    struct stat info;
    ssize_t len = 0;
    char *line;

    if (fstat(fd, &info) == 0 && info.st_size > 0) {
        off_t from = info.st_size > EVENT_LINE_SIZE
                     ? info.st_size - EVENT_LINE_SIZE : 0;

        len = pread(fd, tail, EVENT_LINE_SIZE, from);
    }
    if (len <= 0) {
        return false;
    }
    if (tail[len - 1] != '\n') {
        (void) append_whole(fd, "\n", 1);
        return false;
    }
    tail[len - 1] = '\0';
    line = strrchr(tail, '\n');
    return (event->kind == EVENT_FAILED || event->kind == EVENT_REFUSED)
           && event_parse(line == NULL ? tail : line + 1, &last) == 0
           && last.kind == event->kind && strcmp(last.node, event->node) == 0
           && strcmp(last.reason, event->reason) == 0;
}

static void
note_event(const char *folder, struct event *event, struct flight *flight)
{
    char path[PATH_SIZE];
    char line[EVENT_LINE_SIZE];
    CLEANUP(close_fd) int fd = -1;
    struct text text;

    /* looks of one action tell the same again, but each release is another */
    if (event->kind != EVENT_RELEASED
        && (flight->kinds & (1u << event->kind)) != 0) {
        return;
    }
    if (path_join(folder, FLIGHT_EVENTS, path) != 0) {
        return;
    }
    fd = append_open(path, O_RDWR, FLIGHT_EVENTS_MAX);
    if (fd < 0) {
        return;
    }
    flight->kinds |= 1u << event->kind;
    event->time_ms = clock_wall_ms();
    text_init(&text, line, sizeof(line));
    event_format(event, &text);
    if (!text.overflow && !is_told(fd, event)) {
        (void) append_whole(fd, line, text.len);
    }
}

void
flight_note(const struct instance *instance, const struct snapshot *snapshot,
            const struct plan *plan)
{
    static struct flight flight = { .fd = -1 };
    static struct event events[NOTABLE_EVENTS_MAX];
    enum flight_ring ring = notable_ring(snapshot, plan);
    size_t count = notable_events(snapshot, plan, events);
    CLEANUP(close_fd) int folder_fd = -1;
    char folder[PATH_SIZE];

    if ((ring == FLIGHT_NONE && count == 0)
        || flight_folder(instance->resource, folder) != 0) {
        return;
    }
    folder_fd = open_folder(folder);
    if (folder_fd < 0) {
        return;
    }
    if (ring != FLIGHT_NONE) {
        keep_look(instance, folder_fd, snapshot, plan, &flight);
    }
    for (size_t i = 0; i < count; i++) {
        note_event(folder, &events[i], &flight);
    }
}
