/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WAL positions: what is written is read back. */

#include "fuzz_text.h"
#include "lsn.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *text = fuzz_text(bytes, len);
    char out[WAL_POSITION_TEXT_SIZE];
    struct wal_position position;
    struct wal_position again;
    lsn value;
    lsn back = 0;

    if (lsn_parse_sql(text, &value) == 0) {
        lsn_format_sql(value, out);
        must(lsn_parse_sql(out, &back) == 0 && back == value);
    }
    if (lsn_parse_hex(text, &value) == 0) {
        lsn_format_hex(value, out);
        must(lsn_parse_hex(out, &back) == 0 && back == value);
    }
    if (wal_position_parse(text, &position) == 0) {
        wal_position_format(position, out);
        must(wal_position_parse(out, &again) == 0
             && wal_position_compare(position, again) == 0);
    }
    free(text);
    return 0;
}
