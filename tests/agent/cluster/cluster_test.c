/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attributes: the answers of attrd from Pacemaker 2.0.5 to 3.0, and faults. */

#include <errno.h>
#include <string.h>

#include "cluster.h"
#include "cluster_two_nodes.h"
#include "cmocka_all.h"

#define CONNECT { .kind = SCRIPT_CONNECT }
#define NOT_CONNECT { .kind = SCRIPT_CONNECT, .rc = 1 }
#define ASKED(name) "task=\"query\" attr_name=\"" name "\"/>"
#define QUERY(name, text) \
    { .kind = SCRIPT_SEND, .expect = ASKED(name), .reply = (text) }
#define NEVER_SET "<r t=\"attrd\" subt=\"query\" attr_version=\"4\"/>"
#define ANSWER(name, hosts) \
    "<r t=\"attrd\" subt=\"query\" attr_version=\"4\" attr_name=\"" name \
    "\">" hosts "</r>"
#define HOST(name, value) \
    "<node attr_host=\"" name "\" attr_value=\"" value "\"/>"
#define ACK "<ack function=\"attrd_client_update\" status=\"112\"/>"
#define UPDATE(text) \
    { .kind = SCRIPT_SEND, .expect = (text), .reply = ACK }
/* a name that starts no election: see cluster_cib.c */
#define SIGNON { .kind = SCRIPT_SIGNON, .expect = "crm_attribute" }
#define LOOK(text) { .kind = SCRIPT_LOOK, .reply = (text) }
#define END { .kind = SCRIPT_END }

/* The others, never set. */
#define OTHERS \
    QUERY("pgsql-xlog-loc", NEVER_SET), \
    QUERY("pgsql-master-baseline", NEVER_SET), \
    QUERY("master-pgsql", NEVER_SET), \
    QUERY("pgsql-position", NEVER_SET), \
    QUERY("pgsql-trusted", NEVER_SET), QUERY("pgsql-warned", NEVER_SET), \
    QUERY("pgsql-admit", NEVER_SET), \
    QUERY("pgsql-history", NEVER_SET), QUERY("pgsql-shutdown", NEVER_SET), \
    QUERY("pgsql-unproved", NEVER_SET), QUERY("pgsql-system-id", NEVER_SET), \
    QUERY("pgsql-replay", NEVER_SET), QUERY("pgsql-began", NEVER_SET), \
    QUERY("pgsql-why", NEVER_SET), QUERY("pgsql-rejoin", NEVER_SET)

static void
assert_set(const struct attr *attr, const char *value)
{
    assert_int_equal(attr->known, ATTR_SET);
    assert_string_equal(attr->value, value);
}

static void
reads_every_attribute_of_each_node(void **state)
{
    static const struct script_step steps[] = {
        CONNECT,
        QUERY("pgsql-status",
              ANSWER("pgsql-status", HOST("node2", "HS:sync")
                     HOST("node1", "PRI") HOST("node10", "STOP"))),
        QUERY("pgsql-xlog-loc", NEVER_SET),
        QUERY("pgsql-master-baseline",
              ANSWER("pgsql-master-baseline", "<node attr_host=\"node1\"/>")),
        QUERY("pgsql-receiver-status",
              ANSWER("pgsql-receiver-status", HOST("node2", "normal"))),
        QUERY("master-pgsql", ANSWER("master-pgsql",
                                     HOST("node1", "1000")
                                     HOST("node2", "-INFINITY"))),
        QUERY("pgsql-position",
              ANSWER("pgsql-position", HOST("node2", "3/0000000006000098"))),
        QUERY("pgsql-trusted", ANSWER("pgsql-trusted", HOST("node1", "1"))),
        QUERY("pgsql-warned", ANSWER("pgsql-warned", HOST("node2", "-"))),
        QUERY("pgsql-admit", ANSWER("pgsql-admit", HOST("node2", "yes"))),
        QUERY("pgsql-history",
              ANSWER("pgsql-history",
                     HOST("node1", "2 1/0000000005000000"))),
        QUERY("pgsql-shutdown",
              ANSWER("pgsql-shutdown", HOST("node2", "1/0000000004000028"))),
        QUERY("pgsql-unproved", ANSWER("pgsql-unproved", HOST("node2", "1"))),
        QUERY("pgsql-system-id", ANSWER("pgsql-system-id",
                                        HOST("node2", "7392019283746501923"))),
        QUERY("pgsql-replay", ANSWER("pgsql-replay", HOST("node2", "ok"))),
        QUERY("pgsql-began",
              ANSWER("pgsql-began", HOST("node2", "1/0000000004000028"))),
        QUERY("pgsql-slots",
              ANSWER("pgsql-slots", HOST("node1", "0000000004000028"))),
        QUERY("pgsql-why", ANSWER("pgsql-why", HOST("node2", "look"))),
        QUERY("pgsql-rejoin", ANSWER("pgsql-rejoin", HOST("node1", "copy"))),
        END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    snapshot.settings.check_wal_receiver = true;
    snapshot.settings.use_slots = true;
    assert_int_equal(cluster_observe_attrs(cluster, 5000, &snapshot, &why),
                     0);
    assert_set(&snapshot.node[0].attrs.status, "PRI");
    assert_set(&snapshot.node[1].attrs.status, "HS:sync");
    assert_int_equal(snapshot.node[0].attrs.xlog_loc.known, ATTR_UNSET);
    assert_int_equal(snapshot.node[0].attrs.baseline.known, ATTR_UNSET);
    assert_set(&snapshot.node[1].attrs.receiver, "normal");
    assert_set(&snapshot.node[0].attrs.score, "1000");
    assert_set(&snapshot.node[1].attrs.score, "-INFINITY");
    assert_set(&snapshot.node[1].attrs.position, "3/0000000006000098");
    assert_int_equal(snapshot.node[0].attrs.position.known, ATTR_UNSET);
    assert_set(&snapshot.node[0].attrs.trusted, "1");
    assert_set(&snapshot.node[1].attrs.warned, "-");
    assert_set(&snapshot.node[1].attrs.admit, "yes");
    assert_set(&snapshot.node[0].attrs.history, "2 1/0000000005000000");
    assert_set(&snapshot.node[1].attrs.shutdown, "1/0000000004000028");
    assert_set(&snapshot.node[1].attrs.unproved, "1");
    assert_set(&snapshot.node[1].attrs.system_id, "7392019283746501923");
    assert_set(&snapshot.node[1].attrs.replay, "ok");
    assert_set(&snapshot.node[1].attrs.began, "1/0000000004000028");
    assert_set(&snapshot.node[0].attrs.slots, "0000000004000028");
    assert_set(&snapshot.node[1].attrs.why, "look");
    assert_set(&snapshot.node[0].attrs.rejoin, "copy");
    end(cluster);
}

static void
reads_the_answer_of_3_0(void **state)
{
    static const struct script_step steps[] = {
        CONNECT,
        QUERY("pgsql-status",
              "<attrd_query_reply t=\"attrd\" subt=\"query\" "
              "attr_version=\"7\" attr_name=\"pgsql-status\">\n"
              "<node attr_is_remote=\"0\" attr_host=\"node1\" "
              "attr_value=\"PRI\" attr_host_id=\"1\"/>\n"
              "<!-- a comment -->\n</attrd_query_reply>"),
        OTHERS,
        END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    assert_int_equal(cluster_observe_attrs(cluster, 5000, &snapshot, &why),
                     0);
    assert_set(&snapshot.node[0].attrs.status, "PRI");
    assert_int_equal(snapshot.node[1].attrs.status.known, ATTR_UNSET);
    end(cluster);
}

static void
the_exact_spelling_of_a_node_wins(void **state)
{
    static const struct script_step steps[] = {
        CONNECT,
        QUERY("pgsql-status",
              ANSWER("pgsql-status", HOST("NODE1", "stale")
                     "<node attr_host=\"node1\"/>" HOST("Node1", "stale")
                     HOST("NODE2", "PRI") "<node attr_host=\"nodE2\"/>")),
        OTHERS,
        END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    assert_int_equal(cluster_observe_attrs(cluster, 5000, &snapshot, &why),
                     0);
    assert_int_equal(snapshot.node[0].attrs.status.known, ATTR_UNSET);
    assert_set(&snapshot.node[1].attrs.status, "PRI");
    end(cluster);
}

#define TEN "0123456789"

#define FIFTY TEN TEN TEN TEN TEN
#define LONGEST_BUT_THREE FIFTY FIFTY FIFTY FIFTY FIFTY "01"

static void
a_value_that_does_not_fit_is_unknown(void **state)
{
    static const struct script_step steps[] = {
        CONNECT,
        QUERY("pgsql-status",
              ANSWER("pgsql-status",
                     HOST("node1", LONGEST_BUT_THREE "2345")
                     HOST("node2", LONGEST_BUT_THREE "234"))),
        OTHERS,
        END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    assert_int_equal(cluster_observe_attrs(cluster, 5000, &snapshot, &why),
                     0);
    assert_int_equal(snapshot.node[0].attrs.status.known, ATTR_UNKNOWN);
    assert_set(&snapshot.node[1].attrs.status, LONGEST_BUT_THREE "234");
    end(cluster);
}

static void
what_is_no_answer_leaves_everything_unknown(void **state)
{
    static const char *const answers[] = {
        ACK, "<nack/>", "<html/>", "<ack t=\"attrd\"/>",
        ANSWER("pgsql-stat", HOST("node1", "PRI")),
        "<r t=\"cib\" attr_name=\"pgsql-status\"/>",
    };

    (void) state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        const struct script_step steps[] = {
            CONNECT, QUERY("pgsql-status", answers[i]), END,
        };
        struct cluster *cluster = begin(steps);

        snapshot.node[1].attrs.position.known = ATTR_SET;
        snapshot_forget(&snapshot, FACT_ATTRS);
        assert_int_equal(cluster_observe_attrs(cluster, 5000, &snapshot,
                                               &why), -1);
        assert_int_equal(snapshot.node[0].attrs.status.known, ATTR_UNKNOWN);
        assert_int_equal(snapshot.node[1].attrs.position.known, ATTR_UNKNOWN);
        assert_says("makes no sense");
        end(cluster);
    }
}

static void
connects_anew_once_when_the_daemon_was_restarted(void **state)
{
    static const struct script_step steps[] = {
        CONNECT,
        QUERY("pgsql-status", NEVER_SET),
        { .kind = SCRIPT_SEND, .rc = -ENOTCONN },
        CONNECT,
        OTHERS,
        END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    assert_int_equal(cluster_observe_attrs(cluster, 5000, &snapshot, &why),
                     0);
    assert_int_equal(snapshot.node[0].attrs.position.known, ATTR_UNSET);
    end(cluster);
}

static void
an_answer_without_content_is_a_failure(void **state)
{
    static const struct script_step steps[] = {
        CONNECT, { .kind = SCRIPT_SEND }, CONNECT,
        { .kind = SCRIPT_SEND, .rc = -EPIPE }, END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    assert_int_equal(cluster_observe_attrs(cluster, 5000, &snapshot, &why),
                     -1);
    assert_says("could not read 'pgsql-status': Broken");
    end(cluster);
}

static void
a_time_out_drops_the_connection_and_is_not_repeated(void **state)
{
    static const struct script_step steps[] = {
        CONNECT,
        { .kind = SCRIPT_SEND, .rc = -ETIMEDOUT, .takes_ms = 4000 },
        CONNECT,
        QUERY("pgsql-status", NEVER_SET),
        OTHERS,
        END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    assert_int_equal(cluster_observe_attrs(cluster, 5000, &snapshot, &why),
                     -1);
    assert_says("no answer in time");
    assert_int_equal(script_timeout_ms(), 4000);
    assert_int_equal(cluster_observe_attrs(cluster, 4500, &snapshot, &why),
                     0);
    assert_int_equal(script_timeout_ms(), 1);
    end(cluster);
}

static void
after_the_deadline_nothing_is_sent(void **state)
{
    static const struct script_step steps[] = {
        { .kind = SCRIPT_CONNECT, .takes_ms = 31000 }, END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    assert_int_equal(cluster_observe_attrs(cluster, 5000, &snapshot, &why),
                     -1);
    assert_says("no answer in time");
    end(cluster);
}

static void
says_so_when_there_is_no_connection(void **state)
{
    static const struct script_step steps[] = {
        NOT_CONNECT, NOT_CONNECT, NOT_CONNECT, NOT_CONNECT, END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    assert_int_equal(cluster_observe_attrs(cluster, 5000, &snapshot, &why),
                     -1);
    assert_says("could not read 'pgsql-status': no connection. Check that "
                "pacemaker-attrd runs");
    text_init(&why, why_buf, sizeof(why_buf));
    assert_int_equal(cluster_set_attr(cluster, ATTR_STATUS, "node1",
                                      "PRI", INT64_MAX, &why), -1);
    assert_says("could not set 'pgsql-status'");
    end(cluster);
}

static void
sets_and_waits_until_it_is_visible(void **state)
{
    static const struct script_step steps[] = {
        CONNECT,
        UPDATE("t=\"attrd\" src=\"pgward\" task=\"update-both\" "
               "attr_name=\"pgsql-status\" attr_host=\"node1\" "
               "attr_value=\"PRI\" attr_dampening=\"1s\" "
               "attr_is_private=\"0\" attr_is_remote=\"0\""),
        QUERY("pgsql-status", NEVER_SET),
        QUERY("pgsql-status", ANSWER("pgsql-status", HOST("node1", "STOP"))),
        QUERY("pgsql-status", ACK),
        QUERY("pgsql-status", ANSWER("pgsql-status", HOST("node1", "pri"))),
        END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    assert_int_equal(cluster_set_attr(cluster, ATTR_STATUS, "node1",
                                      "PRI", 5000, &why), 0);
    end(cluster);
}

static void
the_position_is_private_and_a_delete_has_no_value(void **state)
{
    static const struct script_step steps[] = {
        CONNECT,
        { .kind = SCRIPT_SEND, .reply = "<ack/>",       /* as 2.0.5 has it */
          .expect = "attr_name=\"pgsql-position\" attr_host=\"node1\" "
                    "attr_is_private=\"1\"" },
        QUERY("pgsql-position",
              ANSWER("pgsql-position", HOST("node1", "3/0"))),
        QUERY("pgsql-position",
              ANSWER("pgsql-position", "<node attr_host=\"node1\"/>")),
        END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    assert_int_equal(cluster_set_attr(cluster, ATTR_POSITION, "NODE1",
                                      NULL, 5000, &why), 0);
    end(cluster);
}

static void
a_refused_update_is_an_error(void **state)
{
    static const struct script_step steps[] = {
        CONNECT,
        { .kind = SCRIPT_SEND, .reply = "<ack status=\"65\"/>" },
        { .kind = SCRIPT_SEND, .reply = NEVER_SET },
        END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    assert_int_equal(cluster_set_attr(cluster, ATTR_SCORE, "node1",
                                      "100", 5000, &why), -1);
    assert_says("could not set 'master-pgsql' of 'node1': pacemaker-attrd "
                "refused it");
    assert_int_equal(cluster_set_attr(cluster, ATTR_SCORE, "node1",
                                      "100", 5000, &why), -1);
    end(cluster);
}

static void
an_update_that_never_shows_ends_at_the_deadline(void **state)
{
    static const struct script_step steps[] = {
        CONNECT,
        UPDATE("attr_value=\"PRI\""),
        QUERY("pgsql-status", NEVER_SET),
        { .kind = SCRIPT_SEND, .reply = NEVER_SET, .takes_ms = 4999 },
        UPDATE("attr_value=\"STOP\""),
        { .kind = SCRIPT_SEND, .rc = -ETIME, .takes_ms = 500 },
        END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    assert_int_equal(cluster_set_attr(cluster, ATTR_STATUS, "node1",
                                      "PRI", 5000, &why), -1);
    assert_says("does not show it. It took it");
    assert_int_equal(cluster_set_attr(cluster, ATTR_STATUS, "node1",
                                      "STOP", 6000, &why), -1);
    assert_says("no answer in time");
    end(cluster);
}

static void
an_update_that_attrd_lost_is_sent_again(void **state)
{
    static const struct script_step steps[] = {
        CONNECT,
        UPDATE("attr_value=\"PRI\""),
        { .kind = SCRIPT_SEND, .reply = NEVER_SET, .takes_ms = 300 },
        UPDATE("attr_value=\"PRI\""),
        QUERY("pgsql-status", ANSWER("pgsql-status", HOST("node1", "PRI"))),
        END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    assert_int_equal(cluster_set_attr(cluster, ATTR_STATUS, "node1",
                                      "PRI", 5000, &why), 0);
    end(cluster);
}

#define NODES \
    "<xpath-query><cib have-quorum=\"1\"/><nodes/>" \
    "<node id=\"1\" uname=\"node1\"/><node id=\"2\" uname=\"Node2\"/>" \
    "</xpath-query>"

static void
takes_the_clusters_spelling_of_a_node(void **state)
{
    static const struct script_step steps[] = {
        SIGNON, LOOK(NODES), CONNECT,
        UPDATE("attr_host=\"Node2\""),
        QUERY("pgsql-status", ANSWER("pgsql-status", HOST("Node2", "PRI"))),
        LOOK(NODES),            /* who is a member: remembered */
        UPDATE("attr_host=\"Node2\""),
        QUERY("pgsql-status", ANSWER("pgsql-status", HOST("Node2", "PRI"))),
        END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    assert_int_equal(cluster_set_attr(cluster, ATTR_STATUS, "NODE2",
                                      "PRI", 5000, &why), 0);
    assert_int_equal(observe_members(cluster, 5000),
                     0);
    assert_string_equal(snapshot.node[1].name, "Node2");
    assert_int_equal(cluster_set_attr(cluster, ATTR_STATUS, "node2",
                                      "PRI", 5000, &why), 0);
    end(cluster);
}

static void
sets_nothing_for_a_node_that_the_cluster_does_not_know(void **state)
{
    static const struct script_step steps[] = {
        SIGNON, LOOK(NODES),
        { .kind = SCRIPT_LOOK, .rc = -EACCES },
        END,
    };
    struct cluster *cluster = begin(steps);
    char longest[NODE_NAME_SIZE + 1];

    (void) state;
    assert_int_equal(cluster_set_attr(cluster, ATTR_STATUS, "node20",
                                      "PRI", 5000, &why), -1);
    assert_says("could not find node 'node20'");
    assert_int_equal(cluster_set_attr(cluster, ATTR_STATUS, "node2",
                                      "PRI", 5000, &why), -1);
    assert_says("Permission denied");
    memset(longest, 'n', NODE_NAME_SIZE);
    longest[NODE_NAME_SIZE] = '\0';
    assert_int_equal(cluster_set_attr(cluster, ATTR_STATUS, longest,
                                      "PRI", 5000, &why), -1);
    end(cluster);
}

static void
refuses_a_resource_id_that_is_too_long(void **state)
{
    static const struct script_step steps[] = { END };
    char longest[512];
    struct cluster *cluster;

    (void) state;
    (void) begin(steps);
    memset(longest, 'r', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    cluster = cluster_new(longest, "node1");
    assert_int_equal(cluster_observe_attrs(cluster, 5000, &snapshot, &why),
                     -1);
    assert_int_equal(cluster_set_attr(cluster, ATTR_STATUS, "node1",
                                      "PRI", 5000, &why), -1);
    end(cluster);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_attribute_of_each_node),
        cmocka_unit_test(reads_the_answer_of_3_0),
        cmocka_unit_test(the_exact_spelling_of_a_node_wins),
        cmocka_unit_test(a_value_that_does_not_fit_is_unknown),
        cmocka_unit_test(what_is_no_answer_leaves_everything_unknown),
        cmocka_unit_test(connects_anew_once_when_the_daemon_was_restarted),
        cmocka_unit_test(an_answer_without_content_is_a_failure),
        cmocka_unit_test(a_time_out_drops_the_connection_and_is_not_repeated),
        cmocka_unit_test(after_the_deadline_nothing_is_sent),
        cmocka_unit_test(says_so_when_there_is_no_connection),
        cmocka_unit_test(sets_and_waits_until_it_is_visible),
        cmocka_unit_test(the_position_is_private_and_a_delete_has_no_value),
        cmocka_unit_test(a_refused_update_is_an_error),
        cmocka_unit_test(an_update_that_never_shows_ends_at_the_deadline),
        cmocka_unit_test(an_update_that_attrd_lost_is_sent_again),
        cmocka_unit_test(takes_the_clusters_spelling_of_a_node),
        cmocka_unit_test(
            sets_nothing_for_a_node_that_the_cluster_does_not_know),
        cmocka_unit_test(refuses_a_resource_id_that_is_too_long),
    };

    return cmocka_run_group_tests_name("cluster", tests, NULL, NULL);
}
