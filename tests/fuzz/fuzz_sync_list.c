/* SPDX-License-Identifier: GPL-2.0-or-later */
/* synchronous_standby_names: what is read is written and read alike. */

#include "fuzz_text.h"
#include "sync_list.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct snapshot world;
    static char written[NODES_MAX * (2 * NODE_NAME_SIZE + 3) + 32];
    static const char *const names[] = { "srv1", "srv2", "a\"b" };
    char *line = fuzz_text(bytes, len);
    struct sync_list list;
    struct sync_list back;
    struct text text;

    world.node_count = sizeof(names) / sizeof(names[0]);
    for (size_t i = 0; i < world.node_count; i++) {
        must(text_copy(names[i], world.node[i].name, NODE_NAME_SIZE) == 0);
    }
    if (sync_list_parse(&world, line, &list) == 0) {
        must(list.count <= NODES_MAX && list.n <= NODES_MAX);
        must(line[0] == '\0' || list.n > 0);
        for (size_t i = 0; i < list.count; i++) {
            must(sync_list_place(&list, list.node[i]) > 0);
        }
        text_init(&text, written, sizeof(written));
        sync_list_format(&list, &text);
        must(!text.overflow && sync_list_parse(&world, written, &back) == 0);
        must(back.count == list.count && back.strangers == 0);
        must(list.count < 2 || (back.n == list.n && back.any == list.any));
        must(memcmp(back.node, list.node, list.count * sizeof(list.node[0]))
             == 0);
    }
    free(line);
    return 0;
}
