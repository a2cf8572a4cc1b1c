/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much of something is done, in words. */

#include "percent.h"

#include <inttypes.h>
#include <string.h>

#include "line.h"

void
percent_add(const char *doing, uint64_t done_kb, uint64_t total_kb,
            struct text *text)
{
    text_add(text, "%s", doing);
    if (total_kb > 0) {
        text_add(text, ", %" PRIu64 " %% of %" PRIu64 " MB",
                 done_kb * 100 / total_kb, total_kb / 1024);
    }
}

bool
percent_read(const char *words, uint32_t *ret_percent)
{
    const char *at = strstr(words, ", ");
    uint64_t percent;

    at = at == NULL ? NULL : line_read_number(at + 2, 100, &percent);
    if (at == NULL || line_after(at, " % of ") == NULL) {
        return false;
    }
    *ret_percent = (uint32_t) percent;
    return true;
}
