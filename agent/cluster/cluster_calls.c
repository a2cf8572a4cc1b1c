/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cluster.h in the executable: the first call loads the module. What could not
 * be loaded has observed nothing, so the snapshot is as empty as it was.
 */

#include "cluster_calls.h"

#include "cluster_parts.h"

static bool
is_loaded(struct cluster *cluster, struct text *ret_why)
{
    static const struct module_stamp stamp =
        MODULE_STAMP(struct cluster_calls);

    if (cluster->calls == NULL) {
        cluster->calls = module_load("cluster", &stamp, ret_why);
    }
    return cluster->calls != NULL;
}

/* Pass the call on, or fail with the reason. */
#define CALL(name, ...) \
    (is_loaded(cluster, ret_why) ? cluster->calls->name(cluster, __VA_ARGS__) \
                                 : -1)

void
cluster_close(struct cluster *cluster)
{
    if (cluster->calls != NULL) {
        cluster->calls->close(cluster);
    }
}

int
cluster_observe_attrs(struct cluster *cluster, int64_t deadline_ms,
                      struct snapshot *snapshot, struct text *ret_why)
{
    return CALL(observe_attrs, deadline_ms, snapshot, ret_why);
}

int
cluster_observe_cib(struct cluster *cluster, uint32_t facts,
                    int64_t deadline_ms, struct snapshot *snapshot,
                    struct text *ret_why)
{
    return CALL(observe_cib, facts, deadline_ms, snapshot, ret_why);
}

int
cluster_observe_profile(struct cluster *cluster, int64_t deadline_ms,
                        struct snapshot *snapshot, struct text *ret_why)
{
    return CALL(observe_profile, deadline_ms, snapshot, ret_why);
}

int
cluster_set_attr(struct cluster *cluster, enum attr_id attr,
                 const char *node, const char *value, int64_t deadline_ms,
                 struct text *ret_why)
{
    return CALL(set_attr, attr, node, value, deadline_ms, ret_why);
}

int
cluster_set_records(struct cluster *cluster,
                    const struct cluster_record *record, size_t count,
                    int64_t deadline_ms, struct text *ret_why)
{
    return CALL(set_records, record, count, deadline_ms, ret_why);
}

int
cluster_record_option(struct cluster *cluster, enum cluster_option option,
                      const char *value, int64_t deadline_ms,
                      struct text *ret_why)
{
    return CALL(record_option, option, value, deadline_ms, ret_why);
}

int
cluster_read_copy(struct cluster *cluster, const char *node,
                  int64_t deadline_ms, struct node *ret_node,
                  struct text *ret_why)
{
    return CALL(read_copy, node, deadline_ms, ret_node, ret_why);
}

int
cluster_report_failure(struct cluster *cluster, int64_t deadline_ms,
                       int64_t *ret_count, struct text *ret_why)
{
    return CALL(report_failure, deadline_ms, ret_count, ret_why);
}

int
cluster_count_once(struct cluster *cluster, int64_t count,
                   int64_t deadline_ms, struct text *ret_why)
{
    return CALL(count_once, count, deadline_ms, ret_why);
}

int
cluster_own_name(struct cluster *cluster, int64_t deadline_ms, char *ret_name,
                 struct text *ret_why)
{
    return CALL(own_name, deadline_ms, ret_name, ret_why);
}

int
cluster_find_resource(struct cluster *cluster, const char *wanted,
                      int64_t deadline_ms,
                      struct cluster_resource *ret_resource,
                      struct text *ret_why)
{
    return CALL(find_resource, wanted, deadline_ms, ret_resource, ret_why);
}

int
cluster_read_moves(struct cluster *cluster, const char *clone,
                   int64_t deadline_ms, struct moves *ret_moves,
                   struct text *ret_why)
{
    return CALL(read_moves, clone, deadline_ms, ret_moves, ret_why);
}

int
cluster_begin_move(struct cluster *cluster, const struct cluster_move *move,
                   int64_t deadline_ms, struct text *ret_why)
{
    return CALL(begin_move, move, deadline_ms, ret_why);
}

int
cluster_end_move(struct cluster *cluster, int64_t deadline_ms,
                 struct text *ret_why)
{
    return CALL(end_move, deadline_ms, ret_why);
}
