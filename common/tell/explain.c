/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A look at the world, recorded or just done, in words. */

#include "explain.h"

#include <string.h>

#include "decide.h"
#include "may_lead.h"
#include "names.h"
#include "takeover.h"

/* Its value, or that it has none, or that it was not read. */
static const char *
attr_words(const struct attr *attr)
{
    return attr->known == ATTR_SET ? attr->value
                                   : names_name(names_known, attr->known);
}

static void
tell_rule(enum lead_rule rule, struct text *text)
{
    const char *why = lead_rule_why(rule);

    if (why == NULL) {
        text_add(text, "May lead, by the rule '%s'\n", lead_rule_name(rule));
    } else {
        text_add(text, "May not lead, by the rule '%s': %s\n",
                 lead_rule_name(rule), why);
    }
}

static void
explain_node(const struct snapshot *snapshot, size_t node, struct text *text)
{
    const struct node *one = &snapshot->node[node];

    text_add(text, "  %s%s: online %s, role %s, data-status %s. ", one->name,
             node == snapshot->self ? " (the one that looked)" : "",
             names_name(names_tri, one->member.online),
             names_name(names_role, one->member.role),
             attr_words(&one->record.data_status));
    tell_rule(may_lead(snapshot, node), text);
}

/* Each line of it, set in. */
static void
quote(const char *lines, struct text *text)
{
    while (*lines != '\0') {
        size_t len = strcspn(lines, "\n");

        text_add(text, "    %.*s\n", (int) len, lines);
        lines += len;
        lines += *lines == '\n' ? 1 : 0;
    }
}

bool
explain_decide(const struct snapshot *snapshot, const char *recorded,
               struct text *ret_plan)
{
    static struct plan plan;

    decide(snapshot, &plan);
    plan_dump(&plan, ret_plan);
    return recorded == NULL || strcmp(recorded, ret_plan->buf) == 0;
}

bool
explain_snapshot(const struct snapshot *snapshot, const char *recorded,
                 struct text *text)
{
    static char buf[EXPLAIN_PLAN_SIZE];
    struct text now;
    bool same;

    text_add(text, "%s, %u ms after it began:\n",
             action_name(snapshot->action), snapshot->elapsed_ms);
    for (size_t i = 0; i < snapshot->node_count; i++) {
        explain_node(snapshot, i, text);
    }
    text_init(&now, buf, sizeof(buf));
    same = explain_decide(snapshot, recorded, &now);
    text_add(text, "  %s\n", recorded == NULL ? "is decided:"
             : same ? "is decided, as it was then:"
             : "is decided, other than it was then:");
    quote(buf, text);
    if (!same) {
        text_add(text, "  was decided:\n");
        quote(recorded, text);
    }
    return same;
}

static bool
somebody_leads(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->node_count; i++) {
        if (snapshot->node[i].member.role == ROLE_PROMOTED) {
            return true;
        }
    }
    return false;
}

enum explain_election
explain_election(const struct snapshot *snapshot, size_t node,
                 enum lead_rule *ret_rule)
{
    *ret_rule = takeover_rule_now(snapshot, node);
    if (snapshot->node[node].member.role == ROLE_PROMOTED) {
        return ELECTION_LEADS;
    }
    return *ret_rule == LEAD_NO_POSITION && somebody_leads(snapshot)
           ? ELECTION_NEEDS_POSITION : ELECTION_BY_RULE;
}

static void
tell_of_cluster(const struct snapshot *snapshot, struct text *text)
{
    text_add(text, "  Cluster: quorum %s, fencing %s, maintenance %s\n",
             names_name(names_tri, snapshot->cluster.have_quorum),
             names_name(names_tri, snapshot->cluster.fencing),
             names_name(names_tri, snapshot->cluster.maintenance));
}

static void
tell_of_own_server(const struct snapshot *snapshot, struct text *text)
{
    const struct server *server = &snapshot->server;

    text_add(text, "  Its server: processes %s, answer %s, in recovery %s\n",
             names_name(names_process, snapshot->process.state),
             names_name(names_answer, server->answer),
             names_name(names_tri, server->in_recovery));
    if (snapshot->settings.problem != OCF_SUCCESS) {
        text_add(text, "  Its parameters: %s\n",
                 snapshot->settings.problem_text);
    }
}

static void
tell_of_rules(const struct snapshot *snapshot, size_t node, struct text *text)
{
    enum lead_rule rule;

    text_add(text, "  By the record: ");
    tell_rule(lead_by_record(snapshot, node), text);
    text_add(text, "  By the record, or by what it has shown to hold: ");
    tell_rule(lead_by_data(snapshot, node), text);
    switch (explain_election(snapshot, node, &rule)) {
        case ELECTION_LEADS:
            text_add(text, "  Now: it leads\n");
            break;
        case ELECTION_NEEDS_POSITION:
            text_add(text, "  Now: there is a primary. Without one its "
                     "position would count, which it shows then\n");
            break;
        case ELECTION_BY_RULE:
            text_add(text, "  Now, without a primary: ");
            tell_rule(rule, text);
            break;
    }
}

bool
explain_now(const struct snapshot *snapshot, const char *name,
            struct text *text)
{
    size_t node = snapshot_find_node(snapshot, name);
    const struct node *one;

    if (!rep_mode_is_replication(snapshot->settings.rep_mode)) {
        text_add(text, "%s: nobody is promoted: rep_mode is neither async nor "
                 "sync\n", name);
        tell_of_cluster(snapshot, text);
        tell_of_own_server(snapshot, text);
        return true;
    }
    if (node >= snapshot->node_count) {
        text_add(text, "%s: ", name);
        tell_rule(LEAD_NOT_LISTED, text);
        return false;
    }
    one = &snapshot->node[node];
    text_add(text, "%s%s: online %s, role %s, data-status %s, status %s, score "
             "%s\n", one->name, node == snapshot->self ? " (this node)" : "",
             names_name(names_tri, one->member.online),
             names_name(names_role, one->member.role),
             attr_words(&one->record.data_status),
             attr_words(&one->attrs.status), attr_words(&one->attrs.score));
    tell_of_rules(snapshot, node, text);
    if (one->attrs.why.known == ATTR_SET) {
        text_add(text, "  What it lacks: %s\n", one->attrs.why.value);
    }
    if (node == snapshot->self) {
        tell_of_own_server(snapshot, text);
    }
    tell_of_cluster(snapshot, text);
    return true;
}
