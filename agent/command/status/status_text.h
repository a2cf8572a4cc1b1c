/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_COMMAND_STATUS_TEXT_H
#define PGWARD_AGENT_COMMAND_STATUS_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "survey.h"

/*!
 * Write the screen of `pgward status`.
 *
 * \param[in] colour  with the sequences of a terminal
 *
 * \return 0, or -1: there is no memory.
 */
int
status_text(const struct survey *survey, bool colour, FILE *out);

#endif
