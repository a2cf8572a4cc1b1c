/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_IDENTITY_H
#define PGWARD_AGENT_IDENTITY_H

#include <sys/types.h>

#include "params.h"

#define IDENTITY_GROUPS_MAX 64

/*!
 * The user that owns PostgreSQL, looked up once.
 */
struct identity {
    char name[NODE_NAME_SIZE];
    char home[PATH_SIZE];
    char shell[PATH_SIZE];
    uid_t uid;
    gid_t gid;
    int known;      /*!< 1 found, 0 no such user, -1 the look-up failed */
    int group_count;            /*!< of `groups`; -1: more than fit */
    gid_t groups[IDENTITY_GROUPS_MAX];  /*!< looked up once: a monitor
                                             changes sides often */
};

/*!
 * Look a user up.
 *
 * \return 0, or -1: `ret_identity->known` says whether there is no such user
 *         (0) or the look-up itself failed (-1: say so, conclude nothing);
 *         the rest is untouched and errno is set.
 */
int
identity_find(const char *user, struct identity *ret_identity);

/*! Take the user's groups, in place of ours; 0, or -1 with errno. */
int
identity_set_groups(const struct identity *identity);

/*!
 * Act as that user from here on (effective ids and groups; HOME and umask are
 * not touched); nothing to do when it is us already. Does not nest: the first
 * identity_return() ends it. A signal for the parent's end (PR_SET_PDEATHSIG)
 * stays set.
 *
 * \return 0, or -1 with errno.
 */
int
identity_become(const struct identity *identity);

/*!
 * May whom we act as do that with a file: access() by the effective ids?
 *
 * Source: glibc before 2.33 takes AT_EACCESS of faccessat() for the real ids
 * where the program is not setuid, and so lets everything through for root.
 *
 * \return 0, or -1 with errno.
 */
int
identity_may(const char *path, int mode);

/*!
 * Be that user from here on and for good (real, effective and saved ids,
 * groups, HOME, USER, LOGNAME); for root alone.
 *
 * \return 0, or -1 with errno: do not go on then.
 */
int
identity_become_for_good(const struct identity *identity);

/*! Be ourselves again; aborts if that fails: going on would be unsafe. */
void
identity_return(void);

#endif
