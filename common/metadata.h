#ifndef PGWARD_COMMON_METADATA_H
#define PGWARD_COMMON_METADATA_H

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
 * \param[in] version        of pgward
 * \param[in] promoted_role  `Promoted`, or `Master` for tools before
 *                           Pacemaker 2.1
 * Source: OCF RA API 1.0 and 1.1: only what the DTD and the schemas that pcs
 *         and resource-agents ship all allow.
 */
void
metadata_write(struct text *xml, const char *version,
               const char *promoted_role);

/*! Write the actions that the agent has, one a line (action `methods`). */
void
metadata_write_methods(struct text *text);

/*! Write what a person sees who runs the agent by hand without an action. */
void
metadata_write_usage(struct text *text, const char *program);

#endif
