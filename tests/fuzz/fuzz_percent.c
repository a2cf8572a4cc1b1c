/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of an attribute: a share is none, or no more than the whole. */

#include "fuzz_text.h"
#include "percent.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *words = fuzz_text(bytes, len);
    uint32_t percent = 7;

    must(percent_read(words, &percent) ? percent <= 100 : percent == 7);
    free(words);
    return 0;
}
