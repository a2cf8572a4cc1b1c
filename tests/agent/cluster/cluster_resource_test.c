/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A resource of this agent as the CIB has it, and this node's name. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "cluster_script.h"
#include "cmocka_all.h"
#include "controld.h"

#define SIGNON { .kind = SCRIPT_SIGNON, .expect = "crm_attribute" }
#define LOOK(text) \
    { .kind = SCRIPT_LOOK, .expect = "/cib/configuration", .reply = (text) }
#define END { .kind = SCRIPT_END }

#define CIB(resources, more) \
    "<configuration>\n<resources>" resources "</resources>" more \
    "</configuration>"
#define PAIR(name, value) \
    "<nvpair id=\"" name "1\" name=\"" name "\" value=\"" value "\"/>\n"
#define SET(more, pairs) \
    "<instance_attributes " more ">" pairs "</instance_attributes>\n"
#define META(pairs) "<meta_attributes id=\"m\">" pairs "</meta_attributes>"
#define OURS " class=\"ocf\" provider=\"pgward\" type=\"pgsql\""
#define PRIMITIVE(id, more, content) \
    "<primitive id=\"" id "\"" more ">" content "</primitive>"
#define CLONE(content) "<clone id=\"ms\">" content "</clone>"
#define DEFAULTS(pairs) "<rsc_defaults>" META(pairs) "</rsc_defaults>"

static struct cluster_resource resource;
static char why_buf[SERVER_TEXT_SIZE];
static struct text why;

static int
find_by(const struct script_step *steps, const char *wanted)
{
    struct cluster *cluster;
    int rc;

    script_start(steps);
    text_init(&why, why_buf, sizeof(why_buf));
    cluster = cluster_new("", "");
    rc = cluster_find_resource(cluster, wanted, 5000, &resource, &why);
    cluster_close(cluster);
    script_end();
    assert_int_equal(rc != 0, why.len > 0);
    assert_false(why.overflow);
    return rc;
}

static int
find(const char *cib, const char *wanted)
{
    const struct script_step steps[] = { SIGNON, LOOK(cib), END };

    return find_by(steps, wanted);
}

static void
assert_param(const char *name, const char *value)
{
    const char *found = cluster_pairs_get(&resource.params, name);

    if (value == NULL) {
        assert_null(found);
    } else {
        assert_non_null(found);
        assert_string_equal(found, value);
    }
}

static void
assert_meta(const char *name, const char *value)
{
    const char *found = cluster_pairs_get(&resource.meta, name);

    assert_non_null(found);
    assert_string_equal(found, value);
}

static void
finds_the_one_that_there_is(void **state)
{
    (void) state;
    assert_int_equal(find(CIB(
        PRIMITIVE("ip", " class=\"ocf\" provider=\"heartbeat\" type=\"x\"", "")
        PRIMITIVE("shell", " class=\"ocf\" provider=\"heartbeat\" "
                  "type=\"pgsql\"", SET("id=\"s\"", PAIR("pgdata", "/no")))
        CLONE(PRIMITIVE("pgsql", OURS,
                        SET("id=\"i\"", PAIR("pgdata", "/d")
                            PAIR("start_opt", "-c a=&quot;b c&quot;")))
              META(PAIR("promotable", "true") PAIR("notify", "true")
                   PAIR("clone-max", "3"))), ""), NULL), 0);
    assert_string_equal(resource.id, "pgsql");
    assert_string_equal(resource.clone, "ms");
    assert_true(resource.promotable);
    assert_int_equal(resource.promoted_max, 1);     /* its default */
    assert_int_equal(resource.clone_max, 3);
    assert_true(resource.notify);
    assert_string_equal(resource.ruled, "");
    assert_param("pgdata", "/d");
    assert_param("start_opt", "-c a=\"b c\"");
    assert_param("rep_mode", NULL);
}

static void
a_plain_primitive_is_no_clone(void **state)
{
    (void) state;
    assert_int_equal(find(CIB(PRIMITIVE("pgsql", OURS, ""),
                              DEFAULTS(PAIR("promotable", "true"))), NULL),
                     0);
    assert_string_equal(resource.clone, "");
    assert_false(resource.promotable);
    assert_int_equal(resource.promoted_max, 0);
    assert_false(resource.notify);
}

static void
reads_the_older_words(void **state)
{
    (void) state;
    assert_int_equal(find(CIB(
        "<master id=\"ms\">" META(PAIR("master-max", "2"))
        "<group id=\"g\">" META(PAIR("target-role", "Stopped"))
        PRIMITIVE("pgsql", OURS, META(PAIR("is-managed", "false")))
        "</group></master>",
        DEFAULTS(PAIR("is-managed", "true") PAIR("priority", "7"))), NULL), 0);
    assert_string_equal(resource.clone, "ms");
    assert_true(resource.promotable);
    assert_int_equal(resource.promoted_max, 2);
    /* what is further in counts */
    assert_meta("is-managed", "false");
    assert_meta("target-role", "Stopped");
    assert_meta("priority", "7");
}

static void
a_template_gives_what_the_primitive_lacks(void **state)
{
    (void) state;
    assert_int_equal(find(CIB(
        "<template id=\"t\"" OURS ">"
        SET("id=\"t1\"", PAIR("pgdata", "/t") PAIR("pgport", "1"))
        SET("id=\"t2\" score=\"9\"", PAIR("pgdba", "me")) META(
            PAIR("notify", "x") PAIR("priority", "1")) "</template>"
        "<template id=\"u\" class=\"ocf\" provider=\"x\" type=\"y\"/>"
        PRIMITIVE("other", " template=\"u\"", "")
        PRIMITIVE("lost", " template=\"none\"", "")
        PRIMITIVE("pgsql", " template=\"t\"",
                  SET("id=\"p\"", PAIR("pgdata", "/p") PAIR("pgdba", "you"))
                  META(PAIR("priority", "2"))), ""), NULL), 0);
    assert_string_equal(resource.id, "pgsql");
    assert_param("pgdata", "/p");
    assert_param("pgport", "1");
    assert_param("pgdba", "me");        /* by the score of its set */
    assert_meta("priority", "2");
    assert_meta("notify", "x");
}

/* Pacemaker takes the set of the highest score, and of equal ones the last. */
static void
sets_count_by_their_scores(void **state)
{
    (void) state;
    assert_int_equal(find(CIB(PRIMITIVE(
        "pgsql", OURS,
        SET("id=\"a\" score=\"-5\"", PAIR("a", "low") PAIR("only", "here"))
        SET("id=\"b\" score=\"1\"", PAIR("a", "first") PAIR("b", "1"))
        SET("id=\"c\" score=\"1\"", PAIR("a", "second") PAIR("a", "twice"))
        SET("id=\"d\"", PAIR("a", "none") PAIR("b", "none"))
        SET("id=\"e\" score=\"INFINITY\"", PAIR("top", "yes")
            PAIR("only", "#default"))
        SET("id=\"f\" score=\"999999\"", PAIR("top", "no"))
        SET("id=\"g\" score=\"-INFINITY\"", PAIR("only", "there"))), ""),
        NULL), 0);
    assert_param("a", "second");
    assert_param("b", "1");
    assert_param("top", "yes");
    assert_param("only", "here");
}

static void
follows_references(void **state)
{
    (void) state;
    assert_int_equal(find(CIB(
        PRIMITIVE("one", " class=\"ocf\" provider=\"x\" type=\"y\"",
                  SET("id=\"shared\" score=\"4\"", PAIR("pgdata", "/s")))
        PRIMITIVE("pgsql", OURS,
                  SET("id-ref=\"shared\"", "")
                  SET("id-ref=\"gone\"", "")
                  SET("id=\"p\"", PAIR("pgdata", "/p")
                      "<nvpair id-ref=\"pgdata1\" name=\"config\"/>"
                      "<nvpair id-ref=\"gone\" name=\"pgdba\"/>")), ""), NULL),
                     0);
    assert_param("pgdata", "/s");
    assert_param("config", "/s");       /* the first of that id */
    assert_param("pgdba", NULL);
}

static void
a_set_with_a_rule_is_left_out_and_named(void **state)
{
    (void) state;
    assert_int_equal(find(CIB(PRIMITIVE(
        "pgsql", OURS,
        SET("id=\"r\" score=\"9\"", "<rule id=\"x\"/>" PAIR("pgdata", "/r"))
        SET("id=\"p\"", PAIR("pgdata", "/p"))), ""), NULL), 0);
    assert_param("pgdata", "/p");
    assert_string_equal(resource.ruled, "r");
}

#define TWO \
    CIB(CLONE(PRIMITIVE("pgsql", OURS, "")) PRIMITIVE("sales", OURS, ""), "")

static void
of_several_one_has_to_be_named(void **state)
{
    (void) state;
    assert_int_equal(find(TWO, NULL), -1);
    assert_non_null(strstr(why_buf, "name one with --resource"));
    assert_non_null(strstr(why_buf, "pgsql, sales"));
    assert_int_equal(find(TWO, "sales"), 0);
    assert_string_equal(resource.id, "sales");
    assert_int_equal(find(TWO, "pgsql:1"), 0);
    assert_string_equal(resource.id, "pgsql");
    assert_int_equal(find(TWO, "ms"), 0);
    assert_string_equal(resource.id, "pgsql");
    assert_int_equal(find(TWO, "sale"), -1);
    assert_non_null(strstr(why_buf, "'sale' is no resource of ocf:pgward"));
    assert_non_null(strstr(why_buf, "There is pgsql, sales"));
}

static void
none_is_an_error_with_the_next_step(void **state)
{
    (void) state;
    assert_int_equal(find(CIB("", ""), NULL), -1);
    assert_non_null(strstr(why_buf, "make one with pcs resource create"));
    assert_int_equal(find(CIB("", ""), "pgsql"), -1);
    assert_non_null(strstr(why_buf, "there is no resource of ocf:pgward"));
}

static void
a_cluster_that_is_stopped_is_an_error(void **state)
{
    const struct script_step stopped[] = {
        { .kind = SCRIPT_SIGNON, .rc = -ENOTCONN }, END,
    };
    const struct script_step forbidden[] = {
        { .kind = SCRIPT_SIGNON, .rc = -EACCES }, END,
    };

    (void) state;
    assert_int_equal(find_by(stopped, NULL), -1);
    assert_non_null(strstr(why_buf, "pcs cluster start"));
    assert_int_equal(find_by(forbidden, NULL), -1);
    assert_non_null(strstr(why_buf, "Permission denied"));
    assert_non_null(strstr(why_buf, "pacemaker-based"));
}

/* What is too long must not be read as something else. */
static void
a_configuration_that_is_too_long_is_refused(void **state)
{
    static char cib[CLUSTER_PAIRS_SIZE + 1024];
    struct text text;

    (void) state;
    text_init(&text, cib, sizeof(cib));
    text_add(&text, "<configuration><primitive id=\"pgsql\"" OURS
             "><instance_attributes><nvpair name=\"a\" value=\"");
    while (text.len < CLUSTER_PAIRS_SIZE + 200) {
        text_add(&text, "0123456789");
    }
    text_add(&text, "\"/></instance_attributes></primitive>"
             "</configuration>");
    assert_false(text.overflow);
    assert_int_equal(find(cib, NULL), -1);
    assert_non_null(strstr(why_buf, "of 'pgsql' is too long"));
    text_init(&text, cib, sizeof(cib));
    text_add(&text, "<configuration><primitive id=\"pgsql\"" OURS ">");
    for (int i = 0; i < 65; i++) {
        text_add(&text, "<instance_attributes id=\"s%d\"/>", i);
    }
    text_add(&text, "</primitive></configuration>");
    assert_int_equal(find(cib, NULL), -1);
}

/* --- the controller ------------------------------------------------------- */

static int
ask_name(char *ret_name)
{
    const struct script_step steps[] = { END };
    int rc;

    script_start(steps);
    text_init(&why, why_buf, sizeof(why_buf));
    rc = cluster_own_name(cluster_new("", ""), 1000, ret_name, &why);
    assert_int_equal(the_controld.open, 0);
    assert_int_equal(rc != 0, why.len > 0);
    return rc;
}

static void
this_nodes_name_is_the_controllers(void **state)
{
    char name[NODE_NAME_SIZE] = "";

    (void) state;
    controld_reset();
    the_controld.name = "node-1.example";
    assert_int_equal(ask_name(name), 0);
    assert_string_equal(name, "node-1.example");
    the_controld.name = "";
    assert_int_equal(ask_name(name), -1);
    assert_string_equal(name, "node-1.example");
}

static void
a_controller_that_is_not_there_is_an_error(void **state)
{
    char name[NODE_NAME_SIZE] = "";

    (void) state;
    controld_reset();
    assert_int_equal(ask_name(name), -1);           /* it hung up */
    assert_non_null(strstr(why_buf, "no connection"));
    assert_non_null(strstr(why_buf, "pacemaker-controld"));
    the_controld.connect_rc = ECONNREFUSED;
    assert_int_equal(ask_name(name), -1);
    assert_non_null(strstr(why_buf, "refused"));
    the_controld.connect_rc = pcmk_rc_ok;
    the_controld.poll_rc = EIO;
    assert_int_equal(ask_name(name), -1);
    the_controld.poll_rc = pcmk_rc_ok;
    the_controld.name = "node1";
    the_controld.status = CRM_EX_ERROR;
    assert_int_equal(ask_name(name), -1);
    assert_string_equal(name, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_one_that_there_is),
        cmocka_unit_test(a_plain_primitive_is_no_clone),
        cmocka_unit_test(reads_the_older_words),
        cmocka_unit_test(a_template_gives_what_the_primitive_lacks),
        cmocka_unit_test(sets_count_by_their_scores),
        cmocka_unit_test(follows_references),
        cmocka_unit_test(a_set_with_a_rule_is_left_out_and_named),
        cmocka_unit_test(of_several_one_has_to_be_named),
        cmocka_unit_test(none_is_an_error_with_the_next_step),
        cmocka_unit_test(a_cluster_that_is_stopped_is_an_error),
        cmocka_unit_test(a_configuration_that_is_too_long_is_refused),
        cmocka_unit_test(this_nodes_name_is_the_controllers),
        cmocka_unit_test(a_controller_that_is_not_there_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
