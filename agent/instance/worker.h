/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_WORKER_H
#define PGWARD_AGENT_WORKER_H

#include <stdbool.h>

#include "instance.h"
#include "worker_record.h"

/*
 * A worker: a process that goes on when the action that began it has ended, in
 * a session of its own, with the parameters of then. A record in the run
 * folder says which it is: whoever takes that away has ended it for everybody.
 * What changes a record is called with the instance's lock held.
 */

/*! 0, or -1: there is none, or no record that can be read. */
int
worker_read(const struct instance *instance, enum worker_kind kind,
            struct worker_record *ret_record);

/*! 0, or -1 with `ret_why`. */
int
worker_write(const struct instance *instance,
             const struct worker_record *record, struct text *ret_why);

/*! Take the record away. */
void
worker_forget(const struct instance *instance, enum worker_kind kind);

/*! Does the process of the record live, and is it that one? */
bool
worker_lives(const struct worker_record *record);

/*!
 * Leave the program behind, and note it as the record's process.
 *
 * \param[in,out] record  `pid` and `start` are set
 * \return 0, or -1 with `ret_why`; a process whose record could not be written
 *         is ended again.
 */
int
worker_launch(const struct instance *instance, const char *const *argv,
              struct worker_record *record, struct text *ret_why);

/*! Our own executable; of one that was upgraded, the new one's. */
int
worker_find_agent(char *ret_path, struct text *ret_why);

/*! The time since a moment of CLOCK_MONOTONIC, at least 1 ms. */
uint32_t
worker_age_ms(uint64_t then_ms);

#endif
