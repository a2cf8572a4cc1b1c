/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is explained, as JSON. What is not known is null. */

#include "explain_json.h"

#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "explain.h"
#include "lead_rule.h"
#include "may_lead.h"
#include "names.h"

static json_t *
of_attr(const struct attr *attr)
{
    return attr->known == ATTR_SET ? json_string(attr->value) : json_null();
}

static json_t *
of_tri(enum tri tri)
{
    return tri == TRI_UNKNOWN ? json_null() : json_boolean(tri == TRI_YES);
}

static json_t *
of_rule(enum lead_rule rule)
{
    return json_pack("{s:b, s:s, s:s?}", "may_lead",
                     (int) lead_rule_allows(rule), "rule",
                     lead_rule_name(rule), "why", lead_rule_why(rule));
}

static json_t *
of_node(const struct snapshot *snapshot, size_t index)
{
    const struct node *node = &snapshot->node[index];

    return json_pack("{s:s, s:b, s:o, s:s, s:o}", "name", node->name,
                     "looked", (int) (index == snapshot->self), "online",
                     of_tri(node->member.online), "role",
                     names_name(names_role, node->member.role),
                     "data_status", of_attr(&node->record.data_status));
}

/* A node of a recorded look, with the rule of that moment. */
static json_t *
of_judged_node(const struct snapshot *snapshot, size_t index)
{
    json_t *object = of_node(snapshot, index);
    json_t *rule = of_rule(may_lead(snapshot, index));

    if (json_object_update(object, rule) != 0) {
        json_decref(object);
        object = NULL;
    }
    json_decref(rule);
    return object;
}

static json_t *
of_nodes(const struct snapshot *snapshot)
{
    json_t *nodes = json_array();

    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (json_array_append_new(nodes, of_judged_node(snapshot, i)) != 0) {
            json_decref(nodes);
            return NULL;
        }
    }
    return nodes;
}

/* A server's words may be in it, in any encoding. */
static json_t *
of_line(const char *text, size_t len)
{
    CLEANUP(free_text) char *line = strndup(text, len);

    if (line == NULL) {
        return NULL;
    }
    text_clean(line);
    return json_string(line);
}

/* A plan, a line each. */
static json_t *
of_lines(const char *text)
{
    json_t *lines = json_array();

    while (*text != '\0') {
        size_t len = strcspn(text, "\n");

        if (json_array_append_new(lines, of_line(text, len)) != 0) {
            json_decref(lines);
            return NULL;
        }
        text += len;
        text += *text == '\n' ? 1 : 0;
    }
    return lines;
}

json_t *
explain_json_look(const struct snapshot *snapshot, const char *recorded,
                  bool *ret_same)
{
    static char buf[EXPLAIN_PLAN_SIZE];
    struct text plan;

    text_init(&plan, buf, sizeof(buf));
    *ret_same = explain_decide(snapshot, recorded, &plan);
    return json_pack("{s:s, s:I, s:o, s:o, s:o, s:b}", "action",
                     action_name(snapshot->action), "elapsed_ms",
                     (json_int_t) snapshot->elapsed_ms, "nodes",
                     of_nodes(snapshot), "plan", of_lines(buf), "recorded",
                     recorded == NULL ? json_null() : of_lines(recorded),
                     "same", (int) *ret_same);
}

static json_t *
of_election(const struct snapshot *snapshot, size_t node)
{
    static const char *const words[] = {
        [ELECTION_LEADS] = "leads",
        [ELECTION_NEEDS_POSITION] = "needs-position",
        [ELECTION_BY_RULE] = "by-rule",
    };
    enum lead_rule rule;
    enum explain_election election = explain_election(snapshot, node, &rule);

    return json_pack("{s:s, s:o}", "state", words[election], "without_primary",
                     election == ELECTION_BY_RULE ? of_rule(rule)
                                                  : json_null());
}

static json_t *
of_own_server(const struct snapshot *snapshot)
{
    const struct server *server = &snapshot->server;

    return json_pack("{s:s, s:s, s:o, s:s?}", "processes",
                     names_name(names_process, snapshot->process.state),
                     "answer", names_name(names_answer, server->answer),
                     "in_recovery", of_tri(server->in_recovery), "problem",
                     snapshot->settings.problem != OCF_SUCCESS
                     ? snapshot->settings.problem_text : NULL);
}

/* The node that was asked about, rule by rule. */
static json_t *
of_asked_node(const struct snapshot *snapshot, size_t index)
{
    const struct node_attrs *attrs = &snapshot->node[index].attrs;
    json_t *object = of_node(snapshot, index);
    json_t *more = json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o}", "status", of_attr(&attrs->status),
        "score", of_attr(&attrs->score), "lacks", of_attr(&attrs->why),
        "by_record", of_rule(lead_by_record(snapshot, index)), "by_data",
        of_rule(lead_by_data(snapshot, index)), "now",
        of_election(snapshot, index));

    if (json_object_update(object, more) != 0) {
        json_decref(object);
        object = NULL;
    }
    json_decref(more);
    return object;
}

json_t *
explain_json_now(const struct look *seen, const char *name, bool whole)
{
    const struct snapshot *snapshot = &seen->snapshot;
    bool replicates = rep_mode_is_replication(snapshot->settings.rep_mode);
    size_t node = replicates ? snapshot_find_node(snapshot, name) : NODES_MAX;
    bool listed = node < snapshot->node_count;
    bool own = listed ? node == snapshot->self
                      : text_same_name(name, seen->self_name);

    return json_pack(
        "{s:s, s:s, s:b, s:b, s:b, s:o, s:o, s:{s:o, s:o, s:o}}",
        "resource", seen->resource, "asked", name, "complete", (int) whole,
        "replicates", (int) replicates, "listed", (int) listed, "node",
        listed ? of_asked_node(snapshot, node) : json_null(), "server",
        own ? of_own_server(snapshot) : json_null(), "cluster", "quorum",
        of_tri(snapshot->cluster.have_quorum), "fencing",
        of_tri(snapshot->cluster.fencing), "maintenance",
        of_tri(snapshot->cluster.maintenance));
}
