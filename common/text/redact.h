/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_REDACT_H
#define PGWARD_COMMON_REDACT_H

#include "text.h"

/*!
 * Append a line with its secrets made `***`: what follows `password =` or
 * `PASSWORD '`, and the password of a `scheme://user:password@host`.
 *
 * Source: promise P8; libpq connection strings (PostgreSQL documentation 34.1).
 */
void
redact_add(struct text *text, const char *line);

#endif
