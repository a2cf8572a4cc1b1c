/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which PostgreSQL's a data directory is. */

#include "major_version.h"

#include "files.h"
#include "line.h"
#include "params.h"
#include "paths.h"

uint32_t
major_version_read(const char *pgdata)
{
    char path[PATH_SIZE];
    char bytes[64];
    size_t len;
    uint64_t number;

    if (path_join(pgdata, "PG_VERSION", path) != 0
        || files_read(path, bytes, sizeof(bytes), &len) != 0
        || line_read_number(bytes, 1000, &number) == NULL) {
        return 0;
    }
    return (uint32_t) number;
}

uint32_t
major_version_read_as(const char *pgdata, const struct identity *identity)
{
    uint32_t version;

    if (identity_become(identity) != 0) {
        return 0;
    }
    version = major_version_read(pgdata);
    identity_return();
    return version;
}
