/* SPDX-License-Identifier: GPL-2.0-or-later */
/* limits.conf. */

#include "fuzz_text.h"
#include "userlimits.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct identity user = { .name = "postgres", .uid = 26, .gid = 26,
                                   .known = 1 };
    struct userlimits limits = { 0 };
    char *text = fuzz_text(bytes, len);

    (void) userlimits_parse(text, &user, &limits);
    free(text);
    return 0;
}
