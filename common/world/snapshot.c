/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of what a snapshot holds, and small questions to it. */

#include "snapshot.h"

#include <string.h>

#include "names.h"

#define NAME_ROW(symbol, name) name,
const char *const names_action[] = { ACTION_LIST(NAME_ROW) NULL };
const char *const names_tri[] = { TRI_LIST(NAME_ROW) NULL };
const char *const names_process[] = { PROCESS_LIST(NAME_ROW) NULL };
const char *const names_pidfile[] = { PIDFILE_LIST(NAME_ROW) NULL };
const char *const names_answer[] = { ANSWER_LIST(NAME_ROW) NULL };
const char *const names_holder[] = { HOLDER_LIST(NAME_ROW) NULL };
const char *const names_control[] = { CONTROL_LIST(NAME_ROW) NULL };
const char *const names_role[] = { ROLE_LIST(NAME_ROW) NULL };
const char *const names_sender[] = { SENDER_STATE_LIST(NAME_ROW) NULL };
const char *const names_sync[] = { SYNC_STATE_LIST(NAME_ROW) NULL };
const char *const names_slot[] = { SLOT_STATUS_LIST(NAME_ROW) NULL };
const char *const names_known[] = { ATTR_KNOWN_LIST(NAME_ROW) NULL };
const char *const names_notify[] = { NOTIFY_LIST(NAME_ROW) NULL };
const char *const names_refusal[] = { REFUSAL_LIST(NAME_ROW) NULL };
const char *const names_rejoin[] = { REJOIN_LIST(NAME_ROW) NULL };
const char *const names_rejoin_end[] = { REJOIN_END_LIST(NAME_ROW) NULL };
#undef NAME_ROW

#define OP_NAME_ROW(symbol, name, ...) name,
const char *const names_op[] = { OP_LIST(OP_NAME_ROW) NULL };
#undef OP_NAME_ROW

#define FACT_ROW(symbol, name, ...) name,
const char *const names_fact[] = { FACT_LIST(FACT_ROW) NULL };
#undef FACT_ROW

const char *
names_name(const char *const *names, unsigned value)
{
    for (unsigned i = 0; names[i] != NULL; i++) {
        if (i == value) {
            return names[i];
        }
    }
    return "?";
}

int
names_value(const char *const *names, const char *word, unsigned *ret_value)
{
    for (unsigned i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], word) == 0) {
            *ret_value = i;
            return 0;
        }
    }
    return -1;
}

const char *
action_name(enum action action)
{
    return names_name(names_action, action);
}

const char *
answer_name(enum answer answer)
{
    return names_name(names_answer, answer);
}

const char *
control_state_name(enum control_state state)
{
    return names_name(names_control, state);
}

const char *
process_state_name(enum process_state state)
{
    return names_name(names_process, state);
}

const char *
sender_state_name(enum sender_state state)
{
    return names_name(names_sender, state);
}

const char *
sync_state_name(enum sync_state state)
{
    return names_name(names_sync, state);
}

const char *
op_name(enum op_kind kind)
{
    return names_name(names_op, kind);
}

#define PARSER(function, type, names) \
    type function(const char *word) \
    { \
        unsigned value = 0; \
        (void) names_value(names, word, &value);   /* unknown stays zero */ \
        return (type) value; \
    }

PARSER(action_parse, enum action, names_action)
PARSER(control_state_parse, enum control_state, names_control)
PARSER(sender_state_parse, enum sender_state, names_sender)
PARSER(sync_state_parse, enum sync_state, names_sync)
PARSER(slot_status_parse, enum slot_status, names_slot)
PARSER(pidfile_status_parse, enum pidfile_status, names_pidfile)

size_t
snapshot_find_node(const struct snapshot *snapshot, const char *name)
{
    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        if (text_same_name(snapshot->node[i].name, name)) {
            return i;
        }
    }
    return NODES_MAX;
}

enum server_role
server_role(const struct snapshot *snapshot)
{
    switch (snapshot->server.in_recovery) {
        case TRI_YES:
            return SERVER_STANDBY;
        case TRI_NO:
            return SERVER_PRIMARY;
        case TRI_UNKNOWN:
            break;
    }
    return SERVER_UNKNOWN;
}

bool
postmaster_lives(const struct snapshot *snapshot)
{
    return snapshot->process.postmaster_pid > 0
           && (snapshot->process.state == PROCESS_RUNNING
               || snapshot->process.state == PROCESS_FROZEN);
}

bool
node_is_out(const struct node *node)
{
    bool active = node->member.role == ROLE_STARTED
                  || node->member.role == ROLE_PROMOTED
                  || node->member.starting != TRI_NO;

    if (node->member.online != TRI_NO || node->member.expected_down != TRI_YES
        || active) {
        return false;
    }
    return node->member.controller == TRI_NO
           ? node->member.role == ROLE_STOPPED || node->member.erased == TRI_YES
           : node->member.controller == TRI_YES && node->was_out == TRI_YES;
}

bool
attr_is(const struct attr *attr, const char *value)
{
    return attr->known == ATTR_SET && strcmp(attr->value, value) == 0;
}

/* What a fact fills, in the snapshot or in each node. */
struct group {
    size_t offset;
    size_t size;                /* 0: it fills no more */
    bool of_node;
};

#define GROUP(type, member, of_node) \
    { offsetof(type, member), sizeof(((type *) 0)->member), of_node },
#define OF_ALL(member) GROUP(struct snapshot, member, false)
#define OF_NODE(member) GROUP(struct node, member, true)
#define GROUP_ROW(symbol, name, groups) [symbol##_PLACE] = { groups },

#define GROUPS_MAX 4

static const struct group groups[FACT_COUNT][GROUPS_MAX] = {
    FACT_LIST(GROUP_ROW)
};
#undef GROUP_ROW

static void
empty(const struct group *group, struct snapshot *snapshot)
{
    if (!group->of_node) {
        memset((char *) snapshot + group->offset, 0, group->size);
        return;
    }
    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        memset((char *) &snapshot->node[i] + group->offset, 0, group->size);
    }
}

/* What was seen before is forgotten, but not that the node was out. */
static void
note_out(struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        if (node_is_out(&snapshot->node[i])) {
            snapshot->node[i].was_out = TRI_YES;
        }
    }
}

void
snapshot_forget(struct snapshot *snapshot, uint32_t facts)
{
    if ((facts & FACT_MEMBERS) != 0) {
        note_out(snapshot);
    }
    for (unsigned place = 0; place < FACT_COUNT; place++) {
        if ((facts & (1u << place)) != 0) {
            for (size_t i = 0; i < GROUPS_MAX; i++) {
                empty(&groups[place][i], snapshot);
            }
        }
    }
}

void
settings_take(struct settings *settings, const struct params *params)
{
#define TAKE_SETTING(field, kind, value) settings->field = value;
    SETTINGS_LIST(TAKE_SETTING)
#undef TAKE_SETTING
}

#define OFFSET_ROW(X, symbol, field, word, prefix, suffix, spread, reader) \
    [ATTR_##symbol] = offsetof(struct node, attrs.field),
static const size_t attr_offset[ATTR_COUNT] = { ATTR_LIST(OFFSET_ROW, ) };
#undef OFFSET_ROW

struct attr *
node_attr(struct node *node, enum attr_id attr)
{
    return (struct attr *) (void *) ((char *) node + attr_offset[attr]);
}

const struct attr *
snapshot_attr(const struct snapshot *snapshot, size_t node, enum op_kind kind)
{
    const char *start = (const char *) &snapshot->node[node];

    return (const struct attr *) (const void *)
           (start + attr_offset[op_attr(kind)]);
}

void
snapshot_note_attr(struct snapshot *snapshot, size_t node, enum op_kind kind,
                   const char *value)
{
    struct attr *attr = node_attr(&snapshot->node[node], op_attr(kind));

    if (text_copy(value, attr->value, sizeof(attr->value)) != 0) {
        memset(attr, 0, sizeof(*attr));
        return;
    }
    attr->known = value[0] == '\0' ? ATTR_UNSET : ATTR_SET;
}
