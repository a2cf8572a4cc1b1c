/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The meta-data: what cluster tools know of the agent. */

#include "metadata.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "params.h"

struct action_spec {
    const char *name;
    unsigned timeout_s;
    unsigned interval_s;    /*!< 0: not a recurring action */
    bool promoted;          /*!< advised for the promoted role */
    bool ocf_1_1;           /*!< OCF 1.0 does not know it */
    const char *help;       /*!< NULL: the row above has it */
};

static const struct action_spec actions[] = {
    { "start", 120, 0, false, false,
      "start the server, as a standby where it has a primary" },
    { "stop", 120, 0, false, false,
      "stop the server and all of its processes" },
    { "status", 60, 0, false, false, "say whether the server runs" },
    { "monitor", 30, 30, false, false,
      "check the server, and rank its standbys" },
    { "monitor", 30, 29, true, false, NULL },
    { "promote", 120, 0, false, false, "make a standby the primary" },
    { "demote", 120, 0, false, false, "make a primary a standby" },
    { "notify", 90, 0, false, false,
      "hear of what other nodes are about to do" },
    { "reload-agent", 60, 0, false, true,
      "act on changed parameters without a restart" },
    { "meta-data", 5, 0, false, false, "print the meta-data" },
    { "validate-all", 5, 0, false, false,
      "check the parameters and the set-up" },
    { "methods", 5, 0, false, false, "print the names of the actions" },
};

#define ACTION_COUNT (sizeof(actions) / sizeof(actions[0]))

static const char longdesc[] =
    "Manages a PostgreSQL server: one alone, or a primary with standbys that\n"
    "follow it by streaming replication, one of which takes over when the\n"
    "primary fails. It has the parameters, node attributes and files of\n"
    "ocf:heartbeat:pgsql, and takes its place with one word changed.\n"
    "\n"
    "For replication, make the resource a promotable clone with notify=true,\n"
    "set rep_mode, node_list and master_ip, and keep fencing on. The manual\n"
    "page ocf_pgward_pgsql(7) has an example, and says how a new primary is\n"
    "chosen and what each node attribute means. validate-all warns of what in\n"
    "the configuration may lose commits, with the command that changes it.";

void
metadata_add_escaped(struct text *xml, const char *raw)
{
    while (*raw != '\0') {
        size_t plain = strcspn(raw, "&<>\"");

        text_add_bytes(xml, raw, plain);
        raw += plain;
        switch (*raw) {
            case '&':
                text_add(xml, "&amp;");
                break;
            case '<':
                text_add(xml, "&lt;");
                break;
            case '>':
                text_add(xml, "&gt;");
                break;
            case '"':
                text_add(xml, "&quot;");
                break;
            default:
                return;
        }
        raw++;
    }
}

static void
add_texts(struct text *xml, const char *longtext, const char *shorttext)
{
    text_add(xml, "<longdesc lang=\"en\">\n");
    metadata_add_escaped(xml, longtext);
    text_add(xml, "\n</longdesc>\n<shortdesc lang=\"en\">");
    metadata_add_escaped(xml, shorttext);
    text_add(xml, "</shortdesc>\n");
}

/* `select` would say more of rep_mode, but the DTD of API 1.0 has it not. */
static const char *
content_type(enum param_type type)
{
    switch (type) {
        case PARAM_PORT:
        case PARAM_INTEGER:
        case PARAM_SECONDS:
            return "integer";
        case PARAM_BOOLEAN:
            return "boolean";
        case PARAM_STRING:
        case PARAM_SIZE:
        case PARAM_WORD:
        case PARAM_NODE_LIST:
            break;
    }
    return "string";
}

/* Pacemaker restarts the resource for a parameter that is not reloadable. */
static void
add_parameter(struct text *xml, const struct param_spec *spec, bool ocf_1_1)
{
    text_add(xml, "<parameter name=\"%s\" unique=\"0\" required=\"0\"%s>\n",
             spec->name,
             !ocf_1_1 ? "" : spec->restarts ? " reloadable=\"0\""
                                            : " reloadable=\"1\"");
    add_texts(xml, spec->longdesc, spec->shortdesc);
    text_add(xml, "<content type=\"%s\"", content_type(spec->type));
    if (spec->default_text[0] != '\0') {
        text_add(xml, " default=\"");
        metadata_add_escaped(xml, spec->default_text);
        text_add(xml, "\"");
    }
    text_add(xml, "/>\n</parameter>\n");
}

static void
add_action(struct text *xml, const struct action_spec *action,
           const char *promoted_role)
{
    text_add(xml, "<action name=\"%s\" timeout=\"%us\"", action->name,
             action->timeout_s);
    if (action->interval_s > 0) {
        text_add(xml, " depth=\"0\" interval=\"%us\"", action->interval_s);
    }
    if (action->promoted) {
        text_add(xml, " role=\"%s\"", promoted_role);
    }
    text_add(xml, "/>\n");
}

/* The DTD that resource-agents ships is that of OCF 1.0. */
static const char subset_1_1[] =
    " [\n<!ATTLIST parameter reloadable (1|0) #IMPLIED>\n"
    "<!ATTLIST action name CDATA #REQUIRED>\n]";

void
metadata_write(struct text *xml, const char *version, bool ocf_1_1)
{
    text_add(xml, "<?xml version=\"1.0\"?>\n"
                  "<!DOCTYPE resource-agent SYSTEM \"ra-api-1.dtd\"%s>\n"
                  "<resource-agent name=\"pgsql\" version=\"",
             ocf_1_1 ? subset_1_1 : "");
    metadata_add_escaped(xml, version);
    text_add(xml, "\">\n<version>%s</version>\n", ocf_1_1 ? "1.1" : "1.0");
    add_texts(xml, longdesc,
              "PostgreSQL server with streaming replication and failover");
    text_add(xml, "<parameters>\n");
    for (const struct param_spec *spec = params_table; spec->name != NULL;
         spec++) {
        add_parameter(xml, spec, ocf_1_1);
    }
    text_add(xml, "</parameters>\n<actions>\n");
    for (size_t i = 0; i < ACTION_COUNT; i++) {
        if (ocf_1_1 || !actions[i].ocf_1_1) {
            add_action(xml, &actions[i], ocf_1_1 ? "Promoted" : "Master");
        }
    }
    text_add(xml, "</actions>\n</resource-agent>\n");
}

void
metadata_write_methods(struct text *text)
{
    for (size_t i = 0; i < ACTION_COUNT; i++) {
        if (actions[i].help != NULL) {
            text_add(text, "%s\n", actions[i].name);
        }
    }
}

void
metadata_write_usage(struct text *text, const char *program)
{
    text_add(text,
             "usage: %s ACTION\n\n"
             "The resource agent ocf:pgward:pgsql; Pacemaker runs it, and "
             "gives its parameters\n"
             "in the environment (OCF_RESKEY_pgdata and so on). Actions:\n\n",
             program);
    for (size_t i = 0; i < ACTION_COUNT; i++) {
        if (actions[i].help != NULL) {
            text_add(text, "  %-13s %s\n", actions[i].name, actions[i].help);
        }
    }
    text_add(text, "\nTo see its parameters: pcs resource describe "
                   "ocf:pgward:pgsql\n");
}
