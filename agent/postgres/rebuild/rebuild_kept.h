/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_REBUILD_KEPT_H
#define PGWARD_AGENT_REBUILD_KEPT_H

#include "salvage.h"
#include "text.h"

/*
 * The data directories that copies took the place of, `pgward-old-N`. Called
 * as the owner.
 */

/*!
 * Remove the oldest that the limits leave no room for, with the pg_wal and the
 * tablespaces that each leads to, unless data of today leads there, too; each
 * is logged by name first, and gets another one: half of it is not taken for
 * whole. A link, and one that a server runs in, stay and do not count.
 *
 * \param[in] pgdata  of today, without a link as its last part
 * \return 0; -1 with `ret_why`; -1 with errno ETIME and no words: the deadline
 *         came, call it again.
 */
int
rebuild_kept_prune(const char *pgdata, const struct salvage_limits *limits,
                   struct text *ret_why);

/*!
 * Remove what of them lies inside of PGDATA, of its pg_wal or of a tablespace,
 * with what it leads to: a pg_rewind takes it away, and says nothing. Each is
 * logged by name.
 *
 * \return 0, or -1 with `ret_why`.
 */
int
rebuild_kept_clear_inside(const char *pgdata, struct text *ret_why);

/*! Remove a folder of ours; 0 (also: it is not there), -1 with `ret_why`. */
int
rebuild_kept_remove(const char *path, struct text *ret_why);

#endif
