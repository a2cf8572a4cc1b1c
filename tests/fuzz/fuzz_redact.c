/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hiding secrets: any line, and never more text than room. */

#include "fuzz_text.h"
#include "redact.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char small[64];
    char *line = fuzz_text(bytes, len);
    char *room = malloc(4 * len + 16);
    struct text text;

    must(room != NULL);
    text_init(&text, small, sizeof(small));
    redact_add(&text, line);
    text_init(&text, room, 4 * len + 16);
    redact_add(&text, line);
    must(!text.overflow);
    must(strlen(room) == text.len);
    free(room);
    free(line);
    return 0;
}
