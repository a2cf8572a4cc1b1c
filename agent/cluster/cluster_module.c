/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cluster.so shows to the executable. */

#include "cluster_calls.h"

#define ROW(name) .name = cluster_##name,

const struct cluster_calls cluster_module = {
    .stamp = MODULE_STAMP(struct cluster_calls),
    CLUSTER_CALLS(ROW)
};
