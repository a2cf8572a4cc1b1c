/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Acting as the user that owns PostgreSQL, without su and without PAM. */

#include "identity.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "limited.h"
#include "text.h"

#define PASSWD_BUF_SIZE 16384

/* A name service has so long; a dead directory server may take minutes. */
#define LOOK_UP_MS 2000

/*
 * What identity_return() goes back to. Process-wide as the ids themselves
 * are; a handle could only ever describe this one thing. A module (module.h)
 * has a copy of its own: each of the two returns from where it went itself.
 */
static struct {
    bool active;
    int group_count;
    gid_t groups[IDENTITY_GROUPS_MAX];
} own;

static void
find_groups(struct identity *identity)
{
    int count = IDENTITY_GROUPS_MAX;

    if (getgrouplist(identity->name, identity->gid, identity->groups, &count)
        < 0) {
        count = -1;     /* more than fit: initgroups() when it is needed */
    }
    identity->group_count = count;
}

static int
look_up(const char *user, struct identity *ret_identity)
{
    char buf[PASSWD_BUF_SIZE];
    struct passwd entry;
    struct passwd *found = NULL;
    struct identity identity = { .known = -1 };
    int rc;

    do {
        rc = getpwnam_r(user, &entry, buf, sizeof(buf), &found);
    } while (rc == EINTR);
    if (found == NULL) {
        /* 0: every source said no; otherwise a source could not be asked */
        ret_identity->known = rc == 0 ? 0 : -1;
        return rc;
    }
    if (text_copy(user, identity.name, sizeof(identity.name)) != 0
        || text_copy(found->pw_dir, identity.home, sizeof(identity.home)) != 0
        || text_copy(found->pw_shell, identity.shell, sizeof(identity.shell))
               != 0) {
        ret_identity->known = -1;
        return ENAMETOOLONG;
    }
    identity.uid = found->pw_uid;
    identity.gid = found->pw_gid;
    identity.known = 1;
    find_groups(&identity);
    *ret_identity = identity;
    return 0;
}

struct look_up {
    int rc;
    struct identity identity;
    char user[NODE_NAME_SIZE];
};

static void
run_look_up(void *context)
{
    struct look_up *job = context;

    job->identity.known = -1;
    job->rc = look_up(job->user, &job->identity);
}

/* Returns 0, or an errno. */
static int
find_in_time(const char *user, struct identity *ret_identity)
{
    struct look_up *job = calloc(1, sizeof(*job));
    int rc;

    ret_identity->known = -1;
    if (job == NULL || text_copy(user, job->user, sizeof(job->user)) != 0) {
        free(job);
        return ENOMEM;
    }
    rc = limited_call(run_look_up, job, LOOK_UP_MS);
    if (rc != 0) {
        return rc;
    }
    rc = job->rc;
    ret_identity->known = job->identity.known;
    if (ret_identity->known == 1) {
        *ret_identity = job->identity;
    }
    free(job);
    return rc;
}

int
identity_find(const char *user, struct identity *ret_identity)
{
    int rc = find_in_time(user, ret_identity);

    errno = rc;
    return ret_identity->known == 1 ? 0 : -1;
}

int
identity_set_groups(const struct identity *identity)
{
    if (identity->group_count < 0) {
        return initgroups(identity->name, identity->gid);
    }
    return setgroups((size_t) identity->group_count, identity->groups);
}

/* The kernel unties a child from its parent when its ids change. */
static int
read_tie(void)
{
    int tie = 0;

    return prctl(PR_GET_PDEATHSIG, &tie) == 0 ? tie : 0;
}

static void
tie_again(int tie)
{
    if (tie != 0) {
        (void) prctl(PR_SET_PDEATHSIG, tie);    /* as it was before */
    }
}

int
identity_become(const struct identity *identity)
{
    int tie = read_tie();
    int saved_errno;

    if (identity->known != 1) {
        errno = EINVAL;
        return -1;
    }
    if (own.active || geteuid() == identity->uid) {
        return 0;
    }
    own.group_count = getgroups(IDENTITY_GROUPS_MAX, own.groups);
    if (own.group_count < 0) {
        return -1;
    }
    own.active = true;
    if (identity_set_groups(identity) == 0 && setegid(identity->gid) == 0
        && seteuid(identity->uid) == 0) {
        tie_again(tie);
        return 0;
    }
    saved_errno = errno;
    identity_return();
    tie_again(tie);
    errno = saved_errno;
    return -1;
}

void
identity_return(void)
{
    int saved_errno = errno;
    int tie = read_tie();

    if (!own.active) {
        return;
    }
    if (seteuid(getuid()) != 0 || setegid(getgid()) != 0
        || (geteuid() == 0
            && setgroups((size_t) own.group_count, own.groups) != 0)) {
        abort();        /* half one user and half another */
    }
    own.active = false;
    tie_again(tie);
    errno = saved_errno;
}

int
identity_may(const char *path, int mode)
{
    uid_t uid = getuid();
    gid_t gid = getgid();
    int error = EPERM;

    /* the saved ids stay as they are, and with them the way back */
    if (setresgid(getegid(), (gid_t) -1, (gid_t) -1) == 0
        && setresuid(geteuid(), (uid_t) -1, (uid_t) -1) == 0) {
        error = access(path, mode) == 0 ? 0 : errno;
    }
    if (setresuid(uid, (uid_t) -1, (uid_t) -1) != 0
        || setresgid(gid, (gid_t) -1, (gid_t) -1) != 0) {
        abort();        /* half one user and half another */
    }
    errno = error;
    return error == 0 ? 0 : -1;
}

int
identity_become_for_good(const struct identity *identity)
{
    return identity_set_groups(identity) != 0
           || setresgid(identity->gid, identity->gid, identity->gid) != 0
           || setresuid(identity->uid, identity->uid, identity->uid) != 0
           || setenv("HOME", identity->home, 1) != 0
           || setenv("USER", identity->name, 1) != 0
           || setenv("LOGNAME", identity->name, 1) != 0 ? -1 : 0;
}
