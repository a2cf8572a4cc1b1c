/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A socket that listens. */

#include "serve_listen.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cleanup.h"

#define PORT_SIZE 8

static void
free_addresses(struct addrinfo **addresses)
{
    if (*addresses != NULL) {
        freeaddrinfo(*addresses);
    }
}

/* With IPv4 first: `localhost` is what everyone's clients take for it. */
static const struct addrinfo *
choose(const struct addrinfo *addresses)
{
    for (const struct addrinfo *one = addresses; one != NULL;
         one = one->ai_next) {
        if (one->ai_family == AF_INET) {
            return one;
        }
    }
    return addresses;
}

/* Gives a socket, or -1 with errno. */
static int
open_socket(const struct addrinfo *at)
{
    int fd = socket(at->ai_family,
                    at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;
    int error;

    if (fd < 0
        || (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0
            && bind(fd, at->ai_addr, at->ai_addrlen) == 0
            && listen(fd, SOMAXCONN) == 0)) {
        return fd;
    }
    error = errno;
    (void) close(fd);
    errno = error;
    return -1;
}

int
serve_listen(const char *address, uint16_t port, struct text *ret_why)
{
    const struct addrinfo hints = { .ai_flags = AI_PASSIVE,
                                    .ai_socktype = SOCK_STREAM };
    CLEANUP(free_addresses) struct addrinfo *found = NULL;
    char service[PORT_SIZE];
    struct text text;
    int fd;
    int rc;

    text_init(&text, service, sizeof(service));
    text_add(&text, "%u", (unsigned) port);
    rc = getaddrinfo(address, service, &hints, &found);
    if (rc != 0) {
        text_add(ret_why, "could not find the address '%s': %s", address,
                 gai_strerror(rc));
        return -1;
    }
    fd = open_socket(choose(found));
    if (fd < 0) {
        text_add(ret_why, "could not listen on '%s' port %u: %s", address,
                 (unsigned) port, strerror(errno));
    }
    return fd;
}
