/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A new copy beside the data: make it, prove it, exchange the two. */

#include "rebuild.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "files.h"
#include "major_version.h"
#include "own_files.h"
#include "own_put.h"
#include "paths.h"
#include "postgres.h"
#include "rebuild_program.h"
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

static bool
is_folder(const char *path, uint64_t inode)
{
    struct stat info;

    return stat(path, &info) == 0 && (uint64_t) info.st_ino == inode;
}

/* As the owner. */
static enum rebuild_outcome
make_ready(const struct rebuild_request *request, struct rebuild_place *place,
           struct text *why)
{
    long keep = request->params->rejoin_keep;

    if (rebuild_place_find(request->params, place, why) != 0) {
        return REBUILD_REFUSED;
    }
    if (!is_folder(place->pgdata, request->inode)
        || is_folder(place->fresh, request->inode)) {
        text_add(why, "look at '%s', then rm PGWARD.rejoin: it is another "
                 "folder than was marked", place->pgdata);
        return REBUILD_REFUSED;
    }
    if (rebuild_place_clear(place, why) != 0
        || rebuild_place_check(place, why) != 0
        || rebuild_place_prune(place, keep > 1 ? (size_t) keep - 1 : 0, why)
           != 0) {
        return REBUILD_REFUSED;
    }
    if (mkdir(place->fresh, 0700) != 0) {
        text_add(why, "look at '%s': could not make it: %s", place->fresh,
                 strerror(errno));
        return REBUILD_REFUSED;
    }
    return REBUILD_OK;
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
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || syncfs(fd) != 0) {
        text_add(why, "look at the disk of '%s': could not sync it: %s",
                 path, strerror(errno));
        return REBUILD_FAILED;
    }
    return REBUILD_OK;
}

/* At the end and at once: it takes less time than each file alone. */
static enum rebuild_outcome
sync_copy(const struct rebuild_place *place, struct text *why)
{
    enum rebuild_outcome outcome = sync_disk(place->fresh, why);

    return outcome == REBUILD_OK && place->waldir[0] != '\0'
           && files_exists(place->waldir) == 1
           ? sync_disk(place->waldir, why) : outcome;
}

enum rebuild_outcome
rebuild_copy(const struct rebuild_request *request, struct text *ret_why)
{
    struct rebuild_place place;
    enum rebuild_outcome outcome;

    if (own_files_save(request->params, request->identity, true, ret_why) != 0
        || become(request->params, request->identity, ret_why) != 0) {
        return REBUILD_FAILED;
    }
    outcome = make_ready(request, &place, ret_why);
    identity_return();
    if (outcome != REBUILD_OK) {
        return outcome;
    }
    if (request->params->rebuild_command[0] != '\0') {
        outcome = rebuild_program_hook(request, &place, ret_why);
    } else {
        outcome = rebuild_program_copy(request, &place, ret_why);
        outcome = outcome == REBUILD_OK
                  ? rebuild_program_verify(request, &place, ret_why) : outcome;
    }
    outcome = outcome == REBUILD_OK
              ? prove_control(request, place.fresh, ret_why) : outcome;
    return outcome == REBUILD_OK ? sync_copy(&place, ret_why) : outcome;
}

/* --- the exchange --------------------------------------------------------- */

static int
failed(const char *what, const char *path, struct text *why)
{
    text_add(why, "look at '%s': could not %s it: %s", path, what,
             strerror(errno));
    return -1;
}

/* PGDATA's name is never without data. */
static int
swap(const struct rebuild_place *place, uint64_t inode, char *ret_old,
     struct text *why)
{
    if (is_folder(place->pgdata, inode)) {
        if (renameat2(AT_FDCWD, place->fresh, AT_FDCWD, place->pgdata,
                      RENAME_EXCHANGE) != 0
            || own_put_sync(place->pgdata) != 0) {
            return failed("put the copy in the place of", place->pgdata, why);
        }
    }
    if (is_folder(place->fresh, inode)) {
        if (rename(place->fresh, place->old) != 0
            || own_put_sync(place->old) != 0) {
            return failed("give another name to", place->fresh, why);
        }
        (void) text_copy(place->old, ret_old, PATH_SIZE);   /* as large */
        return 0;
    }
    if (files_exists(place->fresh) != 0) {
        text_add(why, "look at '%s': neither it nor the copy is the "
                 "folder that was marked", place->pgdata);
        return -1;
    }
    return 0;
}

int
rebuild_swap(const struct params *params, const struct identity *identity,
             uint64_t inode, char *ret_old, struct text *ret_why)
{
    struct rebuild_place place;
    int rc;

    ret_old[0] = '\0';
    if (become(params, identity, ret_why) != 0) {
        return -1;
    }
    rc = rebuild_place_find(params, &place, ret_why) == 0
         ? swap(&place, inode, ret_old, ret_why) : -1;
    identity_return();
    return rc;
}

int
rebuild_note_torn(const struct params *params,
                  const struct identity *identity, struct text *ret_why)
{
    char path[PATH_SIZE];
    int rc;

    if (become(params, identity, ret_why) != 0) {
        return -1;
    }
    rc = path_join(params->pgdata, SALVAGE_TORN, path) == 0
         && files_touch(path, 0600) == 0
         ? 0 : failed("write to", params->pgdata, ret_why);
    identity_return();
    return rc;
}
