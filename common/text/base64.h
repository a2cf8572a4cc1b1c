/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_BASE64_H
#define PGWARD_COMMON_BASE64_H

#include <stddef.h>

/*!
 * Read base64 with its padding (RFC 4648, section 4); ends of lines in it are
 * passed over.
 *
 * \param[in]  size     of `ret_bytes`; 3 bytes for 4 characters do in any case
 * \param[out] ret_len  of the bytes; a NUL follows them, which is not counted
 *
 * \return 0, or -1: it is none, or does not fit with its NUL.
 */
int
base64_decode(const char *text, char *ret_bytes, size_t size,
              size_t *ret_len);

#endif
