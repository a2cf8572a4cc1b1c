/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_INSTANCE_CIB_H
#define PGWARD_AGENT_INSTANCE_CIB_H

#include "cluster_resource.h"
#include "instance.h"

/*!
 * Make an instance of what the cluster says, for a caller without an action:
 * the name of this node, and the resource as the CIB configures it.
 *
 * What it does may hang: look.h has the way out.
 *
 * \param[in]  wanted        resource or clone; NULL: the one that there is
 * \param[in]  deadline_ms   of this and of the looks that follow
 * \param[out] ret_resource  what params points into: it lives as long
 * \param[out] ret_instance  in static storage, as for instance_init()
 *
 * \return 0, or -1 with `ret_why`: no such resource, or no answer.
 */
int
instance_cib_init(const char *wanted, int64_t deadline_ms,
                  struct cluster_resource *ret_resource,
                  struct instance *ret_instance,
                  struct snapshot *ret_snapshot, struct text *ret_why);

#endif
