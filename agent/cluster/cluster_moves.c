/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A planned move: what stands in its way, and its constraint. */

#include <errno.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "cluster_element.h"
#include "cluster_moves_xml.h"
#include "cluster_parts.h"

#define PATH_TEXT_SIZE 1024

int
cluster_read_moves(struct cluster *cluster, const char *clone,
                   int64_t deadline_ms, struct moves *ret_moves,
                   struct text *ret_why)
{
    CLEANUP(cluster_free_reply) xmlNode *reply = NULL;
    char path_buf[PATH_TEXT_SIZE];
    struct text path;
    int rc = -EINVAL;

    text_init(&path, path_buf, sizeof(path_buf));
    text_add(&path, "/cib/configuration/nodes/node"
             "|/cib/configuration/constraints/rsc_location"
             "[@rsc='%s' or @rsc='%s']"
             "|/cib/status/node_state/transient_attributes",
             cluster->resource, clone[0] != '\0' ? clone : cluster->resource);
    if (!path.overflow && strchr(cluster->resource, '\'') == NULL
        && strchr(clone, '\'') == NULL) {
        rc = cluster_cib_query(cluster, path_buf, deadline_ms, &reply);
    }
    if (rc == pcmk_ok && reply == NULL) {
        rc = -EPROTO;
    }
    if (rc != pcmk_ok) {
        cluster_explain(ret_why, "read the constraints of", cluster->resource,
                        "pacemaker-based", rc);
        return -1;
    }
    cluster_xml_read_moves(reply, cluster->resource, ret_moves);
    return 0;
}

/* --- the constraint ---------------------------------------------------- */

static void
set_prop(xmlNode *element, const char *name, const char *value)
{
    (void) xmlNewProp(element, (const xmlChar *) name,
                      (const xmlChar *) value);
}

/* A child whose id is that of the constraint and a word. */
static xmlNode *
add_part(xmlNode *parent, const char *name, const char *id,
         const char *word)
{
    xmlNode *part = xmlNewChild(parent, NULL, (const xmlChar *) name, NULL);
    char buf[2 * CLUSTER_NAME_SIZE];
    struct text text;

    text_init(&text, buf, sizeof(buf));
    text_add(&text, "%s%s", id, word);
    if (part != NULL) {
        set_prop(part, "id", buf);
    }
    return part;
}

static void
from_word(const struct cluster *cluster, char *ret_word, size_t size)
{
    struct text text;

    text_init(&text, ret_word, size);
    text_add(&text, MOVE_ID_FROM "%s", cluster->self_name);
    for (char *c = ret_word; *c != '\0'; c++) {
        *c = cluster_move_id_char(*c);
    }
}

/* What both its making and its end need: the element with its id. */
static xmlNode *
new_location(const struct cluster *cluster, xmlDoc *document)
{
    xmlNode *location = document == NULL ? NULL
                        : xmlDocGetRootElement(document);
    char id[CLUSTER_NAME_SIZE];
    struct text text;

    text_init(&text, id, sizeof(id));
    text_add(&text, MOVE_ID_PREFIX "%s", cluster->resource);
    if (location == NULL || text.overflow) {
        return NULL;
    }
    set_prop(location, "id", id);
    return location;
}

static int
fill_location(const struct cluster *cluster, const struct cluster_move *move,
              xmlNode *location)
{
    const char *id = element_get_or(location, "id", "");
    char from[CLUSTER_NAME_SIZE];
    char end[32];
    time_t end_s = (time_t) move->end_s;
    struct tm tm;
    xmlNode *rule;
    xmlNode *to;
    xmlNode *date;

    from_word(cluster, from, sizeof(from));
    rule = add_part(location, "rule", id, from);
    to = rule == NULL ? NULL : add_part(rule, "expression", id, "-to");
    date = rule == NULL ? NULL : add_part(rule, "date_expression", id, "-end");
    if (to == NULL || date == NULL || gmtime_r(&end_s, &tm) == NULL
        || strftime(end, sizeof(end), "%Y-%m-%d %H:%M:%SZ", &tm) == 0) {
        return -ENOMEM;
    }
    set_prop(location, "rsc", move->clone[0] != '\0' ? move->clone
                                                     : cluster->resource);
    set_prop(rule, "score", "-INFINITY");
    set_prop(rule, "boolean-op", "and");
    set_prop(to, "attribute", "#uname");
    set_prop(to, "operation", "ne");
    set_prop(to, "value", move->to);
    set_prop(date, "operation", "lt");
    set_prop(date, "end", end);
    return 0;
}

static int
request_create(struct cluster *cluster, void *context)
{
    return cluster->cib->cmds->create(cluster->cib, "constraints", context,
                                      cib_sync_call);
}

static int
request_remove(struct cluster *cluster, void *context)
{
    return cluster->cib->cmds->remove(cluster->cib, "constraints", context,
                                      cib_sync_call);
}

/*
 * The role by the name that every Pacemaker knows, as crm_resource of 2.1 has
 * it; a schema that has the old one no more has the new.
 */
static int
create_by_role(struct cluster *cluster, xmlNode *location,
               int64_t deadline_ms)
{
    static const char *const roles[] = { "Master", "Promoted" };
    xmlNode *rule = location->children;
    int rc = -EINVAL;

    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        (void) xmlSetProp(rule, (const xmlChar *) "role",
                          (const xmlChar *) roles[i]);
        rc = cluster_cib_request(cluster, deadline_ms, request_create,
                                 location);
        if (rc != -pcmk_err_schema_validation) {
            break;
        }
    }
    return rc;
}

int
cluster_begin_move(struct cluster *cluster, const struct cluster_move *move,
                   int64_t deadline_ms, struct text *ret_why)
{
    CLEANUP(cluster_free_document) xmlDoc *document =
        cluster_new_document("rsc_location");
    xmlNode *location = new_location(cluster, document);
    int rc = location == NULL ? -ENOMEM
             : fill_location(cluster, move, location);

    if (rc == 0) {
        rc = create_by_role(cluster, location, deadline_ms);
    }
    if (rc == -EEXIST) {
        return CLUSTER_MOVE_EXISTS;
    }
    if (rc != pcmk_ok) {
        cluster_explain(ret_why, "set a constraint of", cluster->resource,
                        "pacemaker-based", rc);
        return -1;
    }
    return 0;
}

int
cluster_end_move(struct cluster *cluster, int64_t deadline_ms,
                 struct text *ret_why)
{
    CLEANUP(cluster_free_document) xmlDoc *document =
        cluster_new_document("rsc_location");
    xmlNode *location = new_location(cluster, document);
    int rc = location == NULL ? -ENOMEM
             : cluster_cib_request(cluster, deadline_ms, request_remove,
                                   location);

    if (rc != pcmk_ok && rc != -ENXIO) {
        cluster_explain(ret_why, "take away the constraint of",
                        cluster->resource, "pacemaker-based", rc);
        return -1;
    }
    return 0;
}
