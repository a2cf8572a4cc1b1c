/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the cluster's attributes and the CIB's record say of a node, one a
 * line, and all that decide() reads in them; a member of a quorum is promoted
 * only by a record of two plain numbers.
 */

#include "decide.h"
#include "fuzz_text.h"
#include "snapshot.h"

static struct snapshot world;

/* The next line of the input, if it fits into an attribute. */
static void
take_line(char **line, struct attr *attr)
{
    char *at = *line;
    size_t len = strcspn(at, "\n");

    *line = at + len + (at[len] == '\n');
    at[len] = '\0';
    attr->known = text_copy(at, attr->value, ATTR_VALUE_SIZE) != 0
                  ? ATTR_UNKNOWN : len == 0 ? ATTR_UNSET : ATTR_SET;
}

static void
fill_node(size_t i, char **line)
{
    struct node *node = &world.node[i];

    must(text_copy(i == 0 ? "srv1" : "srv2", node->name, NODE_NAME_SIZE)
         == 0);
    node->member.online = TRI_YES;
    node->member.role = ROLE_STARTED;
    node->senders.own.state = SENDER_STREAMING;
    node->senders.own.sync_state = SYNC_SYNC;
    node->senders.own.sync_priority = 1;
    node->senders.own.visible = TRI_YES;
    take_line(line, &node->record.data_status);
    take_line(line, &node->record.quorum);
    take_line(line, &node->attrs.position);
    take_line(line, &node->attrs.history);
    take_line(line, &node->attrs.shutdown);
    take_line(line, &node->attrs.unproved);
    take_line(line, &node->attrs.admit);
    take_line(line, &node->attrs.trusted);
    take_line(line, &node->attrs.score);
    take_line(line, &node->attrs.status);
    take_line(line, &node->attrs.replay);
    take_line(line, &node->attrs.began);
    node->member.cib_score = node->attrs.score;
    node->copy = node->record.data_status;
    node->copy_quorum = node->record.quorum;
}

static void
fill_world(char *text)
{
    memset(&world, 0, sizeof(world));
    world.settings.rep_mode = REP_MODE_SYNC;
    world.settings.sync_quorum = true;
    world.settings.sync_strict = true;
    world.left_ms = 20000;
    world.facts = ~0u;
    world.process.state = PROCESS_RUNNING;
    world.process.postmaster_pid = 1234;
    world.cluster.have_quorum = TRI_YES;
    world.cluster.maintenance = TRI_NO;
    world.cluster.fencing = TRI_YES;
    world.server.answer = ANSWER_OK;
    world.server.version = 150018;
    world.server.position = (struct wal_position) { 1, 0x5000000 };
    world.position_advances = TRI_NO;
    world.server.receiver_running = TRI_NO;
    world.server.upstream_set = TRI_YES;
    world.monitor_sql_ok = TRI_YES;
    world.server.sync_names_known = TRI_YES;
    world.sources.sync_names_ours = TRI_YES;
    (void) text_copy("\"srv2\"", world.server.sync_names,
                     sizeof(world.server.sync_names));
    world.position_looks = 2;
    world.node_count = 2;
    for (size_t i = 0; i < world.node_count; i++) {
        fill_node(i, &text);
    }
}

static bool
is_plain_quorum(const char *value)
{
    size_t n = strspn(value, "0123456789");
    size_t of;

    if (n == 0 || value[n] != '/') {
        return false;
    }
    of = strspn(value + n + 1, "0123456789");
    return of > 0 && value[n + 1 + of] == '\0';
}

static void
look(enum action action, enum tri in_recovery)
{
    static struct plan plan;
    const struct node *self = &world.node[0];

    world.action = action;
    world.server.in_recovery = in_recovery;
    decide(&world, &plan);
    must(plan.verdict != VERDICT_NONE && !plan.overflow);
    for (size_t i = 0; i < plan.count; i++) {
        must(plan.op[i].kind != OP_CREATE_LOCK
             || !attr_is(&self->record.data_status, "STREAMING|QUORUM")
             || !attr_is(&world.node[1].record.data_status, "STREAMING|QUORUM")
             || is_plain_quorum(self->record.quorum.value)
             || is_plain_quorum(world.node[1].record.quorum.value));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *text = fuzz_text(bytes, len);

    fill_world(text);
    look(ACTION_PROMOTE, TRI_YES);
    look(ACTION_MONITOR, TRI_YES);
    look(ACTION_MONITOR, TRI_NO);
    look(ACTION_DEMOTE, TRI_NO);
    world.notify = NOTIFY_PRE_PROMOTE;
    look(ACTION_NOTIFY, TRI_YES);
    free(text);
    return 0;
}
