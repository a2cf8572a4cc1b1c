/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handle alone: making it takes none of the cluster's libraries. */

#include <string.h>

#include "cluster_parts.h"

struct cluster *
cluster_new(const char *resource, const char *self_name)
{
    static struct cluster cluster;

    memset(&cluster, 0, sizeof(cluster));
    cluster.resource = resource;
    cluster.self_name = self_name;
    return &cluster;
}
