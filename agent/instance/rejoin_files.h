/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_REJOIN_FILES_H
#define PGWARD_AGENT_REJOIN_FILES_H

#include "instance.h"
#include "rejoin_marker.h"

/*
 * The rejoin of this node's data, as far as files and processes tell: the
 * marker in tmpdir, which outlives a reboot, and the worker, which does not
 * (P9).
 */

/*! Look at both. A marker that cannot be read is REJOIN_UNKNOWN. */
void
rejoin_observe(const struct instance *instance, struct rejoin *ret_rejoin);

/*!
 * Read the marker.
 *
 * \return 1; 0: there is none; -1 with errno (EINVAL: garbled).
 */
int
rejoin_read_marker(const struct instance *instance,
                   struct rejoin_marker *ret_marker);

/*! Write it, as the database's user, atomically; 0, or -1 with `ret_why`. */
int
rejoin_write_marker(const struct instance *instance,
                    const struct rejoin_marker *marker,
                    struct text *ret_why);

/*! The kernel's word for the time since power-on; "": not known. */
void
rejoin_boot(char *ret_boot);

/*! The inode of pgdata; 0: it cannot be looked at. */
uint64_t
rejoin_inode(const struct instance *instance);

/*! Take the marker away; 0, or -1 with `ret_why`. */
int
rejoin_remove_marker(const struct instance *instance, struct text *ret_why);

/*!
 * Leave the worker behind: this agent's own action `rejoin`.
 *
 * \return 0, or -1 with `ret_why`.
 */
int
rejoin_begin(const struct instance *instance, struct text *ret_why);

/*!
 * End the worker and all that it runs, by the record, which stays. For a stop,
 * before it has the instance's lock: a worker that is stuck may hold it.
 */
int
rejoin_end_process(const struct instance *instance, struct text *ret_why);

/*!
 * End the worker, and all that it runs (its session).
 *
 * \return 0: nothing of it is left; -1 with `ret_why`.
 */
int
rejoin_end(const struct instance *instance, struct text *ret_why);

/*! This worker got on: how far, in kB; 0 of 0: no figure. */
void
rejoin_note_progress(const struct instance *instance, uint64_t done,
                     uint64_t total);

#endif
