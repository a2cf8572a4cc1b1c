/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_REDACT_H
#define PGWARD_COMMON_REDACT_H

#include "text.h"

/*!
 * Append a line with its secrets made `***`: what follows `password =`,
 * `passwd:`, `PASSWORD '` or `--password`, and the like of an archive's key;
 * the password of a `scheme://user:password@host`; and in the CIB the value of
 * a parameter whose name speaks of one.
 *
 * Source: promise P8; libpq connection strings (PostgreSQL documentation 34.1).
 */
void
redact_add(struct text *text, const char *whole);

#endif
