/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The marker of a rejoin in tmpdir, as a crash or its owner left it. */

#include "fuzz_text.h"
#include "rejoin_marker.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static char written[REJOIN_MARKER_SIZE];
    char *file = fuzz_text(bytes, len);
    struct rejoin_marker marker;
    struct rejoin_marker back;
    struct text text;

    if (rejoin_marker_parse(file, &marker) == 0) {
        text_init(&text, written, sizeof(written));
        rejoin_marker_format(&marker, &text);
        must(!text.overflow && rejoin_marker_parse(written, &back) == 0);
        must(back.phase == marker.phase && back.end == marker.end);
        must(strcmp(back.kept, marker.kept) == 0);
        must(strcmp(back.boot, marker.boot) == 0);
        must(strcmp(back.why, marker.why) == 0);
    }
    free(file);
    return 0;
}
