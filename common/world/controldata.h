/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_CONTROLDATA_H
#define PGWARD_COMMON_CONTROLDATA_H

#include <stdint.h>

#include "lsn.h"
#include "snapshot.h"

/*! What pg_controldata (LC_ALL=C) says; UNKNOWN and 0 where it does not. */
struct controldata {
    enum control_state state;
    uint32_t version;                   /*!< pg_control version number */
    uint32_t catalog_version;
    uint64_t system_identifier;
    struct wal_position checkpoint;     /*!< latest checkpoint location */
    struct wal_position redo;
    struct wal_position min_recovery_end;
    struct limits limits;               /*!< needed to replay its WAL */
    enum tri wal_log_hints;
    enum tri checksums;
};

/*!
 * Read the output of pg_controldata.
 *
 * \return 0, or -1 with `ret_controldata` untouched: without a state or a
 *         checkpoint it is not that output (or the file was torn: read anew).
 */
int
controldata_parse(const char *text, struct controldata *ret_controldata);

#endif
