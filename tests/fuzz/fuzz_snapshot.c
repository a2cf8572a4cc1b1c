/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots: what is loaded is dumped and loaded alike, and decided upon. */

#include "decide.h"
#include "fuzz_text.h"
#include "snapshot.h"

#define DUMP_SIZE (256 * 1024)

static void
dump(const struct snapshot *snapshot, char *buf)
{
    struct text text;

    text_init(&text, buf, DUMP_SIZE);
    snapshot_dump(snapshot, &text);
    must(!text.overflow);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static char first[DUMP_SIZE];
    static char second[DUMP_SIZE];
    static struct snapshot loaded;
    static struct snapshot again;
    static struct plan plan;
    char *text = fuzz_text(bytes, len);

    memset(&loaded, 0, sizeof(loaded));
    memset(&again, 0, sizeof(again));
    if (snapshot_load(text, &loaded) == 0) {
        dump(&loaded, first);
        must(snapshot_load(first, &again) == 0);
        dump(&again, second);
        must(strcmp(first, second) == 0);
        decide(&loaded, &plan);
        must(plan.verdict != VERDICT_NONE && !plan.overflow);
    }
    free(text);
    return 0;
}
