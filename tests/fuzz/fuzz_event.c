/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of events, as a crash or a person left it. */

#include "event.h"
#include "fuzz_text.h"

/* What was read is written as a line that is read the same. */
static void
write_back(struct event *event)
{
    char line[EVENT_LINE_SIZE];
    const char *at = line;
    struct event back;
    struct text text;
    size_t left;

    text_init(&text, line, sizeof(line));
    event_format(event, &text);
    must(!text.overflow);
    left = text.len;
    must(event_next(&at, &left, &back) == 1);
    must(left == 0 && back.time_ms == event->time_ms
         && back.kind == event->kind && strcmp(back.node, event->node) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *file = fuzz_text(bytes, len);
    const char *at = file;
    struct event event;
    int rc;

    while ((rc = event_next(&at, &len, &event)) != 0) {
        if (rc > 0) {
            write_back(&event);
        }
    }
    must(len == 0);
    free(file);
    return 0;
}
