/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_SENDER_MEMORY_H
#define PGWARD_COMMON_SENDER_MEMORY_H

#include <stdbool.h>

#include "snapshot.h"
#include "text.h"

/*
 * What is remembered of the standbys' WAL senders between two actions, by this
 * node's clock alone: a standby's own may be wrong by hours.
 */

/*! One WAL sender, by its node's name and its beginning; no other is it. */
struct sender_note {
    char name[NODE_NAME_SIZE];
    char began[STARTED_SIZE];
    char reply[STARTED_SIZE];     /*!< the newest one, by the standby's clock */
    uint64_t heard_ms;            /*!< when that was seen first */
    uint64_t left_ms;             /*!< when a pre-stop notify named its node
                                       last; 0: none did */
};

struct sender_memory {
    size_t count;
    struct sender_note note[NODES_MAX];
};

/*!
 * Bring what is remembered up to date with what was seen just now, and fill
 * silent_ms and leaving_ms of each sender.
 *
 * \param[in] now_ms  CLOCK_MONOTONIC
 *
 * \return whether the memory changed, so that it is to be kept.
 */
bool
sender_memory_update(struct sender_memory *memory, struct snapshot *snapshot,
                     uint64_t now_ms);

/*! The node is about to be stopped; what is not remembered of it is not. */
void
sender_memory_leave(struct sender_memory *memory, const char *name,
                    uint64_t now_ms);

/*! Write it as the text of a file, its version first. */
void
sender_memory_format(const struct sender_memory *memory, struct text *text);

/*!
 * Read it back.
 *
 * \return 0, or -1 with `ret_memory` untouched: another version, or garbled.
 */
int
sender_memory_parse(const char *text, struct sender_memory *ret_memory);

#endif
