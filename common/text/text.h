/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_TEXT_H
#define PGWARD_COMMON_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/*!
 * Text that grows in the caller's memory.
 *
 * Running out of room is remembered in `overflow` and never truncates in the
 * middle: what does not fit whole is not added, and the writer of the text
 * asks once at the end.
 */
struct text {
    char *buf;      /*!< always ends in NUL when size > 0 */
    size_t size;    /*!< bytes in buf */
    size_t len;     /*!< bytes used, without the NUL */
    bool overflow;  /*!< something did not fit */
};

/*! Start an empty text in `buf` of `size` bytes (at least 1). */
void
text_init(struct text *text, char *buf, size_t size);

/*! Append as printf does; sets `overflow` if it does not fit. */
void
text_add(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*! Append as vprintf does; sets `overflow` if it does not fit. */
void
text_add_v(struct text *text, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/*! Append `len` bytes as they are. */
void
text_add_bytes(struct text *text, const char *bytes, size_t len);

/*! Append as many words (a space between two) as fit whole. */
void
text_add_words(struct text *text, const char *words);

/*!
 * Copy a string into a fixed array.
 *
 * \return 0, or -1 with `ret_to` untouched when it does not fit.
 */
int
text_copy(const char *from, char *ret_to, size_t to_size);

/*!
 * Make words from outside fit for a terminal and for JSON, in place: a control
 * character becomes a space, and a byte that is no part of UTF-8 a `?`.
 *
 * Source: RFC 3629.
 */
void
text_clean(char *words);

/*! Whole-word comparison without case, as Pacemaker compares node names. */
bool
text_same_name(const char *a, const char *b);

#endif
