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
const char *const names_known[] = { ATTR_KNOWN_LIST(NAME_ROW) NULL };
const char *const names_notify[] = { NOTIFY_LIST(NAME_ROW) NULL };
const char *const names_refusal[] = { REFUSAL_LIST(NAME_ROW) NULL };
#undef NAME_ROW

#define OP_NAME_ROW(symbol, name, ...) name,
const char *const names_op[] = { OP_LIST(OP_NAME_ROW) NULL };
#undef OP_NAME_ROW

#define FACT_ROW(symbol, name) name,
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
    bool active = node->role == ROLE_STARTED || node->role == ROLE_PROMOTED
                  || node->starting != TRI_NO;

    if (node->online != TRI_NO || node->expected_down != TRI_YES || active) {
        return false;
    }
    return node->controller == TRI_NO
           ? node->role == ROLE_STOPPED || node->erased == TRI_YES
           : node->controller == TRI_YES && node->was_out == TRI_YES;
}

bool
attr_is(const struct attr *attr, const char *value)
{
    return attr->known == ATTR_SET && strcmp(attr->value, value) == 0;
}

/* A member of the snapshot, or of each node, that a fact fills. */
struct filled {
    uint32_t fact;
    size_t offset;
    size_t size;
};

#define FILLED(fact, type, member) \
    { fact, offsetof(type, member), sizeof(((type *) 0)->member) }
#define OF_ALL(fact, member) FILLED(fact, struct snapshot, member)
#define OF_NODE(member) FILLED(FACT_SENDERS, struct node, member)

static const struct filled filled[] = {
    OF_ALL(FACT_PROCESS, process),
    OF_ALL(FACT_PROCESS, watch),
    OF_ALL(FACT_PROCESS, calm_ms),
    OF_ALL(FACT_FILES, files.lock),
    OF_ALL(FACT_FILES, files.backup_label),
    OF_ALL(FACT_FILES, files.upstream),
    OF_ALL(FACT_FILES, files.standby_current),
    OF_ALL(FACT_FILES, files.sender_name),
    OF_ALL(FACT_FILES, files.system_id),
    OF_ALL(FACT_FILES, files.major_version),
    OF_ALL(FACT_CONTROL, files.control),
    OF_ALL(FACT_CONTROL, files.checkpoint),
    OF_ALL(FACT_CONTROL, files.limits),
    OF_ALL(FACT_NEWEST, files.newest_timeline),
    OF_ALL(FACT_DISK, files.writable),
    OF_ALL(FACT_HISTORY, files.history),
    OF_ALL(FACT_ADDRESS, address_here),
    OF_ALL(FACT_PROFILE, profile),
    OF_ALL(FACT_REFUSAL, refusal),
    OF_ALL(FACT_HOLDERS, holdup),
    OF_ALL(FACT_SQL, server.answer),
    OF_ALL(FACT_SQL, server.refused),
    OF_ALL(FACT_SQL, server.in_recovery),
    OF_ALL(FACT_SQL, server.receiver_running),
    OF_ALL(FACT_SQL, server.upstream_set),
    OF_ALL(FACT_SQL, server.sync_names),
    OF_ALL(FACT_SQL, server.sync_names_known),
    OF_ALL(FACT_SQL, server.replay.known),
    OF_ALL(FACT_SQL, server.replay.received),
    OF_ALL(FACT_SQL, server.replay.replayed),
    OF_ALL(FACT_SQL, server.replay.paused),
    OF_ALL(FACT_SQL, server.replay.target),
    OF_ALL(FACT_SQL, server.replay.still_ms),
    OF_ALL(FACT_REPLAY, server.replay.place),
    OF_ALL(FACT_REPLAY, server.replay.waits),
    OF_ALL(FACT_REPLAY, server.replay.busy),
    OF_ALL(FACT_REPLAY, server.replay.limits),
    OF_ALL(FACT_POSITION, server.recovery_advances),
    OF_ALL(FACT_SETTINGS, server.override),
    OF_ALL(FACT_SETTINGS, server.sync_names_ours),
    OF_ALL(FACT_SYNC, server.started),
    OF_ALL(FACT_SYNC, server.redo_lsn),
    OF_ALL(FACT_SYNC, server.sync_waiter),
    OF_ALL(FACT_SYNC, server.sync_wait_ms),
    OF_ALL(FACT_SYNC, server.sender_timeout_ms),
    OF_ALL(FACT_SYNC, memory),
    OF_ALL(FACT_SENDERS, server.senders_told),
    OF_ALL(FACT_SENDERS, row_count),
};

static const struct filled filled_nodes[] = {
    OF_NODE(sender),
    OF_NODE(stranger),
    OF_NODE(twin),
    OF_NODE(slot),
    OF_NODE(slot_active),
};

static void
empty(void *start, const struct filled *member, uint32_t facts)
{
    if ((facts & member->fact) != 0) {
        memset((char *) start + member->offset, 0, member->size);
    }
}

void
snapshot_forget(struct snapshot *snapshot, uint32_t facts)
{
    for (size_t k = 0; k < sizeof(filled) / sizeof(filled[0]); k++) {
        empty(snapshot, &filled[k], facts);
    }
    for (size_t k = 0; k < sizeof(filled_nodes) / sizeof(filled_nodes[0]);
         k++) {
        for (size_t i = 0; i < snapshot_total(snapshot); i++) {
            empty(&snapshot->node[i], &filled_nodes[k], facts);
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
    [ATTR_##symbol] = offsetof(struct node, field),
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
