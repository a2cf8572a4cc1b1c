/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which database is it? A node's data counts only where it is the cluster's by
 * its system identifier, which initdb makes and every copy keeps.
 */

#include "identifier.h"

#include <syslog.h>

#include "listed.h"
#include "peers.h"
#include "sender_name.h"
#include "sync_list.h"
#include "want.h"

/* Of a node's database, as it told it or as its file has it; "": unknown. */
static const char *
identifier_of(const struct snapshot *snapshot, size_t node)
{
    const struct attr *told = &snapshot->node[node].attrs.system_id;

    if (node == snapshot->self && snapshot->files.system_id[0] != '\0') {
        return snapshot->files.system_id;
    }
    return told->known == ATTR_SET ? told->value : "";
}

bool
is_foreign(const struct snapshot *snapshot, size_t node)
{
    const char *own = node < snapshot->node_count
                      ? identifier_of(snapshot, node) : "";

    return own[0] != '\0' && snapshot->record.system_id.known == ATTR_SET
           && !attr_is(&snapshot->record.system_id, own);
}

void
want_own_identifier(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->files.system_id[0] != '\0') {
        want_attr(snapshot, plan, OP_SET_SYSTEM_ID, OP_BEST_EFFORT,
                  snapshot->self, snapshot->files.system_id);
    }
}

bool
refuse_foreign(const struct snapshot *snapshot, struct plan *plan)
{
    if (!is_foreign(snapshot, snapshot->self)) {
        return false;
    }
    /* nobody waits for what it voted, or was ranked for, with other data */
    if (self_node(snapshot)->attrs.score.known == ATTR_SET) {
        want_attr(snapshot, plan, OP_SET_SCORE, OP_BEST_EFFORT,
                  snapshot->self, SCORE_NEVER);
    }
    want_attr(snapshot, plan, OP_SET_POSITION, OP_BEST_EFFORT,
              snapshot->self, "");
    plan_exit_reason(plan, OCF_ERR_GENERIC,
                     "pg_basebackup this node, pcs resource cleanup: its "
                     "system identifier is %s, the cluster's %s. '%s' is "
                     "another database; to go on with it, see 'WHICH "
                     "DATABASE IT IS' in the manual page",
                     identifier_of(snapshot, snapshot->self),
                     snapshot->record.system_id.value, snapshot->pgdata);
    return true;
}

bool
identifier_is_known(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->record.system_id.known != ATTR_SET
        || identifier_of(snapshot, snapshot->self)[0] != '\0') {
        return true;
    }
    if (have_facts(snapshot, FACT_FILES, plan)) {
        plan_exit_reason(plan, OCF_ERR_GENERIC,
                         "look at pg_control and its disk: it could not be "
                         "read, so this node may hold another database. It "
                         "is '%s/global/pg_control'", snapshot->pgdata);
    }
    return false;
}

/*
 * What is written by one half of a cluster makes its copy of the CIB the newer
 * one, and this can wait.
 */
static bool
may_write_options(const struct snapshot *snapshot)
{
    return snapshot->cluster.have_quorum == TRI_YES
           && nodes_online(snapshot) * 2 > snapshot->node_count;
}

static bool
may_record(const struct snapshot *snapshot)
{
    return snapshot->record.system_id.known == ATTR_UNSET
           && snapshot->done[OP_RECORD_SYSTEM_ID].times == 0
           && may_write_options(snapshot);
}

bool
want_cluster_identifier(const struct snapshot *snapshot, struct plan *plan)
{
    if ((may_record(snapshot)
         || self_node(snapshot)->attrs.system_id.known == ATTR_UNSET)
        && !have_facts(snapshot, FACT_FILES, plan)) {
        return false;
    }
    want_own_identifier(snapshot, plan);
    if (may_record(snapshot) && snapshot->files.system_id[0] != '\0') {
        plan_add(plan, OP_RECORD_SYSTEM_ID, OP_BEST_EFFORT, 0,
                 snapshot->files.system_id);
    }
    if (is_foreign(snapshot, snapshot->self)) {
        /* a word in the record that is wrong stops no primary (P5) */
        plan_log_once(plan, LOG_ERR, "nobody can take over from this "
                      "primary: its system identifier is %s, and the "
                      "cluster's record says %s. If this is the database to "
                      "go on with: crm_attribute --type crm_config --name "
                      "RESOURCE-system-id --update %s",
                      identifier_of(snapshot, snapshot->self),
                      snapshot->record.system_id.value,
                      identifier_of(snapshot, snapshot->self));
    }
    return true;
}

/* --- the names that standbys stream under --------------------------------- */

/* One whose agent is an older one streams under its node's name for now. */
static bool
all_know_keys(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (snapshot->node[i].member.online == TRI_YES
            && snapshot->node[i].attrs.system_id.known != ATTR_SET) {
            return false;
        }
    }
    return true;
}

/* The key by which the list in force has its names: a lost record is no new
 * key. */
static const char *
key_in_force(const struct snapshot *snapshot, const struct sync_list *list)
{
    const char *key = "";

    for (size_t i = 0; i < list->count && key[0] == '\0'; i++) {
        key = sender_name_key(list->name[i],
                              snapshot->node[list->node[i]].name);
    }
    return key;
}

bool
want_name_key(const struct snapshot *snapshot, struct plan *plan)
{
    struct sync_list list = sync_list_now(snapshot);

    if (snapshot->record.name_key.known != ATTR_UNSET
        || snapshot->done[OP_RECORD_NAME_KEY].times > 0
        || !may_write_options(snapshot) || !all_know_keys(snapshot)) {
        return true;
    }
    plan_add(plan, OP_RECORD_NAME_KEY, OP_BEST_EFFORT, 0,
             key_in_force(snapshot, &list));
    plan_again(plan, 0, snapshot->facts, 0);    /* whom it names is seen anew */
    return false;
}

bool
is_misnamed(const struct snapshot *snapshot)
{
    char wanted[NODE_NAME_SIZE];

    if (snapshot->record.name_key.known == ATTR_UNKNOWN
        || snapshot->files.sender_name[0] == '\0') {
        return false;
    }
    sender_name(snapshot, self_node(snapshot)->name, wanted);
    return !text_same_name(snapshot->files.sender_name, wanted);
}

void
tell_of_strangers(const struct snapshot *snapshot, struct plan *plan)
{
    char name[NODE_NAME_SIZE];

    for (size_t i = 0; i < snapshot->node_count; i++) {
        const struct node *node = &snapshot->node[i];

        sender_name(snapshot, node->name, name);
        if (node->senders.twin[0] != '\0') {
            plan_log_once(plan, LOG_ERR, "two stream as '%s', from '%s' and "
                          "'%s': neither counts until one is gone. Was "
                          "its recovery.conf copied?", name,
                          node->senders.stranger, node->senders.twin);
        } else if (node->senders.stranger[0] != '\0') {
            plan_log_once(plan, LOG_WARNING, "a stranger at '%s' streams "
                          "under the name of '%s', not as '%s': it counts "
                          "for nothing. If that is the node's own server, "
                          "update pgward there", node->senders.stranger,
                          node->name, name);
        }
    }
}
