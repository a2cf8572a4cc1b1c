/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_OVERVIEW_RPO_H
#define PGWARD_COMMON_OVERVIEW_RPO_H

#include "overview.h"
#include "text.h"

/*!
 * Judge what would be lost if the primary died now.
 *
 * \param[in]     lead      the look in which the primary tells of itself and
 *                          its standbys; NULL: there is none
 * \param[in,out] overview  its nodes and the primary are there; rpo_* and
 *                          holders are set
 *
 * Errors: none; NONE only where the record, the list in force and the server's
 *         settings prove it.
 * Source: promises P1 and P2.
 */
void
overview_judge_rpo(const struct snapshot *lead, struct overview *overview);

/*!
 * What would be lost, in words: `none: 2 nodes hold every acknowledged commit`,
 * `up to 1.2 MB now: commits wait for no standby`.
 */
void
overview_add_rpo(const struct overview *overview, struct text *text);

/*! Bytes as people read them, rounded up: `0 B`, `812 B`, `1.2 MB`. */
void
overview_add_bytes(uint64_t bytes, struct text *text);

#endif
