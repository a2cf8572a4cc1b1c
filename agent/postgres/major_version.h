/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_MAJOR_VERSION_H
#define PGWARD_AGENT_MAJOR_VERSION_H

#include <stdint.h>

#include "identity.h"

/*!
 * PG_VERSION of a data directory: 15, or 9 for `9.6`; 0: it could not be read.
 * Call as a user who may.
 */
uint32_t
major_version_read(const char *pgdata);

/*! The same as its owner; 0, too, where nobody can become that. */
uint32_t
major_version_read_as(const char *pgdata, const struct identity *identity);

#endif
