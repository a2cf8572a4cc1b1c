/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_LINE_H
#define PGWARD_COMMON_LINE_H

#include <stddef.h>
#include <stdint.h>

/*!
 * Take the next line of a text and move on; space around it is cut off.
 *
 * \param[in,out] text     moves behind the line, also when it did not fit
 * \param[out]    ret_line the line without its end
 * \return 0, or -1 with `ret_line` untouched: longer than `size - 1` bytes.
 */
int
line_next(const char **text, char *ret_line, size_t size);

/*!
 * Read a decimal number at the start of a text.
 *
 * \return what follows the number, or NULL with `ret_value` untouched: no
 *         digit, or more than `max`.
 */
const char *
line_read_number(const char *text, uint64_t max, uint64_t *ret_value);

/*! What follows `words` at the start of a text; NULL: it begins otherwise. */
const char *
line_after(const char *text, const char *words);

#endif
