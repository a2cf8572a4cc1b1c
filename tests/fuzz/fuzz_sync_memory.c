/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file in tmpdir that remembers a synchronous list, as a crash left it. */

#include "fuzz_text.h"
#include "sync_memory.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static char written[SERVER_TEXT_SIZE + STARTED_SIZE + 128];
    char *file = fuzz_text(bytes, len);
    struct sync_memory memory;
    struct sync_memory back;
    struct text text;

    if (sync_memory_parse(file, &memory) == 0) {
        text_init(&text, written, sizeof(written));
        sync_memory_format(&memory, &text);
        must(!text.overflow && sync_memory_parse(written, &back) == 0);
        must(back.asked == memory.asked && back.mark == memory.mark);
        must(back.proven == memory.proven);
        must(strcmp(back.started, memory.started) == 0);
        must(strcmp(back.list, memory.list) == 0);
    }
    free(file);
    return 0;
}
