/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_REFUSAL_H
#define PGWARD_COMMON_REFUSAL_H

#include <stddef.h>

#include "text.h"

/*
 * Who sends to the clients' address where it is not gets an answer: a table of
 * nftables of the resource's own. For a tenth of a second in a failover the
 * address is on no node, and the clients' neighbour tables still lead to the
 * one that had it: without an answer TCP waits for a whole second.
 */

#define REFUSAL_ADDRESSES_MAX 16
#define REFUSAL_TABLE_SIZE 192
#define REFUSAL_CHAIN_SIZE 32
#define REFUSAL_SCRIPT_SIZE 4096

/*! The table as it should be. */
struct refusal_table {
    char name[REFUSAL_TABLE_SIZE];
    char chain[REFUSAL_CHAIN_SIZE];     /*!< its name tells the contents */
    unsigned rules;                     /*!< in that chain */
};

/*!
 * Check the value of client_address: ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT,
 * several with spaces between them.
 *
 * \return 0, or -1 with `problem` filled: object, cause and next step.
 */
int
refusal_check(const char *addresses, struct text *problem);

/*!
 * The table's name: `pgward-RESOURCE`, where nftables takes that name; else
 * what it does not take is replaced and a checksum keeps it one of its own.
 */
void
refusal_table_name(const char *resource, char ret_name[REFUSAL_TABLE_SIZE]);

/*!
 * Write the commands of nft that make the table, and unmake what was there.
 *
 * \param[in]  addresses  what refusal_check() accepted, not empty
 * \param[in]  port       of an address without one
 * \param[in]  expire_s   after so many seconds it refuses nothing; 0: it lasts
 * \param[out] script     of REFUSAL_SCRIPT_SIZE; asks for a look at overflow
 */
void
refusal_write(const char *resource, const char *addresses, int port,
              unsigned expire_s, struct text *script,
              struct refusal_table *ret_table);

#endif
