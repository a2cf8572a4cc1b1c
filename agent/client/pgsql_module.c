/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What pgsql.so shows to the executable. */

#include "pgsql_calls.h"

#define ROW(name) .name = pgsql_##name,

const struct pgsql_calls pgsql_module = {
    .stamp = MODULE_STAMP(struct pgsql_calls),
    PGSQL_CALLS(ROW)
};
