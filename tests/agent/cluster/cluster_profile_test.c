/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How cluster and resource are configured, from the CIB. */

#include <errno.h>
#include <string.h>

#include "cluster.h"
#include "cluster_script.h"
#include "cmocka_all.h"

/* a name that starts no election: see cluster_cib.c */
#define SIGNON { .kind = SCRIPT_SIGNON, .expect = "crm_attribute" }
#define LOOK(text) { .kind = SCRIPT_LOOK, .reply = (text) }
#define END { .kind = SCRIPT_END }

#define REPLY(content) "<xpath-query>\n" content "</xpath-query>"
#define PAIR(name, value) \
    "<nvpair id=\"x\" name=\"" name "\" value=\"" value "\"/>\n"
#define META(pairs) "<meta_attributes id=\"m\">" pairs "</meta_attributes>"
#define CONFIG(pairs) \
    "<crm_config><cluster_property_set id=\"c\">" pairs \
    "</cluster_property_set></crm_config>"
#define RSC_DEFAULTS(pairs) "<rsc_defaults>" META(pairs) "</rsc_defaults>"
#define OP_DEFAULTS(pairs) "<op_defaults>" META(pairs) "</op_defaults>"
#define OP(name, more) "<op id=\"o\" name=\"" name "\" " more "/>"
#define PRIMITIVE(more, content) \
    "<primitive id=\"pgsql\" class=\"ocf\"" more ">" content "</primitive>"
#define OPERATIONS(ops) "<operations>\n" ops "</operations>"
#define CLONE(content) "<clone id=\"ms\">" content "</clone>"
#define FENCE "<primitive id=\"f\" class=\"stonith\"/>"

static struct snapshot snapshot;
static char why_buf[512];
static struct text why;

static int
look(const struct script_step *steps)
{
    struct cluster *cluster;
    int rc;

    script_start(steps);
    text_init(&why, why_buf, sizeof(why_buf));
    memset(&snapshot, 0, sizeof(snapshot));
    cluster = cluster_new("pgsql", "node1");
    rc = cluster_observe_profile(cluster, 5000, &snapshot, &why);
    cluster_close(cluster);
    script_end();
    return rc;
}

/* Look at a CIB that answers with this. */
static const struct profile *
look_at(const char *reply)
{
    const struct script_step steps[] = { SIGNON, LOOK(reply), END };

    assert_int_equal(look(steps), 0);
    return &snapshot.profile;
}

static void
reads_a_clone_as_pcs_makes_it(void **state)
{
    const struct profile *profile = look_at(REPLY(
        CONFIG(PAIR("stonith-enabled", "true")
               PAIR("no-quorum-policy", "stop"))
        FENCE
        CLONE(PRIMITIVE("", OPERATIONS(
                  OP("demote", "interval=\"0s\" timeout=\"121s\" "
                     "on-fail=\"stop\"")
                  OP("monitor", "interval=\"2s\" timeout=\"20\"")
                  OP("monitor", "interval=\"1s\" timeout=\"15s\" "
                     "role=\"Promoted\"")
                  OP("monitor", "interval=\"0\" timeout=\"1s\"")
                  OP("monitor", "interval=\"9s\" timeout=\"1s\" "
                     "role=\"Stopped\"")
                  OP("start", "timeout=\"1min\" enabled=\"false\"")
                  OP("stop", "interval=\"0s\" timeout=\"P1M\" "
                     "on-fail=\"block\"")))
              META(PAIR("notify", "true") PAIR("promoted-max", "2")))
        RSC_DEFAULTS(PAIR("migration-threshold", "3")
                     PAIR("failure-timeout", "60s"))
        OP_DEFAULTS(PAIR("timeout", "30s"))));

    (void) state;
    assert_int_equal(snapshot.cluster.fencing, TRI_YES);
    assert_int_equal(profile->fence_device, TRI_YES);
    assert_int_equal(profile->quorum_ignored, TRI_NO);
    assert_string_equal(profile->resource, "pgsql");
    assert_string_equal(profile->clone, "ms");
    assert_int_equal(profile->notify, TRI_YES);
    assert_int_equal(profile->promoted_max, 2);
    assert_int_equal(profile->migration_threshold, 3);
    assert_int_equal(profile->failure_timeout, TRI_YES);
    assert_int_equal(profile->demote_ms, 121000);
    assert_int_equal(profile->demote_stops, TRI_YES);
    assert_string_equal(profile->stop_on_fail, " on-fail=block");
    assert_int_equal(profile->start_ms, 30000);     /* not enabled */
    assert_int_equal(profile->stop_ms, 0);          /* not understood */
    assert_int_equal(profile->notify_ms, 30000);
    assert_int_equal(profile->monitor_ms, 15000);
    assert_int_equal(profile->monitor_promoted, TRI_YES);
    assert_int_equal(profile->monitor_started, TRI_YES);
    assert_int_not_equal(profile->monitors_alike, TRI_YES);
}

static void
what_is_not_configured_has_its_default(void **state)
{
    const struct profile *profile = look_at(REPLY(
        "<crm_config/>" CLONE(PRIMITIVE("", ""))));

    (void) state;
    assert_int_equal(snapshot.cluster.fencing, TRI_YES);
    assert_int_equal(profile->fence_device, TRI_NO);
    assert_int_not_equal(profile->quorum_ignored, TRI_YES);
    assert_int_equal(profile->notify, TRI_NO);
    assert_int_equal(profile->migration_threshold, 0);
    assert_int_equal(profile->failure_timeout, TRI_NO);
    assert_int_equal(profile->stop_ms, 20000);
    assert_int_not_equal(profile->demote_stops, TRI_YES);
    assert_int_equal(profile->monitor_promoted, TRI_NO);
    assert_int_equal(profile->monitor_started, TRI_NO);
}

static void
reads_the_older_words(void **state)
{
    const struct profile *profile = look_at(REPLY(
        CONFIG(PAIR("stonith-enabled", "off")
               PAIR("no-quorum-policy", "ignore")
               PAIR("stonith-watchdog-timeout", "10s"))
        "<master id=\"ms\">" META(PAIR("master-max", "1")
                                  PAIR("migration-threshold", "1"))
        "<group id=\"g\"><primitive id=\"other\">"
        META(PAIR("migration-threshold", "7")) "</primitive>"
        PRIMITIVE("", META(PAIR("migration-threshold", "INFINITY")
                           PAIR("failure-timeout", "PT1M"))
                  OPERATIONS(OP("monitor", "interval=\"5\"")
                             OP("monitor", "interval=\"5000ms\" "
                                "role=\"Master\"")))
        "</group></master>"));

    (void) state;
    assert_int_equal(snapshot.cluster.fencing, TRI_NO);
    assert_int_equal(profile->fence_device, TRI_YES);
    assert_int_equal(profile->quorum_ignored, TRI_YES);
    assert_string_equal(profile->clone, "ms");
    assert_int_equal(profile->promoted_max, 1);
    assert_int_equal(profile->migration_threshold, 0);
    assert_int_equal(profile->failure_timeout, TRI_UNKNOWN);
    assert_int_equal(profile->monitor_promoted, TRI_YES);
    assert_int_equal(profile->monitors_alike, TRI_YES);
    assert_int_equal(profile->monitor_ms, 20000);
}

/* Pacemaker 3.0.2 renamed what fences; where both names are, the new counts. */
static void
reads_the_newer_words_for_fencing(void **state)
{
    const struct profile *profile = look_at(REPLY(
        CONFIG(PAIR("fencing-enabled", "false")
               PAIR("stonith-enabled", "true")
               PAIR("fencing-watchdog-timeout", "-1"))
        PRIMITIVE("", "")));

    (void) state;
    assert_int_equal(snapshot.cluster.fencing, TRI_NO);
    assert_int_equal(profile->fencing_renamed, TRI_YES);
    assert_int_equal(profile->fence_device, TRI_YES);
    (void) look_at(REPLY(
        CONFIG(PAIR("stonith-enabled", "false")
               PAIR("stonith-watchdog-timeout", "10s")
               PAIR("fencing-watchdog-timeout", "0")
               PAIR("fencing-enabled", "maybe"))
        PRIMITIVE("", "")));
    assert_int_equal(snapshot.cluster.fencing, TRI_YES);    /* the default */
    assert_int_equal(profile->fencing_renamed, TRI_YES);
    assert_int_equal(profile->fence_device, TRI_NO);
    (void) look_at(REPLY(CONFIG(PAIR("fencing-watchdog-timeout", "0")
                                PAIR("stonith-watchdog-timeout", "10s")
                                PAIR("stonith-enabled", "n"))
                         PRIMITIVE("", "")));
    assert_int_equal(snapshot.cluster.fencing, TRI_NO);
    assert_int_equal(profile->fencing_renamed, TRI_NO);
    assert_int_equal(profile->fence_device, TRI_NO);
}

static void
a_set_with_a_rule_is_left_out(void **state)
{
    const struct profile *profile = look_at(REPLY(
        "<crm_config/>" FENCE PRIMITIVE("", "")
        "<rsc_defaults><meta_attributes id=\"r\"><rule id=\"x\"/>"
        PAIR("migration-threshold", "1")
        "</meta_attributes></rsc_defaults>"
        OP_DEFAULTS(PAIR("timeout", "never") PAIR("x", "1"))));

    (void) state;
    assert_int_equal(profile->migration_threshold, 0);
    assert_int_equal(profile->stop_ms, 0);
    assert_int_equal(profile->fence_device, TRI_YES);
    assert_string_equal(profile->clone, "");
    assert_int_equal(profile->notify, TRI_UNKNOWN);
}

static void
a_template_may_hold_what_is_missing(void **state)
{
    const struct profile *profile = look_at(REPLY(
        "<crm_config/>" PRIMITIVE(" template=\"t\"", "")));

    (void) state;
    assert_int_equal(profile->stop_ms, 0);
    assert_int_equal(profile->monitor_promoted, TRI_UNKNOWN);
}

static void
without_the_resource_only_the_cluster_is_known(void **state)
{
    const struct profile *profile = look_at(
        CONFIG(PAIR("stonith-enabled", "false")
               PAIR("no-quorum-policy", "ignore")));

    (void) state;
    assert_int_equal(snapshot.cluster.fencing, TRI_NO);
    assert_int_equal(profile->quorum_ignored, TRI_YES);
    assert_int_equal(profile->fence_device, TRI_NO);
    assert_int_equal(profile->failure_timeout, TRI_UNKNOWN);
    assert_int_equal(profile->monitor_started, TRI_UNKNOWN);
    assert_string_equal(profile->resource, "");
}

static void
no_answer_leaves_all_unknown(void **state)
{
    static const struct script_step broken[] = {
        SIGNON, { .kind = SCRIPT_LOOK, .rc = -ETIME }, END,
    };
    static const struct script_step none[] = {
        SIGNON, { .kind = SCRIPT_LOOK }, END,
    };
    static const struct script_step down[] = {
        { .kind = SCRIPT_SIGNON, .rc = -ENOTCONN }, END,
    };

    (void) state;
    assert_int_equal(look(broken), -1);
    assert_non_null(strstr(why_buf, "could not read the configuration of"));
    assert_int_equal(look(none), -1);
    assert_int_equal(look(down), -1);
    assert_int_equal(snapshot.cluster.fencing, TRI_UNKNOWN);
    assert_int_equal(snapshot.profile.fence_device, TRI_UNKNOWN);
}

static void
a_quote_cannot_be_in_a_resources_id(void **state)
{
    static const struct script_step none[] = { END };
    struct cluster *cluster;

    (void) state;
    script_start(none);
    text_init(&why, why_buf, sizeof(why_buf));
    cluster = cluster_new("pg'sql", "node1");
    assert_int_equal(cluster_observe_profile(cluster, 5000, &snapshot, &why),
                     -1);
    assert_non_null(strstr(why_buf, "cannot be a resource's id"));
    cluster_close(cluster);
    script_end();
}

static void
names_the_constraints_of_moves(void **state)
{
    const struct profile *profile = look_at(REPLY(
        CONFIG("")
        CLONE(PRIMITIVE("", OPERATIONS("")))
        "<rsc_location id=\"cli-ban-ms-on-node1\" rsc=\"ms\"/>"
        "<rsc_location id=\"location-ms-node2\" rsc=\"ms\"/>"
        "<rsc_location id=\"cli-prefer-other\" rsc=\"other\"/>"
        "<rsc_location id=\"cli-ban-none\"/>"
        "<rsc_location id=\"pgward-switchover-1\" rsc=\"pgsql\"/>"));

    (void) state;
    assert_string_equal(profile->moves,
                        "cli-ban-ms-on-node1 pgward-switchover-1");
    profile = look_at(REPLY(PRIMITIVE("", "")
                            "<rsc_location id=\"cli-ban-x\" rsc=\"\"/>"));
    assert_string_equal(profile->moves, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_clone_as_pcs_makes_it),
        cmocka_unit_test(what_is_not_configured_has_its_default),
        cmocka_unit_test(reads_the_older_words),
        cmocka_unit_test(reads_the_newer_words_for_fencing),
        cmocka_unit_test(a_set_with_a_rule_is_left_out),
        cmocka_unit_test(a_template_may_hold_what_is_missing),
        cmocka_unit_test(without_the_resource_only_the_cluster_is_known),
        cmocka_unit_test(no_answer_leaves_all_unknown),
        cmocka_unit_test(a_quote_cannot_be_in_a_resources_id),
        cmocka_unit_test(names_the_constraints_of_moves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
