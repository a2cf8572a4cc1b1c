/*
 * Which database is it? A node's data counts only where it is the cluster's by
 * its system identifier, which initdb makes and every copy keeps.
 */

#include <string.h>
#include <syslog.h>

#include "decide_parts.h"

/* Of a node's database, as it told it or as its file has it; "": unknown. */
static const char *
identifier_of(const struct snapshot *snapshot, size_t node)
{
    const struct attr *told = &snapshot->node[node].system_id;

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

    return own[0] != '\0' && snapshot->system_id.known == ATTR_SET
           && !attr_is(&snapshot->system_id, own);
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
    if (self_node(snapshot)->score.known == ATTR_SET) {
        want_attr(snapshot, plan, OP_SET_SCORE, OP_BEST_EFFORT,
                  snapshot->self, SCORE_NEVER);
    }
    want_attr(snapshot, plan, OP_SET_POSITION, OP_BEST_EFFORT,
              snapshot->self, "");
    plan_exit_reason(plan, OCF_ERR_GENERIC,
                     "system identifier %s, the cluster's is %s: "
                     "pg_basebackup this node, pcs resource cleanup. '%s' is "
                     "another database; to go on with it, see 'WHICH "
                     "DATABASE IT IS' in the manual page",
                     identifier_of(snapshot, snapshot->self),
                     snapshot->system_id.value, snapshot->pgdata);
    return true;
}

bool
identifier_is_known(const struct snapshot *snapshot, struct plan *plan)
{
    if (snapshot->system_id.known != ATTR_SET
        || identifier_of(snapshot, snapshot->self)[0] != '\0') {
        return true;
    }
    if (have_facts(snapshot, FACT_FILES, plan)) {
        plan_exit_reason(plan, OCF_ERR_GENERIC,
                         "could not read '%s/global/pg_control', so this "
                         "node may hold another database: look at that file "
                         "and at its disk", snapshot->pgdata);
    }
    return false;
}

/*
 * What is written by one half of a cluster makes its copy of the CIB the newer
 * one, and this can wait.
 */
static bool
may_record(const struct snapshot *snapshot)
{
    return snapshot->system_id.known == ATTR_UNSET
           && snapshot->done[OP_RECORD_SYSTEM_ID].times == 0
           && snapshot->have_quorum == TRI_YES
           && nodes_online(snapshot) * 2 > snapshot->node_count;
}

bool
want_cluster_identifier(const struct snapshot *snapshot, struct plan *plan)
{
    if ((may_record(snapshot)
         || self_node(snapshot)->system_id.known == ATTR_UNSET)
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
                      snapshot->system_id.value,
                      identifier_of(snapshot, snapshot->self));
    }
    return true;
}
