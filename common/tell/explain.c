/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recorded look at the world, decided once more, in words. */

#include "explain.h"

#include <string.h>

#include "decide.h"
#include "lead_rule.h"
#include "may_lead.h"
#include "names.h"

#define PLAN_TEXT_SIZE (64 * 1024)

static void
explain_node(const struct snapshot *snapshot, size_t node, struct text *text)
{
    const struct node *one = &snapshot->node[node];
    enum lead_rule rule = may_lead(snapshot, node);
    const char *why = lead_rule_why(rule);

    text_add(text, "  %s%s: online %s, role %s, data-status %s. ", one->name,
             node == snapshot->self ? " (the one that looked)" : "",
             names_name(names_tri, one->online),
             names_name(names_role, one->role),
             one->data_status.known == ATTR_SET
             ? one->data_status.value
             : names_name(names_known, one->data_status.known));
    if (why == NULL) {
        text_add(text, "May lead, by the rule '%s'\n", lead_rule_name(rule));
    } else {
        text_add(text, "May not lead, by the rule '%s': %s\n",
                 lead_rule_name(rule), why);
    }
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
explain_snapshot(const struct snapshot *snapshot, const char *recorded,
                 struct text *text)
{
    static struct plan plan;
    static char buf[PLAN_TEXT_SIZE];
    struct text now;
    bool same;

    text_add(text, "%s, %u ms after it began:\n",
             action_name(snapshot->action), snapshot->elapsed_ms);
    for (size_t i = 0; i < snapshot->node_count; i++) {
        explain_node(snapshot, i, text);
    }
    decide(snapshot, &plan);
    text_init(&now, buf, sizeof(buf));
    plan_dump(&plan, &now);
    same = recorded == NULL || strcmp(recorded, buf) == 0;
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
