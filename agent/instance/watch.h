/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_WATCH_H
#define PGWARD_AGENT_WATCH_H

#include "instance.h"

/* The build says where it is installed. */
#ifndef WATCHER_PATH
#define WATCHER_PATH "/usr/lib/ocf/lib/pgward/watcher"
#endif

/*
 * The watcher: a small process that waits for the postmaster's end and then
 * becomes this agent's `report-failure`. It decides nothing; without it all is
 * as safe, only slower. A record in the run folder says who waits for whom:
 * whoever takes it away has made the watcher silent. All but watch_observe()
 * is called with the instance's lock held.
 */

/*! Read the record, and look whether the watcher lives. */
void
watch_observe(const struct instance *instance, struct watch *ret_watch);

/*!
 * Give the postmaster a watcher, in place of any other.
 *
 * \return 0; -1 with `ret_why`. A watcher that is not installed is said now
 *         and then, and is no failure.
 */
int
watch_begin(const struct instance *instance, int32_t postmaster_pid,
            struct text *ret_why);

/*! End the watcher, if there is one: nobody is to report the server's end. */
void
watch_end(const struct instance *instance);

/*!
 * Let no monitor report the death for now: this process does, once another
 * node has had its time to take over.
 */
int
watch_hand_over(const struct instance *instance, struct text *ret_why);

/*!
 * Report the death that this process waited for, once. Gives the lock back as
 * soon as Pacemaker knows, since the next action is on its way then.
 */
int
watch_report(struct instance *instance, struct text *ret_why);

#endif
