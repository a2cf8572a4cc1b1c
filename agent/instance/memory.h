/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_MEMORY_H
#define PGWARD_AGENT_MEMORY_H

#include "instance.h"

/*
 * What is kept from one action to the next, until the next boot: in files
 * beside the instance's lock. Neither is needed to be right; without them the
 * agent looks again, and says again.
 */

/*! Read what is known of the synchronous list; all zero where nothing is. */
void
memory_load(const struct instance *instance, struct sync_memory *ret_memory);

/*! Keep it. */
void
memory_save(const struct instance *instance,
            const struct sync_memory *memory);

/*!
 * Fill of each WAL sender what is only known by earlier looks (silent_ms,
 * leaving_ms), and remember this look.
 */
void
memory_note_senders(const struct instance *instance,
                    struct snapshot *snapshot);

/*! A node's instance is about to be stopped. */
void
memory_note_leaving(const struct instance *instance, const char *node);

/*!
 * Fill of each replication slot what is only known by earlier looks (idle_ms,
 * given_up, slots_due), and remember this look.
 */
void
memory_note_slots(const struct instance *instance,
                  struct snapshot *snapshot);

/*! A node's slot was dropped, until its server runs again. */
void
memory_give_up_slot(const struct instance *instance, const char *node);

/*! Log a line that lasts: when it begins, and again every ten minutes. */
void
memory_say(const struct instance *instance, int priority, const char *line);

/*! Nothing that lasts is left to say. */
void
memory_forget_said(const struct instance *instance);

/*!
 * How long ago a standby's monitor found nothing to do, in ms, at least 1; 0:
 * never since the boot.
 */
uint32_t
memory_calm_ms(const struct instance *instance);

/*! The same of the last look at what rejoin_user may do. */
uint32_t
memory_grants_ms(const struct instance *instance);

/*! That look has just been taken, whatever it saw. */
void
memory_note_grants(const struct instance *instance);

/*! The same of what is kept of former data, all of it looked through. */
uint32_t
memory_kept_ms(const struct instance *instance);

void
memory_note_kept(const struct instance *instance);

/*! It has found nothing to do just now. */
void
memory_note_calm(const struct instance *instance);

/*!
 * For how long, in ms, has replay, or a primary's flush, stood at this
 * position, while more WAL was there at each look? A look at another position
 * begins anew.
 */
uint32_t
memory_still_ms(const struct instance *instance, lsn position);

/*!
 * Has this process, which replays, used CPU time or done I/O within the last
 * ten seconds, as the looks at it show? YES too when it was not looked at
 * before: it has that long to show it. NO for one that was stopped.
 */
enum tri
memory_replay_is_busy(const struct instance *instance, int32_t pid);

/*!
 * For how long has this standby had no WAL receiver, by the looks that say so?
 *
 * \param[in] has_one  one is there: the count begins anew
 */
uint32_t
memory_alone_ms(const struct instance *instance, bool has_one);

/*! A server that is started is not alone yet. */
void
memory_forget_alone(const struct instance *instance);

#endif
