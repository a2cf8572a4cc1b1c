/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_UNITS_H
#define PGWARD_AGENT_UNITS_H

#include <stddef.h>

/*!
 * Find what starts a PostgreSQL server when this machine boots: a unit that
 * some target wants, or a start script of a run level. No program is run.
 *
 * \param[in]  root      in front of `/etc`; "" for this machine
 * \param[out] ret_name  the first one's name without its suffix, or ""
 */
void
units_find(const char *root, char *ret_name, size_t size);

#endif
