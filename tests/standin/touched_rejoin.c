/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stand-in for what a rejoin touches. */

#include <stdbool.h>

#include "clock.h"
#include "names.h"
#include "own_files.h"
#include "pgsql_source.h"
#include "rebuild.h"
#include "rejoin_files.h"
#include "rewind.h"
#include "salvage.h"
#include "single_user.h"
#include "touched.h"

#define PLAY(ret_why, ret, ...) \
    touched_play(__func__, ret_why, ret, __VA_ARGS__)

void
rejoin_observe(const struct instance *instance, struct rejoin *ret_rejoin)
{
    (void) instance;
    (void) PLAY(NULL, ret_rejoin, "%s", "");
}

int
rejoin_read_marker(const struct instance *instance,
                   struct rejoin_marker *ret_marker)
{
    (void) instance;
    return PLAY(NULL, ret_marker, "%s", "");
}

int
rejoin_write_marker(const struct instance *instance,
                    const struct rejoin_marker *marker, struct text *ret_why)
{
    (void) instance;
    return PLAY(ret_why, NULL, " %s %s",
                names_name(names_rejoin, marker->phase),
                names_name(names_rejoin_end, marker->end));
}

uint64_t
rejoin_inode(const struct instance *instance)
{
    (void) instance;
    (void) PLAY(NULL, NULL, "%s", "");
    return 77;
}

void
rejoin_boot(char *ret_boot)
{
    (void) text_copy("6f1a", ret_boot, BOOT_ID_SIZE);
}

int
rejoin_remove_marker(const struct instance *instance, struct text *ret_why)
{
    (void) instance;
    return PLAY(ret_why, NULL, "%s", "");
}

int
rejoin_begin(const struct instance *instance, struct text *ret_why)
{
    (void) instance;
    return PLAY(ret_why, NULL, "%s", "");
}

int
rejoin_end(const struct instance *instance, struct text *ret_why)
{
    (void) instance;
    return PLAY(ret_why, NULL, "%s", "");
}

void
rejoin_note_progress(const struct instance *instance, uint64_t done,
                     uint64_t total)
{
    (void) instance;
    (void) PLAY(NULL, NULL, " %u of %u", (unsigned) done, (unsigned) total);
}

enum ocf_code
instance_lock(struct instance *instance, struct text *ret_why)
{
    (void) instance;
    return PLAY(ret_why, NULL, "%s", "") == 0 ? OCF_SUCCESS
                                              : OCF_ERR_GENERIC;
}

void
instance_unlock(struct instance *instance)
{
    (void) instance;
    (void) PLAY(NULL, NULL, "%s", "");
}

int
salvage_keep(const struct salvage_request *request,
             struct salvage_kept *ret_kept, struct text *ret_why)
{
    (void) request;
    *ret_kept = (struct salvage_kept) { .complete = true };
    return PLAY(ret_why, ret_kept, "%s", "");
}

int
salvage_note_files(const struct params *params,
                   const struct identity *identity, const char *folder,
                   struct text *ret_why)
{
    (void) params;
    (void) identity;
    (void) folder;
    return PLAY(ret_why, NULL, "%s", "");
}

int
salvage_keep_before(const struct salvage_request *request, lsn fork,
                    const char *folder, struct text *ret_why)
{
    (void) request;
    (void) fork;
    return PLAY(ret_why, NULL, " '%s'", folder);
}

int
salvage_forget_before(const struct params *params,
                      const struct identity *identity, const char *folder,
                      struct text *ret_why)
{
    (void) params;
    (void) identity;
    return PLAY(ret_why, NULL, " '%s'", folder);
}

int
salvage_put_back(const struct params *params,
                 const struct identity *identity, const char *folder,
                 struct salvage_back *ret_back, struct text *ret_why)
{
    (void) params;
    (void) identity;
    *ret_back = (struct salvage_back) { 1, 2 };
    return PLAY(ret_why, ret_back, " '%s'", folder);
}

int
salvage_clear_wal(const struct params *params,
                  const struct identity *identity, const char *folder,
                  size_t *ret_count, struct text *ret_why)
{
    (void) params;
    (void) identity;
    *ret_count = 3;
    return PLAY(ret_why, ret_count, " '%s'", folder);
}

int
salvage_list(const struct salvage_listing *listing,
             struct salvage_counts *ret_counts, struct text *ret_why)
{
    *ret_counts = (struct salvage_counts) { .transactions = 3 };
    return PLAY(ret_why, ret_counts, " %s", listing->acknowledged);
}

int
salvage_prune(const struct params *params, const struct identity *identity,
              const struct salvage_limits *limits, struct text *ret_why)
{
    (void) params;
    (void) identity;
    return PLAY(ret_why, NULL, " %zu", limits->keep);
}

struct salvage_limits
salvage_limits_of(const struct params *params, int64_t deadline_ms)
{
    return (struct salvage_limits) { (size_t) params->rejoin_keep,
                                     params->rejoin_keep_age_s, deadline_ms };
}

int
rebuild_prune(const struct params *params, const struct identity *identity,
              int64_t deadline_ms, struct text *ret_why)
{
    (void) params;
    (void) identity;
    (void) deadline_ms;
    return PLAY(ret_why, NULL, "%s", "");
}

int
own_files_save(const struct params *params, const struct identity *identity,
               bool resume, struct text *ret_why)
{
    (void) params;
    (void) identity;
    return PLAY(ret_why, NULL, "%s", resume ? " again" : "");
}

int
own_files_restore(const struct params *params,
                  const struct identity *identity, struct text *ret_differ,
                  struct text *ret_why)
{
    (void) params;
    (void) identity;
    return PLAY(ret_why, ret_differ, "%s", "");
}

int
own_files_forget(const struct params *params,
                 const struct identity *identity, struct text *ret_why)
{
    (void) params;
    (void) identity;
    return PLAY(ret_why, NULL, "%s", "");
}

int
pgsql_prove_source(struct pgsql *pgsql, const struct source_claim *claim,
                   int64_t deadline_ms, enum source_proof *ret_proof,
                   struct text *ret_why)
{
    (void) pgsql;
    (void) deadline_ms;
    return PLAY(ret_why, ret_proof, " %u", claim->timeline);
}

enum rewind_verdict
rewind_check(const struct rewind_request *request,
             struct rewind_progress *ret_progress, struct text *ret_why)
{
    int rc = PLAY(ret_why, ret_progress, " %u", request->timeline);

    return rc == 0 ? REWIND_POSSIBLE : rc == -1 ? REWIND_LATER
                                                : (enum rewind_verdict) rc;
}

enum rewind_outcome
rewind_run(const struct rewind_request *request,
           struct rewind_progress *ret_progress, struct text *ret_why)
{
    static const struct rewind_progress half = { .done_kb = 1024,
                                                 .total_kb = 2048 };
    int64_t begin_ms = clock_now_ms();
    int rc = PLAY(ret_why, ret_progress, " %u", request->timeline);

    if (clock_now_ms() > begin_ms) {
        request->progress(request->context, &half);
    }
    return rc == 0 ? REWIND_OK : rc == -1 ? REWIND_FAILED
                                          : (enum rewind_outcome) rc;
}

enum tri
rewind_verify(const struct rewind_request *request, struct text *ret_why)
{
    (void) request;
    return PLAY(ret_why, NULL, "%s", "") == 0 ? TRI_YES : TRI_NO;
}

bool
rewind_wal_is_apart(const struct params *params)
{
    (void) params;
    return PLAY(NULL, NULL, "%s", "") == 1;
}

int
rewind_sync(const struct params *params, struct text *ret_why)
{
    (void) params;
    return PLAY(ret_why, NULL, "%s", "");
}

int
single_user_end_recovery(const struct params *params,
                         const struct identity *identity, int64_t deadline_ms,
                         int64_t idle_ms, struct text *why)
{
    (void) params;
    (void) identity;
    (void) deadline_ms;
    (void) idle_ms;
    return PLAY(why, NULL, "%s", "");
}

enum tri
pgsql_check_grants(struct pgsql *pgsql, int64_t deadline_ms,
                   struct text *ret_missing, struct text *ret_why)
{
    int rc;

    (void) pgsql;
    (void) deadline_ms;
    rc = PLAY(ret_why, ret_missing, "%s", "");
    return rc == 0 ? TRI_YES : rc == -1 ? TRI_UNKNOWN : TRI_NO;
}

int
pgsql_list_tablespaces(struct pgsql *pgsql, int64_t deadline_ms,
                       struct tablespaces *ret_spaces, struct text *ret_why)
{
    (void) pgsql;
    (void) deadline_ms;
    return PLAY(ret_why, ret_spaces, "%s", "");
}

enum rebuild_outcome
rebuild_copy(const struct rebuild_request *request, struct text *ret_why)
{
    const char *command = request->params->rebuild_command;
    int64_t begin_ms = clock_now_ms();
    int rc = PLAY(ret_why, NULL, " %u %u", (unsigned) request->inode,
                  request->timeline);

    if (clock_now_ms() > begin_ms) {
        request->progress(request->context,
                          command[0] != '\0' ? "by its words" : NULL, 1024,
                          2048);
    }
    return rc == 0 ? REBUILD_OK : rc == -1 ? REBUILD_FAILED
                                           : (enum rebuild_outcome) rc;
}

int
rebuild_swap(const struct params *params, const struct identity *identity,
             uint64_t inode, char *ret_old, struct text *ret_why)
{
    (void) params;
    (void) identity;
    (void) text_copy("/data.pgward-old-1", ret_old, PATH_SIZE);
    return PLAY(ret_why, NULL, " %u", (unsigned) inode);
}

int
rebuild_note_torn(const struct params *params,
                  const struct identity *identity, struct text *ret_why)
{
    (void) params;
    (void) identity;
    return PLAY(ret_why, NULL, "%s", "");
}

int
rebuild_clear_inside(const struct params *params,
                     const struct identity *identity, struct text *ret_why)
{
    (void) params;
    (void) identity;
    return PLAY(ret_why, NULL, "%s", "");
}
