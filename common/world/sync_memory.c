/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is remembered of a synchronous list between two actions (P1). */

#include "sync_memory.h"

#include <string.h>

#include "lsn.h"

#define FORMAT "pgward-sync 1"

enum line {
    LINE_VERSION = 0,
    LINE_STARTED,
    LINE_ASKED,
    LINE_MARK,
    LINE_PROVEN,
    LINE_LIST,
    LINE_COUNT,
};

void
sync_memory_format(const struct sync_memory *memory, struct text *text)
{
    char asked[LSN_TEXT_SIZE];
    char mark[LSN_TEXT_SIZE];

    lsn_format_hex(memory->asked, asked);
    lsn_format_hex(memory->mark, mark);
    text_add(text, FORMAT "\n%s\n%s\n%s\n%s\n%s\n", memory->started, asked,
             mark, memory->proven ? "proven" : "not proven", memory->list);
}

static int
read_line(enum line number, const char *line, struct sync_memory *memory)
{
    switch (number) {
        case LINE_VERSION:
            return strcmp(line, FORMAT);
        case LINE_STARTED:
            return text_copy(line, memory->started, STARTED_SIZE);
        case LINE_ASKED:
            return lsn_parse_hex(line, &memory->asked);
        case LINE_MARK:
            return lsn_parse_hex(line, &memory->mark);
        case LINE_PROVEN:
            memory->proven = strcmp(line, "proven") == 0;
            return 0;
        case LINE_LIST:
        case LINE_COUNT:
            break;
    }
    return text_copy(line, memory->list, SERVER_TEXT_SIZE);
}

int
sync_memory_parse(const char *text, struct sync_memory *ret_memory)
{
    struct sync_memory memory = { .asked = 0 };
    char line[SERVER_TEXT_SIZE];

    for (unsigned i = 0; i < LINE_COUNT; i++) {
        size_t len = strcspn(text, "\n");

        if (text[len] == '\0' || len >= sizeof(line)) {
            return -1;
        }
        memcpy(line, text, len);
        line[len] = '\0';
        if (read_line((enum line) i, line, &memory) != 0) {
            return -1;
        }
        text += len + 1;
    }
    if (*text != '\0') {
        return -1;
    }
    *ret_memory = memory;
    return 0;
}
