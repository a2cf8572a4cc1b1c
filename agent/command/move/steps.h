/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_STEPS_H
#define PGWARD_AGENT_STEPS_H

#include "cluster.h"
#include "look.h"
#include "moves.h"

/*
 * What a verb does in the cluster, each in a process that is ended when its
 * time is over: then nobody knows whether it was done. Each returns 0, or -1
 * with `ret_why`.
 */

/*! Of which resource, and for how long. */
struct step {
    const struct look *seen;
    uint32_t limit_ms;
};

/*! As cluster_read_moves(). */
int
step_read_moves(const struct step *step, struct moves *ret_moves,
                struct text *ret_why);

/*! As cluster_begin_move(), CLUSTER_MOVE_EXISTS included. */
int
step_begin_move(const struct step *step, const struct cluster_move *move,
                struct text *ret_why);

/*! As cluster_end_move(). */
int
step_end_move(const struct step *step, struct text *ret_why);

/*! As cluster_record_option(). */
int
step_record_decision(const struct step *step, const char *value,
                     struct text *ret_why);

/*! As cluster_set_records(). */
int
step_set_records(const struct step *step,
                 const struct cluster_record *record, size_t count,
                 struct text *ret_why);

/*! Have a checkpoint made on a node, and wait for it: pgsql_checkpoint(). */
int
step_checkpoint(const struct step *step, const char *node,
                struct text *ret_why);

#endif
