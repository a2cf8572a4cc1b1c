/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of attributes, as the rows have it. */

#include "attrs.h"

#define TABLE_ROW(X, symbol, field, word, prefix, suffix, spread, reader) \
    [ATTR_##symbol] = { prefix, suffix, spread, reader },
const struct attr_row attr_table[ATTR_COUNT] = { ATTR_LIST(TABLE_ROW, ) };
#undef TABLE_ROW

void
attr_name(enum attr_id attr, const char *resource, struct text *text)
{
    text_add(text, "%s%s%s", attr_table[attr].prefix, resource,
             attr_table[attr].suffix);
}
