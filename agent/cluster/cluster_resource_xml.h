/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_CLUSTER_RESOURCE_XML_H
#define PGWARD_AGENT_CLUSTER_RESOURCE_XML_H

#include <libxml/tree.h>

#include "cluster_resource.h"
#include "text.h"

/*!
 * Find a resource of this agent in the configuration, and read it: templates,
 * references (`id-ref`) and sets by their scores, as Pacemaker does. Of sets
 * with one score the later one counts, so a primitive's before its template's.
 *
 * \param[in]  reply         the section `configuration`, or an answer with it
 * \param[in]  wanted        of the primitive or of its clone; NULL: the one
 *                           that there is
 * \param[out] ret_resource  large: not for the stack
 *
 * \return 0, or -1 with `ret_why`: none, several, or too long.
 * Source: Pacemaker's pcmk__unpack_nvpair_blocks(), unpack_template() and
 *         get_meta_attributes().
 */
int
cluster_xml_find_resource(const xmlNode *reply, const char *wanted,
                          struct cluster_resource *ret_resource,
                          struct text *ret_why);

#endif
