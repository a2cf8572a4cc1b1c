/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_COMMON_TABLESPACES_H
#define PGWARD_COMMON_TABLESPACES_H

#include <stddef.h>
#include <stdint.h>

#include "params.h"

#define TABLESPACES_MAX 64

/*! A server's tablespaces that lie outside of its data directory. */
struct tablespaces {
    size_t count;
    struct {
        uint32_t oid;
        char path[PATH_SIZE];
    } at[TABLESPACES_MAX];
};

#endif
