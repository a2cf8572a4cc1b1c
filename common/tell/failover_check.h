/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_FAILOVER_CHECK_H
#define PGWARD_COMMON_FAILOVER_CHECK_H

#include "findings.h"
#include "moves.h"
#include "snapshot.h"

/*
 * The way out where nobody may lead by proof: a person decides with whose data
 * the cluster goes on, and the record says so then. What the agents prove of
 * others stays: no second primary, and fencing of whom nobody sees.
 */

/*! The facts that it is judged by. */
#define FAILOVER_FACTS ((uint32_t) (FACT_ATTRS | FACT_RECORD | FACT_MEMBERS))

/*! Of the standbys that run, who holds most; NODES_MAX: none, or each has WAL
 *  that another has not. */
size_t
failover_choose(const struct snapshot *snapshot);

/*!
 * Judge it, and tell what may be lost.
 *
 * \param[in]  target       with whose data to go on
 * \param[out] ret_give_up  NODES_MAX of them: whose record is to be DISCONNECT,
 *                          or `target` would not be elected
 *
 * Source: promises P2 and P3.
 */
void
failover_check(const struct snapshot *snapshot, const struct moves *moves,
               size_t target, bool *ret_give_up, struct findings *findings);

#endif
