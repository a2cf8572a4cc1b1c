/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_COMMAND_STATUS_JSON_H
#define PGWARD_AGENT_COMMAND_STATUS_JSON_H

#include <jansson.h>

#include "survey.h"

/*! Grows when a member changes its meaning or goes. */
#define STATUS_JSON_VERSION 1

/*!
 * What `pgward status` tells, as an object; what is not known is null.
 *
 * \return a new reference, or NULL: it could not be made.
 */
json_t *
status_json(const struct survey *survey);

#endif
