/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_CONFIG_H
#define PGWARD_AGENT_CONFIG_H

#include <stdbool.h>

#include "identity.h"
#include "params.h"
#include "pgconf.h"
#include "plan.h"
#include "slot_owner.h"
#include "snapshot.h"
#include "text.h"

/*
 * The files through which pgward configures the server: rep_mode.conf and
 * recovery.conf in tmpdir, standby.signal, PGSQL.lock, and the include lines
 * in the user's configuration file. All is written as the owner, atomically,
 * and only when it differs (P8). 0, or -1 with `ret_why`.
 */

/*! Put in, or take out, the include lines that the mode needs. */
int
config_write_includes(const struct params *params,
                      const struct identity *identity, struct text *ret_why);

/*!
 * Write synchronous_standby_names: the list's text, or "".
 *
 * \param[in] slots  synchronized_standby_slots beside it, where the server
 *                   knows that (17) and there are slots of ours at all
 */
int
config_write_sync_names(const struct params *params,
                        const struct identity *identity, const char *names,
                        const char *slots, struct text *ret_why);

/*!
 * Write recovery settings and standby.signal (before version 12: pgdata's
 * recovery.conf), as the kind of standby needs them.
 */
int
config_write_standby(const struct pgconf_standby *wanted,
                     const struct identity *identity, struct text *ret_why);

/*!
 * Take standby.signal away, and recovery.signal, so that the server starts as a
 * primary.
 */
int
config_remove_standby(const struct params *params,
                      const struct identity *identity, struct text *ret_why);

/*!
 * While the data is half-way to another history no server starts on it, by
 * whatever hand. recovery.conf includes a file that is not there, whose name
 * says why (from version 12 on). pg_rewind empties postgresql.conf long before
 * the primary's comes, and a server would start without it: pgdata is writable
 * for all but open to nobody (no x), which every server refuses.
 */
int
config_write_block(const struct params *params,
                   const struct identity *identity, struct text *ret_why);

/*! Of these the mode alone, for a pgdata that may have no version just now. */
int
config_block_folder(const struct params *params,
                    const struct identity *identity, struct text *ret_why);

/*!
 * The data is whole: give pgdata its mode back. config_write_standby() does it,
 * too, and writes recovery.conf anew.
 */
int
config_remove_block(const struct params *params,
                    const struct identity *identity, struct text *ret_why);

/*! Make or remove PGSQL.lock in tmpdir. */
int
config_set_lock(const struct params *params, const struct identity *identity,
                bool present, struct text *ret_why);

/*!
 * The names of our replication slots, in tmpdir/slots: what a change of the
 * parameters leaves behind is known by it, over a reboot as well. None there
 * is none.
 */
void
config_read_slots(const struct params *params,
                  const struct identity *identity,
                  struct slot_names *ret_names);

/*! Keep them; no name, no file. */
int
config_write_slots(const struct params *params,
                   const struct identity *identity,
                   const struct slot_names *names, struct text *ret_why);

/*! Remove pgdata's backup_label. */
int
config_remove_backup_label(const struct params *params,
                           const struct identity *identity,
                           struct text *ret_why);

/*!
 * Is the file that config_write_standby() wrote for a standby that follows
 * what the parameters ask for?
 */
enum tri
config_standby_is_current(const struct params *params,
                          const struct identity *identity,
                          const char *self_name, const char *sender_name);

/*!
 * Does the file that config_write_standby() wrote name an upstream? Not one
 * that the running server has yet to read: before version 13 it reads it when
 * it starts.
 *
 * \param[out] ret_sender_name  of NODE_NAME_SIZE: its application_name; ""
 *                              where there is none, or it is not known
 */
enum tri
config_has_upstream(const struct params *params,
                    const struct identity *identity,
                    char *ret_sender_name);

/*! The order to promote, for servers that take it by signal only. */
int
config_write_promote_trigger(const struct params *params,
                             const struct identity *identity,
                             struct text *ret_why);

#endif
