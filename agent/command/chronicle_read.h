/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_COMMAND_CHRONICLE_READ_H
#define PGWARD_AGENT_COMMAND_CHRONICLE_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "chronicle.h"

/*! What this node knows of the past, in order. */
struct chronicle {
    struct chronicle_row *row;  /*!< free() */
    size_t count;
    bool whole;                 /*!< false: something was not read, which was
                                     said */
};

/*!
 * Read the record of events of a resource, and the history files.
 *
 * \param[in] pgdata  the data directory; NULL: not known, so there are none
 */
void
chronicle_read(const char *resource, const char *pgdata,
               struct chronicle *ret_chronicle);

#endif
