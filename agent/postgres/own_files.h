/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_OWN_FILES_H
#define PGWARD_AGENT_OWN_FILES_H

#include <stdbool.h>

#include "identity.h"
#include "params.h"
#include "text.h"

/*
 * This node's own files inside PGDATA: pg_rewind and pg_basebackup bring the
 * primary's in their place.
 *
 * They are the configuration files, pg_hba.conf and pg_ident.conf, what these
 * include, and the files of TLS that they name; nothing outside PGDATA. They
 * wait in tmpdir/rejoin-own (0700, the owner's, synced), which lasts over a
 * reboot where tmpdir does.
 */

/*!
 * Save them, and put a plain file that the owner may write in the place of
 * each link and each file that pg_rewind could not write over (a read-only
 * key, one of another owner).
 *
 * \param[in] resume  a whole save is kept and not looked at again: what is in
 *                    PGDATA since may be the primary's
 * \return 0; -1 with `ret_why`, and PGDATA still works as it did.
 */
int
own_files_save(const struct params *params, const struct identity *identity,
               bool resume, struct text *ret_why);

/*! Nothing is saved: see own_files_restore(). */
#define OWN_FILES_NONE 1

/*!
 * Put them back as they were: bytes, mode, owner, link; take away what the
 * primary has where this node had nothing (a file of an include_dir). May be
 * called again, and after an interruption.
 *
 * \param[out] ret_differ  paths in PGDATA in which the primary's differed,
 *                         with ", " between, as many as fit; for the log.
 *                         May be NULL
 * \return 0; OWN_FILES_NONE with `ret_why`: nothing is saved, never, or no
 *         more since own_files_forget(); -1 with `ret_why`.
 */
int
own_files_restore(const struct params *params,
                  const struct identity *identity, struct text *ret_differ,
                  struct text *ret_why);

/*! Remove what was saved; nothing there is a success. */
int
own_files_forget(const struct params *params,
                 const struct identity *identity, struct text *ret_why);

#endif
