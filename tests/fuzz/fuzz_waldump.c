/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What pg_waldump prints: whole and in pieces it says the same. */

#include <string.h>

#include "fuzz_text.h"
#include "waldump.h"

#define OPEN_COUNT 8

struct sum {
    uint64_t commits;
    uint64_t numbers;
};

static void
add(void *context, const struct waldump_commit *commit)
{
    struct sum *sum = context;

    must(commit->relations.count <= WALDUMP_RELATIONS);
    must(commit->time[0] != '\0');
    must(memchr(commit->time, '\0', sizeof(commit->time)) != NULL);
    sum->commits++;
    sum->numbers = sum->numbers * 31 + commit->xid;
    sum->numbers = sum->numbers * 31 + commit->lsn;
    sum->numbers = sum->numbers * 31 + commit->subtransactions;
    for (size_t i = 0; i < commit->relations.count; i++) {
        sum->numbers = sum->numbers * 31 + commit->relations.relation[i].file;
    }
}

static struct sum
read_pieces(const char *text, size_t len, size_t piece)
{
    static struct waldump_open open[OPEN_COUNT];
    static struct waldump dump;
    struct sum sum = { 0 };

    memset(open, 0, sizeof(open));
    memset(&dump, 0, sizeof(dump));
    dump.commit = add;
    dump.context = &sum;
    dump.open = open;
    dump.open_count = OPEN_COUNT;
    for (size_t done = 0; done < len; done += piece) {
        waldump_feed(&dump, text + done,
                     len - done < piece ? len - done : piece);
    }
    must(dump.commits == sum.commits && dump.commits <= dump.records);
    return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *text = fuzz_text(bytes, len);
    struct sum whole = read_pieces(text, len, len + 1);
    struct sum pieces = read_pieces(text, len, 7);

    must(whole.commits == pieces.commits && whole.numbers == pieces.numbers);
    free(text);
    return 0;
}
