/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was seen and decided, as text: a bug report becomes a stored case. */

#include "trace.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "append.h"
#include "redact.h"

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
trace_render(const struct snapshot *snapshot, const struct plan *plan,
             const char *comment, struct text *ret_text)
{
    static char buf[TRACE_LOOK_SIZE];
    struct text text;

    text_init(&text, buf, sizeof(buf));
    text_add(&text, "# --- snapshot\n%s", comment);
    snapshot_dump(snapshot, &text);
    text_add(&text, "# --- plan\n");
    plan_dump(plan, &text);
    hide_secrets(buf, ret_text);
    ret_text->overflow = ret_text->overflow || text.overflow;
}

void
trace_add(const struct instance *instance, const struct snapshot *snapshot,
          const struct plan *plan)
{
    static char buf[TRACE_LOOK_SIZE];
    const char *path = trace_path(instance);
    struct text text;
    int fd = path == NULL ? -1 : append_open(path, O_WRONLY, TRACE_FILE_MAX);

    if (fd < 0) {
        return;
    }
    text_init(&text, buf, sizeof(buf));
    trace_render(snapshot, plan, "", &text);
    (void) append_whole(fd, buf, text.len);     /* it stands in nobody's way */
    (void) close(fd);
}
