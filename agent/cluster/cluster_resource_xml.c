/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A resource of this agent, out of the CIB's configuration. */

#include "cluster_resource_xml.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cluster_element.h"
#include "cluster_xml.h"

#define SETS_MAX 64
#define NAMES_SIZE 256
#define SCORE_INFINITY 1000000L

/* The sets of pairs of one element, that which counts first before others. */
struct sets {
    size_t count;
    const xmlNode *set[SETS_MAX];
    long score[SETS_MAX];
};

struct finder {
    const xmlNode *root;
    const char *wanted;         /* NULL: whichever there is */
    const xmlNode *found;
    size_t count;               /* that it may be */
    struct text names;          /* of all that are there */
};

/* Each element of a tree in turn; NULL: that was the last. */
static const xmlNode *
next_in_tree(const xmlNode *at, const xmlNode *root)
{
    const xmlNode *next = next_element(at->children);

    while (next == NULL && at != root) {
        next = next_element(at->next);
        at = at->parent;
    }
    return next;
}

static const xmlNode *
find_first(const xmlNode *root, const char *name, const char *id)
{
    for (const xmlNode *at = root; at != NULL; at = next_in_tree(at, root)) {
        if (element_is(at, name)
            && (id == NULL || strcmp(element_get_or(at, "id", ""), id) == 0)) {
            return at;
        }
    }
    return NULL;
}

/* The element itself, or the one that it stands for; NULL: it is not there. */
static const xmlNode *
resolve(const xmlNode *root, const xmlNode *element)
{
    const char *id = element_get(element, "id-ref");

    return id == NULL ? element
           : find_first(root, (const char *) element->name, id);
}

static const xmlNode *
template_of(const xmlNode *root, const xmlNode *primitive)
{
    const char *id = element_get(primitive, "template");

    return id == NULL ? NULL : find_first(root, "template", id);
}

static bool
is_ours(const xmlNode *root, const xmlNode *primitive)
{
    static const char *const words[][2] = {
        { "class", "ocf" }, { "provider", "pgward" }, { "type", "pgsql" },
    };
    const xmlNode *template = template_of(root, primitive);

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const char *value = element_get(primitive, words[i][0]);

        if (value == NULL && template != NULL) {
            value = element_get(template, words[i][0]);
        }
        if (value == NULL || strcmp(value, words[i][1]) != 0) {
            return false;
        }
    }
    return true;
}

static bool
is_clone(const xmlNode *element)
{
    return element_is(element, "clone") || element_is(element, "master");
}

/* What an element is in: a group, a clone; NULL: neither. */
static const xmlNode *
around(const xmlNode *element)
{
    const xmlNode *parent = element->parent;

    return parent != NULL && parent->type == XML_ELEMENT_NODE
           && (is_clone(parent) || element_is(parent, "group")) ? parent
                                                                : NULL;
}

static const xmlNode *
clone_of(const xmlNode *primitive)
{
    const xmlNode *at = around(primitive);

    while (at != NULL && !is_clone(at)) {
        at = around(at);
    }
    return at;
}

/* Whole names; an instance's number may follow the primitive's. */
static bool
is_named(const xmlNode *element, const char *wanted)
{
    const char *id = element != NULL ? element_get(element, "id") : NULL;

    return id != NULL && strcspn(wanted, ":") == strlen(id)
           && strncmp(id, wanted, strlen(id)) == 0;
}

static void
look_at_primitive(struct finder *finder, const xmlNode *primitive)
{
    if (!is_ours(finder->root, primitive)) {
        return;
    }
    text_add(&finder->names, "%s%s", finder->names.len > 0 ? ", " : "",
             element_get_or(primitive, "id", ""));
    if (finder->wanted == NULL || is_named(primitive, finder->wanted)
        || is_named(clone_of(primitive), finder->wanted)) {
        finder->found = primitive;
        finder->count++;
    }
}

static int
choose(const struct finder *finder, struct text *ret_why)
{
    const char *name = finder->wanted;
    const char *names = finder->names.buf;

    if (finder->count == 1) {
        return 0;
    }
    if (finder->count > 1) {
        text_add(ret_why, "name one with --resource: several resources are "
                 "of ocf:pgward:pgsql. There is %s", names);
    } else if (names[0] == '\0') {
        text_add(ret_why, "make one with pcs resource create: there is no "
                 "resource of ocf:pgward:pgsql. Or run this on a node of the "
                 "cluster that has it");
    } else {
        text_add(ret_why, "name one that there is: '%s' is no resource of "
                 "ocf:pgward:pgsql. There is %s", name, names);
    }
    return -1;
}

static long
score_of(const xmlNode *set)
{
    const char *score = element_get_or(set, "score", "0");
    const char *digits = score + (score[0] == '-' || score[0] == '+' ? 1 : 0);

    if (strcasecmp(digits, "INFINITY") == 0) {
        return score[0] == '-' ? -SCORE_INFINITY : SCORE_INFINITY;
    }
    return strtol(score, NULL, 10);     /* 0 for what is no number */
}

static bool
has_rule(const xmlNode *set)
{
    for (const xmlNode *at = next_element(set->children); at != NULL;
         at = next_element(at->next)) {
        if (element_is(at, "rule")) {
            return true;
        }
    }
    return false;
}

/* Those of an element, by their scores; those with rules are named. */
static int
add_sets(const xmlNode *root, const xmlNode *element, const char *kind,
         struct sets *sets, char *ruled)
{
    for (const xmlNode *at = next_element(element->children); at != NULL;
         at = next_element(at->next)) {
        const xmlNode *set = element_is(at, kind) ? resolve(root, at) : NULL;
        size_t place = 0;

        if (set == NULL) {
            continue;
        }
        if (has_rule(set)) {
            /* an id too long is as good as any */
            (void) text_copy(element_get_or(set, "id", "?"), ruled,
                             NODE_NAME_SIZE);
            continue;
        }
        if (sets->count == SETS_MAX) {
            return -1;
        }
        while (place < sets->count && sets->score[place] > score_of(set)) {
            place++;
        }
        for (size_t i = sets->count++; i > place; i--) {
            sets->set[i] = sets->set[i - 1];
            sets->score[i] = sets->score[i - 1];
        }
        sets->set[place] = set;
        sets->score[place] = score_of(set);
    }
    return 0;
}

/* A pair may be another's value by another name. */
static int
add_pair(const xmlNode *root, const xmlNode *pair,
         struct cluster_pairs *ret_pairs)
{
    const xmlNode *other = resolve(root, pair);
    const char *name = element_get(pair, "name");
    const char *value = element_get(pair, "value");

    if (other != NULL && name == NULL) {
        name = element_get(other, "name");
    }
    if (other != NULL && value == NULL) {
        value = element_get(other, "value");
    }
    /* the word for Pacemaker's own default, until 2.1.8 */
    return name == NULL || value == NULL
           || strcasecmp(value, "#default") == 0
           ? 0 : cluster_pairs_add(ret_pairs, name, value);
}

static int
take_sets(const xmlNode *root, const struct sets *sets,
          struct cluster_pairs *ret_pairs)
{
    for (size_t i = 0; i < sets->count; i++) {
        for (const xmlNode *at = next_element(sets->set[i]->children);
             at != NULL; at = next_element(at->next)) {
            if (element_is(at, "nvpair")
                && add_pair(root, at, ret_pairs) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

/* The pairs of an element and of its template, as one. */
static int
take_pairs(const xmlNode *root, const xmlNode *element, const char *kind,
           char *ruled, struct cluster_pairs *ret_pairs)
{
    const xmlNode *template = template_of(root, element);
    struct sets sets = { .count = 0 };

    return (template != NULL
            && add_sets(root, template, kind, &sets, ruled) != 0)
           || add_sets(root, element, kind, &sets, ruled) != 0
           ? -1 : take_sets(root, &sets, ret_pairs);
}

/* Of the element, of what it is in, and the defaults of all. */
static int
take_meta(const xmlNode *root, const xmlNode *element, char *ruled,
          struct cluster_pairs *ret_pairs)
{
    const xmlNode *defaults = find_first(root, "rsc_defaults", NULL);

    ret_pairs->len = 0;
    for (; element != NULL; element = around(element)) {
        if (take_pairs(root, element, "meta_attributes", ruled, ret_pairs)
            != 0) {
            return -1;
        }
    }
    return defaults == NULL
           ? 0 : take_pairs(root, defaults, "meta_attributes", ruled,
                            ret_pairs);
}

static uint32_t
count_of(const struct cluster_pairs *pairs, const char *name,
         const char *old_name, uint32_t otherwise)
{
    const char *value = cluster_pairs_get(pairs, name);
    char *end;
    unsigned long number;

    if (value == NULL) {
        value = cluster_pairs_get(pairs, old_name);
    }
    if (value == NULL) {
        return otherwise;
    }
    number = strtoul(value, &end, 10);
    return end != value && *end == '\0' && number < SCORE_INFINITY
           ? (uint32_t) number : otherwise;
}

static bool
is_yes(const struct cluster_pairs *pairs, const char *name)
{
    return cluster_xml_boolean(cluster_pairs_get(pairs, name)) == TRI_YES;
}

/* `meta` holds the clone's. */
static void
read_clone(const xmlNode *clone, struct cluster_resource *resource)
{
    const struct cluster_pairs *meta = &resource->meta;

    /* one that does not fit is shown without */
    (void) text_copy(element_get_or(clone, "id", ""), resource->clone,
                     sizeof(resource->clone));
    resource->promotable = element_is(clone, "master")
                           || is_yes(meta, "promotable");
    resource->promoted_max =
        resource->promotable ? count_of(meta, "promoted-max", "master-max", 1)
                             : 0;
    resource->clone_max = count_of(meta, "clone-max", "clone-max", 0);
    resource->notify = is_yes(meta, "notify");
}

static int
read_primitive(const xmlNode *root, const xmlNode *primitive,
               struct cluster_resource *resource)
{
    const xmlNode *clone = clone_of(primitive);
    char *ruled = resource->ruled;

    if (text_copy(element_get_or(primitive, "id", ""), resource->id,
                  sizeof(resource->id)) != 0) {
        return -1;
    }
    if (clone != NULL) {
        if (take_meta(root, clone, ruled, &resource->meta) != 0) {
            return -1;
        }
        read_clone(clone, resource);
    }
    return take_pairs(root, primitive, "instance_attributes", ruled,
                      &resource->params) != 0
           || take_meta(root, primitive, ruled, &resource->meta) != 0 ? -1 : 0;
}

int
cluster_xml_find_resource(const xmlNode *reply, const char *wanted,
                          struct cluster_resource *ret_resource,
                          struct text *ret_why)
{
    char names[NAMES_SIZE];
    struct finder finder = { .root = reply, .wanted = wanted };

    text_init(&finder.names, names, sizeof(names));
    for (const xmlNode *at = reply; at != NULL; at = next_in_tree(at, reply)) {
        if (element_is(at, "primitive")) {
            look_at_primitive(&finder, at);
        }
    }
    if (choose(&finder, ret_why) != 0) {
        return -1;
    }
    memset(ret_resource, 0, sizeof(*ret_resource));
    if (read_primitive(reply, finder.found, ret_resource) != 0) {
        const char *name = element_get_or(finder.found, "id", "");

        text_add(ret_why, "remove what it does not need: the configuration of "
                 "'%s' is too long", name);
        return -1;
    }
    return 0;
}
