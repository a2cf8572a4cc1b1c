/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of pg_rewind: what is copied is never more than there is. */

#include "fuzz_text.h"
#include "rewind_progress.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct rewind_progress progress = { .phase = REWIND_PHASE_NONE };
    char *text = fuzz_text(bytes, len);
    char *rest = text;
    char *line;

    while ((line = strsep(&rest, "\n")) != NULL) {
        struct rewind_progress before = progress;

        if (rewind_progress_take(line, &progress) == 0) {
            must(before.phase == progress.phase
                 && before.done_kb == progress.done_kb
                 && before.total_kb == progress.total_kb);
        }
        must(progress.fork.lsn == 0 || wal_position_is_known(progress.fork));
        must(progress.from.lsn == 0 || wal_position_is_known(progress.from));
    }
    free(text);
    return 0;
}
