/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A move's constraint, and what stands in the way of one. */

#include <crm/common/results.h>
#include <errno.h>

#include "cluster_two_nodes.h"

#define SIGNON { .kind = SCRIPT_SIGNON, .expect = "crm_attribute" }
#define LOOK(text) { .kind = SCRIPT_LOOK, .reply = (text) }
#define END { .kind = SCRIPT_END }

#define NODES \
    "<node id=\"1\" uname=\"node1\"/>\n" \
    "<node id=\"2\" uname=\"node2\"><instance_attributes id=\"a\">\n" \
    "<nvpair id=\"b\" name=\"maintenance\" value=\"on\"/>\n" \
    "</instance_attributes></node>\n"
#define RULED(id, from, to) \
    "<rsc_location id=\"" id "\" rsc=\"ms\"><rule id=\"" id "-from-" from \
    "\" score=\"-INFINITY\"><expression id=\"e\" value=\"" to "\"/>" \
    "<date_expression id=\"d\" operation=\"lt\" end=\"x\"/></rule>" \
    "</rsc_location>\n"
#define BY_NAME(id, score, parts) \
    "<rsc_location id=\"" id "\" rsc=\"ms\"><rule id=\"" id "-rule\" " score \
    ">" parts "</rule></rsc_location>\n"
#define NAMED(operation, name) \
    "<expression id=\"e\" attribute=\"#uname\" operation=\"" operation \
    "\" value=\"" name "\"/>"
#define UNTIL "<date_expression id=\"d\" operation=\"lt\" end=\"x\"/>"
#define PLAIN(id, node, score) \
    "<rsc_location id=\"" id "\" rsc=\"ms\" node=\"" node "\" score=\"" score \
    "\"/>\n"
#define FAILURES(uuid, name, value) \
    "<transient_attributes id=\"" uuid "\"><instance_attributes id=\"s\">" \
    "<nvpair id=\"f\" name=\"" name "\" value=\"" value "\"/>" \
    "</instance_attributes></transient_attributes>\n"

static struct moves moves;

static void
read_reply(const char *reply)
{
    const struct script_step steps[] = { SIGNON, LOOK(reply), END };
    struct cluster *cluster = begin(steps);

    assert_int_equal(cluster_read_moves(cluster, "ms", 5000, &moves, &why),
                     0);
    end(cluster);
    assert_true(moves.known);
}

static void
reads_each_kind_of_constraint(void **state)
{
    (void) state;
    read_reply("<xpath-query>\n"
               RULED("pgward-switchover-pgsql", "node1", "node2")
               RULED("cli-ban-x", "y", "z")
               PLAIN("cli-ban", "node2", "-INFINITY")
               PLAIN("cli-prefer", "node1", "+INFINITY")
               PLAIN("number", "node1", "-1000000")
               PLAIN("wish", "node1", "500")
               NODES "</xpath-query>");
    assert_int_equal(moves.count, 5);
    assert_int_equal(moves.move[0].kind, MOVE_OURS);
    assert_string_equal(moves.move[0].node, "node2");
    assert_string_equal(moves.move[0].from, "node1");
    assert_int_equal(moves.move[1].kind, MOVE_RULED);
    assert_int_equal(moves.move[2].kind, MOVE_BAN);
    assert_string_equal(moves.move[2].node, "node2");
    assert_int_equal(moves.move[3].kind, MOVE_PREFER);
    assert_int_equal(moves.move[4].kind, MOVE_BAN);
    assert_false(moves.too_many);
}

/* `crm_resource --ban --lifetime` makes one; what it cannot read it notes. */
static void
reads_a_rule_that_names_one_node(void **state)
{
    (void) state;
    read_reply("<xpath-query>\n"
               BY_NAME("ban", "score=\"-INFINITY\"",
                       NAMED("eq", "node2") UNTIL)
               BY_NAME("prefer", "score=\"INFINITY\"", NAMED("eq", "node1"))
               BY_NAME("wish", "score=\"5\"", NAMED("eq", "node1"))
               BY_NAME("ne", "score=\"-INFINITY\"", NAMED("ne", "node1"))
               BY_NAME("two", "score=\"-INFINITY\"",
                       NAMED("eq", "node1") NAMED("eq", "node2"))
               BY_NAME("attribute", "score-attribute=\"a\"",
                       NAMED("eq", "node1"))
               BY_NAME("nobody", "score=\"-INFINITY\"", UNTIL)
               NODES "</xpath-query>");
    assert_int_equal(moves.count, 6);
    assert_int_equal(moves.move[0].kind, MOVE_BAN);
    assert_string_equal(moves.move[0].node, "node2");
    assert_int_equal(moves.move[1].kind, MOVE_PREFER);
    assert_string_equal(moves.move[1].node, "node1");
    for (size_t i = 2; i < moves.count; i++) {
        assert_int_equal(moves.move[i].kind, MOVE_RULED);
    }
}

static void
of_another_resource_it_is_not_ours(void **state)
{
    (void) state;
    read_reply("<xpath-query>\n"
               RULED("pgward-switchover-pgsql2", "node1", "node2")
               RULED("pgward-switchover-pgsql", "elsewhere", "node2")
               NODES "</xpath-query>");
    assert_int_equal(moves.move[0].kind, MOVE_RULED);
    assert_int_equal(moves.move[1].kind, MOVE_OURS);
    assert_string_equal(moves.move[1].from, "");
}

static void
reads_failures_and_maintenance(void **state)
{
    (void) state;
    read_reply("<xpath-query>\n" NODES
               FAILURES("1", "fail-count-pgsql#promote_0", "2")
               FAILURES("2", "fail-count-pgsql2#promote_0", "2")
               FAILURES("2", "fail-count-pgsql#start_0", "INFINITY")
               FAILURES("9", "fail-count-pgsql#start_0", "4")
               "</xpath-query>");
    assert_int_equal(moves.node_count, 2);
    assert_int_equal(moves.node[0].failures, 2);
    assert_int_equal(moves.node[0].maintenance, TRI_NO);
    assert_int_equal(moves.node[1].failures, 1000000);
    assert_int_equal(moves.node[1].maintenance, TRI_YES);
}

static void
no_answer_is_nothing_known(void **state)
{
    const struct script_step steps[] = {
        SIGNON, { .kind = SCRIPT_LOOK, .rc = -ETIME }, END };
    struct cluster *cluster = begin(steps);

    (void) state;
    memset(&moves, 0, sizeof(moves));
    assert_int_equal(cluster_read_moves(cluster, "", 5000, &moves, &why), -1);
    assert_says("could not read the constraints of 'pgsql': no answer");
    assert_false(moves.known);
    end(cluster);
}

static const struct cluster_move to_node2 = {
    .clone = "ms", .to = "node2", .end_s = 1795791600,
};

#define LOCATION \
    "<rsc_location id=\"pgward-switchover-pgsql\" rsc=\"ms\">" \
    "<rule id=\"pgward-switchover-pgsql-from-node1\" score=\"-INFINITY\" " \
    "boolean-op=\"and\" role=\"%s\">" \
    "<expression id=\"pgward-switchover-pgsql-to\" attribute=\"#uname\" " \
    "operation=\"ne\" value=\"node2\"/>" \
    "<date_expression id=\"pgward-switchover-pgsql-end\" operation=\"lt\" " \
    "end=\"2026-11-27 15:00:00Z\"/></rule></rsc_location>"

/* The new name of the role is tried where a schema refuses the old one. */
static int
begin_move(int rc, int rc_of_new_role)
{
    char old_role[1024];
    char new_role[1024];
    const struct script_step refused[] = {
        SIGNON, { .kind = SCRIPT_CREATE, .expect = old_role, .rc = rc },
        SIGNON,     /* a failure closes the connection */
        { .kind = SCRIPT_CREATE, .expect = new_role, .rc = rc_of_new_role },
        END };
    const struct script_step other[] = { refused[0], refused[1], END };
    struct cluster *cluster =
        begin(rc == -pcmk_err_schema_validation ? refused : other);
    struct text text;

    text_init(&text, old_role, sizeof(old_role));
    text_add(&text, LOCATION, "Master");
    text_init(&text, new_role, sizeof(new_role));
    text_add(&text, LOCATION, "Promoted");
    rc = cluster_begin_move(cluster, &to_node2, 5000, &why);
    end(cluster);
    return rc;
}

static void
sets_one_rule_with_an_end(void **state)
{
    (void) state;
    assert_int_equal(begin_move(0, 0), 0);
}

static void
a_schema_without_the_old_role_gets_the_new(void **state)
{
    (void) state;
    assert_int_equal(begin_move(-pcmk_err_schema_validation, 0), 0);
    assert_int_equal(begin_move(-pcmk_err_schema_validation,
                                -pcmk_err_schema_validation), -1);
    assert_says("could not set a constraint of 'pgsql'");
}

static void
there_is_one_at_a_time(void **state)
{
    (void) state;
    assert_int_equal(begin_move(-EEXIST, 0), CLUSTER_MOVE_EXISTS);
    assert_int_equal(begin_move(-EACCES, 0), -1);
}

static int
end_move(int rc)
{
    const struct script_step steps[] = {
        SIGNON,
        { .kind = SCRIPT_REMOVE,
          .expect = "<rsc_location id=\"pgward-switchover-pgsql\"/>",
          .rc = rc },
        END };
    struct cluster *cluster = begin(steps);

    rc = cluster_end_move(cluster, 5000, &why);
    end(cluster);
    return rc;
}

static void
takes_it_away_and_what_is_gone_is_gone(void **state)
{
    (void) state;
    assert_int_equal(end_move(0), 0);
    assert_int_equal(end_move(-ENXIO), 0);
    assert_int_equal(end_move(-ETIME), -1);
    assert_says("could not take away the constraint of 'pgsql'");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_kind_of_constraint),
        cmocka_unit_test(reads_a_rule_that_names_one_node),
        cmocka_unit_test(of_another_resource_it_is_not_ours),
        cmocka_unit_test(reads_failures_and_maintenance),
        cmocka_unit_test(no_answer_is_nothing_known),
        cmocka_unit_test(sets_one_rule_with_an_end),
        cmocka_unit_test(a_schema_without_the_old_role_gets_the_new),
        cmocka_unit_test(there_is_one_at_a_time),
        cmocka_unit_test(takes_it_away_and_what_is_gone_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
