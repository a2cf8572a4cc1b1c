/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timeline history files, and what the cluster is told of them. */

#include <string.h>

#include "fuzz_text.h"
#include "history.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct history history;
    static struct history back;
    static struct history first = { .timeline = 1 };
    char *text = fuzz_text(bytes, len);
    char summary[256];
    struct text words;
    lsn left;

    if (history_parse(100, text, &history) == 0) {
        must(history.count <= 99);
        for (size_t i = 0; i < history.count; i++) {
            must(history.left[i].timeline < 100);
        }
        if (history.count == 1 && history.left[0].timeline == 1
            && history.left[0].lsn > 0 && history.left[0].lsn < UINT64_MAX) {
            struct wal_position end = history.left[0];

            must(history_compare(&first, end, &history, &left)
                 == HISTORY_SHARED);
            end.lsn++;
            must(history_compare(&first, end, &history, &left)
                 == HISTORY_BEYOND);
        }
    }
    if (history_read_summary(text, &history) == 0) {
        text_init(&words, summary, sizeof(summary));
        history_summary(&history, &words);
        must(history_read_summary(summary, &back) == 0);
        must(back.timeline == history.timeline
             && back.count <= history.count);
    }
    free(text);
    return 0;
}
