/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_OVERVIEW_NOTES_H
#define PGWARD_COMMON_OVERVIEW_NOTES_H

#include "overview.h"

/*!
 * Note what is not normal, the cluster's first, then the nodes' and then what
 * weakens a promise.
 *
 * \param[in]     seat      the look from the primary's seat, or NULL
 * \param[in]     lead      the look in which the primary tells of itself, or
 *                          NULL
 * \param[in,out] overview  all but its notes is there
 */
void
overview_note_all(const struct snapshot *here, const struct snapshot *seat,
                  const struct snapshot *lead, struct overview *overview);

#endif
