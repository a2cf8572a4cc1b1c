/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_HELPER_H
#define PGWARD_AGENT_HELPER_H

/*!
 * Go on as a helper program, which is found as the modules are.
 *
 * \param[in] argv  its words, with a place for its name before them
 *
 * \return COMMAND_FAILED: it cannot be run, which was said. Else it does not
 *         return.
 */
int
helper_exec(const char *name, char **argv);

#endif
