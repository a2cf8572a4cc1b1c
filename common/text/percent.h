/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_PERCENT_H
#define PGWARD_COMMON_PERCENT_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

/*!
 * Append what is done, and how much of it: `copying, 42 % of 900 MB`.
 *
 * \param[in] done_kb, total_kb  kB; of a total of 0 nothing is known yet
 */
void
percent_add(const char *doing, uint64_t done_kb, uint64_t total_kb,
            struct text *text);

/*!
 * Read back how much of it is done.
 *
 * \return false with `ret_percent` untouched: these words tell no share.
 */
bool
percent_read(const char *words, uint32_t *ret_percent);

#endif
