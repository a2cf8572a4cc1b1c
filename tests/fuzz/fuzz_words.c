/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short texts from many places: times, units, slots, single words. */

#include "fuzz_text.h"
#include "line.h"
#include "names.h"
#include "params.h"
#include "profile.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *text = fuzz_text(bytes, len);
    const char *lines = text;
    char small[16];
    char slot[64];
    uint64_t number;
    uint32_t ms;
    bool boolean;
    unsigned value;
    const char *rest = line_read_number(text, 1000, &number);

    must(rest == NULL || (rest > text && number <= 1000));
    if (profile_parse_ms(text, &ms) == 0) {
        must(text[0] >= '0' && text[0] <= '9');
    }
    (void) profile_is_server_unit(text);
    (void) params_parse_boolean(text, &boolean);
    (void) params_start_opt_breaks_out(text);
    (void) params_sql_has_psql_command(text);
    if (params_slot_name("pgward", text, slot, sizeof(slot)) == 0) {
        must(strlen(slot) == strlen(text) + 7);
    }
    if (names_value(names_sender, text, &value) == 0) {
        must(strcmp(names_name(names_sender, value), text) == 0);
    }
    while (*lines != '\0') {
        const char *before = lines;

        must(line_next(&lines, small, sizeof(small)) != 0
             || strlen(small) < sizeof(small));
        must(lines > before);
    }
    text_clean(text);
    must(strlen(text) <= len);
    for (const char *at = text; *at != '\0'; at++) {
        must((unsigned char) *at >= ' ' && *at != '\x7f');
    }
    free(text);
    return 0;
}
