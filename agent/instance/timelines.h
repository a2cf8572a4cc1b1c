/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_TIMELINES_H
#define PGWARD_AGENT_TIMELINES_H

#include <stddef.h>
#include <stdint.h>

#include "lsn.h"

/*! What a history file in pg_wal tells. */
struct timeline {
    uint32_t number;
    struct wal_position left;   /*!< where it left the one before */
    int64_t time_ms;            /*!< since 1970: when the file was written here,
                                     by the promotion or by what brought it */
};

/*!
 * Read the history files in pg_wal of a data directory, in no order.
 *
 * \param[in]  max         as many; the rest is counted as unread
 * \param[out] ret_count   how many were read
 * \param[out] ret_unread  those that could not be read, or are none
 *
 * \return 0, or -1 with errno: pg_wal cannot be looked at.
 */
int
timelines_read(const char *pgdata, struct timeline *ret_timelines, size_t max,
               size_t *ret_count, size_t *ret_unread);

#endif
