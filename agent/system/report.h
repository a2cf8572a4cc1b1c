/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_REPORT_H
#define PGWARD_AGENT_REPORT_H

#include <syslog.h>

/*!
 * Open the logs: syslog and, where HA_logfile names one, that file.
 *
 * \param[in] resource  OCF_RESOURCE_INSTANCE, or NULL
 * \param[in] action    the action word; validate-all warns on stderr too
 */
void
report_init(const char *resource, const char *action);

/*!
 * Report as a command does, without a log: what is wrong (LOG_WARNING and more)
 * to stderr, the rest to stdout.
 *
 * \param[in] name    of the program: it stands before each line on stderr
 * \param[in] lowest  what is less than this priority is not told
 */
void
report_init_command(const char *name, int lowest);

/*! Log one line; `priority` is a syslog priority (LOG_INFO, ...). */
void
report_log(int priority, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*!
 * Tell Pacemaker why: `ocf-exit-reason:` on stderr, and an error in the log.
 * The last one of an action is the one that people see. Of a command: a line on
 * stderr, as it is.
 */
void
report_reason(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
