/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_COMMAND_SURVEY_H
#define PGWARD_AGENT_COMMAND_SURVEY_H

#include <stdbool.h>
#include <stdint.h>

#include "look.h"
#include "overview.h"

/*! The cluster as this node and the primary's server see it. */
struct survey {
    struct look here;
    struct look seat;           /*!< from the primary's place, where another
                                     node leads */
    struct overview overview;   /*!< judged by both */
    int64_t last_gap_ms;        /*!< before the primary led, as this node
                                     recorded it; -1: not known */
    bool whole;                 /*!< all was looked at */
};

/*!
 * Look from both places, one after the other, and judge. What was not seen is
 * said on standard error.
 *
 * \param[in]  resource    or its clone; NULL: the one that there is
 * \param[in]  timeout_ms  for all of it
 * \param[out] ret_survey  large: not for the stack
 *
 * \return 0, or -1: not even the resource was found, which was said.
 */
int
survey_take(const char *resource, uint32_t timeout_ms,
            struct survey *ret_survey);

#endif
