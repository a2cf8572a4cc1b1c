/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A new copy of the data: make it, prove it, put it in its place. */

#include "rebuild.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "disk.h"
#include "files.h"
#include "major_version.h"
#include "own_files.h"
#include "paths.h"
#include "postgres.h"
#include "rebuild_kept.h"
#include "rebuild_place.h"
#include "rebuild_program.h"
#include "rebuild_swap.h"
#include "salvage.h"

static int
become(const struct params *params, const struct identity *identity,
       struct text *why)
{
    if (identity_become(identity) == 0) {
        return 0;
    }
    text_add(why, "look at pgdba: could not act as '%s': %s", params->pgdba,
             strerror(errno));
    return -1;
}

/* --- the copy ------------------------------------------------------------- */

/* A file that tells something of the data; as the owner. */
static int
note(const char *pgdata, const char *name, struct text *why)
{
    char path[PATH_SIZE];

    if (path_join(pgdata, name, path) == 0 && files_touch(path, 0600) == 0) {
        return 0;
    }
    text_add(why, "look at '%s': could not write to it: %s", pgdata,
             strerror(errno));
    return -1;
}

/* As the owner. */
static enum rebuild_outcome
make_ready(const struct rebuild_request *request, struct rebuild_place *place,
           struct text *why)
{
    struct salvage_limits limits = salvage_limits_of(request->params, 0);

    limits.keep -= limits.keep > 0 ? 1 : 0;     /* for the one to come */
    if (rebuild_place_find(request->params, request->spaces, place, why)
        != 0) {
        return REBUILD_REFUSED;
    }
    if (!files_has_inode(place->data.path, request->inode)) {
        text_add(why, "look at '%s', then rm PGWARD.rejoin: it is another "
                 "folder than was marked", place->data.path);
        return REBUILD_REFUSED;
    }
    return rebuild_place_clear(place, why) == 0
           && rebuild_kept_prune(place->data.path, &limits, why) == 0
           && rebuild_place_make(place, why) == 0
           && note(place->data.path, REBUILD_GIVES_WAY, why) == 0
           ? REBUILD_OK : REBUILD_REFUSED;
}

static enum rebuild_outcome
prove_state(const struct rebuild_request *request, const char *fresh,
            const struct controldata *data, struct text *why)
{
    char id[SYSTEM_ID_SIZE];
    char path[PATH_SIZE];
    bool label = path_join(fresh, "backup_label", path) == 0
                 && files_exists(path) == 1;

    (void) snprintf(id, sizeof(id), "%llu",
                    (unsigned long long) data->system_identifier);
    if (strcmp(id, request->system_id) != 0) {
        text_add(why, "look at where the copy came from: its system identifier "
                 "is another cluster's: %s", id);
        return REBUILD_REFUSED;
    }
    if (!label && data->state != CONTROL_IN_ARCHIVE_RECOVERY
        && data->state != CONTROL_SHUT_DOWN_IN_RECOVERY) {
        text_add(why, "look at how the copy was made: it has no backup_label "
                 "and is no standby's");
        return REBUILD_REFUSED;
    }
    return REBUILD_OK;
}

static enum rebuild_outcome
prove_control(const struct rebuild_request *request, const char *fresh,
              struct text *why)
{
    struct params there = *request->params;
    struct controldata data;
    uint32_t version;
    uint32_t ours;

    there.pgdata = fresh;
    if (postgres_read_controldata(&there, request->identity,
                                  request->deadline_ms, &data) != 0) {
        text_add(why, "look at the copy: its pg_control could not be read in "
                 "'%s'", fresh);
        return REBUILD_FAILED;
    }
    if (become(request->params, request->identity, why) != 0) {
        return REBUILD_FAILED;
    }
    version = major_version_read(fresh);
    ours = major_version_read(request->params->pgdata);
    identity_return();
    if (version == 0 || (ours != 0 && version != ours)) {
        text_add(why, "look at where the copy came from: it is of version %u, "
                 "not of %u", version, ours);
        return REBUILD_REFUSED;
    }
    return prove_state(request, fresh, &data, why);
}

static enum rebuild_outcome
sync_disk(const char *path, struct text *why)
{
    return disk_sync(path, why) == 0 ? REBUILD_OK : REBUILD_FAILED;
}

/* At the end and at once. */
static enum rebuild_outcome
sync_copy(const struct rebuild_place *place, struct text *why)
{
    enum rebuild_outcome outcome = REBUILD_OK;
    const struct rebuild_folder *folder;

    for (size_t i = 0; outcome == REBUILD_OK
                       && (folder = rebuild_place_folder(place, i)) != NULL;
         i++) {
        outcome = sync_disk(folder->fresh, why);
    }
    return outcome;
}

/* Of the source, where it was to give way to a copy and did not. */
static int
forget_note(const char *fresh, struct text *why)
{
    char path[PATH_SIZE];

    if (path_join(fresh, REBUILD_GIVES_WAY, path) == 0
        && files_remove(path) == 0) {
        return 0;
    }
    text_add(why, "remove '%s': it could not be: %s", path, strerror(errno));
    return -1;
}

/* A tablespace that was made meanwhile is known of the next time. */
static enum rebuild_outcome
prove_links(const struct rebuild_request *request,
            const struct rebuild_place *place, struct text *why)
{
    int rc;

    if (become(request->params, request->identity, why) != 0) {
        return REBUILD_FAILED;
    }
    rc = rebuild_place_prove(place, why) == 0
         ? forget_note(place->data.fresh, why) : -1;
    identity_return();
    return rc == 0 ? REBUILD_OK
           : request->params->rebuild_command[0] != '\0' ? REBUILD_REFUSED
                                                         : REBUILD_FAILED;
}

static enum rebuild_outcome
fill(const struct rebuild_request *request, const struct rebuild_place *place,
     struct text *why)
{
    enum rebuild_outcome outcome;

    if (request->params->rebuild_command[0] != '\0') {
        return rebuild_program_hook(request, place, why);
    }
    outcome = rebuild_program_copy(request, place, why);
    return outcome == REBUILD_OK ? rebuild_program_verify(request, place, why)
                                 : outcome;
}

static void
free_place(struct rebuild_place **place)
{
    free(*place);
}

enum rebuild_outcome
rebuild_copy(const struct rebuild_request *request, struct text *ret_why)
{
    CLEANUP(free_place)
    struct rebuild_place *place = calloc(1, sizeof(*place));
    enum rebuild_outcome outcome;

    if (place == NULL
        || own_files_save(request->params, request->identity, true, ret_why)
           != 0
        || become(request->params, request->identity, ret_why) != 0) {
        return REBUILD_FAILED;
    }
    outcome = make_ready(request, place, ret_why);
    identity_return();
    outcome = outcome == REBUILD_OK ? fill(request, place, ret_why) : outcome;
    outcome = outcome == REBUILD_OK
              ? prove_control(request, place->data.fresh, ret_why) : outcome;
    outcome = outcome == REBUILD_OK
              ? prove_links(request, place, ret_why) : outcome;
    return outcome == REBUILD_OK ? sync_copy(place, ret_why) : outcome;
}

/* --- the exchange --------------------------------------------------------- */

int
rebuild_swap(const struct params *params, const struct identity *identity,
             uint64_t inode, char *ret_old, struct text *ret_why)
{
    int rc;

    if (become(params, identity, ret_why) != 0) {
        return -1;
    }
    rc = rebuild_swap_run(params->pgdata, inode, ret_old, ret_why);
    identity_return();
    return rc;
}

/* --- what is kept --------------------------------------------------------- */

int
rebuild_prune(const struct params *params, const struct identity *identity,
              int64_t deadline_ms, struct text *ret_why)
{
    struct salvage_limits limits = salvage_limits_of(params, deadline_ms);
    char real[PATH_MAX];
    int cause = 0;
    int rc = 0;

    if (become(params, identity, ret_why) != 0) {
        return -1;
    }
    if (realpath(params->pgdata, real) != NULL) {
        rc = rebuild_kept_prune(real, &limits, ret_why);
        cause = errno;
    }
    identity_return();
    errno = cause;
    return rc;
}

int
rebuild_clear_inside(const struct params *params,
                     const struct identity *identity, struct text *ret_why)
{
    int rc;

    if (become(params, identity, ret_why) != 0) {
        return -1;
    }
    rc = rebuild_kept_clear_inside(params->pgdata, ret_why);
    identity_return();
    return rc;
}

int
rebuild_note_torn(const struct params *params,
                  const struct identity *identity, struct text *ret_why)
{
    int rc;

    if (become(params, identity, ret_why) != 0) {
        return -1;
    }
    rc = note(params->pgdata, SALVAGE_TORN, ret_why);
    identity_return();
    return rc;
}
