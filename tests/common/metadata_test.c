/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The meta-data and the usage text, as text; the schema has its own test. */

#include <string.h>

#include "cmocka_all.h"
#include "metadata.h"
#include "params.h"

static char buf[METADATA_SIZE];

static void
has(const char *part)
{
    if (strstr(buf, part) == NULL) {
        fail_msg("'%s' is not in:\n%s", part, buf);
    }
}

static void
write_metadata(void)
{
    struct text xml;

    text_init(&xml, buf, sizeof(buf));
    metadata_write(&xml, "1.2", true);
    assert_false(xml.overflow);
}

static void
names_every_parameter_with_its_default(void **state)
{
    (void) state;
    write_metadata();
    for (const struct param_spec *spec = params_table; spec->name != NULL;
         spec++) {
        char part[128];
        struct text text;

        text_init(&text, part, sizeof(part));
        text_add(&text, "<parameter name=\"%s\" ", spec->name);
        has(part);
    }
    has("<content type=\"integer\" default=\"5432\"/>");
    has("<content type=\"boolean\" default=\"false\"/>");
    has("<content type=\"string\" default=\"select now();\"/>");
    has("<content type=\"string\"/>");
    has("<content type=\"string\" default=\"none\"/>");
    has("version=\"1.2\"");
}

static void
advises_timeouts_intervals_and_roles(void **state)
{
    (void) state;
    write_metadata();
    has("<action name=\"start\" timeout=\"120s\"/>");
    has("<action name=\"stop\" timeout=\"120s\"/>");
    has("<action name=\"status\" timeout=\"60s\"/>");
    has("<action name=\"monitor\" timeout=\"30s\" depth=\"0\" "
        "interval=\"30s\"/>");
    has("<action name=\"monitor\" timeout=\"30s\" depth=\"0\" "
        "interval=\"29s\" role=\"Promoted\"/>");
    has("<action name=\"promote\" timeout=\"120s\"/>");
    has("<action name=\"demote\" timeout=\"120s\"/>");
    has("<action name=\"notify\" timeout=\"90s\"/>");
    has("<action name=\"meta-data\" timeout=\"5s\"/>");
    has("<action name=\"validate-all\" timeout=\"5s\"/>");
    has("<action name=\"methods\" timeout=\"5s\"/>");
}

static void
says_which_parameters_restart_the_server(void **state)
{
    struct text xml;

    (void) state;
    write_metadata();
    has("<version>1.1</version>");
    has("<action name=\"reload-agent\" timeout=\"60s\"/>");
    has("<parameter name=\"pgdata\" unique=\"0\" required=\"0\" "
        "reloadable=\"0\">");
    has("<parameter name=\"node_list\" unique=\"0\" required=\"0\" "
        "reloadable=\"1\">");
    text_init(&xml, buf, sizeof(buf));
    metadata_write(&xml, "1.2", false);
    has("<version>1.0</version>");
    has("role=\"Master\"");
    assert_null(strstr(buf, "reload"));
}

static void
escapes_what_xml_would_misread(void **state)
{
    struct text xml;

    (void) state;
    text_init(&xml, buf, sizeof(buf));
    metadata_add_escaped(&xml, "a<b>&\"c\" 'd'");
    assert_string_equal(buf, "a&lt;b&gt;&amp;&quot;c&quot; 'd'");
    text_init(&xml, buf, sizeof(buf));
    metadata_add_escaped(&xml, "");
    assert_string_equal(buf, "");
}

static void
lists_each_action_once(void **state)
{
    struct text text;

    (void) state;
    text_init(&text, buf, sizeof(buf));
    metadata_write_methods(&text);
    assert_string_equal(buf, "start\nstop\nstatus\nmonitor\npromote\n"
                             "demote\nnotify\nreload-agent\nmeta-data\n"
                             "validate-all\nmethods\n");
}

static void
usage_names_the_program_and_the_actions(void **state)
{
    struct text text;

    (void) state;
    text_init(&text, buf, sizeof(buf));
    metadata_write_usage(&text, "pgsql");
    has("usage: pgsql ACTION");
    has("validate-all");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_every_parameter_with_its_default),
        cmocka_unit_test(advises_timeouts_intervals_and_roles),
        cmocka_unit_test(says_which_parameters_restart_the_server),
        cmocka_unit_test(escapes_what_xml_would_misread),
        cmocka_unit_test(lists_each_action_once),
        cmocka_unit_test(usage_names_the_program_and_the_actions),
    };

    return cmocka_run_group_tests_name("metadata", tests, NULL, NULL);
}
