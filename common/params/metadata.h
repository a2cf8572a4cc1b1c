/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_METADATA_H
#define PGWARD_COMMON_METADATA_H

#include <stdbool.h>

#include "text.h"

/*! Bytes that hold the meta-data; a test keeps it true. */
#define METADATA_SIZE 32768

/*!
 * Append `raw` as the content of an element or of an attribute between double
 * quotes.
 */
void
metadata_add_escaped(struct text *xml, const char *raw);

/*!
 * Write the agent's meta-data.
 *
 * \param[in] version  of pgward
 * \param[in] ocf_1_1  the cluster's tools know OCF 1.1 (Pacemaker 2.1 does):
 *                     `Promoted`, reload-agent and reloadable parameters
 * Source: OCF RA API 1.0 and 1.1, as the schemas of pcs and resource-agents
 *         have them.
 */
void
metadata_write(struct text *xml, const char *version, bool ocf_1_1);

/*! Write the actions that the agent has, one a line (action `methods`). */
void
metadata_write_methods(struct text *text);

/*! Write what a person sees who runs the agent by hand without an action. */
void
metadata_write_usage(struct text *text, const char *program);

#endif
