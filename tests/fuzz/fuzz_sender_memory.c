/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file in tmpdir that remembers WAL senders, as a crash left it. */

#include "fuzz_text.h"
#include "sender_memory.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static char written[NODES_MAX * (NODE_NAME_SIZE + 128) + 64];
    char *file = fuzz_text(bytes, len);
    struct sender_memory memory;
    struct sender_memory back;
    struct text text;

    if (sender_memory_parse(file, &memory) == 0) {
        text_init(&text, written, sizeof(written));
        sender_memory_format(&memory, &text);
        must(!text.overflow && sender_memory_parse(written, &back) == 0);
        must(back.count == memory.count);
        for (size_t i = 0; i < memory.count; i++) {
            must(back.note[i].heard_ms == memory.note[i].heard_ms);
            must(back.note[i].left_ms == memory.note[i].left_ms);
            must(strcmp(back.note[i].name, memory.note[i].name) == 0);
            must(strcmp(back.note[i].began, memory.note[i].began) == 0);
            must(strcmp(back.note[i].reply, memory.note[i].reply) == 0);
        }
    }
    free(file);
    return 0;
}
