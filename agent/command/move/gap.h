/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_GAP_H
#define PGWARD_AGENT_GAP_H

#include <stdint.h>

#include "steps.h"

/* For how long nobody takes writes while the lead moves. */

/*! Who looks for it. */
struct gap;

/*!
 * Begin to ask two servers all the time whether they take writes, the primary
 * and who is to lead, each by a process of its own.
 *
 * \return NULL: nobody asks.
 */
struct gap *
gap_begin(const struct step *step, const char *from, const char *to);

/*!
 * End it. Waits a moment for an answer of the new primary.
 *
 * \return ms from the last such answer of the old primary to the first of the
 *         new one; -1: not known, as where a server lets nobody in from here.
 */
int64_t
gap_end(struct gap *gap);

#endif
