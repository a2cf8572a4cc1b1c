/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The output of pg_controldata. */

#include "controldata.h"
#include "fuzz_text.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *text = fuzz_text(bytes, len);
    struct controldata data = { 0 };

    if (controldata_parse(text, &data) == 0) {
        must(data.state != CONTROL_UNKNOWN);
        must(wal_position_is_known(data.checkpoint));
    } else {
        must(data.state == CONTROL_UNKNOWN);
    }
    free(text);
    return 0;
}
