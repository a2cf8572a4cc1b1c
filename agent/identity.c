/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Acting as the user that owns PostgreSQL, without su and without PAM. */

#include "identity.h"

#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
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

/*
 * No name service has a time-out that we could set, so another thread asks
 * it: a directory server that hangs must not hang every action.
 */
struct look_up {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool done;
    bool left;                  /* nobody waits any more */
    int rc;
    struct identity identity;
    char user[NODE_NAME_SIZE];
};

static void
free_look_up(struct look_up *job)
{
    (void) pthread_cond_destroy(&job->cond);
    (void) pthread_mutex_destroy(&job->mutex);
    free(job);
}

static void *
run_look_up(void *context)
{
    struct look_up *job = context;
    struct identity identity = { .known = -1 };
    int rc = look_up(job->user, &identity);
    bool left;

    (void) pthread_mutex_lock(&job->mutex);
    job->identity = identity;
    job->rc = rc;
    job->done = true;
    left = job->left;
    (void) pthread_cond_signal(&job->cond);
    (void) pthread_mutex_unlock(&job->mutex);
    if (left) {
        free_look_up(job);
    }
    return NULL;
}

static struct look_up *
new_look_up(const char *user)
{
    struct look_up *job = calloc(1, sizeof(*job));
    pthread_condattr_t attributes;

    if (job == NULL || text_copy(user, job->user, sizeof(job->user)) != 0) {
        free(job);
        return NULL;
    }
    (void) pthread_condattr_init(&attributes);
    (void) pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void) pthread_mutex_init(&job->mutex, NULL);
    (void) pthread_cond_init(&job->cond, &attributes);
    (void) pthread_condattr_destroy(&attributes);
    return job;
}

/* False: the name service hangs; then the thread frees what it works with. */
static bool
await_look_up(struct look_up *job)
{
    int64_t end_ms = clock_now_ms() + LOOK_UP_MS;
    const struct timespec end = { .tv_sec = (time_t) (end_ms / 1000),
                                  .tv_nsec = (long) (end_ms % 1000) * 1000000 };
    int rc = 0;
    bool done;

    (void) pthread_mutex_lock(&job->mutex);
    while (!job->done && rc == 0) {
        rc = pthread_cond_timedwait(&job->cond, &job->mutex, &end);
    }
    done = job->done;
    job->left = !done;
    (void) pthread_mutex_unlock(&job->mutex);
    return done;
}

/* Returns 0, or an errno. */
static int
find_in_time(const char *user, struct identity *ret_identity)
{
    struct look_up *job = new_look_up(user);
    pthread_t thread;
    int rc;

    ret_identity->known = -1;
    if (job == NULL) {
        return ENOMEM;
    }
    rc = pthread_create(&thread, NULL, run_look_up, job);
    if (rc == 0 && !await_look_up(job)) {
        (void) pthread_detach(thread);
        return ETIMEDOUT;
    }
    if (rc == 0) {
        (void) pthread_join(thread, NULL);
        rc = job->rc;
        ret_identity->known = job->identity.known;
    }
    if (ret_identity->known == 1) {
        *ret_identity = job->identity;
    }
    free_look_up(job);
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

int
identity_become(const struct identity *identity)
{
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
        return 0;
    }
    saved_errno = errno;
    identity_return();
    errno = saved_errno;
    return -1;
}

void
identity_return(void)
{
    int saved_errno = errno;

    if (!own.active) {
        return;
    }
    if (seteuid(getuid()) != 0 || setegid(getgid()) != 0
        || (geteuid() == 0
            && setgroups((size_t) own.group_count, own.groups) != 0)) {
        abort();        /* half one user and half another */
    }
    own.active = false;
    errno = saved_errno;
}
