/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of the events' file, as a crash or a person left it. */

#include "event.h"
#include "fuzz_text.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *line = fuzz_text(bytes, len);
    char written[EVENT_LINE_SIZE];
    struct event event;
    struct text text;

    if (event_parse(line, &event) == 0) {
        text_init(&text, written, sizeof(written));
        event_format(&event, &text);
        must(!text.overflow && text.len > 0);
        must(written[text.len - 1] == '\n');
        written[text.len - 1] = '\0';
        must(event_parse(written, &event) == 0);
    }
    free(line);
    return 0;
}
