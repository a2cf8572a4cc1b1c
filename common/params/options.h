/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_OPTIONS_H
#define PGWARD_COMMON_OPTIONS_H

#include "params.h"

/*!
 * Which parameter has another value than when the server was started?
 *
 * \param[in] opts  postmaster.opts: the command line of the server that runs
 * \return `config` or `start_opt`; NULL: none, or it cannot be told, since
 *         another hand started the server, or start_opt is more than words and
 *         quotes to a shell.
 */
const char *
options_changed(const char *opts, const struct params *params);

#endif
