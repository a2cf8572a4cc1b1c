/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a host, by address or by name, is this machine. */

#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "limited.h"
#include "params.h"

#define HOST_SIZE 256
#define LOOK_UP_MS 1000u

/* As many addresses as a name may have here: one that has more is not known. */
#define FOUND_MAX 32

struct look_up {
    int rc;                     /* of getaddrinfo() */
    char host[HOST_SIZE];
    size_t count;
    struct sockaddr_storage found[FOUND_MAX];
};

static void
find_addresses(struct look_up *job, int flags)
{
    const struct addrinfo hints = { .ai_flags = flags,
                                    .ai_socktype = SOCK_STREAM };
    struct addrinfo *list = NULL;

    job->rc = getaddrinfo(job->host, NULL, &hints, &list);
    if (job->rc != 0) {
        return;
    }
    for (const struct addrinfo *one = list; one != NULL; one = one->ai_next) {
        if (job->count == FOUND_MAX) {
            job->rc = EAI_OVERFLOW;
        } else if (one->ai_addrlen <= sizeof(job->found[0])) {
            memcpy(&job->found[job->count++], one->ai_addr, one->ai_addrlen);
        }
    }
    freeaddrinfo(list);
}

static void
look_up(void *context)
{
    find_addresses(context, 0);
}

static bool
is_address(const char *host)
{
    struct look_up job = { .rc = 0 };

    return text_copy(host, job.host, sizeof(job.host)) == 0
           && (find_addresses(&job, AI_NUMERICHOST), job.rc == 0);
}

static bool
is_loopback(const struct sockaddr *address)
{
    const struct sockaddr_in *v4 = (const void *) address;
    const struct sockaddr_in6 *v6 = (const void *) address;

    return address->sa_family == AF_INET
           ? ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET
           : address->sa_family == AF_INET6
             && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static bool
is_same(const struct sockaddr *one, const struct sockaddr *two)
{
    if (one == NULL || one->sa_family != two->sa_family) {
        return false;
    }
    if (one->sa_family == AF_INET) {
        const struct sockaddr_in *a = (const void *) one;
        const struct sockaddr_in *b = (const void *) two;

        return a->sin_addr.s_addr == b->sin_addr.s_addr;
    }
    if (one->sa_family == AF_INET6) {
        const struct sockaddr_in6 *a = (const void *) one;
        const struct sockaddr_in6 *b = (const void *) two;

        return IN6_ARE_ADDR_EQUAL(&a->sin6_addr, &b->sin6_addr);
    }
    return false;
}

static bool
is_one_of_ours(const struct ifaddrs *ours, const struct look_up *job)
{
    for (size_t i = 0; i < job->count; i++) {
        const struct sockaddr *found = (const void *) &job->found[i];

        if (is_loopback(found)) {
            return true;
        }
        for (const struct ifaddrs *one = ours; one != NULL;
             one = one->ifa_next) {
            if (is_same(one->ifa_addr, found)) {
                return true;
            }
        }
    }
    return false;
}

/* One of the list; the job is freed, here or where it hangs. */
static enum tri
judge(struct look_up *job, const struct ifaddrs *ours, struct text *ret_why)
{
    char host[HOST_SIZE];
    enum tri here = TRI_UNKNOWN;
    int rc = 0;

    memcpy(host, job->host, sizeof(host));
    find_addresses(job, AI_NUMERICHOST);
    if (job->rc != 0) {
        rc = limited_call(look_up, job, LOOK_UP_MS);
    }
    if (rc != 0) {
        text_add(ret_why, "could not look up '%s': %s", host, strerror(rc));
        return TRI_UNKNOWN;
    }
    if (job->rc != 0) {
        text_add(ret_why, "could not look up '%s': %s", host,
                 gai_strerror(job->rc));
    } else {
        here = is_one_of_ours(ours, job) ? TRI_YES : TRI_NO;
    }
    free(job);
    return here;
}

/* Take the next one off a list with commas; false: there is none that fits */
static bool
next_host(const char **list, char *ret_host, size_t size)
{
    size_t len = strcspn(*list, ",");

    if (**list == '\0' || len >= size) {
        return false;
    }
    memcpy(ret_host, *list, len);
    ret_host[len] = '\0';
    *list += len + ((*list)[len] == ',');
    return true;
}

static enum tri
judge_list(const char *list, const struct ifaddrs *ours, struct text *ret_why)
{
    enum tri here = TRI_NO;
    char host[HOST_SIZE];

    while (next_host(&list, host, sizeof(host))) {
        struct look_up *job;
        enum tri one;

        if (params_is_socket(host)) {
            return TRI_YES;     /* libpq: a server of this machine */
        }
        job = calloc(1, sizeof(*job));
        if (job == NULL) {
            text_add(ret_why, "%s", strerror(ENOMEM));
            return TRI_UNKNOWN;
        }
        memcpy(job->host, host, sizeof(host));
        one = judge(job, ours, ret_why);
        if (one != TRI_NO) {
            return one;
        }
    }
    if (*list != '\0') {
        text_add(ret_why, "'%s' is too long for a host", list);
        here = TRI_UNKNOWN;
    }
    return here;
}

enum tri
address_is_here(const char *host, struct text *ret_why)
{
    struct ifaddrs *ours = NULL;
    enum tri here;

    if (getifaddrs(&ours) != 0) {
        text_add(ret_why, "could not read this machine's addresses: %s",
                 strerror(errno));
        return TRI_UNKNOWN;
    }
    here = judge_list(host, ours, ret_why);
    freeifaddrs(ours);
    return here;
}

bool
address_find_name(const char *host, char *ret_name, size_t size)
{
    ret_name[0] = '\0';
    while (next_host(&host, ret_name, size)) {
        if (!params_is_socket(ret_name) && !is_address(ret_name)) {
            return true;
        }
        ret_name[0] = '\0';
    }
    return false;
}
