/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A restore_command that hangs holds a promotion up, which runs it for some
 * five files that are not there, and is ended (P6).
 */

#include "restore.h"

#include <syslog.h>

/* So long it may take for the first of them. */
#define PATIENCE_MS 2000u

/* For the others, once it was found to hang. */
#define AGAIN_MS 500u

#define LOOK_MS 100u
#define LOOK_LIMIT_MS 2000u

/*
 * Where a receiver has just been asked for, what was received is the beginning
 * of a segment: a server that replays from an archive is past it.
 */
static bool
streamed_here(const struct progress *progress)
{
    return progress->received != 0
           && progress->received >= progress->replayed;
}

static void
end_restore(const struct snapshot *snapshot, struct plan *plan)
{
    const struct done *ended = &snapshot->done[OP_END_RESTORE];
    uint32_t patience_ms = ended->times > 0 ? AGAIN_MS : PATIENCE_MS;

    if (ended->times > 0
        && snapshot->elapsed_ms - ended->last_ms < AGAIN_MS) {
        return;
    }
    for (size_t i = 0; i < HOLDERS_MAX; i++) {
        const struct holder *holder = &snapshot->holders.holder[i];

        if (holder->kind == HOLDER_RESTORE && holder->age_ms >= patience_ms) {
            plan_log(plan, LOG_WARNING,
                     "ending restore_command (%s), which has run for %u ms "
                     "and holds the promotion up: all that this standby has "
                     "received is here; look at the archive",
                     holder->title, holder->age_ms);
            plan_add_number(plan, OP_END_RESTORE, OP_BEST_EFFORT,
                            holder->pid);
        }
    }
}

void
hurry_restore(const struct snapshot *snapshot, struct plan *plan)
{
    const uint32_t facts = FACT_PROCESS | FACT_SQL | FACT_HOLDERS;
    const struct done *asked = &snapshot->done[OP_PROMOTE_SERVER];

    if (server_role(snapshot) != SERVER_STANDBY
        || !streamed_here(&snapshot->server.progress)
        || snapshot->elapsed_ms - asked->last_ms < PATIENCE_MS) {
        return;
    }
    plan_again(plan, LOOK_MS, facts, LOOK_LIMIT_MS);
    if ((snapshot->facts & FACT_HOLDERS) != 0
        && snapshot->holders.known == TRI_YES) {
        end_restore(snapshot, plan);
    }
}
