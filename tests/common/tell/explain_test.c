/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a person reads of a recorded look. */

#include <string.h>

#include "cmocka_all.h"
#include "explain.h"
#include "may_lead.h"

static char buf[64 * 1024];

static struct snapshot
world(void)
{
    struct snapshot snapshot = { .action = ACTION_STATUS, .node_count = 2 };

    snapshot.process.state = PROCESS_RUNNING;
    (void) text_copy("srv1", snapshot.node[0].name, NODE_NAME_SIZE);
    (void) text_copy("srv2", snapshot.node[1].name, NODE_NAME_SIZE);
    return snapshot;
}

static const char plan[] =
    "exit 0 \n"
    "fallback 1 look at pgward's log on this node for the step it was in: "
    "the action did not end in time\n";

static void
tells_what_is_decided(void **state)
{
    static struct snapshot snapshot;
    struct text text;

    (void) state;
    snapshot = world();
    text_init(&text, buf, sizeof(buf));
    assert_true(explain_snapshot(&snapshot, NULL, &text));
    assert_non_null(strstr(buf, "status, 0 ms after it began"));
    assert_non_null(strstr(buf, "  is decided:\n    exit 0 \n"));
    text_init(&text, buf, sizeof(buf));
    assert_true(explain_snapshot(&snapshot, plan, &text));
    assert_non_null(strstr(buf, "as it was then"));
}

static void
tells_where_it_would_decide_otherwise(void **state)
{
    static struct snapshot snapshot;
    struct text text;

    (void) state;
    snapshot = world();
    snapshot.process.state = PROCESS_GONE;
    text_init(&text, buf, sizeof(buf));
    assert_false(explain_snapshot(&snapshot, plan, &text));
    assert_non_null(strstr(buf, "    exit 7 \n"));
    assert_non_null(strstr(buf, "  was decided:\n    exit 0 \n"));
}

static void
tells_who_may_lead(void **state)
{
    static struct snapshot snapshot;
    struct node *first = &snapshot.node[0];
    struct text text;

    (void) state;
    snapshot = world();
    first->member.online = TRI_YES;
    first->member.role = ROLE_STARTED;
    first->record.data_status = (struct attr) { ATTR_SET, "LATEST" };
    first->attrs.position = (struct attr) { ATTR_SET,
                                            "1/0000000005000000 0 1" };
    text_init(&text, buf, sizeof(buf));
    (void) explain_snapshot(&snapshot, NULL, &text);
    assert_non_null(strstr(buf, "srv1 (the one that looked): online yes, role "
                                "started, data-status LATEST. May lead, by "
                                "the rule 'latest'"));
    assert_non_null(strstr(buf, "srv2: online unknown"));
    assert_non_null(strstr(buf, "May not lead, by the rule 'not-live': it is "
                                "not known to run a server"));
}

static struct snapshot
pair(void)
{
    struct snapshot snapshot = world();

    snapshot.settings.rep_mode = REP_MODE_SYNC;
    snapshot.cluster.have_quorum = TRI_YES;
    for (size_t i = 0; i < 2; i++) {
        snapshot.node[i].member.online = TRI_YES;
        snapshot.node[i].member.role = ROLE_STARTED;
    }
    snapshot.node[0].record.data_status = (struct attr) { ATTR_SET, "LATEST" };
    snapshot.node[1].record.data_status = (struct attr) { ATTR_SET,
                                                          "STREAMING|SYNC" };
    return snapshot;
}

static bool
now(const struct snapshot *snapshot, const char *name)
{
    struct text text;
    bool listed;

    text_init(&text, buf, sizeof(buf));
    listed = explain_now(snapshot, name, &text);
    assert_false(text.overflow);
    return listed;
}

static void
tells_of_one_node_rule_by_rule(void **state)
{
    static struct snapshot snapshot;

    (void) state;
    snapshot = pair();
    snapshot.node[1].attrs.position =
        (struct attr) { ATTR_SET, "1/0000000005000000 0 1" };
    snapshot.node[1].attrs.why = (struct attr) { ATTR_SET, "wait for it" };
    assert_true(now(&snapshot, "SRV2"));
    assert_non_null(strstr(buf, "srv2: online yes, role started, data-status "
                                "STREAMING|SYNC, status unknown, score "));
    assert_non_null(strstr(buf, "  By the record: May lead, by the rule "
                                "'synchronous'\n"));
    assert_non_null(strstr(buf, "  Now, without a primary: May lead, by the "
                                "rule 'synchronous'\n"));
    assert_non_null(strstr(buf, "  What it lacks: wait for it\n"));
    assert_non_null(strstr(buf, "  Cluster: quorum yes, fencing unknown"));
    assert_null(strstr(buf, "Its server"));     /* it is another node's */
    snapshot.node[1].attrs.position.known = ATTR_UNSET;
    (void) now(&snapshot, "srv2");
    assert_non_null(strstr(buf, "May not lead, by the rule 'no-position'"));
}

static void
positions_are_no_matter_while_a_primary_is_there(void **state)
{
    static struct snapshot snapshot;

    (void) state;
    snapshot = pair();
    snapshot.node[0].member.role = ROLE_PROMOTED;
    (void) now(&snapshot, "srv2");
    assert_non_null(strstr(buf, "  Now: there is a primary. "));
    (void) now(&snapshot, "srv1");
    assert_non_null(strstr(buf, "srv1 (this node): "));
    assert_non_null(strstr(buf, "  Now: it leads\n"));
    assert_non_null(strstr(buf, "  Its server: processes running, answer "));
}

/* An action takes itself for live. */
static void
a_node_without_a_server_does_not_lead(void **state)
{
    static struct snapshot snapshot;

    (void) state;
    snapshot = pair();
    snapshot.process.state = PROCESS_GONE;
    snapshot.settings.problem = OCF_ERR_CONFIGURED;
    (void) text_copy("set it", snapshot.settings.problem_text,
                     sizeof(snapshot.settings.problem_text));
    (void) now(&snapshot, "srv1");
    assert_non_null(strstr(buf, "May not lead, by the rule 'not-live'"));
    assert_non_null(strstr(buf, "  Its parameters: set it\n"));
}

static void
tells_where_nobody_is_promoted(void **state)
{
    static struct snapshot snapshot;

    (void) state;
    snapshot = world();
    assert_true(now(&snapshot, "srv1"));
    assert_non_null(strstr(buf, "srv1: nobody is promoted"));
    snapshot = pair();
    assert_false(now(&snapshot, "srv3"));
    assert_non_null(strstr(buf, "srv3: May not lead, by the rule "
                                "'not-in-node-list'"));
}

static void
nobody_leads_who_is_not_in_node_list(void **state)
{
    static struct snapshot snapshot;

    (void) state;
    snapshot = world();
    assert_int_equal(may_lead(&snapshot, 2), LEAD_NOT_LISTED);
    assert_false(lead_rule_allows(LEAD_NOT_LISTED));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_is_decided),
        cmocka_unit_test(tells_where_it_would_decide_otherwise),
        cmocka_unit_test(tells_who_may_lead),
        cmocka_unit_test(tells_of_one_node_rule_by_rule),
        cmocka_unit_test(positions_are_no_matter_while_a_primary_is_there),
        cmocka_unit_test(a_node_without_a_server_does_not_lead),
        cmocka_unit_test(tells_where_nobody_is_promoted),
        cmocka_unit_test(nobody_leads_who_is_not_in_node_list),
    };

    return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
