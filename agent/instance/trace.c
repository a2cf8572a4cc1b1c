/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was seen and decided, as text: a bug report becomes a stored case. */

#include "trace.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "redact.h"

#define TRACE_SIZE (128 * 1024)

static const char *
trace_path(const struct instance *instance)
{
    const char *path = getenv("PGWARD_TRACE");

    if (path != NULL && path[0] != '\0') {
        return path;
    }
    return instance->params.trace_file[0] != '\0'
           ? instance->params.trace_file : NULL;
}

static int
open_trace(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
                0600);
}

/* Of two actions at once one makes room; the other goes on in the old file. */
static int
open_with_room(const char *path)
{
    char old[PATH_SIZE];
    struct text text;
    struct stat info;
    int fd = open_trace(path);

    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)
        || info.st_size < TRACE_FILE_MAX) {
        return fd;
    }
    text_init(&text, old, sizeof(old));
    text_add(&text, "%s.old", path);
    if (text.overflow || rename(path, old) != 0) {
        return fd;
    }
    (void) close(fd);
    return open_trace(path);
}

/* A server's words may hold a password or a connection string. */
static void
hide_secrets(char *lines, struct text *shown)
{
    for (char *end; (end = strchr(lines, '\n')) != NULL; lines = end + 1) {
        *end = '\0';
        redact_add(shown, lines);
        text_add(shown, "\n");
    }
}

void
trace_add(const struct instance *instance, const struct snapshot *snapshot,
          const struct plan *plan)
{
    static char buf[TRACE_SIZE];
    static char safe[TRACE_SIZE];
    const char *path = trace_path(instance);
    struct text text;
    struct text shown;
    ssize_t written;
    int fd = path == NULL ? -1 : open_with_room(path);

    if (fd < 0) {
        return;
    }
    text_init(&text, buf, sizeof(buf));
    text_add(&text, "# --- snapshot\n");
    snapshot_dump(snapshot, &text);
    text_add(&text, "# --- plan\n");
    plan_dump(plan, &text);
    text_init(&shown, safe, sizeof(safe));
    hide_secrets(buf, &shown);
    written = write(fd, safe, shown.len);
    (void) written;
    (void) close(fd);
}
