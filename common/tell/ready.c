/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a move by hand needs of the cluster and of the node that is to lead. */

#include "ready.h"

#include <string.h>

#include "identifier.h"
#include "peers.h"
#include "replay.h"

bool
ready_is_standby(const struct snapshot *snapshot, size_t node)
{
    return node < snapshot->node_count
           && snapshot->node[node].member.online == TRI_YES
           && snapshot->node[node].member.role == ROLE_STARTED;
}

void
ready_cluster(const struct snapshot *snapshot, struct findings *findings)
{
    if (!rep_mode_is_replication(snapshot->settings.rep_mode)) {
        findings_add(findings, FINDING_UNMET, "nobody is promoted: rep_mode "
                     "is neither async nor sync");
    }
    if (snapshot->cluster.have_quorum == TRI_YES) {
        findings_add(findings, FINDING_MET, "the cluster has quorum");
    } else {
        findings_add(findings, FINDING_UNMET, "the cluster is not known to "
                     "have quorum: look at pcs status");
    }
    if (snapshot->cluster.maintenance == TRI_NO) {
        findings_add(findings, FINDING_MET, "the resource is managed");
    } else {
        findings_add(findings, FINDING_UNMET, "cluster, resource or node is "
                     "in maintenance, or unmanaged: pcs property set "
                     "maintenance-mode=false; pcs resource manage");
    }
}

static const char *
why_not_whole(const struct snapshot *snapshot, size_t node)
{
    const struct node *one = &snapshot->node[node];

    if (is_foreign(snapshot, node)) {
        return "holds another database, by its system identifier";
    }
    if (one->attrs.rejoin.known != ATTR_UNSET) {
        return one->attrs.rejoin.known == ATTR_SET
               ? "brings its data back: wait until it streams"
               : "could not be asked whether it brings its data back";
    }
    if (is_unproved(snapshot, node)) {
        return "led last and has not been judged yet: wait for a monitor";
    }
    if (replay_is_held_up(snapshot, node)) {
        return "cannot replay all that it holds: pgward explain there says "
               "what holds it up";
    }
    return NULL;
}

void
ready_standby(const struct snapshot *snapshot, size_t node,
              struct findings *findings)
{
    const char *name = node < snapshot->node_count
                       ? snapshot->node[node].name : "that node";
    const char *why;

    if (!ready_is_standby(snapshot, node)) {
        findings_add(findings, FINDING_UNMET, "'%s' does not run a standby: "
                     "look at pcs status", name);
        return;
    }
    why = why_not_whole(snapshot, node);
    if (why != NULL) {
        findings_add(findings, FINDING_UNMET, "'%s' %s", name, why);
        return;
    }
    findings_add(findings, FINDING_MET, "'%s' runs a standby that can be "
                 "promoted", name);
}

/* One constraint; true: it is in the way. */
static bool
tell_move(const struct move *move, const char *node,
          struct findings *findings)
{
    switch (move->kind) {
        case MOVE_NONE:
            break;
        case MOVE_OURS:
            findings_add(findings, FINDING_UNMET, "a switchover to '%s' goes "
                         "on, or was cut off, on node '%s': wait for it, or "
                         "pgward switchover --clear", move->node,
                         move->from[0] != '\0' ? move->from : "?");
            return true;
        case MOVE_BAN:
            if (!text_same_name(move->node, node)) {
                break;
            }
            findings_add(findings, FINDING_UNMET, "the constraint '%s' bans "
                         "'%s': pcs constraint delete %s", move->id, node,
                         move->id);
            return true;
        case MOVE_PREFER:
            if (text_same_name(move->node, node)) {
                break;
            }
            findings_add(findings, FINDING_UNMET, "the constraint '%s' would "
                         "take the lead back to '%s': pcs constraint delete "
                         "%s", move->id, move->node, move->id);
            return true;
        case MOVE_RULED:
            findings_add(findings, FINDING_NOTE, "the constraint '%s' has a "
                         "rule, which only Pacemaker evaluates", move->id);
            break;
    }
    return false;
}

static bool
tell_node(const struct move_node *seen, struct findings *findings)
{
    if (seen->maintenance != TRI_NO) {
        findings_add(findings, FINDING_UNMET, "'%s' is in maintenance: pcs "
                     "node unmaintenance %s", seen->name, seen->name);
    }
    if (seen->failures > 0) {
        findings_add(findings, FINDING_UNMET, "'%s' has %u failures of the "
                     "resource that are not forgotten: pcs status says "
                     "which; then pcs resource cleanup", seen->name,
                     seen->failures);
    }
    return seen->maintenance != TRI_NO || seen->failures > 0;
}

void
ready_moves(const struct moves *moves, const char *node,
            struct findings *findings)
{
    bool in_the_way = false;

    if (!moves->known || moves->too_many) {
        findings_add(findings, FINDING_UNMET, "the constraints of the "
                     "resource %s: pcs constraint", moves->known
                     ? "are too many to be looked at"
                     : "could not be read");
        return;
    }
    for (size_t i = 0; i < moves->count; i++) {
        in_the_way |= tell_move(&moves->move[i], node, findings);
    }
    for (size_t i = 0; i < moves->node_count; i++) {
        if (text_same_name(moves->node[i].name, node)) {
            in_the_way |= tell_node(&moves->node[i], findings);
        }
    }
    if (!in_the_way) {
        findings_add(findings, FINDING_MET, "no constraint, failure or "
                     "maintenance keeps '%s' from leading", node);
    }
}
