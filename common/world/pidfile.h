/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_PIDFILE_H
#define PGWARD_COMMON_PIDFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "params.h"
#include "snapshot.h"

/*! What postmaster.pid says; a line that is not there yet leaves zero. */
struct pidfile {
    int32_t pid;                /*!< of the postmaster; 0: none */
    bool standalone;            /*!< a single-user server (negative pid) */
    char datadir[PATH_SIZE];
    int64_t start_time_s;       /*!< seconds since 1970 */
    int32_t port;
    char socketdir[PATH_SIZE];  /*!< the first one */
    char listen_addr[PATH_SIZE];    /*!< the first one */
    uint64_t shmem_key;
    uint64_t shmem_id;
    enum pidfile_status status; /*!< STARTING while line 8 is not there */
};

/*!
 * Read the text of postmaster.pid.
 *
 * The postmaster writes the file in several steps, so any number of lines may
 * be missing; a line that makes no sense counts as missing.
 *
 * \return 0, or -1 with `ret_pidfile` untouched: no process id in line 1.
 * Source: src/include/utils/pidfile.h of PostgreSQL 10 to 18.
 */
int
pidfile_parse(const char *text, struct pidfile *ret_pidfile);

#endif
