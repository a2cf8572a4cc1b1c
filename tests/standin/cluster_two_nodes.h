/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_TESTS_CLUSTER_TWO_NODES_H
#define PGWARD_TESTS_CLUSTER_TWO_NODES_H

#include <string.h>

#include "cluster.h"
#include "cluster_script.h"
#include "cmocka_all.h"

/* The cluster of node1, which asks, and node2, as a script has it. */

static struct snapshot snapshot;
static char why_buf[512];
static struct text why;

static struct cluster *
begin(const struct script_step *steps)
{
    script_start(steps);
    text_init(&why, why_buf, sizeof(why_buf));
    memset(&snapshot, 0, sizeof(snapshot));
    snapshot.node_count = 2;
    assert_int_equal(text_copy("node1", snapshot.node[0].name,
                               NODE_NAME_SIZE), 0);
    assert_int_equal(text_copy("node2", snapshot.node[1].name,
                               NODE_NAME_SIZE), 0);
    return cluster_new("pgsql", "node1");
}

static void
end(struct cluster *cluster)
{
    cluster_close(cluster);
    script_end();
}

static void
assert_says(const char *part)
{
    if (strstr(why_buf, part) == NULL) {
        print_error("'%s' does not say '%s'\n", why_buf, part);
        fail();
    }
}

static inline int
observe_members(struct cluster *cluster, int64_t deadline_ms)
{
    snapshot_forget(&snapshot, FACT_MEMBERS);
    return cluster_observe_cib(cluster, FACT_MEMBERS, deadline_ms, &snapshot,
                               &why);
}

static inline int
observe_record(struct cluster *cluster, int64_t deadline_ms)
{
    snapshot_forget(&snapshot, FACT_RECORD);
    return cluster_observe_cib(cluster, FACT_RECORD, deadline_ms, &snapshot,
                               &why);
}

#endif
