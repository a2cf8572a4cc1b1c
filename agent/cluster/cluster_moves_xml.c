/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands in the way of a planned move, out of the CIB. */

#include "cluster_moves_xml.h"

#include <stdlib.h>
#include <string.h>

#include "cluster_element.h"
#include "cluster_xml.h"

#define SCORE_INFINITY 1000000L

char
cluster_move_id_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9') || c == '-' || c == '_' ? c : '.';
}

static bool
is_name_in_id(const char *name, const char *in_id)
{
    size_t i = 0;

    while (name[i] != '\0'
           && in_id[i] == cluster_move_id_char(name[i])) {
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
    const char *rule_id = element_get_or(rule, "id", "");
    size_t len = strlen(move->id);
    const char *from = NULL;

    if (strncmp(rule_id, move->id, len) == 0
        && strncmp(rule_id + len, MOVE_ID_FROM, strlen(MOVE_ID_FROM)) == 0) {
        from = rule_id + len + strlen(MOVE_ID_FROM);
    }
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
        if (is_name_in_id(moves->node[i].name, from)) {
            memcpy(move->from, moves->node[i].name, sizeof(move->from));
        }
    }
}

/*
 * The one node that a rule is about, as `crm_resource --ban` with a lifetime
 * makes it; NULL: only Pacemaker knows. An end counts as not reached: the words
 * say how to take the constraint away.
 */
static const char *
rule_node(const xmlNode *rule)
{
    const char *node = NULL;

    if (element_get(rule, "score") == NULL || next_element(rule->next)) {
        return NULL;
    }
    for (const xmlNode *part = next_element(rule->children); part != NULL;
         part = next_element(part->next)) {
        if (element_is(part, "date_expression")) {
            continue;
        }
        if (node != NULL || !element_is(part, "expression")
            || strcmp(element_get_or(part, "attribute", ""), "#uname") != 0
            || strcmp(element_get_or(part, "operation", ""), "eq") != 0) {
            return NULL;
        }
        node = element_get(part, "value");
    }
    return node;
}

static void
read_constraint(const xmlNode *location, const char *ours,
                struct moves *moves)
{
    const xmlNode *rule = next_element(location->children);
    const xmlNode *said = rule != NULL && element_is(rule, "rule") ? rule
                                                                   : location;
    const char *node = said != location ? rule_node(said)
                       : element_get_or(location, "node", "");
    struct move move = { .kind = MOVE_NONE };
    long score = read_score(said);
    const char *id = element_get_or(location, "id", "");

    if (text_copy(id, move.id, sizeof(move.id)) != 0) {
        moves->too_many = true;
        return;
    }
    (void) text_copy(node != NULL ? node : "", move.node, sizeof(move.node));
    if (rule != NULL && strcmp(id, ours) == 0) {
        read_ours(rule, moves, &move);
    } else if (node == NULL) {
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
    char ours[MOVE_ID_SIZE];
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
