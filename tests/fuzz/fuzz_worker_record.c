/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of a worker's record, as a crash left it. */

#include "fuzz_text.h"
#include "worker_record.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *file = fuzz_text(bytes, len);

    for (unsigned kind = 0; kind < WORKER_KINDS; kind++) {
        struct worker_record record;
        char written[256];
        struct text text;

        if (worker_record_parse(file, (enum worker_kind) kind, &record)
            == 0) {
            text_init(&text, written, sizeof(written));
            worker_record_format(&record, &text);
            must(!text.overflow);
            must(worker_record_parse(written, record.kind, &record) == 0);
        }
    }
    free(file);
    return 0;
}
