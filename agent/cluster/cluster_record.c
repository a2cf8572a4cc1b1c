/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record, in the CIB: all that is written at once is one change of it. */

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "cluster_element.h"
#include "cluster_parts.h"

#define POLL_MS 1

/* Ids in the CIB are a name with a few words before it. */
#define ID_SIZE (2 * CLUSTER_NAME_SIZE)

/* The nodes' own elements, below an element of their own if there are two. */
static const xmlNode *
first_node(const xmlNode *reply)
{
    return element_is(reply, "xpath-query") ? next_element(reply->children)
                                            : reply;
}

static const xmlNode *
find_node(const xmlNode *reply, const char *name)
{
    const xmlNode *node = first_node(reply);

    while (node != NULL
           && !text_same_name(element_get_or(node, "uname", ""), name)) {
        node = next_element(node->next);
    }
    return node;
}

/* The pair of that name in one of the node's sets, or NULL. */
static const xmlNode *
find_pair(const xmlNode *node, const char *name)
{
    for (const xmlNode *set = next_element(node->children); set != NULL;
         set = next_element(set->next)) {
        for (const xmlNode *pair = next_element(set->children); pair != NULL;
             pair = next_element(pair->next)) {
            if (element_is(set, "instance_attributes")
                && strcmp(element_get_or(pair, "name", ""), name) == 0) {
                return pair;
            }
        }
    }
    return NULL;
}

/* The child of that id, made if it is not there; NULL: no memory. */
static xmlNode *
child_of(xmlNode *parent, const char *element, const char *id)
{
    xmlNode *child;

    for (child = parent->children; child != NULL; child = child->next) {
        if (strcmp(element_get_or(child, "id", ""), id) == 0) {
            return child;
        }
    }
    child = xmlNewChild(parent, NULL, (const xmlChar *) element, NULL);
    if (child != NULL) {
        (void) xmlNewProp(child, (const xmlChar *) "id",
                          (const xmlChar *) id);
    }
    return child;
}

static void
set_pair(xmlNode *pair, const char *name, const char *value)
{
    (void) xmlNewProp(pair, (const xmlChar *) "name", (const xmlChar *) name);
    (void) xmlNewProp(pair, (const xmlChar *) "value",
                      (const xmlChar *) value);
}

static void
attribute_name(const struct cluster *cluster,
               const struct cluster_record *record, struct text *name)
{
    text_add(name, "%s-data-%s", cluster->resource,
             record->is_quorum ? "quorum" : "status");
}

/*
 * Add what is to be changed: the pair that is there under the ids that it has,
 * else one as crm_attribute would make it.
 */
static int
add_change(xmlNode *nodes, const xmlNode *node, const char *name,
           const char *value)
{
    const xmlNode *pair = find_pair(node, name);
    const char *uuid = element_get_or(node, "id", "");
    char new_set[ID_SIZE];
    char new_pair[ID_SIZE];
    struct text set_id;
    struct text pair_id;
    xmlNode *child;

    text_init(&set_id, new_set, sizeof(new_set));
    text_init(&pair_id, new_pair, sizeof(new_pair));
    if (pair != NULL) {
        text_add(&set_id, "%s", element_get_or(pair->parent, "id", ""));
        text_add(&pair_id, "%s", element_get_or(pair, "id", ""));
    } else {
        text_add(&set_id, "nodes-%s", uuid);
        text_add(&pair_id, "nodes-%s-%s", uuid, name);
    }
    child = child_of(nodes, "node", uuid);
    child = child == NULL ? NULL : child_of(child, "instance_attributes",
                                            new_set);
    child = child == NULL ? NULL : child_of(child, "nvpair", new_pair);
    if (child == NULL || set_id.overflow || pair_id.overflow) {
        return -ENOMEM;
    }
    set_pair(child, name, value);
    return 0;
}

/* The section that a change is of is its root. */
static int
request_change(struct cluster *cluster, void *context)
{
    const xmlNode *root = context;

    return cluster->cib->cmds->modify(cluster->cib, (const char *) root->name,
                                      context, cib_sync_call);
}

/* The names of the records' nodes, each once. */
static void
list_nodes(const struct cluster_record *record, size_t count,
           struct cluster_view *ret_view)
{
    memset(ret_view, 0, sizeof(*ret_view));
    for (size_t i = 0; i < count; i++) {
        bool listed = false;

        for (size_t j = 0; j < ret_view->count; j++) {
            listed = listed || text_same_name(ret_view->node[j].name,
                                              record[i].node);
        }
        if (!listed && ret_view->count < NODES_MAX
            && text_copy(record[i].node,
                         ret_view->node[ret_view->count].name,
                         NODE_NAME_SIZE) == 0) {
            ret_view->count++;
        }
    }
}

/* The first record that the view does not show as it was written, or NULL. */
static const struct cluster_record *
not_shown(const struct cluster_view *view,
          const struct cluster_record *record, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool shown = false;

        for (size_t j = 0; j < view->count; j++) {
            const struct cluster_node *node = &view->node[j];

            shown = shown || (text_same_name(node->name, record[i].node)
                              && attr_is(record[i].is_quorum ? &node->quorum
                                                             : &node->record,
                                         record[i].value));
        }
        if (!shown) {
            return &record[i];
        }
    }
    return NULL;
}

/* The coordinator has taken it: the local copy follows within a moment. */
static int
wait_visible(struct cluster *cluster, const struct cluster_record *record,
             size_t count, int64_t deadline_ms, struct text *ret_why)
{
    struct cluster_view view;
    const struct cluster_record *missing;

    list_nodes(record, count, &view);
    for (;;) {
        if (cluster_cib_look(cluster, deadline_ms, &view, ret_why) != 0) {
            return -1;
        }
        missing = not_shown(&view, record, count);
        if (missing == NULL) {
            return 0;
        }
        if (clock_left_ms(deadline_ms) == 0) {
            text_add(ret_why, "could not set the record of '%s': "
                     "pacemaker-based took it but does not show it. Look for "
                     "it in the system log", missing->node);
            return -1;
        }
        clock_sleep_ms(POLL_MS, deadline_ms);
    }
}

/* What is to be sent; -1 with the reason. */
static int
make_change(const struct cluster *cluster, const xmlNode *reply,
            const struct cluster_record *record, size_t count,
            xmlNode *ret_nodes, struct text *ret_why)
{
    for (size_t i = 0; i < count; i++) {
        const xmlNode *node = find_node(reply, record[i].node);
        char name_buf[CLUSTER_NAME_SIZE];
        struct text name;

        text_init(&name, name_buf, sizeof(name_buf));
        attribute_name(cluster, &record[i], &name);
        if (node == NULL) {
            text_add(ret_why, "could not find node '%s': the cluster does "
                     "not know it. Compare node_list with crm_node -l",
                     record[i].node);
            return -1;
        }
        if (name.overflow
            || add_change(ret_nodes, node, name_buf, record[i].value) != 0) {
            text_add(ret_why, "could not set the record of '%s': the "
                     "resource's id is too long", record[i].node);
            return -1;
        }
    }
    return 0;
}

int
cluster_set_records(struct cluster *cluster,
                    const struct cluster_record *record, size_t count,
                    int64_t deadline_ms, struct text *ret_why)
{
    CLEANUP(cluster_free_document) xmlDoc *document =
        cluster_new_document("nodes");
    CLEANUP(cluster_free_reply) xmlNode *reply = NULL;
    xmlNode *nodes;
    int rc = document == NULL ? -ENOMEM
             : cluster_cib_query(cluster, "/cib/configuration/nodes/node",
                                 deadline_ms, &reply);

    if (rc == pcmk_ok && reply == NULL) {
        rc = -EPROTO;
    }
    if (rc == pcmk_ok) {
        nodes = xmlDocGetRootElement(document);
        if (make_change(cluster, reply, record, count, nodes,
                        ret_why) != 0) {
            return -1;
        }
        rc = cluster_cib_request(cluster, deadline_ms, request_change,
                                 nodes);
    }
    if (rc != pcmk_ok) {
        cluster_explain(ret_why, "set the record of", record[0].node,
                        "pacemaker-based", rc);
        return -1;
    }
    return wait_visible(cluster, record, count, deadline_ms, ret_why);
}

/* Where crm_attribute and pcs have what they set. */
#define OPTIONS_ID "cib-bootstrap-options"

static const char *
option_word(enum cluster_option option)
{
    switch (option) {
        case CLUSTER_OPTION_SYSTEM_ID:
            return "system-id";
        case CLUSTER_OPTION_NAME_KEY:
            return "name-key";
        case CLUSTER_OPTION_DECISION:
            break;
    }
    return "decision";
}

int
cluster_record_option(struct cluster *cluster, enum cluster_option option,
                      const char *value, int64_t deadline_ms,
                      struct text *ret_why)
{
    CLEANUP(cluster_free_document) xmlDoc *document =
        cluster_new_document("crm_config");
    char name_buf[CLUSTER_NAME_SIZE];
    char id_buf[ID_SIZE];
    struct text name;
    struct text id;
    xmlNode *pair = NULL;
    int rc = -ENOMEM;

    text_init(&name, name_buf, sizeof(name_buf));
    text_add(&name, "%s-%s", cluster->resource, option_word(option));
    text_init(&id, id_buf, sizeof(id_buf));
    text_add(&id, OPTIONS_ID "-%s", name_buf);
    if (document != NULL && !name.overflow && !id.overflow) {
        pair = child_of(xmlDocGetRootElement(document),
                        "cluster_property_set", OPTIONS_ID);
        pair = pair == NULL ? NULL : child_of(pair, "nvpair", id_buf);
    }
    if (pair != NULL) {
        set_pair(pair, name_buf, value);
        rc = cluster_cib_request(cluster, deadline_ms, request_change,
                                 xmlDocGetRootElement(document));
    }
    if (rc != pcmk_ok) {
        cluster_explain(ret_why, "record", name_buf, "pacemaker-based", rc);
        return -1;
    }
    return 0;
}
