/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_FLIGHT_H
#define PGWARD_AGENT_FLIGHT_H

#include "instance.h"
#include "plan.h"
#include "snapshot.h"

/*
 * The flight recorder: what this node saw and decided at its last promotions,
 * demotions, releases, rejoins and failures, and the record of events. It
 * outlives a reboot. What is written is not forced to the disk, since nobody
 * may wait for it: who loses power may lose the last seconds of it.
 */

/*! Where the build puts it; the variable PGWARD_STATE moves it. */
#ifndef STATE_FOLDER
#define STATE_FOLDER "/var/lib/pgward"
#endif

/*! The files of FOLDER/RESOURCE. */
#define FLIGHT_EVENTS "events"          /*!< and events.old */
#define FLIGHT_EVENTS_MAX (128 * 1024)
#define FLIGHT_SUFFIX ".trace"          /*!< RING-NUMBER.trace: one action */
#define FLIGHT_RECORD_MAX (256 * 1024)
#define FLIGHT_RECORDS 16               /*!< of each ring */

/*! The folder of a resource; 0, or -1 with errno ENAMETOOLONG. */
int
flight_folder(const char *resource, char *ret_path);

/*!
 * Keep this look and what was decided by it, and note what happens by it,
 * where either is worth it (notable.h). It is done before the plan is, so that
 * a step that does not return has its record. It never fails an action: what
 * cannot be written is not.
 */
void
flight_note(const struct instance *instance, const struct snapshot *snapshot,
            const struct plan *plan);

#endif
