/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose a replication slot is. */

#include "slot_owner.h"

#include <string.h>

#include "line.h"
#include "sync_list.h"

/* Is this the slot of a node of that name? */
static bool
is_slot_of(const struct params *params, const char *node, const char *name)
{
    char slot[SERVER_NAME_SIZE];

    return params->replication_slot_name[0] != '\0'
           && params_slot_name(params->replication_slot_name, node, slot,
                               sizeof(slot)) == 0
           && strcmp(slot, name) == 0;
}

static bool
is_external(const struct params *params, const char *name)
{
    const struct name_list *list = &params->external_standby_node_list;

    for (size_t i = 0; i < list->count; i++) {
        if (is_slot_of(params, list->name[i], name)) {
            return true;
        }
    }
    return false;
}

static bool
is_known(const struct slot_names *known, const char *name)
{
    for (size_t i = 0; i < known->count; i++) {
        if (strcmp(known->name[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Of node_list, of an outsider, or NODES_MAX. */
static size_t
node_of(const struct params *params, const struct snapshot *snapshot,
        const char *name)
{
    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        if (is_slot_of(params, snapshot->node[i].name, name)) {
            return i;
        }
    }
    return NODES_MAX;
}

/* Take one; true: it is an external standby's or an old one, and stays. */
static bool
assign(const struct params *params, const struct slot_names *known,
       struct snapshot *snapshot, struct slot_row *row)
{
    size_t node = node_of(params, snapshot, row->name);

    if (node < snapshot->node_count && node != snapshot->self) {
        snapshot->node[node].senders.slot = row->slot;
        return false;
    }
    row->external = is_external(params, row->name) ? TRI_YES : TRI_NO;
    return row->external == TRI_YES || node != NODES_MAX
           || is_known(known, row->name);
}

static uint32_t
count_missing_externals(const struct params *params,
                        const struct senders *senders)
{
    uint32_t missing =
        params->replication_slot_name[0] == '\0'
        ? 0 : (uint32_t) params->external_standby_node_list.count;

    for (size_t i = 0; i < senders->slot_row_count; i++) {
        if (senders->slot_row[i].external == TRI_YES && missing > 0) {
            missing--;
        }
    }
    return missing;
}

void
slots_assign(const struct params *params, const struct slot_names *known,
             struct snapshot *snapshot)
{
    struct senders *senders = &snapshot->senders;
    const struct slot none = {
        .there = params->replication_slot_name[0] == '\0' ? TRI_UNKNOWN
                                                          : TRI_NO,
    };
    size_t kept = 0;

    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (i != snapshot->self) {
            snapshot->node[i].senders.slot = none;
        }
    }
    for (size_t i = 0; i < senders->slot_row_count; i++) {
        struct slot_row row = senders->slot_row[i];

        if (assign(params, known, snapshot, &row)) {
            senders->slot_row[kept++] = row;
        }
    }
    memset(&senders->slot_row[kept], 0,
           (senders->slot_row_count - kept) * sizeof(senders->slot_row[0]));
    senders->slot_row_count = kept;
    senders->externals_missing = count_missing_externals(params, senders);
}

void
slots_waited_for(const struct params *params, const struct snapshot *snapshot,
                 const char *sync_names, struct text *text)
{
    struct sync_list list;
    char name[SERVER_NAME_SIZE];

    if (params->replication_slot_name[0] == '\0'
        || sync_list_parse(snapshot, sync_names, &list) != 0) {
        return;
    }
    for (size_t i = 0; i < list.count; i++) {
        if (params_slot_name(params->replication_slot_name,
                             snapshot->node[list.node[i]].name, name,
                             sizeof(name)) == 0) {
            text_add(text, "%s%s", text->len > 0 ? ", " : "", name);
        }
    }
}

void
slots_compare_waited(const struct params *params, struct snapshot *snapshot)
{
    struct senders *senders = &snapshot->senders;
    char wanted[SLOT_LIST_SIZE];
    struct text text;

    if (params->replication_slot_name[0] == '\0'
        || params->rep_mode != REP_MODE_SYNC
        || senders->waited_known != TRI_YES
        || snapshot->server.sync_names_known != TRI_YES) {
        return;
    }
    text_init(&text, wanted, sizeof(wanted));
    slots_waited_for(params, snapshot, snapshot->server.sync_names, &text);
    if (!text.overflow) {
        senders->slots_waited =
            strcmp(wanted, senders->waited_slots) == 0 ? TRI_YES : TRI_NO;
    }
}

bool
slot_names_add(struct slot_names *names, const char *name)
{
    if (is_known(names, name) || names->count == SLOT_ROWS_MAX
        || text_copy(name, names->name[names->count], SERVER_NAME_SIZE)
           != 0) {
        return false;
    }
    names->count++;
    return true;
}

void
slots_list(const struct params *params, const struct snapshot *snapshot,
           struct slot_names *ret_names)
{
    char name[SERVER_NAME_SIZE];

    memset(ret_names, 0, sizeof(*ret_names));
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (snapshot->node[i].senders.slot.there == TRI_YES
            && params_slot_name(params->replication_slot_name,
                                snapshot->node[i].name, name, sizeof(name))
               == 0) {
            (void) slot_names_add(ret_names, name);    /* it fits */
        }
    }
    for (size_t i = 0; i < snapshot->senders.slot_row_count; i++) {
        (void) slot_names_add(ret_names,
                              snapshot->senders.slot_row[i].name);
    }
}

void
slot_names_format(const struct slot_names *names, struct text *text)
{
    for (size_t i = 0; i < names->count; i++) {
        text_add(text, "%s\n", names->name[i]);
    }
}

void
slot_names_parse(const char *text, struct slot_names *ret_names)
{
    char line[SERVER_NAME_SIZE];

    memset(ret_names, 0, sizeof(*ret_names));
    while (*text != '\0') {
        if (line_next(&text, line, sizeof(line)) == 0 && line[0] != '\0'
            && line[strspn(line, "abcdefghijklmnopqrstuvwxyz0123456789_")]
               == '\0') {
            (void) slot_names_add(ret_names, line);
        }
    }
}
