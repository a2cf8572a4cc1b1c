/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and values of a resource. */

#include "cluster_resource.h"

#include <string.h>

const char *
cluster_pairs_get(const struct cluster_pairs *pairs, const char *name)
{
    const char *at = pairs->text;
    const char *end = pairs->text + pairs->len;

    while (at < end) {
        const char *value = at + strlen(at) + 1;

        if (strcmp(at, name) == 0) {
            return value;
        }
        at = value + strlen(value) + 1;
    }
    return NULL;
}

int
cluster_pairs_add(struct cluster_pairs *pairs, const char *name,
                  const char *value)
{
    size_t name_size = strlen(name) + 1;
    size_t value_size = strlen(value) + 1;

    if (cluster_pairs_get(pairs, name) != NULL) {
        return 0;
    }
    if (name_size + value_size > sizeof(pairs->text) - pairs->len) {
        return -1;
    }
    memcpy(pairs->text + pairs->len, name, name_size);
    memcpy(pairs->text + pairs->len + name_size, value, value_size);
    pairs->len += name_size + value_size;
    return 0;
}
