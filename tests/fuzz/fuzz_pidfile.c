/* SPDX-License-Identifier: GPL-2.0-or-later */
/* postmaster.pid, as a crash may leave it. */

#include "fuzz_text.h"
#include "pidfile.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *text = fuzz_text(bytes, len);
    struct pidfile pidfile = { 0 };

    if (pidfile_parse(text, &pidfile) == 0) {
        must(pidfile.pid > 0);
        must(pidfile.port >= 0 && pidfile.port <= 65535);
        must(pidfile.start_time_s >= 0);
    } else {
        must(pidfile.pid == 0);
    }
    free(text);
    return 0;
}
