/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_USERLIMITS_H
#define PGWARD_AGENT_USERLIMITS_H

#include <stdint.h>
#include <sys/resource.h>

#include "identity.h"

/*
 * The resource limits that su gave the server by way of pam_limits: read from
 * limits.conf and limits.d, without PAM.
 *
 * Understood: a user, `@group` and `*` as the domain; soft, hard and `-`;
 * as core cpu data fsize locks memlock msgqueue nofile nproc rss rtprio
 * sigpending stack. What counts log-ins (maxlogins, ...) or priorities (nice,
 * priority) is none of a server's business and passed over, as are ranges of
 * ids and `%group`.
 */

#define USERLIMITS_FOLDER "/etc/security"

/*! Whose rule a value came from; the nearest one wins, as in pam_limits. */
enum userlimits_source {
    USERLIMITS_NONE = 0,
    USERLIMITS_DEFAULT,             /*!< `*` */
    USERLIMITS_GROUP,               /*!< `@group` */
    USERLIMITS_USER,
};

struct userlimits {
    enum userlimits_source soft_source[RLIM_NLIMITS];
    enum userlimits_source hard_source[RLIM_NLIMITS];
    rlim_t soft[RLIM_NLIMITS];
    rlim_t hard[RLIM_NLIMITS];
};

/*!
 * Apply the rules of one file's text on top of what is known.
 *
 * \return 0; 1: a rule says that this user has no limits at all.
 */
int
userlimits_parse(const char *text, const struct identity *user,
             struct userlimits *limits);

/*!
 * Read `folder`/limits.conf, then `folder`/limits.d/\*.conf by name. A file
 * that cannot be read sets nothing, as in pam_limits.
 */
void
userlimits_read(const char *folder, const struct identity *user,
            struct userlimits *ret_limits);

/*!
 * Set this process's limits (as root, before its ids change). A limit that
 * the kernel refuses is left as it was: a server with fewer files open than
 * wished for is better than none.
 */
void
userlimits_apply(const struct userlimits *limits);

#endif
