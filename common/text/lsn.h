/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_LSN_H
#define PGWARD_COMMON_LSN_H

#include <stdbool.h>
#include <stdint.h>

/*! A WAL position in bytes; 0 is PostgreSQL's InvalidXLogRecPtr: unknown. */
typedef uint64_t lsn;

/*! A position on a timeline; timeline 0 is unknown. */
struct wal_position {
    uint32_t timeline;
    lsn lsn;
};

/*! Bytes that lsn_format_hex() and lsn_format_sql() need, with the NUL. */
#define LSN_TEXT_SIZE 20

/*! Bytes that wal_position_format() needs, with the NUL. */
#define WAL_POSITION_TEXT_SIZE 32

/*!
 * Read a position as PostgreSQL prints it, `16/B374D848`.
 *
 * \return 0, or -1 with `ret_lsn` untouched: not exactly that form.
 * Source: PostgreSQL documentation 8.20, pg_lsn.
 */
int
lsn_parse_sql(const char *text, lsn *ret_lsn);

/*!
 * Read a position as the node attributes carry it: 16 hex digits.
 *
 * \return 0, or -1 with `ret_lsn` untouched.
 */
int
lsn_parse_hex(const char *text, lsn *ret_lsn);

/*! Write `lsn` as 16 upper-case hex digits into `ret_text[LSN_TEXT_SIZE]`. */
void
lsn_format_hex(lsn value, char *ret_text);

/*! Write `lsn` as PostgreSQL does into `ret_text[LSN_TEXT_SIZE]`. */
void
lsn_format_sql(lsn value, char *ret_text);

/*! Write `TIMELINE/16HEX` (`3/0000000006000098`). */
void
wal_position_format(struct wal_position position, char *ret_text);

/*! Read what wal_position_format() wrote; 0, or -1 with nothing changed. */
int
wal_position_parse(const char *text, struct wal_position *ret_position);

/*!
 * Order two positions: the newer timeline wins, then the further position.
 *
 * \return <0, 0 or >0 as `a` is behind, equal to or ahead of `b`.
 */
int
wal_position_compare(struct wal_position a, struct wal_position b);

/*! Is this a position at all (timeline and LSN both known)? */
bool
wal_position_is_known(struct wal_position position);

#endif
