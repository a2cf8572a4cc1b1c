/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A planned move: what stands in its way, and its constraint. */

#include "cluster_moves.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "cluster_element.h"
#include "cluster_parts.h"

#define PATH_TEXT_SIZE 1024
#define SCORE_INFINITY 1000000L

/* The id of ours, and behind it where it was set. */
#define FROM "-from-"

/* Which characters of a node's name an id may have; `.` stands for others. */
static bool
is_id_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

static bool
is_name_in_id(const char *name, const char *in_id)
{
    size_t i = 0;

    while (name[i] != '\0'
           && in_id[i] == (is_id_char(name[i]) ? name[i] : '.')) {
        i++;
    }
    return name[i] == '\0' && in_id[i] == '\0';
}

/* Pacemaker's scores: a word, or a number that ends at a million. */
static long
read_score(const xmlNode *element)
{
    const char *score = element_get_or(element, "score", "0");

    if (strcmp(score, "-INFINITY") == 0) {
        return -SCORE_INFINITY;
    }
    if (strcmp(score, "INFINITY") == 0 || strcmp(score, "+INFINITY") == 0) {
        return SCORE_INFINITY;
    }
    return strtol(score, NULL, 10);
}

/* Of ours: who is to lead, and in whose name it was set. */
static void
read_ours(const xmlNode *rule, const struct moves *moves, struct move *move)
{
    const char *from = strstr(element_get_or(rule, "id", ""), FROM);

    move->kind = MOVE_OURS;
    for (const xmlNode *part = next_element(rule->children); part != NULL;
         part = next_element(part->next)) {
        if (element_is(part, "expression")) {
            /* one too long stays unknown */
            (void) text_copy(element_get_or(part, "value", ""), move->node,
                             sizeof(move->node));
        }
    }
    for (size_t i = 0; from != NULL && i < moves->node_count; i++) {
        if (is_name_in_id(moves->node[i].name, from + strlen(FROM))) {
            memcpy(move->from, moves->node[i].name, sizeof(move->from));
        }
    }
}

static void
read_constraint(const xmlNode *location, const char *ours,
                struct moves *moves)
{
    const xmlNode *rule = next_element(location->children);
    struct move move = { .kind = MOVE_NONE };
    long score = read_score(location);
    const char *id = element_get_or(location, "id", "");

    if (text_copy(id, move.id, sizeof(move.id)) != 0) {
        moves->too_many = true;
        return;
    }
    (void) text_copy(element_get_or(location, "node", ""), move.node,
                     sizeof(move.node));
    if (rule != NULL && strcmp(id, ours) == 0) {
        read_ours(rule, moves, &move);
    } else if (rule != NULL && element_is(rule, "rule")) {
        move.kind = MOVE_RULED;
    } else if (score <= -SCORE_INFINITY) {
        move.kind = MOVE_BAN;
    } else if (score >= SCORE_INFINITY) {
        move.kind = MOVE_PREFER;
    } else {
        return;     /* a wish, which the scores outweigh */
    }
    if (moves->count == MOVES_MAX) {
        moves->too_many = true;
        return;
    }
    moves->move[moves->count++] = move;
}

static void
read_node(const xmlNode *node, struct moves *moves)
{
    struct move_node *seen = &moves->node[moves->node_count];

    if (moves->node_count == NODES_MAX
        || text_copy(element_get_or(node, "uname", ""), seen->name,
                     sizeof(seen->name)) != 0) {
        return;
    }
    seen->maintenance = TRI_NO;
    for (const xmlNode *set = next_element(node->children); set != NULL;
         set = next_element(set->next)) {
        for (const xmlNode *pair = next_element(set->children); pair != NULL;
             pair = next_element(pair->next)) {
            if (strcmp(element_get_or(pair, "name", ""), "maintenance") == 0
                && cluster_xml_boolean(element_get(pair, "value"))
                   == TRI_YES) {
                seen->maintenance = TRI_YES;
            }
        }
    }
    moves->node_count++;
}

static struct move_node *
node_of_uuid(const xmlNode *reply, const char *uuid, struct moves *moves)
{
    for (const xmlNode *item = reply; item != NULL;
         item = next_element(item->next)) {
        if (!element_is(item, "node")
            || strcmp(element_get_or(item, "id", ""), uuid) != 0) {
            continue;
        }
        for (size_t i = 0; i < moves->node_count; i++) {
            if (strcmp(moves->node[i].name,
                       element_get_or(item, "uname", "")) == 0) {
                return &moves->node[i];
            }
        }
    }
    return NULL;
}

/* `fail-count-RESOURCE#OPERATION`, with `:N` for a unique instance. */
static bool
is_fail_count(const char *name, const char *resource)
{
    static const char prefix[] = "fail-count-";
    size_t len = strlen(resource);

    if (strncmp(name, prefix, strlen(prefix)) != 0
        || strncmp(name + strlen(prefix), resource, len) != 0) {
        return false;
    }
    name += strlen(prefix) + len;
    return *name == '#' || *name == ':';
}

static uint32_t
read_count(const char *value)
{
    unsigned long count = strcmp(value, "INFINITY") == 0
                          ? (unsigned long) SCORE_INFINITY
                          : strtoul(value, NULL, 10);

    return count > SCORE_INFINITY ? (uint32_t) SCORE_INFINITY
                                  : (uint32_t) count;
}

static void
read_failures(const xmlNode *attributes, const char *resource,
              struct move_node *node)
{
    for (const xmlNode *set = next_element(attributes->children);
         node != NULL && set != NULL; set = next_element(set->next)) {
        for (const xmlNode *pair = next_element(set->children); pair != NULL;
             pair = next_element(pair->next)) {
            if (is_fail_count(element_get_or(pair, "name", ""), resource)) {
                node->failures += read_count(element_get_or(pair, "value",
                                                            "0"));
            }
        }
    }
}

void
cluster_xml_read_moves(const xmlNode *reply, const char *resource,
                       struct moves *ret_moves)
{
    const xmlNode *first = element_is(reply, "xpath-query")
                           ? next_element(reply->children) : reply;
    char ours[CLUSTER_NAME_SIZE];
    struct text id;

    text_init(&id, ours, sizeof(ours));
    text_add(&id, MOVE_ID_PREFIX "%s", resource);
    memset(ret_moves, 0, sizeof(*ret_moves));
    ret_moves->known = true;
    for (const xmlNode *item = first; item != NULL;
         item = next_element(item->next)) {
        if (element_is(item, "node")) {
            read_node(item, ret_moves);
        }
    }
    for (const xmlNode *item = first; item != NULL;
         item = next_element(item->next)) {
        if (element_is(item, "rsc_location")) {
            read_constraint(item, ours, ret_moves);
        } else if (element_is(item, "transient_attributes")) {
            read_failures(item, resource,
                          node_of_uuid(first, element_get_or(item, "id", ""),
                                       ret_moves));
        }
    }
}

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
    text_add(&text, FROM "%s", cluster->self_name);
    for (char *c = ret_word; *c != '\0'; c++) {
        *c = is_id_char(*c) ? *c : '.';
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
