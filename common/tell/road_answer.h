/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_ROAD_ANSWER_H
#define PGWARD_COMMON_ROAD_ANSWER_H

#include "road_ask.h"
#include "roads.h"

/*! What is sent before the answer's text. */
enum road_type {
    ROAD_TYPE_JSON,             /*!< as Patroni has it */
    ROAD_TYPE_JSON_UTF8,        /*!< as PgRoute66 has it */
    ROAD_TYPE_TEXT,
};

/*! Room for every answer: the names of all hosts, each character escaped. */
#define ROAD_BODY_SIZE (64 * 1024)

/*!
 * Answer a question, but the one for metrics.
 *
 * PgRoute66's are its own byte for byte, but that a primary that another one
 * has followed is "unavailable", and that /availability writes nothing: it
 * tells the delay of a standby's replay.
 * Patroni's paths ask of this node: 200 or 503, with some words of Patroni's
 * as JSON. A router has no node of its own: there they are 404.
 *
 * \param[out] ret_type  what the text is
 * \param[out] body      the text
 *
 * \return HTTP's status; 500 with nothing in the text where it did not fit.
 *
 * Units:  ms of CLOCK_MONOTONIC.
 * Errors: what is in doubt is no.
 */
unsigned
road_answer(const struct road_ask *ask, const struct roads *roads,
            const struct road_groups *groups, int64_t now_ms,
            enum road_type *ret_type, struct text *body);

/*!
 * Answer HAProxy's agent-check, which has sent `question` (agent-send): one of
 * Patroni's paths. `up`, or `down` and why.
 *
 * Source: HAProxy's configuration manual, agent-check.
 */
void
road_answer_agent(const char *question, const struct roads *roads,
                  const struct road_groups *groups, int64_t now_ms,
                  struct text *line);

#endif
