/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_SLOT_MEMORY_H
#define PGWARD_COMMON_SLOT_MEMORY_H

#include <stdbool.h>

#include "snapshot.h"
#include "text.h"

/*
 * What is remembered of replication slots between two actions, by this node's
 * clock: since when each is unused, and which were given up.
 */

/*! Once in so long others are told what the slots hold, and follow. */
#define SLOTS_DUE_MS 10000u

struct slot_note {
    char name[NODE_NAME_SIZE];    /*!< of the node, or of an external
                                       standby's slot */
    uint64_t since_ms;            /*!< it was seen unused first */
    bool given_up;
};

struct slot_memory {
    uint64_t due_ms;              /*!< when it was due last */
    size_t count;
    struct slot_note note[NODES_MAX + SLOT_ROWS_MAX];
};

/*!
 * Bring what is remembered up to date with what was seen just now, and fill
 * idle_ms and given_up of each slot, and slots_due.
 *
 * \param[in] now_ms  CLOCK_MONOTONIC
 *
 * \return whether the memory changed, so that it is to be kept.
 */
bool
slot_memory_update(struct slot_memory *memory, struct snapshot *snapshot,
                   uint64_t now_ms);

/*! The slot of this node was dropped, and is not to be made yet. */
void
slot_memory_give_up(struct slot_memory *memory, const char *node,
                    uint64_t now_ms);

/*! Write it as the text of a file, its version first. */
void
slot_memory_format(const struct slot_memory *memory, struct text *text);

/*!
 * Read it back.
 *
 * \return 0, or -1 with `ret_memory` untouched: another version, or garbled.
 */
int
slot_memory_parse(const char *text, struct slot_memory *ret_memory);

#endif
