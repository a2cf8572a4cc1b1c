/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_CLUSTER_CALLS_H
#define PGWARD_AGENT_CLUSTER_CALLS_H

/*
 * The functions of cluster.h that are in the module. A new one: its name here
 * and its function in cluster_calls.c.
 */

#include "cluster.h"
#include "module.h"

#define CLUSTER_CALLS(X) \
    X(close) \
    X(observe_attrs) \
    X(observe_cib) \
    X(observe_profile) \
    X(set_attr) \
    X(set_records) \
    X(record_option) \
    X(read_copy) \
    X(report_failure) \
    X(count_once) \
    X(own_name) \
    X(find_resource) \
    X(read_moves) \
    X(begin_move) \
    X(end_move)

/*! The module's table; the types are those that cluster.h declares. */
struct cluster_calls {
    struct module_stamp stamp;
#define CLUSTER_CALLS_ROW(name) __typeof__(&cluster_##name) (name);
    CLUSTER_CALLS(CLUSTER_CALLS_ROW)
#undef CLUSTER_CALLS_ROW
};

extern const struct cluster_calls cluster_module;

#endif
