/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_SLOT_OWNER_H
#define PGWARD_COMMON_SLOT_OWNER_H

#include <stdbool.h>

#include "params.h"
#include "snapshot.h"
#include "text.h"

/*
 * Whose a replication slot is. Ours are those with exactly a name that the
 * agent gives, and those that had one: who left node_list, or another prefix,
 * is known by tmpdir/slots, the names of our slots that this server had at the
 * last look. All others are strangers', and are never touched.
 */

struct slot_names {
    size_t count;
    char name[SLOT_ROWS_MAX][SERVER_NAME_SIZE];
};

/*!
 * Say whose the slots are that senders.slot_row has as the server told them:
 * those of nodes of node_list go to their node; external standbys' and old
 * ones of ours stay in slot_row; strangers' are left out.
 */
void
slots_assign(const struct params *params, const struct slot_names *known,
             struct snapshot *snapshot);

/*! The names of ours that are there now, in the order of the look. */
void
slots_list(const struct params *params, const struct snapshot *snapshot,
           struct slot_names *ret_names);

/*!
 * What synchronized_standby_slots (17) is to be beside a list of synchronous
 * standbys: their slots, so that no logical client gets what a standby that
 * may take over has not. "" where commits wait for nobody.
 *
 * Errors: a text that did not fit has `overflow` set.
 */
void
slots_waited_for(const struct params *params, const struct snapshot *snapshot,
                 const char *sync_names, struct text *text);

/*! Is it so, and is the setting there at all? Fills senders.slots_waited. */
void
slots_compare_waited(const struct params *params, struct snapshot *snapshot);

/*! Take one more; false: it is there, or does not fit. */
bool
slot_names_add(struct slot_names *names, const char *name);

/*! Write them, a line each. */
void
slot_names_format(const struct slot_names *names, struct text *text);

/*! Read them back; what is no name of a slot is left out. */
void
slot_names_parse(const char *text, struct slot_names *ret_names);

#endif
