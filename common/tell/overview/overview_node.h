/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_OVERVIEW_NODE_H
#define PGWARD_COMMON_OVERVIEW_NODE_H

#include "overview.h"
#include "snapshot.h"

/*! What there is to judge one node by. */
struct overview_subject {
    const struct snapshot *here;
    size_t node;                  /*!< in `here` */
    const struct snapshot *lead;  /*!< the look in which the primary tells of
                                       itself; NULL: there is none */
    const struct node *there;     /*!< the node as that has it; NULL: it has
                                       not */
    bool leads;                   /*!< by the cluster */
};

/*!
 * Judge a node.
 *
 * \param[out] ret_node  zeroes before
 *
 * Errors: none; what is not known claims nothing.
 */
void
overview_judge_node(const struct overview_subject *subject,
                    struct overview_node *ret_node);

#endif
