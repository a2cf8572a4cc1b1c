/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_CHECK_OPTIONS_H
#define PGWARD_AGENT_CHECK_OPTIONS_H

#include <stdbool.h>

#include "check.h"
#include "common_options.h"
#include "pgsql_probe.h"

#define CHECK_AMONG_SIZE (NODES_MAX * NODE_NAME_SIZE)

/*! What the command line asks. */
struct check_request {
    struct common_options common;
    struct check_question question;
    struct pgsql_probe probe;   /*!< host[0] NULL: none was named */
    bool over_sql;              /*!< a server is asked, not the cluster */
    bool nagios;
    const char *among;          /*!< all the servers; NULL: not said */
    char among_buf[CHECK_AMONG_SIZE];
};

/*!
 * Read the command line into a request of zeroes, which points into it.
 *
 * \return 0; -1: nothing is to be checked, and `ret_code` ends the program:
 *         --help, or a mistake, which was said.
 */
int
check_options_take(int argc, char **argv, struct check_request *request,
                   int *ret_code);

#endif
