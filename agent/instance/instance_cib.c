/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An instance without an action, out of the CIB. */

#include "instance_cib.h"

#include <string.h>

#include "clock.h"
#include "report.h"

static const char *
get_param(void *context, const char *name)
{
    const struct cluster_resource *resource = context;

    return cluster_pairs_get(&resource->params, name);
}

static int
ask_cluster(const char *wanted, struct cluster_resource *ret_resource,
            struct instance *instance, struct text *ret_why)
{
    int64_t deadline_ms = instance->deadline_ms;

    if (cluster_find_resource(instance->cluster, wanted, deadline_ms,
                              ret_resource, ret_why) != 0
        || cluster_own_name(instance->cluster, deadline_ms,
                            instance->self_name, ret_why) != 0) {
        return -1;
    }
    memcpy(instance->resource, ret_resource->id, sizeof(instance->resource));
    return 0;
}

int
instance_cib_init(const char *wanted, int64_t deadline_ms,
                  struct cluster_resource *ret_resource,
                  struct instance *ret_instance,
                  struct snapshot *ret_snapshot, struct text *ret_why)
{
    struct instance_source source = {
        .get_param = get_param, .context = ret_resource, .has_meta = true,
    };

    memset(ret_instance, 0, sizeof(*ret_instance));
    memset(ret_snapshot, 0, sizeof(*ret_snapshot));
    ret_instance->lock_fd = -1;
    ret_instance->only_looks = true;
    ret_instance->begin_ms = clock_now_ms();
    ret_instance->deadline_ms = deadline_ms;
    /* it keeps where the names are, not what they are */
    ret_instance->cluster = cluster_new(ret_instance->resource,
                                        ret_instance->self_name);
    if (ask_cluster(wanted, ret_resource, ret_instance, ret_why) != 0) {
        return -1;
    }
    if (ret_resource->ruled[0] != '\0') {
        report_log(LOG_WARNING, "the set '%s' of '%s' has a rule, which only "
                   "Pacemaker evaluates: what it says is left out here",
                   ret_resource->ruled, ret_resource->id);
    }
    source.promotable = ret_resource->promotable;
    source.promoted_max = ret_resource->promoted_max;
    ret_snapshot->action = ACTION_STATUS;
    ret_snapshot->probe = TRI_NO;
    instance_fill(&source, ret_instance, ret_snapshot);
    return 0;
}
