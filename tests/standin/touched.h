/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_TESTS_TOUCHED_H
#define PGWARD_TESTS_TOUCHED_H

#include <stdint.h>

#include "text.h"

/*
 * A stand-in for all that agent/action/execute*.c and agent/instance/observe.c
 * touch: server, files, cluster, memory, log and clock. Each call is noted and
 * answers what the test wants; time passes only as the test says. A pointer to
 * what a look fills goes through the answer's `fill`.
 */

/*! How a function answers; without one: 0, no words, at once. */
struct reply {
    const char *function;       /*!< NULL ends the list */
    int rc;
    const char *words;          /*!< into its `ret_why` */
    int64_t takes_ms;
    void (*fill)(void *ret);
};

/*! Forget calls, answers and log; the clock is at 1000. */
void
touched_reset(void);

/*! These answers from here on, in place of any other. */
void
touched_reply(const struct reply *answers);

/*! What was called since touched_reset(): `NAME ARGUMENTS | NAME ...`. */
const char *
touched_calls(void);

/*! The deadline that the last call of a function had; -1: none was called. */
int64_t
touched_deadline_ms(const char *function);

/*! What was logged, `PRIORITY WORDS` a line; memory_say() too. */
const char *
touched_log(void);

/*! For stand-ins: note a call, then answer it. */
int
touched_play(const char *function, struct text *ret_why, void *ret,
             const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
