/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CIB: members, roles and the record, from Pacemaker 2.0.5 to 3.0. */

#include <errno.h>
#include <string.h>

#include "cluster.h"
#include "cluster_two_nodes.h"
#include "cmocka_all.h"

/* a name that starts no election: see cluster_cib.c */
#define SIGNON { .kind = SCRIPT_SIGNON, .expect = "crm_attribute" }
#define LOOK(text) { .kind = SCRIPT_LOOK, .reply = (text) }
#define END { .kind = SCRIPT_END }

#define REPLY(content) "<xpath-query>" content "</xpath-query>"
#define CIB "<cib epoch=\"9\" have-quorum=\"1\" dc-uuid=\"1\"/>"
#define OPTIONS "<crm_config/>"
#define NODES "<nodes/>"
#define RESOURCES "<resources/><constraints/>"
#define NODE(id, name) "<node id=\"" id "\" uname=\"" name "\"/>"
#define PAIR(name, value) \
    "<nvpair id=\"x\" name=\"" name "\" value=\"" value "\"/>"
#define BOTH NODES NODE("1", "node1") NODE("2", "node2")
#define STATE(name, in_ccm, crmd, join) \
    "<node_state uname=\"" name "\" in_ccm=\"" in_ccm "\" crmd=\"" crmd \
    "\" join=\"" join "\"/>"
#define MEMBER(name) STATE(name, "true", "online", "member")
#define DONE(call, operation, interval, rc) \
    "<lrm_rsc_op operation=\"" operation "\" call-id=\"" call "\" rc-code=\"" \
    rc "\" op-status=\"0\" interval=\"" interval \
    "\" last-rc-change=\"1795215612\"/>"

/* Look once at a CIB that answers with this. */
static void
look_at(const char *reply)
{
    const struct script_step steps[] = { SIGNON, LOOK(reply), END };
    struct cluster *cluster = begin(steps);

    assert_int_equal(observe_members(cluster, 5000),
                     0);
    end(cluster);
}

/* The same where it has this in it. */
static void
look_at_cib_with(const char *content)
{
    char reply[1024];
    struct text text;

    text_init(&text, reply, sizeof(reply));
    text_add(&text, "<xpath-query>%s%s</xpath-query>", CIB, content);
    look_at(reply);
}

static void
asks_for_what_it_needs_and_no_more(void **state)
{
    static const struct script_step steps[] = {
        SIGNON,
        { .kind = SCRIPT_LOOK, .reply = REPLY(CIB),
          .expect = "lrm_resource[@id='pgsql' or starts-with(@id,'pgsql:')]" },
        { .kind = SCRIPT_LOOK, .reply = REPLY(CIB),
          .expect = "nvpair[@name='pgsql-data-status' or "
                    "@name='pgsql-data-quorum' or "
                    "@name='maintenance']" },
        END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    assert_int_equal(observe_members(cluster, 5000),
                     0);
    assert_int_equal(script_timeout_ms(), 4000);
    assert_int_equal(observe_record(cluster, 500),
                     0);
    assert_int_equal(script_timeout_ms(), 1000);
    end(cluster);
}

static void
reads_members_and_roles_of_2_1_5(void **state)
{
    (void) state;
    look_at(REPLY(CIB OPTIONS BOTH RESOURCES MEMBER("node1")
                  DONE("10", "promote", "0", "0")
                  DONE("12", "monitor", "3000", "8")
                  "<node_state uname=\"node2\" in_ccm=\"true\" "
                  "crmd=\"online\" join=\"member\" expected=\"member\"/>"
                  DONE("7", "start", "0", "0")));
    assert_int_equal(snapshot.node[0].member.online, TRI_YES);
    assert_int_equal(snapshot.node[0].member.role, ROLE_PROMOTED);
    assert_int_equal(snapshot.node[0].member.changed_s, 1795215612);
    assert_int_equal(snapshot.node[0].member.starting, TRI_NO);
    assert_int_equal(snapshot.node[1].member.online, TRI_YES);
    assert_int_equal(snapshot.node[1].member.role, ROLE_STARTED);
    assert_int_equal(snapshot.node[1].member.probed, TRI_YES);
    assert_int_equal(snapshot.cluster.have_quorum, TRI_YES);
    assert_int_equal(snapshot.cluster.maintenance, TRI_NO);
}

static void
reads_the_time_stamps_of_3_0(void **state)
{
    (void) state;
    look_at(REPLY(CIB BOTH
                  STATE("node1", "1795215612", "1795215613", "member")
                  STATE("node2", "0", "0", "down")));
    assert_int_equal(snapshot.node[0].member.online, TRI_YES);
    assert_int_equal(snapshot.node[1].member.online, TRI_NO);
}

static void
online_needs_all_three_signs(void **state)
{
    static const char *const states[] = {
        STATE("node2", "false", "online", "member"),
        STATE("node2", "true", "offline", "member"),
        STATE("node2", "true", "online", "pending"),
        STATE("node2", "1795215612", "0", "member"),
        STATE("node2", "-5", "online", "member"),
        STATE("node2", "", "online", "member"),
        "<node_state uname=\"node2\"/>",
        "<node_state/>",
        "",
    };

    (void) state;
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        char reply[1024];
        struct text text;

        text_init(&text, reply, sizeof(reply));
        text_add(&text, "<xpath-query>%s%s%s</xpath-query>", CIB, BOTH,
                 states[i]);
        look_at(reply);
        assert_int_equal(snapshot.node[1].member.online, TRI_NO);
        assert_int_equal(snapshot.node[1].member.role, ROLE_UNKNOWN);
        assert_int_equal(snapshot.node[1].member.starting, TRI_NO);
    }
}

static void
a_remote_node_is_online_when_it_is_in_the_cluster(void **state)
{
    (void) state;
    look_at(REPLY(CIB BOTH
                  "<node_state remote_node=\"true\" uname=\"node2\" "
                  "in_ccm=\"true\"/>"));
    assert_int_equal(snapshot.node[1].member.online, TRI_YES);
}

static void
a_dead_nodes_history_stays(void **state)
{
    (void) state;
    look_at(REPLY(CIB BOTH STATE("node2", "false", "offline", "down")
                  DONE("10", "promote", "0", "0")));
    assert_int_equal(snapshot.node[1].member.online, TRI_NO);
    assert_int_equal(snapshot.node[1].member.role, ROLE_PROMOTED);
}

static void
what_is_under_way_is_seen(void **state)
{
    (void) state;
    look_at(REPLY(CIB BOTH MEMBER("node1")
                  "<lrm_rsc_op operation=\"promote\" call-id=\"-1\" "
                  "rc-code=\"193\" op-status=\"-1\" interval=\"0\"/>"
                  MEMBER("node2")
                  "<lrm_rsc_op operation=\"start\" call-id=\"-1\" "
                  "rc-code=\"193\" op-status=\"-1\" interval=\"0\"/>"));
    assert_int_equal(snapshot.node[0].member.role, ROLE_UNKNOWN);
    assert_int_equal(snapshot.node[0].member.starting, TRI_NO);
    assert_int_equal(snapshot.node[1].member.role, ROLE_STOPPED);
    assert_int_equal(snapshot.node[1].member.starting, TRI_YES);
}

static void
a_garbled_entry_tells_nothing_good(void **state)
{
    (void) state;
    look_at(REPLY(CIB BOTH MEMBER("node1")
                  "<lrm_rsc_op operation=\"stop\" call-id=\"99999999999\" "
                  "rc-code=\"\" op-status=\"x\"/>"
                  "<lrm_rsc_op operation=\"\"/>"
                  "<lrm_rsc_op/>"
                  "<node_state uname=\"node3\"/>"
                  DONE("10", "promote", "0", "0")));
    assert_int_equal(snapshot.node[0].member.role, ROLE_UNKNOWN);
}

static void
sees_who_has_a_record_and_is_not_in_node_list(void **state)
{
    (void) state;
    look_at(REPLY(CIB NODES NODE("9", "node9") NODE("3", "node3")
                  PAIR("pgsql-data-status", "STREAMING|SYNC")
                  NODE("1", "node1") PAIR("pgsql-data-status", "LATEST")
                  NODE("2", "node2") MEMBER("node3")
                  DONE("10", "promote", "0", "0")));
    assert_int_equal(snapshot.node_count, 2);
    assert_int_equal(snapshot.outsiders, 1);
    assert_string_equal(snapshot.node[2].name, "node3");
    assert_int_equal(snapshot.node[2].member.online, TRI_YES);
    assert_int_equal(snapshot.node[2].member.role, ROLE_PROMOTED);
}

/* What is recorded of itself is not of another. */
static void
a_node_is_none_of_its_own_outsiders(void **state)
{
    static const struct script_step steps[] = {
        SIGNON,
        LOOK(REPLY(CIB NODES NODE("1", "node1")
                   PAIR("pgsql-data-status", "LATEST")
                   NODE("3", "node3") PAIR("pgsql-data-status", "DISCONNECT")
                   NODE("2", "node2"))),
        END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    snapshot.node_count = 1;
    (void) text_copy("node2", snapshot.node[0].name, NODE_NAME_SIZE);
    assert_int_equal(observe_record(cluster, 5000), 0);
    assert_int_equal(snapshot.outsiders, 1);
    assert_string_equal(snapshot.node[1].name, "node3");
    assert_true(attr_is(&snapshot.node[1].record.data_status, "DISCONNECT"));
    end(cluster);
}

/* Of more nodes than there is room for, those count that may lead. */
static void
leaves_out_only_who_may_not_lead(void **state)
{
    static const char *const records[] = { "DISCONNECT", "LATEST" };

    (void) state;
    for (size_t i = 0; i < 2; i++) {
        static char reply[8192];
        struct text text;
        struct script_step steps[] = { SIGNON, LOOK(reply), END };
        struct cluster *cluster;

        text_init(&text, reply, sizeof(reply));
        text_add(&text, "<xpath-query>" CIB NODES);
        for (unsigned k = 3; k < 3 + NODES_MAX; k++) {
            text_add(&text, "<node id=\"%u\" uname=\"node%u\"/>"
                     "<nvpair name=\"pgsql-data-status\" value=\"%s\"/>",
                     k, k, records[i]);
        }
        text_add(&text, "</xpath-query>");
        cluster = begin(steps);
        assert_int_equal(observe_record(cluster, 5000), i == 0 ? 0 : -1);
        assert_int_equal(snapshot.outsiders, i == 0 ? NODES_MAX - 2 : 0);
        end(cluster);
    }
}

static void
knows_a_cluster_without_quorum(void **state)
{
    (void) state;
    look_at(REPLY("<cib have-quorum=\"0\"/>"));
    assert_int_equal(snapshot.cluster.have_quorum, TRI_NO);
    look_at(REPLY("<cib/>"));
    assert_int_equal(snapshot.cluster.have_quorum, TRI_UNKNOWN);
}

static void
knows_every_kind_of_maintenance(void **state)
{
    static const struct {
        const char *content;
        enum tri maintenance;
    } rows[] = {
        { OPTIONS PAIR("maintenance-mode", "true") NODES, TRI_YES },
        { OPTIONS PAIR("maintenance-mode", "Yes") NODES, TRI_YES },
        { OPTIONS PAIR("maintenance-mode", "false") NODES, TRI_NO },
        { BOTH RESOURCES PAIR("maintenance", "true"), TRI_NO },
        { RESOURCES, TRI_NO },
        { "<resources/>" PAIR("maintenance", "true"), TRI_YES },
        { "<resources/>" PAIR("is-managed", "false"), TRI_YES },
        { "<resources/>" PAIR("is-managed", "true"), TRI_NO },
        { "<resources/><nvpair/>", TRI_NO },
        { NODES NODE("1", "node1") PAIR("maintenance", "1"), TRI_YES },
        { NODES NODE("1", "node1") PAIR("maintenance", "off"), TRI_NO },
        { NODES NODE("2", "node2") PAIR("maintenance", "1"), TRI_NO },
        { NODES NODE("3", "node3") PAIR("maintenance", "1"), TRI_NO },
        { PAIR("maintenance-mode", "true"), TRI_NO },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        look_at_cib_with(rows[i].content);
        assert_int_equal(snapshot.cluster.maintenance, rows[i].maintenance);
    }
}

/* It may have been changed since this monitor was scheduled. */
static void
reads_how_many_are_to_be_promoted(void **state)
{
    static const struct {
        const char *content;
        uint32_t promoted_max;
    } rows[] = {
        { RESOURCES, 1 },
        { "<resources/>" PAIR("promoted-max", "2"), 2 },
        { "<resources/>" PAIR("master-max", "3"), 3 },
        { "<resources/>" PAIR("promoted-max", "many"), 1 },
        { OPTIONS PAIR("promoted-max", "2"), 1 },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snapshot.settings.promoted_max = 7;
        look_at_cib_with(rows[i].content);
        assert_int_equal(snapshot.settings.promoted_max,
                         rows[i].promoted_max);
        assert_int_equal(snapshot.cluster.maintenance, TRI_NO);
    }
}

/* Pacemaker 3.0.2 has another name for it, which counts where it is set. */
static void
knows_both_names_of_fencing(void **state)
{
    static const struct {
        const char *options;
        enum tri fencing;
    } rows[] = {
        { OPTIONS, TRI_YES },
        { OPTIONS PAIR("stonith-enabled", "false"), TRI_NO },
        { OPTIONS PAIR("stonith-enabled", "OFF"), TRI_NO },
        { OPTIONS PAIR("stonith-enabled", "nonsense"), TRI_YES },
        { OPTIONS PAIR("fencing-enabled", "0"), TRI_NO },
        { OPTIONS PAIR("fencing-enabled", "true"), TRI_YES },
        { OPTIONS PAIR("fencing-enabled", "true")
          PAIR("stonith-enabled", "false"), TRI_YES },
        { OPTIONS PAIR("stonith-enabled", "false")
          PAIR("fencing-enabled", "true"), TRI_YES },
        { OPTIONS PAIR("stonith-enabled", "true")
          PAIR("fencing-enabled", "no"), TRI_NO },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        look_at_cib_with(rows[i].options);
        assert_int_equal(snapshot.cluster.fencing, rows[i].fencing);
    }
}

static void
names_take_pacemakers_spelling(void **state)
{
    (void) state;
    look_at(REPLY(CIB NODES NODE("1", "Node1") NODE("3", "node10")
                  MEMBER("NODE2")));
    assert_string_equal(snapshot.node[0].name, "Node1");
    assert_string_equal(snapshot.node[1].name, "NODE2");
}

static void
reads_the_record_of_each_node(void **state)
{
    static const struct script_step steps[] = {
        SIGNON,
        LOOK(REPLY(CIB NODES NODE("1", "node1")
                   PAIR("maintenance", "false")
                   PAIR("pgsql-data-status", "LATEST")
                   NODE("3", "node3") PAIR("pgsql-data-status", "DISCONNECT")
                   NODE("2", "node2"))),
        LOOK(REPLY(CIB BOTH PAIR("pgsql-data-status", "STREAMING|SYNC"))),
        { .kind = SCRIPT_LOOK, .rc = -EACCES },
        END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    assert_int_equal(observe_record(cluster, 5000),
                     0);
    assert_true(attr_is(&snapshot.node[0].record.data_status, "LATEST"));
    assert_int_equal(snapshot.node[1].record.data_status.known, ATTR_UNSET);
    assert_int_equal(observe_record(cluster, 5000),
                     0);
    assert_int_equal(snapshot.node[0].record.data_status.known, ATTR_UNSET);
    assert_true(attr_is(&snapshot.node[1].record.data_status,
                        "STREAMING|SYNC"));
    assert_int_equal(observe_record(cluster, 5000),
                     -1);
    assert_int_equal(snapshot.node[1].record.data_status.known, ATTR_UNKNOWN);
    assert_says("Permission denied");
    end(cluster);
}

static void
what_is_no_answer_leaves_everything_unknown(void **state)
{
    static const char *const replies[] = {
        "<cib have-quorum=\"1\"/>", "<xpath-query/>", "<html/>", NULL,
        REPLY(BOTH MEMBER("node1")),
    };

    (void) state;
    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        const struct script_step steps[] = {
            SIGNON, LOOK(replies[i]), END,
        };
        struct cluster *cluster = begin(steps);

        snapshot.cluster.have_quorum = TRI_YES;
        snapshot.cluster.maintenance = TRI_NO;
        snapshot.node[0].member.online = TRI_YES;
        snapshot.node[0].member.role = ROLE_STOPPED;
        snapshot.node[0].member.starting = TRI_NO;
        assert_int_equal(observe_members(cluster, 5000), -1);
        assert_int_equal(snapshot.cluster.have_quorum, TRI_UNKNOWN);
        assert_int_equal(snapshot.cluster.maintenance, TRI_UNKNOWN);
        assert_int_equal(snapshot.node[0].member.online, TRI_UNKNOWN);
        assert_int_equal(snapshot.node[0].member.role, ROLE_UNKNOWN);
        assert_int_equal(snapshot.node[0].member.starting, TRI_UNKNOWN);
        assert_says("could not read the state of 'pgsql'");
        end(cluster);
    }
}

static void
signs_on_anew_once_when_the_daemon_was_restarted(void **state)
{
    static const struct script_step steps[] = {
        SIGNON, LOOK(REPLY(CIB)),
        { .kind = SCRIPT_LOOK, .rc = -ENOTCONN },
        SIGNON, LOOK(REPLY(CIB)),
        { .kind = SCRIPT_LOOK, .rc = -ECOMM },
        { .kind = SCRIPT_SIGNON, .rc = -ENOTCONN },
        END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(observe_members(cluster, 5000), 0);
    }
    assert_int_equal(observe_members(cluster, 5000),
                     -1);
    assert_says("': no connection. Check that pacemaker-based runs");
    end(cluster);
}

static void
a_time_out_is_not_repeated(void **state)
{
    static const struct script_step steps[] = {
        SIGNON, LOOK(REPLY(CIB)),
        { .kind = SCRIPT_LOOK, .rc = -ECOMM, .takes_ms = 4000 },
        { .kind = SCRIPT_SIGNON, .takes_ms = 9000 },
        END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    assert_int_equal(observe_members(cluster, 5000),
                     0);
    assert_int_equal(observe_members(cluster, 5000),
                     -1);
    assert_says("no answer in time");
    assert_int_equal(observe_members(cluster, 9000),
                     -1);
    end(cluster);
}

/* --- writing the record -------------------------------------------------- */

#define LATEST_1 { "NODE1", "LATEST", false }
#define PAIR_OF(id, name, value) \
    "<nvpair id=\"" id "\" name=\"" name "\" value=\"" value "\"/>"
#define SET(id, pairs) \
    "<instance_attributes id=\"" id "\">" pairs "</instance_attributes>"
#define WHOLE(id, name, sets) \
    "<node id=\"" id "\" uname=\"" name "\">" sets "</node>"
#define CHANGED(id, set) "<node id=\"" id "\">" set "</node>"

static int
set_records(struct cluster *cluster, const struct cluster_record *record,
            size_t count)
{
    return cluster_set_records(cluster, record, count, 5000, &why);
}

static void
a_record_that_is_not_there_is_made_as_pacemaker_would(void **state)
{
    static const struct cluster_record record[] = { LATEST_1 };
    static const struct script_step steps[] = {
        SIGNON,
        LOOK(REPLY(WHOLE("1", "node1", "") WHOLE("2", "node2", ""))),
        { .kind = SCRIPT_CHANGE, .expect =
          "<nodes>" CHANGED("1", SET("nodes-1", PAIR_OF(
              "nodes-1-pgsql-data-status", "pgsql-data-status", "LATEST")))
          "</nodes>" },
        LOOK(REPLY(CIB BOTH)),          /* not here yet */
        LOOK(REPLY(CIB NODES NODE("1", "node1")
                   PAIR("pgsql-data-status", "LATEST"))),
        END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    assert_int_equal(set_records(cluster, record, 1), 0);
    end(cluster);
}

static void
reads_the_identifier_of_the_database(void **state)
{
    static const struct script_step steps[] = {
        SIGNON,
        LOOK(REPLY(CIB OPTIONS
                   PAIR("pgsql-system-id", "7392019283746501923")
                   PAIR("pgsql-name-key", "5f3a91c4"))),
        LOOK(REPLY(CIB)),
        { .kind = SCRIPT_LOOK, .rc = -ETIME },
        END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    assert_int_equal(observe_record(cluster, 5000), 0);
    assert_true(attr_is(&snapshot.record.system_id, "7392019283746501923"));
    assert_true(attr_is(&snapshot.record.name_key, "5f3a91c4"));
    assert_int_equal(observe_record(cluster, 5000), 0);
    assert_int_equal(snapshot.record.system_id.known, ATTR_UNSET);
    assert_int_equal(observe_record(cluster, 5000), -1);
    assert_int_equal(snapshot.record.system_id.known, ATTR_UNKNOWN);
    end(cluster);
}

static void
records_the_identifier_where_pacemaker_has_its_options(void **state)
{
    static const struct script_step steps[] = {
        SIGNON,
        { .kind = SCRIPT_CHANGE, .expect =
          "<crm_config><cluster_property_set id=\"cib-bootstrap-options\">"
          PAIR_OF("cib-bootstrap-options-pgsql-system-id", "pgsql-system-id",
                  "7392019283746501923")
          "</cluster_property_set></crm_config>" },
        { .kind = SCRIPT_CHANGE, .rc = -EACCES },
        END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    assert_int_equal(cluster_record_option(cluster, CLUSTER_OPTION_SYSTEM_ID,
                                           "7392019283746501923", 5000,
                                           &why), 0);
    assert_int_equal(cluster_record_option(cluster, CLUSTER_OPTION_NAME_KEY,
                                           "5f3a91c4", 5000, &why), -1);
    assert_says("could not record 'pgsql-name-key'");
    end(cluster);
}

static void
several_records_are_one_change_where_they_stand(void **state)
{
    static const struct cluster_record record[] = {
        LATEST_1,
        { "node2", "DISCONNECT", false },
        { "node2", "1/2", true },
    };
    static const struct script_step steps[] = {
        SIGNON,
        LOOK(REPLY(
            WHOLE("1", "node1",
                  "<utilization id=\"u\">"
                  PAIR_OF("u-1", "pgsql-data-status", "9") "</utilization>"
                  SET("mine", PAIR_OF("other", "standby", "off")
                      PAIR_OF("pair", "pgsql-data-status", "DISCONNECT")))
            WHOLE("2", "node2", SET("nodes-2", "")))),
        { .kind = SCRIPT_CHANGE, .expect =
          "<nodes>"
          CHANGED("1", SET("mine", PAIR_OF("pair", "pgsql-data-status",
                                           "LATEST")))
          CHANGED("2", SET("nodes-2",
              PAIR_OF("nodes-2-pgsql-data-status", "pgsql-data-status",
                      "DISCONNECT")
              PAIR_OF("nodes-2-pgsql-data-quorum", "pgsql-data-quorum",
                      "1/2")))
          "</nodes>" },
        LOOK(REPLY(CIB NODES NODE("1", "node1")
                   PAIR("pgsql-data-status", "LATEST") NODE("2", "node2")
                   PAIR("pgsql-data-status", "DISCONNECT"))),
        LOOK(REPLY(CIB NODES NODE("1", "node1")
                   PAIR("pgsql-data-status", "LATEST") NODE("2", "node2")
                   PAIR("pgsql-data-status", "DISCONNECT")
                   PAIR("pgsql-data-quorum", "1/2"))),
        END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    assert_int_equal(set_records(cluster, record, 3), 0);
    end(cluster);
}

static void
the_record_of_a_cluster_of_one_node_comes_bare(void **state)
{
    static const struct cluster_record record[] = { LATEST_1 };
    static const struct script_step steps[] = {
        SIGNON, LOOK(WHOLE("1", "node1", "")),
        { .kind = SCRIPT_CHANGE, .expect = "nodes-1-pgsql-data-status",
          .rc = -EACCES },
        END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    assert_int_equal(set_records(cluster, record, 1), -1);
    assert_says("could not set the record of 'NODE1': Permission "
                "denied");
    end(cluster);
}

static void
a_record_that_never_shows_ends_at_the_deadline(void **state)
{
    static const struct cluster_record record[] = { LATEST_1 };
    static const struct script_step steps[] = {
        SIGNON, LOOK(REPLY(WHOLE("1", "node1", ""))),
        { .kind = SCRIPT_CHANGE },
        { .kind = SCRIPT_LOOK, .reply = REPLY(CIB BOTH), .takes_ms = 5000 },
        END,
    };
    static const struct script_step silent[] = {
        SIGNON, LOOK(REPLY(WHOLE("1", "node1", ""))),
        { .kind = SCRIPT_CHANGE },
        { .kind = SCRIPT_LOOK, .rc = -ETIME, .takes_ms = 4000 },
        END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    assert_int_equal(set_records(cluster, record, 1), -1);
    assert_says("took it but does not show it");
    end(cluster);
    cluster = begin(silent);
    assert_int_equal(set_records(cluster, record, 1), -1);
    assert_says("no answer in time");
    end(cluster);
}

static void
sets_no_record_of_a_node_that_the_cluster_does_not_know(void **state)
{
    static const struct cluster_record record[] = {
        LATEST_1, { "node20", "DISCONNECT", false },
    };
    static const struct script_step steps[] = {
        SIGNON, LOOK(REPLY(WHOLE("1", "node1", "") WHOLE("2", "node2", ""))),
        { .kind = SCRIPT_LOOK, .rc = -EACCES },
        SIGNON, LOOK(NULL),
        END,
    };
    struct cluster *cluster = begin(steps);

    (void) state;
    assert_int_equal(set_records(cluster, record, 2), -1);
    assert_says("could not find node 'node20'");
    assert_int_equal(set_records(cluster, record, 1), -1);
    assert_says("Permission denied");
    assert_int_equal(set_records(cluster, record, 1), -1);
    end(cluster);
}

static void
refuses_an_id_that_no_resource_can_have(void **state)
{
    static const struct script_step steps[] = { END };
    struct cluster *cluster;

    (void) state;
    (void) begin(steps);
    cluster = cluster_new("pg' or 'a'='a", "node1");
    assert_int_equal(observe_members(cluster, 5000),
                     -1);
    assert_says("it cannot be a resource's id");
    end(cluster);
}

/* --- another node's copy -------------------------------------------------- */

static void
reads_the_record_from_a_nodes_own_copy(void **state)
{
    const struct script_step steps[] = {
        SIGNON,
        LOOK(REPLY(CIB OPTIONS BOTH RESOURCES)),
        { .kind = SCRIPT_LOOK_FROM, .expect = "node2",
          .reply = REPLY(CIB OPTIONS NODES NODE("1", "node1")
                         PAIR("pgsql-data-status", "LATEST")
                         NODE("2", "node2")
                         PAIR("pgsql-data-status", "DISCONNECT")
                         RESOURCES) },
        END,
    };
    struct cluster *cluster = begin(steps);
    struct node node = { .copy.known = ATTR_UNKNOWN };

    (void) state;
    assert_int_equal(cluster_read_copy(cluster, "NODE2", 5000, &node, &why),
                     0);
    assert_true(attr_is(&node.copy, "DISCONNECT"));
    assert_true(attr_is(&node.copy_self, "LATEST"));
    end(cluster);
}

static void
says_which_copy_it_could_not_read(void **state)
{
    const struct script_step steps[] = {
        SIGNON,
        LOOK(REPLY(CIB OPTIONS BOTH RESOURCES)),
        { .kind = SCRIPT_LOOK_FROM, .expect = "node2", .rc = -ETIME,
          .takes_ms = 1000 },
        END,
    };
    struct cluster *cluster = begin(steps);
    struct node node = { .copy.known = ATTR_UNKNOWN };

    (void) state;
    assert_int_equal(cluster_read_copy(cluster, "node2", 5000, &node, &why),
                     -1);
    assert_int_equal(node.copy.known, ATTR_UNKNOWN);
    assert_int_equal(node.copy_self.known, ATTR_UNKNOWN);
    assert_says("node2");
    end(cluster);
}

#define DOWN_STATE " join=\"down\" expected=\"down\""
#define STOPPED_HISTORY \
    "<lrm id=\"2\"/><lrm_rsc_op operation=\"stop\" rc-code=\"0\" " \
    "op-status=\"0\" call-id=\"27\"/>"
#define ACTIVE_HISTORY \
    "<lrm id=\"2\"/><lrm_rsc_op operation=\"promote\" rc-code=\"0\" " \
    "op-status=\"0\" call-id=\"27\"/>"

/* As Pacemaker 2.1.5 and, with time stamps, 3.0 showed them. */
static void
tells_who_is_out_of_the_cluster(void **state)
{
    static const struct {
        const char *state;
        const char *history;
        bool out;
    } table[] = {
        /* fenced, or its Pacemaker or all of it stopped in good order */
        { "in_ccm=\"false\" crmd=\"offline\"" DOWN_STATE, "", true },
        { "in_ccm=\"0\" crmd=\"0\"" DOWN_STATE, "", true },
        { "in_ccm=\"0\" crmd=\"0\"" DOWN_STATE, STOPPED_HISTORY, true },
        { "in_ccm=\"true\" crmd=\"offline\"" DOWN_STATE, STOPPED_HISTORY,
          true },
        { "in_ccm=\"1764209897\" crmd=\"0\"" DOWN_STATE, STOPPED_HISTORY,
          true },
        { "in_ccm=\"true\" crmd=\"offline\"" DOWN_STATE, "", true },
        /* it left something running, or what it left is not known */
        { "in_ccm=\"true\" crmd=\"offline\"" DOWN_STATE, ACTIVE_HISTORY,
          false },
        { "in_ccm=\"0\" crmd=\"0\"" DOWN_STATE, ACTIVE_HISTORY, false },
        { "in_ccm=\"0\" crmd=\"0\"" DOWN_STATE, "<lrm id=\"2\"/>", false },
        /* it joins, it died, it is not expected to be down */
        { "in_ccm=\"true\" crmd=\"online\"" DOWN_STATE, "", false },
        { "in_ccm=\"false\" crmd=\"offline\" join=\"down\""
          " expected=\"member\"", STOPPED_HISTORY, false },
        { "in_ccm=\"false\" crmd=\"offline\"", "", false },
        { "in_ccm=\"true\" crmd=\"online\" join=\"member\""
          " expected=\"down\"", STOPPED_HISTORY, false },
    };

    (void) state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        char reply[2048];

        (void) snprintf(reply, sizeof(reply),
                        REPLY(CIB OPTIONS BOTH RESOURCES
                              "<node_state uname=\"node2\" %s/>%s"),
                        table[i].state, table[i].history);
        look_at(reply);
        assert_int_equal(node_is_out(&snapshot.node[1]), table[i].out);
        /* the cluster has no state of it at all */
        assert_int_equal(snapshot.node[0].member.expected_down, TRI_UNKNOWN);
        assert_false(node_is_out(&snapshot.node[0]));
    }
}

/* It was fenced, joins, is a member and not yet probed, and then is. */
static void
remembers_who_was_out_in_this_action(void **state)
{
    static const char *const states[] = {
        "in_ccm=\"false\" crmd=\"offline\" join=\"down\""
        " expected=\"down\"/>",
        "in_ccm=\"true\" crmd=\"online\" join=\"down\""
        " expected=\"down\"/>",
        "in_ccm=\"true\" crmd=\"online\" join=\"member\""
        " expected=\"member\"/><lrm id=\"2\"/>",
        "in_ccm=\"true\" crmd=\"online\" join=\"member\""
        " expected=\"member\"/><lrm id=\"2\"/><lrm_rsc_op"
        " operation=\"monitor\" rc-code=\"7\" op-status=\"0\""
        " call-id=\"5\"/>",
    };

    (void) state;
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        const struct node *node = &snapshot.node[1];
        char reply[2048];
        const struct script_step steps[] = { SIGNON, LOOK(reply), END };
        struct node before = *node;
        struct cluster *cluster;

        (void) snprintf(reply, sizeof(reply),
                        REPLY(CIB OPTIONS BOTH RESOURCES
                              "<node_state uname=\"node2\" %s"), states[i]);
        cluster = begin(steps);
        if (i > 0) {
            snapshot.node[1] = before;
        }
        assert_int_equal(observe_members(cluster, 5000), 0);
        end(cluster);
        assert_int_equal(node_is_out(node), i < 2);
        assert_int_equal(node->was_out, i == 0 ? TRI_UNKNOWN : TRI_YES);
        assert_int_equal(node->member.probed, i == 3 ? TRI_YES : TRI_NO);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_for_what_it_needs_and_no_more),
        cmocka_unit_test(reads_members_and_roles_of_2_1_5),
        cmocka_unit_test(reads_the_time_stamps_of_3_0),
        cmocka_unit_test(online_needs_all_three_signs),
        cmocka_unit_test(a_remote_node_is_online_when_it_is_in_the_cluster),
        cmocka_unit_test(a_dead_nodes_history_stays),
        cmocka_unit_test(what_is_under_way_is_seen),
        cmocka_unit_test(a_garbled_entry_tells_nothing_good),
        cmocka_unit_test(knows_a_cluster_without_quorum),
        cmocka_unit_test(sees_who_has_a_record_and_is_not_in_node_list),
        cmocka_unit_test(a_node_is_none_of_its_own_outsiders),
        cmocka_unit_test(leaves_out_only_who_may_not_lead),
        cmocka_unit_test(knows_every_kind_of_maintenance),
        cmocka_unit_test(reads_how_many_are_to_be_promoted),
        cmocka_unit_test(knows_both_names_of_fencing),
        cmocka_unit_test(names_take_pacemakers_spelling),
        cmocka_unit_test(reads_the_record_of_each_node),
        cmocka_unit_test(what_is_no_answer_leaves_everything_unknown),
        cmocka_unit_test(signs_on_anew_once_when_the_daemon_was_restarted),
        cmocka_unit_test(a_time_out_is_not_repeated),
        cmocka_unit_test(a_record_that_is_not_there_is_made_as_pacemaker_would),
        cmocka_unit_test(reads_the_identifier_of_the_database),
        cmocka_unit_test(
            records_the_identifier_where_pacemaker_has_its_options),
        cmocka_unit_test(several_records_are_one_change_where_they_stand),
        cmocka_unit_test(the_record_of_a_cluster_of_one_node_comes_bare),
        cmocka_unit_test(a_record_that_never_shows_ends_at_the_deadline),
        cmocka_unit_test(
            sets_no_record_of_a_node_that_the_cluster_does_not_know),
        cmocka_unit_test(refuses_an_id_that_no_resource_can_have),
        cmocka_unit_test(reads_the_record_from_a_nodes_own_copy),
        cmocka_unit_test(says_which_copy_it_could_not_read),
        cmocka_unit_test(tells_who_is_out_of_the_cluster),
        cmocka_unit_test(remembers_who_was_out_in_this_action),
    };

    return cmocka_run_group_tests_name("cluster_cib", tests, NULL, NULL);
}
