/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_SENDER_NAME_H
#define PGWARD_COMMON_SENDER_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "snapshot.h"

/*
 * The application_name under which a node's standby streams.
 *
 * A node's name alone is anybody's: pg_receivewal, a standby of another site
 * and a copied file may use it, and PostgreSQL then counts them for the
 * synchronous list. So the cluster has a key, RSC-name-key of crm_config, and
 * the name is `NODE~KEY`: `pm02~5f3a91c4`, compared whole. Where the key is no
 * key (the word `plain`), or not there yet, names are the nodes' own, as the
 * shell agent has them.
 */

/*! PostgreSQL keeps so much of a name (NAMEDATALEN), with the final zero. */
#define SENDER_NAME_SIZE 64

/*! Hexadecimal digits of a key. */
#define NAME_KEY_LENGTH 8

/*! Is the word a key, and not `plain` or anything else? */
bool
name_key_is_valid(const char *word);

/*!
 * The name under which the node's standby is to stream by the key that the
 * snapshot has. A node name that leaves no room for a key is cut, and has a
 * check sum.
 *
 * \param[out] ret_name  of NODE_NAME_SIZE; lower case
 */
void
sender_name(const struct snapshot *snapshot, const char *node,
            char *ret_name);

/*! Is it a name that the node has under some key, or without one? */
bool
sender_name_is_of(const char *name, const char *node);

/*! The key in a name of that node; "": it has none. */
const char *
sender_name_key(const char *name, const char *node);

/*!
 * Say which of the WAL senders that were seen (`row`) is each node's: the one
 * of the whole name. Others that have its name in some form, and two of one
 * name from different addresses, are none; `stranger` and `twin` tell of them.
 */
void
senders_assign(struct snapshot *snapshot);

#endif
