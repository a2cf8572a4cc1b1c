/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_CLUSTER_MOVES_XML_H
#define PGWARD_AGENT_CLUSTER_MOVES_XML_H

#include <libxml/tree.h>

#include "moves.h"

/*
 * The constraint of a planned move: for as long as it lasts, no node but one
 * may be promoted. Its end is part of it, should nobody be left to take it
 * away, and its id names it as ours.
 */

#define MOVE_ID_PREFIX "pgward-switchover-"

/*! Behind it in its rule's id: the node on which it was set. */
#define MOVE_ID_FROM "-from-"

/*! A character of a node's name as an id has it: `.` where it may not. */
char
cluster_move_id_char(char c);

/*!
 * Read what stands in the way of a move.
 *
 * \param[in]  reply      an answer with location constraints, nodes and
 *                        transient attributes, each with what is below it
 * \param[in]  resource   the primitive's id
 * \param[out] ret_moves  `known` is set
 */
void
cluster_xml_read_moves(const xmlNode *reply, const char *resource,
                       struct moves *ret_moves);

#endif
