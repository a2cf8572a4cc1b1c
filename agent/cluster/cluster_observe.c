/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cluster's facts, into the snapshot, and attributes out of it. */

#include "cluster.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "cluster_parts.h"

bool
cluster_is_timeout(int rc)
{
    return rc == -ETIME || rc == -ETIMEDOUT || rc == -EAGAIN;
}

void
cluster_explain(struct text *why, const char *verb, const char *object,
                const char *daemon, int rc)
{
    const char *cause = cluster_is_timeout(rc) ? "no answer in time"
                        : rc == -ENOTCONN ? "no connection"
                        : pcmk_strerror(rc);

    text_add(why, "could not %s '%s': %s. Check that %s runs on this node and "
             "what it says in the system log", verb, object, cause, daemon);
}

xmlDoc *
cluster_new_document(const char *root)
{
    xmlDoc *document = xmlNewDoc((const xmlChar *) "1.0");
    xmlNode *element;

    if (document == NULL) {
        return NULL;
    }
    element = xmlNewDocNode(document, NULL, (const xmlChar *) root, NULL);
    if (element == NULL) {
        xmlFreeDoc(document);
        return NULL;
    }
    (void) xmlDocSetRootElement(document, element);     /* there was none */
    return document;
}

static int
name_of(const struct cluster *cluster, enum attr_id attr, char *ret_name,
        struct text *ret_why)
{
    struct text name;

    text_init(&name, ret_name, CLUSTER_NAME_SIZE);
    attr_name(attr, cluster->resource, &name);
    if (name.overflow) {
        text_add(ret_why, "could not name the attributes of '%s': the "
                 "resource's id is too long", cluster->resource);
        return -1;
    }
    return 0;
}

void
cluster_close(struct cluster *cluster)
{
    cluster_attrd_close(cluster);
    cluster_cib_close(cluster);
}

static int
observe_attr(struct cluster *cluster, enum attr_id attr,
             int64_t deadline_ms, struct snapshot *snapshot,
             struct text *ret_why)
{
    CLEANUP(cluster_free_reply) xmlNode *reply = NULL;
    char name[CLUSTER_NAME_SIZE];

    if (name_of(cluster, attr, name, ret_why) != 0
        || cluster_attrd_query(cluster, name, deadline_ms, &reply, ret_why)
           != 0) {
        return -1;
    }
    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        struct node *node = &snapshot->node[i];

        if (cluster_xml_read_attr(reply, name, node->name,
                                  node_attr(node, attr)) != 0) {
            text_add(ret_why, "could not read '%s': the attribute daemon's "
                     "answer makes no sense", name);
            return -1;
        }
    }
    return 0;
}

int
cluster_observe_attrs(struct cluster *cluster, int64_t deadline_ms,
                      struct snapshot *snapshot, struct text *ret_why)
{
    for (unsigned attr = 0; attr < ATTR_COUNT; attr++) {
        /* each costs a monitor a round trip */
        if ((attr == ATTR_RECEIVER
             && !snapshot->settings.check_wal_receiver)
            || (attr == ATTR_SLOTS && !snapshot->settings.use_slots)) {
            continue;
        }
        if (observe_attr(cluster, (enum attr_id) attr, deadline_ms,
                         snapshot, ret_why) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Remember how Pacemaker spells the nodes' names. */
static void
remember_names(struct cluster *cluster, const struct cluster_view *view)
{
    cluster->known.count = 0;
    for (size_t i = 0; i < view->count; i++) {
        if (view->node[i].uuid[0] != '\0') {
            memcpy(cluster->known.name[cluster->known.count++],
                   view->node[i].name, NODE_NAME_SIZE);
        }
    }
}

static int
look_at_nodes(struct cluster *cluster, int64_t deadline_ms,
              const struct snapshot *snapshot, struct cluster_view *ret_view,
              struct text *ret_why)
{
    ret_view->with_others = true;
    ret_view->count = snapshot->node_count;
    for (size_t i = 0; i < snapshot->node_count; i++) {
        memcpy(ret_view->node[i].name, snapshot->node[i].name,
               NODE_NAME_SIZE);
    }
    if (cluster_cib_look(cluster, deadline_ms, ret_view, ret_why) != 0) {
        return -1;
    }
    remember_names(cluster, ret_view);
    return 0;
}

/*
 * Nodes that have a record and are not in node_list follow those that are. What
 * is known of one from a look before is of the one that had its place.
 */
static void
take_outsiders(const struct cluster *cluster, struct cluster_view *view,
               struct snapshot *snapshot)
{
    size_t count = snapshot->node_count;

    for (size_t i = snapshot->node_count; i < view->count; i++) {
        struct node *node = &snapshot->node[count];

        if (text_same_name(view->node[i].name, cluster->self_name)) {
            continue;
        }
        view->node[count] = view->node[i];
        if (strcmp(node->name, view->node[count].name) != 0) {
            memset(node, 0, sizeof(*node));
            memcpy(node->name, view->node[count].name, sizeof(node->name));
        }
        count++;
    }
    snapshot->outsiders = count - snapshot->node_count;
}

static void
take_records(const struct cluster_view *view, struct snapshot *snapshot)
{
    snapshot->record.name_key = view->name_key;
    snapshot->record.system_id = view->system_id;
    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        snapshot->node[i].record.data_status = view->node[i].record;
        snapshot->node[i].record.quorum = view->node[i].quorum;
    }
}

static void
take_member(const struct cluster_node *seen, struct node *node)
{
    struct node_member *member = &node->member;

    memcpy(node->name, seen->name, sizeof(node->name));
    member->online = seen->online;
    member->corosync = seen->member;
    member->controller = seen->controller;
    member->expected_down = seen->expected_down;
    member->erased = seen->erased;
    member->probed = seen->roles.told ? TRI_YES : TRI_NO;
    member->changed_s = seen->roles.told && seen->roles.changed_s > 0
                        && seen->roles.changed_s <= UINT32_MAX
                        ? (uint32_t) seen->roles.changed_s : 0;
    member->cib_score = seen->score;
    roles_result(&seen->roles, &member->role, &member->starting);
}

static void
take_members(const struct cluster *cluster, const struct cluster_view *view,
             struct snapshot *snapshot)
{
    snapshot->cluster.have_quorum = view->have_quorum;
    snapshot->cluster.maintenance = view->maintenance;
    snapshot->cluster.fencing = view->fencing;
    /* a monitor keeps the variables of when it was first scheduled */
    snapshot->settings.promoted_max = view->promoted_max;
    for (size_t i = 0; i < snapshot_total(snapshot); i++) {
        struct node *node = &snapshot->node[i];

        take_member(&view->node[i], node);
        if (view->node[i].maintenance == TRI_YES
            && text_same_name(node->name, cluster->self_name)) {
            snapshot->cluster.maintenance = TRI_YES;
        }
    }
}

int
cluster_observe_cib(struct cluster *cluster, uint32_t facts,
                    int64_t deadline_ms, struct snapshot *snapshot,
                    struct text *ret_why)
{
    struct cluster_view view;

    if (look_at_nodes(cluster, deadline_ms, snapshot, &view, ret_why) != 0) {
        return -1;
    }
    take_outsiders(cluster, &view, snapshot);
    if ((facts & FACT_MEMBERS) != 0) {
        take_members(cluster, &view, snapshot);
    }
    if ((facts & FACT_RECORD) != 0) {
        take_records(&view, snapshot);
    }
    return 0;
}

/*
 * Pacemaker's own spelling of a node's name: attrd would keep another
 * spelling as another node.
 */
static int
own_spelling(struct cluster *cluster, const char *node, int64_t deadline_ms,
             char *ret_name, struct text *ret_why)
{
    struct cluster_view view = { .count = 1 };
    const char *name = NULL;

    for (size_t i = 0; i < cluster->known.count; i++) {
        if (text_same_name(cluster->known.name[i], node)) {
            name = cluster->known.name[i];
        }
    }
    if (name == NULL && text_same_name(cluster->self_name, node)) {
        name = cluster->self_name;
    }
    if (name == NULL) {
        name = view.node[0].name;
        if (text_copy(node, view.node[0].name, NODE_NAME_SIZE) == 0
            && cluster_cib_look(cluster, deadline_ms, &view, ret_why) != 0) {
            return -1;
        }
        if (view.node[0].uuid[0] == '\0') {
            name = NULL;
        }
    }
    if (name == NULL || text_copy(name, ret_name, NODE_NAME_SIZE) != 0) {
        text_add(ret_why, "could not find node '%s': the cluster does not "
                 "know it. Compare node_list with crm_node -l", node);
        return -1;
    }
    return 0;
}

int
cluster_set_attr(struct cluster *cluster, enum attr_id attr,
                 const char *node, const char *value, int64_t deadline_ms,
                 struct text *ret_why)
{
    char name[CLUSTER_NAME_SIZE];
    char node_name[NODE_NAME_SIZE];
    struct cluster_update update = {
        .name = name,
        .node = node_name,
        .value = value,
        .spread = attr_table[attr].spread,
    };

    if (name_of(cluster, attr, name, ret_why) != 0
        || own_spelling(cluster, node, deadline_ms, node_name, ret_why) != 0) {
        return -1;
    }
    return cluster_attrd_update(cluster, &update, deadline_ms, ret_why);
}

int
cluster_read_copy(struct cluster *cluster, const char *node,
                  int64_t deadline_ms, struct node *ret_node,
                  struct text *ret_why)
{
    struct cluster_view view = { .count = 2 };
    char host[NODE_NAME_SIZE];

    if (own_spelling(cluster, node, deadline_ms, host, ret_why) != 0) {
        return -1;
    }
    memcpy(view.node[0].name, host, sizeof(host));
    (void) text_copy(cluster->self_name, view.node[1].name, NODE_NAME_SIZE);
    if (cluster_cib_look_at(cluster, host, deadline_ms, &view, ret_why)
        != 0) {
        return -1;
    }
    ret_node->copy = view.node[0].record;
    ret_node->copy_quorum = view.node[0].quorum;
    ret_node->copy_self = view.node[1].record;
    return 0;
}
