/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PGWARD_AGENT_CLUSTER_ELEMENT_H
#define PGWARD_AGENT_CLUSTER_ELEMENT_H

/* Reading an element of XML without copies. */

#include <libxml/tree.h>
#include <stdbool.h>
#include <string.h>

static inline bool
element_is(const xmlNode *element, const char *name)
{
    return strcmp((const char *) element->name, name) == 0;
}

/*! The text of an attribute, without a copy; NULL when there is none. */
static inline const char *
element_get(const xmlNode *element, const char *name)
{
    for (const xmlAttr *attr = element->properties; attr != NULL;
         attr = attr->next) {
        if (strcmp((const char *) attr->name, name) == 0) {
            return attr->children != NULL
                   ? (const char *) attr->children->content : "";
        }
    }
    return NULL;
}

static inline const char *
element_get_or(const xmlNode *element, const char *name, const char *other)
{
    const char *value = element_get(element, name);

    return value != NULL ? value : other;
}

/*! This node if it is an element, else the next one of its row; or NULL. */
static inline const xmlNode *
next_element(const xmlNode *node)
{
    while (node != NULL && node->type != XML_ELEMENT_NODE) {
        node = node->next;
    }
    return node;
}

#endif
