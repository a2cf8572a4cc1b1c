/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_SYNC_MEMORY_H
#define PGWARD_COMMON_SYNC_MEMORY_H

#include "snapshot.h"
#include "text.h"

/*! Write what is remembered as the text of a file, its version first. */
void
sync_memory_format(const struct sync_memory *memory, struct text *text);

/*!
 * Read it back.
 *
 * \return 0, or -1 with `ret_memory` untouched: another version, or garbled.
 */
int
sync_memory_parse(const char *text, struct sync_memory *ret_memory);

#endif
