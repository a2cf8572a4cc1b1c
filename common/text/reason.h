/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_REASON_H
#define PGWARD_COMMON_REASON_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

/*
 * What a person is told. A reason begins `WHAT TO DO: WHY`, and ends there or
 * goes on with `. DETAILS`. Pacemaker shows its first bytes and no more.
 */

/*! Pacemaker's EXIT_REASON_MAX_LEN, less the NUL. */
#define REASON_SHOWN 127

/*! The length of what has to be shown: up to the first `. `, or all. */
size_t
reason_head(const char *reason);

/*!
 * Shorten what stands in quotes, the longest first, until the head fits into
 * REASON_SHOWN bytes or nothing is left to shorten. Of a path the end stays,
 * of a name the beginning.
 */
void
reason_shorten(char *reason);

/*! Do the words begin with what a person does? A new verb has its row. */
bool
reason_names_step(const char *words);

/*!
 * Append words that tell why, as a reason: `step: ` comes before them, unless
 * they name a step of their own, which knows better.
 */
void
reason_add(struct text *text, const char *step, const char *words);

/*!
 * Where the cause begins in libpq's own words, which put before it to where it
 * connects, a severity and an SQLSTATE.
 */
const char *
reason_cause(const char *message);

#endif
