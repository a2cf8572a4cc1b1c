/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What attrd and the CIB answer: an XML document, read as any of them. */

#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "cluster_moves_xml.h"
#include "cluster_resource_xml.h"
#include "cluster_xml.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
ignore_error(void *context, const char *format, ...)
{
    (void) context;
    (void) format;
}

/* What is found is of this agent and ends where it should. */
static void
find_resource(const xmlNode *root, const char *wanted)
{
    static struct cluster_resource resource;
    char why_text[SERVER_TEXT_SIZE];
    struct text why;

    text_init(&why, why_text, sizeof(why_text));
    if (cluster_xml_find_resource(root, wanted, &resource, &why) == 0) {
        (void) cluster_pairs_get(&resource.params, "pgdata");
        (void) cluster_pairs_get(&resource.meta, "no such name");
    }
}

/* What is counted is there. */
static void
read_moves(const xmlNode *root)
{
    static struct moves moves;
    size_t letters = 0;

    cluster_xml_read_moves(root, "pgsql", &moves);
    for (size_t i = 0; i < moves.count; i++) {
        letters += strlen(moves.move[i].id) + strlen(moves.move[i].node);
    }
    for (size_t i = 0; i < moves.node_count; i++) {
        letters += strlen(moves.node[i].name);
    }
    (void) letters;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct snapshot snapshot;
    struct cluster_view view = { .with_others = true, .count = 2 };
    struct attr attr;
    const xmlNode *root;
    xmlDoc *document;

    xmlSetGenericErrorFunc(NULL, ignore_error);
    document = len > INT_MAX ? NULL
               : xmlReadMemory((const char *) bytes, (int) len, NULL, NULL,
                               XML_PARSE_NONET | XML_PARSE_NOERROR
                               | XML_PARSE_NOWARNING);
    if (document == NULL) {
        return 0;
    }
    root = xmlDocGetRootElement(document);
    (void) text_copy("node1", view.node[0].name, NODE_NAME_SIZE);
    (void) text_copy("node2", view.node[1].name, NODE_NAME_SIZE);
    (void) cluster_xml_read_ack(root);
    (void) cluster_xml_read_attr(root, "pgsql-status", "node1", &attr);
    if (cluster_xml_read_view(root, "pgsql-data-status", &view) == 0) {
        for (size_t i = 0; i < view.count; i++) {
            enum role role;
            enum tri starting;

            roles_result(&view.node[i].roles, &role, &starting);
        }
    }
    memset(&snapshot, 0, sizeof(snapshot));
    cluster_xml_read_profile(root, "pgsql", &snapshot);
    find_resource(root, NULL);
    find_resource(root, "ms");
    read_moves(root);
    xmlFreeDoc(document);
    return 0;
}
