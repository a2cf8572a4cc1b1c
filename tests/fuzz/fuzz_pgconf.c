/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration text: read anything; what is written is read back. */

#include "fuzz_text.h"
#include "pgconf.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static char written[8192];
    char value[PATH_SIZE];
    char *text = fuzz_text(bytes, len);
    struct text out;

    (void) pgconf_find(text, "port", value, sizeof(value));
    text_init(&out, written, sizeof(written));
    if (strlen(text) < sizeof(value)
        && pgconf_add_setting(&out, "restore_command", text) == 0) {
        must(pgconf_find(written, "restore_command", value, sizeof(value))
             == 1);
        must(strcmp(value, text) == 0);
    }
    free(text);
    return 0;
}
