/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replication slots: the right ones, on every node, and watched. */

#include "slot_duty.h"

#include <syslog.h>

#include "lsn.h"
#include "peers.h"
#include "want.h"

/* pg_replication_slot_advance() came with this version. */
#define ADVANCE_VERSION 110000

/* WAL is kept by the segment: less than one need not be told of. */
#define SEGMENT_BYTES ((lsn) 16 << 20)

/* An unused slot that holds so much is told of. */
#define TOLD_BYTES ((lsn) 256 << 20)

#define MB ((lsn) 1 << 20)

/* How many more slots the server takes. */
struct room {
    bool known;
    uint32_t free;
};

static bool
is_wanted(const struct snapshot *snapshot, size_t node)
{
    return node != snapshot->self && snapshot->settings.use_slots;
}

static void
want_nothing_told(const struct snapshot *snapshot, struct plan *plan)
{
    if (self_node(snapshot)->attrs.slots.known == ATTR_SET) {
        plan_add(plan, OP_SET_SLOTS, OP_BEST_EFFORT, snapshot->self, "");
    }
}

static bool
is_idle(const struct slot *slot)
{
    return slot->there == TRI_YES && slot->active == TRI_NO;
}

static lsn
held_bytes(const struct snapshot *snapshot, const struct slot *slot)
{
    lsn end = snapshot->server.position.lsn;

    return slot->restart_lsn != 0 && end > slot->restart_lsn
           ? end - slot->restart_lsn : 0;
}

/* --- room for more -------------------------------------------------------- */

/*
 * A slot that the primary gave up is made again before its node's server
 * connects: without it that one would be refused.
 */
static bool
is_to_make(const struct snapshot *snapshot, size_t node)
{
    const struct slot *slot = &snapshot->node[node].senders.slot;

    return is_wanted(snapshot, node) && slot->there == TRI_NO
           && (slot->given_up != TRI_YES || is_live(snapshot, node)
               || server_role(snapshot) != SERVER_PRIMARY);
}

static struct room
room_of(const struct snapshot *snapshot)
{
    const struct senders *senders = &snapshot->senders;
    struct room room = { .known = senders->slot_max > 0 };

    if (senders->slot_max > senders->slot_count) {
        room.free = senders->slot_max - senders->slot_count;
    }
    for (size_t i = 0; i < senders->slot_row_count; i++) {
        room.free += senders->slot_row[i].external == TRI_NO
                     && is_idle(&senders->slot_row[i].slot);
    }
    return room;
}

uint32_t
slots_lacking(const struct snapshot *snapshot)
{
    struct room room = room_of(snapshot);
    uint32_t missing = snapshot->senders.externals_missing;

    for (size_t i = 0; i < snapshot->node_count; i++) {
        missing += is_to_make(snapshot, i);
    }
    return room.known && missing > room.free ? missing - room.free : 0;
}

/* What there is no room for is not tried each second. */
static void
make_missing(const struct snapshot *snapshot, struct plan *plan)
{
    struct room room = room_of(snapshot);

    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (!is_to_make(snapshot, i)) {
            continue;
        }
        if (!room.known || room.free > 0) {
            plan_add(plan, OP_CREATE_SLOT, OP_BEST_EFFORT, i, NULL);
            room.free -= room.known;
        }
    }
    if (snapshot->senders.externals_missing > 0
        && (!room.known
            || room.free >= snapshot->senders.externals_missing)) {
        plan_add(plan, OP_CREATE_EXTERNAL_SLOTS, OP_BEST_EFFORT, 0, NULL);
    }
}

/* --- what is there -------------------------------------------------------- */

/* Of a node that left node_list, of another prefix, of this node itself. */
static void
drop_old(const struct snapshot *snapshot, struct plan *plan)
{
    const struct senders *senders = &snapshot->senders;

    for (size_t i = 0; i < senders->slot_row_count; i++) {
        if (senders->slot_row[i].external == TRI_NO
            && is_idle(&senders->slot_row[i].slot)) {
            plan_add(plan, OP_DROP_OTHER_SLOT, OP_BEST_EFFORT, 0,
                     senders->slot_row[i].name);
        }
    }
}

static void
make_anew(struct plan *plan, size_t node)
{
    plan_add(plan, OP_DROP_SLOT, OP_BEST_EFFORT, node, NULL);
    plan_add(plan, OP_CREATE_SLOT, OP_BEST_EFFORT, node, NULL);
}

static void
make_external_anew(struct plan *plan, const struct slot_row *row)
{
    plan_add(plan, OP_DROP_OTHER_SLOT, OP_BEST_EFFORT, 0, row->name);
    plan_add(plan, OP_CREATE_EXTERNAL_SLOTS, OP_BEST_EFFORT, 0, NULL);
}

/* --- the primary's -------------------------------------------------------- */

static bool
is_unused_for_long(const struct snapshot *snapshot, const struct slot *slot)
{
    return snapshot->settings.slot_keep_ms > 0
           && slot->idle_ms >= snapshot->settings.slot_keep_ms;
}

static bool
holds_too_much(const struct snapshot *snapshot, const struct slot *slot)
{
    return snapshot->settings.slot_max_wal > 0
           && held_bytes(snapshot, slot) > snapshot->settings.slot_max_wal;
}

/* Is it past a limit of the user's? It is told, too: `whose` is a node. */
static bool
is_past_limits(const struct snapshot *snapshot, const struct slot *slot,
               const char *whose, struct plan *plan)
{
    uint32_t held_mb = (uint32_t) (held_bytes(snapshot, slot) / MB);

    if (!is_idle(slot)) {
        return false;
    }
    if (holds_too_much(snapshot, slot)) {
        plan_log(plan, LOG_WARNING, "'%s' has to come back by rejoin, "
                 "pg_rewind or pg_basebackup: its replication slot held %u MB "
                 "of WAL, more than slot_max_wal allows, and is dropped",
                 whose, held_mb);
        return true;
    }
    if (is_unused_for_long(snapshot, slot)) {
        plan_log(plan, LOG_WARNING, "'%s' may have to come back by rejoin, "
                 "pg_rewind or pg_basebackup: nobody has used its replication "
                 "slot for %u s (slot_keep), and it is dropped with %u MB of "
                 "WAL", whose, slot->idle_ms / 1000, held_mb);
        return true;
    }
    return false;
}

static bool
is_lost(const struct slot *slot, const char *whose, struct plan *plan)
{
    if (!is_idle(slot) || slot->status != SLOT_LOST) {
        return false;
    }
    plan_log(plan, LOG_WARNING, "the replication slot of '%s' is made anew: "
             "it is lost, for it held more WAL than max_slot_wal_keep_size. "
             "What that standby lacks may be gone", whose);
    return true;
}

/* The largest power of two in it: a line that lasts changes seldom. */
static uint32_t
rounded_mb(lsn bytes)
{
    uint32_t mb = 1;

    while (mb < 1u << 31 && (lsn) mb * 2 * MB <= bytes) {
        mb *= 2;
    }
    return bytes < MB ? 0 : mb;
}

/* How much it holds, and what is left until it is lost. */
static void
tell_held(const struct snapshot *snapshot, const struct slot *slot,
          const char *whose, struct plan *plan)
{
    lsn held = held_bytes(snapshot, slot);

    if (!is_idle(slot) || held < TOLD_BYTES) {
        return;
    }
    if (slot->limited == TRI_YES) {
        plan_log_once(plan, LOG_WARNING, "'%s' is away, and its replication "
                      "slot holds %u MB of WAL or more; max_slot_wal_keep_size "
                      "leaves it %u MB", whose, rounded_mb(held),
                      rounded_mb(slot->left_bytes));
    } else {
        plan_log_once(plan, LOG_WARNING, "'%s' is away, and its replication "
                      "slot holds %u MB of WAL or more; nothing but the disk "
                      "bounds it%s", whose, rounded_mb(held),
                      snapshot->settings.slot_max_wal > 0
                      ? " before slot_max_wal" : "");
    }
}

/*
 * The lowest position that any of these slots holds. All who use one have
 * confirmed that they have WAL up to there, so a standby may let its own slots
 * go on to it: one position, whoever they are of, and a standby keeps no more
 * WAL for the others than the primary does.
 */
static lsn
lowest_held(const struct snapshot *snapshot)
{
    const struct senders *senders = &snapshot->senders;
    lsn lowest = 0;

    for (size_t i = 0; i < snapshot->node_count; i++) {
        lsn at = snapshot->node[i].senders.slot.restart_lsn;

        if (i != snapshot->self && at != 0 && (lowest == 0 || at < lowest)) {
            lowest = at;
        }
    }
    for (size_t i = 0; i < senders->slot_row_count; i++) {
        lsn at = senders->slot_row[i].slot.restart_lsn;

        if (senders->slot_row[i].external == TRI_YES && at != 0
            && (lowest == 0 || at < lowest)) {
            lowest = at;
        }
    }
    return lowest;
}

/* The position that a node tells; 0: none. */
static lsn
told_lowest(const struct node *node)
{
    lsn told = 0;

    if (node->attrs.slots.known == ATTR_SET
        && lsn_parse_hex(node->attrs.slots.value, &told) != 0) {
        return 0;
    }
    return told;
}

/* A lower one at once: standbys go no further from then on. */
static void
tell_lowest(const struct snapshot *snapshot, struct plan *plan)
{
    lsn told = told_lowest(self_node(snapshot));
    lsn now = lowest_held(snapshot);
    char hex[LSN_TEXT_SIZE];

    if (now == 0
        || (told != 0 && now >= told
            && (snapshot->senders.slots_due != TRI_YES
                || now - told < SEGMENT_BYTES))) {
        return;
    }
    lsn_format_hex(now, hex);
    want_attr(snapshot, plan, OP_SET_SLOTS, OP_BEST_EFFORT, snapshot->self,
              hex);
}

static void
watch_node_slots(const struct snapshot *snapshot, struct plan *plan)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        const struct slot *slot = &snapshot->node[i].senders.slot;
        const char *name = snapshot->node[i].name;

        if (i == snapshot->self) {
            continue;
        }
        if (is_lost(slot, name, plan)) {
            make_anew(plan, i);
        } else if (is_past_limits(snapshot, slot, name, plan)) {
            plan_add(plan, OP_GIVE_UP_SLOT, OP_BEST_EFFORT, i, NULL);
        } else {
            tell_held(snapshot, slot, name, plan);
        }
    }
}

/* Nothing tells when such a standby is back: its slot has to be there. */
static void
watch_external_slots(const struct snapshot *snapshot, struct plan *plan)
{
    for (size_t i = 0; i < snapshot->senders.slot_row_count; i++) {
        const struct slot_row *row = &snapshot->senders.slot_row[i];

        if (row->external != TRI_YES) {
            continue;
        }
        if (is_lost(&row->slot, row->name, plan)
            || is_past_limits(snapshot, &row->slot, row->name, plan)) {
            make_external_anew(plan, row);
        } else {
            tell_held(snapshot, &row->slot, row->name, plan);
        }
    }
}

void
primary_slots(const struct snapshot *snapshot, struct plan *plan)
{
    drop_old(snapshot, plan);
    if (!snapshot->settings.use_slots) {
        want_nothing_told(snapshot, plan);
        return;
    }
    watch_node_slots(snapshot, plan);
    watch_external_slots(snapshot, plan);
    make_missing(snapshot, plan);
    tell_lowest(snapshot, plan);
}

void
promoted_slots(const struct snapshot *snapshot, struct plan *plan)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (i != snapshot->self
            && snapshot->node[i].senders.slot.there != TRI_YES) {
            plan_add(plan, OP_CREATE_SLOT, OP_BEST_EFFORT, i, NULL);
        }
    }
    if (snapshot->senders.externals_missing > 0) {
        plan_add(plan, OP_CREATE_EXTERNAL_SLOTS, OP_BEST_EFFORT, 0, NULL);
    }
}

/* --- a standby's ---------------------------------------------------------- */

static bool
has_slots(const struct snapshot *snapshot)
{
    return snapshot->settings.use_slots || snapshot->files.slots == TRI_YES;
}

bool
slots_are_seen(const struct snapshot *snapshot, struct plan *plan)
{
    return !has_slots(snapshot) || have_facts(snapshot, FACT_SENDERS, plan);
}

/*
 * What the primary's slots hold, as it tells. Of several who say that they
 * lead, the lowest: what an old one told was true of this history as well,
 * since whoever may follow it had confirmed that much.
 */
static lsn
primary_holds(const struct snapshot *snapshot)
{
    lsn lowest = 0;

    for (size_t i = 0; i < snapshot->node_count; i++) {
        const struct node *node = &snapshot->node[i];
        lsn told = told_lowest(node);

        if (i != snapshot->self && attr_is(&node->attrs.status, "PRI")) {
            if (told == 0) {
                return 0;
            }
            lowest = lowest == 0 || told < lowest ? told : lowest;
        }
    }
    return lowest;
}

static bool
is_behind(const struct slot *slot, lsn held)
{
    return is_idle(slot) && slot->restart_lsn != 0 && slot->restart_lsn < held;
}

/*
 * They follow, so that they hold what a standby of this node will need and no
 * more. What the others have is the primary's to know; for the primary's own
 * slot pgsql_advance_slots() goes no further than the last restartpoint here,
 * which is what pg_rewind needs of a primary that has parted.
 */
static void
follow_primary(const struct snapshot *snapshot, struct plan *plan)
{
    lsn held = primary_holds(snapshot);
    char sql[LSN_TEXT_SIZE];
    bool behind = false;

    for (size_t i = 0; i < snapshot->node_count; i++) {
        behind |= is_behind(&snapshot->node[i].senders.slot, held);
    }
    for (size_t i = 0; i < snapshot->senders.slot_row_count; i++) {
        const struct slot_row *row = &snapshot->senders.slot_row[i];

        behind |= row->external == TRI_YES && is_behind(&row->slot, held);
    }
    if (behind && snapshot->senders.slots_due == TRI_YES) {
        lsn_format_sql(held, sql);
        plan_add(plan, OP_ADVANCE_SLOTS, OP_BEST_EFFORT, 0, sql);
    }
}

/*
 * Lost, or of a time as a primary with an xmin: nobody moves that here, and
 * after a promotion it would hold vacuum back.
 */
static bool
is_stale(const struct slot *slot)
{
    return is_idle(slot)
           && (slot->status == SLOT_LOST || slot->xmin == TRI_YES);
}

static void
renew_stale(const struct snapshot *snapshot, struct plan *plan)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (i != snapshot->self
            && is_stale(&snapshot->node[i].senders.slot)) {
            make_anew(plan, i);
        }
    }
    for (size_t i = 0; i < snapshot->senders.slot_row_count; i++) {
        const struct slot_row *row = &snapshot->senders.slot_row[i];

        if (row->external == TRI_YES && is_stale(&row->slot)) {
            make_external_anew(plan, row);
        }
    }
}

/* Before version 11 none can follow: one here would hold WAL for ever. */
static void
drop_all(const struct snapshot *snapshot, struct plan *plan)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (i != snapshot->self && is_idle(&snapshot->node[i].senders.slot)) {
            plan_add(plan, OP_DROP_SLOT, OP_BEST_EFFORT, i, NULL);
        }
    }
    for (size_t i = 0; i < snapshot->senders.slot_row_count; i++) {
        const struct slot_row *row = &snapshot->senders.slot_row[i];

        if (row->external == TRI_YES && is_idle(&row->slot)) {
            plan_add(plan, OP_DROP_OTHER_SLOT, OP_BEST_EFFORT, 0, row->name);
        }
    }
}

void
standby_slots(const struct snapshot *snapshot, struct plan *plan)
{
    want_nothing_told(snapshot, plan);
    if (!has_slots(snapshot) || snapshot->senders.told != TRI_YES) {
        return;
    }
    drop_old(snapshot, plan);
    if (!snapshot->settings.use_slots || snapshot->server.version == 0) {
        return;
    }
    if (snapshot->server.version < ADVANCE_VERSION) {
        drop_all(snapshot, plan);
        return;
    }
    if (snapshot->senders.unsynced > 0 && someone_leads(snapshot)
        && snapshot->server.receiver_running == TRI_YES) {
        plan_log(plan, LOG_NOTICE, "logical slots of this node's time as a "
                 "primary go: the primary's could not be synchronised beside "
                 "them");
        plan_add(plan, OP_DROP_UNSYNCED_SLOTS, OP_BEST_EFFORT, 0, NULL);
    }
    renew_stale(snapshot, plan);
    make_missing(snapshot, plan);
    follow_primary(snapshot, plan);
}
