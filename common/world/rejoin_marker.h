/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_REJOIN_MARKER_H
#define PGWARD_COMMON_REJOIN_MARKER_H

#include "params.h"
#include "snapshot.h"
#include "text.h"

/*! The kernel's word for one time between power-on and power-off. */
#define BOOT_ID_SIZE 40

/*!
 * What stands beside the data of a node that comes back, from before the data
 * is touched until it is proved; it outlives a reboot (P9).
 */
struct rejoin_marker {
    enum rejoin_phase phase;
    enum rejoin_end end;
    uint32_t attempts;
    uint64_t inode;                     /*!< of pgdata */
    char system_id[SYSTEM_ID_SIZE];
    struct wal_position fork;           /*!< where its own past left the
                                             primary's */
    uint32_t timeline;                  /*!< the primary's; of a rewind that
                                             was begun: to which one */
    char kept[PATH_SIZE];               /*!< the folder of its own WAL, or "" */
    char boot[BOOT_ID_SIZE];            /*!< in which the last rewind was
                                             begun, or "" */
    char why[SERVER_TEXT_SIZE];         /*!< the last attempt's end, or "" */
};

/*! Bytes that its text needs, with the NUL. */
#define REJOIN_MARKER_SIZE (SERVER_TEXT_SIZE + PATH_SIZE + 512)

/*! Write it as the text of a file, its version first. */
void
rejoin_marker_format(const struct rejoin_marker *marker, struct text *text);

/*!
 * Read it back.
 *
 * \return 0, or -1 with `ret_marker` untouched: another version, or garbled.
 */
int
rejoin_marker_parse(const char *text, struct rejoin_marker *ret_marker);

#endif
